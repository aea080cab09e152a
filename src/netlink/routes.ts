/**
 * RTM_*ROUTE messages: how the kernel reaches an address (a VTEP above all), and the notifications that say when to
 * ask again. RTM_*ADDR messages: the addresses of interfaces. linux/rtnetlink.h, linux/if_addr.h.
 */
import type { IpBytes, IpPrefix } from '../base/ip.ts';
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  IFA_ADDRESS,
  IFA_LOCAL,
  NLM_F_DUMP,
  RTA_DST,
  RTA_GATEWAY,
  RTA_MULTIPATH,
  RTA_NH_ID,
  RTA_OIF,
  RTA_PREFSRC,
  RTA_PRIORITY,
  RTA_TABLE,
  RTA_VIA,
  RTM_GETADDR,
  RTM_GETROUTE,
  RTN_BLACKHOLE,
  RTN_LOCAL,
  RTN_PROHIBIT,
  RTN_UNICAST,
  RTN_UNREACHABLE,
} from './constants.ts';
import { walkAttributes } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';
import { hostI32, hostU16, hostU32 } from './octets.ts';

const RTMSG_OCTETS = 12;
const IFADDRMSG_OCTETS = 8;

export interface NextHop {
  readonly interfaceIndex: number;
  readonly gateway: IpBytes | undefined;
}

export type RouteKind = 'unicast' | 'local' | 'blackhole' | 'unreachable' | 'prohibit' | 'other';

export interface Route {
  readonly family: number;
  readonly kind: RouteKind;
  /** The address looked up has a full length, even where a shorter prefix matched. */
  readonly destination: IpPrefix;
  readonly table: number;
  /** RTPROT_* */
  readonly protocol: number;
  readonly metric: number;
  readonly preferredSource: IpBytes | undefined;
  readonly nextHops: readonly NextHop[];
  readonly nextHopId: number | undefined;
}

/** Decodes what follows the netlink header of an RTM_NEWROUTE or RTM_DELROUTE; undefined when it is too short. */
export function decodeRoute(bytes: Uint8Array, start: number, end: number): Route | undefined {
  if (end - start < RTMSG_OCTETS) return undefined;
  const family = bytes[start]!;
  let address: IpBytes = new Uint8Array(family === AF_INET6 ? 16 : 4);
  let table = bytes[start + 4]!;
  let metric = 0;
  let gateway: IpBytes | undefined;
  let interfaceIndex: number | undefined;
  let preferredSource: IpBytes | undefined;
  let nextHopId: number | undefined;
  let nextHops: NextHop[] = [];
  walkAttributes(bytes, start + RTMSG_OCTETS, end, (type, at, to) => {
    if (type === RTA_DST) address = bytes.slice(at, to);
    else if (type === RTA_TABLE) table = hostU32(bytes, at);
    else if (type === RTA_PRIORITY) metric = hostU32(bytes, at);
    else if (type === RTA_OIF) interfaceIndex = hostU32(bytes, at);
    else if (type === RTA_GATEWAY) gateway = bytes.slice(at, to);
    else if (type === RTA_VIA) gateway = bytes.slice(at + 2, to);
    else if (type === RTA_PREFSRC) preferredSource = bytes.slice(at, to);
    else if (type === RTA_NH_ID) nextHopId = hostU32(bytes, at);
    else if (type === RTA_MULTIPATH) nextHops = decodeNextHops(bytes, at, to);
  });
  if (interfaceIndex !== undefined) nextHops = [{ interfaceIndex, gateway }];
  return {
    family,
    kind: routeKind(bytes[start + 7]!),
    destination: { address, length: bytes[start + 1]! },
    table,
    protocol: bytes[start + 5]!,
    metric,
    preferredSource,
    nextHops,
    nextHopId,
  };
}

function routeKind(type: number): RouteKind {
  switch (type) {
    case RTN_UNICAST:
      return 'unicast';
    case RTN_LOCAL:
      return 'local';
    case RTN_BLACKHOLE:
      return 'blackhole';
    case RTN_UNREACHABLE:
      return 'unreachable';
    case RTN_PROHIBIT:
      return 'prohibit';
    default:
      return 'other';
  }
}

