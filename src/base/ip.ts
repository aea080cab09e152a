/**
 * IP addresses and prefixes: 4 or 16 octets in network order inside, text at the edges (RFC 5952).
 * The only user of the ip-address library.
 */
import { Address4, Address6 } from 'ip-address';

export type IpBytes = Uint8Array;

/** Parses an IPv4 or IPv6 address; undefined when it is neither, or carries a prefix length or zone. */
export function parseIp(text: string): IpBytes | undefined {
  if (text.includes('/') || text.includes('%')) return undefined;
  if (Address4.isValid(text)) return Uint8Array.from(new Address4(text).toArray());
  if (!Address6.isValid(text)) return undefined;
  const octets = new Uint8Array(16);
  const unsigned = new Address6(text).toUnsignedByteArray();
  octets.set(unsigned, 16 - unsigned.length);
  return octets;
}

/** Parses, and throws a TypeError that names what was seen. For text that a schema has already checked. */
export function ip(text: string): IpBytes {
  const parsed = parseIp(text);
  if (!parsed) throw new TypeError(`Cannot parse IP address: saw "${text}", expected IPv4 or IPv6 address`);
  return parsed;
}

/** Canonical text, RFC 5952 section 4. */
export function printIp(bytes: Uint8Array, start = 0, end = bytes.length): string {
  if (end - start === 4) return `${bytes[start]}.${bytes[start + 1]}.${bytes[start + 2]}.${bytes[start + 3]}`;
  return Address6.fromByteArray(Array.from(bytes.subarray(start, end))).correctForm();
}

export interface IpPrefix {
  readonly address: IpBytes;
  readonly length: number;
}

/** Parses `10.0.0.0/24` or `fd00::/64`; host bits are cleared. A bare address is a host prefix. */
export function parsePrefix(text: string): IpPrefix | undefined {
  const slash = text.indexOf('/');
  const address = parseIp(slash < 0 ? text : text.slice(0, slash));
  if (!address) return undefined;
  const bits = address.length * 8;
  if (slash >= 0 && !/^\d{1,3}$/.test(text.slice(slash + 1))) return undefined;
  const length = slash < 0 ? bits : Number(text.slice(slash + 1));
  if (length > bits) return undefined;
  for (let bit = length; bit < bits; bit++) address[bit >> 3]! &= ~(0x80 >> (bit & 7));
  return { address, length };
}

export const printPrefix = (prefix: IpPrefix): string => `${printIp(prefix.address)}/${prefix.length}`;

/** Whether `address` lies within `prefix`; false across families. */
export function prefixContains(prefix: IpPrefix, address: IpBytes): boolean {
  if (prefix.address.length !== address.length) return false;
  const whole = prefix.length >> 3;
  for (let i = 0; i < whole; i++) if (prefix.address[i] !== address[i]) return false;
  const rest = prefix.length & 7;
  return rest === 0 || (prefix.address[whole]! ^ address[whole]!) >> (8 - rest) === 0;
}

/** Orders addresses: IPv4 before IPv6, then octet by octet. Negative, zero or positive. */
export function compareIp(a: IpBytes, b: IpBytes): number {
  if (a.length !== b.length) return a.length - b.length;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}
