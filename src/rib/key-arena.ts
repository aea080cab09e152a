/**
 * Route keys to row numbers: one open-addressing hash over fixed slots in one arena. A slot holds the key's
 * octets, zeros, and the key's length in its last octet (key-batch.ts). Slots come in four sizes, so that a MAC+IPv4 key
 * (25 octets) takes 28 octets and a MAC+IPv6 key (37) takes 40; rows are given out in chunks of 256 of one
 * size, which makes a row's place two small table reads and no column.
 *
 * Route keys: RFC 7432 section 7 (which fields are part of the prefix), RFC 9136 section 3.1.
 */
import { grown } from '../base/key-table.ts';
import { DoublingWords } from './doubling-words.ts';
import { NONE } from './ids.ts';
import { hashWords, KEY_WORDS, type KeyBatch, MOST_KEY_WORDS } from './key-batch.ts';

const CHUNK_BITS = 8;
const CHUNK_ROWS = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK_ROWS - 1;
/**
 * Above the row, a hash slot has how far it is from where its hash wants it (three bits, FAR: so far or farther), and
 * four bits of the hash. Probes end there for nearly all other keys, and a removal closes its gap without reading the keys
 * behind it, each of which would be a miss of the cache.
 */
const ROW_BITS = 25;
const ROW_MASK = (1 << ROW_BITS) - 1;
const FAR = 7;
const HASH_MASK = ~((1 << (ROW_BITS + 3)) - 1);

const tagOf = (hash: number, distance: number): number =>
  (hash & HASH_MASK) | ((distance < FAR ? distance : FAR) << ROW_BITS);

/** A type octet and a value of 255 octets. */
export const MAX_KEY_OCTETS = 256;
/** The most rows a table can have: 33 million. */
export const MAX_ROWS = ROW_MASK - 1;
/** Rows removed, or entered into larger slots, together. */
const TOGETHER = 128;
/** Rows that each insert enters into the larger slots. */
const MOVED_PER_INSERT = 16;

export class KeyArena {
  readonly #memory = new DoublingWords(CHUNK_ROWS * KEY_WORDS[0] * 4);
  #words = this.#memory.words;
  #octets = this.#memory.octets;
  #top = 0;
  #chunkBase = new Int32Array(64);
  #chunkWords = new Uint8Array(64);
  #chunks = 0;
  /** Per slot size: free rows, linked through the first word of their slots; and rows never used yet. */
  readonly #free = new Int32Array(KEY_WORDS.length).fill(NONE);
  readonly #fresh = new Int32Array(KEY_WORDS.length);
  readonly #freshEnd = new Int32Array(KEY_WORDS.length);
  #slots = new Int32Array(1024);
  #mask = 1023;
  /** While the slots double: the former ones, and the rows that are still to be entered into the new ones. */
  #oldSlots: Int32Array | undefined;
  #oldMask = 0;
  #moved = 0;
  #toMove = 0;
  #size = 0;
  readonly #hashes = new Int32Array(TOGETHER);
  /** What touch() has read: where others could see it, so that the reads are not optimised away. */
  touched = 0;

  get size(): number {
    return this.#size;
  }

  /** Rows are below this number. */
  get rowLimit(): number {
    return this.#chunks << CHUNK_BITS;
  }

  /** The memory of all keys; replaced when the arena grows. */
  get bytes(): Uint8Array {
    return this.#octets;
  }

  /** A view of `bytes`. */
  get view(): DataView {
    return this.#memory.view;
  }

  get memoryOctets(): number {
    return this.#octets.byteLength + this.#slots.byteLength;
  }

  start(row: number): number {
    return this.#base(row) << 2;
  }

  end(row: number): number {
    const words = this.#chunkWords[row >> CHUNK_BITS]!;
    const start = this.#base(row) << 2;
    const held = this.#octets[start + (words << 2) - 1]!;
    return start + (words === MOST_KEY_WORDS && held !== 0 ? held + 1 : held);
  }

  isUsed(row: number): boolean {
    return row >= 0 && row < this.rowLimit && this.end(row) > this.start(row);
  }

