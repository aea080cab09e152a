/**
 * The columns of an Adj-RIB-Out: what was said about each route, and the comparison with what is to be said now.
 * They hold references to blocks and payloads, so equal ids mean equal octets.
 *
 * RFC 4271 section 9.2: a route is sent again only when it differs from what was advertised.
 */
import { grown } from '../base/key-table.ts';
import type { AttributeTable } from './attribute-table.ts';
import { BATCH_ROWS, type Batch, WITHDRAWN } from './batch.ts';
import { ByteTable } from './byte-table.ts';
import type { EncodingInput } from './encoding.ts';
import type { Exporter } from './export-policy.ts';
import { type AttributesId, NONE, type PathId, type RouteId, type SourceId } from './ids.ts';
import type { Member } from './out-peer.ts';
import type { PayloadTable } from './payload-table.ts';
import type { RouteTable } from './route-table.ts';
import type { SourceTable } from './source-table.ts';

export interface OutInput {
  readonly table: RouteTable;
  readonly attributes: AttributeTable;
  readonly payloads: PayloadTable;
  readonly sources: SourceTable;
}

const FIRST_ROWS = 1024;

export class SentRoutes implements EncodingInput {
  readonly table: RouteTable;
  readonly payloads: PayloadTable;
  outbound = new ByteTable();
  sentPayload = new Int32Array(0);
  readonly #input: OutInput;
  readonly #exporter: Exporter;
  /** Per route: the outbound block it was announced with, 0 when it is not announced; and whose path it was. */
  #block = new Int32Array(0);
  #source = new Uint16Array(0);
  #routes = 0;
  #routesFrom: number[] = [];
  /** What the batch at hand is to become; resolve() holds a reference to each block. */
  readonly #newBlock = new Int32Array(BATCH_ROWS);
  readonly #newPath = new Int32Array(BATCH_ROWS);
  /** Outbound block by attributes id, as long as both generations and the source are the same. */
  #memoBlock = new Int32Array(0);
  #memoSource = new Int32Array(0);
  #memoGeneration = new Uint16Array(0);
  #memoBlockGeneration = new Uint16Array(0);

  constructor(input: OutInput, exporter: Exporter) {
    this.#input = input;
    this.table = input.table;
    this.payloads = input.payloads;
    this.#exporter = exporter;
  }

  /** Routes announced. */
  get routes(): number {
    return this.#routes;
  }

  get rowLimit(): number {
    return this.#block.length;
  }

  get memoryOctets(): number {
    return this.#block.length * 10 + this.outbound.octets + this.#memoBlock.length * 12;
  }

  /** Routes announced to a member that is `source` itself, which is not told its own. */
  countFor(source: SourceId): number {
    return this.#routes - (this.#routesFrom[source] ?? 0);
  }

  /** The block that a member with this source has been told; 0 for none. */
  blockFor(route: RouteId, source: SourceId): number {
    return this.#source[route] === source ? 0 : this.#block[route]!;
  }

  /** Works out what is to be said about the rows now. apply() must follow. */
  resolve(rows: Int32Array, count: number, best: (route: RouteId) => PathId): void {
    this.#growTo(this.table.keys.rowLimit);
    const { attributes, source } = this.table;
    for (let i = 0; i < count; i++) {
      const path = best(rows[i]!);
      const block = path === NONE ? 0 : this.#outboundOf(attributes[path]!, source[path]!);
      this.#newPath[i] = path;
      this.#newBlock[i] = block;
      if (block !== 0) this.outbound.retain(block);
    }
  }

