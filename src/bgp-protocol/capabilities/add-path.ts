/**
 * ADD-PATH: the families whose NLRI may carry a path identifier, per direction. RFC 7911 section 4.
 */

import type { Family } from '../family.ts';
import { afiOf, familyOf, safiOf } from '../family.ts';
import { decodeFault } from '../faults.ts';
import { CAPABILITY } from '../iana.ts';
import type { CapabilityCodec } from './codec.ts';

export type AddPathMode = 'receive' | 'send' | 'both';

export interface AddPath {
  readonly type: 'add-path';
  readonly families: readonly { readonly family: Family; readonly mode: AddPathMode }[];
}

const MODES: readonly AddPathMode[] = ['receive', 'send', 'both'];

export const addPath: CapabilityCodec<AddPath> = {
  code: CAPABILITY.ADD_PATH,
  type: 'add-path',
  rfc: 'RFC 7911 section 4',
  onFault: 'keep-unknown',
  decode(value) {
    const families: { family: Family; mode: AddPathMode }[] = [];
    while (!value.done) {
      const family = familyOf(value.u16(), value.u8());
      const code = value.u8();
      const mode = MODES[code - 1];
      if (mode === undefined) {
        throw decodeFault('ADD-PATH capability', 'send/receive', code, '1, 2 or 3', value.offset - 1);
      }
      families.push({ family, mode });
    }
    return { type: 'add-path', families };
  },
  encode(capability, out) {
    for (const { family, mode } of capability.families) {
      out.u16(afiOf(family));
      out.u8(safiOf(family));
      out.u8(MODES.indexOf(mode) + 1);
    }
  },
};
