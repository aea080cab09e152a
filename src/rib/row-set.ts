/**
 * A set of row numbers as a bitmap, with a second bitmap that says which words are not empty: adding a row
 * twice costs nothing, so ten changes of a route between two drains are one, and a consumer that never drains
 * costs 1.03 bits per route of the table.
 */
import { grown } from '../base/key-table.ts';

export class RowSet {
  #words: Int32Array;
  /** Bit w is set when #words[w] is not zero. */
  #summary: Int32Array;
  #size = 0;
  /** The word where the next take() goes on: rows are taken in turn, so no row waits for ever. */
  #cursor = 0;
  #passes = 0;

  constructor(rows = 1024) {
    const words = Math.max(32, (rows + 31) >>> 5);
    this.#words = new Int32Array(words);
    this.#summary = new Int32Array((words + 31) >>> 5);
  }

  get size(): number {
    return this.#size;
  }

  /** How often take() went past the end: what was in the set two passes ago has been taken. */
  get passes(): number {
    return this.#passes;
  }

  get octets(): number {
    return this.#words.byteLength + this.#summary.byteLength;
  }

  has(row: number): boolean {
    const word = row >>> 5;
    return word < this.#words.length && (this.#words[word]! & (1 << (row & 31))) !== 0;
  }

  /** Rows `word * 32` to `word * 32 + 31` as bits. */
  word(word: number): number {
    return word < this.#words.length ? this.#words[word]! : 0;
  }

  /** Whether `row` was not in the set before. */
  add(row: number): boolean {
    const word = row >>> 5;
    if (word >= this.#words.length) this.#grow(word + 1);
    const held = this.#words[word]!;
    const bit = 1 << (row & 31);
    if ((held & bit) !== 0) return false;
    this.#words[word] = held | bit;
    if (held === 0) this.#summary[word >>> 5]! |= 1 << (word & 31);
    this.#size++;
    return true;
  }

  /** Whether `row` was in the set. */
  delete(row: number): boolean {
    if (!this.has(row)) return false;
    const word = row >>> 5;
    const left = this.#words[word]! & ~(1 << (row & 31));
    this.#words[word] = left;
    if (left === 0) this.#summary[word >>> 5]! &= ~(1 << (word & 31));
    this.#size--;
    return true;
  }

  /** Adds rows `word * 32 + b` for every set bit b of `bits`: thirty-two rows in one step. */
  addWord(word: number, bits: number): void {
    if (bits === 0) return;
    if (word >= this.#words.length) this.#grow(word + 1);
    const held = this.#words[word]!;
    this.#words[word] = held | bits;
    this.#summary[word >>> 5]! |= 1 << (word & 31);
    this.#size += bitCount(bits & ~held);
  }

  /** Removes up to `max` rows, going round, and writes them into `rows`. Returns how many. */
  take(rows: Int32Array, max: number): number {
    const words = this.#words;
    let taken = 0;
    while (taken < max && taken < this.#size) {
      const word = this.#nextWord(this.#cursor);
      if (word < 0) {
        this.#cursor = 0;
        this.#passes++;
        continue;
      }
      let held = words[word]!;
      while (held !== 0 && taken < max) {
        rows[taken++] = (word << 5) | (31 - Math.clz32(held & -held));
        held &= held - 1;
      }
      words[word] = held;
      if (held === 0) this.#summary[word >>> 5]! &= ~(1 << (word & 31));
      this.#cursor = held === 0 ? word + 1 : word;
    }
    this.#size -= taken;
    return taken;
  }

  /** The first word from `from` on that is not empty, or -1. */
  #nextWord(from: number): number {
    const summary = this.#summary;
    let at = from >>> 5;
    if (at >= summary.length) return -1;
    let held = summary[at]! & (-1 << (from & 31));
    while (held === 0) {
      if (++at >= summary.length) return -1;
      held = summary[at]!;
    }
    return (at << 5) | (31 - Math.clz32(held & -held));
  }

  #grow(words: number): void {
    let length = this.#words.length;
    while (length < words) length *= 2;
    this.#words = grown(this.#words, length);
    this.#summary = grown(this.#summary, (length + 31) >>> 5);
  }
}

function bitCount(bits: number): number {
  let v = bits - ((bits >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
