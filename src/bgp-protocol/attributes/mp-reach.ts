/**
 * MP_REACH_NLRI: a family, the next hop of its routes, and the routes.
 *
 * RFC 4760 section 3, RFC 2545 section 3 (IPv6, and a link-local address beside it), RFC 4364 section 4.3.2 and RFC 4659
 * section 3.2.1 (a route distinguisher of zero before a VPN next hop), RFC 7432 section 7 (EVPN), RFC 8950 section 3
 * (IPv6 next hops of IPv4 routes), RFC 7606 sections 5.3 and 7.11.
 */

import type { Family } from '../family.ts';
import { afiOf, familyOf, safiOf } from '../family.ts';
import type { BgpFault } from '../faults.ts';
import { decodeFault } from '../faults.ts';
import { ATTRIBUTE, UPDATE_ERROR } from '../iana.ts';
import { decodeNextHop, encodeNextHop, validateNextHop } from '../nlri/next-hop.ts';
import type { AttributeCodec } from './codec.ts';

export interface MpReachNlri {
  readonly type: 'MP_REACH_NLRI';
  readonly family: Family;
  /** Empty where the family has none (flow specification). */
  readonly nextHop: string;
  /** RFC 2545: the second address of a 32-octet next hop. */
  readonly linkLocalNextHop?: string;
  /** In hexadecimal, instead of the two above, where the form is not known for the family. */
  readonly nextHopOctets?: string;
  /** Octets, path identifiers included; empty in an attribute block. */
  readonly nlri: Uint8Array;
}

/** AFI, SAFI, next hop length before; the reserved octet after. */
export const NEXT_HOP_OFFSET = 4;

/** Where the NLRI begin in a value that passed the check. */
export function mpReachNlriStart(bytes: Uint8Array, start: number): number {
  return start + NEXT_HOP_OFFSET + bytes[start + 3] + 1;
}

/** RFC 7606 section 7.11: with a next hop of the wrong length "it will not be possible to reliably locate the NLRI". */
function check(bytes: Uint8Array, start: number, end: number): BgpFault | undefined {
  if (end - start < 5) return fault('length', end - start, 'at least 5', start);
  const length = bytes[start + 3];
  const family = familyOf((bytes[start] << 8) | bytes[start + 1], bytes[start + 2]);
  const wrong = validateNextHop(family, length, start + 3);
  if (wrong !== undefined) return wrong;
  if (start + NEXT_HOP_OFFSET + length + 1 > end) {
    return fault('next hop length', length, `up to ${end - start - NEXT_HOP_OFFSET - 1}`, start + 3);
  }
  return undefined;
}

function fault(field: string, seen: number, wanted: string, offset: number): BgpFault {
  return decodeFault('MP_REACH_NLRI', field, seen, wanted, offset, {
    subcode: UPDATE_ERROR.OPTIONAL_ATTRIBUTE_ERROR,
  });
}

export const mpReachNlri: AttributeCodec<MpReachNlri> = {
  code: ATTRIBUTE.MP_REACH_NLRI,
  type: 'MP_REACH_NLRI',
  category: 'optional-non-transitive',
  rfc: 'RFC 4760 section 3, RFC 7606 section 7.11',
  onFault: 'session-reset',
  onFlagsFault: 'session-reset',
  check,
  decode(value) {
    const family = familyOf(value.u16(), value.u8());
    const field = value.take(value.u8());
    const { address, linkLocal, octets } = decodeNextHop(family, field.bytes, field.offset, field.end);
    value.u8(); // Reserved: "MUST be set to 0, and SHOULD be ignored upon receipt".
    return {
      type: 'MP_REACH_NLRI',
      family,
      nextHop: address ?? '',
      ...(linkLocal === undefined ? {} : { linkLocalNextHop: linkLocal }),
      ...(octets === undefined ? {} : { nextHopOctets: octets }),
      nlri: value.rest(),
    };
  },
  encode({ family, nextHop, linkLocalNextHop, nextHopOctets, nlri }, out) {
    const octets = encodeNextHop(family, {
      ...(nextHop === '' ? {} : { address: nextHop }),
      ...(linkLocalNextHop === undefined ? {} : { linkLocal: linkLocalNextHop }),
      ...(nextHopOctets === undefined ? {} : { octets: nextHopOctets }),
    });
    out.u16(afiOf(family));
    out.u8(safiOf(family));
    out.u8(octets.length);
    out.bytes(octets);
    out.u8(0);
    out.bytes(nlri);
  },
};
