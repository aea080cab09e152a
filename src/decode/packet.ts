/**
 * From a captured frame to its TCP segment: Ethernet with VLAN tags, Linux "cooked" and loopback captures, bare IP; IPv4
 * and IPv6.
 *
 * Link types are those of tcpdump.org's list; RFC 791, RFC 8200, RFC 9293 section 3.1. Fragments of IP packets are passed
 * over: BGP does not send any, as it finds its path's MTU.
 */
import { ipText } from 'bgp-protocol';

/** A frame of a capture file. */
export interface CapturedPacket {
  /** From 1, as Wireshark counts. */
  readonly number: number;
  /** Of capture, nanoseconds since 1970; undefined where a format has none. */
  readonly timeNanoseconds: bigint | undefined;
  readonly linkType: number;
  readonly bytes: Uint8Array;
}

export interface TcpSegment {
  /** `10.0.0.1:179`, `[fd00::1]:179`. */
  readonly from: string;
  readonly to: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly sequence: number;
  readonly syn: boolean;
  /** FIN or RST: nothing follows. */
  readonly last: boolean;
  readonly payload: Uint8Array;
}

export const LINK_TYPE = {
  NULL: 0,
  ETHERNET: 1,
  RAW: 101,
  LOOP: 108,
  LINUX_SLL: 113,
  IPV4: 228,
  IPV6: 229,
  LINUX_SLL2: 276,
} as const;

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const VLAN_TAGS: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100]);
const TCP = 6;

/** The segment in a packet; undefined when it holds none, or not all of the headers. */
export function tcpSegmentOf(packet: CapturedPacket): TcpSegment | undefined {
  const { bytes } = packet;
  const at = ipHeaderAt(packet.linkType, bytes);
  if (at < 0 || at >= bytes.length) return undefined;
  const version = bytes[at] >>> 4;
  return version === 4 ? segmentOfIpv4(bytes, at) : version === 6 ? segmentOfIpv6(bytes, at) : undefined;
}

/** Where the IP header begins; -1 when the frame carries something else. */
function ipHeaderAt(linkType: number, bytes: Uint8Array): number {
  switch (linkType) {
    case LINK_TYPE.ETHERNET:
      return afterEthertype(bytes, 12);
    case LINK_TYPE.LINUX_SLL:
      return afterEthertype(bytes, 14);
    case LINK_TYPE.LINUX_SLL2:
      return isIp(u16(bytes, 0)) ? 20 : -1;
    case LINK_TYPE.NULL:
    case LINK_TYPE.LOOP:
      return 4;
    case LINK_TYPE.RAW:
    case LINK_TYPE.IPV4:
    case LINK_TYPE.IPV6:
    // 12 and 14 are what BSDs write for bare IP.
    case 12:
    case 14:
      return 0;
    default:
      return -1;
  }
}

function afterEthertype(bytes: Uint8Array, at: number): number {
  let from = at;
  while (from + 2 <= bytes.length && VLAN_TAGS.has(u16(bytes, from))) from += 4;
  return from + 2 <= bytes.length && isIp(u16(bytes, from)) ? from + 2 : -1;
}

function isIp(ethertype: number): boolean {
  return ethertype === ETHERTYPE_IPV4 || ethertype === ETHERTYPE_IPV6;
}

function segmentOfIpv4(bytes: Uint8Array, at: number): TcpSegment | undefined {
  if (at + 20 > bytes.length) return undefined;
  const headerOctets = (bytes[at] & 0x0f) * 4;
  const fragment = u16(bytes, at + 6) & 0x3fff;
  if (bytes[at + 9] !== TCP || fragment !== 0 || headerOctets < 20) return undefined;
  // Captured on the sender with segmentation offload, the total length can be 0: then it is all that there is.
  const total = u16(bytes, at + 2) || bytes.length - at;
  const addresses = [ipText(bytes, at + 12, 4), ipText(bytes, at + 16, 4)] as const;
  return tcpAt(bytes, at + headerOctets, Math.min(at + total, bytes.length), addresses);
}

const EXTENSION_HEADERS: ReadonlySet<number> = new Set([0, 43, 60, 135]);

function segmentOfIpv6(bytes: Uint8Array, at: number): TcpSegment | undefined {
  if (at + 40 > bytes.length) return undefined;
  const payload = u16(bytes, at + 4);
  const end = payload === 0 ? bytes.length : Math.min(at + 40 + payload, bytes.length);
  let next = bytes[at + 6];
  let from = at + 40;
  while (EXTENSION_HEADERS.has(next) && from + 8 <= end) {
    next = bytes[from];
    from += (bytes[from + 1] + 1) * 8;
  }
  if (next !== TCP) return undefined;
  const addresses = [`[${ipText(bytes, at + 8, 16)}]`, `[${ipText(bytes, at + 24, 16)}]`] as const;
  return tcpAt(bytes, from, end, addresses);
}

function tcpAt(
  bytes: Uint8Array,
  at: number,
  end: number,
  [from, to]: readonly [string, string],
): TcpSegment | undefined {
  if (at + 20 > end) return undefined;
  const fromPort = u16(bytes, at);
  const toPort = u16(bytes, at + 2);
  const flags = bytes[at + 13];
  const payloadAt = at + (bytes[at + 12] >>> 4) * 4;
  return {
    from: `${from}:${fromPort}`,
    to: `${to}:${toPort}`,
    fromPort,
    toPort,
    sequence: ((u16(bytes, at + 4) << 16) | u16(bytes, at + 6)) >>> 0,
    syn: (flags & 0x02) !== 0,
    last: (flags & 0x05) !== 0,
    payload: bytes.subarray(Math.min(payloadAt, end), end),
  };
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}
