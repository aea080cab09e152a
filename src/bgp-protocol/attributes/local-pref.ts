/**
 * LOCAL_PREF. RFC 4271 sections 4.3 (e) and 5.1.5, RFC 7606 section 7.5 (discarded when an external peer sent it).
 */
import { ATTRIBUTE } from '../iana.ts';
import type { AttributeCodec } from './codec.ts';
import { checkLength } from './codec.ts';

export interface LocalPref {
  readonly type: 'LOCAL_PREF';
  readonly value: number;
}

export const localPref: AttributeCodec<LocalPref> = {
  code: ATTRIBUTE.LOCAL_PREF,
  type: 'LOCAL_PREF',
  category: 'well-known',
  rfc: 'RFC 4271 section 5.1.5, RFC 7606 section 7.5',
  onFault: 'treat-as-withdraw',
  internalOnly: true,
  check: (_bytes, start, end) => checkLength('LOCAL_PREF', start, end, 4),
  decode: (value) => ({ type: 'LOCAL_PREF', value: value.u32() }),
  encode: (attribute, out) => out.u32(attribute.value),
};
