/**
 * D_PATH: the domains that a route between EVPN and IP VPN went through. RFC 10039 section 4 (before that
 * draft-ietf-bess-evpn-ipvpn-interworking).
 */
import type { BgpFault } from '../faults.ts';
import { decodeFault } from '../faults.ts';
import { ATTRIBUTE, UPDATE_ERROR } from '../iana.ts';
import type { AttributeCodec, MaybePartial } from './codec.ts';
import { lengthFault } from './codec.ts';

export interface PathDomain {
  /** The domain's identifier: four octets and two. */
  readonly globalAdministrator: number;
  readonly localAdministrator: number;
  /** ISF_SAFI_TYPE: 0 a local route, 70 EVPN, 128 IP VPN, 1 unicast. */
  readonly safi: number;
}

export interface DPath extends MaybePartial {
  readonly type: 'D_PATH';
  readonly segments: readonly (readonly PathDomain[])[];
}

const DOMAIN_OCTETS = 7;

function check(bytes: Uint8Array, start: number, end: number): BgpFault | undefined {
  if (end === start) return lengthFault('D_PATH', start, end, 'at least 8');
  for (let at = start; at < end; ) {
    const count = bytes[at];
    const next = at + 1 + count * DOMAIN_OCTETS;
    if (count === 0 || next > end) {
      const fits = Math.floor((end - at - 1) / DOMAIN_OCTETS);
      return decodeFault('D_PATH', 'domains in a segment', count, `1 to ${fits}`, at, {
        subcode: UPDATE_ERROR.OPTIONAL_ATTRIBUTE_ERROR,
      });
    }
    at = next;
  }
  return undefined;
}

export const dPath: AttributeCodec<DPath> = {
  code: ATTRIBUTE.D_PATH,
  type: 'D_PATH',
  category: 'optional-transitive',
  rfc: 'RFC 10039 section 4',
  onFault: 'treat-as-withdraw',
  check,
  decode(value) {
    const segments: PathDomain[][] = [];
    while (!value.done) {
      const segment: PathDomain[] = [];
      for (let left = value.u8(); left > 0; left--) {
        segment.push({ globalAdministrator: value.u32(), localAdministrator: value.u16(), safi: value.u8() });
      }
      segments.push(segment);
    }
    return { type: 'D_PATH', segments };
  },
  encode(attribute, out) {
    for (const segment of attribute.segments) {
      out.u8(segment.length);
      for (const { globalAdministrator, localAdministrator, safi } of segment) {
        out.u32(globalAdministrator);
        out.u16(localAdministrator);
        out.u8(safi);
      }
    }
  },
};
