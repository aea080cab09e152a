/**
 * A cursor over received octets. It cannot be made to read past its end, so that a decoder tests a length only where
 * an RFC sets one: everything else is a truncation, which the reader itself reports.
 *
 * All numbers are in network byte order (RFC 4271 section 4).
 */
import { BgpFault } from './faults.ts';

export class Reader {
  readonly bytes: Uint8Array;
  readonly end: number;
  offset: number;

  /** Reads `bytes` from `start` up to, not including, `end`. */
  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    if (start < 0 || end > bytes.length || start > end) {
      throw new RangeError(`Cannot read octets ${start} to ${end} of ${bytes.length}`);
    }
    this.bytes = bytes;
    this.offset = start;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.offset;
  }

  get done(): boolean {
    return this.offset >= this.end;
  }

  u8(): number {
    const at = this.#advance(1);
    return this.bytes[at];
  }

  u16(): number {
    const at = this.#advance(2);
    return (this.bytes[at] << 8) | this.bytes[at + 1];
  }

  u24(): number {
    const at = this.#advance(3);
    return (this.bytes[at] << 16) | (this.bytes[at + 1] << 8) | this.bytes[at + 2];
  }

  u32(): number {
    const at = this.#advance(4);
    const b = this.bytes;
    return ((b[at] << 24) | (b[at + 1] << 16) | (b[at + 2] << 8) | b[at + 3]) >>> 0;
  }

  u64(): bigint {
    const high = this.u32();
    return (BigInt(high) << 32n) | BigInt(this.u32());
  }

  /** A view of the next `n` octets: it shares memory with the input. */
  bytesOf(n: number): Uint8Array {
    const at = this.#advance(n);
    return this.bytes.subarray(at, at + n);
  }

  /** A child over the next `n` octets, which cannot read past them. */
  take(n: number): Reader {
    const at = this.#advance(n);
    return new Reader(this.bytes, at, at + n);
  }

  /** A view of everything that is left. */
  rest(): Uint8Array {
    return this.bytesOf(this.remaining);
  }

  skip(n: number): void {
    this.#advance(n);
  }

  #advance(n: number): number {
    const at = this.offset;
    if (at + n > this.end) {
      throw new BgpFault(`truncated: ${this.end - at} octets left, expected ${n}`, {
        offset: at,
        seen: String(this.end - at),
        wanted: String(n),
      });
    }
    this.offset = at + n;
    return at;
  }
}
