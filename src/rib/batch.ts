/**
 * The changes of one slice, gathered by what they can share on the wire: routes with the same outbound block and
 * the same peer to leave out stand in one bucket, and go out in as few UPDATEs as fit.
 *
 * RFC 4271 section 4.3: "An UPDATE message is used to advertise feasible routes that share common path attributes".
 */

/** Rows in a batch: one to two milliseconds of work. */
export const BATCH_ROWS = 4096;
/**
 * In place of a block: the routes of the bucket are withdrawn. What is below it is, negated, the set of route targets
 * that they were announced with, where only those members hear of it who wanted that.
 */
export const WITHDRAWN = 0;
const NO_BUCKET = -1;
const SLOTS = BATCH_ROWS * 2;

export class Batch {
  /** Entries, chained per bucket. */
  readonly #route = new Int32Array(BATCH_ROWS);
  readonly #next = new Int32Array(BATCH_ROWS);
  #entries = 0;
  /** Buckets, chained per excluded source in order of appearance. */
  readonly #block = new Int32Array(BATCH_ROWS);
  readonly #excluded = new Int32Array(BATCH_ROWS);
  readonly #first = new Int32Array(BATCH_ROWS);
  readonly #last = new Int32Array(BATCH_ROWS);
  readonly #nextBucket = new Int32Array(BATCH_ROWS);
  #buckets = 0;
  #current = NO_BUCKET;
  /** Bucket + 1 by hash of block and excluded source. */
  readonly #slots = new Int32Array(SLOTS);
  /** Excluded source to its first and last bucket. */
  readonly #firstOf = new Map<number, number>();
  readonly #lastOf = new Map<number, number>();

  get size(): number {
    return this.#entries;
  }

  clear(): void {
    if (this.#buckets > 64) this.#slots.fill(0);
    else for (let b = 0; b < this.#buckets; b++) this.#clearSlot(b);
    this.#entries = this.#buckets = 0;
    this.#current = NO_BUCKET;
    this.#firstOf.clear();
    this.#lastOf.clear();
  }

  /** Adds `route`; `block` WITHDRAWN, or less, withdraws it. `excluded` is the source that is not told, or -1. */
  add(route: number, block: number, excluded: number): void {
    const entry = this.#entries++;
    this.#route[entry] = route;
    this.#next[entry] = -1;
    const bucket = this.#bucketOf(block, excluded);
    if (this.#first[bucket] === -1) this.#first[bucket] = entry;
    else this.#next[this.#last[bucket]!] = entry;
    this.#last[bucket] = entry;
  }

  excludedSources(): IterableIterator<number> {
    return this.#firstOf.keys();
  }

  /** The first bucket that leaves out `excluded`; then nextBucket until -1. */
  firstBucket(excluded: number): number {
    return this.#firstOf.get(excluded) ?? NO_BUCKET;
  }

  nextBucket(bucket: number): number {
    return this.#nextBucket[bucket]!;
  }

  blockOf(bucket: number): number {
    return this.#block[bucket]!;
  }

  /** The first entry of a bucket; then nextEntry until -1. */
  firstEntry(bucket: number): number {
    return this.#first[bucket]!;
  }

  nextEntry(entry: number): number {
    return this.#next[entry]!;
  }

  routeOf(entry: number): number {
    return this.#route[entry]!;
  }

  #bucketOf(block: number, excluded: number): number {
    const current = this.#current;
    if (current !== NO_BUCKET && this.#block[current] === block && this.#excluded[current] === excluded) {
      return current;
    }
    let slot = slotOf(block, excluded);
    for (let held = this.#slots[slot]!; held !== 0; held = this.#slots[slot]!) {
      if (this.#block[held - 1] === block && this.#excluded[held - 1] === excluded) {
        this.#current = held - 1;
        return held - 1;
      }
      slot = (slot + 1) & (SLOTS - 1);
    }
    return this.#addBucket(slot, block, excluded);
  }

  #addBucket(slot: number, block: number, excluded: number): number {
    const bucket = this.#buckets++;
    this.#slots[slot] = bucket + 1;
    this.#block[bucket] = block;
    this.#excluded[bucket] = excluded;
    this.#first[bucket] = -1;
    this.#nextBucket[bucket] = NO_BUCKET;
    const last = this.#lastOf.get(excluded);
    if (last === undefined) this.#firstOf.set(excluded, bucket);
    else this.#nextBucket[last] = bucket;
    this.#lastOf.set(excluded, bucket);
    this.#current = bucket;
    return bucket;
  }

  /** Empties the slot of `bucket`, which may stand after others that collided with it. */
  #clearSlot(bucket: number): void {
    let slot = slotOf(this.#block[bucket]!, this.#excluded[bucket]!);
    // Slots between may have been emptied already; the walk is bounded by the few buckets there are.
    while (this.#slots[slot] !== bucket + 1) slot = (slot + 1) & (SLOTS - 1);
    this.#slots[slot] = 0;
  }
}

function slotOf(block: number, excluded: number): number {
  const hash = Math.imul(block ^ Math.imul(excluded + 1, 0x85ebca6b), 0x9e3779b1);
  return (hash ^ (hash >>> 15)) & (SLOTS - 1);
}
