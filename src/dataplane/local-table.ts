/**
 * What local hosts show: MAC addresses on ports, or IP addresses with their MAC, a row per key in typed columns.
 * It turns the driver's observations, which repeat and overlap, into changes: each is told once.
 */
import { KeyTable } from '../base/key-table.ts';
import { grownTo, ORIGIN, type Origin } from './driver.ts';

const PRESENT = 1;
/** Something was written in its place: only a later dump proves that it is there again. */
const REPLACED = 2;

/** `a` and `b` are the value: (port, 0) of a MAC, (MAC upper, MAC lower) of a neighbour. */
export class LocalTable {
  readonly keys: KeyTable;
  readonly scratch: Int32Array;
  state = new Uint8Array(0);
  a = new Int32Array(0);
  b = new Int32Array(0);
  flags = new Uint8Array(0);
  /** The dump during which the row was last confirmed, by the dump or by a notice. */
  #stamp = new Uint16Array(0);
  readonly #changed: (row: number) => void;
  readonly #gone: (row: number) => void;

  /** `changed` and `gone` are called with the row in place; after `gone` returns it may be freed. */
  constructor(wordsPerKey: number, changed: (row: number) => void, gone: (row: number) => void) {
    this.keys = new KeyTable(wordsPerKey);
    this.scratch = new Int32Array(wordsPerKey);
    this.#changed = changed;
    this.#gone = gone;
    this.#grow();
  }

  vni(row: number): number {
    return this.keys.word(row, 0);
  }

  /** Whether the key in `scratch` is there, and nothing was written in its place. */
  has(): boolean {
    const row = this.keys.find(this.scratch);
    return row >= 0 && (this.state[row]! & (PRESENT | REPLACED)) === PRESENT;
  }

  /** Something was written in the place of the key in `scratch`; the notice that it is gone is still to come, if it is not lost. */
  replaced(dump: number): void {
    const row = this.keys.find(this.scratch);
    if (row < 0 || (this.state[row]! & PRESENT) === 0) return;
    this.state[row]! |= REPLACED;
    this.#stamp[row] = dump;
  }

  /** Visits the rows of an instance that are there; the visitor may drop the row. */
  rowsOf(vni: number, visit: (row: number) => void): void {
    for (let row = 0; row < this.keys.rowLimit; row++) {
      const isThere = this.keys.isUsed(row) && (this.state[row]! & PRESENT) !== 0;
      if (isThere && this.vni(row) === vni) visit(row);
    }
  }

  /**
   * The key in `scratch` is there with this value. `dump` is the number of the dump under way, 0 for none. Returns whether that
   * is news.
   */
  observe(a: number, b: number, flags: number, origin: Origin, dump: number): boolean {
    const size = this.keys.size;
    const row = this.keys.insert(this.scratch);
    if (this.keys.size !== size) {
      if (row >= this.state.length) this.#grow();
      this.state[row] = 0;
      this.#stamp[row] = 0;
    } else if (origin === ORIGIN.DUMP && this.#stamp[row] === dump) return false;
    this.#stamp[row] = dump;
    const same =
      (this.state[row]! & PRESENT) !== 0 &&
      this.a[row] === a &&
      this.b[row] === b &&
      this.flags[row] === flags;
    const isBack = (this.state[row]! & REPLACED) !== 0 && origin === ORIGIN.DUMP;
    if (same && !isBack) return false;
    this.state[row] = PRESENT;
    this.a[row] = a;
    this.b[row] = b;
    this.flags[row] = flags;
    this.#changed(row);
    return true;
  }

  /**
   * The key in `scratch` is not there. During a dump its row stays, so that an older dump record cannot bring
   * it back. Returns whether it was there.
   */
  forget(dump: number): boolean {
    let row = this.keys.find(this.scratch);
    if (row < 0) {
      if (dump === 0) return false;
      row = this.keys.insert(this.scratch);
      if (row >= this.state.length) this.#grow();
      this.state[row] = 0;
    }
    this.#stamp[row] = dump;
    const wasPresent = (this.state[row]! & PRESENT) !== 0;
    this.drop(row, dump === 0);
    return wasPresent;
  }

  /** Takes one row out; `free` false keeps it as a tombstone. */
  drop(row: number, free: boolean): void {
    if ((this.state[row]! & PRESENT) !== 0) {
      this.state[row]! &= ~PRESENT;
      this.#gone(row);
    }
    this.state[row] = 0;
    if (free) this.keys.removeRow(row);
  }

  /** The dump is complete: what it did not confirm is gone, and tombstones go. */
  sweep(dump: number): void {
    for (let row = 0; row < this.keys.rowLimit; row++) {
      if (!this.keys.isUsed(row)) continue;
      if (this.#stamp[row] !== dump || (this.state[row]! & PRESENT) === 0) this.drop(row, true);
      else this.#stamp[row] = 0;
    }
  }

  /** The dump failed and proves nothing; only tombstones go. */
  keepAll(): void {
    for (let row = 0; row < this.keys.rowLimit; row++) {
      if (!this.keys.isUsed(row)) continue;
      this.#stamp[row] = 0;
      if ((this.state[row]! & PRESENT) === 0) this.keys.removeRow(row);
    }
  }

  #grow(): void {
    const length = this.keys.capacity;
    this.state = grownTo(this.state, length);
    this.a = grownTo(this.a, length);
    this.b = grownTo(this.b, length);
    this.flags = grownTo(this.flags, length);
    this.#stamp = grownTo(this.#stamp, length);
  }
}
