/**
 * The one walker over an UPDATE: a visitor gets attribute block and NLRI as octets, nothing is built on the good path.
 *
 * RFC 4271 section 4.3 and 6.3, RFC 4760, RFC 7606 (faults), RFC 7911 section 3 (path identifiers), RFC 4724 section 2
 * (End-of-RIB). The UPDATE is checked whole before anything of it is handed over.
 */
import { writeScannedBlock } from './attribute-block.ts';
import { AttributeScan } from './attribute-scan.ts';
import { mpReachNlriStart } from './attributes/index.ts';
import type { CodecContext } from './context.ts';
import type { Family } from './family.ts';
import { FAMILY, familyOf } from './family.ts';
import { BgpFault, decodeFault, type FaultAction, strongerAction } from './faults.ts';
import { ATTRIBUTE, ERROR, UPDATE_ERROR } from './iana.ts';
import { nlriEndAt, overrun, validateNlri } from './nlri/index.ts';
import { Writer } from './writer.ts';

/** All ranges are valid during the call only. */
export interface UpdateVisitor {
  /** The attribute block (attribute-block.ts) of the announcements that follow. */
  attributes(block: Uint8Array, start: number, end: number): void;
  /** One whole NLRI, without its path identifier, which is 0 where the family has none. */
  announce(family: Family, bytes: Uint8Array, start: number, end: number, pathId: number): void;
  withdraw(family: Family, bytes: Uint8Array, start: number, end: number, pathId: number): void;
  endOfRib(family: Family): void;
  fault(fault: BgpFault): void;
}

/** `speak`: what a BGP speaker takes from the message. `observe`: also what it would ignore, for showing it. */
export type WalkPurpose = 'speak' | 'observe';

/** Octets that only a field of NLRI can be: part of the message, with the family it is of. */
class NlriField {
  family: Family = 0;
  start = 0;
  end = 0;
  withPathId = false;
  /** Some of its NLRI are to be passed over. */
  faulty = false;

  set(family: Family, start: number, end: number, ctx: CodecContext): void {
    const wanted = ctx.families === undefined || ctx.families.has(family);
    this.family = family;
    this.start = wanted ? start : end;
    this.end = end;
    this.withPathId = ctx.addPathReceive.has(family);
    this.faulty = false;
  }

  get empty(): boolean {
    return this.start === this.end;
  }
}

class UpdateWalk {
  readonly scan = new AttributeScan();
  readonly block = new Writer(8192);
  readonly withdrawn = new NlriField();
  readonly unreach = new NlriField();
  readonly reach = new NlriField();
  readonly announced = new NlriField();
  busy = false;
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
  const attributesAt = start + 4 + (end - start >= 4 ? (bytes[start] << 8) | bytes[start + 1] : 0);
  if (end - start < 4 || attributesAt > end) {
    return lengthFault(visitor, 'withdrawn routes length', bytes, start, end, start);
  }
  const attributesEnd = attributesAt + ((bytes[attributesAt - 2] << 8) | bytes[attributesAt - 1]);
  if (attributesEnd > end) {
    return lengthFault(visitor, 'total path attribute length', bytes, attributesAt - 2, end, start);
  }
  let action: FaultAction | undefined;
  scan.run(bytes, attributesAt, attributesEnd, ctx, purpose === 'observe', (fault) => visitor.fault(fault));
  action = scan.action;
  if (isFinal(action)) return action;

  walk.withdrawn.set(FAMILY.IPV4_UNICAST, start + 2, attributesAt - 2, ctx);
  walk.announced.set(FAMILY.IPV4_UNICAST, attributesEnd, end, ctx);
  setReach(walk, bytes, ctx);
  setUnreach(walk, bytes, ctx);

  for (const field of [walk.withdrawn, walk.unreach, walk.reach, walk.announced]) {
    action = strongerAction(action, checkNlri(field, bytes, visitor));
    if (isFinal(action)) return action;
  }
  const reaches = scan.has(ATTRIBUTE.MP_REACH_NLRI) || attributesEnd < end;
  if (reaches) reportMissing(scan, attributesEnd < end, visitor);
  action = strongerAction(action, scan.action);

  const withdrawAll = scan.action === 'treat-as-withdraw';
  if (withdrawAll && !reaches) return noReachableFault(visitor, start);
  emit(walk.withdrawn, bytes, visitor, false);
  emit(walk.unreach, bytes, visitor, false);
  if (!walk.reach.empty) {
    if (!withdrawAll) emitBlock(walk, bytes, ctx, visitor, true, purpose);
    emit(walk.reach, bytes, visitor, !withdrawAll);
  }
  if (!walk.announced.empty) {
    if (!withdrawAll) emitBlock(walk, bytes, ctx, visitor, false, purpose);
    emit(walk.announced, bytes, visitor, !withdrawAll);
  }
  if (end - start === 4) endOfRib(FAMILY.IPV4_UNICAST, ctx, visitor);
  else if (isEndOfRib(scan, attributesAt === start + 4 && attributesEnd === end)) {
    endOfRib(familyAt(bytes, scan.valueStart[ATTRIBUTE.MP_UNREACH_NLRI]), ctx, visitor);
  }
  return action;
}

