/**
 * The table as its readers see it: keys, paths, attributes, counters. Rows are numbers; nothing is made to be read.
 *
 * RFC 4271 section 3.2 (Adj-RIB-In and Loc-RIB: all paths, and the best of them).
 */
import type { AddressTable } from '../base/address-table.ts';
import type { RibIdentity } from './attribute-summary.ts';
import { AttributeTable } from './attribute-table.ts';
import { type LoserReason, PATH_STATE, reasonText } from './best-path.ts';
import { type AttributesId, NONE, type PathId, type PayloadId, type RouteId, type SourceId } from './ids.ts';
import { KeyBatch } from './key-batch.ts';
import { PayloadTable } from './payload-table.ts';
import { RouteTable } from './route-table.ts';
import { type SourceCounts, SourceTable } from './source-table.ts';

export class RibView {
  readonly table = new RouteTable();
  readonly attributes: AttributeTable;
  readonly payloads = new PayloadTable();
  readonly sources: SourceTable;
  /** For keys that come alone. */
  readonly #single = new KeyBatch();

  constructor(identity: RibIdentity, addresses: AddressTable) {
    this.attributes = new AttributeTable(identity, addresses);
    this.sources = new SourceTable(identity.routerId, addresses);
  }

  get pathCount(): number {
    return this.table.paths;
  }

  get keyBytes(): Uint8Array {
    return this.table.keys.bytes;
  }

  keyStart(route: RouteId): number {
    return this.table.keys.start(route);
  }

  keyEnd(route: RouteId): number {
    return this.table.keys.end(route);
  }

  /** The route with this key, or NONE. It may have no path any more. */
  find(key: Uint8Array, start = 0, end = key.length): RouteId {
    return this.table.keys.find(this.single(key, start, end), 0);
  }

  /** The key, as a batch of one; good until the next call. */
  protected single(key: Uint8Array, start: number, end: number): KeyBatch {
    return this.#single.only(key, start, end);
  }

  /** The best path of a route, or NONE. */
  best(route: RouteId): PathId {
    const path = this.table.firstPath[route]!;
    return path !== NONE && this.table.state[path] === PATH_STATE.BEST ? path : NONE;
  }

  firstPath(route: RouteId): PathId {
    return this.table.firstPath[route]!;
  }

  nextPath(path: PathId): PathId {
    return this.table.next[path]!;
  }

  *paths(route: RouteId): Generator<PathId> {
    for (let path = this.firstPath(route); path !== NONE; path = this.nextPath(path)) yield path;
  }

  pathFrom(route: RouteId, source: SourceId): PathId {
    return this.table.pathOf(route, source);
  }

  attributesOf(path: PathId): AttributesId {
    return this.table.attributes[path]!;
  }

  payloadOf(path: PathId): PayloadId {
    return this.table.payload[path]!;
  }

  sourceOf(path: PathId): SourceId {
    return this.table.source[path]!;
  }

  /** Why the path is not the best; `best` for the one that is. */
  loserReason(path: PathId): LoserReason {
    return reasonText(this.table.state[path]!);
  }

  /** Seconds of the clock at which the path was last announced with something new. */
  changedAtSeconds(path: PathId): number {
    return this.table.changedAt[path]!;
  }

  /** Whether the path waits to be announced again or swept. */
  isStale(path: PathId): boolean {
    return this.table.generation[path] !== this.sources.generation[this.sourceOf(path)];
  }

  /** The routes that have a path, one at a time; the table may change in between. */
  *routes(filter?: (route: RouteId) => boolean): Generator<RouteId> {
    for (let route: RouteId = 0; route < this.table.keys.rowLimit; route++) {
      if (this.table.keys.isUsed(route) && this.firstPath(route) !== NONE && (filter?.(route) ?? true)) {
        yield route;
      }
    }
  }

  counts(source: SourceId): SourceCounts {
    return this.sources.counts(source);
  }

  /** Whether the source's End-of-RIB marker came (RFC 4724 section 2). */
  endOfRibSeen(source: SourceId): boolean {
    return this.sources.endOfRib[source]!;
  }
}
