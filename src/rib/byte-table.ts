/**
 * Interned octet strings: equal octets get one small number, so "did it change" is one integer comparison.
 * All octets live in one arena; ids count references and are reused, and so is their space (free lists by
 * size, in steps of sixteen octets).
 */
import { viewOf } from 'bgp-protocol';
import { grown } from '../base/key-table.ts';

const STEP = 16;
const FREE = -1;

export class ByteTable {
  #bytes: Uint8Array;
  #view: DataView;
  #top = 0;
  #start: Int32Array;
  #length: Uint16Array;
  #hash: Int32Array;
  /** FREE marks an id that is not in use; its #start is then the next free id. */
  #references: Int32Array;
  #generation: Uint16Array;
  /** Slots hold ids; 0 is empty. */
  #slots: Int32Array;
  #mask: number;
  #freeId = 0;
  #idLimit = 1;
  #size = 0;
  /** Head of the free list of each size, as offset + 1; the links are in the free space itself. */
  readonly #freeSpace = new Int32Array(65536 / STEP + 1);

  constructor(capacity = 64) {
    this.#bytes = new Uint8Array(capacity * 64);
    this.#view = viewOf(this.#bytes);
    this.#start = new Int32Array(capacity);
    this.#length = new Uint16Array(capacity);
    this.#hash = new Int32Array(capacity);
    this.#references = new Int32Array(capacity);
    this.#generation = new Uint16Array(capacity);
    let slots = 16;
    while (slots < capacity * 2) slots *= 2;
    this.#slots = new Int32Array(slots);
    this.#mask = slots - 1;
  }

  get size(): number {
    return this.#size;
  }

  /** Ids are below this number; columns beside the table are sized by it. */
  get capacity(): number {
    return this.#start.length;
  }

  /** The memory that holds every string; replaced when the table grows. */
  get arena(): Uint8Array {
    return this.#bytes;
  }

  /** A view of `arena`. */
  get view(): DataView {
    return this.#view;
  }

  get octets(): number {
    return this.#bytes.byteLength + this.#slots.byteLength + this.capacity * 16;
  }

  start(id: number): number {
    return this.#start[id]!;
  }

  end(id: number): number {
    return this.#start[id]! + this.#length[id]!;
  }

  /** A view into the arena, good until the next intern. */
  bytes(id: number): Uint8Array {
    return this.#bytes.subarray(this.start(id), this.end(id));
  }

  references(id: number): number {
    return this.#references[id]!;
  }

  /** Changes whenever `id` is freed, so that a memo beside the table knows a reused id from the old one. */
  generation(id: number): number {
    return this.#generation[id]!;
  }

  /** Whether `id` stands for exactly these octets. */
  equals(id: number, bytes: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    if (this.#length[id] !== length || this.#references[id]! < 0) return false;
    const arena = this.#bytes;
    const at = this.#start[id]!;
    for (let i = 0; i < length; i++) if (arena[at + i] !== bytes[start + i]) return false;
    return true;
  }

  /** The id of these octets (copied on first sight), from 1. It has no reference yet if it is new. */
  intern(bytes: Uint8Array, start = 0, end = bytes.length): number {
    if ((this.#size + 1) * 2 > this.#slots.length) this.#rehash();
    const hash = hashOctets(bytes, start, end);
    const mask = this.#mask;
    let slot = hash & mask;
    for (let id = this.#slots[slot]!; id !== 0; id = this.#slots[slot]!) {
      if (this.#hash[id] === hash && this.equals(id, bytes, start, end)) return id;
      slot = (slot + 1) & mask;
    }
    const id = this.#takeId();
    const at = this.#takeSpace(end - start);
    for (let i = start; i < end; i++) this.#bytes[at + i - start] = bytes[i]!;
    this.#start[id] = at;
    this.#length[id] = end - start;
    this.#hash[id] = hash;
    this.#references[id] = 0;
    this.#slots[slot] = id;
    this.#size++;
    return id;
  }

  retain(id: number): void {
    this.#references[id]!++;
  }

  /** Drops a reference; with the last one the id and its octets are free for reuse. */
  release(id: number): void {
    if (--this.#references[id]! > 0) return;
    this.#unlink(id);
    const length = spaceFor(this.#length[id]!);
    putWord(this.#bytes, this.#start[id]!, this.#freeSpace[length / STEP]!);
    this.#freeSpace[length / STEP] = this.#start[id]! + 1;
    this.#references[id] = FREE;
    this.#generation[id]!++;
    this.#start[id] = this.#freeId;
    this.#freeId = id;
    this.#size--;
  }

  #takeId(): number {
    const id = this.#freeId;
    if (id !== 0) {
      this.#freeId = this.#start[id]!;
      return id;
    }
    if (this.#idLimit === this.capacity) {
      const capacity = this.capacity * 2;
      this.#start = grown(this.#start, capacity);
      this.#length = grown(this.#length, capacity);
      this.#hash = grown(this.#hash, capacity);
      this.#references = grown(this.#references, capacity);
      this.#generation = grown(this.#generation, capacity);
    }
    return this.#idLimit++;
  }

  #takeSpace(length: number): number {
    const space = spaceFor(length);
    const free = this.#freeSpace[space / STEP]!;
    if (free !== 0) {
      this.#freeSpace[space / STEP] = wordAt(this.#bytes, free - 1);
      return free - 1;
    }
    const at = this.#top;
    this.#top += space;
    if (this.#top > this.#bytes.length) {
      this.#bytes = grown(this.#bytes, Math.max(this.#bytes.length * 2, this.#top));
      this.#view = viewOf(this.#bytes);
    }
    return at;
  }

  /** Takes `id` out of the slots by backward shift: no tombstones. */
  #unlink(id: number): void {
    const slots = this.#slots;
    const mask = this.#mask;
    let hole = this.#hash[id]! & mask;
    while (slots[hole] !== id) hole = (hole + 1) & mask;
    for (let slot = (hole + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const home = this.#hash[slots[slot]!]! & mask;
      if (((slot - home) & mask) >= ((slot - hole) & mask)) {
        slots[hole] = slots[slot]!;
        hole = slot;
      }
    }
    slots[hole] = 0;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let id = 1; id < this.#idLimit; id++) {
      if (this.#references[id] === FREE) continue;
      let slot = this.#hash[id]! & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = id;
    }
    this.#slots = slots;
    this.#mask = mask;
  }
}

const spaceFor = (length: number): number => Math.max(STEP, (length + STEP - 1) & -STEP);

function hashOctets(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x85ebca6b);
  return hash ^ (hash >>> 13);
}

function putWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
}

const wordAt = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
