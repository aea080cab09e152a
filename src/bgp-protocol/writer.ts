/**
 * A growing buffer of octets to send. All numbers are in network byte order (RFC 4271 section 4).
 */
import { viewOf } from './octets.ts';

export class Writer {
  #bytes: Uint8Array;
  /** Made when somebody asks for it: most writers write one message. */
  #view: DataView | undefined;
  #length = 0;

  constructor(capacity = 4096) {
    this.#bytes = new Uint8Array(Math.max(capacity, 16));
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): void {
    const at = this.#grow(1);
    this.#bytes[at] = value;
  }

  u16(value: number): void {
    const at = this.#grow(2);
    this.#bytes[at] = value >>> 8;
    this.#bytes[at + 1] = value;
  }

  u24(value: number): void {
    const at = this.#grow(3);
    this.#bytes[at] = value >>> 16;
    this.#bytes[at + 1] = value >>> 8;
    this.#bytes[at + 2] = value;
  }

  u32(value: number): void {
    const at = this.#grow(4);
    this.#bytes[at] = value >>> 24;
    this.#bytes[at + 1] = value >>> 16;
    this.#bytes[at + 2] = value >>> 8;
    this.#bytes[at + 3] = value;
  }

  u64(value: bigint): void {
    this.u32(Number((value >> 32n) & 0xffffffffn));
    this.u32(Number(value & 0xffffffffn));
  }

  bytes(octets: Uint8Array): void {
    const at = this.#grow(octets.length);
    this.#bytes.set(octets, at);
  }

  /** Appends `octets` from `start` to `end` without making a view: for the packing loop, where NLRI are short. */
  range(octets: Uint8Array, start: number, end: number): void {
    const target = this.#grow(end - start);
    const bytes = this.#bytes;
    for (let from = start, to = target; from < end; from++, to++) bytes[to] = octets[from];
  }

  /** Room for `count` octets that the caller puts into `memory` by itself: where they begin. */
  reserve(count: number): number {
    return this.#grow(count);
  }

  fill(value: number, count: number): void {
    const at = this.#grow(count);
    this.#bytes.fill(value, at, at + count);
  }

  u8At(offset: number, value: number): void {
    this.#bytes[offset] = value;
  }

  /** Fills in a length that was not known when its place was written. */
  u16At(offset: number, value: number): void {
    this.#bytes[offset] = value >>> 8;
    this.#bytes[offset + 1] = value;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** What was written, in the writer's own memory: valid until the next write or reset. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** The writer's own memory, of which the first `length` octets were written: for hot paths, where a view costs. */
  get memory(): Uint8Array {
    return this.#bytes;
  }

  /** A view of `memory`. */
  get memoryView(): DataView {
    return (this.#view ??= viewOf(this.#bytes));
  }

  reset(): void {
    this.#length = 0;
  }

  /** Drops everything after the first `length` octets. */
  truncate(length: number): void {
    if (length < this.#length) this.#length = length;
  }

  #grow(n: number): number {
    const at = this.#length;
    const need = at + n;
    if (need > this.#bytes.length) {
      let capacity = this.#bytes.length * 2;
      while (capacity < need) capacity *= 2;
      const larger = new Uint8Array(capacity);
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
      this.#view = undefined;
    }
    this.#length = need;
    return at;
  }
}
