/**
 * A fabric in one process: machines on a network in memory, hosts behind the leaves, and everything that can happen to
 * them. The evpnd on each machine is the real one but for its sockets, its clock and its kernel.
 */
import { compareIp, type IpBytes, ip } from '../../src/base/ip.ts';
import { type Logger, silentLogger } from '../../src/base/log.ts';
import type { Neighbour } from '../../src/daemon/neighbour.ts';
import { ENTRY_FLAG, type InstanceState } from '../../src/dataplane/interfaces.ts';
import type { MemoryDriver, MemoryEntry } from '../../src/dataplane/memory/index.ts';
import { MemoryNetwork } from '../../src/session/index.ts';
import { SimulatedClock } from './clock.ts';
import {
  allVnis,
  Configurations,
  FIRST_VNI,
  leafAddress,
  reflectorAddress,
  vtepAddress,
} from './configuration.ts';
import { Machine } from './machine.ts';
import { NOWHERE } from './process-transport.ts';
import type { FabricShape, SimulatedEvent } from './schedule.ts';
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

type InstanceEvent = Extract<SimulatedEvent, { kind: `vni-${string}` | 'renumber' | 'redistinguish' }>;
type DataplaneEvent = Exclude<
  SimulatedEvent,
  { host: number } | { node: number } | { reflector: number } | InstanceEvent
