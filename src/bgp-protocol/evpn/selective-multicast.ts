/**
 * Route type 6, Selective Multicast Ethernet Tag: which multicast groups a router wants.
 *
 * RFC 9251 section 9.1.
 */
import type { BgpFault } from '../faults.ts';
import { routeDistinguisherText } from '../text/route-distinguisher.ts';
import type { Writer } from '../writer.ts';
import { EVPN_HEADER_OCTETS, u32At, writeRouteDistinguisher } from './fields.ts';
import {
  decodeMulticastAddresses,
  encodeMulticastAddresses,
  type MulticastAddresses,
  validateMulticast,
} from './multicast-fields.ts';

export interface SelectiveMulticastRoute extends MulticastAddresses {
  readonly routeType: 6;
  readonly rd: string;
  readonly ethernetTag: number;
  /** MULTICAST_FLAG. */
  readonly flags: number;
}

/** From the start of the NLRI. */
const ADDRESSES_AT = 14;
const FLAGS_OCTETS = 1;

export function validateSelectiveMulticast(
  bytes: Uint8Array,
  start: number,
  end: number,
): BgpFault | undefined {
  return validateMulticast('Selective Multicast', bytes, start, start + ADDRESSES_AT, end, FLAGS_OCTETS);
}

export function decodeSelectiveMulticast(
  bytes: Uint8Array,
  start: number,
  end: number,
): SelectiveMulticastRoute {
  const at = start + EVPN_HEADER_OCTETS;
  return {
    routeType: 6,
    rd: routeDistinguisherText(bytes, at),
    ethernetTag: u32At(bytes, at + 8),
    ...decodeMulticastAddresses(bytes, start + ADDRESSES_AT),
    flags: bytes[end - 1],
  };
}

export function encodeSelectiveMulticast(route: SelectiveMulticastRoute, writer: Writer): void {
  writeRouteDistinguisher(writer, route.rd);
  writer.u32(route.ethernetTag);
  encodeMulticastAddresses(route, writer);
  writer.u8(route.flags);
}
