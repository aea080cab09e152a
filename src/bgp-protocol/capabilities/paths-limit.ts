/**
 * PATHS-LIMIT: how many paths of one prefix the speaker wants, per ADD-PATH family. draft-abraitis-idr-addpath-paths-limit.
 */
import type { Family } from '../family.ts';
import { afiOf, familyOf, safiOf } from '../family.ts';
import { CAPABILITY } from '../iana.ts';
import type { CapabilityCodec } from './codec.ts';

export interface PathsLimit {
  readonly type: 'paths-limit';
  readonly families: readonly { readonly family: Family; readonly limit: number }[];
}

export const pathsLimit: CapabilityCodec<PathsLimit> = {
  code: CAPABILITY.PATHS_LIMIT,
  type: 'paths-limit',
  rfc: 'draft-abraitis-idr-addpath-paths-limit',
  onFault: 'keep-unknown',
  decode(value) {
    const families: { family: Family; limit: number }[] = [];
    while (!value.done) families.push({ family: familyOf(value.u16(), value.u8()), limit: value.u16() });
    return { type: 'paths-limit', families };
  },
  encode(capability, out) {
    for (const { family, limit } of capability.families) {
      out.u16(afiOf(family));
      out.u8(safiOf(family));
      out.u16(limit);
    }
  },
};
