/**
 * BGP Role: what the speaker is to its peer. RFC 9234 section 4.1.
 */
import { decodeFault } from '../faults.ts';
import { CAPABILITY } from '../iana.ts';
import type { CapabilityCodec } from './codec.ts';

export type BgpRoleValue = 'provider' | 'route-server' | 'route-server-client' | 'customer' | 'peer';

export interface BgpRole {
  readonly type: 'bgp-role';
  readonly role: BgpRoleValue;
}

const ROLES: readonly BgpRoleValue[] = [
  'provider',
  'route-server',
  'route-server-client',
  'customer',
  'peer',
];

export const bgpRole: CapabilityCodec<BgpRole> = {
  code: CAPABILITY.BGP_ROLE,
  type: 'bgp-role',
  rfc: 'RFC 9234 section 4.1',
  onFault: 'keep-unknown',
  decode(value) {
    const code = value.u8();
    const role = ROLES[code];
    if (role === undefined)
      throw decodeFault('BGP Role capability', 'role', code, '0 to 4', value.offset - 1);
    return { type: 'bgp-role', role };
  },
  encode: (capability, out) => out.u8(ROLES.indexOf(capability.role)),
};
