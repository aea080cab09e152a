/**
 * Extended Next Hop Encoding: families whose next hop may be of another address family. RFC 8950 section 4.
 */
import type { Family } from '../family.ts';
import { afiOf, familyOf, safiOf } from '../family.ts';
import { CAPABILITY } from '../iana.ts';
import type { CapabilityCodec } from './codec.ts';

export interface ExtendedNextHop {
  readonly type: 'extended-next-hop';
  readonly families: readonly { readonly family: Family; readonly nextHopAfi: number }[];
}

export const extendedNextHop: CapabilityCodec<ExtendedNextHop> = {
  code: CAPABILITY.EXTENDED_NEXT_HOP_ENCODING,
  type: 'extended-next-hop',
  rfc: 'RFC 8950 section 4',
  onFault: 'keep-unknown',
  decode(value) {
    const families: { family: Family; nextHopAfi: number }[] = [];
    while (!value.done) {
      const afi = value.u16();
      const safi = value.u16(); // Two octets here, one everywhere else.
      families.push({ family: familyOf(afi, safi & 0xff), nextHopAfi: value.u16() });
    }
    return { type: 'extended-next-hop', families };
  },
  encode(capability, out) {
    for (const { family, nextHopAfi } of capability.families) {
      out.u16(afiOf(family));
      out.u16(safiOf(family));
      out.u16(nextHopAfi);
    }
  },
};
