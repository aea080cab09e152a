/**
 * Route type 1, Ethernet Auto-Discovery: one per Ethernet segment (tag MAX-ET, the label in an extended community) and one
 * per EVPN instance on it.
 *
 * RFC 7432 sections 7.1, 8.2.1 (per segment) and 8.4.1 (per instance).
 */
import type { BgpFault } from '../faults.ts';
import { esiText } from '../text/ethernet-segment-identifier.ts';
import { routeDistinguisherText } from '../text/route-distinguisher.ts';
import type { Writer } from '../writer.ts';
import { EVPN_HEADER_OCTETS, routeFault, u24At, u32At, writeEsi, writeRouteDistinguisher } from './fields.ts';

/** The Ethernet tag of a route per Ethernet segment: RFC 7432 section 8.2.1. */
export const MAX_ETHERNET_TAG = 0xffffffff;

export interface EthernetAdRoute {
  readonly routeType: 1;
  readonly rd: string;
  readonly esi: string;
  readonly ethernetTag: number;
  /** 24 raw bits. */
  readonly label: number;
}

const VALUE_OCTETS = 25;

export function validateEthernetAd(_bytes: Uint8Array, start: number, end: number): BgpFault | undefined {
  const length = end - start - EVPN_HEADER_OCTETS;
  if (length === VALUE_OCTETS) return undefined;
  return routeFault('Ethernet A-D', 'length', length, VALUE_OCTETS, start + 1);
}

export function decodeEthernetAd(bytes: Uint8Array, start: number): EthernetAdRoute {
  const at = start + EVPN_HEADER_OCTETS;
  return {
    routeType: 1,
    rd: routeDistinguisherText(bytes, at),
    esi: esiText(bytes, at + 8),
    ethernetTag: u32At(bytes, at + 18),
    label: u24At(bytes, at + 22),
  };
}

export function encodeEthernetAd(route: EthernetAdRoute, writer: Writer): void {
  writeRouteDistinguisher(writer, route.rd);
  writeEsi(writer, route.esi);
  writer.u32(route.ethernetTag);
  writer.u24(route.label);
}
