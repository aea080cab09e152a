/**
 * Finds L2 instances among the interfaces of a network namespace: a VXLAN device in a bridge is an instance, and what
 * its bridge, ports and VLANs look like decides where its hosts and neighbours are found. Pure: links go in, instances come out.
 *
 * One VXLAN device per VNI. In a bridge without VLAN filtering the whole bridge is the instance and its own interface the SVI; in
 * one with VLAN filtering the VXLAN port's PVID names the VLAN and a VLAN interface on the bridge is the SVI.
 */
import type { Mac } from '../../base/mac.ts';
import { AF_BRIDGE, type BridgePortInfo, type Link, type PortVlan } from '../../netlink/index.ts';
import type { InstanceState } from '../interfaces.ts';

export interface KernelInstance {
  readonly vni: number;
  readonly vxlanIndex: number;
  readonly bridgeIndex: number;
  /** 0 when the VLAN has no interface on the bridge. */
  readonly sviIndex: number;
  /** 0 in a bridge without VLAN filtering. */
  readonly vlan: number;
  readonly learnsInDevice: boolean;
  readonly learnsInBridge: boolean;
  readonly suppresses: boolean;
  /** The device's fixed remote, which shows in its flood list without being an entry of anybody. */
  readonly fixedRemote: Uint8Array | undefined;
  readonly state: InstanceState;
  /** The same list as in `state`. */
  readonly ownMacs: Mac[];
}

export interface InventoryView {
  readonly instances: ReadonlyMap<number, KernelInstance>;
  readonly byVxlan: ReadonlyMap<number, KernelInstance>;
  readonly bySvi: ReadonlyMap<number, KernelInstance>;
  /** By bridge index and VLAN (0 without VLAN filtering), as `placeKey` numbers them. */
  readonly byPlace: ReadonlyMap<number, KernelInstance>;
  /** VXLAN devices that cannot be used, in words. */
  readonly unsupported: readonly string[];
}

const VLANS = 4096;
export const placeKey = (bridgeIndex: number, vlan: number): number => bridgeIndex * VLANS + vlan;

interface PortRole {
  readonly port: BridgePortInfo | undefined;
  readonly vlans: readonly PortVlan[];
}

export class Inventory {
  #links = new Map<number, Link>();
  #roles = new Map<number, PortRole>();
  /** Interfaces that notices told of while a dump runs: newer than what it shows. */
  #told: Set<number> | undefined;
  #dumpedLinks = new Map<number, Link>();
  #dumpedRoles = new Map<number, PortRole>();

  name(index: number): string {
    return this.#links.get(index)?.name ?? '';
  }

  link(index: number): Link | undefined {
    return this.#links.get(index);
  }

  beginDump(): void {
    this.#told = new Set();
    this.#dumpedLinks = new Map();
    this.#dumpedRoles = new Map();
  }

