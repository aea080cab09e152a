/**
 * A route target membership as the key of a map: thousands of them at most, so they are text.
 *
 * RFC 4684 section 4 (NLRI: length in bits, origin AS, route target).
 */

/** An NLRI as text: its octets as characters, zero beyond its length. */
export type MembershipKey = string;

/** RFC 4684 section 4: the default route target, which is every target. */
export const DEFAULT_MEMBERSHIP: MembershipKey = '\0';

/** Bits beyond the length say nothing (RFC 4271 section 4.3), so they are zero in the key. */
export function keyOf(bytes: Uint8Array, start: number, end: number): MembershipKey {
  const spare = (8 - (bytes[start]! & 7)) & 7;
  let key = '';
  for (let i = start; i < end; i++) {
    const octet = i === end - 1 && i > start ? bytes[i]! & (0xff << spare) & 0xff : bytes[i]!;
    key += String.fromCharCode(octet);
  }
  return key;
}

export function octetsOf(key: MembershipKey): Uint8Array {
  return Uint8Array.from(key, (character) => character.charCodeAt(0));
}
