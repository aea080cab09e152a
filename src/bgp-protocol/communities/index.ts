/**
 * The extended communities: one literal array, and what is done with eight octets through it. Reserved bits are not read,
 * and sent as zero; flags and numbers keep every bit. What is not in the array keeps its octets.
 *
 * RFC 4360, "Border Gateway Protocol (BGP) Extended Communities" of IANA.
 */

import { BgpFault } from '../faults.ts';
import { copyOctets } from '../octets.ts';
import { hexText } from '../text/hex.ts';
import { ADMINISTRATOR_COMMUNITIES } from './administrator-specific.ts';
import {
  type AnyCommunityEntry,
  COMMUNITY_TYPE,
  EXTENDED_COMMUNITY_OCTETS,
  NON_TRANSITIVE,
} from './entry.ts';
import { EVPN_COMMUNITIES } from './evpn.ts';
import { EVPN_SERVICE_COMMUNITIES } from './evpn-services.ts';
import { OPAQUE_COMMUNITIES } from './opaque.ts';
import type { ExtendedCommunity, ExtendedCommunityType, UnknownCommunity } from './values.ts';

export { COMMUNITY_TYPE, EXTENDED_COMMUNITY_OCTETS } from './entry.ts';
export { ESI_LABEL_FLAG, ND_FLAG } from './evpn.ts';
export {
  DF_ALGORITHM,
  DF_CAPABILITY,
  E_TREE_FLAG,
  LAYER_2_FLAG,
  MULTICAST_CAPABILITY,
} from './evpn-services.ts';
export {
  decodeIpv6ExtendedCommunity,
  encodeIpv6ExtendedCommunity,
  IPV6_COMMUNITY_OCTETS,
  type Ipv6ExtendedCommunity,
  ipv6ExtendedCommunityText,
} from './ipv6.ts';
export { tunnelTypeText } from './opaque.ts';
export type * from './values.ts';

export const EXTENDED_COMMUNITIES: readonly AnyCommunityEntry[] = [
  ...ADMINISTRATOR_COMMUNITIES,
  ...OPAQUE_COMMUNITIES,
  ...EVPN_COMMUNITIES,
  ...EVPN_SERVICE_COMMUNITIES,
];

const BY_CODE: ReadonlyMap<number, AnyCommunityEntry> = new Map(
  EXTENDED_COMMUNITIES.flatMap((known) => known.codes.map((code) => [code, known] as const)),
);

const BY_TYPE: ReadonlyMap<ExtendedCommunityType, AnyCommunityEntry> = new Map(
  EXTENDED_COMMUNITIES.map((known) => [known.type, known]),
);

/** The general form of a type octet, for the sub-types that have no entry of their own. */
function generalEntry(typeOctet: number): AnyCommunityEntry | undefined {
  switch (typeOctet) {
    case COMMUNITY_TYPE.TWO_OCTET_AS:
    case COMMUNITY_TYPE.IPV4:
    case COMMUNITY_TYPE.FOUR_OCTET_AS:
    case NON_TRANSITIVE | COMMUNITY_TYPE.TWO_OCTET_AS:
    case NON_TRANSITIVE | COMMUNITY_TYPE.IPV4:
    case NON_TRANSITIVE | COMMUNITY_TYPE.FOUR_OCTET_AS:
      return BY_TYPE.get('administrator-specific');
    case COMMUNITY_TYPE.OPAQUE:
    case NON_TRANSITIVE | COMMUNITY_TYPE.OPAQUE:
      return BY_TYPE.get('opaque');
    case COMMUNITY_TYPE.EVPN:
      return BY_TYPE.get('evpn-opaque');
    default:
      return undefined;
  }
}

/** The community in the eight octets at `offset`. Throws a BgpFault when there are fewer. */
export function decodeExtendedCommunity(bytes: Uint8Array, offset = 0): ExtendedCommunity {
  const left = bytes.length - offset;
  if (left < EXTENDED_COMMUNITY_OCTETS) {
    throw new BgpFault(`Cannot decode extended community: length is ${left}, expected 8`, {
      action: 'treat-as-withdraw',
      offset,
      seen: String(left),
      wanted: '8',
    });
  }
  const code = (bytes[offset] << 8) | bytes[offset + 1];
  return (
    BY_CODE.get(code)?.decode(bytes, offset) ??
    generalEntry(bytes[offset])?.decode(bytes, offset) ?? {
      type: 'unknown',
      value: copyOctets(bytes, offset, offset + EXTENDED_COMMUNITY_OCTETS),
    }
  );
}

/** Eight octets. Throws a TypeError when an address in it is none. */
export function encodeExtendedCommunity(community: ExtendedCommunity): Uint8Array {
  const bytes = new Uint8Array(EXTENDED_COMMUNITY_OCTETS);
  const known = BY_TYPE.get(community.type);
  if (known === undefined) {
    bytes.set((community as UnknownCommunity).value.subarray(0, EXTENDED_COMMUNITY_OCTETS));
    return bytes;
  }
  const [code = 0] = known.codes;
  const view = new DataView(bytes.buffer);
  view.setUint16(0, code);
  known.encode(community, bytes, view);
  return bytes;
}

/** Whether a community with these octets may leave the AS: RFC 4360 section 2, bit "T". */
export function isTransitiveCommunity(bytes: Uint8Array, offset = 0): boolean {
  return (bytes[offset] & NON_TRANSITIVE) === 0;
}

/** The short names that operators read before the value. */
const SHORT_NAMES: Readonly<Partial<Record<ExtendedCommunityType, string>>> = {
  'route-target': 'RT',
  'route-origin': 'SoO',
  encapsulation: 'ET',
  'mac-mobility': 'MM',
  'es-import': 'ES-Import-Rt',
  'router-mac': 'Rmac',
  'esi-label': 'ESI-label-Rt',
  'nd-flags': 'ND',
  'df-election': 'DF',
  'default-gateway': 'Default-Gateway',
  'link-bandwidth': 'LB',
};

/** `RT:65000:10`, `ET:VXLAN`, `MM:3 sticky`; octets in hexadecimal when the community is unknown. */
export function extendedCommunityText(community: ExtendedCommunity): string {
  if (community.type === 'unknown') return `unknown:${hexText(community.value)}`;
  const known = BY_TYPE.get(community.type);
  const value = known?.text(community) ?? '';
  const name = SHORT_NAMES[community.type] ?? community.type;
  return value === '' ? name : `${name}:${value}`;
}
