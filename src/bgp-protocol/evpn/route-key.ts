/**
 * The key of an EVPN route, and what is left of it. Two NLRI with the same key are the same route with other
 * attributes; the table keys on it, and keeps the rest as the path's payload.
 *
 * RFC 7432 section 7.1 (a type-1 key has no label), 7.2 (a type-2 key holds RD, Ethernet tag, MAC length, MAC, IP length,
 * IP: neither ESI nor labels), 7.3, 7.4; RFC 9136 section 3.1 (type 5: RD, Ethernet tag, prefix length, prefix);
 * RFC 9251 sections 9.1 to 9.3 (types 6, 7, 8: all but flags, reserved octets and response time).
 *
 * key     = route type, then the key fields in wire order with their length octets
 * payload = the other fields in wire order: type 1 label; type 2 ESI, labels; type 5 ESI, gateway, label; 6 and 7 flags;
 *           8 reserved, maximum response time, flags; nothing for the rest
 */
import { EVPN_ROUTE_TYPE } from '../iana.ts';
import { copyFew, viewOf } from '../octets.ts';
import { LABEL_OCTETS } from './label.ts';
import { macIpLabelsAt } from './mac-ip.ts';
import { synchTrailerOctets } from './multicast-fields.ts';

/** Offsets into a key. RD and TYPE hold for every known type; the others for the type in their name. */
export const EVPN_KEY = {
  TYPE: 0,
  RD: 1,
  MAC_IP_ETHERNET_TAG: 9,
  MAC_IP_MAC_LENGTH: 13,
  MAC_IP_MAC: 14,
  MAC_IP_IP_LENGTH: 20,
  MAC_IP_IP: 21,
  INCLUSIVE_MULTICAST_ETHERNET_TAG: 9,
  INCLUSIVE_MULTICAST_IP_LENGTH: 13,
  INCLUSIVE_MULTICAST_IP: 14,
  ETHERNET_AD_ESI: 9,
  ETHERNET_AD_ETHERNET_TAG: 19,
  ETHERNET_SEGMENT_ESI: 9,
  ETHERNET_SEGMENT_IP_LENGTH: 19,
  ETHERNET_SEGMENT_IP: 20,
  IP_PREFIX_ETHERNET_TAG: 9,
  IP_PREFIX_LENGTH: 13,
  IP_PREFIX: 14,
} as const;

/** Offsets into the payload of a type-2 route; a second label begins at LABEL1 + 3 when the payload is 16 octets. */
export const MAC_IP_PAYLOAD = { ESI: 0, LABEL1: 10, LABEL2: 13 } as const;
/** Offsets into the payload of a type-5 route; the label is its last three octets. */
export const IP_PREFIX_PAYLOAD = { ESI: 0, GATEWAY: 10 } as const;

/** One octet of type and all that a length octet can count. */
export const MAX_EVPN_KEY_OCTETS = 256;
export const MAX_EVPN_PAYLOAD_OCTETS = 255;

/** What splitEvpnNlri returns: the key's length and the payload's in one number. */
export function keyLengthOf(split: number): number {
  return split >> 8;
}

export function payloadLengthOf(split: number): number {
  return split & 0xff;
}

const ESI_OCTETS = 10;
const RD_OCTETS = 8;
/** RD, ESI, Ethernet tag. */
const ETHERNET_AD_KEY_OCTETS = 22;
const ETHERNET_TAG_OCTETS = 4;

/**
 * Splits the NLRI at `start` to `end` (type, length, value) into `key` and `payload`, both written from their index 0;
 * they hold up to MAX_EVPN_KEY_OCTETS and MAX_EVPN_PAYLOAD_OCTETS. Returns keyLength << 8 | payloadLength, or -1 when the
 * fields of the key cannot be told apart (validateEvpnNlri then says why). A route that is only faulty after its key,
 * such as a type 2 without labels, splits, so that it can be treated as withdrawn.
 */
export function splitEvpnNlri(
  bytes: Uint8Array,
  start: number,
  end: number,
  key: Uint8Array,
  payload: Uint8Array,
): number {
  return splitEvpnViews(bytes, viewOf(bytes), start, end, viewOf(key), 0, viewOf(payload));
}

/** splitEvpnNlri for hot paths: `view` is of `bytes`, and the key is written at `keyAt`. */
export function splitEvpnViews(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  end: number,
  key: DataView,
  keyAt: number,
  payload: DataView,
): number {
  if (end - start < 2 || bytes[start + 1] !== end - start - 2) return -1;
  key.setUint8(keyAt, bytes[start]);
  switch (bytes[start]) {
    case EVPN_ROUTE_TYPE.MAC_IP_ADVERTISEMENT:
      return splitAroundEsi(view, start, macIpLabelsAt(bytes, start, end), end, key, keyAt, payload);
    case EVPN_ROUTE_TYPE.IP_PREFIX:
      return splitAroundEsi(view, start, ipPrefixGatewayAt(start, end), end, key, keyAt, payload);
    default:
      return splitBeforeTrailer(view, start, end, trailerOctets(bytes, start, end), key, keyAt, payload);
  }
}

/** Types 2 and 5: the ESI stands between the fields of the key, the rest of the payload after them. */
function splitAroundEsi(
  view: DataView,
  start: number,
  restAt: number,
  end: number,
  key: DataView,
  keyAt: number,
  payload: DataView,
): number {
  if (restAt < 0) return -1;
  const rdAt = start + 2;
  const esiAt = rdAt + RD_OCTETS;
  const tagAt = esiAt + ESI_OCTETS;
  copyFew(view, rdAt, key, keyAt + 1, RD_OCTETS);
  copyFew(view, esiAt, payload, 0, ESI_OCTETS);
  copyFew(view, tagAt, key, keyAt + 1 + RD_OCTETS, restAt - tagAt);
  copyFew(view, restAt, payload, ESI_OCTETS, end - restAt);
  return ((1 + RD_OCTETS + restAt - tagAt) << 8) | (ESI_OCTETS + end - restAt);
}

