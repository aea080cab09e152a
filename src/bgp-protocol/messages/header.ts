/**
 * The 19 octets before every message. RFC 4271 section 4.1.
 */
import { HEADER_LENGTH } from '../iana.ts';
import type { Writer } from '../writer.ts';

/** Writes marker, a length to be filled in, and the type; returns where the message begins. */
export function beginMessage(out: Writer, type: number): number {
  const start = out.length;
  out.fill(0xff, 16);
  out.u16(HEADER_LENGTH);
  out.u8(type);
  return start;
}

/** Fills in the length of the message that began at `start`. Throws a RangeError when it exceeds `maxLength`. */
export function endMessage(out: Writer, start: number, maxLength: number): void {
  const length = out.length - start;
  if (length > maxLength) {
    throw new RangeError(`Cannot encode message: length is ${length}, expected up to ${maxLength}`);
  }
  out.u16At(start + 16, length);
}
