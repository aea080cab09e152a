/**
 * Attribute blocks interned whole, with the few numbers of each that the decision process compares in columns
 * beside them. A path holds one id; that two paths have the same attributes is `a === b`.
 *
 * RFC 4271 section 5; the block's form is the codec's AttributeBlock.
 */
import { type Attribute, decodeAttributeBlock } from 'bgp-protocol';
import { type AddressId, type AddressTable, NO_ADDRESS } from '../base/address-table.ts';
import { grown } from '../base/key-table.ts';
import { emptySummary, type RibIdentity, SUMMARY_FLAG, summariseAttributes } from './attribute-summary.ts';
import { ByteTable } from './byte-table.ts';
import type { AttributesId } from './ids.ts';

const DECODED_KEPT = 64;

export class AttributeTable {
  readonly #blocks = new ByteTable();
  readonly #identity: RibIdentity;
  readonly #addresses: AddressTable;
  readonly #summary = emptySummary();
  readonly #decoded = new Map<AttributesId, { generation: number; attributes: readonly Attribute[] }>();
  #flags: Uint16Array;
  #localPreference: Uint32Array;
  #asPathLength: Uint16Array;
  #origin: Uint8Array;
  #med: Uint32Array;
  #neighbourAs: Uint32Array;
  #originatorId: Uint32Array;
  #clusterListLength: Uint16Array;
  #mobilitySequence: Uint32Array;
  #nextHop: Uint32Array;
  #lastNextHop: AddressId = NO_ADDRESS;

  constructor(identity: RibIdentity, addresses: AddressTable) {
    this.#identity = identity;
    this.#addresses = addresses;
    const capacity = this.#blocks.capacity;
    this.#flags = new Uint16Array(capacity);
    this.#localPreference = new Uint32Array(capacity);
    this.#asPathLength = new Uint16Array(capacity);
    this.#origin = new Uint8Array(capacity);
    this.#med = new Uint32Array(capacity);
    this.#neighbourAs = new Uint32Array(capacity);
    this.#originatorId = new Uint32Array(capacity);
    this.#clusterListLength = new Uint16Array(capacity);
    this.#mobilitySequence = new Uint32Array(capacity);
    this.#nextHop = new Uint32Array(capacity);
  }

  /** Distinct blocks in use. */
  get size(): number {
    return this.#blocks.size;
  }

  /** Ids are below this number. */
  get capacity(): number {
    return this.#blocks.capacity;
  }

  get octets(): number {
    return this.#blocks.octets + this.#flags.length * 33;
  }

