/**
 * Addresses in attributes: text outside, octets on the wire.
 */
import type { Reader } from '../reader.ts';
import { ipText, parseIp, parseIpv4 } from '../text/ip.ts';
import type { Writer } from '../writer.ts';

/** Four octets as a dotted quad. */
export function readIpv4(reader: Reader): string {
  const at = reader.offset;
  reader.skip(4);
  return ipText(reader.bytes, at, 4);
}

/** An address of `lengthOctets` 4 or 16. */
export function readIp(reader: Reader, lengthOctets: number): string {
  const at = reader.offset;
  reader.skip(lengthOctets);
  return ipText(reader.bytes, at, lengthOctets);
}

/** Throws a TypeError when the text is no IPv4 address. */
export function writeIpv4(text: string, what: string, out: Writer): void {
  const octets = parseIpv4(text);
  if (octets === undefined) throw new TypeError(`Cannot encode ${what}: address is "${text}", expected IPv4`);
  out.bytes(octets);
}

/** Writes 4 or 16 octets and says how many. Throws a TypeError when the text is no address. */
export function writeIp(text: string, what: string, out: Writer): number {
  const octets = parseIp(text);
  if (octets === undefined) throw new TypeError(`Cannot encode ${what}: address is "${text}", expected IP`);
  out.bytes(octets);
  return octets.length;
}
