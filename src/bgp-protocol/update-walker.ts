/**
 * The one walker over an UPDATE: a visitor gets attribute block and NLRI as octets, nothing is built on the good path.
 *
 * RFC 4271 section 4.3 and 6.3, RFC 4760, RFC 7606 (faults), RFC 7911 section 3 (path identifiers), RFC 4724 section 2
 * (End-of-RIB). The UPDATE is checked whole before anything of it is handed over.
 */
import { writeScannedBlock } from './attribute-block.ts';
import { AttributeRepeat } from './attribute-repeat.ts';
import { AttributeScan } from './attribute-scan.ts';
import { mpReachNlriStart } from './attributes/index.ts';
import type { CodecContext } from './context.ts';
import type { Family } from './family.ts';
import { FAMILY, familyOf } from './family.ts';
import { type BgpFault, type FaultAction, strongerAction } from './faults.ts';
import { ATTRIBUTE } from './iana.ts';
import { isFinal, NlriField } from './nlri-field.ts';
import { missingFault, noReachableNlriFault, updateLengthFault } from './update-faults.ts';
import type { UpdateVisitor } from './update-visitor.ts';
import { Writer } from './writer.ts';

export type { UpdateVisitor } from './update-visitor.ts';

/** `speak`: what a BGP speaker takes from the message. `observe`: also what it would ignore, for showing it. */
export type WalkPurpose = 'speak' | 'observe';

class UpdateWalk {
  readonly scan = new AttributeScan();
  /** What `block` was made of, as long as it is that of routes in MP_REACH_NLRI. */
  readonly repeat = new AttributeRepeat();
  readonly block = new Writer(8192);
  readonly withdrawn = new NlriField();
  readonly unreach = new NlriField();
  readonly reach = new NlriField();
  readonly announced = new NlriField();
  readonly reaching = [this.reach, this.announced] as const;
  readonly fields = [this.withdrawn, this.unreach, ...this.reaching] as const;
  busy = false;
  start = 0;
  attributesAt = 0;
  attributesEnd = 0;

  /** Finds the three parts of an UPDATE: RFC 4271 section 4.3. */
  locate(bytes: Uint8Array, start: number, end: number): BgpFault | undefined {
    this.start = start;
    this.attributesAt = start + 4 + (end - start >= 4 ? (bytes[start] << 8) | bytes[start + 1] : 0);
    if (end - start < 4 || this.attributesAt > end) {
      return updateLengthFault('withdrawn routes length', bytes, start, start, end);
    }
    const lengthAt = this.attributesAt - 2;
    this.attributesEnd = this.attributesAt + ((bytes[lengthAt] << 8) | bytes[lengthAt + 1]);
    if (this.attributesEnd <= end) return undefined;
    return updateLengthFault('total path attribute length', bytes, lengthAt, start, end);
  }
}

/** Walking from within a visitor is rare: only then is a second one made. */
const sharedWalk = new UpdateWalk();

/**
 * Walks the body of an UPDATE (after the 19-octet header). Returns the worst action that its faults ask for, undefined
 * when there were none. After a treat-as-withdraw of the attributes, the announced NLRI came as withdrawals; after a
 * session reset nothing but the fault came. Families that were not negotiated are passed over.
 */
export function walkUpdate(
  bytes: Uint8Array,
  start: number,
  end: number,
  ctx: CodecContext,
  visitor: UpdateVisitor,
  purpose: WalkPurpose = 'speak',
): FaultAction | undefined {
  const walk = sharedWalk.busy ? new UpdateWalk() : sharedWalk;
  walk.busy = true;
  try {
    return walkOnce(walk, bytes, start, end, ctx, visitor, purpose);
  } finally {
    walk.busy = false;
  }
}

function walkOnce(
  walk: UpdateWalk,
  bytes: Uint8Array,
  start: number,
  end: number,
  ctx: CodecContext,
  visitor: UpdateVisitor,
  purpose: WalkPurpose,
): FaultAction | undefined {
  const { scan } = walk;
  const fault = walk.locate(bytes, start, end);
  if (fault !== undefined) {
    visitor.fault(fault);
    return fault.action;
  }
  const { attributesAt, attributesEnd } = walk;
  const observe = purpose === 'observe';
  const bare = attributesAt === start + 4 && attributesEnd === end;
  if (bare && walk.repeat.matches(bytes, attributesAt, attributesEnd, ctx, observe)) {
    return walkRepeated(walk, bytes, ctx, visitor);
  }
  walk.repeat.forget();
  scan.run(bytes, attributesAt, attributesEnd, ctx, observe, (found) => visitor.fault(found));
  if (isFinal(scan.action)) return scan.action;

  const action = checkFields(walk, bytes, end, ctx, visitor);
  if (isFinal(action)) return action;

  const withdrawAll = scan.action === 'treat-as-withdraw';
  walk.withdrawn.emit(bytes, visitor, false);
  walk.unreach.emit(bytes, visitor, false);
  for (const field of walk.reaching) {
    if (field.empty) continue;
    if (!withdrawAll) emitBlock(walk, bytes, ctx, visitor, field === walk.reach, observe);
    field.emit(bytes, visitor, !withdrawAll);
  }
  if (bare && scan.action === undefined && !walk.reach.empty && !scan.came(ATTRIBUTE.MP_UNREACH_NLRI)) {
    walk.repeat.remember(scan, bytes, attributesAt, attributesEnd, ctx, observe);
  }
  if (end - start === 4) endOfRib(FAMILY.IPV4_UNICAST, ctx, visitor);
  else if (end === attributesEnd && attributesAt === start + 4 && isEndOfRib(scan, end - attributesAt)) {
    endOfRib(familyAt(bytes, scan.valueStart[ATTRIBUTE.MP_UNREACH_NLRI]), ctx, visitor);
  }
  return action;
}

