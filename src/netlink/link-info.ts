/**
 * What VXLAN devices, bridges and bridge ports add to a link message. linux/if_link.h (IFLA_VXLAN_*, IFLA_BR_*,
 * IFLA_BRPORT_*) and linux/if_bridge.h (VLANs of a port, and the VNIs they map to on a device for many VNIs).
 */
import type { IpBytes } from '../base/ip.ts';
import {
  BR_STATE_FORWARDING,
  BRIDGE_VLAN_INFO_PVID,
  BRIDGE_VLAN_INFO_RANGE_BEGIN,
  BRIDGE_VLAN_INFO_RANGE_END,
  BRIDGE_VLAN_INFO_UNTAGGED,
  IFLA_BR_AGEING_TIME,
  IFLA_BR_VLAN_DEFAULT_PVID,
  IFLA_BR_VLAN_FILTERING,
  IFLA_BRIDGE_VLAN_INFO,
  IFLA_BRIDGE_VLAN_TUNNEL_FLAGS,
  IFLA_BRIDGE_VLAN_TUNNEL_ID,
  IFLA_BRIDGE_VLAN_TUNNEL_INFO,
  IFLA_BRIDGE_VLAN_TUNNEL_VID,
  IFLA_BRPORT_BCAST_FLOOD,
  IFLA_BRPORT_ISOLATED,
  IFLA_BRPORT_LEARNING,
  IFLA_BRPORT_LOCKED,
  IFLA_BRPORT_MCAST_FLOOD,
  IFLA_BRPORT_NEIGH_SUPPRESS,
  IFLA_BRPORT_STATE,
  IFLA_BRPORT_UNICAST_FLOOD,
  IFLA_BRPORT_VLAN_TUNNEL,
  IFLA_VXLAN_COLLECT_METADATA,
  IFLA_VXLAN_GROUP,
  IFLA_VXLAN_GROUP6,
  IFLA_VXLAN_ID,
  IFLA_VXLAN_LEARNING,
  IFLA_VXLAN_LINK,
  IFLA_VXLAN_LOCAL,
  IFLA_VXLAN_LOCAL6,
  IFLA_VXLAN_PORT,
  IFLA_VXLAN_VNIFILTER,
} from './constants.ts';
import { walkAttributes } from './message-reader.ts';
import { hostU16, hostU32, networkU16 } from './octets.ts';

export interface VxlanInfo {
  /** 0 on a device for many VNIs (`external`). */
  readonly vni: number;
  /** The tunnel source address. */
  readonly local: IpBytes | undefined;
  /** The default remote: a multicast group, or one fixed VTEP. Not on the flood list by our hand. */
  readonly remote: IpBytes | undefined;
  /** Index of the interface that tunnels leave through, where one is set. */
  readonly underlay: number | undefined;
  /** UDP destination port; 4789 by IANA. */
  readonly port: number;
  /** Learns VTEPs from received frames: to be off under EVPN. */
  readonly learning: boolean;
  /** One device for many VNIs: the VNI comes from the bridge's VLAN tunnels. */
  readonly external: boolean;
  readonly vniFilter: boolean;
}

export interface BridgeInfo {
  readonly vlanFiltering: boolean;
  readonly defaultPvid: number;
  readonly ageingSeconds: number;
}

export interface BridgePortInfo {
  /** STP state is forwarding. */
  readonly forwarding: boolean;
  readonly learning: boolean;
  /** Answers ARP and ND from the neighbour table in place of hosts behind this port. */
  readonly neighbourSuppression: boolean;
  readonly isolated: boolean;
  readonly locked: boolean;
  readonly vlanTunnel: boolean;
  readonly unicastFlood: boolean;
  readonly multicastFlood: boolean;
  readonly broadcastFlood: boolean;
}

export interface PortVlan {
  readonly vlan: number;
  readonly pvid: boolean;
  readonly untagged: boolean;
}

export interface VlanTunnel {
  readonly vlan: number;
  readonly vni: number;
}

/** IFLA_INFO_DATA of a `vxlan`. */
export function decodeVxlanInfo(bytes: Uint8Array, start: number, end: number): VxlanInfo {
  let vni = 0;
  let local: IpBytes | undefined;
  let remote: IpBytes | undefined;
  let underlay: number | undefined;
  let port = 0;
  let learning = false;
  let external = false;
  let vniFilter = false;
  walkAttributes(bytes, start, end, (type, at, to) => {
    if (type === IFLA_VXLAN_ID) vni = hostU32(bytes, at);
    else if (type === IFLA_VXLAN_LOCAL || type === IFLA_VXLAN_LOCAL6) local = bytes.slice(at, to);
    else if (type === IFLA_VXLAN_GROUP || type === IFLA_VXLAN_GROUP6) remote = bytes.slice(at, to);
    else if (type === IFLA_VXLAN_LINK) underlay = hostU32(bytes, at) || undefined;
    else if (type === IFLA_VXLAN_PORT) port = networkU16(bytes, at);
    else if (type === IFLA_VXLAN_LEARNING) learning = bytes[at] !== 0;
    else if (type === IFLA_VXLAN_COLLECT_METADATA) external = bytes[at] !== 0;
    else if (type === IFLA_VXLAN_VNIFILTER) vniFilter = bytes[at] !== 0;
  });
  return { vni, local, remote, underlay, port, learning, external, vniFilter };
}

