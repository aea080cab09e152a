/**
 * Route type 3, Inclusive Multicast Ethernet Tag: who wants the flooded frames of a broadcast domain.
 *
 * RFC 7432 section 7.3.
 */
import type { BgpFault } from '../faults.ts';
import { ipText } from '../text/ip.ts';
import { routeDistinguisherText } from '../text/route-distinguisher.ts';
import type { Writer } from '../writer.ts';
import {
  addressOctets,
  EVPN_HEADER_OCTETS,
  routeFault,
  u32At,
  writeAddress,
  writeRouteDistinguisher,
} from './fields.ts';

export interface InclusiveMulticastRoute {
  readonly routeType: 3;
  readonly rd: string;
  readonly ethernetTag: number;
  readonly originatorIp: string;
}

/** Offsets from the start of the NLRI. */
const IP_LENGTH_AT = 14;
const IP_AT = 15;

const WHAT = 'Inclusive Multicast';

export function validateInclusiveMulticast(
  bytes: Uint8Array,
  start: number,
  end: number,
): BgpFault | undefined {
  const length = end - start - EVPN_HEADER_OCTETS;
  if (length < IP_AT - EVPN_HEADER_OCTETS) return routeFault(WHAT, 'length', length, '17 or 29', start + 1);
  const bits = bytes[start + IP_LENGTH_AT];
  const octets = addressOctets(bits);
  if (octets < 0) return routeFault(WHAT, 'IP length', bits, '32 or 128', start + IP_LENGTH_AT);
  const wanted = IP_AT - EVPN_HEADER_OCTETS + octets;
  return length === wanted ? undefined : routeFault(WHAT, 'length', length, wanted, start + 1);
}

export function decodeInclusiveMulticast(
  bytes: Uint8Array,
  start: number,
  end: number,
): InclusiveMulticastRoute {
  const at = start + EVPN_HEADER_OCTETS;
  return {
    routeType: 3,
    rd: routeDistinguisherText(bytes, at),
    ethernetTag: u32At(bytes, at + 8),
    originatorIp: ipText(bytes, start + IP_AT, end - start - IP_AT),
  };
}

export function encodeInclusiveMulticast(route: InclusiveMulticastRoute, writer: Writer): void {
  writeRouteDistinguisher(writer, route.rd);
  writer.u32(route.ethernetTag);
  writeAddress(writer, route.originatorIp);
}
