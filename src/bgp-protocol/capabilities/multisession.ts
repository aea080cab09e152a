/**
 * Multisession: capability codes that identify one of several sessions between two speakers.
 * draft-ietf-idr-bgp-multisession.
 */
import { CAPABILITY } from '../iana.ts';
import type { CapabilityCodec } from './codec.ts';

export interface Multisession {
  readonly type: 'multisession';
  /** The G bit: sessions may be grouped. */
  readonly grouping: boolean;
  readonly sessionIds: readonly number[];
}

const GROUPING = 0x80;

export const multisession: CapabilityCodec<Multisession> = {
  code: CAPABILITY.MULTISESSION,
  type: 'multisession',
  rfc: 'draft-ietf-idr-bgp-multisession',
  onFault: 'keep-unknown',
  decode: (value) => ({
    type: 'multisession',
    grouping: (value.u8() & GROUPING) !== 0,
    sessionIds: [...value.rest()],
  }),
  encode(capability, out) {
    out.u8(capability.grouping ? GROUPING : 0);
    out.bytes(Uint8Array.from(capability.sessionIds));
  },
};
