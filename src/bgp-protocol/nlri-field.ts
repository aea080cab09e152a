/**
 * A field of an UPDATE that holds NLRI: withdrawn routes, MP_UNREACH_NLRI, MP_REACH_NLRI or the NLRI field. It is judged whole
 * before any of it is handed over.
 *
 * RFC 4271 section 4.3, RFC 4760, RFC 7606 sections 2, 3 (i) and 5.3, RFC 7911 section 3 (path identifiers).
 */
import type { CodecContext } from './context.ts';
import type { Family } from './family.ts';
import { type FaultAction, strongerAction } from './faults.ts';
import { nlriEndAt, overrun, routeNamedBy, validateNlri } from './nlri/index.ts';
import { tooManyMalformedFault } from './update-faults.ts';
import type { UpdateVisitor } from './update-visitor.ts';

/** Of malformed NLRI in one field, this many are told; the rest are passed over in silence. */
const MOST_TOLD = 16;
/** With more the field is not a list of routes any more. It also bounds what a hostile message costs. */
const MOST_MALFORMED = 256;

export class NlriField {
  family: Family = 0;
  start = 0;
  end = 0;
  withPathId = false;
  /** Whether it has any NLRI, of a family that was negotiated or not. */
  sent = false;
  /** Some of its NLRI are to be passed over. */
  faulty = false;

  set(family: Family, start: number, end: number, ctx: CodecContext): void {
    const wanted = ctx.families === undefined || ctx.families.has(family);
    this.family = family;
    this.sent = start < end;
    this.start = wanted ? start : end;
    this.end = end;
    this.withPathId = ctx.addPathReceive.has(family);
    this.faulty = false;
  }

  get empty(): boolean {
    return this.start === this.end;
  }

  /** RFC 7606 sections 3 (i) and 5.3: every NLRI of the field is framed and sound, or the field says what follows. */
  check(bytes: Uint8Array, visitor: UpdateVisitor): FaultAction | undefined {
    const { family, end, withPathId } = this;
    let action: FaultAction | undefined;
    let malformed = 0;
    let offset = this.start;
    while (offset < end) {
      const start = withPathId ? offset + 4 : offset;
      const next = start < end ? nlriEndAt(family, bytes, start, end) : -1;
      let fault = next < 0 ? overrun(family, offset, end) : validateNlri(family, bytes, start, next);
      if (fault !== undefined) {
        malformed++;
        if (malformed > MOST_MALFORMED) fault = tooManyMalformedFault(family, MOST_MALFORMED, offset);
        action = strongerAction(action, fault.action);
        if (malformed <= MOST_TOLD || isFinal(action)) visitor.fault(fault);
        if (isFinal(action)) return action;
        this.faulty = true;
      }
      offset = next;
    }
    return action;
  }

  /** Hands the NLRI over: as announced, or as withdrawn when `announce` is false. */
  emit(bytes: Uint8Array, visitor: UpdateVisitor, announce: boolean): void {
    const { family, end, withPathId, faulty } = this;
    let offset = this.start;
    while (offset < end) {
      const start = withPathId ? offset + 4 : offset;
      const next = nlriEndAt(family, bytes, start, end);
      const pathId = withPathId ? pathIdAt(bytes, offset) : 0;
      offset = next;
      if (faulty && validateNlri(family, bytes, start, next) !== undefined) {
        // RFC 7606 section 2: treated as withdrawn, where it still tells which route it is.
        if (routeNamedBy(family, bytes, start, next)) visitor.withdraw(family, bytes, start, next, pathId);
        continue;
      }
      if (announce) visitor.announce(family, bytes, start, next, pathId);
      else visitor.withdraw(family, bytes, start, next, pathId);
    }
  }
}

/** Nothing more of the UPDATE is read after such an action. */
export function isFinal(action: FaultAction | undefined): boolean {
  return action === 'session-reset' || action === 'afi-safi-disable';
}

function pathIdAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}
