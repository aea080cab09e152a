/**
 * Drives one hardware VTEP through its hardware_vtep database: a lasting session keeps a picture of the database, the reconciler
 * compares it with what is wanted, and rows are written in transactions. Logical switches and VLAN bindings are kept as
 * configured beside it.
 *
 * The database is a mailbox: what is read and written here is what the switch was told and what it says, and the switch brings its
 * forwarding chips in line with it by itself.
 */
import type { AddressId, AddressTable } from '../../base/address-table.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { printIp } from '../../base/ip.ts';
import type { Logger } from '../../base/log.ts';
import { errorText, failureOf, OvsdbSession, type StreamSource, type Uuid } from '../../ovsdb/index.ts';
import {
  type Driver,
  type DriverSink,
  type EntryBatch,
  KIND,
  ORIGIN,
  type Origin,
  PART,
  RESULT,
} from '../driver.ts';
import type { InstanceSpec, InstanceState } from '../interfaces.ts';
import { ErrorCodes } from './error-codes.ts';
import {
  type Binding,
  type BindingState,
  bindingStates,
  type Inventory,
  type LogicalSwitch,
  takeInventory,
} from './inventory.ts';
import { MAC_ROW, type MacRows } from './mac-rows.ts';
import { Overrides } from './overrides.ts';
import { type LogicalSwitchRow, Picture } from './picture.ts';
import { RowLedger } from './row-ledger.ts';
import { RowWriter } from './row-writer.ts';
import { retireSteps, type StructureStep, structureSteps } from './structure.ts';
import { DATABASE, WANTED_TABLES } from './tables.ts';
import { TunnelHealth } from './tunnel-health.ts';

export interface HardwareVtepOptions {
  /** Name of the Physical_Switch. */
  readonly switchName: string;
  readonly source: StreamSource;
  readonly bindings: readonly Binding[];
  /** Keep VNIs at locators instead of at logical switches that evpnd makes. */
  readonly keyAtLocators?: boolean;
  readonly lock?: string | undefined;
  /** Which rows are ours is kept here; without it, rows are not known again after a restart. */
  readonly ledgerFile?: string | undefined;
  readonly clock: Clock;
  readonly addresses: AddressTable;
  readonly log: Logger;
  readonly random?: () => number;
  /** How long a switch may be away until its hosts are no longer announced. */
  readonly awayMilliseconds?: number;
  readonly rowsPerTransaction?: number;
  readonly batchSize?: number;
  readonly probeMilliseconds?: number;
}

