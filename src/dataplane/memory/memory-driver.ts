/**
 * A dataplane in memory: forwarding tables as maps, hosts attached by calls, and faults on demand. It runs the
 * fabric without root, and it is what the contract suite is first run against.
 */
import type { AddressId, AddressTable } from '../../base/address-table.ts';
import type { Clock } from '../../base/clock.ts';
import { type IpBytes, printIp } from '../../base/ip.ts';
import { type Mac, macHigh, macLow, macOfWords, printMac } from '../../base/mac.ts';
import {
  type Driver,
  type DriverSink,
  type EntryBatch,
  KIND,
  OP,
  ORIGIN,
  type Origin,
  PART,
  putWord,
  RESULT,
} from '../driver.ts';
import type { InstanceSpec, InstanceState } from '../interfaces.ts';

/** An entry as the memory holds it: what the outside of a real dataplane would show. */
export interface MemoryEntry {
  readonly kind: 'flood' | 'mac' | 'neighbour';
  readonly vni: number;
  readonly mac: Mac | undefined;
  readonly ip: IpBytes | undefined;
  readonly vtep: AddressId;
  readonly flags: number;
  /** Written by evpnd, in this run or an earlier one. */
  readonly ours: boolean;
}

interface LocalMac {
  readonly mac: Mac;
  readonly flags: number;
  readonly port: string;
}

interface LocalNeighbour {
  readonly ip: IpBytes;
  readonly mac: Mac;
  readonly flags: number;
}

interface MemoryInstance {
  state: InstanceState;
  readonly macs: Map<Mac, LocalMac>;
  readonly neighbours: Map<string, LocalNeighbour>;
}

const ERROR_REFUSED = 1;
const ERROR_NO_INSTANCE = 2;
const ERROR_TEXTS: Readonly<Record<number, string>> = {
  [ERROR_REFUSED]: 'EPERM (refused on request)',
  [ERROR_NO_INSTANCE]: 'ENODEV (no such instance)',
};

const KIND_NAMES = { [KIND.FLOOD]: 'flood', [KIND.MAC]: 'mac', [KIND.NEIGHBOUR]: 'neighbour' } as const;

/**
 * The tables themselves. They outlive a driver, as a kernel outlives a daemon: give the same store to a second driver to
 * try a restart.
 */
export class MemoryTables {
  readonly entries = new Map<string, MemoryEntry>();
  readonly instances = new Map<number, MemoryInstance>();
  readonly unreachable = new Set<string>();
  /** Writes that reached the tables, refused ones not counted. */
  writes = 0;
}

export interface MemoryFaults {
  /** Entries for which this is true are refused. */
  refuse: ((entry: MemoryEntry) => boolean) | undefined;
  /** Notices are lost, and nobody is told, until this is false again. */
  loseNotices: boolean;
  /** Batches have no known result, whether they were performed or lost on the way. */
  unknownResults: 'performed' | 'lost' | undefined;
  failDump: boolean;
}

export class MemoryDriver implements Driver {
  readonly kind = 'memory';
  readonly batchSize = 256;
  readonly writesAtOnce = 1;
  readonly completeParts = {
    [KIND.FLOOD]: PART.VALUE,
    [KIND.MAC]: PART.VALUE,
    [KIND.NEIGHBOUR]: PART.VALUE,
  };
  readonly visibleFlags = { [KIND.FLOOD]: 0, [KIND.MAC]: 0xff, [KIND.NEIGHBOUR]: 0xff };
  readonly tables: MemoryTables;
  readonly faults: MemoryFaults = {
    refuse: undefined,
    loseNotices: false,
    unknownResults: undefined,
    failDump: false,
  };
  readonly #addresses: AddressTable;
  readonly #clock: Clock;
  readonly #ports: string[] = [];
  readonly #watched = new Set<AddressId>();
  #sink: DriverSink | undefined;
  /** Instances that were reported: one that a dump no longer finds has gone unnoticed. */
  readonly #told = new Set<number>();

  constructor(addresses: AddressTable, clock: Clock, tables = new MemoryTables()) {
    this.#addresses = addresses;
    this.#clock = clock;
    this.tables = tables;
  }

  async open(sink: DriverSink): Promise<void> {
    this.#sink = sink;
  }

