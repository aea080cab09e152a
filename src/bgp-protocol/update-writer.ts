/**
 * Packs routes of one attribute block into as few UPDATE messages as they fit in, appended whole to one buffer.
 *
 * RFC 4271 section 4.3, RFC 4760, RFC 7606 section 5.1 (MP_REACH_NLRI or MP_UNREACH_NLRI first, nothing else withdrawn in
 * the same message), RFC 7911 section 3, RFC 6793 section 4.2.2 (peers of 2-octet AS numbers), RFC 4724 section 2.
 */
import { narrowAggregator, narrowAsPath } from './as-width.ts';
import { blockFamily, blockIsMultiprotocol, blockMpReachEnd } from './attribute-block.ts';
import { attributeCodec, CATEGORY_FLAGS, writeAttribute } from './attributes/index.ts';
import type { CodecContext } from './context.ts';
import type { Family } from './family.ts';
import { afiOf, FAMILY, safiOf } from './family.ts';
import { ATTRIBUTE, ATTRIBUTE_FLAG, HEADER_LENGTH, MESSAGE_TYPE } from './iana.ts';
import { beginMessage } from './messages/header.ts';
import { Writer } from './writer.ts';

/** What the message being written holds. */
type Layout = 'none' | 'reach' | 'unreach' | 'nlri' | 'withdrawn';

/** Header, withdrawn routes length. */
const WITHDRAWN_AT = HEADER_LENGTH + 2;
const MP_HEADER = 4;
const MP_FLAGS = ATTRIBUTE_FLAG.OPTIONAL | ATTRIBUTE_FLAG.EXTENDED_LENGTH;

/**
 * Call begin(block) and announce(...) for each route, or beginWithdraw(family) and withdraw(...); then end(). Messages
 * appear in `out` complete; a message is begun only when there is a route for it.
 */
export class UpdateWriter {
  readonly #out: Writer;
  readonly #ctx: CodecContext;
  #maxLength: number;
  #layout: Layout = 'none';
  #family: Family = 0;
  #withPathId = false;
  /** MP_REACH_NLRI of the block without flags, type and length; empty for the NLRI field. */
  readonly #reach = new Writer(64);
  /** The attributes after MP_REACH_NLRI, as this peer reads them. */
  readonly #rest = new Writer(512);
  /** Where the message being written begins; -1 when there is none. */
  #start = -1;
  /** Where the length of the field that holds the NLRI is. */
  #lengthAt = 0;
  /** Octets of NLRI that make the message full. */
  #limit = 0;
  /** Where the NLRI of the message being written begin. */
  #nlriAt = 0;
  #messages = 0;

  constructor(maxLength: number, out: Writer, ctx: CodecContext) {
    this.#maxLength = maxLength;
    this.#out = out;
    this.#ctx = ctx;
  }

  /** Messages completed so far. */
  get messages(): number {
    return this.#messages;
  }

  setMaxLength(maxLength: number): void {
    this.end();
    this.#maxLength = maxLength;
  }