>;

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
    for (const leaf of this.leaves) for (const vni of leaf.places.keys()) this.#showInstance(leaf, vni);
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

  perform(event: SimulatedEvent): void {
    switch (event.kind) {
      case 'speak':
      case 'leave':
      case 'age':
      case 'spoof':
      case 'sticky':
      case 'address':
      case 'drop-address':
        this.#performHost(event);
        break;
      case 'vni-gone':
      case 'vni-down':
      case 'vni-undeclared':
      case 'renumber':
      case 'redistinguish':
        this.#performInstance(event);
        break;
      case 'restart':
      case 'hang':
      case 'isolate':
        this.#performMachine(event);
        break;
      case 'reset':
      case 'cut':
      case 'delay':
      case 'clear':
      case 'refresh':
      case 'shutdown':
        this.#performSession(event);
        break;
      default:
        this.#performDataplane(event);
        break;
    }
  }

  #performHost(event: Extract<SimulatedEvent, { host: number }>): void {
    const host = this.world.hosts[event.host];
    if (!host) return;
    const before = host.leaf === undefined ? undefined : this.leaves[host.leaf];
    const hosts = before?.machine.hosts;
    switch (event.kind) {
      case 'speak':
      case 'leave': {
        const leaf = event.kind === 'speak' ? event.leaf : undefined;
        if (leaf !== undefined && leaf >= this.leaves.length) return;
        host.leaf = leaf;
        // Who takes a host with a static entry elsewhere takes the entry out.
        if (before && host.sticky && before.index !== leaf) this.forget(before, host);
        this.speak(host);
        return;
      }
      case 'age': {
        const leaf = this.leaves[event.leaf];
        if (leaf) this.forget(leaf, host);
        return;
      }
      case 'spoof': {
        const spoofed = this.leaves[event.leaf]?.machine.hosts;
        if (event.leaf === host.leaf || !spoofed?.tables.instances.has(host.vni)) return;
        spoofed.attachMac(host.vni, host.mac, 'swp9');
        return;
      }
      case 'sticky':
        host.sticky = event.on;
        this.speak(host);
        break;
      case 'address':
        this.world.takeAddress(host, event.address);
        this.speak(host);
        break;
      case 'drop-address': {
        const address = host.addresses.shift();
        if (address === undefined || !event.told || !hosts?.tables.instances.has(host.vni)) return;
        hosts.detachNeighbour(host.vni, hostAddress(host.vni, address));
        break;
      }
    }
  }

  #performInstance(event: InstanceEvent): void {
    const leaf = this.leaves[event.leaf];
    if (!leaf) return;
    if (event.kind === 'renumber') {
      leaf.renumbered = !leaf.renumbered;
      for (const vni of leaf.places.keys()) if (leaf.places.get(vni)!.present) this.#showInstance(leaf, vni);
      return;
    }
    const vni = FIRST_VNI + event.vni;
    const place = leaf.places.get(vni);
    if (!place) return;
    const { machine } = leaf;
    const name = `${event.kind} ${event.leaf} ${event.vni}`;
    switch (event.kind) {
      case 'redistinguish':
        place.distinguisher = event.number;
        this.#configure(leaf);
        break;
      case 'vni-gone':
        this.#during(name, event.for, (gone) => {
          place.present = !gone;
          if (gone) machine.hosts.removeInstance(vni);
          else this.#showInstance(leaf, vni);
        });
        break;
      case 'vni-down':
        this.#during(name, event.for, (down) => {
          place.up = !down;
          if (place.present) this.#showInstance(leaf, vni);
        });
        break;
      case 'vni-undeclared':
        this.#during(name, event.for, (undeclared) => {
          place.declared = !undeclared;
          this.#configure(leaf);
        });
        break;
    }
  }

  #performMachine(event: Extract<SimulatedEvent, { node: number }>): void {
    const machine = this.machines[event.node];
    if (!machine) return;
    switch (event.kind) {
      case 'restart':
        machine.end(event.how, event.keep, () => {
          this.clock.after(event.for, () => machine.start());
        });
        break;
      case 'hang':
        this.#during(`hang ${event.node}`, event.for, (on) => machine.hang(on));
        break;
      case 'isolate':
        this.#during(`isolated ${machine.address}`, event.for, (on) => {
          if (on) for (const other of this.machines) this.#cutConnections(machine.address, other.address);
        });
        break;
    }
  }

  #performSession(event: Extract<SimulatedEvent, { reflector: number }>): void {
    const leaf = this.leaves[event.leaf]?.machine;
    const reflector = this.reflectors[event.reflector];
    if (!leaf || !reflector) return;
    const [a, b] = [leaf.address, reflector.address];
    switch (event.kind) {
      case 'reset':
        for (const end of this.network.connections(a, b))
          end.fail(new Error('connection reset by the network'));
        return;
      case 'cut':
        this.#during(cutOf(a, b), event.for, (on) => {
          if (on) this.#cutConnections(a, b);
        });
        break;
      case 'delay': {
        // The octets that arrive meanwhile are read when it is over: late, and in order.
        const receiver = event.up ? b : a;
        const ends = this.network.connections(a, b).filter(({ local }) => local.address === receiver);
        for (const end of ends) end.stall(true);
        this.clock.after(event.for, () => {
          for (const end of ends) end.stall(false);
        });
        return;
      }
      case 'clear':
        neighbourOf(leaf, b)?.resetForConfiguration();
        break;
      case 'refresh': {
        const [asking, asked] = event.up ? [leaf, reflector] : [reflector, leaf];
        neighbourOf(asking, asked.address)?.refreshIn();
        return;
      }
      case 'shutdown':
        this.#during(`shutdown ${a} ${b}`, event.for, (on) => {
          const neighbors = leaf.config.neighbors.map((each) =>
            each.address === b ? { ...each, shutdown: on ? { message: 'maintenance' } : undefined } : each,
          );
          leaf.reconfigure({ ...leaf.config, neighbors });
        });
        break;
    }
  }

  #performDataplane(event: DataplaneEvent): void {
    const leaf = this.leaves[event.leaf];
    if (!leaf) return;
    const { machine } = leaf;
    const { faults, hosts } = machine;
    const name = `${event.kind} ${event.leaf}`;
    const fault = (forMilliseconds: number, change: (on: boolean) => void) =>
      this.#during(name, forMilliseconds, (on) => {
        change(on);
        machine.applyFaults();
      });
    switch (event.kind) {
      case 'unreachable': {
        const other = this.leaves[event.other];
        if (!other || other === leaf) return;
        const vtep = ip(this.vtep(other));
        this.#during(`${name} ${vtep.join('.')}`, event.for, (on) => machine.hosts.setReachable(vtep, !on));
        break;
      }
      case 'delete-entries':
        for (const entry of ours(hosts).slice(event.first, event.first + event.count))
          hosts.deleteForeign(entry);
        return;
      case 'edit-entry':
        this.#editEntry(machine, event.which, event.other);
        break;
      case 'lose-notices':
        this.#during(name, event.for, (on) => {
          faults.loseNotices = on;
          machine.applyFaults();
          if (!on && event.told) machine.hosts.overrun();
        });
        break;
      case 'refuse':
        fault(event.for, (on) => {
          faults.refuse = on ? ({ vtep, vni }) => (vtep + vni) % event.share === 0 : undefined;
        });
        break;
      case 'unknown-results':
        fault(event.for, (on) => {
          faults.unknownResults = on ? (event.performed ? 'performed' : 'lost') : undefined;
        });
        break;
      case 'fail-dump':
        fault(event.for, (on) => {
          faults.failDump = on;
        });
        break;
    }
  }

  /** Another program points an entry of ours elsewhere, and leaves our mark on it. */
  #editEntry(machine: Machine, which: number, other: number): void {
    const { hosts, addresses } = machine;
    const entry = ours(hosts).filter(({ kind }) => kind !== 'flood')[which];
    const leaf = this.leaves[other];
    if (!entry || !leaf) return;
    hosts.writeForeign(
      entry.kind === 'mac'
        ? { ...entry, vtep: addresses.intern(ip(this.vtep(leaf))) }
        : { ...entry, mac: entry.mac! + 0x10 },
    );
  }

  #configure({ index, machine, places }: Leaf): void {
    const declared = [...places].filter(([, place]) => place.declared);
    const distinguishers = new Map(declared.map(([vni, place]) => [vni, place.distinguisher]));
    machine.reconfigure({ ...machine.config, evpn: this.#configurations.evpn(index, distinguishers) });
  }

  #showInstance(leaf: Leaf, vni: number): void {
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

  #cutConnections(a: string, b: string): void {
    for (const end of this.network.connections(a, b)) end.cut();
  }

  #holds(condition: string): boolean {
    return this.#conditions.has(condition);
  }

  /** Makes the condition hold for so long; `change` is called when it begins and ends, also when several overlap. */
  #during(condition: string, milliseconds: number, change: (on: boolean) => void): void {
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

const cutOf = (a: string, b: string): string => `cut ${a < b ? `${a} ${b}` : `${b} ${a}`}`;

const neighbourOf = (machine: Machine, address: string): Neighbour | undefined =>
  machine.speaker?.neighbours.find(address);

const ours = ({ tables }: MemoryDriver): MemoryEntry[] =>
  [...tables.entries.values()].filter((entry) => entry.ours);
