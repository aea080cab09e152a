/**
 * What the EVPN route types have in common: their fault, and the writing of fields from their text.
 *
 * RFC 7432 section 7 (every route is a type octet, a length octet, a value), RFC 7606 section 5.4 (typed NLRI).
 */
import { type BgpFault, decodeFault } from '../faults.ts';
import { UPDATE_ERROR } from '../iana.ts';
import { parseEsi } from '../text/ethernet-segment-identifier.ts';
import { parseIp } from '../text/ip.ts';
import { parseMac, putMac } from '../text/mac.ts';
import { parseRouteDistinguisher } from '../text/route-distinguisher.ts';
import type { Writer } from '../writer.ts';

const NO_ADDRESS = new Uint8Array(0);

/** Type octet and length octet before the value. */
export const EVPN_HEADER_OCTETS = 2;

/**
 * A route whose value is malformed is delimited all the same, so that the routes beside it are still read: it is treated
 * as withdrawn, and the session stays up.
 */
const NLRI_FAULT = {
  code: 3,
  subcode: UPDATE_ERROR.OPTIONAL_ATTRIBUTE_ERROR,
  action: 'treat-as-withdraw',
} as const;

export function routeFault(
  what: string,
  field: string,
  seen: string | number,
  wanted: string | number,
  offset: number,
): BgpFault {
  return decodeFault(`${what} route`, field, seen, wanted, offset, NLRI_FAULT);
}

/** Octets of an IP address whose length field says `bits`; -1 when that is no length of an address. */
export function addressOctets(bits: number): number {
  return bits === 32 ? 4 : bits === 128 ? 16 : -1;
}

export function u32At(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset] << 24) | (bytes[offset + 1] << 16) | (bytes[offset + 2] << 8) | bytes[offset + 3]) >>> 0
  );
}

export function u24At(bytes: Uint8Array, offset: number): number {
  return (bytes[offset] << 16) | (bytes[offset + 1] << 8) | bytes[offset + 2];
}

export function writeRouteDistinguisher(writer: Writer, text: string): void {
  writer.bytes(parseRouteDistinguisher(text) ?? notEncodable('route distinguisher', text));
}

export function writeEsi(writer: Writer, text: string): void {
  writer.bytes(parseEsi(text) ?? notEncodable('ESI', text));
}

/** Six octets, without the length field. */
export function writeMac(writer: Writer, text: string): void {
  const octets = new Uint8Array(6);
  putMac(parseMac(text) ?? notEncodable('MAC address', text), octets, 0);
  writer.bytes(octets);
}

/** The length in bits, then the address; a zero length stands for "none". */
export function writeAddress(writer: Writer, text: string | undefined): void {
  const address = text === undefined ? NO_ADDRESS : (parseIp(text) ?? notEncodable('IP address', text));
  writer.u8(address.length * 8);
  writer.bytes(address);
}

/** The caller handed over text that nothing on the wire stands for. */
export function notEncodable(what: string, seen: unknown): never {
  throw new TypeError(`Cannot encode EVPN route: ${what} is "${String(seen)}"`);
}
