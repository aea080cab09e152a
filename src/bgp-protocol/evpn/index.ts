/**
 * The EVPN route types: one literal array, and the four things that are done with an NLRI through it.
 *
 * RFC 7432 section 7 ("EVPN NLRI"): type octet, length octet, value. "EVPN Route Types" of IANA.
 */

import type { BgpFault } from '../faults.ts';
import { EVPN_ROUTE_TYPE } from '../iana.ts';
import { copyOctets } from '../octets.ts';
import { Writer } from '../writer.ts';
import { decodeEthernetAd, encodeEthernetAd, validateEthernetAd } from './ethernet-ad.ts';
import { decodeEthernetSegment, encodeEthernetSegment, validateEthernetSegment } from './ethernet-segment.ts';
import { EVPN_HEADER_OCTETS, notEncodable, routeFault } from './fields.ts';
import {
  decodeInclusiveMulticast,
  encodeInclusiveMulticast,
  validateInclusiveMulticast,
} from './inclusive-multicast.ts';
import { decodeIpPrefix, encodeIpPrefix, validateIpPrefix } from './ip-prefix.ts';
import { decodeLeafAd, encodeLeafAd, validateLeafAd } from './leaf-ad.ts';
import { decodeMacIp, encodeMacIp, validateMacIp } from './mac-ip.ts';
import {
  decodeMulticastLeaveSynch,
  decodeMulticastReportSynch,
  encodeMulticastLeaveSynch,
  encodeMulticastReportSynch,
  validateMulticastLeaveSynch,
  validateMulticastReportSynch,
} from './multicast-synch.ts';
import { decodePerRegionIPmsi, encodePerRegionIPmsi, validatePerRegionIPmsi } from './per-region-i-pmsi.ts';
import type { EvpnRoute, KnownEvpnRoute, KnownEvpnRouteType, OpaqueEvpnRoute } from './route.ts';
import { joinEvpnNlri, leastPayloadOctets } from './route-key.ts';
import { decodeSPmsi, encodeSPmsi, validateSPmsi } from './s-pmsi.ts';
import {
  decodeSelectiveMulticast,
  encodeSelectiveMulticast,
  validateSelectiveMulticast,
} from './selective-multicast.ts';

export * from './esi.ts';
export { type EthernetAdRoute, MAX_ETHERNET_TAG } from './ethernet-ad.ts';
export type { EthernetSegmentRoute } from './ethernet-segment.ts';
export type { InclusiveMulticastRoute } from './inclusive-multicast.ts';
export type { IpPrefixRoute } from './ip-prefix.ts';
export * from './label.ts';
export type { LeafAdRoute } from './leaf-ad.ts';
export type { MacIpRoute } from './mac-ip.ts';
export { MULTICAST_FLAG } from './multicast-fields.ts';
export type { MulticastLeaveSynchRoute, MulticastReportSynchRoute } from './multicast-synch.ts';
export type { PerRegionIPmsiRoute } from './per-region-i-pmsi.ts';
export type { EvpnRoute, KnownEvpnRoute, KnownEvpnRouteType, OpaqueEvpnRoute } from './route.ts';
export * from './route-key.ts';
export type { SPmsiRoute } from './s-pmsi.ts';
export type { SelectiveMulticastRoute } from './selective-multicast.ts';

/** `start` is that of the NLRI, its type octet; `end` is where it ends. `decode` is only called on what validated. */
interface EvpnRouteEntry<Route extends KnownEvpnRoute> {
  readonly routeType: Route['routeType'];
  readonly name: string;
  readonly rfc: string;
  readonly validate: (bytes: Uint8Array, start: number, end: number) => BgpFault | undefined;
  readonly decode: (bytes: Uint8Array, start: number, end: number) => Route;
  readonly encode: (route: Route, writer: Writer) => void;
}

type AnyEntry = {
  [Type in KnownEvpnRouteType]: EvpnRouteEntry<Extract<KnownEvpnRoute, { routeType: Type }>>;
};

/** Keeps the route type of each entry and its functions together while the array has one element type. */
function entry<Type extends KnownEvpnRouteType>(of: AnyEntry[Type]): EvpnRouteEntry<KnownEvpnRoute> {
  return of as unknown as EvpnRouteEntry<KnownEvpnRoute>;
}

