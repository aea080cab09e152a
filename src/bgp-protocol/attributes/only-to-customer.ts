/**
 * ONLY_TO_CUSTOMER: a route that may only go down, to customers. RFC 9234 section 5.
 */
import { ATTRIBUTE } from '../iana.ts';
import type { AttributeCodec, MaybePartial } from './codec.ts';
import { checkLength } from './codec.ts';

export interface OnlyToCustomer extends MaybePartial {
  readonly type: 'ONLY_TO_CUSTOMER';
  readonly autonomousSystem: number;
}

export const onlyToCustomer: AttributeCodec<OnlyToCustomer> = {
  code: ATTRIBUTE.ONLY_TO_CUSTOMER,
  type: 'ONLY_TO_CUSTOMER',
  category: 'optional-transitive',
  rfc: 'RFC 9234 sections 5 and 6',
  onFault: 'treat-as-withdraw',
  check: (_bytes, start, end) => checkLength('ONLY_TO_CUSTOMER', start, end, 4),
  decode: (value) => ({ type: 'ONLY_TO_CUSTOMER', autonomousSystem: value.u32() }),
  encode: (attribute, out) => out.u32(attribute.autonomousSystem),
};
