/**
 * The next hop of an MP_REACH_NLRI attribute, whose length tells its form: an IPv4 or IPv6 address, an IPv6 address with a
 * link-local one after it; in the VPN families a route distinguisher, always zero, before each address.
 *
 * RFC 4760 section 3, RFC 2545 section 3 (link-local), RFC 4364 section 4.3.2 and RFC 4659 section 3.2.1 (VPN),
 * RFC 8950 section 3 (IPv6 next hops of IPv4 families), RFC 7432 section 9.2.1 (EVPN).
 */

import { afiOf, type Family, safiOf } from '../family.ts';
import { type BgpFault, decodeFault } from '../faults.ts';
import { AFI, ERROR, SAFI, UPDATE_ERROR } from '../iana.ts';
import { hexText, parseHex } from '../text/hex.ts';
import { ipText, parseIp } from '../text/ip.ts';

export interface NextHop {
  /** Absent when the family has none (length 0). */
  readonly address?: string;
  readonly linkLocal?: string;
  /** Octets of a family whose form is not known, hexadecimal. */
  readonly octets?: string;
}

const IPV4 = [4];
const IPV6 = [16, 32];
const EITHER = [4, 16, 32];
const VPN_EITHER = [12, 24, 48];
const VPN_IPV6 = [24, 48];
const RD_OCTETS = 8;

/** The lengths that a next hop of this family may have; undefined when nothing is known of the family. */
export function nextHopLengths(family: Family): readonly number[] | undefined {
  const afi = afiOf(family);
  switch (safiOf(family)) {
    case SAFI.UNICAST:
    case SAFI.MULTICAST:
    case SAFI.LABELED_UNICAST:
      return afi === AFI.IPV4 ? EITHER : afi === AFI.IPV6 ? IPV6 : undefined;
    case SAFI.MPLS_VPN:
      return afi === AFI.IPV4 ? VPN_EITHER : afi === AFI.IPV6 ? VPN_IPV6 : undefined;
    case SAFI.EVPN:
    case SAFI.VPLS:
    case SAFI.RT_CONSTRAINT:
      return EITHER;
    case SAFI.FLOW_SPEC:
      return [0, ...IPV4, ...IPV6];
    default:
      return undefined;
  }
}

/**
 * The fault of a next hop of `lengthOctets` at `offset`. "The length of the next hop is inconsistent with the AFI and SAFI":
 * the NLRI behind it cannot be trusted, RFC 7606 section 7.11.
 */
export function validateNextHop(family: Family, lengthOctets: number, offset: number): BgpFault | undefined {
  const lengths = nextHopLengths(family);
  if (lengths === undefined || lengths.includes(lengthOctets)) return undefined;
  return decodeFault('MP_REACH_NLRI', 'next hop length', lengthOctets, lengths.join(', '), offset, {
    code: ERROR.UPDATE_MESSAGE,
    subcode: UPDATE_ERROR.OPTIONAL_ATTRIBUTE_ERROR,
    action: 'session-reset',
  });
}

/** Of a validated next hop. */
export function decodeNextHop(family: Family, bytes: Uint8Array, start: number, end: number): NextHop {
  if (start === end) return {};
  if (nextHopLengths(family) === undefined) return { octets: hexText(bytes, start, end) };
  const rd = safiOf(family) === SAFI.MPLS_VPN ? RD_OCTETS : 0;
  const length = end - start;
  if (length === 2 * (rd + 16)) {
    return { address: ipText(bytes, start + rd, 16), linkLocal: ipText(bytes, start + rd + 16 + rd, 16) };
  }
  return { address: ipText(bytes, start + rd, length - rd) };
}

/** Throws a TypeError when an address is none. */
export function encodeNextHop(family: Family, nextHop: NextHop): Uint8Array {
  if (nextHop.octets !== undefined) return parseHex(nextHop.octets) ?? notEncodable(nextHop.octets);
  const rd = safiOf(family) === SAFI.MPLS_VPN ? RD_OCTETS : 0;
  const addresses = [nextHop.address, nextHop.linkLocal].filter((text) => text !== undefined);
  const parts = addresses.map((text) => parseIp(text) ?? notEncodable(text));
  const octets = new Uint8Array(parts.reduce((length, part) => length + rd + part.length, 0));
  let at = 0;
  for (const part of parts) {
    octets.set(part, at + rd);
    at += rd + part.length;
  }
  return octets;
}

function notEncodable(text: string): never {
  throw new TypeError(`Cannot encode next hop: saw "${text}", expected an IPv4 or IPv6 address`);
}
