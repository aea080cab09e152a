/**
 * EXTENDED COMMUNITIES: a list of values of eight octets, whose types are in communities/. RFC 4360 section 2, RFC 7606
 * section 7.14.
 */
import type { ExtendedCommunity } from '../communities/index.ts';
import { decodeExtendedCommunity, encodeExtendedCommunity } from '../communities/index.ts';
import { ATTRIBUTE } from '../iana.ts';
import type { AttributeCodec, MaybePartial } from './codec.ts';
import { checkMultiple } from './codec.ts';

export interface ExtendedCommunities extends MaybePartial {
  readonly type: 'EXTENDED_COMMUNITIES';
  readonly communities: readonly ExtendedCommunity[];
}

export const extendedCommunities: AttributeCodec<ExtendedCommunities> = {
  code: ATTRIBUTE.EXTENDED_COMMUNITIES,
  type: 'EXTENDED_COMMUNITIES',
  category: 'optional-transitive',
  rfc: 'RFC 4360 section 2, RFC 7606 section 7.14',
  onFault: 'treat-as-withdraw',
  check: (_bytes, start, end) => checkMultiple('EXTENDED_COMMUNITIES', start, end, 8),
  decode(value) {
    const communities: ExtendedCommunity[] = [];
    for (let at = value.offset; at < value.end; at += 8)
      communities.push(decodeExtendedCommunity(value.bytes, at));
    value.skip(value.remaining);
    return { type: 'EXTENDED_COMMUNITIES', communities };
  },
  encode(attribute, out) {
    for (const community of attribute.communities) out.bytes(encodeExtendedCommunity(community));
  },
};
