/**
 * Route distinguishers: eight octets inside, `10.0.0.1:7` outside.
 *
 * RFC 4364 section 4.2 (types 0, 1, 2). A distinguisher is only compared, never computed with, so one of another type
 * is no fault: it prints as sixteen hexadecimal digits after `0x`.
 */
import {
  ADMINISTRATOR_KINDS,
  administratorAt,
  administratorText,
  parseAdministrator,
  putAdministrator,
} from './administrator.ts';
import { hexText, parseHex } from './hex.ts';

export const ROUTE_DISTINGUISHER_OCTETS = 8;

/** Of the eight octets at `offset`: `65000:10` (type 0), `10.0.0.1:7` (1), `4200000000:7` or `65000L:7` (2). */
export function routeDistinguisherText(bytes: Uint8Array, offset = 0): string {
  const type = (bytes[offset] << 8) | bytes[offset + 1];
  const kind = ADMINISTRATOR_KINDS[type];
  if (kind === undefined) return `0x${hexText(bytes, offset, offset + ROUTE_DISTINGUISHER_OCTETS)}`;
  return administratorText(administratorAt(kind, bytes, offset + 2));
}

/** The reverse of routeDistinguisherText; undefined when the text is no route distinguisher. */
export function parseRouteDistinguisher(text: string): Uint8Array | undefined {
  if (/^0x[0-9a-f]{16}$/i.test(text)) return parseHex(text.slice(2));
  const value = parseAdministrator(text);
  if (value === undefined) return undefined;
  const bytes = new Uint8Array(ROUTE_DISTINGUISHER_OCTETS);
  bytes[1] = ADMINISTRATOR_KINDS.indexOf(value.kind);
  putAdministrator(value, bytes, 2);
  return bytes;
}
