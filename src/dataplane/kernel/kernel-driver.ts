/**
 * The Linux kernel as a driver: bridges and VXLAN devices are instances, bridge and VXLAN forwarding tables and
 * neighbour tables hold the entries, rtnetlink carries all of it. Works in the network namespace in which `open` is called.
 */
import type { AddressId, AddressTable } from '../../base/address-table.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { errnoText } from '../../base/system-calls.ts';
import {
  AF_INET,
  AF_INET6,
  decodeLink,
  decodeNeighbour,
  type EntryFailure,
  encodeBridgePortChange,
  encodeBridgePortDump,
  encodeForwardingDump,
  encodeLinkDump,
  encodeNeighbourDump,
  encodeVxlanLearningChange,
  type MessageVisitor,
  type MessageWriter,
  NeighbourRecord,
  NetlinkMonitor,
  NetlinkSocket,
  RTM_DELLINK,
  RTM_DELNEIGH,
  RTM_NEWLINK,
  RTM_NEWNEIGH,
  RTNLGRP_IPV4_IFADDR,
  RTNLGRP_IPV4_ROUTE,
  RTNLGRP_IPV6_IFADDR,
  RTNLGRP_IPV6_ROUTE,
  RTNLGRP_LINK,
  RTNLGRP_NEIGH,
  UNKNOWN_RESULT,
} from '../../netlink/index.ts';
import { type Driver, type DriverSink, type EntryBatch, KIND, OP, ORIGIN, PART, RESULT } from '../driver.ts';
import { ENTRY_FLAG, type InstanceSpec } from '../interfaces.ts';
import { encodeFloodEntry, encodeMacEntry, encodeNeighbourEntry } from './entry-messages.ts';
import { FloodLedger } from './flood-ledger.ts';
import { Inventory, type InventoryView, type KernelInstance } from './inventory.ts';
import { RecordReader } from './record-reader.ts';
import { RouteWatch } from './route-watch.ts';

export interface KernelDriverOptions {
  readonly clock: Clock;
  readonly addresses: AddressTable;
  readonly log: Logger;
  /** Where flood entries that the kernel cannot mark are noted; see FloodLedger. */
  readonly stateFile: string | undefined;
  /** Room for notices that wait while the process is busy; when it overflows everything is read again. Default 32 MiB. */
  readonly noticeBufferOctets?: number | undefined;
}

const GROUPS = [
  RTNLGRP_LINK,
  RTNLGRP_NEIGH,
  RTNLGRP_IPV4_IFADDR,
  RTNLGRP_IPV4_ROUTE,
  RTNLGRP_IPV6_IFADDR,
  RTNLGRP_IPV6_ROUTE,
] as const;

/** Entries in one write; the socket sends them 256 messages at a time and yields by itself. */
const BATCH_ENTRIES = 2048;
const NOTHING: InventoryView = {
  instances: new Map(),
  byVxlan: new Map(),
  bySvi: new Map(),
  byPlace: new Map(),
  unsupported: [],
};

/** Everything that exists only while open. */
interface Connection {
  readonly sink: DriverSink;
  readonly writes: NetlinkSocket;
  readonly dumps: NetlinkSocket;
  readonly requests: NetlinkSocket;
  readonly monitor: NetlinkMonitor;
  readonly reader: RecordReader;
  readonly routes: RouteWatch;
}

export class KernelDriver implements Driver {
  readonly kind = 'kernel';
  readonly batchSize = BATCH_ENTRIES;
  readonly completeParts = {
    [KIND.FLOOD]: PART.VALUE,
    [KIND.MAC]: PART.VALUE | PART.COMPANION,
    [KIND.NEIGHBOUR]: PART.VALUE,
  };
  readonly visibleFlags = {
    [KIND.FLOOD]: 0,
    [KIND.MAC]: ENTRY_FLAG.STICKY,
    [KIND.NEIGHBOUR]: ENTRY_FLAG.ROUTER,
  };
  readonly #clock: Clock;
  readonly #addresses: AddressTable;
  readonly #log: Logger;
  readonly #ledger: FloodLedger;
  readonly #noticeBuffer: { readonly receiveBufferOctets?: number };
  readonly #inventory = new Inventory();
  readonly #record = new NeighbourRecord();
  readonly #specs = new Map<number, InstanceSpec>();
  /** Warnings for which a correction was tried, by VNI: not again until they change or a dump shows them still there. */
  readonly #corrected = new Map<number, string>();
  readonly #watchedEarly = new Set<AddressId>();
  readonly #errorCodes = new Map<string, number>();
  readonly #errorTexts: string[] = [''];
  #connection: Connection | undefined;
  #view = NOTHING;
  #linksChanged = false;
  #batch: EntryBatch | undefined;