/** The other types: the payload, if any, is the last octets. -1 as trailer says that the key is malformed. */
function splitBeforeTrailer(
  view: DataView,
  start: number,
  end: number,
  trailer: number,
  key: DataView,
  keyAt: number,
  payload: DataView,
): number {
  if (trailer < 0) return -1;
  const keyOctets = end - trailer - start - 2;
  copyFew(view, start + 2, key, keyAt + 1, keyOctets);
  copyFew(view, end - trailer, payload, 0, trailer);
  return ((1 + keyOctets) << 8) | trailer;
}

/** Where the gateway of a type-5 route begins; -1 when its length is that of neither family. */
function ipPrefixGatewayAt(start: number, end: number): number {
  const length = end - start - 2;
  return length === 34 ? start + 29 : length === 58 ? start + 41 : -1;
}

function trailerOctets(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start - 2;
  switch (bytes[start]) {
    case EVPN_ROUTE_TYPE.ETHERNET_AUTO_DISCOVERY:
      return length < ETHERNET_AD_KEY_OCTETS ? -1 : length - ETHERNET_AD_KEY_OCTETS;
    case EVPN_ROUTE_TYPE.INCLUSIVE_MULTICAST_ETHERNET_TAG:
      return addressEndsAt(bytes, start + 2 + RD_OCTETS + ETHERNET_TAG_OCTETS, end);
    case EVPN_ROUTE_TYPE.ETHERNET_SEGMENT:
      return addressEndsAt(bytes, start + 2 + RD_OCTETS + ESI_OCTETS, end);
    case EVPN_ROUTE_TYPE.SELECTIVE_MULTICAST_ETHERNET_TAG:
    case EVPN_ROUTE_TYPE.MULTICAST_MEMBERSHIP_REPORT_SYNCH:
    case EVPN_ROUTE_TYPE.MULTICAST_LEAVE_SYNCH:
      return synchTrailerOctets(bytes, start, end);
    default:
      return 0;
  }
}

/** 0 when the address whose length field is at `lengthAt` ends the route, as it must; -1 otherwise. */
function addressEndsAt(bytes: Uint8Array, lengthAt: number, end: number): number {
  const bits = lengthAt < end ? bytes[lengthAt] : 0;
  return (bits === 32 || bits === 128) && lengthAt + 1 + bits / 8 === end ? 0 : -1;
}

/**
 * The reverse of splitEvpnNlri: writes type, length and value at `outStart` of `out`, which must have room for 257
 * octets, and returns where it ended.
 */
export function joinEvpnNlri(
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  payload: Uint8Array,
  payloadStart: number,
  payloadEnd: number,
  out: Uint8Array,
  outStart: number,
): number {
  const [keyView, payloadView] = [viewOf(key), viewOf(payload)];
  return joinEvpnViews(
    keyView,
    keyStart,
    keyEnd,
    payloadView,
    payloadStart,
    payloadEnd,
    viewOf(out),
    outStart,
  );
}

/** joinEvpnNlri for hot paths. */
export function joinEvpnViews(
  key: DataView,
  keyStart: number,
  keyEnd: number,
  payload: DataView,
  payloadStart: number,
  payloadEnd: number,
  out: DataView,
  outStart: number,
): number {
  const type = key.getUint8(keyStart);
  out.setUint8(outStart, type);
  out.setUint8(outStart + 1, keyEnd - keyStart - 1 + payloadEnd - payloadStart);
  let from = keyStart + 1;
  let rest = payloadStart;
  let to = outStart + 2;
  // What is no key because it has no RD becomes no route either.
  const isWhole = keyEnd - from >= RD_OCTETS;
  if (isWhole && (type === EVPN_ROUTE_TYPE.MAC_IP_ADVERTISEMENT || type === EVPN_ROUTE_TYPE.IP_PREFIX)) {
    copyFew(key, from, out, to, RD_OCTETS);
    copyFew(payload, rest, out, to + RD_OCTETS, ESI_OCTETS);
    from += RD_OCTETS;
    rest += ESI_OCTETS;
    to += RD_OCTETS + ESI_OCTETS;
  }
  copyFew(key, from, out, to, keyEnd - from);
  to += keyEnd - from;
  copyFew(payload, rest, out, to, payloadEnd - rest);
  return to + payloadEnd - rest;
}

/** Octets of the payload when it is empty of meaning: what a withdrawal needs to be a whole route again. */
export function leastPayloadOctets(key: Uint8Array, keyStart: number, keyEnd: number): number {
  switch (key[keyStart]) {
    case EVPN_ROUTE_TYPE.ETHERNET_AUTO_DISCOVERY:
      return LABEL_OCTETS;
    case EVPN_ROUTE_TYPE.MAC_IP_ADVERTISEMENT:
      return ESI_OCTETS + LABEL_OCTETS;
    case EVPN_ROUTE_TYPE.IP_PREFIX:
      return ESI_OCTETS + (keyEnd - keyStart - EVPN_KEY.IP_PREFIX) + LABEL_OCTETS;
    case EVPN_ROUTE_TYPE.SELECTIVE_MULTICAST_ETHERNET_TAG:
    case EVPN_ROUTE_TYPE.MULTICAST_MEMBERSHIP_REPORT_SYNCH:
      return 1;
    case EVPN_ROUTE_TYPE.MULTICAST_LEAVE_SYNCH:
      return 6;
    default:
      return 0;
  }
}
