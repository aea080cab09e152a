/**
 * The EVPN communities of multihoming, of point-to-point and tree services and of multicast.
 *
 * RFC 8214 section 3.1 (layer 2 attributes), RFC 8317 section 6.1 (E-tree), RFC 8584 section 2.2 and RFC 9785 section 3
 * (designated forwarder election), RFC 9251 sections 9.4 and 9.5 (multicast flags, EVI route target), RFC 9722 section 2.1
 * (service carving time), draft-sajassi-bess-evpn-virtual-eth-segment (I-SID), draft-ietf-bess-evpn-unequal-lb (bandwidth).
 */
import {
  ADMINISTRATOR_KINDS,
  administratorAt,
  administratorText,
  putAdministrator,
} from '../text/administrator.ts';
import { entry, flagNames, flagsText } from './entry.ts';
import { evpnCode } from './evpn.ts';

/** "EVPN Layer 2 Attributes Control Flags": B, P and C, the three lowest bits. */
export const LAYER_2_FLAG = { BACKUP: 0x0001, PRIMARY: 0x0002, CONTROL_WORD: 0x0004 } as const;

/** "E-Tree Flags". */
export const E_TREE_FLAG = { LEAF: 0x01 } as const;

/** "DF Alg". */
export const DF_ALGORITHM = {
  DEFAULT: 0,
  HIGHEST_RANDOM_WEIGHT: 1,
  HIGHEST_PREFERENCE: 2,
  LOWEST_PREFERENCE: 3,
} as const;

/** "DF Election Capabilities": bit 0 is the most significant one. */
export const DF_CAPABILITY = {
  DONT_PREEMPT: 0x8000,
  AC_INFLUENCED: 0x4000,
  TIME_SYNCHRONIZATION: 0x1000,
} as const;

/** "Multicast Flags Extended Community". */
export const MULTICAST_CAPABILITY = { IGMP_PROXY: 0x0001, MLD_PROXY: 0x0002 } as const;

const EVI_RT_TYPE_0 = 0x0a;
const FIVE_BITS = 0x1f;

function u24(view: DataView, offset: number): number {
  return (view.getUint8(offset) << 16) | view.getUint16(offset + 1);
}

function setU24(view: DataView, offset: number, value: number): void {
  view.setUint8(offset, value >>> 16);
  view.setUint16(offset + 1, value & 0xffff);
}

function viewAt(bytes: Uint8Array, offset: number): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset + offset, 8);
}

