/**
 * Text on the wire is UTF-8 (RFC 3629) where BGP carries text at all: RFC 9003 section 2, the FQDN and software version
 * capabilities.
 */
import { BgpFault } from './faults.ts';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/** Throws a BgpFault when the octets are not UTF-8. */
export function decodeUtf8(octets: Uint8Array): string {
  try {
    return strict.decode(octets);
  } catch {
    throw new BgpFault('Cannot decode text: octets are not UTF-8, expected UTF-8');
  }
}

/** Text for people from octets of any kind: what is not UTF-8 becomes U+FFFD. */
export function decodeUtf8Leniently(octets: Uint8Array): string {
  return lenient.decode(octets);
}

/** At most `limit` octets, cut between characters. */
export function encodeUtf8(text: string, limit: number): Uint8Array {
  const octets = encoder.encode(text);
  if (octets.length <= limit) return octets;
  let end = limit;
  while (end > 0 && (octets[end] & 0xc0) === 0x80) end--;
  return octets.subarray(0, end);
}