  /**
   * The id of the block at `start` to `end`, from 1. A block seen for the first time has no reference: whoever keeps
   * the id retains it, and until then may be handed the same id again.
   */
  intern(block: Uint8Array, start = 0, end = block.length): AttributesId {
    const before = this.#blocks.size;
    const id: AttributesId = this.#blocks.intern(block, start, end);
    if (this.#blocks.size !== before) this.#summarise(id);
    return id;
  }

  retain(id: AttributesId): void {
    this.#blocks.retain(id);
  }

  /** The last release frees the id for another block and changes its generation. */
  release(id: AttributesId): void {
    this.#blocks.release(id);
  }

  references(id: AttributesId): number {
    return this.#blocks.references(id);
  }

  /** Changes when the id is freed: caches keyed by id compare it. */
  generation(id: AttributesId): number {
    return this.#blocks.generation(id);
  }

  equals(id: AttributesId, block: Uint8Array, start: number, end: number): boolean {
    return this.#blocks.equals(id, block, start, end);
  }

  /** A view of the block, good until the next intern. */
  bytes(id: AttributesId): Uint8Array {
    return this.#blocks.bytes(id);
  }

  /** The block as values, for people and for policy; the most recent ones are remembered. */
  attributes(id: AttributesId): readonly Attribute[] {
    const known = this.#decoded.get(id);
    const generation = this.generation(id);
    if (known !== undefined && known.generation === generation) return known.attributes;
    const attributes = decodeAttributeBlock(this.bytes(id).slice());
    this.#decoded.delete(id);
    this.#decoded.set(id, { generation, attributes });
    if (this.#decoded.size > DECODED_KEPT) this.#decoded.delete(this.#decoded.keys().next().value!);
    return attributes;
  }

  /** SUMMARY_FLAG bits. */
  flags(id: AttributesId): number {
    return this.#flags[id]!;
  }

  sticky(id: AttributesId): boolean {
    return (this.#flags[id]! & SUMMARY_FLAG.STICKY) !== 0;
  }

  defaultGateway(id: AttributesId): boolean {
    return (this.#flags[id]! & SUMMARY_FLAG.DEFAULT_GATEWAY) !== 0;
  }

  hasOriginator(id: AttributesId): boolean {
    return (this.#flags[id]! & SUMMARY_FLAG.HAS_ORIGINATOR) !== 0;
  }

  localPreference(id: AttributesId): number {
    return this.#localPreference[id]!;
  }

  asPathLength(id: AttributesId): number {
    return this.#asPathLength[id]!;
  }

  origin(id: AttributesId): number {
    return this.#origin[id]!;
  }

  med(id: AttributesId): number {
    return this.#med[id]!;
  }

  neighbourAs(id: AttributesId): number {
    return this.#neighbourAs[id]!;
  }

  originatorId(id: AttributesId): number {
    return this.#originatorId[id]!;
  }

  clusterListLength(id: AttributesId): number {
    return this.#clusterListLength[id]!;
  }

  mobilitySequence(id: AttributesId): number {
    return this.#mobilitySequence[id]!;
  }

  nextHop(id: AttributesId): AddressId {
    return this.#nextHop[id]!;
  }

  #summarise(id: AttributesId): void {
    if (this.#flags.length < this.#blocks.capacity) this.#grow(this.#blocks.capacity);
    const summary = this.#summary;
    const arena = this.#blocks.arena;
    summariseAttributes(arena, this.#blocks.start(id), this.#blocks.end(id), this.#identity, summary);
    this.#flags[id] = summary.flags;
    this.#localPreference[id] = summary.localPreference;
    this.#asPathLength[id] = summary.asPathLength;
    this.#origin[id] = summary.origin;
    this.#med[id] = summary.med;
    this.#neighbourAs[id] = summary.neighbourAs;
    this.#originatorId[id] = summary.originatorId;
    this.#clusterListLength[id] = summary.clusterListLength;
    this.#mobilitySequence[id] = summary.mobilitySequence;
    this.#nextHop[id] = this.#internNextHop(arena, summary.nextHopStart, summary.nextHopEnd);
  }

  /** Most new blocks name the next hop of the one before: comparing octets is far cheaper than making text. */
  #internNextHop(bytes: Uint8Array, start: number, end: number): AddressId {
    if (end - start !== 4 && end - start !== 16) return NO_ADDRESS;
    const last = this.#addresses.bytes(this.#lastNextHop);
    let same = last.length === end - start;
    for (let i = 0; same && i < last.length; i++) same = last[i] === bytes[start + i];
    if (!same) this.#lastNextHop = this.#addresses.intern(bytes.subarray(start, end));
    return this.#lastNextHop;
  }

  #grow(capacity: number): void {
    this.#flags = grown(this.#flags, capacity);
    this.#localPreference = grown(this.#localPreference, capacity);
    this.#asPathLength = grown(this.#asPathLength, capacity);
    this.#origin = grown(this.#origin, capacity);
    this.#med = grown(this.#med, capacity);
    this.#neighbourAs = grown(this.#neighbourAs, capacity);
    this.#originatorId = grown(this.#originatorId, capacity);
    this.#clusterListLength = grown(this.#clusterListLength, capacity);
    this.#mobilitySequence = grown(this.#mobilitySequence, capacity);
    this.#nextHop = grown(this.#nextHop, capacity);
  }
}
