/**
 * ORIGIN. RFC 4271 sections 4.3 (a) and 5.1.1, RFC 7606 section 7.1.
 */
import type { BgpFault } from '../faults.ts';
import { decodeFault } from '../faults.ts';
import { ATTRIBUTE, UPDATE_ERROR } from '../iana.ts';
import type { AttributeCodec } from './codec.ts';
import { checkLength } from './codec.ts';

export type OriginValue = 'igp' | 'egp' | 'incomplete';

export interface Origin {
  readonly type: 'ORIGIN';
  readonly value: OriginValue;
}

const VALUES: readonly OriginValue[] = ['igp', 'egp', 'incomplete'];

function check(bytes: Uint8Array, start: number, end: number): BgpFault | undefined {
  const fault = checkLength('ORIGIN', start, end, 1);
  if (fault !== undefined) return fault;
  if (bytes[start] < VALUES.length) return undefined;
  return decodeFault('ORIGIN', 'value', bytes[start], '0, 1 or 2', start, {
    subcode: UPDATE_ERROR.INVALID_ORIGIN_ATTRIBUTE,
  });
}

export const origin: AttributeCodec<Origin> = {
  code: ATTRIBUTE.ORIGIN,
  type: 'ORIGIN',
  category: 'well-known',
  rfc: 'RFC 4271 section 5.1.1, RFC 7606 section 7.1',
  onFault: 'treat-as-withdraw',
  check,
  decode: (value) => ({ type: 'ORIGIN', value: VALUES[value.u8()] }),
  encode: (attribute, out) => out.u8(VALUES.indexOf(attribute.value)),
};
