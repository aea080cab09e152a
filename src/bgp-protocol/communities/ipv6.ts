/**
 * IPv6-address-specific extended communities: twenty octets, in an attribute of their own.
 *
 * RFC 5701 section 2; RFC 9251 section 9.5 (EVI-RT type 3); "Transitive IPv6-Address-Specific Extended Community Types".
 */
import { BgpFault } from '../faults.ts';
import { ipv6Text, parseIpv6 } from '../text/ip.ts';
import { NON_TRANSITIVE } from './entry.ts';

export const IPV6_COMMUNITY_OCTETS = 20;

export interface Ipv6ExtendedCommunity {
  readonly type: 'ipv6-route-target' | 'ipv6-route-origin' | 'ipv6-evi-route-target' | 'ipv6-specific';
  /** First octet: 0x00, or 0x40 for one that does not leave the AS; other values are kept. */
  readonly typeOctet: number;
  readonly subtype: number;
  readonly address: string;
  readonly assigned: number;
}

const ADDRESS_AT = 2;
const ASSIGNED_AT = 18;
const EVPN_TYPE = 0x06;
const EVI_RT_TYPE_3 = 0x0d;

function nameOf(typeOctet: number, subtype: number): Ipv6ExtendedCommunity['type'] {
  if (typeOctet === 0x00 && subtype === 0x02) return 'ipv6-route-target';
  if (typeOctet === 0x00 && subtype === 0x03) return 'ipv6-route-origin';
  if (typeOctet === EVPN_TYPE && subtype === EVI_RT_TYPE_3) return 'ipv6-evi-route-target';
  return 'ipv6-specific';
}

/** The community in the twenty octets at `offset`. Throws a BgpFault when there are fewer. */
export function decodeIpv6ExtendedCommunity(bytes: Uint8Array, offset = 0): Ipv6ExtendedCommunity {
  const left = bytes.length - offset;
  if (left < IPV6_COMMUNITY_OCTETS) {
    throw new BgpFault(`Cannot decode IPv6 extended community: length is ${left}, expected 20`, {
      action: 'treat-as-withdraw',
      offset,
      seen: String(left),
      wanted: '20',
    });
  }
  const typeOctet = bytes[offset];
  const subtype = bytes[offset + 1];
  return {
    type: nameOf(typeOctet, subtype),
    typeOctet,
    subtype,
    address: ipv6Text(bytes, offset + ADDRESS_AT),
    assigned: (bytes[offset + ASSIGNED_AT] << 8) | bytes[offset + ASSIGNED_AT + 1],
  };
}

/** Twenty octets. Throws a TypeError when the address is none. */
export function encodeIpv6ExtendedCommunity(community: Ipv6ExtendedCommunity): Uint8Array {
  const address = parseIpv6(community.address);
  if (address === undefined) {
    throw new TypeError(`Cannot encode IPv6 extended community: address is "${community.address}"`);
  }
  const bytes = new Uint8Array(IPV6_COMMUNITY_OCTETS);
  bytes[0] = community.typeOctet;
  bytes[1] = community.subtype;
  bytes.set(address, ADDRESS_AT);
  new DataView(bytes.buffer).setUint16(ASSIGNED_AT, community.assigned);
  return bytes;
}

/** `RT:[2001:db8::1]:10`. */
export function ipv6ExtendedCommunityText(community: Ipv6ExtendedCommunity): string {
  const names = {
    'ipv6-route-target': 'RT',
    'ipv6-route-origin': 'SoO',
    'ipv6-evi-route-target': 'EVI-RT',
    'ipv6-specific': `type ${community.typeOctet} sub-type ${community.subtype}`,
  };
  const transitive = (community.typeOctet & NON_TRANSITIVE) === 0 ? '' : ' non-transitive';
  return `${names[community.type]}:[${community.address}]:${community.assigned}${transitive}`;
}
