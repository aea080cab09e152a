/**
 * Turns differences into batched writes: a dirty queue per kind in which a row stands at most once, slices that
 * yield, retries of refused entries and repairs of foreign edits, both with growing delays.
 */
import type { Clock, Timer } from '../base/clock.ts';
import { type Driver, EntryBatch, KINDS, OP, PART, RESULT } from './driver.ts';
import { FIGHT_EDITS } from './entry-report.ts';
import { DECISION, type EntryStore, ERROR_UNKNOWN } from './entry-store.ts';
import { type EntryTable, ROW } from './entry-table.ts';
import { HEARD_NOTHING, lostSince, returnedSince, wasAskedAgain } from './heard-in-flight.ts';
import type { EntryObserver } from './observer.ts';
import { RowQueue } from './row-queue.ts';
import { WaitingRows } from './waiting-rows.ts';

/** A slice of work; keepalives and hellos run between slices. */
const SLICE_MILLISECONDS = 8;
const SWEEP_ROWS = 4096;

/** A refused entry is tried again after 1 s, 2 s, 4 s ... */
const RETRY_MILLISECONDS = 1000;
/** A foreign edit is undone after 50 ms, the same entry's next one after 100 ms ... The wait also lets echoes of our own writes arrive. */
const REPAIR_MILLISECONDS = 50;

export interface WriterOutcome {
  /** Some result is unknown: only a dump tells. */
  unknown(): void;
  /** The entry was written. */
  installed(table: EntryTable, row: number): void;
  /** Nothing is left to do now. */
  idle(): void;
  /** The set of failed rows, or of fought-over ones, changed in this slice. */
  troubleChanged(): void;
}

export class EntryWriter {
  readonly #store: EntryStore;
  readonly #driver: Driver;
  readonly #observer: EntryObserver;
  readonly #clock: Clock;
  readonly #outcome: WriterOutcome;
  /** Batches that are not under way, and what is to be called when one of them is done. */
  readonly #free: EntryBatch[] = [];
  readonly #done = new Map<EntryBatch, () => void>();
  readonly #queues: readonly RowQueue[] = KINDS.map(() => new RowQueue());
  readonly #waiting: WaitingRows;
  #scheduled: Timer | undefined;
  /** Kind and row at which the sweep under way stands; kind = KINDS.length when there is none. */
  #sweepKind: number = KINDS.length;
  #sweepRow = 0;
  #closed = false;
  #trouble = false;
  /** Nothing is written before the first dump is complete. */
  enabled = false;
  written = 0;
  repaired = 0;
  pruned = 0;
  failed = 0;

  constructor(
    store: EntryStore,
    driver: Driver,
    observer: EntryObserver,
    clock: Clock,
    outcome: WriterOutcome,
  ) {
    this.#store = store;
    this.#driver = driver;
    this.#observer = observer;
    this.#clock = clock;
    this.#outcome = outcome;
    this.#waiting = new WaitingRows(store, clock, (table, row) => this.enqueue(table, row));
    for (let i = 0; i < driver.writesAtOnce; i++) {
      const batch = new EntryBatch(driver.batchSize);
      this.#free.push(batch);
      this.#done.set(batch, () => this.#finish(batch));
    }
  }

  get isIdle(): boolean {
    return this.#free.length === this.#done.size && !this.#hasWork && !this.#trouble;
  }

