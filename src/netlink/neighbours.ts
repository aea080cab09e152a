/**
 * RTM_*NEIGH messages: the ARP and ND tables (AF_INET, AF_INET6) and the forwarding tables of bridges and VXLAN
 * devices (AF_BRIDGE). A leaf has a hundred thousand of them, so one record is filled again for each message and no
 * object is made. linux/neighbour.h: struct ndmsg, then NDA_* attributes.
 */
import type { IpBytes } from '../base/ip.ts';
import { type Mac, macAt } from '../base/mac.ts';
import {
  AF_BRIDGE,
  NDA_DST,
  NDA_FLAGS_EXT,
  NDA_IFINDEX,
  NDA_LLADDR,
  NDA_MASTER,
  NDA_NH_ID,
  NDA_PORT,
  NDA_PROTOCOL,
  NDA_SRC_VNI,
  NDA_VLAN,
  NDA_VNI,
  NLA_TYPE_MASK,
  NLM_F_DUMP,
  RTM_GETNEIGH,
} from './constants.ts';
import type { MessageWriter } from './message-writer.ts';
import { align4, hostI32, hostU16, hostU32, networkU16 } from './octets.ts';

const NDMSG_OCTETS = 12;

/** The neighbour message decoded last. Absent numbers are 0 (`mac`: -1). */
export class NeighbourRecord {
  /** AF_INET, AF_INET6 or AF_BRIDGE. */
  family = 0;
  interfaceIndex = 0;
  /** NUD_* */
  state = 0;
  /** NTF_*. A forwarding entry has NTF_SELF (the device's own table) or NTF_MASTER (the bridge's). */
  flags = 0;
  /** NTF_EXT_* of NDA_FLAGS_EXT. */
  extendedFlags = 0;
  mac: Mac = -1;
  /** The neighbour's address, or the VTEP of a forwarding entry: the first `destinationLength` octets (0, 4 or 16). */
  readonly destination = new Uint8Array(16);
  destinationLength = 0;
  vlan = 0;
  /** VNI that the tunnel uses, where it differs from the device's or the source VNI. */
  vni = 0;
  /** VNI that the entry belongs to, on a VXLAN device for many VNIs. */
  sourceVni = 0;
  /** UDP port of the VTEP, where it differs from the device's. */
  port = 0;
  /** Index of the bridge, in entries of a bridge port. */
  master = 0;
  /** Index of the interface that the tunnel leaves through, where one is set. */
  outgoingInterface = 0;
  /** NDA_PROTOCOL: who wrote it, an RTPROT_* number. */
  protocol = 0;
  /** NDA_NH_ID: the next-hop group that a forwarding entry uses in place of a VTEP. */
  nextHopId = 0;

  /** A copy of the destination, or undefined when there is none. */
  destinationBytes(): IpBytes | undefined {
    return this.destinationLength === 0 ? undefined : this.destination.slice(0, this.destinationLength);
  }
}

/**
 * Fills `record` from an RTM_NEWNEIGH or RTM_DELNEIGH; `start` to `end` is what follows the netlink header. False, and the
 * record is of no use, when the message is shorter than its fixed part.
 */
export function decodeNeighbour(
  bytes: Uint8Array,
  start: number,
  end: number,
  record: NeighbourRecord,
): boolean {
  if (end - start < NDMSG_OCTETS) return false;
  record.family = bytes[start]!;
  record.interfaceIndex = hostI32(bytes, start + 4);
  record.state = hostU16(bytes, start + 8);
  record.flags = bytes[start + 10]!;
  record.extendedFlags = 0;
  record.mac = -1;
  record.destinationLength = 0;
  record.vlan = 0;
  record.vni = 0;
  record.sourceVni = 0;
  record.port = 0;
  record.master = 0;
  record.outgoingInterface = 0;
  record.protocol = 0;
  record.nextHopId = 0;
  let at = start + NDMSG_OCTETS;
  while (end - at >= 4) {
    const size = hostU16(bytes, at);
    if (size < 4 || size > end - at) break;
    decodeAttribute(bytes, hostU16(bytes, at + 2) & NLA_TYPE_MASK, at + 4, size - 4, record);
    at += align4(size);
  }
  return true;
}

function decodeAttribute(
  bytes: Uint8Array,
  type: number,
  at: number,
  length: number,
  record: NeighbourRecord,
): void {
  switch (type) {
    case NDA_DST:
      if (length !== 4 && length !== 16) return;
      for (let i = 0; i < length; i++) record.destination[i] = bytes[at + i]!;
      record.destinationLength = length;
      return;
    case NDA_LLADDR:
      if (length === 6) record.mac = macAt(bytes, at);
      return;
    case NDA_VLAN:
      record.vlan = hostU16(bytes, at);
      return;
    case NDA_PORT:
      record.port = networkU16(bytes, at);
      return;
    case NDA_VNI:
      record.vni = hostU32(bytes, at);
      return;
    case NDA_IFINDEX:
      record.outgoingInterface = hostU32(bytes, at);
      return;
    case NDA_MASTER:
      record.master = hostU32(bytes, at);
      return;
    case NDA_SRC_VNI:
      record.sourceVni = hostU32(bytes, at);
      return;
    case NDA_PROTOCOL:
      record.protocol = bytes[at]!;
      return;
    case NDA_NH_ID:
      record.nextHopId = hostU32(bytes, at);
      return;
    case NDA_FLAGS_EXT:
      record.extendedFlags = hostU32(bytes, at);
      return;
  }
}

/** struct ndmsg, in wire order. */
export function putNeighbourHeader(
  writer: MessageWriter,
  family: number,
  interfaceIndex: number,
  state: number,
  flags: number,
): void {
  writer.u8(family);
  writer.u8(0);
  writer.u16(0);
  writer.u32(interfaceIndex);
  writer.u16(state);
  writer.u8(flags);
  writer.u8(0);
}

/** Asks for every forwarding entry, or those of `bridge` and its ports, or those of one device. */
export function encodeForwardingDump(
  writer: MessageWriter,
  filter: { readonly bridge?: number; readonly device?: number } = {},
): void {
  writer.begin(RTM_GETNEIGH, NLM_F_DUMP);
  putNeighbourHeader(writer, AF_BRIDGE, 0, 0, 0);
  if (filter.device !== undefined) writer.attributeU32(NDA_IFINDEX, filter.device);
  if (filter.bridge !== undefined) writer.attributeU32(NDA_MASTER, filter.bridge);
  writer.end();
}

/** Asks for the ARP (AF_INET) or ND (AF_INET6) table, of one interface or of all. */
export function encodeNeighbourDump(writer: MessageWriter, family: number, interfaceIndex?: number): void {
  writer.begin(RTM_GETNEIGH, NLM_F_DUMP);
  putNeighbourHeader(writer, family, 0, 0, 0);
  if (interfaceIndex !== undefined) writer.attributeU32(NDA_IFINDEX, interfaceIndex);
  writer.end();
}