/** The rest of the walk for attributes that are those of the UPDATE before: `block` is theirs still. */
function walkRepeated(
  walk: UpdateWalk,
  bytes: Uint8Array,
  ctx: CodecContext,
  visitor: UpdateVisitor,
): FaultAction | undefined {
  const { reach, repeat, block } = walk;
  reach.set(reach.family, repeat.nlriStart, repeat.nlriEnd, ctx);
  const action = reach.check(bytes, visitor);
  if (isFinal(action)) return action;
  visitor.attributes(block.memory, 0, block.length);
  reach.emit(bytes, visitor, true);
  return action;
}

/** Everything that RFC 7606 has to be known before the first route is handed over; returns the strongest action. */
function checkFields(
  walk: UpdateWalk,
  bytes: Uint8Array,
  end: number,
  ctx: CodecContext,
  visitor: UpdateVisitor,
): FaultAction | undefined {
  const { scan, attributesAt, attributesEnd, withdrawn, reach, announced } = walk;
  withdrawn.set(FAMILY.IPV4_UNICAST, walk.start + 2, attributesAt - 2, ctx);
  announced.set(FAMILY.IPV4_UNICAST, attributesEnd, end, ctx);
  setReach(walk, bytes, ctx);
  setUnreach(walk, bytes, ctx);

  let action: FaultAction | undefined;
  for (const field of walk.fields) {
    action = strongerAction(action, field.check(bytes, visitor));
    if (isFinal(action)) return action;
  }
  const inNlriField = attributesEnd < end;
  const reachable = inNlriField || reach.sent;
  if (reachable) reportMissing(scan, inNlriField, visitor);
  if (scan.action === 'treat-as-withdraw' && !reachable) {
    const fault = noReachableNlriFault(walk.start);
    visitor.fault(fault);
    return fault.action;
  }
  return strongerAction(action, scan.action);
}

function familyAt(bytes: Uint8Array, at: number): Family {
  return familyOf((bytes[at] << 8) | bytes[at + 1], bytes[at + 2]);
}

function setReach(walk: UpdateWalk, bytes: Uint8Array, ctx: CodecContext): void {
  const { scan, reach } = walk;
  if (!scan.has(ATTRIBUTE.MP_REACH_NLRI)) {
    reach.set(0, 0, 0, ctx);
    return;
  }
  const at = scan.valueStart[ATTRIBUTE.MP_REACH_NLRI];
  reach.set(familyAt(bytes, at), mpReachNlriStart(bytes, at), scan.valueEnd[ATTRIBUTE.MP_REACH_NLRI], ctx);
}

function setUnreach(walk: UpdateWalk, bytes: Uint8Array, ctx: CodecContext): void {
  const { scan, unreach } = walk;
  if (!scan.has(ATTRIBUTE.MP_UNREACH_NLRI)) {
    unreach.set(0, 0, 0, ctx);
    return;
  }
  const at = scan.valueStart[ATTRIBUTE.MP_UNREACH_NLRI];
  unreach.set(familyAt(bytes, at), at + 3, scan.valueEnd[ATTRIBUTE.MP_UNREACH_NLRI], ctx);
}

function emitBlock(
  walk: UpdateWalk,
  bytes: Uint8Array,
  ctx: CodecContext,
  visitor: UpdateVisitor,
  multiprotocol: boolean,
  observe: boolean,
): void {
  walk.block.reset();
  writeScannedBlock(walk.scan, bytes, ctx, multiprotocol, observe, walk.block);
  visitor.attributes(walk.block.memory, 0, walk.block.length);
}

/** RFC 4724 section 2: MP_UNREACH_NLRI with no routes, and no other attribute, known or not. */
function isEndOfRib(scan: AttributeScan, attributesLength: number): boolean {
  const short = 6;
  const extended = 7;
  if (attributesLength !== short && attributesLength !== extended) return false;
  const code = ATTRIBUTE.MP_UNREACH_NLRI;
  return scan.count === 1 && scan.has(code) && scan.valueEnd[code] - scan.valueStart[code] === 3;
}

function endOfRib(family: Family, ctx: CodecContext, visitor: UpdateVisitor): void {
  if (ctx.families === undefined || ctx.families.has(family)) visitor.endOfRib(family);
}

/** RFC 7606 section 3 (d); NEXT_HOP is needed where there are routes in the NLRI field. */
function reportMissing(scan: AttributeScan, inNlriField: boolean, visitor: UpdateVisitor): void {
  for (const { code, name } of inNlriField ? MANDATORY_WITH_NLRI_FIELD : MANDATORY) {
    if (scan.came(code)) continue;
    scan.action = strongerAction(scan.action, 'treat-as-withdraw');
    visitor.fault(missingFault(code, name));
  }
}

const MANDATORY = [
  { code: ATTRIBUTE.ORIGIN, name: 'ORIGIN' },
  { code: ATTRIBUTE.AS_PATH, name: 'AS_PATH' },
] as const;
const MANDATORY_WITH_NLRI_FIELD = [...MANDATORY, { code: ATTRIBUTE.NEXT_HOP, name: 'NEXT_HOP' }] as const;
