/**
 * The address families: one literal array that says of each how an NLRI is delimited, checked, read and written. A family
 * that is not in it keeps the octets of its whole NLRI field.
 *
 * RFC 4760 sections 3 to 5; RFC 7911 section 3: with add-path, four octets of path identifier stand before each NLRI, in
 * every family alike, so that they are the business of the loop that walks the field (see nlriField).
 */

import {
  decodeEvpnKey,
  decodeEvpnRoute,
  type EvpnRoute,
  encodeEvpnRoute,
  keyLengthOf,
  MAX_EVPN_KEY_OCTETS,
  MAX_EVPN_PAYLOAD_OCTETS,
  splitEvpnNlri,
  validateEvpnNlri,
} from '../evpn/index.ts';
import { FAMILY, type Family, familyText } from '../family.ts';
import { BgpFault } from '../faults.ts';
import { ERROR, UPDATE_ERROR } from '../iana.ts';
import { copyOctets } from '../octets.ts';
import { evpnRouteText } from '../text/evpn-route.ts';
import { hexText } from '../text/hex.ts';
import {
  decodePrefix,
  encodePrefix,
  type LabeledPrefixRoute,
  type PrefixForm,
  type PrefixRoute,
  prefixEndAt,
  type VpnRoute,
  validatePrefix,
} from './prefix.ts';
import {
  decodeRtConstraint,
  encodeRtConstraint,
  type RtConstraintRoute,
  validateRtConstraint,
} from './rt-constraint.ts';

export {
  decodeNextHop,
  encodeNextHop,
  type NextHop,
  nextHopLengths,
  validateNextHop,
} from './next-hop.ts';
export type { LabeledPrefixRoute, PrefixRoute, VpnRoute } from './prefix.ts';
export type { RtConstraintRoute } from './rt-constraint.ts';

/** The whole NLRI field of a family that is not known. */
export interface OpaqueNlri {
  readonly opaque: Uint8Array;
}

/** A route of any family; which it is follows from the family beside it. */
export type Route = EvpnRoute | PrefixRoute | LabeledPrefixRoute | VpnRoute | RtConstraintRoute | OpaqueNlri;

interface NlriEntry {
  readonly family: Family;
  readonly rfc: string;
  /** Where the NLRI at `at` ends; -1 when it overruns `end`. Allocates nothing. */
  readonly endAt: (bytes: Uint8Array, at: number, end: number) => number;
  /** The fault of the NLRI at `start` to `end`, which endAt delimited. */
  readonly validate: (bytes: Uint8Array, start: number, end: number) => BgpFault | undefined;
  readonly decode: (bytes: Uint8Array, start: number, end: number) => Route;
  readonly encode: (route: Route) => Uint8Array;
  readonly text: (route: Route) => string;
}

function prefixEntry(family: Family, rfc: string, form: Omit<PrefixForm, 'name'>): NlriEntry {
  const named: PrefixForm = { name: familyText(family), ...form };
  return {
    family,
    rfc,
    endAt: prefixEndAt,
    validate: (bytes, start) => validatePrefix(named, bytes, start),
    decode: (bytes, start, end) => decodePrefix(named, bytes, start, end),
    encode: (route) => encodePrefix(named, route as VpnRoute),
    text: (route) => prefixRouteText(route as Partial<VpnRoute>),
  };
}

function prefixRouteText(route: Partial<VpnRoute>): string {
  const labels =
    route.labels === undefined ? '' : ` labels ${route.labels.map((raw) => raw >>> 4).join(',')}`;
  return `${route.rd === undefined ? '' : `${route.rd}:`}${route.prefix}${labels}`;
}

/** Type octet, length octet, value. */
function typedEndAt(bytes: Uint8Array, at: number, end: number): number {
  if (at + 2 > end) return -1;
  const next = at + 2 + bytes[at + 1];
  return next > end ? -1 : next;
}

const V4 = { addressOctets: 4, labeled: false, distinguished: false };
const V6 = { addressOctets: 16, labeled: false, distinguished: false };

export const NLRI_FAMILIES: readonly NlriEntry[] = [
  {
    family: FAMILY.L2VPN_EVPN,
    rfc: 'RFC 7432 section 7',
    endAt: typedEndAt,
    validate: validateEvpnNlri,
    decode: decodeEvpnRoute,
    encode: (route) => encodeEvpnRoute(route as EvpnRoute),
    text: (route) => evpnText(route as EvpnRoute),
  },
  prefixEntry(FAMILY.IPV4_UNICAST, 'RFC 4271 section 4.3', V4),
  prefixEntry(FAMILY.IPV4_MULTICAST, 'RFC 4760 section 5', V4),
  prefixEntry(FAMILY.IPV6_UNICAST, 'RFC 2545', V6),
  prefixEntry(FAMILY.IPV6_MULTICAST, 'RFC 4760 section 5', V6),
  prefixEntry(FAMILY.IPV4_LABELED_UNICAST, 'RFC 8277 section 2', { ...V4, labeled: true }),
  prefixEntry(FAMILY.IPV6_LABELED_UNICAST, 'RFC 8277 section 2', { ...V6, labeled: true }),
  prefixEntry(FAMILY.VPNV4, 'RFC 4364 section 4.3.4', { ...V4, labeled: true, distinguished: true }),
  prefixEntry(FAMILY.VPNV6, 'RFC 4659 section 2', { ...V6, labeled: true, distinguished: true }),
  {
    family: FAMILY.RT_CONSTRAINT,
    rfc: 'RFC 4684 section 4',
    endAt: prefixEndAt,
    validate: validateRtConstraint,
    decode: decodeRtConstraint,
    encode: (route) => encodeRtConstraint(route as RtConstraintRoute),
    text: (route) => rtConstraintText(route as RtConstraintRoute),
  },
];

