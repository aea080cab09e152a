/**
 * ORIGINATOR_ID: the router that brought a reflected route into the AS. RFC 4456 section 8, RFC 7606 section 7.9.
 */
import { ATTRIBUTE } from '../iana.ts';
import { readIpv4, writeIpv4 } from './address.ts';
import type { AttributeCodec } from './codec.ts';
import { checkLength } from './codec.ts';

export interface OriginatorId {
  readonly type: 'ORIGINATOR_ID';
  readonly routerId: string;
}

export const originatorId: AttributeCodec<OriginatorId> = {
  code: ATTRIBUTE.ORIGINATOR_ID,
  type: 'ORIGINATOR_ID',
  category: 'optional-non-transitive',
  rfc: 'RFC 4456 section 8, RFC 7606 section 7.9',
  onFault: 'treat-as-withdraw',
  internalOnly: true,
  check: (_bytes, start, end) => checkLength('ORIGINATOR_ID', start, end, 4),
  decode: (value) => ({ type: 'ORIGINATOR_ID', routerId: readIpv4(value) }),
  encode: (attribute, out) => writeIpv4(attribute.routerId, 'ORIGINATOR_ID', out),
};
