/**
 * Route types 7 and 8, Multicast Membership Report Synch and Multicast Leave Synch: what one router of an Ethernet segment
 * heard from the hosts there, told to the others on it.
 *
 * RFC 9251 sections 9.2 and 9.3. The four reserved octets of type 8 are not read, and sent as zero.
 */
import type { BgpFault } from '../faults.ts';
import { esiText } from '../text/ethernet-segment-identifier.ts';
import { routeDistinguisherText } from '../text/route-distinguisher.ts';
import type { Writer } from '../writer.ts';
import { EVPN_HEADER_OCTETS, u32At, writeEsi, writeRouteDistinguisher } from './fields.ts';
import {
  decodeMulticastAddresses,
  encodeMulticastAddresses,
  type MulticastAddresses,
  validateMulticast,
} from './multicast-fields.ts';

interface SynchFields extends MulticastAddresses {
  readonly rd: string;
  readonly esi: string;
  readonly ethernetTag: number;
  /** MULTICAST_FLAG. */
  readonly flags: number;
}

export interface MulticastReportSynchRoute extends SynchFields {
  readonly routeType: 7;
}

export interface MulticastLeaveSynchRoute extends SynchFields {
  readonly routeType: 8;
  /** As in the query that asked who still wants the group, tenths of a second in IGMPv2's coding. */
  readonly maximumResponseTime: number;
}

/** From the start of the NLRI. */
const ADDRESSES_AT = 24;
/** Type 7: flags. Type 8: reserved (4), maximum response time (1), flags (1). */
const REPORT_TRAILER_OCTETS = 1;
const LEAVE_TRAILER_OCTETS = 6;

export function validateMulticastReportSynch(
  bytes: Uint8Array,
  start: number,
  end: number,
): BgpFault | undefined {
  const at = start + ADDRESSES_AT;
  return validateMulticast('Multicast Membership Report Synch', bytes, start, at, end, REPORT_TRAILER_OCTETS);
}

export function decodeMulticastReportSynch(
  bytes: Uint8Array,
  start: number,
  end: number,
): MulticastReportSynchRoute {
  return { routeType: 7, ...decodeSynch(bytes, start, end) };
}

export function encodeMulticastReportSynch(route: MulticastReportSynchRoute, writer: Writer): void {
  encodeSynchKey(route, writer);
  writer.u8(route.flags);
}

export function validateMulticastLeaveSynch(
  bytes: Uint8Array,
  start: number,
  end: number,
): BgpFault | undefined {
  const at = start + ADDRESSES_AT;
  return validateMulticast('Multicast Leave Synch', bytes, start, at, end, LEAVE_TRAILER_OCTETS);
}

export function decodeMulticastLeaveSynch(
  bytes: Uint8Array,
  start: number,
  end: number,
): MulticastLeaveSynchRoute {
  return { routeType: 8, ...decodeSynch(bytes, start, end), maximumResponseTime: bytes[end - 2] };
}

export function encodeMulticastLeaveSynch(route: MulticastLeaveSynchRoute, writer: Writer): void {
  encodeSynchKey(route, writer);
  writer.u32(0);
  writer.u8(route.maximumResponseTime);
  writer.u8(route.flags);
}

function decodeSynch(bytes: Uint8Array, start: number, end: number): SynchFields {
  const at = start + EVPN_HEADER_OCTETS;
  return {
    rd: routeDistinguisherText(bytes, at),
    esi: esiText(bytes, at + 8),
    ethernetTag: u32At(bytes, at + 18),
    ...decodeMulticastAddresses(bytes, start + ADDRESSES_AT),
    flags: bytes[end - 1],
  };
}

function encodeSynchKey(route: SynchFields, writer: Writer): void {
  writeRouteDistinguisher(writer, route.rd);
  writeEsi(writer, route.esi);
  writer.u32(route.ethernetTag);
  encodeMulticastAddresses(route, writer);
}