/** RTA_MULTIPATH: struct rtnexthop (length u16, flags u8, hops u8, ifindex s32), each with its own attributes. */
function decodeNextHops(bytes: Uint8Array, start: number, end: number): NextHop[] {
  const nextHops: NextHop[] = [];
  let at = start;
  while (end - at >= 8) {
    const size = hostU16(bytes, at);
    if (size < 8 || size > end - at) break;
    let gateway: IpBytes | undefined;
    walkAttributes(bytes, at + 8, at + size, (type, from, to) => {
      if (type === RTA_GATEWAY) gateway = bytes.slice(from, to);
      else if (type === RTA_VIA) gateway = bytes.slice(from + 2, to);
    });
    nextHops.push({ interfaceIndex: hostI32(bytes, at + 4), gateway });
    at += (size + 3) & ~3;
  }
  return nextHops;
}

/** struct rtmsg, in wire order. */
function putRouteHeader(writer: MessageWriter, family: number, destinationLength: number): void {
  writer.u8(family);
  writer.u8(destinationLength);
  writer.u8(0); // source length
  writer.u8(0); // TOS
  writer.u8(0); // table
  writer.u8(0); // protocol
  writer.u8(0); // scope
  writer.u8(0); // type
  writer.u32(0); // flags
}

/**
 * Asks how `address` is reached: one RTM_NEWROUTE, or a refusal (ENETUNREACH, EHOSTUNREACH, EACCES for prohibit, EINVAL for
 * blackhole). `vrf` is the index of a VRF to look in. Not for other interfaces: bound to one of those, IPv4 takes every address
 * that has no route for a neighbour on the link, and the lookup always succeeds.
 */
export function encodeRouteLookup(writer: MessageWriter, address: IpBytes, vrf?: number): void {
  writer.begin(RTM_GETROUTE, 0);
  putRouteHeader(writer, address.length === 4 ? AF_INET : AF_INET6, address.length * 8);
  writer.attributeBytes(RTA_DST, address);
  if (vrf !== undefined) writer.attributeU32(RTA_OIF, vrf);
  writer.end();
}

/** Asks for every route of a family, or of one of its tables. */
export function encodeRouteDump(writer: MessageWriter, family: number, table?: number): void {
  writer.begin(RTM_GETROUTE, NLM_F_DUMP);
  putRouteHeader(writer, family, 0);
  if (table !== undefined) writer.attributeU32(RTA_TABLE, table);
  writer.end();
}

export interface InterfaceAddress {
  readonly family: number;
  readonly interfaceIndex: number;
  /** The interface's own address with its prefix length; host bits are kept. */
  readonly address: IpPrefix;
}

/** Decodes what follows the netlink header of an RTM_NEWADDR or RTM_DELADDR; undefined when no address is in it. */
export function decodeAddress(bytes: Uint8Array, start: number, end: number): InterfaceAddress | undefined {
  if (end - start < IFADDRMSG_OCTETS) return undefined;
  let local: IpBytes | undefined;
  let address: IpBytes | undefined;
  walkAttributes(bytes, start + IFADDRMSG_OCTETS, end, (type, at, to) => {
    if (type === IFA_LOCAL) local = bytes.slice(at, to);
    else if (type === IFA_ADDRESS) address = bytes.slice(at, to);
  });
  // On point-to-point interfaces IFA_ADDRESS is the other end.
  const own = local ?? address;
  if (!own) return undefined;
  return {
    family: bytes[start]!,
    interfaceIndex: hostU32(bytes, start + 4),
    address: { address: own, length: bytes[start + 1]! },
  };
}

/** Asks for the addresses of every interface, of both families unless one is named. */
export function encodeAddressDump(writer: MessageWriter, family: number = AF_UNSPEC): void {
  writer.begin(RTM_GETADDR, NLM_F_DUMP);
  writer.u8(family);
  writer.u8(0); // prefix length
  writer.u8(0); // flags
  writer.u8(0); // scope
  writer.u32(0); // interface
  writer.end();
}
