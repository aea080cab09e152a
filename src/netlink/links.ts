/**
 * RTM_*LINK messages: interfaces, and what bridges, bridge ports, VXLAN devices, VLAN interfaces and VRFs say about
 * themselves. Interfaces are few, so each becomes a value. linux/if_link.h: struct ifinfomsg, then IFLA_* attributes.
 */
import { type Mac, macAt } from '../base/mac.ts';
import {
  AF_BRIDGE,
  AF_UNSPEC,
  IFF_LOOPBACK,
  IFF_LOWER_UP,
  IFF_UP,
  IFLA_ADDRESS,
  IFLA_AF_SPEC,
  IFLA_BRPORT_LEARNING,
  IFLA_BRPORT_NEIGH_SUPPRESS,
  IFLA_EXT_MASK,
  IFLA_IFNAME,
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_INFO_SLAVE_DATA,
  IFLA_INFO_SLAVE_KIND,
  IFLA_LINK,
  IFLA_LINKINFO,
  IFLA_MASTER,
  IFLA_MTU,
  IFLA_OPERSTATE,
  IFLA_PROTINFO,
  IFLA_VLAN_ID,
  IFLA_VRF_TABLE,
  IFLA_VXLAN_LEARNING,
  NLA_F_NESTED,
  NLM_F_DUMP,
  RTEXT_FILTER_BRVLAN,
  RTEXT_FILTER_SKIP_STATS,
  RTM_GETLINK,
  RTM_NEWLINK,
  RTM_SETLINK,
} from './constants.ts';
import {
  type BridgeInfo,
  type BridgePortInfo,
  decodeBridgeInfo,
  decodeBridgePortInfo,
  decodeBridgeVlans,
  decodeVxlanInfo,
  type PortVlan,
  type VlanTunnel,
  type VxlanInfo,
} from './link-info.ts';
import { textAt, walkAttributes } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';
import { hostI32, hostU16, hostU32 } from './octets.ts';

const IFINFOMSG_OCTETS = 16;
/** IF_OPER_* of linux/if.h, by number. */
const OPERATIONAL_STATES = [
  'unknown',
  'not-present',
  'down',
  'lower-layer-down',
  'testing',
  'dormant',
  'up',
] as const;

export type OperationalState = (typeof OPERATIONAL_STATES)[number];

export interface Link {
  /**
   * AF_UNSPEC for the interface itself. AF_BRIDGE for its role as a bridge port: an RTM_DELLINK of that family says that it left
   * the bridge, not that it is gone.
   */
  readonly family: number;
  readonly index: number;
  readonly name: string;
  /** IFF_* */
  readonly flags: number;
  /** Set up by the administrator. */
  readonly up: boolean;
  /** The layer below carries: IFF_LOWER_UP. */
  readonly running: boolean;
  readonly loopback: boolean;
  readonly operationalState: OperationalState;
  readonly mac: Mac | undefined;
  readonly mtu: number;
  /** Index of the bridge or VRF that it belongs to. */
  readonly master: number | undefined;
  /** Index of the interface below: what a VLAN interface or one end of a veth pair is on. */
  readonly lower: number | undefined;
  /** `bridge`, `vxlan`, `veth`, `vlan`, `vrf`; undefined for physical ones. */
  readonly kind: string | undefined;
  readonly vxlan: VxlanInfo | undefined;
  readonly bridge: BridgeInfo | undefined;
  /** Of a VLAN interface. */
  readonly vlanId: number | undefined;
  /** Of a VRF: its routing table. */
  readonly vrfTable: number | undefined;
  readonly bridgePort: BridgePortInfo | undefined;
  /** Of a bridge port or bridge, in AF_BRIDGE messages. */
  readonly vlans: readonly PortVlan[];
  readonly tunnels: readonly VlanTunnel[];
}

/** Decodes what follows the netlink header of an RTM_NEWLINK or RTM_DELLINK; undefined when it is too short. */
export function decodeLink(bytes: Uint8Array, start: number, end: number): Link | undefined {
  if (end - start < IFINFOMSG_OCTETS) return undefined;
  const family = bytes[start]!;
  const flags = hostU32(bytes, start + 8);
  let name = '';
  let operationalState: OperationalState = 'unknown';
  let mac: Mac | undefined;
  let mtu = 0;
  let master: number | undefined;
  let lower: number | undefined;
  let info = NO_INFO;
  let bridgePort: BridgePortInfo | undefined;
  let vlans: { vlans: PortVlan[]; tunnels: VlanTunnel[] } = { vlans: [], tunnels: [] };
  walkAttributes(bytes, start + IFINFOMSG_OCTETS, end, (type, at, to) => {
    if (type === IFLA_IFNAME) name = textAt(bytes, at, to);
    else if (type === IFLA_OPERSTATE) operationalState = OPERATIONAL_STATES[bytes[at]!] ?? 'unknown';
    else if (type === IFLA_ADDRESS && to - at === 6) mac = macAt(bytes, at);
    else if (type === IFLA_MTU) mtu = hostU32(bytes, at);
    else if (type === IFLA_MASTER) master = hostU32(bytes, at) || undefined;
    else if (type === IFLA_LINK) lower = hostU32(bytes, at) || undefined;
    else if (type === IFLA_LINKINFO) info = decodeLinkInfo(bytes, at, to);
    // In AF_UNSPEC messages IFLA_PROTINFO is left to other protocols (IPv6), and AF_SPEC is per family.
    else if (type === IFLA_PROTINFO && family === AF_BRIDGE) bridgePort = decodeBridgePortInfo(bytes, at, to);
    else if (type === IFLA_AF_SPEC && family === AF_BRIDGE) vlans = decodeBridgeVlans(bytes, at, to);
  });
  return {
    family,
    index: hostI32(bytes, start + 4),
    name,
    flags,
    up: (flags & IFF_UP) !== 0,
    running: (flags & IFF_LOWER_UP) !== 0,
    loopback: (flags & IFF_LOOPBACK) !== 0,
    operationalState,
    mac,
    mtu,
    master,
    lower,
    ...info,
    bridgePort: bridgePort ?? info.bridgePort,
    ...vlans,
  };
}