  async dump(): Promise<void> {
    if (this.faults.failDump) throw new Error('the dump fails on request');
    for (const vni of this.#told) if (!this.tables.instances.has(vni)) this.#tellGone(vni);
    for (const instance of this.tables.instances.values()) this.#tellInstance(instance.state);
    for (const entry of this.tables.entries.values()) this.#tell(entry, ORIGIN.DUMP);
    for (const [vni, instance] of this.tables.instances) {
      for (const host of instance.macs.values()) this.#tellMac(vni, host, ORIGIN.DUMP);
      for (const host of instance.neighbours.values()) this.#tellNeighbour(vni, host, ORIGIN.DUMP);
    }
  }

  write(batch: EntryBatch, done: () => void): void {
    for (let i = 0; i < batch.length; i++) batch.result[i] = this.#writeOne(batch, i);
    done();
  }

  errorText(code: number): string {
    return ERROR_TEXTS[code] ?? `error ${code}`;
  }

  portName(port: number): string {
    return this.#ports[port] ?? '';
  }

  ensure(_spec: InstanceSpec): void {}

  remove(_vni: number): void {}

  watchVtep(vtep: AddressId): void {
    this.#watched.add(vtep);
    this.#clock.soon(() => {
      if (!this.#watched.has(vtep)) return;
      this.#tellReachable(vtep);
      this.#sink?.settled();
    });
  }

  unwatchVtep(vtep: AddressId): void {
    this.#watched.delete(vtep);
  }

  async close(): Promise<void> {
    this.#sink = undefined;
  }