function isFinal(action: FaultAction | undefined): boolean {
  return action === 'session-reset' || action === 'afi-safi-disable';
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

/** RFC 7606 sections 3 (i) and 5.3: every NLRI of the field is framed and sound, or the field says what follows. */
function checkNlri(field: NlriField, bytes: Uint8Array, visitor: UpdateVisitor): FaultAction | undefined {
  const { family, end, withPathId } = field;
  let action: FaultAction | undefined;
  let offset = field.start;
  while (offset < end) {
    const start = withPathId ? offset + 4 : offset;
    const next = start < end ? nlriEndAt(family, bytes, start, end) : -1;
    const fault = next < 0 ? overrun(family, offset, end) : validateNlri(family, bytes, start, next);
    if (fault !== undefined) {
      visitor.fault(fault);
      action = strongerAction(action, fault.action);
      if (isFinal(action)) return action;
      field.faulty = true;
    }
    offset = next;
  }
  return action;
}

function emit(field: NlriField, bytes: Uint8Array, visitor: UpdateVisitor, announce: boolean): void {
  const { family, end, withPathId, faulty } = field;
  let offset = field.start;
  while (offset < end) {
    const start = withPathId ? offset + 4 : offset;
    const next = nlriEndAt(family, bytes, start, end);
    const pathId = withPathId ? pathIdAt(bytes, offset) : 0;
    offset = next;
    if (faulty && validateNlri(family, bytes, start, next) !== undefined) continue;
    if (announce) visitor.announce(family, bytes, start, next, pathId);
    else visitor.withdraw(family, bytes, start, next, pathId);
  }
}

function pathIdAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

function emitBlock(
  walk: UpdateWalk,
  bytes: Uint8Array,
  ctx: CodecContext,
  visitor: UpdateVisitor,
  multiprotocol: boolean,
  purpose: WalkPurpose,
): void {
  walk.block.reset();
  writeScannedBlock(walk.scan, bytes, ctx, multiprotocol, purpose === 'observe', walk.block);
  const block = walk.block.view();
  visitor.attributes(block, 0, block.length);
}

/** RFC 4724 section 2: "an UPDATE message with only the MP_UNREACH_NLRI attribute with no withdrawn routes". */
function isEndOfRib(scan: AttributeScan, onlyAttributes: boolean): boolean {
  return (
    onlyAttributes &&
    scan.count === 1 &&
    scan.action === undefined &&
    scan.has(ATTRIBUTE.MP_UNREACH_NLRI) &&
    scan.valueEnd[ATTRIBUTE.MP_UNREACH_NLRI] - scan.valueStart[ATTRIBUTE.MP_UNREACH_NLRI] === 3
  );
}

function endOfRib(family: Family, ctx: CodecContext, visitor: UpdateVisitor): void {
  if (ctx.families === undefined || ctx.families.has(family)) visitor.endOfRib(family);
}

/** RFC 7606 section 3 (d); NEXT_HOP is needed where there are routes in the NLRI field. */
function reportMissing(scan: AttributeScan, inNlriField: boolean, visitor: UpdateVisitor): void {
  const missing = (code: number, name: string): void => {
    if (scan.came(code)) return;
    scan.action = strongerAction(scan.action, 'treat-as-withdraw');
    visitor.fault(
      new BgpFault(`Cannot decode UPDATE: ${name} is missing, expected one`, {
        code: ERROR.UPDATE_MESSAGE,
        subcode: UPDATE_ERROR.MISSING_WELL_KNOWN_ATTRIBUTE,
        data: Uint8Array.of(code),
        action: 'treat-as-withdraw',
        seen: 'none',
        wanted: name,
      }),
    );
  };
  missing(ATTRIBUTE.ORIGIN, 'ORIGIN');
  missing(ATTRIBUTE.AS_PATH, 'AS_PATH');
  if (inNlriField) missing(ATTRIBUTE.NEXT_HOP, 'NEXT_HOP');
}

/**
 * RFC 7606 section 5.2: attributes that are malformed, but no reachable NLRI to withdraw. Whether they were lost with the
 * malformed part nobody knows, which leaves the session reset.
 */
function noReachableFault(visitor: UpdateVisitor, start: number): FaultAction {
  visitor.fault(
    decodeFault(
      'UPDATE',
      'reachable NLRI',
      'missing beside malformed attributes',
      'some to withdraw',
      start,
      {
        code: ERROR.UPDATE_MESSAGE,
        subcode: UPDATE_ERROR.MALFORMED_ATTRIBUTE_LIST,
        action: 'session-reset',
      },
    ),
  );
  return 'session-reset';
}

/** RFC 4271 section 6.3, unchanged by RFC 7606: a length that reaches past the message. */
function lengthFault(
  visitor: UpdateVisitor,
  field: string,
  bytes: Uint8Array,
  at: number,
  end: number,
  start: number,
): FaultAction {
  const seen = at + 2 <= end ? (bytes[at] << 8) | bytes[at + 1] : 'missing';
  visitor.fault(
    decodeFault('UPDATE', field, seen, `to fit in ${end - start} octets`, at, {
      code: ERROR.UPDATE_MESSAGE,
      subcode: UPDATE_ERROR.MALFORMED_ATTRIBUTE_LIST,
      action: 'session-reset',
    }),
  );
  return 'session-reset';
}
