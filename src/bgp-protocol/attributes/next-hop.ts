/**
 * NEXT_HOP: of the routes in the NLRI field alone. RFC 4271 sections 4.3 (c) and 5.1.3, RFC 7606 section 7.3.
 */
import { ATTRIBUTE } from '../iana.ts';
import { readIpv4, writeIpv4 } from './address.ts';
import type { AttributeCodec } from './codec.ts';
import { checkLength } from './codec.ts';

export interface NextHopAttribute {
  readonly type: 'NEXT_HOP';
  readonly address: string;
}

export const nextHop: AttributeCodec<NextHopAttribute> = {
  code: ATTRIBUTE.NEXT_HOP,
  type: 'NEXT_HOP',
  category: 'well-known',
  rfc: 'RFC 4271 section 5.1.3, RFC 7606 section 7.3',
  onFault: 'treat-as-withdraw',
  check: (_bytes, start, end) => checkLength('NEXT_HOP', start, end, 4),
  decode: (value) => ({ type: 'NEXT_HOP', address: readIpv4(value) }),
  encode: (attribute, out) => writeIpv4(attribute.address, 'NEXT_HOP', out),
};
