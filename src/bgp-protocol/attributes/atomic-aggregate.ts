/**
 * ATOMIC_AGGREGATE: its presence is its value. RFC 4271 sections 4.3 (f) and 5.1.6, RFC 7606 section 7.6.
 */
import { ATTRIBUTE } from '../iana.ts';
import type { AttributeCodec } from './codec.ts';
import { checkLength } from './codec.ts';

export interface AtomicAggregate {
  readonly type: 'ATOMIC_AGGREGATE';
}

export const atomicAggregate: AttributeCodec<AtomicAggregate> = {
  code: ATTRIBUTE.ATOMIC_AGGREGATE,
  type: 'ATOMIC_AGGREGATE',
  category: 'well-known',
  rfc: 'RFC 4271 section 5.1.6, RFC 7606 section 7.6',
  onFault: 'attribute-discard',
  check: (_bytes, start, end) => checkLength('ATOMIC_AGGREGATE', start, end, 0),
  decode: () => ({ type: 'ATOMIC_AGGREGATE' }),
  encode: () => undefined,
};
