/**
 * The hosts of a memory dataplane are those that the configuration names: a fabric to try things in, on any machine, where
 * a host moves by an edit and a reload.
 */
import { ip } from '../base/ip.ts';
import { type Mac, parseMac } from '../base/mac.ts';
import type { Config, MemoryHostConfig } from '../config/index.ts';
import type { InstanceState } from '../dataplane/interfaces.ts';
import type { MemoryDriver } from '../dataplane/memory/index.ts';

const VXLAN_MTU = 1500;

export class ConfiguredHosts {
  readonly #driver: MemoryDriver;
  #vnis: ReadonlySet<number> = new Set();
  #hosts: ReadonlyMap<string, MemoryHostConfig> = new Map();

  constructor(driver: MemoryDriver) {
    this.#driver = driver;
  }

  /** Brings instances and hosts in line with the configuration. */
  apply({ evpn, dataplane }: Config): void {
    const hosts = new Map(dataplane.hosts.map((host) => [JSON.stringify(host), host]));
    const vnis = new Set([...evpn.vnis, ...dataplane.hosts].map(({ vni }) => vni));
    for (const [key, host] of this.#hosts) if (!hosts.has(key)) this.#detach(host);
    for (const vni of this.#vnis) if (!vnis.has(vni)) this.#driver.removeInstance(vni);
    for (const vni of vnis) this.#driver.setInstance(instanceState(vni, evpn.vtep));
    for (const [key, host] of hosts) if (!this.#hosts.has(key)) this.#attach(host);
    this.#vnis = vnis;
    this.#hosts = hosts;
  }

  #attach({ vni, mac, ip: address }: MemoryHostConfig): void {
    this.#driver.attachMac(vni, macOf(mac), 'configured');
    if (address !== undefined) this.#driver.attachNeighbour(vni, ip(address), macOf(mac));
  }

  #detach({ vni, mac, ip: address }: MemoryHostConfig): void {
    if (address !== undefined) this.#driver.detachNeighbour(vni, ip(address));
    this.#driver.detachMac(vni, macOf(mac));
  }
}

/** The configuration has been checked: every MAC in it is one. */
const macOf = (text: string): Mac => parseMac(text)!;

function instanceState(vni: number, vtep: string | undefined): InstanceState {
  return {
    vni,
    vtep: vtep === undefined ? undefined : ip(vtep),
    vxlanInterface: `memory-vxlan${vni}`,
    bridge: `memory-br${vni}`,
    sviInterface: `memory-br${vni}`,
    vlan: undefined,
    up: true,
    mtu: VXLAN_MTU,
    ownMacs: [],
    warnings: [],
  };
}