type LinkInfo = Pick<Link, 'kind' | 'vxlan' | 'bridge' | 'vlanId' | 'vrfTable' | 'bridgePort'>;

const NO_INFO: LinkInfo = {
  kind: undefined,
  vxlan: undefined,
  bridge: undefined,
  vlanId: undefined,
  vrfTable: undefined,
  bridgePort: undefined,
};

/** IFLA_LINKINFO: the kind comes before the data whose meaning it gives. */
function decodeLinkInfo(bytes: Uint8Array, start: number, end: number): LinkInfo {
  const info: { -readonly [K in keyof LinkInfo]: LinkInfo[K] } = { ...NO_INFO };
  let slaveKind: string | undefined;
  walkAttributes(bytes, start, end, (type, at, to) => {
    if (type === IFLA_INFO_KIND) info.kind = textAt(bytes, at, to);
    else if (type === IFLA_INFO_SLAVE_KIND) slaveKind = textAt(bytes, at, to);
    else if (type === IFLA_INFO_SLAVE_DATA && slaveKind === 'bridge')
      info.bridgePort = decodeBridgePortInfo(bytes, at, to);
    else if (type === IFLA_INFO_DATA) {
      if (info.kind === 'vxlan') info.vxlan = decodeVxlanInfo(bytes, at, to);
      else if (info.kind === 'bridge') info.bridge = decodeBridgeInfo(bytes, at, to);
      else if (info.kind === 'vlan') info.vlanId = numberOf(bytes, at, to, IFLA_VLAN_ID, hostU16);
      else if (info.kind === 'vrf') info.vrfTable = numberOf(bytes, at, to, IFLA_VRF_TABLE, hostU32);
    }
  });
  return info;
}

function numberOf(
  bytes: Uint8Array,
  start: number,
  end: number,
  wanted: number,
  read: (bytes: Uint8Array, at: number) => number,
): number | undefined {
  let found: number | undefined;
  walkAttributes(bytes, start, end, (type, at) => {
    if (type === wanted) found = read(bytes, at);
  });
  return found;
}

/** struct ifinfomsg, in wire order. */
function putLinkHeader(writer: MessageWriter, family: number, index: number): void {
  writer.u8(family);
  writer.u8(0);
  writer.u16(0);
  writer.u32(index);
  writer.u32(0);
  writer.u32(0);
}

/** Asks for every interface of this network namespace. */
export function encodeLinkDump(writer: MessageWriter): void {
  writer.begin(RTM_GETLINK, NLM_F_DUMP);
  putLinkHeader(writer, AF_UNSPEC, 0);
  writer.attributeU32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  writer.end();
}

/** Asks for every bridge port and bridge in its role as such (family AF_BRIDGE), with its VLANs and VLAN tunnels. */
export function encodeBridgePortDump(writer: MessageWriter): void {
  writer.begin(RTM_GETLINK, NLM_F_DUMP);
  putLinkHeader(writer, AF_BRIDGE, 0);
  writer.attributeU32(IFLA_EXT_MASK, RTEXT_FILTER_BRVLAN);
  writer.end();
}

/** Asks for one interface; answered by one RTM_NEWLINK, or ENODEV. */
export function encodeLinkRequest(writer: MessageWriter, index: number): void {
  writer.begin(RTM_GETLINK, 0);
  putLinkHeader(writer, AF_UNSPEC, index);
  writer.attributeU32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  writer.end();
}

/** Sets bridge port flags; what is undefined stays as it is. ENOTSUP when the interface is in no bridge. */
export function encodeBridgePortChange(
  writer: MessageWriter,
  index: number,
  change: { readonly learning?: boolean; readonly neighbourSuppression?: boolean },
): void {
  writer.begin(RTM_SETLINK, 0);
  putLinkHeader(writer, AF_BRIDGE, index);
  const nested = writer.beginNested(IFLA_PROTINFO | NLA_F_NESTED);
  if (change.learning !== undefined) writer.attributeU8(IFLA_BRPORT_LEARNING, change.learning ? 1 : 0);
  if (change.neighbourSuppression !== undefined)
    writer.attributeU8(IFLA_BRPORT_NEIGH_SUPPRESS, change.neighbourSuppression ? 1 : 0);
  writer.endNested(nested);
  writer.end();
}

/** Turns a VXLAN device's own learning from received frames on or off. */
export function encodeVxlanLearningChange(writer: MessageWriter, index: number, learning: boolean): void {
  writer.begin(RTM_NEWLINK, 0);
  putLinkHeader(writer, AF_UNSPEC, index);
  const info = writer.beginNested(IFLA_LINKINFO | NLA_F_NESTED);
  writer.attributeText(IFLA_INFO_KIND, 'vxlan');
  const data = writer.beginNested(IFLA_INFO_DATA | NLA_F_NESTED);
  writer.attributeU8(IFLA_VXLAN_LEARNING, learning ? 1 : 0);
  writer.endNested(data);
  writer.endNested(info);
  writer.end();
}