/** By measurement (docs/hardware-vtep.md): fewer cost round trips, more make the server stall everybody else. */
export const ROWS_PER_TRANSACTION = 1000;
const BATCH_SIZE = 4096;
const AWAY_MILLISECONDS = 30_000;
const STRUCTURE_RETRY_MILLISECONDS = 2000;
const ROWS_A_TURN = 4096;

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
  readonly #ports: string[] = [];
  #bindings: readonly Binding[];
  #retired: readonly Binding[] = [];
  #inventory: Inventory;
  #vniOf = new Map<Uuid, number>();
  readonly #told = new Map<number, string>();
  #sink: DriverSink | undefined;
  #whenReady: { resolve: () => void; reject: (error: Error) => void }[] = [];
  #structureChanged = true;
  #structureBusy = false;
  #structureTimer: Timer | undefined;
  /** What of the structure could not be written, and why. */
  readonly #structureFailures = new Map<string, string>();
  #changedFloods = new Set<Uuid>();
  #noticed = false;
  #away = false;
  #awayTimer: Timer | undefined;

  constructor(options: HardwareVtepOptions) {
    const { source, clock, addresses, log, switchName } = options;
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    this.#bindings = options.bindings;
    this.batchSize = options.batchSize ?? BATCH_SIZE;
    this.#ledger = new RowLedger(options.ledgerFile, addresses, (text) =>
      this.#sink?.problem('ledger', text),
    );
    this.picture = new Picture(addresses, {
      isOurMac: (vni, high, low, vtep) => this.#ledger.hasMac(vni, high, low, vtep),
      isOurFlood: (vni, vteps) => vteps.length > 0 && vteps.every((vtep) => this.#ledger.hasFlood(vni, vtep)),
      remoteMacChanged: (ls, high, low) =>
        this.#notice(() => this.#reportRemote(ls, high, low, ORIGIN.NOTICE)),
      remoteIpGone: (ls, ip) => this.#notice((sink) => sink.neighbourMissing(this.#vni(ls.uuid), ip)),
      localMacChanged: (ls, high, low) => this.#notice(() => this.#reportLocal(ls, high, low, ORIGIN.NOTICE)),
      localIpGone: (ls, ip) => this.#notice((sink) => sink.localNeighbourGone(this.#vni(ls.uuid), ip)),
      localRowGone: (uuid) => this.#overrides.gone(uuid),
      floodChanged: (ls) => this.#changedFloods.add(ls),
      structureChanged: () => {
        this.#structureChanged = true;
      },
      settled: () => this.#settled(),
    });
    this.#inventory = takeInventory(this.picture, switchName, this.#bindings);
    this.#overrides = new Overrides(clock, (uuid) => this.#localAgain(uuid));
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
      stateChanged: (ready) => (ready ? this.#connected() : this.#disconnected()),
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
    return this.#structureFailures;
  }

  addressText(address: AddressId): string {
    return this.#options.addresses.text(address);
  }

  bindingStates(): BindingState[] {
    return bindingStates(this.#inventory, this.#bindings);
  }

  /** Takes other bindings; those that go are taken out of the switch. */
  rebind(bindings: readonly Binding[]): void {
    const key = ({ port, vlan, vni }: Binding): string => `${port} ${vlan} ${vni}`;
    const kept = new Set(bindings.map(key));
    this.#retired = [...this.#retired, ...this.#bindings].filter((binding) => !kept.has(key(binding)));
    this.#bindings = bindings;
    this.#structureChanged = true;
    if (this.session.isReady) this.#settled();
  }

  async open(sink: DriverSink): Promise<void> {
    this.#sink = sink;
    this.#ledger.open();
    this.session.start();
    // Only a switch that is not there at once is worth a word.
    this.#clock.after(2000, () => this.#reportConnection());
  }

  /** Waits for the switch, however long that takes, and reports the picture as it is then. */
  async dump(): Promise<void> {
    await this.#ready();
    this.#away = false;
    this.#refreshInventory();
    const sink = this.#sink!;
    this.#reportInstances();
    for (const { uuid } of this.#inventory.byVni.values()) this.#reportFloods(uuid, ORIGIN.DUMP);
    await this.#dumpRows(this.picture.remote, (ls, high, low) =>
      this.#reportRemote(ls, high, low, ORIGIN.DUMP),
    );
    await this.#dumpRows(this.picture.local, (ls, high, low) =>
      this.#reportLocal(ls, high, low, ORIGIN.DUMP),
    );
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
    return this.#ports[port] ?? this.#options.switchName;
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
    this.#awayTimer?.cancel();
    this.#structureTimer?.cancel();
    this.#health.close();
    this.#overrides.clear();
    this.session.close();
    for (const { reject } of this.#whenReady.splice(0)) reject(new Error('the dataplane was closed'));
    this.#ledger.close();
  }

  // The connection

  #connected(): void {
    this.#awayTimer?.cancel();
    this.#awayTimer = undefined;
    this.#log.info(
      {
        switch: this.#options.switchName,
        endpoint: this.#options.source.name,
        schema: this.session.schemaVersion,
      },
      'hardware VTEP is connected',
    );
    this.#structureChanged = true;
    for (const { resolve } of this.#whenReady.splice(0)) resolve();
    this.#settled();
    this.#reportConnection();
  }

  #disconnected(): void {
    if (!this.#sink) return;
    this.#noticed = false;
    this.#sink.resync();
    this.#awayTimer ??= this.#clock.after(this.#options.awayMilliseconds ?? AWAY_MILLISECONDS, () => {
      this.#away = true;
      this.#reportInstances();
      this.#sink?.settled();
    });
    this.#clock.after(2000, () => this.#reportConnection());
  }

  #ready(): Promise<void> {
    if (this.session.isReady) return Promise.resolve();
    return new Promise((resolve, reject) => this.#whenReady.push({ resolve, reject }));
  }

  #reportConnection(): void {
    const { session } = this;
    const { switchName, source } = this.#options;
    let text: string | undefined;
    if (session.state === 'standby') text = `${switchName}: another controller has the lock`;
    else if (!session.isReady) {
      text = `${switchName} (${source.name}) is not connected: ${session.lastError?.message ?? 'it has not answered yet'}`;
    } else if (this.#inventory.uuid === undefined) text = `the database has no Physical_Switch ${switchName}`;
    else if (!this.#inventory.vtep)
      text = `${switchName} has no IPv4 address in tunnel_ips: it cannot be a VTEP`;
    this.#sink?.problem('switch', text);
    const { faults } = this.#inventory;
    this.#sink?.problem(
      'switch-faults',
      session.isReady && faults.length > 0 ? `${switchName} reports ${faults.join(', ')}` : undefined,
    );
    const failures = [...this.#structureFailures].map(([about, why]) => `${about}: ${why}`);
    const bindings = this.bindingStates().flatMap(({ state, port, vlan, reason }) =>
      state === 'failed' ? [`port ${port}, VLAN ${vlan}: ${reason}`] : [],
    );
    const all = [...failures, ...bindings];
    this.#sink?.problem('switch-bindings', session.isReady && all.length > 0 ? all.join('; ') : undefined);
  }

  // What the picture says

  #notice(tell: (sink: DriverSink) => void): void {
    if (!this.#sink || !this.session.isReady) return;
    this.#noticed = true;
    tell(this.#sink);
  }

  /** 0 for a logical switch that is none of ours to serve. */
  #vni(logicalSwitch: Uuid): number {
    return this.#vniOf.get(logicalSwitch) ?? 0;
  }

  #settled(): void {
    if (this.#structureChanged) this.#takeStructure();
    if (!this.session.isReady || !this.#sink) return;
    for (const uuid of this.#changedFloods) this.#reportFloods(uuid, ORIGIN.NOTICE);
    if (this.#noticed || this.#changedFloods.size > 0) this.#sink.settled();
    this.#changedFloods.clear();
    this.#noticed = false;
  }

  #takeStructure(): void {
    this.#refreshInventory();
    this.#health.refresh();
    if (!this.session.isReady || !this.#sink) return;
    if (!this.#away && this.#reportInstances()) this.#sink.resync();
    this.#reportConnection();
    this.#buildStructure();
  }

  #refreshInventory(): void {
    this.#structureChanged = false;
    this.#inventory = takeInventory(this.picture, this.#options.switchName, this.#bindings);
    this.#vniOf = new Map([...this.#inventory.byVni].map(([vni, { uuid }]) => [uuid, vni]));
  }

  /** Returns whether one appeared that was not there before: what is in it must be read. */
  #reportInstances(): boolean {
    const sink = this.#sink!;
    let appeared = false;
    for (const logicalSwitch of this.#inventory.byVni.values()) {
      const state = this.#instanceState(logicalSwitch);
      const text = JSON.stringify({
        ...state,
        vtep: state.vtep && printIp(state.vtep),
        uuid: logicalSwitch.uuid,
      });
      const told = this.#told.get(state.vni);
      if (told === text) continue;
      if (told === undefined || !told.includes(logicalSwitch.uuid)) appeared = true;
      this.#told.set(state.vni, text);
      sink.instance(state);
    }
    for (const vni of [...this.#told.keys()]) {
      if (this.#inventory.byVni.has(vni)) continue;
      this.#told.delete(vni);
      sink.instanceGone(vni);
    }
    return appeared;
  }

  #instanceState(logicalSwitch: LogicalSwitch): InstanceState {
    const { uuid, name, vni, replicationMode } = logicalSwitch;
    const bound = this.#inventory.ports.flatMap(({ name: port, bindings }) =>
      [...bindings].flatMap(([vlan, held]) => (held === uuid ? [{ port, vlan }] : [])),
    );
    const warnings: string[] = [];
    if (!this.#inventory.vtep) warnings.push('the switch has no IPv4 address in tunnel_ips');
    if (replicationMode !== 'source_node') {
      warnings.push(
        `${name} has replication mode ${replicationMode ?? 'service_node'}: the switch floods to one VTEP only`,
      );
    }
    if (this.#away) warnings.push('the switch is not connected');
    return {
      vni,
      vtep: this.#inventory.vtep,
      vxlanInterface: name,
      bridge: this.#options.switchName,
      sviInterface: '',
      vlan: bound.length === 1 ? bound[0]!.vlan : undefined,
      up: !this.#away,
      mtu: 0,
      ownMacs: [],
      warnings,
    };
  }

  #reportRemote(logicalSwitch: LogicalSwitchRow, high: number, low: number, origin: Origin): void {
    const vni = this.#vni(logicalSwitch.uuid);
    if (vni === 0) return;
    const sink = this.#sink!;
    const rows = this.picture.remote;
    let shown = -1;
    for (let row = rows.first(logicalSwitch.slot, high, low); row >= 0; row = rows.next(row)) {
      const ours = (rows.flags[row]! & MAC_ROW.OURS) !== 0;
      if (shown < 0 || ours) shown = row;
      const ip = rows.ip(row);
      if (ip) sink.neighbourSeen(vni, ip, high, low, 0, ours, origin);
    }
    if (shown < 0) sink.macMissing(vni, high, low, PART.VALUE);
    else {
      const vtep = this.picture.locatorAt(rows.locator[shown]!).address;
      const ours = (rows.flags[shown]! & MAC_ROW.OURS) !== 0;
      sink.macSeen(vni, high, low, PART.VALUE, vtep, 0, ours, origin);
    }
  }

  #reportLocal(logicalSwitch: LogicalSwitchRow, high: number, low: number, origin: Origin): void {
    const vni = this.#vni(logicalSwitch.uuid);
    if (vni === 0) return;
    const sink = this.#sink!;
    const rows = this.picture.local;
    let present = false;
    for (let row = rows.first(logicalSwitch.slot, high, low); row >= 0; row = rows.next(row)) {
      if ((rows.flags[row]! & MAC_ROW.OVERRIDDEN) !== 0) continue;
      present = true;
      const ip = rows.ip(row);
      if (ip) sink.localNeighbour(vni, ip, high, low, 0, origin);
    }
    if (present) sink.localMac(vni, high, low, 0, this.#portOf(logicalSwitch.uuid), origin);
    else sink.localMacGone(vni, high, low);
  }

  /** The schema does not say behind which port a MAC is; where a VNI has one port only, it is that. */
  #portOf(logicalSwitch: Uuid): number {
    const bound = this.#inventory.ports.flatMap(({ name, bindings }) =>
      [...bindings].flatMap(([vlan, held]) =>
        held === logicalSwitch ? [vlan === 0 ? name : `${name}.${vlan}`] : [],
      ),
    );
    const name = bound.length === 1 ? bound[0]! : this.#options.switchName;
    const known = this.#ports.indexOf(name);
    return known >= 0 ? known : this.#ports.push(name) - 1;
  }

  #macOverridden({ uuid, vni }: LogicalSwitch, high: number, low: number): void {
    const rows = this.picture.local;
    const { slot } = this.picture.logicalSwitch(uuid);
    let overridden = false;
    for (let row = rows.first(slot, high, low); row >= 0; row = rows.next(row)) {
      if ((rows.flags[row]! & MAC_ROW.OVERRIDDEN) !== 0) continue;
      rows.flags[row]! |= MAC_ROW.OVERRIDDEN;
      this.#overrides.add(rows.uuid(row));
      overridden = true;
      const ip = rows.ip(row);
      if (ip) this.#sink?.localNeighbourGone(vni, ip);
    }
    if (overridden) this.#sink?.localMacGone(vni, high, low);
  }

  /** The switch has left the row in place: the host is there. */
  #localAgain(uuid: Uuid): void {
    const rows = this.picture.local;
    const row = rows.find(uuid);
    if (row < 0) return;
    rows.flags[row]! &= ~MAC_ROW.OVERRIDDEN;
    const logicalSwitch = this.picture.logicalSwitchAt(rows.logicalSwitch(row));
    this.#notice(() => this.#reportLocal(logicalSwitch, rows.macHigh(row), rows.macLow(row), ORIGIN.NOTICE));
    this.#settled();
  }

  /** Tells of each VTEP whether it is there, and of those that were there before and are not any more. */
  readonly #toldFloods = new Map<Uuid, Set<AddressId>>();

  #reportFloods(logicalSwitch: Uuid, origin: Origin): void {
    const vni = this.#vni(logicalSwitch);
    if (vni === 0) return;
    const now = new Map<AddressId, boolean>();
    for (const { vteps, ours } of this.picture.floodRows(logicalSwitch)) {
      for (const vtep of vteps) now.set(vtep, ours || (now.get(vtep) ?? false));
    }
    for (const [vtep, ours] of now) this.#sink!.floodSeen(vni, vtep, ours, origin);
    for (const vtep of this.#toldFloods.get(logicalSwitch) ?? []) {
      if (!now.has(vtep)) this.#sink!.floodMissing(vni, vtep);
    }
    this.#toldFloods.set(logicalSwitch, new Set(now.keys()));
  }

  async #dumpRows(
    rows: MacRows,
    report: (ls: LogicalSwitchRow, high: number, low: number) => void,
  ): Promise<void> {
    for (let row = 0; row < rows.rowLimit; row++) {
      if (row > 0 && row % ROWS_A_TURN === 0) await new Promise<void>((resolve) => this.#clock.soon(resolve));
      if (!this.session.isReady)
        throw new Error(this.session.lastError?.message ?? 'the connection was lost');
      if (!rows.isUsed(row)) continue;
      const high = rows.macHigh(row);
      const low = rows.macLow(row);
      const logicalSwitch = this.picture.logicalSwitchAt(rows.logicalSwitch(row));
      // Several rows of one MAC are told together, with the first of them.
      if (rows.first(logicalSwitch.slot, high, low) === row) report(logicalSwitch, high, low);
    }
  }

  // Structure

  #buildStructure(): void {
    if (this.#structureBusy || !this.session.isReady || !this.#sink) return;
    const steps = [
      ...structureSteps(this.#inventory, {
        configured: this.#bindings,
        retired: this.#retired,
        keyAtLocators: this.#options.keyAtLocators === true && this.picture.hasTunnelKeys,
      }),
      ...retireSteps(this.#inventory, this.picture),
    ].filter(({ about }) => !this.#structureFailures.has(about));
    if (steps.length === 0) return;
    this.#structureBusy = true;
    this.#perform(steps).finally(() => {
      this.#structureBusy = false;
      if (this.#structureChanged || this.session.isReady) this.#buildStructure();
      this.#reportConnection();
    });
  }

  async #perform(steps: readonly StructureStep[]): Promise<void> {
    for (const { about, operations } of steps) {
      try {
        const results = await this.session.transact(JSON.stringify(operations));
        const failure = failureOf(results, operations.length);
        if (failure) this.#structureFailed(about, failure.text);
        else this.#log.info({ switch: this.#options.switchName }, `${about}: written`);
      } catch {
        // The connection is gone; with the next one all of it is looked at again.
        return;
      }
    }
  }

  /** Tried again after a while, whatever has changed by then. */
  #structureFailed(about: string, text: string): void {
    this.#log.warn({ switch: this.#options.switchName }, `Cannot write ${about}: ${text}`);
    this.#structureFailures.set(about, text);
    this.#structureTimer ??= this.#clock.after(STRUCTURE_RETRY_MILLISECONDS, () => {
      this.#structureTimer = undefined;
      this.#structureFailures.clear();
      this.#buildStructure();
    });
  }
}