  dumped(link: Link): void {
    put(this.#dumpedLinks, this.#dumpedRoles, link);
  }

  /** Takes the dump over, but for what notices told since it began. */
  endDump(): void {
    for (const index of this.#told ?? []) {
      carry(index, this.#links, this.#dumpedLinks);
      carry(index, this.#roles, this.#dumpedRoles);
    }
    this.#links = this.#dumpedLinks;
    this.#roles = this.#dumpedRoles;
    this.#told = undefined;
  }

  /** A notice of a link; `gone` for RTM_DELLINK. */
  heard(link: Link, gone: boolean): void {
    this.#told?.add(link.index);
    if (!gone) {
      put(this.#links, this.#roles, link);
      return;
    }
    this.#roles.delete(link.index);
    const known = this.#links.get(link.index);
    // As a bridge port it is gone, as an interface it stays.
    if (link.family === AF_BRIDGE && known) this.#links.set(link.index, { ...known, master: undefined });
    else if (link.family !== AF_BRIDGE) this.#links.delete(link.index);
  }

  view(): InventoryView {
    const instances = new Map<number, KernelInstance>();
    const byVxlan = new Map<number, KernelInstance>();
    const bySvi = new Map<number, KernelInstance>();
    const byPlace = new Map<number, KernelInstance>();
    const unsupported: string[] = [];
    const svis = this.#vlanInterfaces();
    for (const link of [...this.#links.values()].sort((a, b) => a.index - b.index)) {
      const found = this.#instanceOf(link, svis);
      if (typeof found === 'string') unsupported.push(found);
      if (!found || typeof found === 'string') continue;
      const place = placeKey(found.bridgeIndex, found.vlan);
      const rival = instances.get(found.vni) ?? byPlace.get(place);
      if (rival) {
        unsupported.push(clash(found, rival));
        continue;
      }
      instances.set(found.vni, found);
      byVxlan.set(found.vxlanIndex, found);
      byPlace.set(place, found);
      if (found.sviIndex !== 0) bySvi.set(found.sviIndex, found);
    }
    this.#fillOwnMacs(instances, bySvi, byPlace);
    return { instances, byVxlan, bySvi, byPlace, unsupported };
  }

  /** The MACs of the leaf itself in each instance: of its bridge, its SVI and what stands on that, and of its ports. */
  #fillOwnMacs(
    instances: InventoryView['instances'],
    bySvi: InventoryView['bySvi'],
    byPlace: InventoryView['byPlace'],
  ): void {
    const found = new Map<KernelInstance, Set<Mac>>();
    const add = (instance: KernelInstance | undefined, mac: Mac | undefined): void => {
      if (!instance || !mac) return;
      const macs = found.get(instance);
      if (macs) macs.add(mac);
      else found.set(instance, new Set([mac]));
    };
    for (const instance of instances.values()) {
      add(instance, this.#links.get(instance.bridgeIndex)?.mac);
      add(instance, this.#links.get(instance.sviIndex)?.mac);
    }
    for (const { index, kind, lower, mac, master } of this.#links.values()) {
      if (kind === 'macvlan' && lower !== undefined) add(bySvi.get(lower), mac);
      if (master === undefined) continue;
      add(byPlace.get(placeKey(master, 0)), mac);
      for (const { vlan } of this.#roles.get(index)?.vlans ?? []) {
        if (vlan !== 0) add(byPlace.get(placeKey(master, vlan)), mac);
      }
    }
    for (const [instance, macs] of found) instance.ownMacs.push(...[...macs].sort((a, b) => a - b));
  }

  /** VLAN interfaces by the bridge below and their VLAN. */
  #vlanInterfaces(): Map<number, Link> {
    const svis = new Map<number, Link>();
    for (const link of this.#links.values()) {
      if (link.vlanId !== undefined && link.lower !== undefined) {
        svis.set(placeKey(link.lower, link.vlanId), link);
      }
    }
    return svis;
  }

  /** An instance; why the device cannot be one; or undefined for what is none. */
  #instanceOf(link: Link, svis: ReadonlyMap<number, Link>): KernelInstance | string | undefined {
    const { vxlan } = link;
    const bridge = link.master === undefined ? undefined : this.#links.get(link.master);
    if (!vxlan || !bridge?.bridge) return undefined;
    if (vxlan.external || vxlan.vniFilter) {
      return `${link.name} carries many VNIs (external): make one VXLAN device for each VNI`;
    }
    const role = this.#roles.get(link.index);
    const port = role?.port ?? link.bridgePort;
    const { vlanFiltering } = bridge.bridge;
    const vlan = vlanFiltering ? (role?.vlans.find((entry) => entry.pvid)?.vlan ?? 0) : 0;
    if (vlanFiltering && vlan === 0) {
      return `${link.name} has no PVID in ${bridge.name}: bridge vlan add dev ${link.name} vid VLAN pvid untagged`;
    }
    const svi = vlanFiltering ? svis.get(placeKey(bridge.index, vlan)) : bridge;
    const found = {
      vni: vxlan.vni,
      vxlanIndex: link.index,
      bridgeIndex: bridge.index,
      sviIndex: svi?.index ?? 0,
      vlan,
      learnsInDevice: vxlan.learning,
      learnsInBridge: port?.learning ?? false,
      suppresses: port?.neighbourSuppression ?? true,
      fixedRemote: vxlan.remote,
      ownMacs: [] as Mac[],
    };
    const state: InstanceState = {
      vni: vxlan.vni,
      vtep: vxlan.local,
      vxlanInterface: link.name,
      bridge: bridge.name,
      sviInterface: svi?.name ?? '',
      vlan: vlanFiltering ? vlan : undefined,
      up: link.up && bridge.up,
      mtu: bridge.mtu,
      ownMacs: found.ownMacs,
      warnings: warningsOf(link, bridge, found),
    };
    return { ...found, state };
  }
}

function put(links: Map<number, Link>, roles: Map<number, PortRole>, link: Link): void {
  if (link.family === AF_BRIDGE) {
    roles.set(link.index, { port: link.bridgePort, vlans: link.vlans });
    return;
  }
  links.set(link.index, link);
  const role = roles.get(link.index);
  if (role && link.bridgePort) roles.set(link.index, { ...role, port: link.bridgePort });
}

function carry<T>(index: number, from: ReadonlyMap<number, T>, to: Map<number, T>): void {
  const value = from.get(index);
  if (value === undefined) to.delete(index);
  else to.set(index, value);
}

function clash(found: KernelInstance, rival: KernelInstance): string {
  const name = found.state.vxlanInterface;
  const other = rival.state.vxlanInterface;
  if (found.vni === rival.vni)
    return `${name} and ${other} both carry VNI ${found.vni}: only ${other} is used`;
  const place = found.vlan === 0 ? found.state.bridge : `VLAN ${found.vlan} of ${found.state.bridge}`;
  return `${name} and ${other} are both in ${place}: only ${other} is used`;
}

function warningsOf(
  link: Link,
  bridge: Link,
  found: Pick<
    KernelInstance,
    'learnsInDevice' | 'learnsInBridge' | 'suppresses' | 'sviIndex' | 'vlan' | 'fixedRemote'
  >,
): string[] {
  const warnings: string[] = [];
  const { name } = link;
  if (!link.vxlan?.local) {
    warnings.push(`${name} has no source address: ip link set ${name} type vxlan local ADDRESS`);
  }
  if (found.learnsInDevice) {
    warnings.push(`${name} learns VTEPs from frames: ip link set ${name} type vxlan nolearning`);
  }
  if (found.learnsInBridge) {
    warnings.push(`${bridge.name} learns MACs at ${name}: bridge link set dev ${name} learning off`);
  }
  if (!found.suppresses) {
    warnings.push(`ARP and ND are flooded through ${name}: bridge link set dev ${name} neigh_suppress on`);
  }
  if (found.sviIndex === 0) {
    const svi = `ip link add link ${bridge.name} name vlan${found.vlan} type vlan id ${found.vlan}`;
    warnings.push(`VLAN ${found.vlan} has no interface for its neighbours: ${svi}`);
  }
  if (found.fixedRemote) {
    warnings.push(
      `${name} floods to a fixed remote beside the fabric's list: make it again without "remote" or "group"`,
    );
  }
  return warnings;
}
