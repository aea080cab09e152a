/**
 * The route targets of outbound blocks, as interned sets: routes of one VNI share one set, so whether a member of a group wants
 * a route is a look into a column by set, worked out once for each set and member.
 *
 * RFC 4684 section 5 (filtering by route target), RFC 7432 section 7.6 (ES-Import is a route target to type-4 routes).
 */
import { ATTRIBUTE, ATTRIBUTE_FLAG, COMMUNITY_TYPE } from 'bgp-protocol';
import { grown } from '../base/key-table.ts';
import { ByteTable } from './byte-table.ts';
import { type Interest, TARGET_OCTETS } from './interest.ts';

/** Number of an interned set of targets, from 1. */
export type TargetSetId = number;

const ROUTE_TARGET = 0x02;
const UNKNOWN = 0;
const UNWANTED = 1;
const WANTED = 2;

export class TargetSets {
  readonly #blocks: () => ByteTable;
  readonly #sets = new ByteTable();
  /** By outbound block, as long as its generation is the same. */
  #setOf = new Int32Array(0);
  #generation = new Uint16Array(0);
  #scratch = new Uint8Array(64);
  readonly #wishes = new Set<WantedSets>();

  /** `blocks` gives the table of outbound blocks. */
  constructor(blocks: () => ByteTable) {
    this.#blocks = blocks;
  }

  /** Sets are below this number. */
  get capacity(): number {
    return this.#sets.capacity;
  }

  get octets(): number {
    let octets = this.#sets.octets + this.#setOf.length * 6;
    for (const wishes of this.#wishes) octets += wishes.octets;
    return octets;
  }

  /** The set of a block that is in use. It stays as long as the block, and until the block's number is used again. */
  of(block: number): TargetSetId {
    const blocks = this.#blocks();
    if (block >= this.#setOf.length) this.#grow(blocks.capacity);
    const known = this.#setOf[block]!;
    if (known !== 0 && this.#generation[block] === blocks.generation(block)) return known;
    const set = this.#read(blocks.bytes(block));
    this.#sets.retain(set);
    if (known !== 0) this.#release(known);
    this.#setOf[block] = set;
    this.#generation[block] = blocks.generation(block);
    return set;
  }

  /** What a member with this interest wants; everything when it has none. */
  attach(interest: Interest | undefined): WantedSets {
    const wishes = new WantedSets(this.#sets, interest);
    this.#wishes.add(wishes);
    return wishes;
  }

  detach(wishes: WantedSets): void {
    this.#wishes.delete(wishes);
  }

  #release(set: TargetSetId): void {
    const last = this.#sets.references(set) === 1;
    this.#sets.release(set);
    if (last) for (const wishes of this.#wishes) wishes.forget(set);
  }

  #read(block: Uint8Array): TargetSetId {
    let length = 0;
    for (let at = 0; at + 3 <= block.length; ) {
      const extended = (block[at]! & ATTRIBUTE_FLAG.EXTENDED_LENGTH) !== 0;
      const value = at + (extended ? 4 : 3);
      const end = value + (extended ? (block[at + 2]! << 8) | block[at + 3]! : block[at + 2]!);
      if (block[at + 1] === ATTRIBUTE.EXTENDED_COMMUNITIES) length = this.#readTargets(block, value, end);
      at = end;
    }
    return this.#sets.intern(this.#scratch, 0, length);
  }

  /** Copies the targets among the communities into the scratch; returns how many octets. */
  #readTargets(block: Uint8Array, start: number, end: number): number {
    if (end - start > this.#scratch.length) this.#scratch = new Uint8Array(end - start);
    let length = 0;
    for (let at = start; at + TARGET_OCTETS <= end; at += TARGET_OCTETS) {
      if (!isTarget(block, at)) continue;
      for (let i = 0; i < TARGET_OCTETS; i++) this.#scratch[length++] = block[at + i]!;
    }
    return length;
  }

  #grow(capacity: number): void {
    this.#setOf = grown(this.#setOf, capacity);
    this.#generation = grown(this.#generation, capacity);
  }
}

/** Which sets a member of a group wants: worked out when first asked, and again when its interest has changed. */
export class WantedSets {
  readonly #sets: ByteTable;
  readonly #interest: Interest | undefined;
  #state: Uint8Array = new Uint8Array(64);
  readonly #revised = new Set<TargetSetId>();

  constructor(sets: ByteTable, interest: Interest | undefined) {
    this.#sets = sets;
    this.#interest = interest;
  }

  get octets(): number {
    return this.#state.length;
  }

  has(set: TargetSetId): boolean {
    const known = set < this.#state.length ? this.#state[set]! : UNKNOWN;
    return (known === UNKNOWN ? this.#judge(set) : known) === WANTED;
  }

  /** The interest may have changed: works out again what was asked before. Returns whether any answer differs now. */
  revise(): boolean {
    this.#revised.clear();
    for (let set: TargetSetId = 1; set < this.#state.length; set++) {
      const before = this.#state[set]!;
      if (before !== UNKNOWN && this.#judge(set) !== before) this.#revised.add(set);
    }
    return this.#revised.size > 0;
  }

  /** Whether the last revise() changed the answer for `set`. */
  isRevised(set: TargetSetId): boolean {
    return this.#revised.has(set);
  }

  /** The number may stand for another set from now on. */
  forget(set: TargetSetId): void {
    if (set < this.#state.length) this.#state[set] = UNKNOWN;
  }

  #judge(set: TargetSetId): number {
    const sets = this.#sets;
    if (set >= this.#state.length) this.#state = grown(this.#state, sets.capacity);
    const wanted = this.#interest?.wants(sets.arena, sets.start(set), sets.end(set)) ?? true;
    return (this.#state[set] = wanted ? WANTED : UNWANTED);
  }
}

/** RFC 4360 section 4, of any kind of administrator; RFC 7432 section 7.6: ES-Import. */
function isTarget(bytes: Uint8Array, at: number): boolean {
  const type = bytes[at]!;
  return bytes[at + 1] === ROUTE_TARGET && (type <= 0x02 || type === COMMUNITY_TYPE.EVPN);
}
