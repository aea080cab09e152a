/**
 * Drives one hardware VTEP through its hardware_vtep database: a lasting session keeps a picture of the database, the reconciler
 * compares it with what is wanted, and rows are written in transactions. Logical switches and VLAN bindings are kept as
 * configured beside it.
 *
 * The database is a mailbox: what is read and written here is what the switch was told and what it says, and the switch brings its
 * forwarding chips in line with it by itself.
 */
import type { AddressId } from '../../base/address-table.ts';
import type { Clock } from '../../base/clock.ts';
import type { IpBytes } from '../../base/ip.ts';
import type { Logger } from '../../base/log.ts';
import { errorText, inSlices, OvsdbSession, type Uuid } from '../../ovsdb/index.ts';
import { type Driver, type DriverSink, type EntryBatch, KIND, ORIGIN, PART, RESULT } from '../driver.ts';
import type { InstanceSpec } from '../interfaces.ts';
import { BindingLedger } from './binding-ledger.ts';
import { ErrorCodes } from './error-codes.ts';
import {
  type Binding,
  type BindingState,
  type Inventory,
  type LogicalSwitch,
  takeInventory,
} from './inventory.ts';
import { type HardwareVtepOptions, ROWS_PER_TRANSACTION } from './options.ts';
import { Overrides } from './overrides.ts';
import { Picture } from './picture.ts';
import { PictureReport } from './picture-report.ts';
import { Presence } from './presence.ts';
import { RowLedger } from './row-ledger.ts';
import { RowWriter } from './row-writer.ts';
import { StructureWriter } from './structure-writer.ts';
import { SwitchTroubles } from './switch-troubles.ts';
import { DATABASE, WANTED_TABLES } from './tables.ts';
import { TunnelHealth } from './tunnel-health.ts';

const BATCH_SIZE = 4096;

export class HardwareVtepDriver implements Driver {
  readonly kind = 'hardware-vtep';
  readonly batchSize: number;
  readonly writesAtOnce = 1;
  readonly completeParts = {
    [KIND.FLOOD]: PART.VALUE,
    [KIND.MAC]: PART.VALUE,
    [KIND.NEIGHBOUR]: PART.VALUE,
  };
  /** The schema has no column for any of them. */
  readonly visibleFlags = { [KIND.FLOOD]: 0, [KIND.MAC]: 0, [KIND.NEIGHBOUR]: 0 };
  readonly picture: Picture;
  readonly session: OvsdbSession;
  readonly #options: HardwareVtepOptions;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #ledger: RowLedger;
  readonly #writer: RowWriter;
  readonly #health: TunnelHealth;
  readonly #overrides: Overrides;
  readonly #errors = new ErrorCodes();
  readonly #report: PictureReport;
  readonly #structure: StructureWriter;
  readonly #troubles: SwitchTroubles;
  #inventory: Inventory;
  #sink: DriverSink | undefined;
  #structureChanged = true;
  #changedFloods = new Set<Uuid>();
  #noticed = false;
  readonly #presence: Presence;