  /** Reads the slots that the batch's keys will be looked for in, all at once. */
  touch(batch: KeyBatch): void {
    this.#touch(batch.hash, batch.size);
  }

  /** The row of a key of the batch, or NONE. */
  find(batch: KeyBatch, index: number): number {
    const { words, start, hash } = batch;
    return this.#lookUp(words, start[index]!, start[index + 1]! - start[index]!, hash[index]!);
  }

  /** The row of a key of the batch, made if need be (`size` tells). */
  insert(batch: KeyBatch, index: number): number {
    const key = batch.start[index]!;
    const words = batch.start[index + 1]! - key;
    const hash = batch.hash[index]!;
    if (this.#oldSlots !== undefined) this.#moveSome();
    const known = this.#lookUp(batch.words, key, words, hash);
    if (known !== NONE) return known;
    if ((this.#size + 1) * 2 > this.#slots.length) this.#beginMove();
    const row = this.#takeRow(words);
    const base = this.#base(row);
    for (let i = 0; i < words; i++) this.#words[base + i] = batch.words[key + i]!;
    this.#memory.written(base, words);
    this.#enter(row, hash);
    this.#size++;
    return row;
  }

  remove(row: number): void {
    this.#remove(row, this.#hashOfRow(row));
  }

  /** Removes rows[0, count). */
  removeAll(rows: Int32Array, count: number): void {
    const hashes = this.#hashes;
    for (let from = 0; from < count; from += TOGETHER) {
      const some = Math.min(TOGETHER, count - from);
      for (let i = 0; i < some; i++) hashes[i] = this.#hashOfRow(rows[from + i]!);
      this.#touch(hashes, some);
      for (let i = 0; i < some; i++) this.#remove(rows[from + i]!, hashes[i]!);
    }
  }

  #touch(hashes: Int32Array, count: number): void {
    const slots = this.#slots;
    const mask = this.#mask;
    let touched = 0;
    for (let i = 0; i < count; i++) touched ^= slots[hashes[i]! & mask]!;
    this.touched = touched;
  }

  #remove(row: number, hash: number): void {
    const words = this.#chunkWords[row >> CHUNK_BITS]!;
    const base = this.#base(row);
    const found = this.#leave(this.#slots, this.#mask, row, hash);
    const foundOld = this.#oldSlots !== undefined && this.#leave(this.#oldSlots, this.#oldMask, row, hash);
    if (!found && !foundOld) throw new Error(`Cannot remove route ${row}: it is not in use`);
    const size = sizeOf(words);
    this.#octets[((base + words) << 2) - 1] = 0;
    this.#words[base] = this.#free[size]!;
    this.#memory.written(base, words);
    this.#free[size] = row;
    this.#size--;
  }

  #lookUp(key: Int32Array, at: number, words: number, hash: number): number {
    const row = this.#probe(this.#slots, this.#mask, key, at, words, hash);
    if (row !== NONE || this.#oldSlots === undefined) return row;
    return this.#probe(this.#oldSlots, this.#oldMask, key, at, words, hash);
  }

  #probe(slots: Int32Array, mask: number, key: Int32Array, at: number, words: number, hash: number): number {
    const home = hash & mask;
    for (let distance = 0; ; distance++) {
      const held = slots[(home + distance) & mask]!;
      if (held === 0) return NONE;
      if ((held ^ tagOf(hash, distance)) >>> ROW_BITS === 0) {
        const row = (held & ROW_MASK) - 1;
        if (this.#holds(row, key, at, words)) return row;
      }
    }
  }

  /** Enters `row` into the slots, unless it is there. */
  #enter(row: number, hash: number): void {
    const slots = this.#slots;
    const mask = this.#mask;
    const home = hash & mask;
    let distance = 0;
    for (let held = slots[home]!; held !== 0; held = slots[(home + ++distance) & mask]!) {
      if ((held & ROW_MASK) === row + 1) return;
    }
    slots[(home + distance) & mask] = tagOf(hash, distance) | (row + 1);
  }