function evpnText(route: EvpnRoute): string {
  return 'rd' in route ? `${route.rd} ${evpnRouteText(route)}` : evpnRouteText(route);
}

function rtConstraintText(route: RtConstraintRoute): string {
  if (route.lengthBits === 0) return 'default';
  return `${route.originAutonomousSystem}:${route.routeTarget}/${route.lengthBits}`;
}

const BY_FAMILY: ReadonlyMap<Family, NlriEntry> = new Map(
  NLRI_FAMILIES.map((known) => [known.family, known]),
);

/** Whether the NLRI of this family can be told apart. */
export function isKnownFamily(family: Family): boolean {
  return BY_FAMILY.has(family);
}

/**
 * Where the NLRI that begins at `at` ends, -1 when it overruns `end`. The NLRI of an unknown family is all that is left.
 */
export function nlriEndAt(family: Family, bytes: Uint8Array, at: number, end: number): number {
  if (family === FAMILY.L2VPN_EVPN) return typedEndAt(bytes, at, end);
  const known = BY_FAMILY.get(family);
  return known === undefined ? end : known.endAt(bytes, at, end);
}

/** The fault of the NLRI at `start` to `end`, which nlriEndAt delimited; undefined when it is sound. */
export function validateNlri(
  family: Family,
  bytes: Uint8Array,
  start: number,
  end: number,
): BgpFault | undefined {
  if (family === FAMILY.L2VPN_EVPN) return validateEvpnNlri(bytes, start, end);
  return BY_FAMILY.get(family)?.validate(bytes, start, end);
}

/** The route at `start` to `end`. Throws the BgpFault of validateNlri. */
export function decodeRoute(family: Family, bytes: Uint8Array, start: number, end: number): Route {
  const known = BY_FAMILY.get(family);
  if (known === undefined) return { opaque: copyOctets(bytes, start, end) };
  const fault = known.validate(bytes, start, end);
  if (fault !== undefined) throw fault;
  return known.decode(bytes, start, end);
}

/**
 * The route that a malformed NLRI names all the same, the fields beside its key zero: a type-2 route without labels has its
 * MAC. Undefined when not even the key can be read. RFC 7606 section 2: "treat-as-withdraw" withdraws that route.
 */
export function routeNamedBy(
  family: Family,
  bytes: Uint8Array,
  start: number,
  end: number,
): Route | undefined {
  if (family !== FAMILY.L2VPN_EVPN) return undefined;
  const key = new Uint8Array(MAX_EVPN_KEY_OCTETS);
  const split = splitEvpnNlri(bytes, start, end, key, new Uint8Array(MAX_EVPN_PAYLOAD_OCTETS));
  if (split < 0) return undefined;
  try {
    return decodeEvpnKey(key, 0, keyLengthOf(split));
  } catch (error) {
    if (error instanceof BgpFault) return undefined;
    throw error;
  }
}

/** The NLRI of a route, without path identifier. Throws a TypeError when a field is not of its form. */
export function encodeRoute(family: Family, route: Route): Uint8Array {
  const known = BY_FAMILY.get(family);
  return known === undefined ? (route as OpaqueNlri).opaque : known.encode(route);
}

/** The route on one line: what distinguishes it from the others of its family. */
export function routeText(family: Family, route: Route): string {
  return BY_FAMILY.get(family)?.text(route) ?? hexText((route as OpaqueNlri).opaque);
}

const PATH_ID_OCTETS = 4;

/**
 * Calls `each` with every NLRI of a field: start, end, path identifier (0 without add-path). They are delimited, not yet
 * judged. Returns the fault of one that overruns the field: after it nothing can be told apart.
 */
export function nlriField(
  family: Family,
  bytes: Uint8Array,
  start: number,
  end: number,
  addPath: boolean,
  each: (start: number, end: number, pathId: number) => void,
): BgpFault | undefined {
  for (let at = start; at < end; ) {
    const from = addPath ? at + PATH_ID_OCTETS : at;
    const next = from >= end ? -1 : nlriEndAt(family, bytes, from, end);
    if (next < 0) return overrun(family, at, end);
    each(from, next, addPath ? new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0) : 0);
    at = next;
  }
  return undefined;
}

/** "The length of the last NLRI exceeds the amount of unconsumed data": RFC 7606 section 5.3, a session reset. */
export function overrun(family: Family, at: number, end: number): BgpFault {
  return new BgpFault(
    `Cannot decode ${familyText(family)} NLRI: it overruns its field, ${end - at} octets left`,
    {
      code: ERROR.UPDATE_MESSAGE,
      subcode: UPDATE_ERROR.OPTIONAL_ATTRIBUTE_ERROR,
      action: 'session-reset',
      offset: at,
      seen: String(end - at),
    },
  );
}
