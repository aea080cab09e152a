/**
 * Multiprotocol Extensions: an address family the speaker can exchange routes of. RFC 4760 section 8.
 */
import type { Family } from '../family.ts';
import { afiOf, familyOf, safiOf } from '../family.ts';
import { CAPABILITY } from '../iana.ts';
import type { CapabilityCodec } from './codec.ts';

export interface Multiprotocol {
  readonly type: 'multiprotocol';
  readonly family: Family;
}

export const multiprotocol: CapabilityCodec<Multiprotocol> = {
  code: CAPABILITY.MULTIPROTOCOL,
  type: 'multiprotocol',
  rfc: 'RFC 4760 section 8',
  onFault: 'session-reset',
  decode(value) {
    const afi = value.u16();
    value.u8(); // Reserved: "SHOULD be set to 0 by the sender and ignored by the receiver".
    const safi = value.u8();
    return { type: 'multiprotocol', family: familyOf(afi, safi) };
  },
  encode(capability, out) {
    out.u16(afiOf(capability.family));
    out.u8(0);
    out.u8(safiOf(capability.family));
  },
};
