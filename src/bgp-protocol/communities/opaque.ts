/**
 * Communities under the opaque types: tunnel encapsulation, colour, default gateway, load balance, origin validation.
 *
 * RFC 4360 section 3.3; RFC 9012 sections 4.1 and 4.3; RFC 7432 section 10.1 (default gateway);
 * RFC 8097 section 2 (origin validation state); draft-ietf-bess-service-chaining (load balance).
 */
import { copyOctets } from '../octets.ts';
import { hexText } from '../text/hex.ts';
import { COMMUNITY_TYPE, codeOf, entry, flagsText, NON_TRANSITIVE } from './entry.ts';

const VALUE_AT = 2;

const TUNNEL_NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'L2TPv3'],
  [2, 'GRE'],
  [7, 'IP-in-IP'],
  [8, 'VXLAN'],
  [9, 'NVGRE'],
  [10, 'MPLS'],
  [11, 'MPLS-in-GRE'],
  [12, 'VXLAN-GPE'],
  [13, 'MPLS-in-UDP'],
  [14, 'IPv6'],
  [15, 'SR-policy'],
  [19, 'GENEVE'],
]);

/** `VXLAN`, or the number of a tunnel type that has no name. */
export function tunnelTypeText(tunnelType: number): string {
  return TUNNEL_NAMES.get(tunnelType) ?? String(tunnelType);
}

const VALIDATION_STATES = ['valid', 'not-found', 'invalid'];

function opaqueCode(subtype: number): number {
  return codeOf(COMMUNITY_TYPE.OPAQUE, subtype);
}

export const OPAQUE_COMMUNITIES = [
  entry<'encapsulation'>({
    type: 'encapsulation',
    name: 'Encapsulation',
    rfc: 'RFC 9012 section 4.1',
    codes: [opaqueCode(0x0c)],
    decode: (bytes, offset) => ({
      type: 'encapsulation',
      tunnelType: (bytes[offset + 6] << 8) | bytes[offset + 7],
    }),
    encode: (community, _bytes, view) => view.setUint16(6, community.tunnelType),
    text: (community) => tunnelTypeText(community.tunnelType),
  }),
  entry<'color'>({
    type: 'color',
    name: 'Color',
    rfc: 'RFC 9012 section 4.3',
    codes: [opaqueCode(0x0b)],
    decode: (bytes, offset) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset + offset, 8);
      return { type: 'color', flags: view.getUint16(2), color: view.getUint32(4) };
    },
    encode: (community, _bytes, view) => {
      view.setUint16(2, community.flags);
      view.setUint32(4, community.color);
    },
    text: (community) =>
      `${community.color}${community.flags === 0 ? '' : ` flags ${flagsText(community.flags, 4)}`}`,
  }),
  entry<'default-gateway'>({
    type: 'default-gateway',
    name: 'Default Gateway',
    rfc: 'RFC 7432 section 10.1',
    codes: [opaqueCode(0x0d)],
    decode: () => ({ type: 'default-gateway' }),
    encode: () => undefined,
    text: () => '',
  }),
  entry<'load-balance'>({
    type: 'load-balance',
    name: 'Load Balance',
    rfc: 'draft-ietf-bess-service-chaining',
    codes: [opaqueCode(0xaa)],
    decode: (bytes, offset) => ({
      type: 'load-balance',
      fields: bytes[offset + 2],
      flags: bytes[offset + 4],
    }),
    encode: (community, bytes) => {
      bytes[2] = community.fields;
      bytes[4] = community.flags;
    },
    text: (community) => `fields ${flagsText(community.fields, 2)} flags ${flagsText(community.flags, 2)}`,
  }),
  entry<'origin-validation-state'>({
    type: 'origin-validation-state',
    name: 'BGP Origin Validation State',
    rfc: 'RFC 8097 section 2',
    codes: [codeOf(NON_TRANSITIVE | COMMUNITY_TYPE.OPAQUE, 0x00)],
    decode: (bytes, offset) => ({ type: 'origin-validation-state', state: bytes[offset + 7] }),
    encode: (community, bytes) => {
      bytes[7] = community.state;
    },
    text: (community) => VALIDATION_STATES[community.state] ?? String(community.state),
  }),
  entry<'opaque'>({
    type: 'opaque',
    name: 'Opaque',
    rfc: 'RFC 4360 section 3.3',
    codes: [],
    decode: (bytes, offset) => ({
      type: 'opaque',
      transitive: (bytes[offset] & NON_TRANSITIVE) === 0,
      subtype: bytes[offset + 1],
      value: copyOctets(bytes, offset + VALUE_AT, offset + 8),
    }),
    encode: (community, bytes) => {
      bytes[0] = COMMUNITY_TYPE.OPAQUE | (community.transitive ? 0 : NON_TRANSITIVE);
      bytes[1] = community.subtype;
      bytes.set(community.value.subarray(0, 6), VALUE_AT);
    },
    text: (community) => {
      const transit = community.transitive ? '' : ' non-transitive';
      return `sub-type ${community.subtype} ${hexText(community.value)}${transit}`;
    },
  }),
] as const;