export const EVPN_ROUTES: readonly EvpnRouteEntry<KnownEvpnRoute>[] = [
  entry<1>({
    routeType: 1,
    name: 'Ethernet A-D',
    rfc: 'RFC 7432 section 7.1',
    validate: validateEthernetAd,
    decode: decodeEthernetAd,
    encode: encodeEthernetAd,
  }),
  entry<2>({
    routeType: 2,
    name: 'MAC/IP Advertisement',
    rfc: 'RFC 7432 section 7.2',
    validate: validateMacIp,
    decode: decodeMacIp,
    encode: encodeMacIp,
  }),
  entry<3>({
    routeType: 3,
    name: 'Inclusive Multicast Ethernet Tag',
    rfc: 'RFC 7432 section 7.3',
    validate: validateInclusiveMulticast,
    decode: decodeInclusiveMulticast,
    encode: encodeInclusiveMulticast,
  }),
  entry<4>({
    routeType: 4,
    name: 'Ethernet Segment',
    rfc: 'RFC 7432 section 7.4',
    validate: validateEthernetSegment,
    decode: decodeEthernetSegment,
    encode: encodeEthernetSegment,
  }),
  entry<5>({
    routeType: 5,
    name: 'IP Prefix',
    rfc: 'RFC 9136 section 3.1',
    validate: validateIpPrefix,
    decode: decodeIpPrefix,
    encode: encodeIpPrefix,
  }),
  entry<6>({
    routeType: 6,
    name: 'Selective Multicast Ethernet Tag',
    rfc: 'RFC 9251 section 9.1',
    validate: validateSelectiveMulticast,
    decode: decodeSelectiveMulticast,
    encode: encodeSelectiveMulticast,
  }),
  entry<7>({
    routeType: 7,
    name: 'Multicast Membership Report Synch',
    rfc: 'RFC 9251 section 9.2',
    validate: validateMulticastReportSynch,
    decode: decodeMulticastReportSynch,
    encode: encodeMulticastReportSynch,
  }),
  entry<8>({
    routeType: 8,
    name: 'Multicast Leave Synch',
    rfc: 'RFC 9251 section 9.3',
    validate: validateMulticastLeaveSynch,
    decode: decodeMulticastLeaveSynch,
    encode: encodeMulticastLeaveSynch,
  }),
  entry<9>({
    routeType: 9,
    name: 'Per-Region I-PMSI A-D',
    rfc: 'RFC 9572 section 3.1',
    validate: validatePerRegionIPmsi,
    decode: decodePerRegionIPmsi,
    encode: encodePerRegionIPmsi,
  }),
  entry<10>({
    routeType: 10,
    name: 'S-PMSI A-D',
    rfc: 'RFC 9572 section 3.2',
    validate: validateSPmsi,
    decode: decodeSPmsi,
    encode: encodeSPmsi,
  }),
  entry<11>({
    routeType: 11,
    name: 'Leaf A-D',
    rfc: 'RFC 9572 section 3.3',
    validate: validateLeafAd,
    decode: decodeLeafAd,
    encode: encodeLeafAd,
  }),
];

const BY_TYPE: readonly (EvpnRouteEntry<KnownEvpnRoute> | undefined)[] = Array.from(
  { length: 256 },
  (_, type) => EVPN_ROUTES.find((route) => route.routeType === type),
);

/** The name of a route type in the words of its RFC; undefined for an unknown one. */
export function evpnRouteTypeName(routeType: number): string | undefined {
  return BY_TYPE[routeType]?.name;
}

/**
 * The fault of the NLRI at `start` to `end`, undefined when it is sound. An unknown type is sound as long as its length
 * octet says so. Allocates nothing on the good path.
 */
export function validateEvpnNlri(bytes: Uint8Array, start: number, end: number): BgpFault | undefined {
  const length = end - start - EVPN_HEADER_OCTETS;
  if (length < 0 || bytes[start + 1] !== length) {
    return routeFault(
      'EVPN',
      'length',
      length < 0 ? 'missing' : bytes[start + 1],
      Math.max(length, 0),
      start + 1,
    );
  }
  // The two types that fill a table are called directly, so that they can be inlined into the walker's loop.
  if (bytes[start] === EVPN_ROUTE_TYPE.MAC_IP_ADVERTISEMENT) return validateMacIp(bytes, start, end);
  if (bytes[start] === EVPN_ROUTE_TYPE.IP_PREFIX) return validateIpPrefix(bytes, start, end);
  return BY_TYPE[bytes[start]]?.validate(bytes, start, end);
}

/** The route whose NLRI (type, length, value) is at `start` to `end`. Throws the BgpFault of validateEvpnNlri. */
export function decodeEvpnRoute(bytes: Uint8Array, start = 0, end: number = bytes.length): EvpnRoute {
  const fault = validateEvpnNlri(bytes, start, end);
  if (fault !== undefined) throw fault;
  const known = BY_TYPE[bytes[start]];
  if (known !== undefined) return known.decode(bytes, start, end);
  return {
    routeType: bytes[start] as OpaqueEvpnRoute['routeType'],
    opaque: copyOctets(bytes, start + EVPN_HEADER_OCTETS, end),
  };
}

/** The NLRI of a route: type, length, value. Throws a TypeError when a field is not of its form. */
export function encodeEvpnRoute(route: EvpnRoute): Uint8Array {
  const writer = new Writer(64);
  writer.u16(route.routeType << 8);
  if ('opaque' in route) writer.bytes(route.opaque);
  else BY_TYPE[route.routeType]?.encode(route, writer);
  const bytes = writer.finish();
  const length = bytes.length - EVPN_HEADER_OCTETS;
  bytes[1] = length <= 0xff ? length : notEncodable('length', length);
  return bytes;
}

/**
 * The route of a key as splitEvpnNlri made it, every field of the payload zero: for showing a table, and for
 * withdrawing. Throws a BgpFault when the key is none.
 */
export function decodeEvpnKey(key: Uint8Array, start = 0, end: number = key.length): EvpnRoute {
  const payload = leastPayloadOctets(key, start, end);
  const nlri = new Uint8Array(end - start + 1 + payload);
  joinEvpnNlri(key, start, end, new Uint8Array(payload), 0, payload, nlri, 0);
  return decodeEvpnRoute(nlri);
}