  /** An instance appears, or changes. */
  setInstance(state: InstanceState): void {
    const known = this.tables.instances.get(state.vni);
    if (known) known.state = state;
    else this.tables.instances.set(state.vni, { state, macs: new Map(), neighbours: new Map() });
    this.#notify((sink) => {
      this.#tellInstance(state);
      if (!known) sink.resync();
      sink.settled();
    });
  }

  /** An instance disappears with all that is in it. */
  removeInstance(vni: number): void {
    this.tables.instances.delete(vni);
    for (const [key, entry] of this.tables.entries) if (entry.vni === vni) this.tables.entries.delete(key);
    this.#notify((sink) => {
      this.#tellGone(vni);
      sink.settled();
    });
  }

  /** A host sends its first frame at `port`. As in a bridge, the MAC moves there from wherever it was. */
  attachMac(vni: number, mac: Mac, port: string, flags = 0): void {
    const host = { mac, flags, port };
    const remote = { kind: 'mac', vni, mac, ip: undefined, vtep: 0 } as const;
    this.#instance(vni).macs.set(mac, host);
    const wasRemote = this.tables.entries.delete(keyOf(remote));
    this.#notify((sink) => {
      this.#tellMac(vni, host, ORIGIN.NOTICE);
      if (wasRemote) this.#tellMissing(sink, remote);
      sink.settled();
    });
  }

  detachMac(vni: number, mac: Mac): void {
    if (!this.#instance(vni).macs.delete(mac)) return;
    this.#notify((sink) => {
      sink.localMacGone(vni, macHigh(mac), macLow(mac));
      sink.settled();
    });
  }

  attachNeighbour(vni: number, ip: IpBytes, mac: Mac, flags = 0): void {
    const host = { ip: ip.slice(), mac, flags };
    this.#instance(vni).neighbours.set(printIp(ip), host);
    this.#notify((sink) => {
      this.#tellNeighbour(vni, host, ORIGIN.NOTICE);
      sink.settled();
    });
  }

  detachNeighbour(vni: number, ip: IpBytes): void {
    if (!this.#instance(vni).neighbours.delete(printIp(ip))) return;
    this.#notify((sink) => {
      sink.localNeighbourGone(vni, ip);
      sink.settled();
    });
  }

  setReachable(vtep: IpBytes, reachable: boolean): void {
    if (reachable) this.tables.unreachable.delete(printIp(vtep));
    else this.tables.unreachable.add(printIp(vtep));
    const id = this.#addresses.intern(vtep);
    if (!this.#watched.has(id)) return;
    this.#tellReachable(id);
    this.#notify((sink) => sink.settled());
  }

  /** Another program writes an entry. */
  writeForeign(entry: MemoryEntry): void {
    this.tables.entries.set(keyOf(entry), entry);
    this.#notify((sink) => {
      this.#tell(entry, ORIGIN.NOTICE);
      sink.settled();
    });
  }

  /** Another program deletes an entry, whosever it is. */
  deleteForeign(entry: Pick<MemoryEntry, 'kind' | 'vni' | 'mac' | 'ip' | 'vtep'>): void {
    if (!this.tables.entries.delete(keyOf(entry))) return;
    this.#notify((sink) => {
      this.#tellMissing(sink, entry);
      sink.settled();
    });
  }

  /** Notices were lost, and the driver is told so. */
  overrun(): void {
    this.#sink?.overrun();
  }

  #instance(vni: number): MemoryInstance {
    const instance = this.tables.instances.get(vni);
    if (!instance) throw new Error(`Cannot attach a host: no instance has VNI ${vni}`);
    return instance;
  }

  #notify(tell: (sink: DriverSink) => void): void {
    if (this.#sink && !this.faults.loseNotices) tell(this.#sink);
  }

  #writeOne(batch: EntryBatch, i: number): number {
    const entry = entryOf(batch, i);
    if (!this.tables.instances.has(entry.vni)) return ERROR_NO_INSTANCE;
    if (this.faults.refuse?.(entry)) return ERROR_REFUSED;
    if (this.faults.unknownResults === 'lost') return RESULT.UNKNOWN;
    this.tables.writes++;
    if (batch.op[i] === OP.REMOVE) this.tables.entries.delete(keyOf(entry));
    else {
      this.tables.entries.set(keyOf(entry), entry);
      if (entry.kind === 'mac') this.#moveAway(entry.vni, entry.mac!);
    }
    return this.faults.unknownResults === undefined ? RESULT.OK : RESULT.UNKNOWN;
  }

  /** A remote entry takes the MAC over from a local port, as in a bridge. */
  #moveAway(vni: number, mac: Mac): void {
    if (!this.tables.instances.get(vni)!.macs.delete(mac)) return;
    this.#notify((sink) => sink.localMacGone(vni, macHigh(mac), macLow(mac)));
  }

  #tellInstance(state: InstanceState): void {
    this.#told.add(state.vni);
    this.#sink!.instance(state);
  }

  #tellGone(vni: number): void {
    this.#told.delete(vni);
    this.#sink!.instanceGone(vni);
  }

  #tell(entry: MemoryEntry, origin: Origin): void {
    const sink = this.#sink!;
    const { vni, vtep, flags, ours } = entry;
    const high = entry.mac === undefined ? 0 : macHigh(entry.mac);
    const low = entry.mac === undefined ? 0 : macLow(entry.mac);
    if (entry.kind === 'flood') sink.floodSeen(vni, vtep, ours, origin);
    else if (entry.kind === 'mac') sink.macSeen(vni, high, low, PART.VALUE, vtep, flags, ours, origin);
    else sink.neighbourSeen(vni, entry.ip!, high, low, flags, ours, origin);
  }

  #tellMissing(sink: DriverSink, entry: Pick<MemoryEntry, 'kind' | 'vni' | 'mac' | 'ip' | 'vtep'>): void {
    if (entry.kind === 'flood') sink.floodMissing(entry.vni, entry.vtep);
    else if (entry.kind === 'neighbour') sink.neighbourMissing(entry.vni, entry.ip!);
    else sink.macMissing(entry.vni, macHigh(entry.mac!), macLow(entry.mac!), PART.VALUE);
  }

  #tellMac(vni: number, host: LocalMac, origin: Origin): void {
    let port = this.#ports.indexOf(host.port);
    if (port < 0) port = this.#ports.push(host.port) - 1;
    this.#sink!.localMac(vni, macHigh(host.mac), macLow(host.mac), host.flags, port, origin);
  }

  #tellNeighbour(vni: number, host: LocalNeighbour, origin: Origin): void {
    this.#sink!.localNeighbour(vni, host.ip, macHigh(host.mac), macLow(host.mac), host.flags, origin);
  }

  #tellReachable(vtep: AddressId): void {
    const reachable = !this.tables.unreachable.has(this.#addresses.text(vtep));
    this.#sink?.vtepReachable(vtep, reachable);
  }
}

function keyOf(entry: Pick<MemoryEntry, 'kind' | 'vni' | 'mac' | 'ip' | 'vtep'>): string {
  if (entry.kind === 'flood') return `flood ${entry.vni} ${entry.vtep}`;
  if (entry.kind === 'mac') return `mac ${entry.vni} ${printMac(entry.mac!)}`;
  return `neighbour ${entry.vni} ${printIp(entry.ip!)}`;
}

function entryOf(batch: EntryBatch, i: number): MemoryEntry {
  const kind = KIND_NAMES[batch.kind[i] as keyof typeof KIND_NAMES];
  const ip = new Uint8Array(batch.ipLength[i]!);
  for (let word = 0; word * 4 < ip.length; word++) putWord(batch.ipWords[i * 4 + word]!, ip, word * 4);
  return {
    kind,
    vni: batch.vni[i]!,
    mac: kind === 'flood' ? undefined : macOfWords(batch.macHigh[i]!, batch.macLow[i]!),
    ip: kind === 'neighbour' ? ip : undefined,
    vtep: batch.vtep[i]!,
    flags: batch.flags[i]!,
    ours: true,
  };
}
