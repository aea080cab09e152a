/**
 * Writes netlink messages one after another into one preallocated buffer, so that a batch of hundreds of requests
 * costs no allocation. linux/netlink.h: a header of 16 octets, a fixed part, then type-length-value attributes.
 */
import { type Mac, putMac } from '../base/mac.ts';
import { NLM_F_ACK, NLM_F_REQUEST } from './constants.ts';
import { align4, hostU16, putHostU16, putHostU32 } from './octets.ts';

const HEADER_OCTETS = 16;
/** No entry of a batch writes more, whatever the number of its messages: a batch is full when less than this is left. */
export const LARGEST_ENTRY_OCTETS = 2048;

export class MessageWriter {
  readonly bytes: Uint8Array;
  /** Octets written, a multiple of four. */
  length = 0;
  /** Messages begun since `reset`. */
  count = 0;
  #message = 0;
  #sequence = 0;

  constructor(capacityOctets: number) {
    this.bytes = new Uint8Array(capacityOctets);
  }

  /** Empties it; the next message gets sequence number `firstSequence`, the ones after it count on. */
  reset(firstSequence: number): void {
    this.length = 0;
    this.count = 0;
    this.#sequence = firstSequence;
  }

  hasRoom(): boolean {
    return this.bytes.length - this.length >= LARGEST_ENTRY_OCTETS;
  }

  /** Begins a message; NLM_F_REQUEST is added to `flags`. Its fixed part and attributes follow, then `end`. */
  begin(type: number, flags: number): void {
    this.#message = this.length;
    this.bytes.fill(0, this.length, this.length + HEADER_OCTETS);
    putHostU16(this.bytes, this.length + 4, type);
    putHostU16(this.bytes, this.length + 6, flags | NLM_F_REQUEST);
    putHostU32(this.bytes, this.length + 8, this.#sequence++);
    this.length += HEADER_OCTETS;
    this.count++;
  }

  /** Ends a message. Throws RangeError when it did not fit: octets past the end of the buffer are gone. */
  end(): void {
    if (this.length > this.bytes.length) {
      throw new RangeError(
        `Cannot write netlink message: ${this.length} octets, room for ${this.bytes.length}`,
      );
    }
    putHostU32(this.bytes, this.#message, this.length - this.#message);
  }

  /** Asks for an acknowledgement of the message written last, which tells that those before it are done, too. */
  acknowledgeLast(): void {
    const at = this.#message + 6;
    putHostU16(this.bytes, at, hostU16(this.bytes, at) | NLM_F_ACK);
  }

  u8(value: number): void {
    this.bytes[this.length++] = value;
  }

  u16(value: number): void {
    putHostU16(this.bytes, this.length, value);
    this.length += 2;
  }

  u32(value: number): void {
    putHostU32(this.bytes, this.length, value);
    this.length += 4;
  }

  attributeU8(type: number, value: number): void {
    const at = this.#attribute(type, 1);
    this.bytes[at] = value;
  }

  attributeU16(type: number, value: number): void {
    putHostU16(this.bytes, this.#attribute(type, 2), value);
  }

  attributeU32(type: number, value: number): void {
    putHostU32(this.bytes, this.#attribute(type, 4), value);
  }

  attributeMac(type: number, mac: Mac): void {
    putMac(mac, this.bytes, this.#attribute(type, 6));
  }

  attributeBytes(type: number, value: Uint8Array): void {
    const at = this.#attribute(type, value.length);
    for (let i = 0; i < value.length; i++) this.bytes[at + i] = value[i]!;
  }

  /** A NUL-terminated string. */
  attributeText(type: number, value: string): void {
    this.attributeBytes(type, Buffer.from(`${value}\0`, 'utf8'));
  }

  /** Begins a nested attribute; give the result to `endNested`. */
  beginNested(type: number): number {
    const start = this.length;
    this.#attribute(type, 0);
    return start;
  }

  endNested(start: number): void {
    putHostU16(this.bytes, start, this.length - start);
  }

  /** The header of an attribute of `length` octets; returns where its value goes, with the padding zeroed. */
  #attribute(type: number, length: number): number {
    const start = this.length;
    putHostU16(this.bytes, start, 4 + length);
    putHostU16(this.bytes, start + 2, type);
    this.length = start + 4 + align4(length);
    if (length & 3) putHostU32(this.bytes, this.length - 4, 0);
    return start + 4;
  }
}
