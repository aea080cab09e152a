/**
 * The Linux kernel as a driver: bridges and VXLAN devices are instances, bridge and VXLAN forwarding tables and
 * neighbour tables hold the entries, rtnetlink carries all of it. Works in the network namespace in which `open` is called.
 */
import type { AddressId, AddressTable } from '../../base/address-table.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import {
  AF_INET,
  AF_INET6,
  decodeAddress,
  decodeLink,
  decodeNeighbour,
  encodeAddressDump,
  encodeBridgePortDump,
  encodeForwardingDump,
  encodeLinkDump,
  encodeNeighbourDump,
  type MessageVisitor,
  NeighbourRecord,
  NetlinkMonitor,
  NetlinkSocket,
  RTM_DELADDR,
  RTM_DELLINK,
  RTM_DELNEIGH,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWNEIGH,
  RTNLGRP_IPV4_IFADDR,
  RTNLGRP_IPV4_ROUTE,
  RTNLGRP_IPV6_IFADDR,
  RTNLGRP_IPV6_ROUTE,
  RTNLGRP_LINK,
  RTNLGRP_NEIGH,
} from '../../netlink/index.ts';
import { type Driver, type DriverSink, type EntryBatch, KIND, ORIGIN, PART } from '../driver.ts';
import { ENTRY_FLAG, type InstanceSpec } from '../interfaces.ts';
import { BatchWriter } from './batch-writer.ts';
import { Corrections } from './corrections.ts';
import { FloodLedger } from './flood-ledger.ts';
import { InstanceWatch, NO_INSTANCES } from './instance-watch.ts';
import { Inventory, type InventoryView } from './inventory.ts';
import { OwnAddresses } from './own-addresses.ts';
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

/** Entries in one write. The kernel works on them for some 20 ms, on another thread; meanwhile the next write is made ready. */
const BATCH_ENTRIES = 4096;
const WRITES_AT_ONCE = 2;
/** Everything that exists only while open. */
interface Connection {
  readonly sink: DriverSink;
  readonly writes: NetlinkSocket;
  readonly dumps: NetlinkSocket;
  readonly requests: NetlinkSocket;
  readonly monitor: NetlinkMonitor;
  readonly reader: RecordReader;
  readonly routes: RouteWatch;
  readonly instances: InstanceWatch;
}

export class KernelDriver implements Driver {
  readonly kind = 'kernel';
  readonly batchSize = BATCH_ENTRIES;
  readonly writesAtOnce = WRITES_AT_ONCE;
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
  readonly #own = new OwnAddresses();
  readonly #record = new NeighbourRecord();
  readonly #writer: BatchWriter;
  readonly #corrections: Corrections;
  readonly #watchedEarly = new Set<AddressId>();
  #connection: Connection | undefined;

