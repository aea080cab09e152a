/**
 * MP_UNREACH_NLRI: a family and routes of it that are gone; with no routes at all, the End-of-RIB marker.
 *
 * RFC 4760 section 4, RFC 4724 section 2 (End-of-RIB), RFC 7606 sections 5.3 and 7.12.
 */

import type { Family } from '../family.ts';
import { afiOf, familyOf, safiOf } from '../family.ts';
import { decodeFault } from '../faults.ts';
import { ATTRIBUTE, UPDATE_ERROR } from '../iana.ts';
import type { AttributeCodec } from './codec.ts';

export interface MpUnreachNlri {
  readonly type: 'MP_UNREACH_NLRI';
  readonly family: Family;
  /** Octets, path identifiers included. */
  readonly nlri: Uint8Array;
}

export const mpUnreachNlri: AttributeCodec<MpUnreachNlri> = {
  code: ATTRIBUTE.MP_UNREACH_NLRI,
  type: 'MP_UNREACH_NLRI',
  category: 'optional-non-transitive',
  rfc: 'RFC 4760 section 4, RFC 7606 section 7.12',
  onFault: 'session-reset',
  onFlagsFault: 'session-reset',
  check(_bytes, start, end) {
    if (end - start >= 3) return undefined;
    return decodeFault('MP_UNREACH_NLRI', 'length', end - start, 'at least 3', start, {
      subcode: UPDATE_ERROR.OPTIONAL_ATTRIBUTE_ERROR,
    });
  },
  decode(value) {
    const family = familyOf(value.u16(), value.u8());
    return { type: 'MP_UNREACH_NLRI', family, nlri: value.rest() };
  },
  encode(attribute, out) {
    out.u16(afiOf(attribute.family));
    out.u8(safiOf(attribute.family));
    out.bytes(attribute.nlri);
  },
};
