/**
 * What a constrained group was told, by set of route targets: the rows of each set as a list, and counts. What a member wants
 * is found without looking at the rest of the table, which may be a thousand times as much: at a reflector's restart
 * every leaf joins, and each wants its own VNIs.
 *
 * RFC 4684 section 5.
 */
import { grown } from '../base/key-table.ts';
import type { RouteId, SourceId } from './ids.ts';
import type { TargetSetId } from './target-sets.ts';

const FIRST_SETS = 64;

export class AnnouncedBySet {
  /** Row + 1 of the first row of a set, and of each row's neighbours in its list; 0 where there is none. */
  #first: Int32Array = new Int32Array(FIRST_SETS);
  #next: Int32Array = new Int32Array(0);
  #before: Int32Array = new Int32Array(0);
  #count: Int32Array = new Int32Array(FIRST_SETS);
  /** The counts of each source's own routes. */
  readonly #ownCount: Int32Array[] = [];

  get octets(): number {
    const own = this.#ownCount.reduce((sum, counts) => sum + counts.byteLength, 0);
    return own + (this.#first.length + this.#count.length + this.#next.length + this.#before.length) * 4;
  }

  /** Sets are below this number. */
  get setLimit(): number {
    return this.#first.length;
  }

  add(route: RouteId, set: TargetSetId, source: SourceId): void {
    this.#makeRoom(route, set);
    const first = this.#first[set]!;
    this.#next[route] = first;
    this.#before[route] = 0;
    if (first !== 0) this.#before[first - 1] = route + 1;
    this.#first[set] = route + 1;
    this.#count[set]!++;
    this.#ownOf(source, set)[set]!++;
  }

  remove(route: RouteId, set: TargetSetId, source: SourceId): void {
    const next = this.#next[route]!;
    const before = this.#before[route]!;
    if (before === 0) this.#first[set] = next;
    else this.#next[before - 1] = next;
    if (next !== 0) this.#before[next - 1] = before;
    this.#count[set]!--;
    this.#ownCount[source]![set]!--;
  }

  /** Routes of a set that are not from `source`. */
  countExcept(set: TargetSetId, source: SourceId): number {
    return this.#count[set]! - (this.#ownCount[source]?.[set] ?? 0);
  }

  forEach(set: TargetSetId, visit: (route: RouteId) => void): void {
    for (let held = this.#first[set]!; held !== 0; held = this.#next[held - 1]!) visit(held - 1);
  }

  #makeRoom(route: RouteId, set: TargetSetId): void {
    if (set >= this.#first.length) {
      const length = Math.max(this.#first.length * 2, set + 1);
      this.#first = grown(this.#first, length);
      this.#count = grown(this.#count, length);
    }
    if (route >= this.#next.length) {
      const length = Math.max(this.#next.length * 2, route + 1);
      this.#next = grown(this.#next, length);
      this.#before = grown(this.#before, length);
    }
  }

  #ownOf(source: SourceId, set: TargetSetId): Int32Array {
    const own = this.#ownCount[source];
    if (own !== undefined && set < own.length) return own;
    const larger = new Int32Array(this.#first.length);
    if (own !== undefined) larger.set(own);
    this.#ownCount[source] = larger;
    return larger;
  }
}
