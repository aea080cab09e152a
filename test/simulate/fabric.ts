/**
 * A fabric in one process: machines on a network in memory, and hosts behind the leaves. The evpnd on each machine is the
 * real one but for its sockets, its clock and its kernel.
 */
import { compareIp, type IpBytes, ip } from '../../src/base/ip.ts';
import { type Logger, silentLogger } from '../../src/base/log.ts';
import { ENTRY_FLAG, type InstanceState } from '../../src/dataplane/interfaces.ts';
import { MemoryNetwork } from '../../src/session/index.ts';
import { SimulatedClock } from './clock.ts';
import { allVnis, Configurations, leafAddress, reflectorAddress, vtepAddress } from './configuration.ts';
import { Machine } from './machine.ts';
import { NOWHERE } from './process-transport.ts';
import type { FabricShape } from './schedule.ts';
import { type Host, hostAddress, World } from './world.ts';

const MTU = 1450;

export interface FabricOptions {
  readonly shape: FabricShape;
  readonly seed: number;
  readonly logOf?: ((name: string, clock: SimulatedClock) => Logger) | undefined;
  /** Whether a leaf has a device for a VNI; every leaf has all of them otherwise. */
  readonly hasVni?: ((leaf: number, vni: number) => boolean) | undefined;
}

/** What a leaf's operator has made of a VNI. */
export interface VniPlace {
  present: boolean;
  up: boolean;
  declared: boolean;
  /** Number of its own route distinguisher. */
  distinguisher: number | undefined;
}

export interface Leaf {
  readonly index: number;
  readonly machine: Machine;
  readonly places: ReadonlyMap<number, VniPlace>;
  renumbered: boolean;
}

export class Fabric {
  readonly shape: FabricShape;
  readonly clock = new SimulatedClock();
  readonly network: MemoryNetwork;
  readonly world: World;
  readonly leaves: readonly Leaf[];
  readonly reflectors: readonly Machine[];
  readonly #configurations: Configurations;
  /** Conditions that hold for a while, and how often each was asked for. */
  readonly #conditions = new Map<string, number>();

