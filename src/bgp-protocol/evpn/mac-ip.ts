/**
 * Route type 2, MAC/IP Advertisement: where a MAC address is, and which IP address it answers for.
 *
 * RFC 7432 section 7.2, RFC 9135 section 4.2 (the second label is the IP-VRF's).
 */
import type { BgpFault } from '../faults.ts';
import { esiText } from '../text/ethernet-segment-identifier.ts';
import { ipText } from '../text/ip.ts';
import { macAt, macText } from '../text/mac.ts';
import { routeDistinguisherText } from '../text/route-distinguisher.ts';
import type { Writer } from '../writer.ts';
import {
  addressOctets,
  EVPN_HEADER_OCTETS,
  notEncodable,
  routeFault,
  u24At,
  u32At,
  writeAddress,
  writeEsi,
  writeMac,
  writeRouteDistinguisher,
} from './fields.ts';
import { LABEL_OCTETS } from './label.ts';

export interface MacIpRoute {
  readonly routeType: 2;
  readonly rd: string;
  readonly esi: string;
  readonly ethernetTag: number;
  readonly mac: string;
  readonly ip?: string;
  /** One or two, 24 raw bits each. */
  readonly labels: readonly number[];
}

/** Offsets from the start of the NLRI. */
const MAC_LENGTH_AT = 24;
const IP_LENGTH_AT = 31;
const IP_AT = 32;

const WHAT = 'MAC/IP';

export function validateMacIp(bytes: Uint8Array, start: number, end: number): BgpFault | undefined {
  const labelsAt = macIpLabelsAt(bytes, start, end);
  if (labelsAt < 0) return keyFault(bytes, start, end);
  const octets = end - labelsAt;
  if (octets === LABEL_OCTETS || octets === 2 * LABEL_OCTETS) return undefined;
  return routeFault(WHAT, 'length of the labels', octets, '3 or 6 octets', labelsAt);
}

/** Where the labels begin; -1 when the fields before them are malformed. For loops over many routes. */
export function macIpLabelsAt(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < IP_AT || bytes[start + MAC_LENGTH_AT] !== 48) return -1;
  const bits = bytes[start + IP_LENGTH_AT];
  const octets = bits === 0 ? 0 : addressOctets(bits);
  return octets < 0 || start + IP_AT + octets > end ? -1 : start + IP_AT + octets;
}

function keyFault(bytes: Uint8Array, start: number, end: number): BgpFault {
  const length = end - start - EVPN_HEADER_OCTETS;
  const bare = IP_AT - EVPN_HEADER_OCTETS + LABEL_OCTETS;
  if (length < IP_AT - EVPN_HEADER_OCTETS) {
    return routeFault(WHAT, 'length', length, `${bare} or more`, start + 1);
  }
  const macBits = bytes[start + MAC_LENGTH_AT];
  if (macBits !== 48) return routeFault(WHAT, 'MAC length', macBits, 48, start + MAC_LENGTH_AT);
  const bits = bytes[start + IP_LENGTH_AT];
  if (addressOctets(bits) < 0)
    return routeFault(WHAT, 'IP length', bits, '0, 32 or 128', start + IP_LENGTH_AT);
  return routeFault(WHAT, 'length', length, `${bare + addressOctets(bits)} or more`, start + 1);
}

export function decodeMacIp(bytes: Uint8Array, start: number, end: number): MacIpRoute {
  const at = start + EVPN_HEADER_OCTETS;
  const addressLength = bytes[start + IP_LENGTH_AT] / 8;
  const labels: number[] = [];
  for (let from = start + IP_AT + addressLength; from < end; from += LABEL_OCTETS)
    labels.push(u24At(bytes, from));
  return {
    routeType: 2,
    rd: routeDistinguisherText(bytes, at),
    esi: esiText(bytes, at + 8),
    ethernetTag: u32At(bytes, at + 18),
    mac: macText(macAt(bytes, start + MAC_LENGTH_AT + 1)),
    ...(addressLength === 0 ? {} : { ip: ipText(bytes, start + IP_AT, addressLength) }),
    labels,
  };
}

export function encodeMacIp(route: MacIpRoute, writer: Writer): void {
  writeRouteDistinguisher(writer, route.rd);
  writeEsi(writer, route.esi);
  writer.u32(route.ethernetTag);
  writer.u8(48);
  writeMac(writer, route.mac);
  writeAddress(writer, route.ip);
  if (route.labels.length !== 1 && route.labels.length !== 2) {
    notEncodable('number of labels', route.labels.length);
  }
  for (const label of route.labels) writer.u24(label);
}
