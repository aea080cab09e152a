/**
 * Route type 9, Per-Region I-PMSI A-D: the flooding tunnel into a region of a segmented fabric.
 *
 * RFC 9572 section 3.1.
 */
import type { BgpFault } from '../faults.ts';
import { hexText, parseHex } from '../text/hex.ts';
import { routeDistinguisherText } from '../text/route-distinguisher.ts';
import type { Writer } from '../writer.ts';
import { EVPN_HEADER_OCTETS, notEncodable, routeFault, u32At, writeRouteDistinguisher } from './fields.ts';

export interface PerRegionIPmsiRoute {
  readonly routeType: 9;
  readonly rd: string;
  readonly ethernetTag: number;
  /** An extended community, eight octets as hexadecimal: RFC 9572 section 6.2. */
  readonly regionId: string;
}

const VALUE_OCTETS = 20;
const REGION_OCTETS = 8;

export function validatePerRegionIPmsi(_bytes: Uint8Array, start: number, end: number): BgpFault | undefined {
  const length = end - start - EVPN_HEADER_OCTETS;
  if (length === VALUE_OCTETS) return undefined;
  return routeFault('Per-Region I-PMSI A-D', 'length', length, VALUE_OCTETS, start + 1);
}

export function decodePerRegionIPmsi(bytes: Uint8Array, start: number, end: number): PerRegionIPmsiRoute {
  const at = start + EVPN_HEADER_OCTETS;
  return {
    routeType: 9,
    rd: routeDistinguisherText(bytes, at),
    ethernetTag: u32At(bytes, at + 8),
    regionId: hexText(bytes, end - REGION_OCTETS, end),
  };
}

export function encodePerRegionIPmsi(route: PerRegionIPmsiRoute, writer: Writer): void {
  writeRouteDistinguisher(writer, route.rd);
  writer.u32(route.ethernetTag);
  const region = parseHex(route.regionId);
  writer.bytes(region?.length === REGION_OCTETS ? region : notEncodable('region id', route.regionId));
}
