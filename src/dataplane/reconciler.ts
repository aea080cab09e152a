/**
 * The dataplane that the control plane sees, over any driver: keeps the desired state, reads what is there before it
 * writes anything, makes the one equal to the other, and keeps it so. A restart, lost notices and a dropped connection are one
 * path: dump, compare, write the difference.
 */
import type { AddressId, AddressTable } from '../base/address-table.ts';
import type { Clock, Timer } from '../base/clock.ts';
import type { IpBytes } from '../base/ip.ts';
import { type Logger, silentLogger } from '../base/log.ts';
import type { Mac } from '../base/mac.ts';
import { DesiredEntries } from './desired-entries.ts';
import { type Driver, KIND } from './driver.ts';
import { DumpSchedule } from './dump-schedule.ts';
import { EntryReport } from './entry-report.ts';
import { DECISION, EntryStore, type VniRecord } from './entry-store.ts';
import { type EntryTable, ROW } from './entry-table.ts';
import type {
  Dataplane,
  DataplaneCounters,
  DataplaneEvents,
  EntryView,
  InstanceSpec,
  InstanceState,
} from './interfaces.ts';
import { LocalState } from './local-state.ts';
import { EntryObserver } from './observer.ts';
import { ReconcilerSink } from './reconciler-sink.ts';
import { EntryWriter } from './writer.ts';

export interface ReconcilerOptions {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly addresses: AddressTable;
  readonly log?: Logger;
  /** How often everything is read again to find silent drift; 0 for never. */
  readonly auditMilliseconds?: number;
  /** How long `close` waits when none of its removals gets done. */
  readonly closeMilliseconds?: number;
}

const AUDIT_MILLISECONDS = 60_000;
/** What an instance that appears late may still have claimed. */
const LATE_PRUNE_MILLISECONDS = 10_000;
const CLOSE_MILLISECONDS = 15_000;

export class Reconciler implements Dataplane {
  readonly kind: Dataplane['kind'];
  readonly #driver: Driver;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #store: EntryStore;
  readonly #report: EntryReport;
  readonly #observer: EntryObserver;
  readonly #writer: EntryWriter;
  readonly #local: LocalState;
  readonly #desired: DesiredEntries;
  readonly #dumps: DumpSchedule;
  readonly #auditMilliseconds: number;
  readonly #closeMilliseconds: number;
  #audit: Timer | undefined;
  #events: DataplaneEvents | undefined;
  #whenIdle: (() => void)[] = [];
  #overruns = 0;
  /** Entries of an earlier run that nobody has claimed go from now on. */
  #pruning = false;
  #closed = false;

