/**
 * LARGE_COMMUNITY: values of three 32-bit parts. RFC 8092 sections 3 and 6.
 */
import { ATTRIBUTE } from '../iana.ts';
import type { AttributeCodec, MaybePartial } from './codec.ts';
import { checkMultiple } from './codec.ts';

export interface LargeCommunity {
  readonly globalAdministrator: number;
  readonly localData1: number;
  readonly localData2: number;
}

export interface LargeCommunities extends MaybePartial {
  readonly type: 'LARGE_COMMUNITIES';
  readonly communities: readonly LargeCommunity[];
}

export const largeCommunities: AttributeCodec<LargeCommunities> = {
  code: ATTRIBUTE.LARGE_COMMUNITIES,
  type: 'LARGE_COMMUNITIES',
  category: 'optional-transitive',
  rfc: 'RFC 8092 sections 3 and 6',
  onFault: 'treat-as-withdraw',
  check: (_bytes, start, end) => checkMultiple('LARGE_COMMUNITY', start, end, 12),
  decode(value) {
    const communities: LargeCommunity[] = [];
    while (!value.done) {
      communities.push({
        globalAdministrator: value.u32(),
        localData1: value.u32(),
        localData2: value.u32(),
      });
    }
    return { type: 'LARGE_COMMUNITIES', communities };
  },
  encode(attribute, out) {
    for (const community of attribute.communities) {
      out.u32(community.globalAdministrator);
      out.u32(community.localData1);
      out.u32(community.localData2);
    }
  },
};
