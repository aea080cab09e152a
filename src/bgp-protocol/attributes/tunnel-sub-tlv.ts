/**
 * The sub-TLVs of a tunnel in the Tunnel Encapsulation attribute.
 *
 * RFC 9012 sections 3.1 (egress endpoint), 3.2 (encapsulation: VXLAN, NVGRE, GRE and L2TPv3), 3.3 (DS field, UDP port), 3.4
 * (protocol type, colour), 3.5 (embedded label handling), 3.6 (MPLS label stack), RFC 9830 (SR policy: kept as octets).
 */
import { copyOctets } from '../octets.ts';
import { Reader } from '../reader.ts';
import { ipText, parseIp } from '../text/ip.ts';
import { macAt, macText, parseMac, putMac } from '../text/mac.ts';
import { Writer } from '../writer.ts';

export type TunnelSubTlv =
  | {
      readonly kind: 'vxlan';
      /** The V bit: the VNI is meant. */
      readonly vni?: number;
      /** The M bit: the MAC address is meant. */
      readonly mac?: string;
    }
  | { readonly kind: 'gre-key'; readonly key: number }
  | { readonly kind: 'l2tpv3'; readonly sessionId: number; readonly cookie: Uint8Array }
  | { readonly kind: 'protocol-type'; readonly etherType: number }
  | { readonly kind: 'color'; readonly flags: number; readonly color: number }
  /** No address: the next hop of the route is the endpoint. */
  | { readonly kind: 'egress-endpoint'; readonly address?: string }
  | { readonly kind: 'ds-field'; readonly value: number }
  | { readonly kind: 'udp-destination-port'; readonly port: number }
  | { readonly kind: 'embedded-label-handling'; readonly handling: number }
  /** Entries of 32 bits: label, traffic class, bottom of stack, TTL. */
  | { readonly kind: 'mpls-label-stack'; readonly entries: readonly number[] }
  | { readonly kind: 'other'; readonly subType: number; readonly value: Uint8Array };

export const SUB_TLV = {
  ENCAPSULATION: 1,
  PROTOCOL_TYPE: 2,
  COLOR: 4,
  EGRESS_ENDPOINT: 6,
  DS_FIELD: 7,
  UDP_DESTINATION_PORT: 8,
  EMBEDDED_LABEL_HANDLING: 9,
  MPLS_LABEL_STACK: 10,
} as const;

const TUNNEL = { L2TPV3: 1, GRE: 2, VXLAN: 8, NVGRE: 9, MPLS_IN_GRE: 11 } as const;
const V_BIT = 0x80;
const M_BIT = 0x40;
/** Type and sub-type of a Color Extended Community: transitive opaque, colour (RFC 9012 section 4.3). */
const COLOR_COMMUNITY = 0x030b;

/**
 * The value of a sub-TLV; one whose length is not as its RFC sets it, or whose bits would be lost, stays octets: RFC 9012
 * section 13 has it ignored and passed on.
 */
export function decodeSubTlv(tunnelType: number, subType: number, value: Uint8Array): TunnelSubTlv {
  const decoded = tryDecode(tunnelType, subType, value);
  if (decoded === undefined) return { kind: 'other', subType, value };
  const back = encodeSubTlv(decoded).value;
  const same = back.length === value.length && back.every((octet, i) => octet === value[i]);
  return same ? decoded : { kind: 'other', subType, value };
}

function tryDecode(tunnelType: number, subType: number, value: Uint8Array): TunnelSubTlv | undefined {
  const reader = new Reader(value);
  const { length } = value;
  switch (subType) {
    case SUB_TLV.ENCAPSULATION:
      return decodeEncapsulation(tunnelType, value);
    case SUB_TLV.PROTOCOL_TYPE:
      return length === 2 ? { kind: 'protocol-type', etherType: reader.u16() } : undefined;
    case SUB_TLV.COLOR: {
      if (length !== 8 || reader.u16() !== COLOR_COMMUNITY) return undefined;
      return { kind: 'color', flags: reader.u16(), color: reader.u32() };
    }
    case SUB_TLV.EGRESS_ENDPOINT:
      return decodeEndpoint(value);
    case SUB_TLV.DS_FIELD:
      return length === 1 ? { kind: 'ds-field', value: reader.u8() } : undefined;
    case SUB_TLV.UDP_DESTINATION_PORT:
      return length === 2 ? { kind: 'udp-destination-port', port: reader.u16() } : undefined;
    case SUB_TLV.EMBEDDED_LABEL_HANDLING:
      return length === 1 ? { kind: 'embedded-label-handling', handling: reader.u8() } : undefined;
    case SUB_TLV.MPLS_LABEL_STACK: {
      if (length === 0 || length % 4 !== 0) return undefined;
      const entries: number[] = [];
      while (!reader.done) entries.push(reader.u32());
      return { kind: 'mpls-label-stack', entries };
    }
    default:
      return undefined;
  }
}

