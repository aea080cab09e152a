/** What happens to a simulated fabric: each event of a schedule as what it does to hosts, devices, processes and links. */
import { ip } from '../../src/base/ip.ts';
import type { Neighbour } from '../../src/daemon/neighbour.ts';
import type { MemoryDriver, MemoryEntry } from '../../src/dataplane/memory/index.ts';
import { FIRST_VNI } from './configuration.ts';
import { cutOf, type Fabric } from './fabric.ts';
import type { Machine } from './machine.ts';
import type { SimulatedEvent } from './schedule.ts';
import { hostAddress } from './world.ts';

type InstanceEvent = Extract<SimulatedEvent, { kind: `vni-${string}` | 'renumber' | 'redistinguish' }>;
type DataplaneEvent = Exclude<
  SimulatedEvent,
  { host: number } | { node: number } | { reflector: number } | InstanceEvent
>;

/** Makes the event happen now; what ends by itself ends when its time is over. */
export function perform(fabric: Fabric, event: SimulatedEvent): void {
  switch (event.kind) {
    case 'speak':
    case 'leave':
    case 'age':
    case 'spoof':
    case 'sticky':
    case 'address':
    case 'drop-address':
      performHostEvent(fabric, event);
      break;
    case 'vni-gone':
    case 'vni-down':
    case 'vni-undeclared':
    case 'renumber':
    case 'redistinguish':
      performInstanceEvent(fabric, event);
      break;
    case 'restart':
    case 'hang':
    case 'isolate':
      performMachineEvent(fabric, event);
      break;
    case 'reset':
    case 'cut':
    case 'delay':
    case 'clear':
    case 'refresh':
    case 'shutdown':
      performSessionEvent(fabric, event);
      break;
    default:
      performDataplaneEvent(fabric, event);
      break;
  }
}

function performHostEvent(fabric: Fabric, event: Extract<SimulatedEvent, { host: number }>): void {
  const host = fabric.world.hosts[event.host];
  if (!host) return;
  const before = host.leaf === undefined ? undefined : fabric.leaves[host.leaf];
  const hosts = before?.machine.hosts;
  switch (event.kind) {
    case 'speak':
    case 'leave': {
      const leaf = event.kind === 'speak' ? event.leaf : undefined;
      if (leaf !== undefined && leaf >= fabric.leaves.length) return;
      host.leaf = leaf;
      // Who takes a host with a static entry elsewhere takes the entry out.
      if (before && host.sticky && before.index !== leaf) fabric.forget(before, host);
      fabric.speak(host);
      return;
    }
    case 'age': {
      const leaf = fabric.leaves[event.leaf];
      if (leaf) fabric.forget(leaf, host);
      return;
    }
    case 'spoof': {
      const spoofed = fabric.leaves[event.leaf]?.machine.hosts;
      if (event.leaf === host.leaf || !spoofed?.tables.instances.has(host.vni)) return;
      spoofed.attachMac(host.vni, host.mac, 'swp9');
      return;
    }
    case 'sticky':
      host.sticky = event.on;
      fabric.speak(host);
      break;
    case 'address':
      fabric.world.takeAddress(host, event.address);
      fabric.speak(host);
      break;
    case 'drop-address': {
      const address = host.addresses.shift();
      if (address === undefined || !event.told || !hosts?.tables.instances.has(host.vni)) return;
      hosts.detachNeighbour(host.vni, hostAddress(host.vni, address));
      break;
    }
  }
}

function performInstanceEvent(fabric: Fabric, event: InstanceEvent): void {
  const leaf = fabric.leaves[event.leaf];
  if (!leaf) return;
  if (event.kind === 'renumber') {
    leaf.renumbered = !leaf.renumbered;
    for (const vni of leaf.places.keys()) if (leaf.places.get(vni)!.present) fabric.showInstance(leaf, vni);
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
      fabric.configure(leaf);
      break;
    case 'vni-gone':
      fabric.during(name, event.for, (gone) => {
        place.present = !gone;
        if (gone) machine.hosts.removeInstance(vni);
        else fabric.showInstance(leaf, vni);
      });
      break;
    case 'vni-down':
      fabric.during(name, event.for, (down) => {
        place.up = !down;
        if (place.present) fabric.showInstance(leaf, vni);
      });
      break;
    case 'vni-undeclared':
      fabric.during(name, event.for, (undeclared) => {
        place.declared = !undeclared;
        fabric.configure(leaf);
      });
      break;
  }
}

