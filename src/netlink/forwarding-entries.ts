/**
 * The requests that put what EVPN knows into the kernel: remote MACs, head-end replication and remote neighbours. No
 * function makes an object; each writes one message, but for sticky MACs. What the kernel does with each was seen on 6.18 and is what
 * test/netlink/kernel.test.ts checks with `bridge fdb` and `ip neigh`.
 *
 * RFC 7432 section 8 and RFC 8365 section 5 (VXLAN), RFC 7432 section 10 (neighbours), RFC 7432 section 15.2 (sticky).
 */
import type { IpBytes } from '../base/ip.ts';
import type { Mac } from '../base/mac.ts';
import {
  AF_BRIDGE,
  AF_INET,
  AF_INET6,
  NDA_DST,
  NDA_LLADDR,
  NDA_PROTOCOL,
  NDA_SRC_VNI,
  NDA_VLAN,
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_REPLACE,
  NTF_EXT_LEARNED,
  NTF_MASTER,
  NTF_ROUTER,
  NTF_SELF,
  NTF_STICKY,
  NUD_NOARP,
  NUD_PERMANENT,
  NUD_REACHABLE,
  RTM_DELNEIGH,
  RTM_NEWNEIGH,
  RTPROT_EVPND,
} from './constants.ts';
import type { MessageWriter } from './message-writer.ts';
import { putNeighbourHeader } from './neighbours.ts';

/** The VXLAN device's entry for frames whose place is not known. */
const ALL_ZEROES_MAC: Mac = 0;

/**
 * Remote MAC in the VXLAN device's own table: `MAC dev vxlan10 dst VTEP self extern_learn`. Replaces an earlier VTEP.
 * `sourceVni` (0: none) says whose it is on a device for many VNIs. There is no sticky kind: with learning off this table never
 * moves an entry by itself.
 */