/** IFLA_INFO_DATA of a `bridge`. */
export function decodeBridgeInfo(bytes: Uint8Array, start: number, end: number): BridgeInfo {
  let vlanFiltering = false;
  let defaultPvid = 0;
  let ageingSeconds = 0;
  walkAttributes(bytes, start, end, (type, at) => {
    if (type === IFLA_BR_VLAN_FILTERING) vlanFiltering = bytes[at] !== 0;
    else if (type === IFLA_BR_VLAN_DEFAULT_PVID) defaultPvid = hostU16(bytes, at);
    // The kernel counts in hundredths (clock_t).
    else if (type === IFLA_BR_AGEING_TIME) ageingSeconds = hostU32(bytes, at) / 100;
  });
  return { vlanFiltering, defaultPvid, ageingSeconds };
}

/** IFLA_PROTINFO of an AF_BRIDGE message, or IFLA_INFO_SLAVE_DATA: the same attributes in both. */
export function decodeBridgePortInfo(bytes: Uint8Array, start: number, end: number): BridgePortInfo {
  const octets = new Map<number, number>();
  walkAttributes(bytes, start, end, (type, at, to) => {
    if (to > at) octets.set(type, bytes[at]!);
  });
  const isSet = (type: number): boolean => (octets.get(type) ?? 0) !== 0;
  return {
    forwarding: octets.get(IFLA_BRPORT_STATE) === BR_STATE_FORWARDING,
    learning: isSet(IFLA_BRPORT_LEARNING),
    neighbourSuppression: isSet(IFLA_BRPORT_NEIGH_SUPPRESS),
    isolated: isSet(IFLA_BRPORT_ISOLATED),
    locked: isSet(IFLA_BRPORT_LOCKED),
    vlanTunnel: isSet(IFLA_BRPORT_VLAN_TUNNEL),
    unicastFlood: isSet(IFLA_BRPORT_UNICAST_FLOOD),
    multicastFlood: isSet(IFLA_BRPORT_MCAST_FLOOD),
    broadcastFlood: isSet(IFLA_BRPORT_BCAST_FLOOD),
  };
}

/** IFLA_AF_SPEC of an AF_BRIDGE message: VLANs and VLAN tunnels, ranges spelt out. */
export function decodeBridgeVlans(
  bytes: Uint8Array,
  start: number,
  end: number,
): { vlans: PortVlan[]; tunnels: VlanTunnel[] } {
  const vlans: PortVlan[] = [];
  const tunnels: VlanTunnel[] = [];
  let vlanRange: number | undefined;
  let tunnelRange: VlanTunnel | undefined;
  walkAttributes(bytes, start, end, (type, at, to) => {
    if (type === IFLA_BRIDGE_VLAN_INFO && to - at >= 4) {
      const flags = hostU16(bytes, at);
      const vlan = hostU16(bytes, at + 2);
      const first = flags & BRIDGE_VLAN_INFO_RANGE_END ? (vlanRange ?? vlan) : vlan;
      vlanRange = flags & BRIDGE_VLAN_INFO_RANGE_BEGIN ? vlan : undefined;
      if (vlanRange !== undefined) return;
      const pvid = (flags & BRIDGE_VLAN_INFO_PVID) !== 0;
      const untagged = (flags & BRIDGE_VLAN_INFO_UNTAGGED) !== 0;
      for (let v = first; v <= vlan; v++) vlans.push({ vlan: v, pvid, untagged });
    } else if (type === IFLA_BRIDGE_VLAN_TUNNEL_INFO) {
      const { vlan, vni, flags } = decodeVlanTunnel(bytes, at, to);
      const first = flags & BRIDGE_VLAN_INFO_RANGE_END && tunnelRange ? tunnelRange : { vlan, vni };
      tunnelRange = flags & BRIDGE_VLAN_INFO_RANGE_BEGIN ? { vlan, vni } : undefined;
      if (tunnelRange) return;
      for (let v = first.vlan; v <= vlan; v++) tunnels.push({ vlan: v, vni: first.vni + v - first.vlan });
    }
  });
  return { vlans, tunnels };
}

function decodeVlanTunnel(bytes: Uint8Array, start: number, end: number): VlanTunnel & { flags: number } {
  let vlan = 0;
  let vni = 0;
  let flags = 0;
  walkAttributes(bytes, start, end, (type, at) => {
    if (type === IFLA_BRIDGE_VLAN_TUNNEL_ID) vni = hostU32(bytes, at);
    else if (type === IFLA_BRIDGE_VLAN_TUNNEL_VID) vlan = hostU16(bytes, at);
    else if (type === IFLA_BRIDGE_VLAN_TUNNEL_FLAGS) flags = hostU16(bytes, at);
  });
  return { vlan, vni, flags };
}
