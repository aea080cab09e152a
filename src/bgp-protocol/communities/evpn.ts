/**
 * The EVPN communities that every VXLAN fabric meets: mobility, Ethernet segments, router MAC, ARP and ND flags.
 *
 * RFC 7432 sections 7.5 (ESI label), 7.6 (ES-import route target), 7.7 (MAC mobility); RFC 9135 section 8.1 (router's MAC);
 * RFC 9047 section 2 (ARP/ND flags).
 */
import { copyOctets } from '../octets.ts';
import { hexText } from '../text/hex.ts';
import { macAt, macText, parseMac, putMac } from '../text/mac.ts';
import { COMMUNITY_TYPE, codeOf, entry, flagNames } from './entry.ts';

/** Bit 0x01 of MAC mobility's flags: "the MAC address is static and cannot move", RFC 7432 section 7.7. */
const STICKY = 0x01;

/** RFC 7432 section 7.5. */
export const ESI_LABEL_FLAG = { SINGLE_ACTIVE: 0x01 } as const;

/** "ARP/ND Extended Community Flags": router, override, (FRR's) proxy, immutable. */
export const ND_FLAG = { ROUTER: 0x01, OVERRIDE: 0x02, PROXY: 0x04, IMMUTABLE: 0x08 } as const;

export function evpnCode(subtype: number): number {
  return codeOf(COMMUNITY_TYPE.EVPN, subtype);
}

function putMacText(text: string, bytes: Uint8Array): void {
  const mac = parseMac(text);
  if (mac === undefined) throw new TypeError(`Cannot encode extended community: MAC address is "${text}"`);
  putMac(mac, bytes, 2);
}

export const EVPN_COMMUNITIES = [
  entry<'mac-mobility'>({
    type: 'mac-mobility',
    name: 'MAC Mobility',
    rfc: 'RFC 7432 section 7.7',
    codes: [evpnCode(0x00)],
    decode: (bytes, offset) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset + offset, 8);
      return {
        type: 'mac-mobility',
        sequence: view.getUint32(4),
        sticky: (bytes[offset + 2] & STICKY) !== 0,
      };
    },
    encode: (community, bytes, view) => {
      bytes[2] = community.sticky ? STICKY : 0;
      view.setUint32(4, community.sequence);
    },
    text: (community) => `${community.sequence}${community.sticky ? ' sticky' : ''}`,
  }),
  entry<'esi-label'>({
    type: 'esi-label',
    name: 'ESI Label',
    rfc: 'RFC 7432 section 7.5',
    codes: [evpnCode(0x01)],
    decode: (bytes, offset) => ({
      type: 'esi-label',
      flags: bytes[offset + 2],
      label: (bytes[offset + 5] << 16) | (bytes[offset + 6] << 8) | bytes[offset + 7],
    }),
    encode: (community, bytes, view) => {
      view.setUint32(4, community.label & 0xffffff);
      bytes[2] = community.flags;
    },
    text: (community) => {
      const single = (community.flags & ESI_LABEL_FLAG.SINGLE_ACTIVE) !== 0;
      return `${community.label} ${single ? 'single-active' : 'all-active'}`;
    },
  }),
  entry<'es-import'>({
    type: 'es-import',
    name: 'ES-Import Route Target',
    rfc: 'RFC 7432 section 7.6',
    codes: [evpnCode(0x02)],
    decode: (bytes, offset) => ({ type: 'es-import', mac: macText(macAt(bytes, offset + 2)) }),
    encode: (community, bytes) => putMacText(community.mac, bytes),
    text: (community) => community.mac,
  }),
  entry<'router-mac'>({
    type: 'router-mac',
    name: "EVPN Router's MAC",
    rfc: 'RFC 9135 section 8.1',
    codes: [evpnCode(0x03)],
    decode: (bytes, offset) => ({ type: 'router-mac', mac: macText(macAt(bytes, offset + 2)) }),
    encode: (community, bytes) => putMacText(community.mac, bytes),
    text: (community) => community.mac,
  }),
  entry<'nd-flags'>({
    type: 'nd-flags',
    name: 'ARP/ND',
    rfc: 'RFC 9047 section 2',
    codes: [evpnCode(0x08)],
    decode: (bytes, offset) => ({ type: 'nd-flags', flags: bytes[offset + 2] }),
    encode: (community, bytes) => {
      bytes[2] = community.flags;
    },
    text: (community) => flagNames(community.flags, ND_FLAG, 2),
  }),
  entry<'evpn-opaque'>({
    type: 'evpn-opaque',
    name: 'EVPN',
    rfc: 'RFC 7153',
    codes: [],
    decode: (bytes, offset) => ({
      type: 'evpn-opaque',
      subtype: bytes[offset + 1],
      value: copyOctets(bytes, offset + 2, offset + 8),
    }),
    encode: (community, bytes) => {
      bytes[0] = COMMUNITY_TYPE.EVPN;
      bytes[1] = community.subtype;
      bytes.set(community.value.subarray(0, 6), 2);
    },
    text: (community) => `sub-type ${community.subtype} ${hexText(community.value)}`,
  }),
] as const;