  constructor(options: ReconcilerOptions) {
    const { driver, clock, addresses } = options;
    this.kind = driver.kind;
    this.#driver = driver;
    this.#clock = clock;
    this.#log = options.log ?? silentLogger;
    this.#auditMilliseconds = options.auditMilliseconds ?? AUDIT_MILLISECONDS;
    this.#closeMilliseconds = options.closeMilliseconds ?? CLOSE_MILLISECONDS;
    this.#store = new EntryStore(addresses, driver);
    this.#report = new EntryReport(this.#store, (code) => driver.errorText(code));
    this.#observer = new EntryObserver(this.#store, (table, row) => this.#entryChanged(table, row));
    this.#writer = new EntryWriter(this.#store, driver, this.#observer, clock, {
      unknown: () => this.#dumps.request(),
      installed: (table, row) => this.#installed(table, row),
      idle: () => this.#settleIdle(),
      troubleChanged: () => this.#reportTrouble(),
    });
    this.#local = new LocalState(this.#store, (port) => driver.portName(port));
    this.#desired = new DesiredEntries(this.#store, this.#writer, this.#local, clock);
    this.#dumps = new DumpSchedule(clock, {
      begin: () => this.#beginDump(),
      read: () => driver.dump(),
      complete: () => this.#completeDump(),
      failed: (error) => this.#dumpFailed(error),
    });
  }

  async open(events: DataplaneEvents): Promise<void> {
    this.#events = events;
    this.#local.events = events;
    const sink = new ReconcilerSink(events, this.#observer, this.#local, {
      instance: (state) => this.#instanceFound(state),
      instanceGone: (vni) => this.#instanceGone(vni),
      overrun: () => this.#overrun(),
      resync: () => this.#dumps.request(),
      localMacChanged: (vni, high, low, isLocal) => this.#localMacChanged(vni, high, low, isLocal),
    });
    await this.#driver.open(sink);
    await this.#dumps.first();
    this.#scheduleAudit();
  }

  setMac(vni: number, mac: Mac, vtep: AddressId, flags: number): void {
    this.#desired.setMac(vni, mac, vtep, flags);
  }

  deleteMac(vni: number, mac: Mac): void {
    this.#desired.deleteMac(vni, mac);
  }

  addFlood(vni: number, vtep: AddressId): void {
    this.#desired.addFlood(vni, vtep);
  }

  deleteFlood(vni: number, vtep: AddressId): void {
    this.#desired.deleteFlood(vni, vtep);
  }

  setNeighbour(vni: number, ip: IpBytes, mac: Mac, flags: number): void {
    this.#desired.setNeighbour(vni, ip, mac, flags);
  }

  deleteNeighbour(vni: number, ip: IpBytes): void {
    this.#desired.deleteNeighbour(vni, ip);
  }

  ensure(spec: InstanceSpec): void {
    const record = this.#store.vni(spec.vni);
    const wasEnsured = record.ensured;
    record.ensured = true;
    record.removing = false;
    this.#driver.ensure(spec);
    if (wasEnsured) return;
    this.#local.reportAll(spec.vni);
    this.#writer.sweep();
  }

  remove(vni: number): void {
    const record = this.#store.vni(vni);
    record.ensured = false;
    record.removing = true;
    this.#desired.deleteAll(vni);
    this.#driver.remove(vni);
    this.#writer.sweep();
  }

  watchVtep(vtep: AddressId): void {
    this.#driver.watchVtep(vtep);
  }

  unwatchVtep(vtep: AddressId): void {
    this.#driver.unwatchVtep(vtep);
  }

  pruneStale(): void {
    if (this.#pruning) return;
    this.#pruning = true;
    for (const record of this.#store.vnis.values()) record.prunable = record.state !== undefined;
    this.#writer.sweep();
  }

  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve);
      this.#clock.soon(() => this.#settleIdle());
    });
  }

  entries(vni?: number): Iterable<EntryView> {
    return this.#report.entries(vni);
  }

  counters(): DataplaneCounters {
    const { written, repaired, pruned, failed } = this.#writer;
    const { desired, installed } = this.#report.count();
    return {
      desired,
      installed,
      pending: Math.max(0, desired - installed - failed),
      failed,
      written,
      repaired,
      pruned,
      adopted: this.#desired.adopted,
      dumps: this.#dumps.completed,
      overruns: this.#overruns,
    };
  }

  async close(options: { readonly keepEntries: boolean }): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#audit?.cancel();
    if (!options.keepEntries && this.#writer.enabled) {
      this.#removeAll();
      await this.#idleUnlessStuckFor(this.#closeMilliseconds);
    }
    this.#dumps.close();
    this.#writer.close();
    for (const resolve of this.#whenIdle.splice(0)) resolve();
    await this.#driver.close();
  }

  #removeAll(): void {
    for (const record of this.#store.vnis.values()) {
      record.removing = record.ensured || record.removing;
      record.ensured = false;
    }
    this.#desired.deleteAll();
    this.#writer.sweep();
  }

  /** Waits for what is queued as long as some of it gets done: a dataplane that does not answer must not hold the process. */
  #idleUnlessStuckFor(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      let written = -1;
      let timer: Timer | undefined;
      const look = (): void => {
        if (this.#writer.written === written) {
          resolve();
          return;
        }
        written = this.#writer.written;
        timer = this.#clock.after(milliseconds, look);
      };
      look();
      this.idle().then(() => {
        timer?.cancel();
        resolve();
      });
    });
  }

  /** Another hand changed an entry, or a dump shows what was not known. */
  #entryChanged(table: EntryTable, row: number): void {
    const state = table.state[row]!;
    // Likely the echo of the write under way; its result is compared again in any case.
    if ((state & ROW.IN_FLIGHT) !== 0) return;
    if ((state & ROW.DESIRED) === 0) {
      // What comes to light after pruning, or was refused before, is looked at once more; the sweep after a dump finds it, too.
      if (table.ours[row] !== 0 && this.#observer.dump === 0) this.#writer.enqueue(table, row);
      return;
    }
    this.#desired.claim(table, row);
    const decision = this.#store.decide(table, row);
    // Settled at once: were it queued, the next edit would find it there and be undone without the delay that edits get.
    if (decision === DECISION.NONE || decision === DECISION.CONFLICT) {
      this.#writer.settle(table, row, decision);
    } else if (decision > 0 && (state & ROW.CLAIMED) !== 0) this.#writer.suspect(table, row);
    else if (decision > 0) this.#writer.enqueue(table, row);
  }

  #localMacChanged(vni: number, high: number, low: number, isLocal: boolean): void {
    const table = this.#store.tables[KIND.MAC]!;
    table.setMacKey(vni, high, low);
    const row = table.find();
    if (row < 0 || (table.state[row]! & ROW.DESIRED) === 0) return;
    if (isLocal) table.state[row]! |= ROW.YIELDED;
    else {
      table.state[row]! &= ~ROW.YIELDED;
      this.#writer.enqueue(table, row);
    }
  }

  /** A MAC is local or remote, never both. */
  #installed({ kind, keys }: EntryTable, row: number): void {
    if (kind === KIND.MAC) this.#local.macReplaced(keys.word(row, 0), keys.word(row, 1), keys.word(row, 2));
  }

  #instanceFound(state: InstanceState): void {
    const record = this.#store.vni(state.vni);
    if (!record.state) record.dumped = false;
    record.state = state;
    this.#events!.instance(state);
  }

  #instanceGone(vni: number): void {
    const record = this.#store.vni(vni);
    if (!record.state) return;
    this.#local.forgetInstance(vni);
    record.state = undefined;
    record.dumped = false;
    record.prunable = false;
    record.departures++;
    this.#observer.forgetInstance(vni);
    this.#events!.instanceGone(vni);
    this.#writer.sweep();
  }

  #overrun(): void {
    this.#overruns++;
    this.#log.warn(
      { overruns: this.#overruns },
      'notices of the dataplane were lost: reading everything again',
    );
    this.#dumps.request();
  }

  #beginDump(): void {
    this.#observer.beginDump();
    this.#local.beginDump(this.#observer.dump);
  }

  #completeDump(): void {
    this.#observer.endDump();
    this.#local.endDump();
    for (const record of this.#store.vnis.values()) {
      // An instance that appeared while the dump ran was in it only in part: the dump it asked for is still to come.
      if (!record.state || this.#dumps.isRequested) continue;
      if (this.#pruning && !record.dumped && !record.prunable) this.#pruneLater(record);
      record.dumped = true;
    }
    this.#calm();
    this.#events!.problem('dataplane-dump', undefined);
    this.#events!.settled();
    this.#writer.enable();
    this.#writer.sweep();
  }

  /**
   * The instance appeared after everything else was pruned, as that of a switch which was away at the start: its routes have yet to
   * be asked for and imported before what nobody claims is known to be stale.
   */
  #pruneLater(record: VniRecord): void {
    const { departures } = record;
    this.#clock.after(LATE_PRUNE_MILLISECONDS, () => {
      if (record.departures !== departures || this.#closed) return;
      record.prunable = true;
      this.#writer.sweep();
    });
  }

  #dumpFailed(error: unknown): void {
    this.#observer.abandonDump();
    this.#local.abandonDump();
    const text = `Cannot read the dataplane's tables: ${error instanceof Error ? error.message : String(error)}`;
    this.#log.warn({ error }, text);
    this.#events!.problem('dataplane-dump', text);
  }

  /** Each complete dump takes one foreign edit off an entry's record, so that a fight that ended is forgotten. */
  #calm(): void {
    for (const table of this.#store.tables) {
      for (let row = 0; row < table.rowLimit; row++) {
        const isTroubled = (table.state[row]! & (ROW.FAILED | ROW.SUSPECT)) !== 0;
        if (table.attempts[row] !== 0 && !isTroubled) table.attempts[row]!--;
      }
    }
    this.#reportTrouble();
  }

  #scheduleAudit(): void {
    if (this.#auditMilliseconds === 0 || this.#closed) return;
    this.#audit = this.#clock.after(this.#auditMilliseconds, () => {
      this.#dumps.request();
      this.#scheduleAudit();
    });
  }

  #settleIdle(): void {
    if (this.#whenIdle.length === 0 || !this.#writer.enabled) return;
    if (!this.#writer.isIdle || !this.#dumps.isIdle) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  #reportTrouble(): void {
    const { failed, fought } = this.#report.trouble();
    this.#events!.problem('dataplane-writes', failed);
    this.#events!.problem('dataplane-fight', fought);
  }
}
