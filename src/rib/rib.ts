/**
 * The table of EVPN routes: takes what peers and this speaker announce, decides, and tells consumers and groups of
 * peers which routes changed. It performs nothing but writes to OutPeers; time is the clock it is given.
 *
 * RFC 4271 sections 3.2 and 9 (the RIBs and the decision process), RFC 7432 (EVPN routes), RFC 4456 (reflection),
 * RFC 7313 section 4 (stale paths), RFC 7606 section 2 (treat-as-withdraw, done by the codec's walker).
 */
import { type BgpFault, type CodecContext, type FaultAction, walkUpdate } from 'bgp-protocol';
import type { AddressTable } from '../base/address-table.ts';
import type { Clock } from '../base/clock.ts';
import { AdjRibOut, type OutHost } from './adj-rib-out.ts';
import type { RibIdentity } from './attribute-summary.ts';
import { type DecisionInput, decide, fitness, PATH_STATE } from './best-path.ts';
import { RibConsumer } from './consumer.ts';
import { Exporter, type ExportPolicy, policyKey } from './export-policy.ts';
import {
  type AttributesId,
  LOCAL,
  NONE,
  type PathId,
  type PayloadId,
  type RouteId,
  type SourceId,
} from './ids.ts';
import type { KeyBatch } from './key-batch.ts';
import { Memberships } from './memberships.ts';
import { Receiver } from './receiver.ts';
import { RibView } from './rib-view.ts';
import type { RowSet } from './row-set.ts';
import { SentRoutes } from './sent-routes.ts';
import { Slices } from './slices.ts';
import type { SourceSpec } from './source-table.ts';
import { Sweeper } from './sweeper.ts';

export interface RibConfig extends RibIdentity {
  readonly addresses: AddressTable;
  readonly clock: Clock;
  /** RFC 4271 section 9.1.2.2 (c) compares MED of one neighbouring AS only; this compares all. Default false. */
  readonly alwaysCompareMed?: boolean;
  /** Milliseconds of work before the event loop has its turn. Default 8. */
  readonly sliceMilliseconds?: number;
}

export class Rib extends RibView implements DecisionInput, OutHost {
  readonly addresses: AddressTable;
  readonly alwaysCompareMed: boolean;
  readonly clock: Clock;
  readonly slices: Slices;
  /** RFC 4684: which route targets this speaker and its peers have asked for. */
  readonly memberships: Memberships;
  readonly #identity: RibIdentity;
  #consumers: readonly RibConsumer[] = [];
  #held: readonly RowSet[] = [];
  readonly #groups = new Map<string, AdjRibOut>();
  readonly #sweeper: Sweeper;
  readonly #receiver: Receiver;

  constructor(config: RibConfig) {
    super(config, config.addresses);
    this.#identity = config;
    this.addresses = config.addresses;
    this.clock = config.clock;
    this.alwaysCompareMed = config.alwaysCompareMed ?? false;
    this.slices = new Slices(config.clock, config.sliceMilliseconds);
    const exporter = new Exporter({ kind: 'ibgp', client: false }, config, this.attributes, this.sources);
    this.memberships = new Memberships({
      identity: config,
      attributes: this.attributes,
      sources: this.sources,
      slices: this.slices,
      exporter,
    });
    this.#sweeper = new Sweeper(this, this.slices);
    this.#receiver = new Receiver(this);
  }

  /** Routes with at least one path. */
  get routeCount(): number {
    return this.#routesWithPaths;
  }
  #routesWithPaths = 0;

  /** Counts changes of the Loc-RIB. */
  get version(): number {
    return this.#version;
  }
  #version = 0;

  // Sources

  addSource(spec: SourceSpec): SourceId {
    return this.sources.add(spec);
  }

  /** Sweeps what the source announced, then gives its id free. */
  removeSource(source: SourceId): void {
    this.sourceDown(source);
    this.memberships.forget(source);
    this.#sweeper.sweep(source, () => this.sources.remove(source));
  }

  /** The session is gone: its paths are removed in slices. It may come back meanwhile. */
  sourceDown(source: SourceId): void {
    this.keepStale(source);
    this.sweepStale(source);
  }

  /** RFC 4724 section 4.2: the session is gone and its paths stay, as stale. The next one has an End-of-RIB of its own. */
  keepStale(source: SourceId): void {
    this.markStale(source);
    this.sources.endOfRib[source] = false;
  }

  /** RFC 7313 section 4, at BoRR: what is not announced again is swept later. */
  markStale(source: SourceId): void {
    this.sources.nextGeneration(source);
    this.#sweeper.aged(source);
  }

  /** At EoRR or End-of-RIB: removes, in slices, the paths that are still stale. */
  sweepStale(source: SourceId): void {
    this.#sweeper.sweep(source);
  }

