/**
 * Ethernet segment identifiers as text: ten pairs, `03:44:38:39:ff:00:01:00:00:01`.
 *
 * RFC 7432 section 5.
 */
import { OCTET_TEXT, parseHex } from './hex.ts';

export const ESI_OCTETS = 10;
/** "ESI 0 denotes a single-homed site": RFC 7432 section 5. */
export const ESI_ZERO = '00:00:00:00:00:00:00:00:00:00';
/** MAX-ESI, reserved: RFC 7432 section 5. */
export const ESI_MAX = 'ff:ff:ff:ff:ff:ff:ff:ff:ff:ff';

/** Of the ten octets at `offset`. */
export function esiText(bytes: Uint8Array, offset = 0): string {
  let text = OCTET_TEXT[bytes[offset]];
  for (let at = offset + 1; at < offset + ESI_OCTETS; at++) text += `:${OCTET_TEXT[bytes[at]]}`;
  return text;
}

/** The reverse of esiText; undefined when the text is no ESI. `0` is the all-zero one. */
export function parseEsi(text: string): Uint8Array | undefined {
  if (text === '0') return new Uint8Array(ESI_OCTETS);
  return /^[0-9a-f]{2}(?::[0-9a-f]{2}){9}$/i.test(text) ? parseHex(text.replaceAll(':', '')) : undefined;
}
