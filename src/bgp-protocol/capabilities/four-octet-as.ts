/**
 * Support for 4-octet AS numbers: the speaker's own number in full. RFC 6793 section 3.
 */
import { CAPABILITY } from '../iana.ts';
import type { CapabilityCodec } from './codec.ts';

export interface FourOctetAs {
  readonly type: 'four-octet-as';
  readonly autonomousSystem: number;
}

export const fourOctetAs: CapabilityCodec<FourOctetAs> = {
  code: CAPABILITY.FOUR_OCTET_AS,
  type: 'four-octet-as',
  rfc: 'RFC 6793 section 3',
  onFault: 'session-reset',
  decode: (value) => ({ type: 'four-octet-as', autonomousSystem: value.u32() }),
  encode: (capability, out) => out.u32(capability.autonomousSystem),
};