function decodeEncapsulation(tunnelType: number, value: Uint8Array): TunnelSubTlv | undefined {
  const reader = new Reader(value);
  switch (tunnelType) {
    case TUNNEL.VXLAN:
    case TUNNEL.NVGRE: {
      if (value.length !== 12) return undefined;
      const flags = reader.u8();
      const vni = reader.u24();
      return {
        kind: 'vxlan',
        ...((flags & V_BIT) === 0 ? {} : { vni }),
        ...((flags & M_BIT) === 0 ? {} : { mac: macText(macAt(value, 4)) }),
      };
    }
    case TUNNEL.GRE:
    case TUNNEL.MPLS_IN_GRE:
      return value.length === 4 ? { kind: 'gre-key', key: reader.u32() } : undefined;
    case TUNNEL.L2TPV3: {
      if (value.length < 4 || value.length > 12) return undefined;
      return { kind: 'l2tpv3', sessionId: reader.u32(), cookie: copyOctets(reader.rest()) };
    }
    default:
      return undefined;
  }
}

const ENDPOINT_ADDRESS_LENGTH: Readonly<Record<number, number>> = { 0: 0, 1: 4, 2: 16 };

function decodeEndpoint(value: Uint8Array): TunnelSubTlv | undefined {
  if (value.length < 6) return undefined;
  const family = (value[4] << 8) | value[5];
  const length = value.length - 6;
  if (ENDPOINT_ADDRESS_LENGTH[family] !== length) return undefined;
  return { kind: 'egress-endpoint', ...(length === 0 ? {} : { address: ipText(value, 6, length) }) };
}

/** Throws a TypeError when an address in it is none. */
export function encodeSubTlv(subTlv: TunnelSubTlv): { readonly subType: number; readonly value: Uint8Array } {
  const out = new Writer(16);
  const done = (subType: number) => ({ subType, value: out.finish() });
  switch (subTlv.kind) {
    case 'vxlan': {
      out.u8((subTlv.vni === undefined ? 0 : V_BIT) | (subTlv.mac === undefined ? 0 : M_BIT));
      out.u24(subTlv.vni ?? 0);
      const mac = new Uint8Array(8);
      if (subTlv.mac !== undefined) putMac(wanted(parseMac(subTlv.mac), subTlv.mac), mac, 0);
      out.bytes(mac);
      return done(SUB_TLV.ENCAPSULATION);
    }
    case 'gre-key':
      out.u32(subTlv.key);
      return done(SUB_TLV.ENCAPSULATION);
    case 'l2tpv3':
      out.u32(subTlv.sessionId);
      out.bytes(subTlv.cookie);
      return done(SUB_TLV.ENCAPSULATION);
    case 'protocol-type':
      out.u16(subTlv.etherType);
      return done(SUB_TLV.PROTOCOL_TYPE);
    case 'color':
      out.u16(COLOR_COMMUNITY);
      out.u16(subTlv.flags);
      out.u32(subTlv.color);
      return done(SUB_TLV.COLOR);
    case 'egress-endpoint': {
      const { address } = subTlv;
      const octets = address === undefined ? new Uint8Array(0) : wanted(parseIp(address), address);
      out.u32(0);
      out.u16(octets.length === 0 ? 0 : octets.length === 4 ? 1 : 2);
      out.bytes(octets);
      return done(SUB_TLV.EGRESS_ENDPOINT);
    }
    case 'ds-field':
      out.u8(subTlv.value);
      return done(SUB_TLV.DS_FIELD);
    case 'udp-destination-port':
      out.u16(subTlv.port);
      return done(SUB_TLV.UDP_DESTINATION_PORT);
    case 'embedded-label-handling':
      out.u8(subTlv.handling);
      return done(SUB_TLV.EMBEDDED_LABEL_HANDLING);
    case 'mpls-label-stack':
      for (const entry of subTlv.entries) out.u32(entry);
      return done(SUB_TLV.MPLS_LABEL_STACK);
    case 'other':
      out.bytes(subTlv.value);
      return done(subTlv.subType);
  }
}

function wanted<T>(parsed: T | undefined, text: string): T {
  if (parsed !== undefined) return parsed;
  throw new TypeError(`Cannot encode tunnel sub-TLV: address is "${text}"`);
}