export const EVPN_SERVICE_COMMUNITIES = [
  entry<'layer-2-attributes'>({
    type: 'layer-2-attributes',
    name: 'EVPN Layer 2 Attributes',
    rfc: 'RFC 8214 section 3.1',
    codes: [evpnCode(0x04)],
    decode: (bytes, offset) => {
      const view = viewAt(bytes, offset);
      return { type: 'layer-2-attributes', flags: view.getUint16(2), mtu: view.getUint16(4) };
    },
    encode: (community, _bytes, view) => {
      view.setUint16(2, community.flags);
      view.setUint16(4, community.mtu);
    },
    text: (community) => `MTU ${community.mtu} ${flagNames(community.flags, LAYER_2_FLAG, 4)}`,
  }),
  entry<'e-tree'>({
    type: 'e-tree',
    name: 'E-Tree',
    rfc: 'RFC 8317 section 6.1',
    codes: [evpnCode(0x05)],
    decode: (bytes, offset) => {
      const view = viewAt(bytes, offset);
      return { type: 'e-tree', flags: view.getUint8(2), leafLabel: u24(view, 5) };
    },
    encode: (community, bytes, view) => {
      bytes[2] = community.flags;
      setU24(view, 5, community.leafLabel);
    },
    text: (community) => {
      const leaf = (community.flags & E_TREE_FLAG.LEAF) !== 0;
      return `${leaf ? 'leaf' : 'root'} label ${community.leafLabel}`;
    },
  }),
  entry<'df-election'>({
    type: 'df-election',
    name: 'DF Election',
    rfc: 'RFC 8584 section 2.2, RFC 9785 section 3',
    codes: [evpnCode(0x06)],
    decode: (bytes, offset) => {
      const view = viewAt(bytes, offset);
      return {
        type: 'df-election',
        algorithm: view.getUint8(2) & FIVE_BITS,
        capabilities: view.getUint16(3),
        preference: view.getUint16(6),
      };
    },
    encode: (community, bytes, view) => {
      bytes[2] = community.algorithm & FIVE_BITS;
      view.setUint16(3, community.capabilities);
      view.setUint16(6, community.preference);
    },
    text: (community) => {
      const capabilities =
        community.capabilities === 0 ? '' : ` ${flagNames(community.capabilities, DF_CAPABILITY, 4)}`;
      return `algorithm ${community.algorithm} preference ${community.preference}${capabilities}`;
    },
  }),
  entry<'i-sid'>({
    type: 'i-sid',
    name: 'I-SID',
    rfc: 'draft-sajassi-bess-evpn-virtual-eth-segment section 5.3',
    codes: [evpnCode(0x07)],
    decode: (bytes, offset) => {
      const view = viewAt(bytes, offset);
      return { type: 'i-sid', baseISid: u24(view, 2), bitmap: u24(view, 5) };
    },
    encode: (community, _bytes, view) => {
      setU24(view, 2, community.baseISid);
      setU24(view, 5, community.bitmap);
    },
    text: (community) => `${community.baseISid} bitmap ${flagsText(community.bitmap, 6)}`,
  }),
  entry<'multicast-flags'>({
    type: 'multicast-flags',
    name: 'Multicast Flags',
    rfc: 'RFC 9251 section 9.4',
    codes: [evpnCode(0x09)],
    decode: (bytes, offset) => ({ type: 'multicast-flags', flags: viewAt(bytes, offset).getUint16(2) }),
    encode: (community, _bytes, view) => view.setUint16(2, community.flags),
    text: (community) => flagNames(community.flags, MULTICAST_CAPABILITY, 4),
  }),
  entry<'evi-route-target'>({
    type: 'evi-route-target',
    name: 'EVI-RT',
    rfc: 'RFC 9251 section 9.5',
    codes: ADMINISTRATOR_KINDS.map((_, kind) => evpnCode(EVI_RT_TYPE_0 + kind)),
    decode: (bytes, offset) => ({
      type: 'evi-route-target',
      ...administratorAt(ADMINISTRATOR_KINDS[bytes[offset + 1] - EVI_RT_TYPE_0], bytes, offset + 2),
    }),
    encode: (community, bytes) => {
      bytes[1] = EVI_RT_TYPE_0 + ADMINISTRATOR_KINDS.indexOf(community.kind);
      putAdministrator(community, bytes, 2);
    },
    text: administratorText,
  }),
  entry<'service-carving-time'>({
    type: 'service-carving-time',
    name: 'Service Carving Time',
    rfc: 'RFC 9722 section 2.1',
    codes: [evpnCode(0x0f)],
    decode: (bytes, offset) => {
      const view = viewAt(bytes, offset);
      return { type: 'service-carving-time', seconds: view.getUint32(2), fraction: view.getUint16(6) };
    },
    encode: (community, _bytes, view) => {
      view.setUint32(2, community.seconds);
      view.setUint16(6, community.fraction);
    },
    text: (community) => `${community.seconds}.${community.fraction}/65536`,
  }),
  entry<'evpn-link-bandwidth'>({
    type: 'evpn-link-bandwidth',
    name: 'EVPN Link Bandwidth',
    rfc: 'draft-ietf-bess-evpn-unequal-lb section 4.2',
    codes: [evpnCode(0x10)],
    decode: (bytes, offset) => {
      const view = viewAt(bytes, offset);
      const weight = view.getUint8(3) * 2 ** 32 + view.getUint32(4);
      return { type: 'evpn-link-bandwidth', units: view.getUint8(2), weight };
    },
    encode: (community, bytes, view) => {
      bytes[2] = community.units;
      bytes[3] = Math.floor(community.weight / 2 ** 32);
      view.setUint32(4, community.weight % 2 ** 32);
    },
    text: (community) => `${community.weight}${community.units === 0 ? ' Mbit/s' : ''}`,
  }),
] as const;