export function encodeTunnelMac(
  writer: MessageWriter,
  vxlanInterface: number,
  mac: Mac,
  vtep: IpBytes,
  sourceVni: number,
): void {
  writer.begin(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
  putNeighbourHeader(writer, AF_BRIDGE, vxlanInterface, NUD_REACHABLE, NTF_SELF | NTF_EXT_LEARNED);
  putTunnelAttributes(writer, mac, vtep, sourceVni);
  writer.end();
}

/**
 * Takes a remote MAC out of the VXLAN device (ENOENT when it is not there); with `vtep` only if it leads there, else the kernel
 * does nothing and calls that success.
 */
export function encodeTunnelMacRemoval(
  writer: MessageWriter,
  vxlanInterface: number,
  mac: Mac,
  vtep: IpBytes | undefined,
  sourceVni: number,
): void {
  writer.begin(RTM_DELNEIGH, 0);
  putNeighbourHeader(writer, AF_BRIDGE, vxlanInterface, 0, NTF_SELF);
  putTunnelAttributes(writer, mac, vtep, sourceVni);
  writer.end();
}

/**
 * Remote MAC in the bridge, on the VXLAN port: `MAC dev vxlan10 master br10 extern_learn`. Takes over an entry on another port. The
 * kernel lets it roam back when the host appears on a local port; a sticky one must not (RFC 7432 section 15.2), and shows as
 * `extern_learn sticky static`. `vlan` 0 is a bridge without VLANs; where the kernel supports VLANs at all, it keeps a second record
 * of such an entry in each VLAN of the port (VLAN 1 by default), and the removal without a VLAN takes that out, too.
 *
 * A sticky entry takes two messages: the kernel overlooks NTF_STICKY in a message with NTF_EXT_LEARNED, but keeps the mark of one that was
 * written before. It never takes `sticky` off an entry: to do so, write the removal before this, in the same entry of a batch.
 */
export function encodeBridgeMac(
  writer: MessageWriter,
  vxlanInterface: number,
  mac: Mac,
  vlan: number,
  sticky: boolean,
): void {
  putBridgeMac(writer, vxlanInterface, mac, vlan, NUD_REACHABLE, NTF_EXT_LEARNED);
  if (sticky) putBridgeMac(writer, vxlanInterface, mac, vlan, NUD_REACHABLE | NUD_NOARP, NTF_STICKY);
}

function putBridgeMac(
  writer: MessageWriter,
  vxlanInterface: number,
  mac: Mac,
  vlan: number,
  state: number,
  mark: number,
): void {
  writer.begin(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
  putNeighbourHeader(writer, AF_BRIDGE, vxlanInterface, state, NTF_MASTER | mark);
  writer.attributeMac(NDA_LLADDR, mac);
  if (vlan !== 0) writer.attributeU16(NDA_VLAN, vlan);
  writer.end();
}

/** Takes a MAC out of the bridge if it is on this port (ENOENT when it has roamed, so a local host's entry is safe). */
export function encodeBridgeMacRemoval(
  writer: MessageWriter,
  portInterface: number,
  mac: Mac,
  vlan: number,
): void {
  writer.begin(RTM_DELNEIGH, 0);
  putNeighbourHeader(writer, AF_BRIDGE, portInterface, 0, NTF_MASTER);
  writer.attributeMac(NDA_LLADDR, mac);
  if (vlan !== 0) writer.attributeU16(NDA_VLAN, vlan);
  writer.end();
}

/**
 * One VTEP more for broadcast, unknown unicast and multicast: `00:00:00:00:00:00 dev vxlan10 dst VTEP self permanent`. Adding
 * what is there changes nothing and succeeds.
 */
export function encodeFlood(
  writer: MessageWriter,
  vxlanInterface: number,
  vtep: IpBytes,
  sourceVni: number,
): void {
  writer.begin(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_APPEND);
  putNeighbourHeader(writer, AF_BRIDGE, vxlanInterface, NUD_PERMANENT | NUD_NOARP, NTF_SELF);
  putTunnelAttributes(writer, ALL_ZEROES_MAC, vtep, sourceVni);
  writer.end();
}

/** Takes one VTEP off the flood list; the others stay. */
export function encodeFloodRemoval(
  writer: MessageWriter,
  vxlanInterface: number,
  vtep: IpBytes,
  sourceVni: number,
): void {
  writer.begin(RTM_DELNEIGH, 0);
  putNeighbourHeader(writer, AF_BRIDGE, vxlanInterface, 0, NTF_SELF);
  putTunnelAttributes(writer, ALL_ZEROES_MAC, vtep, sourceVni);
  writer.end();
}

/**
 * Remote neighbour on the bridge or its VLAN interface: `IP dev br10 lladdr MAC extern_learn NOARP proto 235`. It never ages, and
 * the bridge's neighbour suppression answers from it. `router` is the R flag (RFC 9047 section 2).
 */
export function encodeRemoteNeighbour(
  writer: MessageWriter,
  sviInterface: number,
  ip: IpBytes,
  mac: Mac,
  router: boolean,
): void {
  writer.begin(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
  const flags = NTF_EXT_LEARNED | (router ? NTF_ROUTER : 0);
  putNeighbourHeader(writer, ipFamily(ip), sviInterface, NUD_NOARP, flags);
  writer.attributeBytes(NDA_DST, ip);
  writer.attributeMac(NDA_LLADDR, mac);
  writer.attributeU8(NDA_PROTOCOL, RTPROT_EVPND);
  writer.end();
}

/** Takes a neighbour out, whoever wrote it: look at its protocol first. */
export function encodeNeighbourRemoval(writer: MessageWriter, sviInterface: number, ip: IpBytes): void {
  writer.begin(RTM_DELNEIGH, 0);
  putNeighbourHeader(writer, ipFamily(ip), sviInterface, 0, 0);
  writer.attributeBytes(NDA_DST, ip);
  writer.end();
}

const ipFamily = (ip: IpBytes): number => (ip.length === 4 ? AF_INET : AF_INET6);

/** Without an NDA_VNI the tunnel carries the VNI of the device, or on a device for many VNIs the source VNI. */
function putTunnelAttributes(
  writer: MessageWriter,
  mac: Mac,
  vtep: IpBytes | undefined,
  sourceVni: number,
): void {
  writer.attributeMac(NDA_LLADDR, mac);
  if (vtep) writer.attributeBytes(NDA_DST, vtep);
  if (sourceVni !== 0) writer.attributeU32(NDA_SRC_VNI, sourceVni);
}
