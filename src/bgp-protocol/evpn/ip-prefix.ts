/**
 * Route type 5, IP Prefix: a prefix behind a router, a gateway or a segment of the fabric.
 *
 * RFC 9136 sections 3.1 and 3.2. The family is told by the length of the whole route alone: 34 octets or 58.
 */
import type { BgpFault } from '../faults.ts';
import { ESI_OCTETS, esiText } from '../text/ethernet-segment-identifier.ts';
import { ipText, parseIp } from '../text/ip.ts';
import { parsePrefix, prefixText } from '../text/prefix.ts';
import { routeDistinguisherText } from '../text/route-distinguisher.ts';
import type { Writer } from '../writer.ts';
import {
  EVPN_HEADER_OCTETS,
  notEncodable,
  routeFault,
  u24At,
  u32At,
  writeEsi,
  writeRouteDistinguisher,
} from './fields.ts';

export interface IpPrefixRoute {
  readonly routeType: 5;
  readonly rd: string;
  readonly esi: string;
  readonly ethernetTag: number;
  readonly prefix: string;
  /** Of the prefix's family; all zero when there is none. */
  readonly gatewayIp: string;
  /** 24 raw bits. */
  readonly label: number;
}

const IPV4_VALUE_OCTETS = 34;
const IPV6_VALUE_OCTETS = 58;
/** Offsets from the start of the NLRI. */
const ESI_AT = 10;
const PREFIX_LENGTH_AT = 24;
const PREFIX_AT = 25;

const WHAT = 'IP Prefix';

export function validateIpPrefix(bytes: Uint8Array, start: number, end: number): BgpFault | undefined {
  const length = end - start - EVPN_HEADER_OCTETS;
  if (length !== IPV4_VALUE_OCTETS && length !== IPV6_VALUE_OCTETS) {
    return routeFault(WHAT, 'length', length, '34 or 58', start + 1);
  }
  const octets = length === IPV4_VALUE_OCTETS ? 4 : 16;
  const bits = bytes[start + PREFIX_LENGTH_AT];
  if (bits > octets * 8) {
    return routeFault(WHAT, 'IP prefix length', bits, `${octets * 8} or less`, start + PREFIX_LENGTH_AT);
  }
  const gatewayAt = start + PREFIX_AT + octets;
  // RFC 9136 section 3.2: "a non-zero GW IP and a non-zero ESI (at the same time) SHOULD be treat as withdraw".
  if (
    anySet(bytes, gatewayAt, gatewayAt + octets) &&
    anySet(bytes, start + ESI_AT, start + ESI_AT + ESI_OCTETS)
  ) {
    return routeFault(WHAT, 'gateway beside an ESI', ipText(bytes, gatewayAt, octets), 'zero', gatewayAt);
  }
  return undefined;
}

function anySet(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] !== 0) return true;
  return false;
}

export function decodeIpPrefix(bytes: Uint8Array, start: number, end: number): IpPrefixRoute {
  const at = start + EVPN_HEADER_OCTETS;
  const octets = end - start - EVPN_HEADER_OCTETS === IPV4_VALUE_OCTETS ? 4 : 16;
  const gatewayAt = start + PREFIX_AT + octets;
  return {
    routeType: 5,
    rd: routeDistinguisherText(bytes, at),
    esi: esiText(bytes, start + ESI_AT),
    ethernetTag: u32At(bytes, at + 18),
    prefix: prefixText(bytes.subarray(start + PREFIX_AT, gatewayAt), bytes[start + PREFIX_LENGTH_AT]),
    gatewayIp: ipText(bytes, gatewayAt, octets),
    label: u24At(bytes, gatewayAt + octets),
  };
}

export function encodeIpPrefix(route: IpPrefixRoute, writer: Writer): void {
  const prefix = parsePrefix(route.prefix) ?? notEncodable('prefix', route.prefix);
  const gateway = parseIp(route.gatewayIp) ?? notEncodable('gateway', route.gatewayIp);
  if (gateway.length !== prefix.address.length) notEncodable(`gateway of ${route.prefix}`, route.gatewayIp);
  writeRouteDistinguisher(writer, route.rd);
  writeEsi(writer, route.esi);
  writer.u32(route.ethernetTag);
  writer.u8(prefix.lengthBits);
  writer.bytes(prefix.address);
  writer.bytes(gateway);
  writer.u24(route.label);
}