  /** Routes announced from now on have the attributes of this block, which is copied. */
  begin(block: Uint8Array, start = 0, end: number = block.length): void {
    this.end();
    const reachEnd = blockMpReachEnd(block, start);
    this.#layout = blockIsMultiprotocol(block, start) ? 'reach' : 'nlri';
    this.#setFamily(blockFamily(block, start));
    this.#reach.reset();
    this.#rest.reset();
    if (reachEnd > start) this.#reach.range(block, start + MP_HEADER, reachEnd);
    if (this.#ctx.fourOctetAs) this.#rest.range(block, reachEnd, end);
    else narrowBlock(block, reachEnd, end, this.#rest);
  }

  /**
   * One whole NLRI. False when it does not fit in a message of its own beside the attributes: it cannot be announced
   * (RFC 4271 section 9.2), and whoever asked should say so.
   */
  announce(bytes: Uint8Array, start: number, end: number, pathId = 0): boolean {
    return this.#append(bytes, start, end, pathId);
  }

  /**
   * Room for one whole NLRI of `length` octets, announced or withdrawn, that the caller writes by itself: the offset in the
   * memory of `out`, good until the next call; -1 when it does not fit, as above.
   */
  reserve(length: number, pathId = 0): number {
    const whole = length + (this.#withPathId ? 4 : 0);
    const out = this.#out;
    if (this.#start < 0) this.#open();
    if (out.length - this.#start + whole > this.#limit && !this.#reopen(whole)) return -1;
    if (this.#withPathId) out.u32(pathId);
    return out.reserve(length);
  }

  /** Routes withdrawn from now on are of this family. */
  beginWithdraw(family: Family): void {
    this.end();
    this.#layout = family === FAMILY.IPV4_UNICAST ? 'withdrawn' : 'unreach';
    this.#setFamily(family);
  }

  withdraw(bytes: Uint8Array, start: number, end: number, pathId = 0): boolean {
    return this.#append(bytes, start, end, pathId);
  }

  /** Completes the message being written, if there is one. */
  end(): void {
    if (this.#start < 0) return;
    const out = this.#out;
    const start = this.#start;
    this.#start = -1;
    this.#messages++;
    const fieldLength = out.length - this.#lengthAt - 2;
    if (this.#layout === 'reach' || this.#layout === 'unreach') out.u16At(this.#lengthAt, fieldLength);
    if (this.#layout === 'reach') out.range(this.#rest.memory, 0, this.#rest.length);
    if (this.#layout === 'withdrawn') {
      out.u16At(this.#lengthAt, fieldLength);
      out.u16(0);
    } else if (this.#layout !== 'nlri') {
      out.u16At(start + WITHDRAWN_AT, out.length - start - WITHDRAWN_AT - 2);
    }
    out.u16At(start + 16, out.length - start);
  }

  /** RFC 4724 section 2: an UPDATE with nothing in it, or with an empty MP_UNREACH_NLRI and nothing else. */
  endOfRib(family: Family): void {
    this.end();
    this.#layout = 'none';
    const out = this.#out;
    const start = beginMessage(out, MESSAGE_TYPE.UPDATE);
    out.u16(0);
    if (family === FAMILY.IPV4_UNICAST) {
      out.u16(0);
    } else {
      out.u16(6);
      out.u8(ATTRIBUTE_FLAG.OPTIONAL);
      out.u8(ATTRIBUTE.MP_UNREACH_NLRI);
      out.u8(3);
      out.u16(afiOf(family));
      out.u8(safiOf(family));
    }
    out.u16At(start + 16, out.length - start);
    this.#messages++;
  }

  #setFamily(family: Family): void {
    this.#family = family;
    this.#withPathId = this.#ctx.addPathSend.has(family);
  }

  #append(bytes: Uint8Array, start: number, end: number, pathId: number): boolean {
    const at = this.reserve(end - start, pathId);
    if (at < 0) return false;
    const { memory } = this.#out;
    for (let from = start, to = at; from < end; from++, to++) memory[to] = bytes[from];
    return true;
  }

  /** Completes a full message and begins the next; false when even an empty one has no room for `length` octets. */
  #reopen(length: number): boolean {
    if (this.#layout === 'none')
      throw new Error('Cannot write NLRI: neither begin nor beginWithdraw was called');
    const empty = this.#out.length === this.#nlriAt;
    if (!empty) {
      this.end();
      this.#open();
    }
    if (this.#out.length - this.#start + length <= this.#limit) return true;
    this.#out.truncate(this.#start);
    this.#start = -1;
    return false;
  }

  #open(): void {
    const out = this.#out;
    this.#start = beginMessage(out, MESSAGE_TYPE.UPDATE);
    this.#lengthAt = out.length;
    out.u16(0);
    switch (this.#layout) {
      case 'reach':
        this.#openMultiprotocol(ATTRIBUTE.MP_REACH_NLRI);
        out.range(this.#reach.memory, 0, this.#reach.length);
        this.#limit = this.#maxLength - this.#rest.length;
        break;
      case 'unreach':
        this.#openMultiprotocol(ATTRIBUTE.MP_UNREACH_NLRI);
        out.u16(afiOf(this.#family));
        out.u8(safiOf(this.#family));
        this.#limit = this.#maxLength;
        break;
      case 'nlri':
        out.u16(this.#rest.length);
        out.range(this.#rest.memory, 0, this.#rest.length);
        this.#limit = this.#maxLength;
        break;
      case 'none':
        throw new Error('Cannot write NLRI: neither begin nor beginWithdraw was called');
      case 'withdrawn':
        // The withdrawn routes themselves; the length of no path attributes comes after them.
        this.#limit = this.#maxLength - 2;
    }
    this.#nlriAt = out.length;
  }

  #openMultiprotocol(code: number): void {
    const out = this.#out;
    out.u16(0);
    out.u8(MP_FLAGS);
    out.u8(code);
    this.#lengthAt = out.length;
    out.u16(0);
  }
}

/** RFC 6793 section 4.2.2: AS_PATH and AGGREGATOR in two octets, the whole numbers in AS4_PATH and AS4_AGGREGATOR. */
function narrowBlock(block: Uint8Array, start: number, end: number, out: Writer): void {
  const later: { readonly code: number; readonly value: Uint8Array }[] = [];
  let offset = start;
  while (offset < end) {
    const flags = block[offset];
    const code = block[offset + 1];
    const extended = (flags & ATTRIBUTE_FLAG.EXTENDED_LENGTH) !== 0;
    const valueStart = offset + (extended ? 4 : 3);
    const length = extended ? (block[offset + 2] << 8) | block[offset + 3] : block[offset + 2];
    const range = { bytes: block, start: valueStart, end: valueStart + length };
    const kind = flags & ~ATTRIBUTE_FLAG.EXTENDED_LENGTH;
    while (later.length > 0 && later[0].code < code) writeLater(later, out);
    if (code === ATTRIBUTE.AS_PATH) {
      const narrow = narrowAsPath(range);
      writeAttribute(kind, code, narrow.asPath, out);
      if (narrow.as4Path !== undefined) later.push({ code: ATTRIBUTE.AS4_PATH, value: narrow.as4Path });
    } else if (code === ATTRIBUTE.AGGREGATOR) {
      const narrow = narrowAggregator(range);
      writeAttribute(kind, code, narrow.aggregator, out);
      if (narrow.as4Aggregator !== undefined) {
        later.push({ code: ATTRIBUTE.AS4_AGGREGATOR, value: narrow.as4Aggregator });
      }
    } else {
      out.range(block, offset, range.end);
    }
    offset = range.end;
  }
  while (later.length > 0) writeLater(later, out);
}

function writeLater(later: { readonly code: number; readonly value: Uint8Array }[], out: Writer): void {
  const next = later.shift();
  if (next === undefined) return;
  const category = attributeCodec(next.code)?.category ?? 'optional-transitive';
  writeAttribute(CATEGORY_FLAGS[category], next.code, next.value, out);
}