  // Writing

  /**
   * One UPDATE body from a peer. Returns what must follow for the session (an RFC 7606 action); `onFault` gets every
   * fault, also those that were dealt with here.
   */
  receive(
    source: SourceId,
    bytes: Uint8Array,
    start: number,
    end: number,
    context: CodecContext,
    onFault: (fault: BgpFault) => void,
  ): FaultAction | undefined {
    this.#readClock();
    this.#receiver.begin(source, onFault);
    const action = walkUpdate(bytes, start, end, context, this.#receiver);
    this.#receiver.end();
    const isMild = action === undefined || action === 'attribute-discard';
    return this.#receiver.refused && isMild ? 'treat-as-withdraw' : action;
  }

  /** Announces the key at `start` to `end` for `source`. The ids need not be referenced yet. */
  upsert(
    source: SourceId,
    key: Uint8Array,
    start: number,
    end: number,
    payload: PayloadId,
    attributes: AttributesId,
  ): RouteId {
    return this.upsertKey(source, this.single(key, start, end), 0, payload, attributes);
  }

  /** Withdraws the key for `source`; whether there was a path. */
  withdraw(source: SourceId, key: Uint8Array, start: number, end: number): boolean {
    return this.withdrawKey(source, this.single(key, start, end), 0);
  }

  /** Announces a route of this speaker's own: key, payload and attribute block as the codec makes them. */
  originate(key: Uint8Array, payload: Uint8Array, block: Uint8Array | AttributesId): RouteId {
    this.#readClock();
    const attributes = typeof block === 'number' ? block : this.attributes.intern(block);
    return this.upsert(LOCAL, key, 0, key.length, this.payloads.intern(payload), attributes);
  }

  withdrawLocal(key: Uint8Array): boolean {
    return this.withdraw(LOCAL, key, 0, key.length);
  }

  /** As upsert, for a key of a batch. */
  upsertKey(
    source: SourceId,
    batch: KeyBatch,
    index: number,
    payload: PayloadId,
    attributes: AttributesId,
  ): RouteId {
    const { table, sources } = this;
    const route = table.insertRoute(batch, index);
    const generation = sources.generation[source]!;
    const known = table.pathOf(route, source);
    if (known !== NONE && table.payload[known] === payload && table.attributes[known] === attributes) {
      table.generation[known] = generation;
      return route;
    }
    this.payloads.retain(payload);
    this.attributes.retain(attributes);
    if (known === NONE) {
      if (table.firstPath[route] === NONE) this.#routesWithPaths++;
      const path = table.addPath(route, source, payload, attributes, generation);
      table.changedAt[path] = this.#seconds;
      this.#add(route, path);
    } else this.#replace(route, known, payload, attributes, generation);
    return route;
  }

  withdrawKey(source: SourceId, batch: KeyBatch, index: number): boolean {
    const route = this.table.keys.find(batch, index);
    const path = route === NONE ? NONE : this.table.pathOf(route, source);
    if (path === NONE) return false;
    this.removePath(path);
    return true;
  }

  removePath(path: PathId): void {
    const { table, sources } = this;
    const route = table.route[path]!;
    const source = table.source[path]!;
    const state = table.state[path]!;
    sources.received[source]!--;
    if (state < PATH_STATE.LOOP_AS_PATH) sources.accepted[source]!--;
    if (state === PATH_STATE.BEST) sources.best[source]!--;
    this.attributes.release(table.attributes[path]!);
    this.payloads.release(table.payload[path]!);
    table.removePath(path);
    if (table.firstPath[route] === NONE) this.#routesWithPaths--;
    else this.#decide(route, NONE);
    if (state === PATH_STATE.BEST) this.#changed(route);
    else this.settle(route);
  }

  // A restart of this speaker: RFC 4724 section 4.1

  /** Whether peers are told nothing but this speaker's own routes, and no End-of-RIB. */
  get isDeferred(): boolean {
    return this.#deferred;
  }
  #deferred = false;

  /**
   * This speaker has restarted, and does not know yet what its peers have. Own routes have nothing to be selected from, and go
   * out; so another one that waits for us, since it has restarted as well, has them in time.
   */
  deferSelection(): void {
    this.#deferred = true;
    this.memberships.deferEnds();
  }

  /** Selects for all that came meanwhile, once. */
  select(): void {
    if (!this.#deferred) return;
    this.#deferred = false;
    this.memberships.sendEnds();
    for (const group of this.#groups.values()) group.select(this.routes());
  }

  selected(route: RouteId): PathId {
    const path = this.best(route);
    return this.#deferred && path !== NONE && this.table.source[path] !== LOCAL ? NONE : path;
  }

  // Consumers and groups

  /** Octets of columns and arenas, by part. */
  memory(): Readonly<Record<string, number>> {
    let adjRibOut = 0;
    for (const group of this.#groups.values()) adjRibOut += group.memoryOctets;
    return {
      routes: this.table.memoryOctets,
      attributes: this.attributes.octets,
      payloads: this.payloads.octets,
      adjRibOut,
    };
  }

  /** A new consumer; every route that is there is dirty to begin with. */
  consumer(name: string): RibConsumer {
    const consumer = new RibConsumer(
      name,
      (routes, count) => this.settleAll(routes, count),
      (closed) => {
        this.#consumers = this.#consumers.filter((other) => other !== closed);
      },
    );
    for (let route: RouteId = 0; route < this.table.keys.rowLimit; route++) {
      if (this.table.keys.isUsed(route) && this.firstPath(route) !== NONE) consumer.rows.add(route);
    }
    this.#consumers = [...this.#consumers, consumer];
    return consumer;
  }

  /** The Adj-RIB-Out of all peers with this policy. */
  group(policy: ExportPolicy): AdjRibOut {
    const key = policyKey(policy);
    let group = this.#groups.get(key);
    if (group === undefined) {
      const exporter = new Exporter(policy, this.#identity, this.attributes, this.sources);
      this.#groups.set(
        key,
        (group = new AdjRibOut(key, this, new SentRoutes(this, exporter, policy.constrained))),
      );
    }
    return group;
  }

  hold(rows: RowSet): void {
    this.#held = [...this.#held, rows];
  }

  unhold(rows: RowSet): void {
    this.#held = this.#held.filter((other) => other !== rows);
  }

  /** Frees a row that has no path and that nobody has yet to look at. */
  settle(route: RouteId): void {
    if (this.#isDone(route)) this.table.keys.remove(route);
  }

  /** As settle, for routes[0, count), which are all different and are not in order afterwards. */
  settleAll(routes: Int32Array, count: number): void {
    let done = 0;
    for (let i = 0; i < count; i++) if (this.#isDone(routes[i]!)) routes[done++] = routes[i]!;
    this.table.keys.removeAll(routes, done);
  }

  #isDone(route: RouteId): boolean {
    if (this.table.firstPath[route] !== NONE || !this.table.keys.isUsed(route)) return false;
    for (let i = 0; i < this.#consumers.length; i++) if (this.#consumers[i]!.rows.has(route)) return false;
    for (let i = 0; i < this.#held.length; i++) if (this.#held[i]!.has(route)) return false;
    return true;
  }

  #readClock(): void {
    this.#seconds = Math.floor(this.clock.now() / 1000);
  }
  /** Of the clock, as of the message that is being worked on. */
  #seconds = 0;

  #add(route: RouteId, path: PathId): void {
    const { table, sources } = this;
    const source = table.source[path]!;
    sources.received[source]!++;
    if (table.firstPath[route] === path) {
      // The only path: nothing to decide between.
      const state = fitness(this, path);
      table.state[path] = state;
      if (state !== PATH_STATE.BEST) return;
      sources.accepted[source]!++;
      sources.best[source]!++;
      this.#changed(route);
      return;
    }
    if (fitness(this, path) === PATH_STATE.BEST) sources.accepted[source]!++;
    const before = this.best(route);
    if (this.#decide(route, before) !== before) this.#changed(route);
  }

  #replace(
    route: RouteId,
    path: PathId,
    payload: PayloadId,
    attributes: AttributesId,
    generation: number,
  ): void {
    const { table, sources } = this;
    const source = table.source[path]!;
    const before = this.best(route);
    if (table.state[path]! < PATH_STATE.LOOP_AS_PATH) sources.accepted[source]!--;
    this.attributes.release(table.attributes[path]!);
    this.payloads.release(table.payload[path]!);
    table.attributes[path] = attributes;
    table.payload[path] = payload;
    table.generation[path] = generation;
    table.changedAt[path] = this.#seconds;
    if (fitness(this, path) === PATH_STATE.BEST) sources.accepted[source]!++;
    const after = this.#decide(route, before);
    if (after !== before || after === path) this.#changed(route);
  }

  /** Decides the route and keeps the counts of best paths; `before` is the best path until now, if it is still there. */
  #decide(route: RouteId, before: PathId): PathId {
    const after = decide(this, route);
    if (after !== before) {
      if (before !== NONE) this.sources.best[this.table.source[before]!]!--;
      if (after !== NONE) this.sources.best[this.table.source[after]!]!++;
    }
    return after;
  }

  #changed(route: RouteId): void {
    this.#version++;
    const consumers = this.#consumers;
    for (let i = 0; i < consumers.length; i++) consumers[i]!.mark(route);
    if (consumers.length === 0) this.settle(route);
  }
}