  constructor(options: KernelDriverOptions) {
    this.#clock = options.clock;
    this.#addresses = options.addresses;
    this.#log = options.log;
    const { noticeBufferOctets } = options;
    this.#noticeBuffer = noticeBufferOctets === undefined ? {} : { receiveBufferOctets: noticeBufferOctets };
    this.#ledger = new FloodLedger(options.stateFile, options.addresses, (text) =>
      this.#connection?.sink.problem('dataplane-state-file', text),
    );
  }

  /** Throws SystemCallError when the kernel refuses, SystemCallsUnavailableError where there is no netlink. */
  async open(sink: DriverSink): Promise<void> {
    const writes = new NetlinkSocket({ clock: this.#clock });
    const dumps = new NetlinkSocket({ clock: this.#clock });
    const requests = new NetlinkSocket({ clock: this.#clock });
    const monitor = new NetlinkMonitor({
      ...this.#noticeBuffer,
      groups: GROUPS,
      onMessage: this.#heard,
      onOverrun: () => sink.overrun(),
      onDrained: () => this.#drained(),
      onError: (error) => this.#monitorFailed(error),
    });
    const reader = new RecordReader(sink, this.#addresses, this.#ledger, this.#view);
    const routes = new RouteWatch(requests, this.#clock, this.#addresses, {
      reachable: (vtep, reachable) => sink.vtepReachable(vtep, reachable),
      settled: () => sink.settled(),
    });
    this.#connection = { sink, writes, dumps, requests, monitor, reader, routes };
    for (const vtep of this.#watchedEarly) routes.watch(vtep);
    this.#ledger.load();
    await monitor.ready;
  }

  async dump(): Promise<void> {
    const { dumps, sink } = this.#open();
    this.#inventory.beginDump();
    const link: MessageVisitor = (type, bytes, start, end) => {
      const decoded = type === RTM_NEWLINK ? decodeLink(bytes, start, end) : undefined;
      if (decoded) this.#inventory.dumped(decoded);
    };
    const restart = { onRestart: () => this.#inventory.beginDump() };
    await dumps.dump(encodeLinkDump, link, { action: 'dump the interfaces', ...restart });
    await dumps.dump(encodeBridgePortDump, link, { action: 'dump the bridge ports' });
    this.#inventory.endDump();
    this.#corrected.clear();
    this.#takeInventory(false);
    sink.settled();
    const entry: MessageVisitor = (type, bytes, start, end) =>
      this.#readEntry(type, bytes, start, end, ORIGIN.DUMP);
    await dumps.dump((writer) => encodeForwardingDump(writer), entry, {
      action: 'dump the forwarding entries',
    });
    for (const family of [AF_INET, AF_INET6]) {
      await dumps.dump((writer) => encodeNeighbourDump(writer, family), entry, {
        action: 'dump the neighbours',
      });
    }
  }

  write(batch: EntryBatch, done: () => void): void {
    this.#batch = batch;
    batch.result.fill(RESULT.OK, 0, batch.length);
    this.#noteFloods(batch);
    this.#open()
      .writes.write(batch.length, this.#encode, this.#refused)
      .catch((error: unknown) => {
        this.#log.error({ error }, 'Cannot write forwarding entries');
        batch.result.fill(RESULT.UNKNOWN, 0, batch.length);
      })
      .then(() => {
        this.#batch = undefined;
        done();
      });
  }

  errorText(code: number): string {
    return this.#errorTexts[code] ?? '';
  }

  portName(port: number): string {
    return this.#inventory.name(port);
  }

  ensure(spec: InstanceSpec): void {
    this.#specs.set(spec.vni, spec);
    this.#corrected.delete(spec.vni);
    const instance = this.#view.instances.get(spec.vni);
    if (instance) this.#correct(instance);
  }

  remove(vni: number): void {
    this.#specs.delete(vni);
  }

  watchVtep(vtep: AddressId): void {
    this.#watchedEarly.add(vtep);
    this.#connection?.routes.watch(vtep);
  }

  unwatchVtep(vtep: AddressId): void {
    this.#watchedEarly.delete(vtep);
    this.#connection?.routes.unwatch(vtep);
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    if (!connection) return;
    this.#connection = undefined;
    connection.routes.close();
    connection.monitor.close();
    await Promise.all([connection.writes.close(), connection.dumps.close(), connection.requests.close()]);
  }

  #open(): Connection {
    if (!this.#connection) throw new Error('Cannot use the kernel dataplane: it is not open');
    return this.#connection;
  }

  readonly #heard: MessageVisitor = (type, bytes, start, end) => {
    if (type === RTM_NEWNEIGH || type === RTM_DELNEIGH) {
      this.#readEntry(type, bytes, start, end, ORIGIN.NOTICE);
      return;
    }
    this.#connection?.routes.routesChanged();
    if (type !== RTM_NEWLINK && type !== RTM_DELLINK) return;
    const link = decodeLink(bytes, start, end);
    if (!link) return;
    this.#inventory.heard(link, type === RTM_DELLINK);
    this.#linksChanged = true;
  };

  #readEntry(type: number, bytes: Uint8Array, start: number, end: number, origin: number): void {
    if (type !== RTM_NEWNEIGH && type !== RTM_DELNEIGH) return;
    if (!this.#connection || !decodeNeighbour(bytes, start, end, this.#record)) return;
    this.#connection.reader.read(
      this.#record,
      type === RTM_DELNEIGH,
      origin === ORIGIN.DUMP ? ORIGIN.DUMP : ORIGIN.NOTICE,
    );
  }

  #drained(): void {
    if (!this.#connection) return;
    if (this.#linksChanged) this.#takeInventory(true);
    this.#connection.sink.settled();
  }

  #monitorFailed(error: Error): void {
    this.#log.error(
      { error },
      'the netlink monitor failed: changes by others are found by the periodic audit only',
    );
    this.#connection?.sink.problem('dataplane-monitor', `Cannot hear the kernel's notices: ${error.message}`);
  }

  /** Tells what the links now amount to. By a notice, a new instance's tables have yet to be read. */
  #takeInventory(byNotice: boolean): void {
    const { sink, reader } = this.#open();
    this.#linksChanged = false;
    const before = this.#view;
    const after = this.#inventory.view();
    this.#view = after;
    reader.view = after;
    for (const [vni, old] of before.instances) {
      const found = after.instances.get(vni);
      if (found && isSamePlace(old, found)) continue;
      this.#ledger.forget(vni);
      sink.instanceGone(vni);
    }
    for (const [vni, found] of after.instances) {
      const old = before.instances.get(vni);
      const isNew = !old || !isSamePlace(old, found);
      if (isNew || !isSameState(old, found)) sink.instance(found.state);
      if (isNew && byNotice) sink.resync();
      this.#correct(found);
    }
    const unsupported = after.unsupported.join('; ');
    if (unsupported !== before.unsupported.join('; ')) {
      sink.problem('dataplane-unsupported', unsupported === '' ? undefined : unsupported);
    }
  }

  #correct(instance: KernelInstance): void {
    const { vni, vxlanIndex, state } = instance;
    if (!this.#specs.get(vni)?.correct || !this.#connection) return;
    const { learnsInDevice, learnsInBridge, suppresses } = instance;
    const fault = `${vxlanIndex} ${learnsInDevice} ${learnsInBridge} ${suppresses}`;
    if ((!learnsInDevice && !learnsInBridge && suppresses) || this.#corrected.get(vni) === fault) return;
    this.#corrected.set(vni, fault);
    const name = state.vxlanInterface;
    if (learnsInDevice) {
      this.#change(`turn learning of ${name} off`, (writer) =>
        encodeVxlanLearningChange(writer, vxlanIndex, false),
      );
    }
    if (learnsInBridge || !suppresses) {
      this.#change(`turn learning off and neighbour suppression on at ${name}`, (writer) =>
        encodeBridgePortChange(writer, vxlanIndex, { learning: false, neighbourSuppression: true }),
      );
    }
  }

  #change(action: string, encode: (writer: MessageWriter) => void): void {
    const connection = this.#open();
    connection.requests.request(action, encode).then(
      () => this.#log.info({}, `did ${action}`),
      (error: Error) => this.#log.warn({ error }, error.message),
    );
  }

  /** Flood entries are noted as ours before they are written, where the kernel's mark does not tell. */
  #noteFloods(batch: EntryBatch): void {
    let save = false;
    for (let i = 0; i < batch.length; i++) {
      if (batch.kind[i] !== KIND.FLOOD || batch.op[i] === OP.REMOVE) continue;
      const isNew = this.#ledger.add(batch.vni[i]!, batch.vtep[i]!);
      if (isNew && this.#ledger.isMixed(batch.vni[i]!)) save = true;
    }
    if (save) this.#ledger.save();
  }

  readonly #encode = (writer: MessageWriter, i: number): void => {
    const batch = this.#batch!;
    const instance = this.#view.instances.get(batch.vni[i]!);
    const kind = batch.kind[i]!;
    if (!instance || (kind === KIND.NEIGHBOUR && instance.sviIndex === 0)) {
      // What is to go is gone with its instance.
      const lack = instance
        ? `VLAN ${instance.vlan} has no interface on ${instance.state.bridge}`
        : 'no such VXLAN device';
      if (batch.op[i] !== OP.REMOVE) batch.result[i] = this.#errorCode(lack);
      return;
    }
    if (kind === KIND.NEIGHBOUR) {
      encodeNeighbourEntry(writer, batch, i, instance);
      return;
    }
    const vtep = this.#addresses.bytes(batch.vtep[i]!);
    if (kind === KIND.MAC) {
      encodeMacEntry(writer, batch, i, instance, vtep);
      return;
    }
    encodeFloodEntry(writer, batch.op[i]!, instance, vtep);
    if (batch.op[i] !== OP.REMOVE) return;
    this.#ledger.remove(instance.vni, batch.vtep[i]!);
    if (this.#ledger.isMixed(instance.vni)) this.#ledger.save();
  };

  readonly #refused = (i: number, failure: EntryFailure): void => {
    const batch = this.#batch!;
    if (failure.code === UNKNOWN_RESULT) {
      batch.result[i] = RESULT.UNKNOWN;
      return;
    }
    const isAbsent = failure.code === 'ENOENT' || failure.code === 'ENODEV';
    if (batch.op[i] === OP.REMOVE && isAbsent) return;
    // A reinstallation removes first what may not be there.
    const removals = batch.kind[i] === KIND.MAC ? 2 : 1;
    if (batch.op[i] === OP.REINSTALL && failure.code === 'ENOENT' && failure.message < removals) return;
    const words = failure.text ? `: ${failure.text}` : '';
    batch.result[i] = this.#errorCode(`${errnoText(failure.errno)}${words}`);
  };

  #errorCode(text: string): number {
    let code = this.#errorCodes.get(text);
    if (code === undefined) {
      code = this.#errorTexts.push(text) - 1;
      this.#errorCodes.set(text, code);
    }
    return code;
  }
}

/** Whether entries written for the one are still where the other looks. */
const isSamePlace = (a: KernelInstance, b: KernelInstance): boolean =>
  a.vxlanIndex === b.vxlanIndex &&
  a.bridgeIndex === b.bridgeIndex &&
  a.sviIndex === b.sviIndex &&
  a.vlan === b.vlan;

const isSameState = (a: KernelInstance, b: KernelInstance): boolean =>
  JSON.stringify({ ...a.state, vtep: a.state.vtep?.join('.') }) ===
  JSON.stringify({ ...b.state, vtep: b.state.vtep?.join('.') });
