/**
 * Route type 11, Leaf A-D: the answer of a router that joins the tunnel of an I-PMSI or S-PMSI route. It quotes the NLRI
 * of that route whole, and adds who answers.
 *
 * RFC 9572 section 3.3.
 */
import type { BgpFault } from '../faults.ts';
import { hexText, parseHex } from '../text/hex.ts';
import { ipText } from '../text/ip.ts';
import type { Writer } from '../writer.ts';
import { addressOctets, EVPN_HEADER_OCTETS, notEncodable, routeFault, writeAddress } from './fields.ts';

export interface LeafAdRoute {
  readonly routeType: 11;
  /**
   * The NLRI answered, type and length octet included, as hexadecimal: it is compared with the sent one octet by octet,
   * so it is kept as such.
   */
  readonly routeKey: string;
  readonly originatorIp: string;
}

const WHAT = 'Leaf A-D';

export function validateLeafAd(bytes: Uint8Array, start: number, end: number): BgpFault | undefined {
  const length = end - start - EVPN_HEADER_OCTETS;
  const lengthAt = originatorLengthAt(bytes, start);
  if (length < EVPN_HEADER_OCTETS || lengthAt >= end) {
    return routeFault(WHAT, 'length', length, `${lengthAt - start + 3} or more`, start + 1);
  }
  const octets = addressOctets(bytes[lengthAt]);
  if (octets < 0) return routeFault(WHAT, 'originator length', bytes[lengthAt], '32 or 128', lengthAt);
  const wanted = lengthAt + 1 + octets - start - EVPN_HEADER_OCTETS;
  return length === wanted ? undefined : routeFault(WHAT, 'length', length, wanted, start + 1);
}

export function decodeLeafAd(bytes: Uint8Array, start: number): LeafAdRoute {
  const lengthAt = originatorLengthAt(bytes, start);
  return {
    routeType: 11,
    routeKey: hexText(bytes, start + EVPN_HEADER_OCTETS, lengthAt),
    originatorIp: ipText(bytes, lengthAt + 1, bytes[lengthAt] / 8),
  };
}

export function encodeLeafAd(route: LeafAdRoute, writer: Writer): void {
  const key = parseHex(route.routeKey);
  const whole =
    key !== undefined && key.length >= EVPN_HEADER_OCTETS && key[1] === key.length - EVPN_HEADER_OCTETS;
  writer.bytes(whole ? key : notEncodable('route key', route.routeKey));
  writeAddress(writer, route.originatorIp);
}

/** After the quoted NLRI, whose own length octet is its second. */
function originatorLengthAt(bytes: Uint8Array, start: number): number {
  return start + EVPN_HEADER_OCTETS + EVPN_HEADER_OCTETS + (bytes[start + EVPN_HEADER_OCTETS + 1] ?? 0);
}
