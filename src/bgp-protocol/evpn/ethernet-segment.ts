/**
 * Route type 4, Ethernet Segment: which routers share a segment, for the election of its designated forwarder.
 *
 * RFC 7432 sections 7.4 and 8.1.
 */
import type { BgpFault } from '../faults.ts';
import { esiText } from '../text/ethernet-segment-identifier.ts';
import { ipText } from '../text/ip.ts';
import { routeDistinguisherText } from '../text/route-distinguisher.ts';
import type { Writer } from '../writer.ts';
import {
  addressOctets,
  EVPN_HEADER_OCTETS,
  routeFault,
  writeAddress,
  writeEsi,
  writeRouteDistinguisher,
} from './fields.ts';

export interface EthernetSegmentRoute {
  readonly routeType: 4;
  readonly rd: string;
  readonly esi: string;
  readonly originatorIp: string;
}

/** Offsets from the start of the NLRI. */
const IP_LENGTH_AT = 20;
const IP_AT = 21;

const WHAT = 'Ethernet Segment';

export function validateEthernetSegment(bytes: Uint8Array, start: number, end: number): BgpFault | undefined {
  const length = end - start - EVPN_HEADER_OCTETS;
  if (length < IP_AT - EVPN_HEADER_OCTETS) return routeFault(WHAT, 'length', length, '23 or 35', start + 1);
  const bits = bytes[start + IP_LENGTH_AT];
  const octets = addressOctets(bits);
  if (octets < 0) return routeFault(WHAT, 'IP length', bits, '32 or 128', start + IP_LENGTH_AT);
  const wanted = IP_AT - EVPN_HEADER_OCTETS + octets;
  return length === wanted ? undefined : routeFault(WHAT, 'length', length, wanted, start + 1);
}

export function decodeEthernetSegment(bytes: Uint8Array, start: number, end: number): EthernetSegmentRoute {
  const at = start + EVPN_HEADER_OCTETS;
  return {
    routeType: 4,
    rd: routeDistinguisherText(bytes, at),
    esi: esiText(bytes, at + 8),
    originatorIp: ipText(bytes, start + IP_AT, end - start - IP_AT),
  };
}

export function encodeEthernetSegment(route: EthernetSegmentRoute, writer: Writer): void {
  writeRouteDistinguisher(writer, route.rd);
  writeEsi(writer, route.esi);
  writeAddress(writer, route.originatorIp);
}
