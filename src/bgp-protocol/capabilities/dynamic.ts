/**
 * Dynamic Capability: codes of the capabilities that may be revised during the session. draft-ietf-idr-dynamic-cap.
 */
import { CAPABILITY } from '../iana.ts';
import type { CapabilityCodec } from './codec.ts';

export interface DynamicCapability {
  readonly type: 'dynamic';
  readonly codes: readonly number[];
}

export const dynamicCapability: CapabilityCodec<DynamicCapability> = {
  code: CAPABILITY.DYNAMIC,
  type: 'dynamic',
  rfc: 'draft-ietf-idr-dynamic-cap',
  onFault: 'keep-unknown',
  decode: (value) => ({ type: 'dynamic', codes: [...value.rest()] }),
  encode: (capability, out) => out.bytes(Uint8Array.from(capability.codes)),
};
