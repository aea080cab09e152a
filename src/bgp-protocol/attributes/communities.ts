/**
 * COMMUNITIES: 32-bit values, the high half of which is an AS number by convention. RFC 1997, RFC 7606 section 7.8.
 */
import { ATTRIBUTE } from '../iana.ts';
import type { AttributeCodec, MaybePartial } from './codec.ts';
import { checkMultiple } from './codec.ts';

export interface Communities extends MaybePartial {
  readonly type: 'COMMUNITIES';
  readonly communities: readonly number[];
}

export const communities: AttributeCodec<Communities> = {
  code: ATTRIBUTE.COMMUNITIES,
  type: 'COMMUNITIES',
  category: 'optional-transitive',
  rfc: 'RFC 1997, RFC 7606 section 7.8',
  onFault: 'treat-as-withdraw',
  check: (_bytes, start, end) => checkMultiple('COMMUNITIES', start, end, 4),
  decode(value) {
    const values: number[] = [];
    while (!value.done) values.push(value.u32());
    return { type: 'COMMUNITIES', communities: values };
  },
  encode(attribute, out) {
    for (const community of attribute.communities) out.u32(community);
  },
};
