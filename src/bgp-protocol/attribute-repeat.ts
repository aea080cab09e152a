/**
 * Recognises an UPDATE whose attributes are octet for octet those of the one before, but for the NLRI in MP_REACH_NLRI: a peer
 * that sends one route per UPDATE repeats them thousands of times. What was sound then is sound now, and makes the same
 * attribute block: RFC 7606 judges attributes by their octets and by what was negotiated. NLRI are judged each time.
 */
import type { AttributeScan } from './attribute-scan.ts';
import { mpReachNlriStart } from './attributes/index.ts';
import type { CodecContext } from './context.ts';
import { ATTRIBUTE, ATTRIBUTE_FLAG } from './iana.ts';

/** Longer ones are not worth the copy. */
const MOST_OCTETS = 4096;
const CODE = ATTRIBUTE.MP_REACH_NLRI;

export class AttributeRepeat {
  /** The attributes without the NLRI; the first `#headLength` octets come before these. */
  readonly #octets = new Uint8Array(MOST_OCTETS);
  #headLength = 0;
  /** 0: nothing is remembered. */
  #length = 0;
  /** The length of MP_REACH_NLRI, which tells of the NLRI, too: from `#lengthAt` to `#valueAt`. */
  #lengthAt = 0;
  #valueAt = 0;
  #ctx: CodecContext | undefined;
  #observe = false;
  /** Where the NLRI are, once `matches` has said yes. */
  nlriStart = 0;
  nlriEnd = 0;

  forget(): void {
    this.#length = 0;
  }

  /** Remembers the attributes at `start` to `end`, of which `scan` found an MP_REACH_NLRI and nothing to complain of. */
  remember(
    scan: AttributeScan,
    bytes: Uint8Array,
    start: number,
    end: number,
    ctx: CodecContext,
    observe: boolean,
  ): void {
    const valueAt = scan.valueStart[CODE];
    const nlriEnd = scan.valueEnd[CODE];
    const headEnd = mpReachNlriStart(bytes, valueAt);
    const length = headEnd - start + end - nlriEnd;
    if (length > MOST_OCTETS) return;
    let to = 0;
    for (let from = start; from < headEnd; from++, to++) this.#octets[to] = bytes[from];
    for (let from = nlriEnd; from < end; from++, to++) this.#octets[to] = bytes[from];
    this.#headLength = headEnd - start;
    this.#length = length;
    this.#valueAt = valueAt - start;
    this.#lengthAt = this.#valueAt - ((scan.flags[CODE] & ATTRIBUTE_FLAG.EXTENDED_LENGTH) !== 0 ? 2 : 1);
    this.#ctx = ctx;
    this.#observe = observe;
  }

  /** Whether the attributes at `start` to `end` are the ones remembered, with one NLRI or more. */
  matches(bytes: Uint8Array, start: number, end: number, ctx: CodecContext, observe: boolean): boolean {
    if (this.#length === 0 || ctx !== this.#ctx || observe !== this.#observe) return false;
    const octets = this.#octets;
    const headLength = this.#headLength;
    const nlriStart = start + headLength;
    const nlriEnd = end - (this.#length - headLength);
    if (nlriEnd <= nlriStart) return false;
    let valueLength = 0;
    for (let at = 0; at < headLength; at++) {
      if (at >= this.#lengthAt && at < this.#valueAt) valueLength = (valueLength << 8) | bytes[start + at];
      else if (octets[at] !== bytes[start + at]) return false;
    }
    if (start + this.#valueAt + valueLength !== nlriEnd) return false;
    for (let at = headLength, from = nlriEnd; from < end; at++, from++) {
      if (octets[at] !== bytes[from]) return false;
    }
    this.nlriStart = nlriStart;
    this.nlriEnd = nlriEnd;
    return true;
  }
}
