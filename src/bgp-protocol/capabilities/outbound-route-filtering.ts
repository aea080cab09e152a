/**
 * Outbound Route Filtering: which filters the speaker sends or applies, per family. RFC 5291 section 5.
 */

import type { Family } from '../family.ts';
import { afiOf, familyOf, safiOf } from '../family.ts';
import { decodeFault } from '../faults.ts';
import { CAPABILITY } from '../iana.ts';
import type { CapabilityCodec } from './codec.ts';

export type OrfMode = 'receive' | 'send' | 'both';

export interface OutboundRouteFiltering {
  readonly type: 'outbound-route-filtering';
  readonly entries: readonly {
    readonly family: Family;
    /** ORF types: 64 is the address prefix filter of RFC 5292. */
    readonly filters: readonly { readonly orfType: number; readonly mode: OrfMode }[];
  }[];
}

const MODES: readonly OrfMode[] = ['receive', 'send', 'both'];

export const outboundRouteFiltering: CapabilityCodec<OutboundRouteFiltering> = {
  code: CAPABILITY.OUTBOUND_ROUTE_FILTERING,
  type: 'outbound-route-filtering',
  rfc: 'RFC 5291 section 5',
  onFault: 'keep-unknown',
  decode(value) {
    const entries: { family: Family; filters: { orfType: number; mode: OrfMode }[] }[] = [];
    while (!value.done) {
      const afi = value.u16();
      value.u8(); // Reserved.
      const family = familyOf(afi, value.u8());
      const filters: { orfType: number; mode: OrfMode }[] = [];
      for (let left = value.u8(); left > 0; left--) {
        const orfType = value.u8();
        const code = value.u8();
        const mode = MODES[code - 1];
        if (mode === undefined)
          throw decodeFault('ORF capability', 'send/receive', code, '1, 2 or 3', value.offset - 1);
        filters.push({ orfType, mode });
      }
      entries.push({ family, filters });
    }
    return { type: 'outbound-route-filtering', entries };
  },
  encode(capability, out) {
    for (const { family, filters } of capability.entries) {
      out.u16(afiOf(family));
      out.u8(0);
      out.u8(safiOf(family));
      out.u8(filters.length);
      for (const { orfType, mode } of filters) {
        out.u8(orfType);
        out.u8(MODES.indexOf(mode) + 1);
      }
    }
  },
};
