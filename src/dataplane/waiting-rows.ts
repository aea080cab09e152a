/**
 * Rows whose time has yet to come: refused entries that are tried again, and foreign edits that are undone, each after a wait
 * that doubles from time to time. One timer serves all of them.
 */
import type { Clock, Timer } from '../base/clock.ts';
import { KINDS } from './driver.ts';
import { DECISION, type EntryStore } from './entry-store.ts';
import { type EntryTable, ROW } from './entry-table.ts';
import { RowQueue } from './row-queue.ts';

/** Whole units, so that many rows share one wake-up. */
const UNIT_MILLISECONDS = 50;
const LONGEST_WAIT_MILLISECONDS = 60_000;

export class WaitingRows {
  readonly #store: EntryStore;
  readonly #clock: Clock;
  readonly #due: (table: EntryTable, row: number) => void;
  /** A row may stand here twice; its bits tell whether it still waits. */
  readonly #queues: readonly RowQueue[] = KINDS.map(() => new RowQueue());
  #timer: Timer | undefined;
  #nextDue = Number.POSITIVE_INFINITY;
  #closed = false;

  /** `due` is called for each row when its time has come, if it still waits then. */
  constructor(store: EntryStore, clock: Clock, due: (table: EntryTable, row: number) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#due = due;
  }

  /** Whether the row's time comes by itself: refused by the driver, of unknown result, or to be repaired. */
  has(table: EntryTable, row: number): boolean {
    const state = table.state[row]!;
    return (
      (state & ROW.SUSPECT) !== 0 || ((state & ROW.FAILED) !== 0 && table.error[row] !== DECISION.CONFLICT)
    );
  }

  /** Lets the row wait for `firstWait` milliseconds, doubled for each time before; returns how many times it is now. */
  add(table: EntryTable, row: number, firstWait: number): number {
    const before = table.attempts[row]!;
    if (before < 255) table.attempts[row] = before + 1;
    const wait = Math.min(LONGEST_WAIT_MILLISECONDS, firstWait * 2 ** Math.min(before, 20));
    const due = Math.ceil((this.#clock.now() + wait) / UNIT_MILLISECONDS) * UNIT_MILLISECONDS;
    table.due[row] = due;
    this.#queues[table.kind]!.push(row);
    this.#wakeAt(due);
    return before + 1;
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #wakeAt(due: number): void {
    if (due >= this.#nextDue || this.#closed) return;
    this.#timer?.cancel();
    this.#nextDue = due;
    this.#timer = this.#clock.after(due - this.#clock.now(), () => this.#wake());
  }

  #wake(): void {
    this.#nextDue = Number.POSITIVE_INFINITY;
    const now = this.#clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const table of this.#store.tables) {
      const queue = this.#queues[table.kind]!;
      for (let count = queue.length; count > 0; count--) {
        const row = queue.shift();
        if (!table.keys.isUsed(row) || !this.has(table, row)) continue;
        if (table.due[row]! <= now) this.#due(table, row);
        else {
          queue.push(row);
          next = Math.min(next, table.due[row]!);
        }
      }
    }
    if (next !== Number.POSITIVE_INFINITY) this.#wakeAt(next);
  }
}