  /** Takes `row` out of the slots by backward shift: no tombstones. Whether it was there. */
  #leave(slots: Int32Array, mask: number, row: number, hash: number): boolean {
    let hole = hash & mask;
    while ((slots[hole]! & ROW_MASK) !== row + 1) {
      if (slots[hole] === 0) return false;
      hole = (hole + 1) & mask;
    }
    for (let slot = (hole + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const held = slots[slot]!;
      const distance = this.#distance(held, slot, mask);
      const gap = (slot - hole) & mask;
      if (distance >= gap) {
        slots[hole] = tagOf(held, distance - gap) | (held & ROW_MASK);
        hole = slot;
      }
    }
    slots[hole] = 0;
    return true;
  }

  /** How far what `slot` holds is from where its hash wants it. */
  #distance(held: number, slot: number, mask: number): number {
    const distance = (held >>> ROW_BITS) & FAR;
    return distance < FAR ? distance : (slot - this.#hashOfRow((held & ROW_MASK) - 1)) & mask;
  }

  #base(row: number): number {
    const chunk = row >> CHUNK_BITS;
    return this.#chunkBase[chunk]! + (row & CHUNK_MASK) * this.#chunkWords[chunk]!;
  }

  #holds(row: number, key: Int32Array, at: number, words: number): boolean {
    const chunk = row >> CHUNK_BITS;
    if (this.#chunkWords[chunk] !== words) return false;
    const base = this.#chunkBase[chunk]! + (row & CHUNK_MASK) * words;
    for (let i = words - 1; i >= 0; i--) if (this.#words[base + i] !== key[at + i]) return false;
    return true;
  }

  #hashOfRow(row: number): number {
    const base = this.#base(row);
    return hashWords(this.#words, base, base + this.#chunkWords[row >> CHUNK_BITS]!);
  }

  #takeRow(words: number): number {
    const size = sizeOf(words);
    const row = this.#free[size]!;
    if (row !== NONE) {
      this.#free[size] = this.#words[this.#base(row)]!;
      return row;
    }
    if (this.#fresh[size] === this.#freshEnd[size]) this.#addChunk(size, words);
    return this.#fresh[size]!++;
  }

  #addChunk(size: number, words: number): void {
    const chunk = this.#chunks++;
    if (this.rowLimit > MAX_ROWS)
      throw new Error(`Cannot add a route: ${MAX_ROWS} are the most a table holds`);
    if (chunk === this.#chunkBase.length) {
      this.#chunkBase = grown(this.#chunkBase, chunk * 2);
      this.#chunkWords = grown(this.#chunkWords, chunk * 2);
    }
    this.#chunkBase[chunk] = this.#top;
    this.#chunkWords[chunk] = words;
    this.#top += CHUNK_ROWS * words;
    this.#memory.makeRoom(this.#top, CHUNK_ROWS * words);
    this.#words = this.#memory.words;
    this.#octets = this.#memory.octets;
    this.#fresh[size] = chunk << CHUNK_BITS;
    this.#freshEnd[size] = (chunk + 1) << CHUNK_BITS;
  }

  /**
   * Doubles the slots. Entering half a million rows at once would take 20 ms, so inserts do it, sixteen rows each,
   * while lookups ask both: it is done long before the slots are half full again.
   */
  #beginMove(): void {
    while (this.#oldSlots !== undefined) this.#moveSome();
    this.#oldSlots = this.#slots;
    this.#oldMask = this.#mask;
    this.#slots = new Int32Array(this.#oldSlots.length * 2);
    this.#mask = this.#slots.length - 1;
    this.#moved = 0;
    this.#toMove = this.rowLimit;
  }

  #moveSome(): void {
    const hashes = this.#hashes;
    const stop = Math.min(this.#moved + MOVED_PER_INSERT, this.#toMove);
    for (let row = this.#moved; row < stop; row++) hashes[row - this.#moved] = this.#hashOfRow(row);
    this.#touch(hashes, stop - this.#moved);
    for (let row = this.#moved; row < stop; row++) {
      if (this.isUsed(row)) this.#enter(row, hashes[row - this.#moved]!);
    }
    this.#moved = stop;
    if (stop === this.#toMove) this.#oldSlots = undefined;
  }
}

/** The place of a slot size in KEY_WORDS. */
const sizeOf = (words: number): number => (words === 7 ? 0 : words === 10 ? 1 : words === 20 ? 2 : 3);
