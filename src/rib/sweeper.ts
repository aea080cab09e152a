/**
 * Removes stale paths of sources in slices: all of them when a session died, the ones not announced again after a
 * refresh. One round over the path rows suffices: what is announced meanwhile is of the newer generation.
 *
 * RFC 4271 section 9 (routes of a closed session), RFC 7313 section 4, RFC 4724 section 4.2.
 */
import { NONE, type PathId, type SourceId } from './ids.ts';
import type { RouteTable } from './route-table.ts';
import type { Slices } from './slices.ts';
import type { SourceTable } from './source-table.ts';

/** Rows looked at between two looks at the clock. */
const ROWS_PER_LOOK = 4096;

export interface SweepHost {
  readonly table: RouteTable;
  readonly sources: SourceTable;
  readonly clock: { now(): number };
  removePath(path: PathId): void;
}

interface Sweep {
  readonly source: SourceId;
  /** Paths that are so many generations old, or older, go. */
  age: number;
  /** The next row, going round; and how many are left to look at. */
  cursor: number;
  left: number;
  readonly done: (() => void)[];
}

export class Sweeper {
  readonly #host: SweepHost;
  readonly #slices: Slices;
  readonly #sweeps = new Map<SourceId, Sweep>();
  readonly #work = (deadline: number): boolean => this.#run(deadline);

  constructor(host: SweepHost, slices: Slices) {
    this.#host = host;
    this.#slices = slices;
  }

  /** Goes round once more if the source is being swept already. */
  sweep(source: SourceId, done?: () => void): void {
    const sweep = this.#sweeps.get(source) ?? { source, age: 1, cursor: 0, left: 0, done: [] };
    sweep.age = 1;
    sweep.left = this.#host.table.pathLimit;
    if (done !== undefined) sweep.done.push(done);
    this.#sweeps.set(source, sweep);
    this.#slices.request(this.#work);
  }

  /** What the source has now is stale from here on: a sweep under way is still for what was stale before. */
  aged(source: SourceId): void {
    const sweep = this.#sweeps.get(source);
    if (sweep !== undefined) sweep.age++;
  }

  #run(deadline: number): boolean {
    for (const sweep of this.#sweeps.values()) {
      if (!this.#advance(sweep, deadline)) return true;
    }
    return false;
  }

  /** Whether the sweep is through. */
  #advance(sweep: Sweep, deadline: number): boolean {
    const { table, sources, clock } = this.#host;
    const { source } = sweep;
    const generation = sources.generation[source]!;
    while (sweep.left > 0) {
      if (sweep.cursor >= table.pathLimit) sweep.cursor = 0;
      const end = Math.min(sweep.cursor + Math.min(sweep.left, ROWS_PER_LOOK), table.pathLimit);
      for (let path = sweep.cursor; path < end; path++) {
        if (table.source[path] !== source || age(generation, table.generation[path]!) < sweep.age) continue;
        if (table.route[path] !== NONE) this.#host.removePath(path);
      }
      sweep.left -= end - sweep.cursor;
      sweep.cursor = end;
      if (sweep.left > 0 && clock.now() >= deadline) return false;
    }
    return this.#end(sweep);
  }

  #end(sweep: Sweep): true {
    this.#sweeps.delete(sweep.source);
    for (const done of sweep.done) done();
    return true;
  }
}

/** Generations are octets, and go round. */
const age = (now: number, then: number): number => (now - then) & 0xff;