  /**
   * The sources whose peer must hear something else than the others: a route's best path is theirs now, so what they
   * were told is withdrawn; or was theirs, and what is said stays the same for all others.
   */
  movers(rows: Int32Array, count: number): ReadonlySet<SourceId> {
    const movers = new Set<SourceId>();
    for (let i = 0; i < count; i++) {
      const route = rows[i]!;
      const path = this.#newPath[i]!;
      const block = this.#newBlock[i]!;
      if (block === 0 || this.#block[route] === 0 || this.table.source[path] === this.#source[route])
        continue;
      movers.add(this.table.source[path]!);
      if (this.#sameWords(route, block, path)) movers.add(this.#source[route]!);
    }
    return movers;
  }

  /** Makes the columns say what resolve() found, and gathers what changed for the members in step. */
  apply(
    rows: Int32Array,
    count: number,
    outOfStep: readonly Member[],
    isInStep: (source: SourceId) => boolean,
    batch: Batch,
  ): void {
    let excludedFor = -2;
    let excluded = NONE;
    for (let i = 0; i < count; i++) {
      const route = rows[i]!;
      const path = this.#newPath[i]!;
      const block = this.#newBlock[i]!;
      const oldBlock = this.#block[route]!;
      const oldSource = this.#source[route]!;
      const sameWords = block === 0 ? oldBlock === 0 : this.#sameWords(route, block, path);
      if (sameWords && (block === 0 || this.table.source[path] === oldSource)) {
        if (block !== 0) this.outbound.release(block);
        continue;
      }
      for (const member of outOfStep) {
        const mine = member.peer.source;
        const toldBefore = oldBlock !== 0 && oldSource !== mine;
        // The same words from another source: news for the two whose path it was and is only.
        if (sameWords && toldBefore && this.table.source[path] !== mine) continue;
        member.mark(route, toldBefore);
      }
      const source = block === 0 ? oldSource : this.table.source[path]!;
      this.#replace(route, block, path);
      if (sameWords) continue;
      if (source !== excludedFor) {
        excludedFor = source;
        excluded = isInStep(source) ? source : NONE;
      }
      batch.add(route, block === 0 ? WITHDRAWN : block, excluded);
    }
  }

  /** Gathers what one out-of-step member must hear about the rows. */
  collect(rows: Int32Array, count: number, member: Member, batch: Batch): void {
    const { source } = member.peer;
    for (let i = 0; i < count; i++) {
      const route = rows[i]!;
      const told = member.told!.delete(route);
      const block = this.blockFor(route, source);
      if (block !== 0) batch.add(route, block, NONE);
      else if (told) batch.add(route, WITHDRAWN, NONE);
    }
  }

  /** Adds everything announced to a member's debt. `told`: it knows the routes that were not in its debt yet. */
  owe(member: Member, told: boolean): void {
    const { source } = member.peer;
    const limit = Math.min(this.#block.length, this.table.keys.rowLimit);
    for (let base = 0; base < limit; base += 32) {
      let bits = 0;
      for (let b = 0; b < 32; b++) {
        const row = base + b;
        if (this.#block[row] !== 0 && this.#source[row] !== source) bits |= 1 << b;
      }
      if (bits === 0) continue;
      if (told) member.told!.addWord(base >>> 5, bits & ~member.pending!.word(base >>> 5));
      member.pending!.addWord(base >>> 5, bits);
    }
  }

  /** Forgets everything: the group has no members any more. */
  clear(): void {
    for (let row = 0; row < this.#block.length; row++) {
      if (this.#block[row] !== 0) this.payloads.release(this.sentPayload[row]!);
    }
    this.#block = new Int32Array(0);
    this.#source = new Uint16Array(0);
    this.sentPayload = new Int32Array(0);
    this.#memoBlock = new Int32Array(0);
    this.#routes = 0;
    this.#routesFrom = [];
    this.outbound = new ByteTable();
  }

  /** Whether the route was announced with the same block and payload. */
  #sameWords(route: RouteId, block: number, path: PathId): boolean {
    return block === this.#block[route] && this.table.payload[path] === this.sentPayload[route];
  }

  /** Takes over the reference to `block` that resolve() made. */
  #replace(route: RouteId, block: number, path: PathId): void {
    const oldBlock = this.#block[route]!;
    const oldPayload = this.sentPayload[route]!;
    const oldSource = this.#source[route]!;
    if (block !== 0) {
      const source = this.table.source[path]!;
      const payload = this.table.payload[path]!;
      this.payloads.retain(payload);
      this.sentPayload[route] = payload;
      this.#source[route] = source;
      this.#routes++;
      this.#routesFrom[source] = (this.#routesFrom[source] ?? 0) + 1;
    }
    this.#block[route] = block;
    if (oldBlock !== 0) {
      this.outbound.release(oldBlock);
      this.payloads.release(oldPayload);
      this.#routes--;
      this.#routesFrom[oldSource]!--;
    }
  }

  #outboundOf(attributes: AttributesId, source: SourceId): number {
    const input = this.#input;
    if (attributes >= this.#memoBlock.length) this.#growMemo(input.attributes.capacity);
    const generation = input.attributes.generation(attributes);
    const incarnation = input.sources.incarnation[source]!;
    const known = this.#memoBlock[attributes]!;
    if (
      this.#memoSource[attributes] === incarnation &&
      this.#memoGeneration[attributes] === generation &&
      (known === 0 || this.#memoBlockGeneration[attributes] === this.outbound.generation(known))
    ) {
      return known;
    }
    const block = this.#exporter.allows(attributes, source)
      ? this.outbound.intern(this.#exporter.outbound(attributes, source))
      : 0;
    this.#memoBlock[attributes] = block;
    this.#memoSource[attributes] = incarnation;
    this.#memoGeneration[attributes] = generation;
    this.#memoBlockGeneration[attributes] = block === 0 ? 0 : this.outbound.generation(block);
    return block;
  }

  #growMemo(capacity: number): void {
    const before = this.#memoBlock.length;
    this.#memoBlock = grown(this.#memoBlock, capacity);
    this.#memoSource = before === 0 ? new Int32Array(capacity) : grown(this.#memoSource, capacity);
    this.#memoGeneration = before === 0 ? new Uint16Array(capacity) : grown(this.#memoGeneration, capacity);
    this.#memoBlockGeneration =
      before === 0 ? new Uint16Array(capacity) : grown(this.#memoBlockGeneration, capacity);
  }

  #growTo(rows: number): void {
    if (rows <= this.#block.length) return;
    const length = Math.max(FIRST_ROWS, this.#block.length * 2, rows);
    this.#block = grown(this.#block, length);
    this.#source = grown(this.#source, length);
    this.sentPayload = grown(this.sentPayload, length);
  }
}