  constructor({ shape, seed, logOf = () => silentLogger, hasVni = () => true }: FabricOptions) {
    this.shape = shape;
    const { latencyMilliseconds, windowOctets } = shape;
    const highWaterOctets = windowOctets * 4;
    this.network = new MemoryNetwork(this.clock, { latencyMilliseconds, windowOctets, highWaterOctets });
    this.network.setReachability(NOWHERE, 'silent');
    this.world = new World(shape);
    const configurations = (this.#configurations = new Configurations(shape));
    const isCut = (a: string, b: string) =>
      this.#holds(cutOf(a, b)) || this.#holds(`isolated ${a}`) || this.#holds(`isolated ${b}`);
    const machine = (name: string, address: string, config: Machine['config'], index: number) => {
      const { clock, network } = this;
      return new Machine({
        name,
        address,
        config,
        clock,
        network,
        log: logOf(name, clock),
        seed: seed * 65_536 + index,
        isCut,
      });
    };
    this.leaves = Array.from({ length: shape.leaves }, (_, index) => ({
      index,
      machine: machine(`leaf${index}`, leafAddress(index), configurations.leaf(index), index),
      places: new Map(
        allVnis(shape)
          .filter((vni) => hasVni(index, vni))
          .map((vni) => [vni, { present: true, up: true, declared: true, distinguisher: undefined }]),
      ),
      renumbered: false,
    }));
    this.reflectors = Array.from({ length: shape.reflectors }, (_, index) =>
      machine(
        `reflector${index}`,
        reflectorAddress(index),
        configurations.reflector(index),
        shape.leaves + index,
      ),
    );
  }

  get machines(): readonly Machine[] {
    return [...this.leaves.map(({ machine }) => machine), ...this.reflectors];
  }

  /** Every machine with its devices; every evpnd running. */
  start(): void {
    this.clock.lookMilliseconds = this.shape.lookMilliseconds;
    for (const leaf of this.leaves) for (const vni of leaf.places.keys()) this.showInstance(leaf, vni);
    for (const machine of this.machines) machine.start();
  }

  vtep(leaf: Leaf): string {
    return vtepAddress(leaf.index, leaf.renumbered);
  }

  /** Whether the leaf takes part in the VNI, when everything works. */
  takesPart(leaf: Leaf, vni: number): boolean {
    const place = leaf.places.get(vni);
    return place?.present === true && place.up && place.declared;
  }

  /** The host sends a frame and an ARP or ND message from where it is. */
  speak(host: Host): void {
    if (host.leaf === undefined) return;
    const { hosts } = this.leaves[host.leaf]!.machine;
    if (!hosts.tables.instances.has(host.vni)) return;
    hosts.attachMac(host.vni, host.mac, 'swp1', host.sticky ? ENTRY_FLAG.STICKY : 0);
    for (const address of host.addresses) {
      hosts.attachNeighbour(host.vni, hostAddress(host.vni, address), host.mac);
    }
  }

  /** Nobody is there: the bridge of `leaf` forgets the MAC. A static entry stays. */
  forget(leaf: Leaf, host: Host): void {
    if (host.sticky && host.leaf === leaf.index) return;
    const { hosts } = leaf.machine;
    if (hosts.tables.instances.has(host.vni)) hosts.detachMac(host.vni, host.mac);
  }

  /** Time passes: what bridge and neighbour table hold of hosts that are not there is forgotten. */
  ageOut(leaf: Leaf): void {
    const { hosts, tables } = leaf.machine;
    for (const [vni, { macs, neighbours }] of tables.instances) {
      const here = this.world.hosts.filter((host) => host.leaf === leaf.index && host.vni === vni);
      for (const mac of [...macs.keys()])
        if (!here.some((host) => host.mac === mac)) hosts.detachMac(vni, mac);
      for (const { ip, mac } of [...neighbours.values()]) {
        const isRight = here.some((host) => {
          return host.mac === mac && host.addresses.some((each) => sameIp(hostAddress(vni, each), ip));
        });
        if (!isRight) hosts.detachNeighbour(vni, ip);
      }
    }
  }

  /** The operator changes the configuration of the leaf to what its places say. */
  configure({ index, machine, places }: Leaf): void {
    const declared = [...places].filter(([, place]) => place.declared);
    const distinguishers = new Map(declared.map(([vni, place]) => [vni, place.distinguisher]));
    machine.reconfigure({ ...machine.config, evpn: this.#configurations.evpn(index, distinguishers) });
  }

  /** The device of the VNI appears at the leaf, or changes. */
  showInstance(leaf: Leaf, vni: number): void {
    const state: InstanceState = {
      vni,
      vtep: ip(this.vtep(leaf)),
      vxlanInterface: `vxlan${vni}`,
      bridge: `br${vni}`,
      sviInterface: `br${vni}`,
      vlan: undefined,
      up: leaf.places.get(vni)!.up,
      mtu: MTU,
      ownMacs: [],
      warnings: [],
    };
    leaf.machine.hosts.setInstance(state);
  }

  /** Connections between the two are dead, and nobody is told. */
  cutConnections(a: string, b: string): void {
    for (const end of this.network.connections(a, b)) end.cut();
  }

  #holds(condition: string): boolean {
    return this.#conditions.has(condition);
  }

  /** Makes the condition hold for so long; `change` is called when it begins and ends, also when several overlap. */
  during(condition: string, milliseconds: number, change: (on: boolean) => void): void {
    const depth = this.#conditions.get(condition) ?? 0;
    this.#conditions.set(condition, depth + 1);
    if (depth === 0) change(true);
    if (milliseconds === 0) return;
    this.clock.after(milliseconds, () => {
      const left = this.#conditions.get(condition)! - 1;
      if (left > 0) this.#conditions.set(condition, left);
      else {
        this.#conditions.delete(condition);
        change(false);
      }
    });
  }
}

const sameIp = (a: IpBytes, b: IpBytes): boolean => compareIp(a, b) === 0;

/** The condition that nothing passes between two addresses. */
export const cutOf = (a: string, b: string): string => `cut ${a < b ? `${a} ${b}` : `${b} ${a}`}`;
