/**
 * The columns of an Adj-RIB-Out: what was said about each route, and the comparison with what is to be said now.
 * They hold references to blocks and payloads, so equal ids mean equal octets.
 *
 * RFC 4271 section 9.2: a route is sent again only when it differs from what was advertised.
 */
import { grown } from '../base/key-table.ts';
import { AnnouncedBySet } from './announced-by-set.ts';
import type { AttributeTable } from './attribute-table.ts';
import { BATCH_ROWS, type Batch, WITHDRAWN } from './batch.ts';
import type { ByteTable } from './byte-table.ts';
import type { EncodingInput } from './encoding.ts';
import type { Exporter } from './export-policy.ts';
import { NONE, type PathId, type RouteId, type SourceId } from './ids.ts';
import type { Member } from './out-peer.ts';
import { OutboundBlocks } from './outbound-blocks.ts';
import type { PayloadTable } from './payload-table.ts';
import type { RouteTable } from './route-table.ts';
import type { SourceTable } from './source-table.ts';
import { TargetSets } from './target-sets.ts';

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
  sentPayload = new Int32Array(0);
  readonly #input: OutInput;
  readonly #exporter: Exporter;
  #blocks: OutboundBlocks;
  /** Per route: the outbound block it was announced with, 0 when it is not announced; and whose path it was. */
  #block = new Int32Array(0);
  #source = new Uint16Array(0);
  #routes = 0;
  #routesFrom: number[] = [];
  /** In a constrained group: the sets of route targets of the blocks, and the routes of each. */
  targets: TargetSets | undefined;
  bySet = new AnnouncedBySet();
  /** What the batch at hand is to become; resolve() holds a reference to each block. */
  readonly #newBlock = new Int32Array(BATCH_ROWS);
  readonly #newPath = new Int32Array(BATCH_ROWS);

  /** `constrained`: members are told only what they want (`Member.wanted`). */
  constructor(input: OutInput, exporter: Exporter, constrained = false) {
    this.#input = input;
    if (constrained) this.targets = new TargetSets(() => this.outbound);
    this.table = input.table;
    this.payloads = input.payloads;
    this.#exporter = exporter;
    this.#blocks = this.#newBlocks();
  }

  /** The blocks that were sent, or are about to be. */
  get outbound(): ByteTable {
    return this.#blocks.table;
  }

  /** Routes announced. */
  get routes(): number {
    return this.#routes;
  }

  get rowLimit(): number {
    return this.#block.length;
  }

  get memoryOctets(): number {
    const sets = this.targets === undefined ? 0 : this.targets.octets + this.bySet.octets;
    const columns = this.#block.byteLength + this.#source.byteLength + this.sentPayload.byteLength;
    return columns + this.#blocks.octets + sets;
  }

  /** Routes announced to a member: neither its own, nor those that it does not want. */
  countFor({ peer: { source }, wanted }: Member): number {
    if (wanted === undefined) return this.#routes - (this.#routesFrom[source] ?? 0);
    let count = 0;
    for (let set = 1; set < this.bySet.setLimit; set++) {
      const routes = this.bySet.countExcept(set, source);
      if (routes > 0 && wanted.has(set)) count += routes;
    }
    return count;
  }

  /** Whether what was announced of the route came from `source`. */
  isFrom(route: RouteId, source: SourceId): boolean {
    return this.#source[route] === source;
  }

  /** The block that a member has been told; 0 for none. */
  blockFor(route: RouteId, member: Member): number {
    if (this.#source[route] === member.peer.source) return 0;
    const block = this.#block[route]!;
    return block !== 0 && this.#isWanted(member, block) ? block : 0;
  }

  /** Works out what is to be said about the rows now. apply() must follow. */
  resolve(rows: Int32Array, count: number, best: (route: RouteId) => PathId): void {
    this.#growTo(this.table.keys.rowLimit);
    const { attributes, source } = this.table;
    for (let i = 0; i < count; i++) {
      const path = best(rows[i]!);
      const block = path === NONE ? 0 : this.#blocks.of(attributes[path]!, source[path]!);
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

  /** Members in step that are to be told no more of a route, because its targets are others now. */
  strays(rows: Int32Array, count: number, members: { all(): Iterable<Member> }): ReadonlySet<Member> {
    const strays = new Set<Member>();
    const { targets } = this;
    if (targets === undefined) return strays;
    const seen = new Set<number>();
    for (let i = 0; i < count; i++) {
      const before = this.#block[rows[i]!]!;
      const now = this.#newBlock[i]!;
      if (before === 0 || now === 0 || before === now) continue;
      const [from, to] = [targets.of(before), targets.of(now)];
      if (from === to || seen.has(from * 2 ** 26 + to)) continue;
      seen.add(from * 2 ** 26 + to);
      for (const member of members.all()) {
        if (member.inStep && member.wanted!.has(from) && !member.wanted!.has(to)) strays.add(member);
      }
    }
    return strays;
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
        // It will be seen as it is then.
        if (member.isUnseen(route)) continue;
        const mine = member.peer.source;
        const toldBefore = oldBlock !== 0 && oldSource !== mine && this.#isWanted(member, oldBlock);
        // The same words from another source: news for the two whose path it was and is only.
        if (sameWords && toldBefore && this.table.source[path] !== mine) continue;
        if (!toldBefore && (block === 0 || !this.#isWanted(member, block))) continue;
        member.mark(route, toldBefore);
      }
      const source = block === 0 ? oldSource : this.table.source[path]!;
      const withdrawn = block === 0 && this.targets !== undefined ? -this.targets.of(oldBlock) : WITHDRAWN;
      this.#replace(route, block, path);
      if (sameWords) continue;
      if (source !== excludedFor) {
        excludedFor = source;
        excluded = isInStep(source) ? source : NONE;
      }
      batch.add(route, block === 0 ? withdrawn : block, excluded);
    }
  }

  /** Gathers what one out-of-step member must hear about the rows. */
  collect(rows: Int32Array, count: number, member: Member, batch: Batch): void {
    for (let i = 0; i < count; i++) {
      const route = rows[i]!;
      const told = member.told!.delete(route);
      const block = this.blockFor(route, member);
      if (block !== 0) batch.add(route, block, NONE);
      else if (told) batch.add(route, WITHDRAWN, NONE);
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
    this.#routes = 0;
    this.#routesFrom = [];
    this.#blocks = this.#newBlocks();
    if (this.targets !== undefined) this.targets = new TargetSets(() => this.outbound);
    this.bySet = new AnnouncedBySet();
  }

  #isWanted(member: Member, block: number): boolean {
    return this.targets === undefined || member.wanted!.has(this.targets.of(block));
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
    if (this.targets !== undefined) {
      if (oldBlock !== 0) this.bySet.remove(route, this.targets.of(oldBlock), oldSource);
      if (block !== 0) this.bySet.add(route, this.targets.of(block), this.#source[route]!);
    }
    if (oldBlock !== 0) {
      this.outbound.release(oldBlock);
      this.payloads.release(oldPayload);
      this.#routes--;
      this.#routesFrom[oldSource]!--;
    }
  }

  #newBlocks(): OutboundBlocks {
    return new OutboundBlocks(this.#input.attributes, this.#input.sources, this.#exporter);
  }

  #growTo(rows: number): void {
    this.#block = withRoom(this.#block, rows, 0);
    this.#source = withRoom(this.#source, rows, rows >> 2);
    this.sentPayload = withRoom(this.sentPayload, rows, rows >> 1);
  }
}

/** Columns double, each from another length (`more`), so that no step pays for all of them. */
function withRoom<T extends Int32Array | Uint16Array>(column: T, rows: number, more: number): T {
  if (rows <= column.length) return column;
  return grown(column, Math.max(FIRST_ROWS, column.length * 2, rows + more));
}
