/**
 * Communities made of an administrator and a number: route target, route origin, link bandwidth, and whatever else stands
 * under the AS-specific and IPv4-address-specific types.
 *
 * RFC 4360 sections 3.1, 3.2, 4 and 5; RFC 5668 section 2 (4-octet AS); draft-ietf-idr-link-bandwidth section 2.
 */
import {
  ADMINISTRATOR_KINDS,
  administratorAt,
  administratorText,
  putAdministrator,
} from '../text/administrator.ts';
import { COMMUNITY_TYPE, codeOf, entry, NON_TRANSITIVE } from './entry.ts';

const SUBTYPE = { ROUTE_TARGET: 0x02, ROUTE_ORIGIN: 0x03, LINK_BANDWIDTH: 0x04 } as const;

function threeKinds(subtype: number): readonly number[] {
  return ADMINISTRATOR_KINDS.map((_, type) => codeOf(type, subtype));
}

export const ADMINISTRATOR_COMMUNITIES = [
  entry<'route-target'>({
    type: 'route-target',
    name: 'Route Target',
    rfc: 'RFC 4360 section 4',
    codes: threeKinds(SUBTYPE.ROUTE_TARGET),
    decode: (bytes, offset) => ({
      type: 'route-target',
      ...administratorAt(ADMINISTRATOR_KINDS[bytes[offset]], bytes, offset + 2),
    }),
    encode: (community, bytes) => {
      bytes[0] = ADMINISTRATOR_KINDS.indexOf(community.kind);
      putAdministrator(community, bytes, 2);
    },
    text: administratorText,
  }),
  entry<'route-origin'>({
    type: 'route-origin',
    name: 'Route Origin',
    rfc: 'RFC 4360 section 5',
    codes: threeKinds(SUBTYPE.ROUTE_ORIGIN),
    decode: (bytes, offset) => ({
      type: 'route-origin',
      ...administratorAt(ADMINISTRATOR_KINDS[bytes[offset]], bytes, offset + 2),
    }),
    encode: (community, bytes) => {
      bytes[0] = ADMINISTRATOR_KINDS.indexOf(community.kind);
      putAdministrator(community, bytes, 2);
    },
    text: administratorText,
  }),
  entry<'link-bandwidth'>({
    type: 'link-bandwidth',
    name: 'Link Bandwidth',
    rfc: 'draft-ietf-idr-link-bandwidth section 2',
    codes: [
      codeOf(NON_TRANSITIVE | COMMUNITY_TYPE.TWO_OCTET_AS, SUBTYPE.LINK_BANDWIDTH),
      codeOf(COMMUNITY_TYPE.TWO_OCTET_AS, SUBTYPE.LINK_BANDWIDTH),
    ],
    decode: (bytes, offset) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset + offset, 8);
      const bytesPerSecond = view.getFloat32(4);
      // Infinities and NaNs are no bandwidth, and not every NaN keeps its bits.
      if (!Number.isFinite(bytesPerSecond)) return undefined;
      const transitive = (bytes[offset] & NON_TRANSITIVE) === 0;
      return { type: 'link-bandwidth', transitive, autonomousSystem: view.getUint16(2), bytesPerSecond };
    },
    encode: (community, bytes, view) => {
      if (community.transitive) bytes[0] = COMMUNITY_TYPE.TWO_OCTET_AS;
      view.setUint16(2, community.autonomousSystem);
      view.setFloat32(4, community.bytesPerSecond);
    },
    text: (community) =>
      `${community.autonomousSystem}:${community.bytesPerSecond}${community.transitive ? ' transitive' : ''}`,
  }),
  entry<'administrator-specific'>({
    type: 'administrator-specific',
    name: 'AS-specific or IPv4-address-specific',
    rfc: 'RFC 4360 sections 3.1 and 3.2, RFC 5668 section 2',
    codes: [],
    decode: (bytes, offset) => ({
      type: 'administrator-specific',
      transitive: (bytes[offset] & NON_TRANSITIVE) === 0,
      subtype: bytes[offset + 1],
      ...administratorAt(ADMINISTRATOR_KINDS[bytes[offset] & ~NON_TRANSITIVE], bytes, offset + 2),
    }),
    encode: (community, bytes) => {
      bytes[0] = ADMINISTRATOR_KINDS.indexOf(community.kind) | (community.transitive ? 0 : NON_TRANSITIVE);
      bytes[1] = community.subtype;
      putAdministrator(community, bytes, 2);
    },
    text: (community) =>
      `sub-type ${community.subtype} ${administratorText(community)}${community.transitive ? '' : ' non-transitive'}`,
  }),
] as const;
