/**
 * MULTI_EXIT_DISC. RFC 4271 sections 4.3 (d) and 5.1.4, RFC 7606 section 7.4.
 */
import { ATTRIBUTE } from '../iana.ts';
import type { AttributeCodec } from './codec.ts';
import { checkLength } from './codec.ts';

export interface MultiExitDisc {
  readonly type: 'MED';
  readonly value: number;
}

export const multiExitDisc: AttributeCodec<MultiExitDisc> = {
  code: ATTRIBUTE.MULTI_EXIT_DISC,
  type: 'MED',
  category: 'optional-non-transitive',
  rfc: 'RFC 4271 section 5.1.4, RFC 7606 section 7.4',
  onFault: 'treat-as-withdraw',
  check: (_bytes, start, end) => checkLength('MULTI_EXIT_DISC', start, end, 4),
  decode: (value) => ({ type: 'MED', value: value.u32() }),
  encode: (attribute, out) => out.u32(attribute.value),
};
