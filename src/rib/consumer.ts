/**
 * Who wants to know which routes changed. The table only says "dirty"; the consumer pulls, in batches, when it has
 * time: any number of changes of a route between two drains is one, and it reads the state as it is then.
 */
import type { RouteId } from './ids.ts';
import { RowSet } from './row-set.ts';

/** Told by the consumer that it needs routes[0, count) no longer; what they are afterwards is nobody's business. */
export type Settle = (routes: Int32Array, count: number) => void;

const DRAIN_ROWS = 1024;

export class RibConsumer {
  readonly name: string;
  /** Called once when the first route becomes dirty; again only after the consumer has been empty. */
  onDirty: (() => void) | undefined;
  /** The rows that changed. A row in it stays valid, and its key readable, until it is drained. */
  readonly rows = new RowSet();
  readonly #settle: Settle;
  readonly #close: (consumer: RibConsumer) => void;
  readonly #batch = new Int32Array(DRAIN_ROWS);

  constructor(name: string, settle: Settle, close: (consumer: RibConsumer) => void) {
    this.name = name;
    this.#settle = settle;
    this.#close = close;
  }

  /** How many routes changed since they were drained last. */
  get dirty(): number {
    return this.rows.size;
  }

  mark(route: RouteId): void {
    if (this.rows.add(route) && this.rows.size === 1) this.onDirty?.();
  }

  /** Gives up to `max` dirty routes to `visit`, which must not drain this consumer. Returns how many. */
  drain(max: number, visit: (route: RouteId) => void): number {
    let drained = 0;
    while (drained < max) {
      const batch = this.#batch;
      const count = this.rows.take(batch, Math.min(max - drained, DRAIN_ROWS));
      if (count === 0) break;
      for (let i = 0; i < count; i++) visit(batch[i]!);
      this.#settle(batch, count);
      drained += count;
    }
    return drained;
  }

  /** For those that take rows by themselves: afterwards, rows without paths may be reused. Spoils `routes`. */
  settle(routes: Int32Array, count: number): void {
    this.#settle(routes, count);
  }

  /** No more changes, and nothing held. */
  close(): void {
    this.onDirty = undefined;
    this.#close(this);
    this.drain(Number.POSITIVE_INFINITY, () => {});
  }
}