  constructor(options: KernelDriverOptions) {
    this.#clock = options.clock;
    this.#addresses = options.addresses;
    this.#log = options.log;
    const { noticeBufferOctets } = options;
    this.#noticeBuffer = noticeBufferOctets === undefined ? {} : { receiveBufferOctets: noticeBufferOctets };
    this.#ledger = new FloodLedger(options.stateFile, options.addresses, (text) =>
      this.#connection?.sink.problem('dataplane-state-file', text),
    );
    this.#writer = new BatchWriter(options.addresses, this.#ledger, options.log);
    this.#corrections = new Corrections(options.log);
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
    const reader = new RecordReader(sink, this.#addresses, this.#ledger, this.#own, NO_INSTANCES);
    const reachability = {
      reachable: (vtep: AddressId, reachable: boolean) => sink.vtepReachable(vtep, reachable),
      settled: () => sink.settled(),
    };
    const routes = new RouteWatch(requests, this.#clock, this.#addresses, reachability, this.#log);
    const instances = new InstanceWatch({
      inventory: this.#inventory,
      sink,
      clock: this.#clock,
      ledger: this.#ledger,
      corrections: this.#corrections,
      requests,
      viewed: (view) => {
        reader.view = view;
        this.#writer.instances = view.instances;
      },
    });
    this.#connection = { sink, writes, dumps, requests, monitor, reader, routes, instances };
    for (const vtep of this.#watchedEarly) routes.watch(vtep);
    this.#ledger.load();
    await monitor.ready;
  }

  async dump(): Promise<void> {
    const { dumps, sink, instances } = this.#open();
    this.#inventory.beginDump();
    const link: MessageVisitor = (type, bytes, start, end) => {
      const decoded = type === RTM_NEWLINK ? decodeLink(bytes, start, end) : undefined;
      if (decoded) this.#inventory.dumped(decoded);
    };
    const restart = { onRestart: () => this.#inventory.beginDump() };
    await dumps.dump(encodeLinkDump, link, { action: 'dump the interfaces', ...restart });
    await dumps.dump(encodeBridgePortDump, link, { action: 'dump the bridge ports' });
    this.#inventory.endDump();
    this.#corrections.tryAgain();
    instances.take(false);
    await this.#dumpAddresses();
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

  /** The addresses of this leaf, none of which is a neighbour's. */
  async #dumpAddresses(): Promise<void> {
    const { dumps, sink } = this.#open();
    this.#own.beginDump();
    const visit: MessageVisitor = (type, bytes, start, end) => {
      const address = type === RTM_NEWADDR ? decodeAddress(bytes, start, end) : undefined;
      if (address) this.#own.dumped(address);
    };
    const restart = { onRestart: () => this.#own.beginDump() };
    await dumps.dump((writer) => encodeAddressDump(writer), visit, {
      action: 'dump the addresses',
      ...restart,
    });
    this.#own.endDump();
    for (const [index, ip] of this.#own.all()) {
      const instance = this.#view.bySvi.get(index);
      if (instance) sink.neighbourBlocked(instance.vni, ip, ORIGIN.DUMP);
    }
  }

  write(batch: EntryBatch, done: () => void): void {
    const { writes, sink } = this.#open();
    this.#writer
      .write(writes, batch)
      .then(done)
      .catch((error: unknown) => {
        this.#log.error({ error }, 'cannot take in what became of written entries: reading them again');
        sink.resync();
      });
  }

  errorText(code: number): string {
    return this.#writer.errorText(code);
  }

  portName(port: number): string {
    return this.#inventory.name(port);
  }

  ensure(spec: InstanceSpec): void {
    this.#corrections.ensure(spec);
    const instance = this.#view.instances.get(spec.vni);
    if (instance && this.#connection) this.#corrections.apply(instance, this.#connection.requests);
  }

  remove(vni: number): void {
    this.#corrections.remove(vni);
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
    connection.instances.close();
    connection.routes.close();
    connection.monitor.close();
    await Promise.all([connection.writes.close(), connection.dumps.close(), connection.requests.close()]);
  }

  get #view(): InventoryView {
    return this.#connection?.instances.view ?? NO_INSTANCES;
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
    if (type === RTM_NEWADDR || type === RTM_DELADDR) this.#heardAddress(type, bytes, start, end);
    if (type !== RTM_NEWLINK && type !== RTM_DELLINK) return;
    const link = decodeLink(bytes, start, end);
    if (!link) return;
    this.#connection?.instances.heard(link, type === RTM_DELLINK);
  };

  #heardAddress(type: number, bytes: Uint8Array, start: number, end: number): void {
    const address = decodeAddress(bytes, start, end);
    if (!address || !this.#connection) return;
    const { sink } = this.#connection;
    const gone = type === RTM_DELADDR;
    this.#own.heard(address, gone);
    const instance = this.#view.bySvi.get(address.interfaceIndex);
    if (!instance) return;
    const ip = address.address.address;
    if (gone) {
      sink.neighbourUnblocked(instance.vni, ip);
      return;
    }
    sink.neighbourBlocked(instance.vni, ip, ORIGIN.NOTICE);
    sink.localNeighbourGone(instance.vni, ip);
  }

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
    this.#connection.instances.settled();
    this.#connection.sink.settled();
  }

  #monitorFailed(error: Error): void {
    this.#log.error(
      { error },
      'the netlink monitor failed: changes by others are found by the periodic audit only',
    );
    this.#connection?.sink.problem('dataplane-monitor', `Cannot hear the kernel's notices: ${error.message}`);
  }
}
