/**
 * IPv6 Address Specific Extended Communities: values of twenty octets, whose types are in communities/. RFC 5701 section 2,
 * RFC 7606 section 7.15.
 */
import {
  decodeIpv6ExtendedCommunity,
  encodeIpv6ExtendedCommunity,
  IPV6_COMMUNITY_OCTETS,
  type Ipv6ExtendedCommunity,
} from '../communities/ipv6.ts';
import { ATTRIBUTE } from '../iana.ts';
import type { AttributeCodec, MaybePartial } from './codec.ts';
import { checkMultiple } from './codec.ts';

export interface Ipv6ExtendedCommunities extends MaybePartial {
  readonly type: 'IPV6_EXTENDED_COMMUNITIES';
  readonly communities: readonly Ipv6ExtendedCommunity[];
}

export const ipv6ExtendedCommunities: AttributeCodec<Ipv6ExtendedCommunities> = {
  code: ATTRIBUTE.IPV6_EXTENDED_COMMUNITIES,
  type: 'IPV6_EXTENDED_COMMUNITIES',
  category: 'optional-transitive',
  rfc: 'RFC 5701 section 2, RFC 7606 section 7.15',
  onFault: 'treat-as-withdraw',
  check: (_bytes, start, end) =>
    checkMultiple('IPV6_EXTENDED_COMMUNITIES', start, end, IPV6_COMMUNITY_OCTETS),
  decode(value) {
    const communities: Ipv6ExtendedCommunity[] = [];
    while (!value.done) communities.push(decodeIpv6ExtendedCommunity(value.bytesOf(IPV6_COMMUNITY_OCTETS)));
    return { type: 'IPV6_EXTENDED_COMMUNITIES', communities };
  },
  encode(attribute, out) {
    for (const community of attribute.communities) out.bytes(encodeIpv6ExtendedCommunity(community));
  },
};