function performMachineEvent(fabric: Fabric, event: Extract<SimulatedEvent, { node: number }>): void {
  const machine = fabric.machines[event.node];
  if (!machine) return;
  switch (event.kind) {
    case 'restart':
      machine.end(event.how, event.keep, () => {
        fabric.clock.after(event.for, () => machine.start());
      });
      break;
    case 'hang':
      fabric.during(`hang ${event.node}`, event.for, (on) => machine.hang(on));
      break;
    case 'isolate':
      fabric.during(`isolated ${machine.address}`, event.for, (on) => {
        if (on) for (const other of fabric.machines) fabric.cutConnections(machine.address, other.address);
      });
      break;
  }
}

function performSessionEvent(fabric: Fabric, event: Extract<SimulatedEvent, { reflector: number }>): void {
  const leaf = fabric.leaves[event.leaf]?.machine;
  const reflector = fabric.reflectors[event.reflector];
  if (!leaf || !reflector) return;
  const [a, b] = [leaf.address, reflector.address];
  switch (event.kind) {
    case 'reset':
      for (const end of fabric.network.connections(a, b))
        end.fail(new Error('connection reset by the network'));
      return;
    case 'cut':
      fabric.during(cutOf(a, b), event.for, (on) => {
        if (on) fabric.cutConnections(a, b);
      });
      break;
    case 'delay': {
      // The octets that arrive meanwhile are read when it is over: late, and in order.
      const receiver = event.up ? b : a;
      const ends = fabric.network.connections(a, b).filter(({ local }) => local.address === receiver);
      for (const end of ends) end.stall(true);
      fabric.clock.after(event.for, () => {
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
      fabric.during(`shutdown ${a} ${b}`, event.for, (on) => {
        const neighbors = leaf.config.neighbors.map((each) =>
          each.address === b ? { ...each, shutdown: on ? { message: 'maintenance' } : undefined } : each,
        );
        leaf.reconfigure({ ...leaf.config, neighbors });
      });
      break;
  }
}

function performDataplaneEvent(fabric: Fabric, event: DataplaneEvent): void {
  const leaf = fabric.leaves[event.leaf];
  if (!leaf) return;
  const { machine } = leaf;
  const { faults, hosts } = machine;
  const name = `${event.kind} ${event.leaf}`;
  const fault = (forMilliseconds: number, change: (on: boolean) => void) =>
    fabric.during(name, forMilliseconds, (on) => {
      change(on);
      machine.applyFaults();
    });
  switch (event.kind) {
    case 'unreachable': {
      const other = fabric.leaves[event.other];
      if (!other || other === leaf) return;
      const vtep = ip(fabric.vtep(other));
      fabric.during(`${name} ${vtep.join('.')}`, event.for, (on) => machine.hosts.setReachable(vtep, !on));
      break;
    }
    case 'delete-entries':
      for (const entry of ours(hosts).slice(event.first, event.first + event.count))
        hosts.deleteForeign(entry);
      return;
    case 'edit-entry':
      editEntry(fabric, machine, event.which, event.other);
      break;
    case 'lose-notices':
      fabric.during(name, event.for, (on) => {
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
function editEntry(fabric: Fabric, machine: Machine, which: number, other: number): void {
  const { hosts, addresses } = machine;
  const entry = ours(hosts).filter(({ kind }) => kind !== 'flood')[which];
  const leaf = fabric.leaves[other];
  if (!entry || !leaf) return;
  hosts.writeForeign(
    entry.kind === 'mac'
      ? { ...entry, vtep: addresses.intern(ip(fabric.vtep(leaf))) }
      : { ...entry, mac: entry.mac! + 0x10 },
  );
}

const neighbourOf = (machine: Machine, address: string): Neighbour | undefined =>
  machine.speaker?.neighbours.find(address);

const ours = ({ tables }: MemoryDriver): MemoryEntry[] =>
  [...tables.entries.values()].filter((entry) => entry.ours);
