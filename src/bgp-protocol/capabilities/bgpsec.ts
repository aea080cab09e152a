/**
 * BGPsec: signed paths, in one direction for one address family. RFC 8205 section 2.1.
 */
import { CAPABILITY } from '../iana.ts';
import type { CapabilityCodec } from './codec.ts';

export interface Bgpsec {
  readonly type: 'bgpsec';
  /** Four bits. */
  readonly version: number;
  readonly direction: 'receive' | 'send';
  readonly afi: number;
}

const DIRECTION = 0x08;

export const bgpsec: CapabilityCodec<Bgpsec> = {
  code: CAPABILITY.BGPSEC,
  type: 'bgpsec',
  rfc: 'RFC 8205 section 2.1',
  onFault: 'keep-unknown',
  decode(value) {
    const first = value.u8();
    return {
      type: 'bgpsec',
      version: first >>> 4,
      direction: (first & DIRECTION) === 0 ? 'receive' : 'send',
      afi: value.u16(),
    };
  },
  encode(capability, out) {
    out.u8((capability.version << 4) | (capability.direction === 'send' ? DIRECTION : 0));
    out.u16(capability.afi);
  },
};