  constructor(options: HardwareVtepOptions) {
    const { source, clock, addresses, log, switchName } = options;
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    this.batchSize = options.batchSize ?? BATCH_SIZE;
    this.#ledger = new RowLedger(options.ledgerFile, addresses, (text) =>
      this.#sink?.problem('ledger', text),
    );
    this.picture = new Picture(addresses, {
      isOurMac: (vni, high, low, vtep) => this.#ledger.hasMac(vni, high, low, vtep),
      isOurFlood: (vni, vteps) => vteps.length > 0 && vteps.every((vtep) => this.#ledger.hasFlood(vni, vtep)),
      remoteMacChanged: (ls, high, low) =>
        this.#notice(() => this.#report.remote(ls, high, low, ORIGIN.NOTICE)),
      remoteIpGone: (ls, ip) => this.#notice((sink) => sink.neighbourMissing(this.#report.vni(ls.uuid), ip)),
      localMacChanged: (ls, high, low) =>
        this.#notice(() => this.#report.local(ls, high, low, ORIGIN.NOTICE)),
      localIpGone: (ls, ip) => this.#notice((sink) => sink.localNeighbourGone(this.#report.vni(ls.uuid), ip)),
      localRowGone: (uuid) => this.#overrides.gone(uuid),
      floodChanged: (ls) => this.#changedFloods.add(ls),
      structureChanged: () => {
        this.#structureChanged = true;
      },
      settled: () => this.#settled(),
    });
    this.#inventory = takeInventory(this.picture, switchName, options.bindings);
    this.#report = new PictureReport(this.picture, switchName, this.#inventory, () => this.#sink);
    this.#overrides = new Overrides(this.picture.local, clock, (row) => this.#localAgain(row));
    this.#health = new TunnelHealth(this.picture, addresses, clock, (vtep, reachable) => {
      this.#sink?.vtepReachable(vtep, reachable);
      this.#sink?.settled();
    });
    this.session = new OvsdbSession({
      source,
      clock,
      log,
      database: DATABASE,
      tables: WANTED_TABLES,
      sink: this.picture,
      random: options.random ?? Math.random,
      lock: options.lock,
      ...(options.probeMilliseconds === undefined ? {} : { probeMilliseconds: options.probeMilliseconds }),
      failed: () => this.#troubles.tell(),
      stateChanged: (ready) => (ready ? this.#connected() : this.#disconnected()),
    });
    this.#presence = new Presence(clock, options.awayMilliseconds, () => {
      this.#report.instances(true);
      this.#sink?.settled();
    });
    this.#structure = new StructureWriter({
      ...{ switchName, picture: this.picture, clock, log },
      bindings: options.bindings,
      keyAtLocators: options.keyAtLocators === true,
      ledger: new BindingLedger(options.bindingsFile, (text) => this.#sink?.problem('bindings-file', text)),
      inventory: () => this.#inventory,
      canWrite: () => this.session.isReady && this.#sink !== undefined,
      transact: (operations) => this.session.transact(operations),
      progressed: () => this.#troubles.tell(),
    });
    this.#troubles = new SwitchTroubles({
      ...{ switchName, clock, source, session: this.session, structure: this.#structure },
      inventory: () => this.#inventory,
      sink: () => this.#sink,
    });
    this.#writer = new RowWriter({
      picture: this.picture,
      ledger: this.#ledger,
      addresses,
      errors: this.#errors,
      rowsPerTransaction: options.rowsPerTransaction ?? ROWS_PER_TRANSACTION,
      transact: (operations) => this.session.transact(operations),
      logicalSwitch: (vni) => this.#inventory.byVni.get(vni),
      faults: () => this.#inventory.faults,
      macOverridden: (logicalSwitch, high, low) => this.#macOverridden(logicalSwitch, high, low),
    });
  }

  /** For people. */
  get endpoint(): string {
    return this.#options.source.name;
  }

  get inventory(): Inventory {
    return this.#inventory;
  }

  get structureFailures(): ReadonlyMap<string, string> {
    return this.#structure.failures;
  }

  addressText(address: AddressId): string {
    return this.#options.addresses.text(address);
  }

  bindingStates(): BindingState[] {
    return this.#structure.bindingStates();
  }

  /** Takes other bindings; those that go are taken out of the switch. */
  rebind(bindings: readonly Binding[]): void {
    this.#structure.rebind(bindings);
    this.#structureChanged = true;
    if (this.session.isReady) this.#settled();
  }

  async open(sink: DriverSink): Promise<void> {
    this.#sink = sink;
    this.#ledger.open();
    this.#structure.open();
    this.session.start();
    this.#troubles.expectConnection();
  }

  /** Waits for the switch, however long that takes, and reports the picture as it is then. */
  async dump(): Promise<void> {
    if (!this.session.isReady) await this.#presence.arrival();
    this.#presence.isRead();
    this.#refreshInventory();
    const sink = this.#sink!;
    this.#report.instances(this.#presence.isAway);
    for (const { uuid } of this.#inventory.byVni.values()) this.#report.floods(uuid, ORIGIN.DUMP);
    for (const all of [this.#report.allRemote(), this.#report.allLocal()]) {
      await inSlices(all, this.#clock, () => this.session.isReady);
      if (!this.session.isReady)
        throw new Error(this.session.lastError?.message ?? 'the connection was lost');
    }
    sink.settled();
  }

  write(batch: EntryBatch, done: () => void): void {
    if (!this.session.isReady) {
      batch.result.fill(RESULT.UNKNOWN, 0, batch.length);
      // The dump that follows waits for the switch; it must not be asked for before the caller is back.
      this.#clock.soon(done);
      return;
    }
    this.#writer.write(batch).then(done, (error: unknown) => {
      this.#log.error({ error }, `Cannot write to ${this.#options.switchName}: ${errorText(error)}`);
      done();
    });
  }

  errorText(code: number): string {
    return this.#errors.text(code);
  }

  portName(port: number): string {
    return this.#report.portName(port);
  }

  ensure(_spec: InstanceSpec): void {}

  remove(_vni: number): void {}

  watchVtep(vtep: AddressId): void {
    this.#health.watch(vtep);
  }

  unwatchVtep(vtep: AddressId): void {
    this.#health.unwatch(vtep);
  }

  async close(): Promise<void> {
    this.#sink = undefined;
    this.#structure.close();
    this.#troubles.close();
    this.#health.close();
    this.#overrides.clear();
    this.session.close();
    this.#presence.close();
    this.#ledger.close();
  }

  // The connection

  #connected(): void {
    this.#log.info(
      {
        switch: this.#options.switchName,
        endpoint: this.#options.source.name,
        schema: this.session.schemaVersion,
      },
      'hardware VTEP is connected',
    );
    this.#structureChanged = true;
    this.#presence.arrived();
    this.#settled();
    this.#troubles.tell();
  }

  #disconnected(): void {
    if (!this.#sink) return;
    this.#noticed = false;
    this.#sink.resync();
    this.#presence.left();
    this.#troubles.expectConnection();
  }

  // What the picture says

  #notice(tell: (sink: DriverSink) => void): void {
    if (!this.#sink || !this.session.isReady) return;
    this.#noticed = true;
    tell(this.#sink);
  }

  #settled(): void {
    if (this.#structureChanged) this.#takeStructure();
    if (!this.session.isReady || !this.#sink) return;
    for (const uuid of this.#changedFloods) this.#report.floods(uuid, ORIGIN.NOTICE);
    if (this.#noticed || this.#changedFloods.size > 0) this.#sink.settled();
    this.#changedFloods.clear();
    this.#noticed = false;
  }

  #takeStructure(): void {
    this.#refreshInventory();
    this.#health.refresh();
    if (!this.session.isReady || !this.#sink) return;
    if (!this.#presence.isAway && this.#report.instances(this.#presence.isAway)) this.#sink.resync();
    this.#troubles.tell();
    this.#structure.build();
  }

  #refreshInventory(): void {
    this.#structureChanged = false;
    this.#inventory = takeInventory(this.picture, this.#options.switchName, this.#structure.configured);
    this.#report.take(this.#inventory);
  }

  #macOverridden({ uuid, vni }: LogicalSwitch, high: number, low: number): void {
    const { slot } = this.picture.logicalSwitch(uuid);
    const left = (ip: IpBytes): void => this.#sink?.localNeighbourGone(vni, ip);
    if (this.#overrides.override(slot, high, low, left)) this.#sink?.localMacGone(vni, high, low);
  }

  #localAgain(row: number): void {
    const rows = this.picture.local;
    const logicalSwitch = this.picture.logicalSwitchAt(rows.logicalSwitch(row));
    this.#notice(() => this.#report.local(logicalSwitch, rows.macHigh(row), rows.macLow(row), ORIGIN.NOTICE));
    this.#settled();
  }
}
