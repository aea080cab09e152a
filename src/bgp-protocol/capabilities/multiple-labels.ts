/**
 * Multiple Labels: how many labels an NLRI of a family may bind. RFC 8277 section 2.1.
 */
import type { Family } from '../family.ts';
import { afiOf, familyOf, safiOf } from '../family.ts';
import { CAPABILITY } from '../iana.ts';
import type { CapabilityCodec } from './codec.ts';

export interface MultipleLabels {
  readonly type: 'multiple-labels';
  readonly families: readonly { readonly family: Family; readonly count: number }[];
}

export const multipleLabels: CapabilityCodec<MultipleLabels> = {
  code: CAPABILITY.MULTIPLE_LABELS,
  type: 'multiple-labels',
  rfc: 'RFC 8277 section 2.1',
  onFault: 'keep-unknown',
  decode(value) {
    const families: { family: Family; count: number }[] = [];
    while (!value.done) families.push({ family: familyOf(value.u16(), value.u8()), count: value.u8() });
    return { type: 'multiple-labels', families };
  },
  encode(capability, out) {
    for (const { family, count } of capability.families) {
      out.u16(afiOf(family));
      out.u8(safiOf(family));
      out.u8(count);
    }
  },
};