  get #hasWork(): boolean {
    return this.#sweepKind < KINDS.length || this.#queues.some((queue) => queue.length > 0);
  }

  enqueue(table: EntryTable, row: number): void {
    // A row in flight is looked at again when its result is in.
    if ((table.state[row]! & (ROW.QUEUED | ROW.IN_FLIGHT)) !== 0) return;
    table.state[row]! |= ROW.QUEUED;
    this.#queues[table.kind]!.push(row);
    if (!this.#scheduled) this.#schedule();
  }

  /** Looks at every row, soon and in slices: what must be written is queued, what is empty is freed. */
  sweep(): void {
    this.#sweepKind = 0;
    this.#sweepRow = 0;
    this.#schedule();
  }

  /** Another hand changed the row. It is repaired after a delay, unless the control plane decides otherwise before. */
  suspect(table: EntryTable, row: number): void {
    if ((table.state[row]! & ROW.SUSPECT) !== 0) return;
    table.state[row]! |= ROW.SUSPECT;
    if (this.#waiting.add(table, row, REPAIR_MILLISECONDS) !== FIGHT_EDITS) return;
    this.#trouble = true;
    this.#schedule();
  }

  /** Frees the row when nothing needs it: neither desired nor there, nor waiting anywhere. */
  freeIfEmpty(table: EntryTable, row: number): void {
    const busy = ROW.DESIRED | ROW.QUEUED | ROW.IN_FLIGHT;
    if ((table.state[row]! & busy) !== 0 || table.parts[row] !== 0 || this.#observer.dump !== 0) return;
    this.#clearFailed(table, row);
    table.remove(row);
  }

  /** Forgets failures so that the row is tried at once with its new value. */
  forgive(table: EntryTable, row: number): void {
    table.attempts[row] = 0;
    this.#clearFailed(table, row);
  }

  close(): void {
    this.#closed = true;
    this.#scheduled?.cancel();
    this.#waiting.close();
  }

  #schedule(): void {
    if (this.#closed || this.#scheduled || !this.enabled || this.#free.length === 0) return;
    this.#scheduled = this.#clock.soon(() => {
      this.#scheduled = undefined;
      this.#slice();
    });
  }

  enable(): void {
    this.enabled = true;
    this.#schedule();
  }

  #slice(): void {
    const end = this.#clock.now() + SLICE_MILLISECONDS;
    let busy = true;
    while (busy && !this.#closed && this.#free.length > 0 && this.#clock.now() < end) busy = this.#step();
    if (this.#closed) return;
    if (this.#trouble) {
      this.#trouble = false;
      this.#outcome.troubleChanged();
    }
    if (this.#hasWork) this.#schedule();
    else if (this.isIdle) this.#outcome.idle();
  }

  /** Writes a batch, or looks at some rows; false when there is nothing to do. */
  #step(): boolean {
    const batch = this.#free.pop()!;
    this.#fill(batch);
    if (batch.length > 0) {
      this.#driver.write(batch, this.#done.get(batch)!);
      return true;
    }
    this.#free.push(batch);
    if (this.#sweepKind === KINDS.length) return false;
    this.#sweepSome();
    return true;
  }

  #fill(batch: EntryBatch): void {
    batch.length = 0;
    for (const table of this.#store.tables) {
      const queue = this.#queues[table.kind]!;
      while (batch.length < batch.capacity) {
        const row = queue.shift();
        if (row < 0) break;
        table.state[row]! &= ~ROW.QUEUED;
        const decision = this.#store.decide(table, row);
        if (decision > 0) {
          table.state[row]! |= ROW.IN_FLIGHT;
          table.heard[row] = HEARD_NOTHING;
          this.#store.putInto(batch, decision, table, row);
        } else this.settle(table, row, decision);
      }
    }
  }

  /** Takes note that a row needs no write now: `decision` is a DECISION. */
  settle(table: EntryTable, row: number, decision: number): void {
    if (decision === DECISION.CONFLICT) this.#markFailed(table, row, DECISION.CONFLICT);
    else {
      // As it should be, or held: either way there is nothing to retry or to repair, and a sweep finds it when that changes.
      this.#clearFailed(table, row);
      table.state[row]! &= ~ROW.SUSPECT;
      this.freeIfEmpty(table, row);
    }
    if (this.#trouble) this.#schedule();
  }

  #finish(batch: EntryBatch): void {
    this.#free.push(batch);
    let unknown = false;
    for (let i = 0; i < batch.length; i++) {
      const table = this.#store.tables[batch.kind[i]!]!;
      const row = batch.row[i]!;
      const result = batch.result[i]!;
      table.state[row]! &= ~ROW.IN_FLIGHT;
      if (result === RESULT.OK) this.#accept(batch, table, row, i);
      else if (result === RESULT.UNKNOWN) {
        unknown = true;
        this.#refuse(table, row, ERROR_UNKNOWN);
      } else this.#refuse(table, row, result);
    }
    // A driver that answers later continues in a new slice; one that answered at once is still inside its own.
    this.#schedule();
    if (unknown) this.#outcome.unknown();
  }

  #accept(batch: EntryBatch, table: EntryTable, row: number, i: number): void {
    this.written++;
    const undone =
      batch.op[i] === OP.REMOVE ? this.#takenOut(batch, table, row, i) : this.#putIn(batch, table, row, i);
    if ((table.state[row]! & (ROW.SUSPECT | ROW.FAILED)) !== 0) this.#recover(table, row);
    const decision = this.#store.decide(table, row);
    // Undone by another hand while the result was on its way: a foreign edit like any other.
    if (decision > 0 && undone) this.suspect(table, row);
    else if (decision > 0) this.enqueue(table, row);
    else if (decision === DECISION.CONFLICT) this.settle(table, row, decision);
    else this.freeIfEmpty(table, row);
  }

  /** Notes a removal, as far as nothing has come back since. Returns whether something has. */
  #takenOut(batch: EntryBatch, table: EntryTable, row: number, i: number): boolean {
    const returned = returnedSince(table.heard[row]!);
    const gone = batch.parts[i]! & ~returned;
    this.#observer.confirm(table, row, gone);
    if ((table.state[row]! & ROW.CLAIMED) === 0) this.pruned++;
    table.parts[row]! &= ~gone;
    table.ours[row]! &= ~gone;
    table.state[row]! &= ~ROW.CLAIMED;
    return (batch.parts[i]! & returned) !== 0;
  }

  /** Notes what was written, as far as it has not gone since. Returns whether some of it has. */
  #putIn(batch: EntryBatch, table: EntryTable, row: number, i: number): boolean {
    const heard = table.heard[row]!;
    const there = batch.parts[i]! & ~lostSince(heard);
    this.#observer.confirm(table, row, there);
    const foreign = batch.op[i] === OP.REINSTALL ? 0 : table.parts[row]! & ~table.ours[row]!;
    // What got into the way meanwhile stays there, and is not ours to take out.
    const written = (table.parts[row]! & PART.OBSTACLE) === 0 ? there : there & ~PART.COMPANION;
    table.parts[row]! |= written;
    table.ours[row]! |= written & ~foreign;
    if ((there & PART.VALUE) !== 0) {
      table.actualA[row] = batch.ipLength[i] === 0 ? batch.vtep[i]! : batch.macHigh[i]!;
      table.actualB[row] = batch.ipLength[i] === 0 ? 0 : batch.macLow[i]!;
    }
    if ((there & this.#store.flagsPart(table.kind)) !== 0) {
      table.actualFlags[row] = batch.flags[i]! & this.#store.visibleFlags(table.kind);
    }
    if (!wasAskedAgain(heard)) table.state[row]! &= ~ROW.REWRITE;
    if ((table.ours[row]! & PART.VALUE) !== 0) table.state[row]! |= ROW.CLAIMED;
    if (there === batch.parts[i]) this.#outcome.installed(table, row);
    return there !== batch.parts[i];
  }

  #recover(table: EntryTable, row: number): void {
    if ((table.state[row]! & ROW.SUSPECT) !== 0) this.repaired++;
    else table.attempts[row] = 0;
    table.state[row]! &= ~ROW.SUSPECT;
    this.#clearFailed(table, row);
  }

  #refuse(table: EntryTable, row: number, error: number): void {
    this.#markFailed(table, row, error);
    table.state[row]! &= ~ROW.SUSPECT;
    this.#waiting.add(table, row, RETRY_MILLISECONDS);
  }

  #markFailed(table: EntryTable, row: number, error: number): void {
    table.error[row] = error;
    if ((table.state[row]! & ROW.FAILED) !== 0) return;
    table.state[row]! |= ROW.FAILED;
    this.failed++;
    this.#trouble = true;
  }

  #clearFailed(table: EntryTable, row: number): void {
    if ((table.state[row]! & ROW.FAILED) === 0) return;
    table.state[row]! &= ~ROW.FAILED;
    table.error[row] = 0;
    this.failed--;
    this.#trouble = true;
  }

  #sweepSome(): void {
    const table = this.#store.tables[this.#sweepKind]!;
    const end = Math.min(this.#sweepRow + SWEEP_ROWS, table.rowLimit);
    for (; this.#sweepRow < end; this.#sweepRow++) {
      const row = this.#sweepRow;
      if (!table.keys.isUsed(row)) continue;
      if ((table.state[row]! & (ROW.QUEUED | ROW.IN_FLIGHT)) !== 0 || this.#waiting.has(table, row)) continue;
      const decision = this.#store.decide(table, row);
      if (decision > 0 || decision === DECISION.CONFLICT) this.enqueue(table, row);
      else this.settle(table, row, decision);
    }
    if (this.#sweepRow < table.rowLimit) return;
    this.#sweepKind++;
    this.#sweepRow = 0;
  }
}
