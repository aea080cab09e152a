/**
 * Route target memberships: who has asked for which targets, and what this speaker asks of its peers for itself and on behalf of
 * its clients. There are as many as there are VNIs at each leaf, so they are objects; routes are filtered by the `Interest`
 * of each peer, which holds numbers.
 *
 * RFC 4684 sections 3.2 (inside an AS: every path of a membership counts, not only the best; what a reflector says to whom),
 * 4 (NLRI), 5 (filtering) and 6 (End-of-RIB).
 */
import { type RibIdentity, SUMMARY_FLAG } from './attribute-summary.ts';
import type { AttributeTable } from './attribute-table.ts';
import type { Exporter } from './export-policy.ts';
import type { AttributesId, SourceId } from './ids.ts';
import { Interest, TARGET_OCTETS } from './interest.ts';
import { DEFAULT_MEMBERSHIP, keyOf, type MembershipKey, octetsOf } from './membership-key.ts';
import { type Choice, MembershipOut, type MembershipPeer, type Passed } from './membership-out.ts';
import type { Slices } from './slices.ts';
import type { SourceTable } from './source-table.ts';

const WHOLE_BITS = 96;

export interface MembershipParts {
  readonly identity: RibIdentity;
  readonly attributes: AttributeTable;
  readonly sources: SourceTable;
  readonly slices: Slices;
  /** To peers that are no clients. */
  readonly exporter: Exporter;
}

/** What one peer has asked for. */
interface Asked {
  readonly interest: Interest;
  readonly memberships: Set<MembershipKey>;
  /** Those that wait to be announced again, or swept. */
  readonly stale: Set<MembershipKey>;
  endOfRib: boolean;
}

/** `show bgp rt-constraint`: one membership, and who has it. */
export interface MembershipView {
  readonly nlri: Uint8Array;
  readonly own: boolean;
  readonly sources: readonly SourceId[];
}

export class Memberships {
  readonly #parts: MembershipParts;
  readonly #askedBy = new Map<SourceId, Asked>();
  /** The paths of each membership: attributes by source. */
  readonly #paths = new Map<MembershipKey, Map<SourceId, AttributesId>>();
  readonly #owners = new Map<object, ReadonlySet<MembershipKey>>();
  #own: ReadonlySet<MembershipKey> = new Set();
  readonly #out: MembershipOut;
  /** Peers that are told every route of a peer that is no client. */
  readonly #unconstrained = new Set<SourceId>();
  readonly #peers = new Map<SourceId, MembershipPeer>();
  /** What has changed since the last slice: memberships to tell about, and peers whose interest is another. */
  readonly #changed = new Set<MembershipKey>();
  readonly #reconsider = new Set<SourceId>();
  readonly #ready = new Set<SourceId>();
  readonly #work = (): boolean => this.#run();

  constructor(parts: MembershipParts) {
    this.#parts = parts;
    this.#out = new MembershipOut(parts, (key) => this.#choose(key));
  }

  /** What `source` has asked for; to be given to the Adj-RIB-Out. */
  interest(source: SourceId): Interest {
    return this.#asked(source).interest;
  }

  /** Memberships that `source` has announced. */
  received(source: SourceId): number {
    return this.#askedBy.get(source)?.memberships.size ?? 0;
  }

  endOfRibSeen(source: SourceId): boolean {
    return this.#askedBy.get(source)?.endOfRib ?? false;
  }

  /** Memberships that the peer has been told. */
  sent(peer: MembershipPeer): number {
    return this.#out.told(peer);
  }

  endOfRibSent(peer: MembershipPeer): boolean {
    return this.#out.endOfRibSent(peer);
  }

  *views(): Generator<MembershipView> {
    for (const key of [...new Set([...this.#own, ...this.#paths.keys()])].sort()) {
      yield {
        nlri: octetsOf(key),
        own: this.#own.has(key),
        sources: [...(this.#paths.get(key)?.keys() ?? [])],
      };
    }
  }

  // Peers

  /** A session with the family is up: the peer is told what is asked of it, then End-of-RIB. */
  join(peer: MembershipPeer): void {
    this.#asked(peer.source).endOfRib = false;
    this.#peers.set(peer.source, peer);
    this.#out.join(peer);
    this.#request();
  }

  /** The session is gone. `keep`: what it has asked for stays, as stale (RFC 4724 section 4.2). */
  leave(peer: MembershipPeer, keep: boolean): void {
    this.#out.leave(peer);
    this.#peers.delete(peer.source);
    if (keep) this.markStale(peer.source);
    else this.forget(peer.source);
  }

  /**
   * A session without the family is up, with a peer that is told of all routes from peers that are no clients: those have to
   * send everything. Until `dismiss`.
   */
  admit(source: SourceId): void {
    this.#unconstrained.add(source);
    if (this.#unconstrained.size === 1) this.#touch(DEFAULT_MEMBERSHIP);
  }

  dismiss(source: SourceId): void {
    if (this.#unconstrained.delete(source) && this.#unconstrained.size === 0) this.#touch(DEFAULT_MEMBERSHIP);
  }

  /** This speaker has restarted: peers that are no clients are told, but not that this is all. RFC 4724 section 4.1. */
  deferEnds(): void {
    this.#out.endsDeferred = true;
  }

  sendEnds(): void {
    this.#out.endsDeferred = false;
    this.#request();
  }

  resume(peer: MembershipPeer): void {
    this.#out.resume(peer);
    this.#request();
  }

  /** RFC 2918: everything again. */
  refresh(peer: MembershipPeer): void {
    this.#out.refresh(peer);
    this.#request();
  }

  /** Everything that `source` has asked for is gone. */
  forget(source: SourceId): void {
    const asked = this.#askedBy.get(source);
    if (asked === undefined) return;
    for (const key of [...asked.memberships]) this.#drop(source, asked, key);
    this.#askedBy.delete(source);
  }

  /** RFC 7313 section 4, RFC 4724 section 4.2: what is not announced again is swept. */
  markStale(source: SourceId): void {
    const asked = this.#askedBy.get(source);
    if (asked === undefined) return;
    asked.stale.clear();
    for (const key of asked.memberships) asked.stale.add(key);
  }

  sweepStale(source: SourceId): void {
    const asked = this.#askedBy.get(source);
    if (asked === undefined) return;
    for (const key of [...asked.stale]) this.#drop(source, asked, key);
  }

  // What is asked for

  /** What this speaker itself wants: route targets of eight octets each. Each owner has its own; all together are asked for. */
  setOwn(owner: object, targets: Iterable<Uint8Array>): void {
    this.#owners.set(owner, new Set(Array.from(targets, (target) => this.#ownKey(target))));
    const own = new Set<MembershipKey>();
    for (const keys of this.#owners.values()) for (const key of keys) own.add(key);
    const before = this.#own;
    this.#own = own;
    for (const key of before) if (!own.has(key)) this.#touch(key);
    for (const key of own) if (!before.has(key)) this.#touch(key);
  }

  /** `source` announces the NLRI at `start` to `end`, which is valid. */
  announce(source: SourceId, bytes: Uint8Array, start: number, end: number, attributes: AttributesId): void {
    const key = keyOf(bytes, start, end);
    const asked = this.#asked(source);
    asked.stale.delete(key);
    let paths = this.#paths.get(key);
    if (paths === undefined) {
      paths = new Map();
      this.#paths.set(key, paths);
    }
    const before = paths.get(source);
    if (before === attributes) return;
    this.#parts.attributes.retain(attributes);
    if (before !== undefined) this.#parts.attributes.release(before);
    paths.set(source, attributes);
    this.#touch(key);
    if (before !== undefined) return;
    asked.memberships.add(key);
    asked.interest.add(octetsOf(key));
    this.#reconsider.add(source);
  }

  withdraw(source: SourceId, bytes: Uint8Array, start: number, end: number): void {
    const asked = this.#askedBy.get(source);
    const key = keyOf(bytes, start, end);
    if (asked?.memberships.has(key)) this.#drop(source, asked, key);
  }

  endOfRib(source: SourceId): void {
    this.sweepStale(source);
    this.#asked(source).endOfRib = true;
    this.#ready.add(source);
    this.#request();
  }

  #asked(source: SourceId): Asked {
    let asked = this.#askedBy.get(source);
    if (asked === undefined) {
      asked = { interest: new Interest(), memberships: new Set(), stale: new Set(), endOfRib: false };
      this.#askedBy.set(source, asked);
    }
    return asked;
  }

  #drop(source: SourceId, asked: Asked, key: MembershipKey): void {
    asked.memberships.delete(key);
    asked.stale.delete(key);
    asked.interest.remove(octetsOf(key));
    const paths = this.#paths.get(key)!;
    this.#parts.attributes.release(paths.get(source)!);
    paths.delete(source);
    if (paths.size === 0) this.#paths.delete(key);
    this.#reconsider.add(source);
    this.#touch(key);
  }

  /** RFC 4684 section 4: origin AS, and the whole target. */
  #ownKey(target: Uint8Array): MembershipKey {
    const nlri = new Uint8Array(5 + TARGET_OCTETS);
    nlri[0] = WHOLE_BITS;
    new DataView(nlri.buffer).setUint32(1, this.#parts.identity.localAs);
    nlri.set(target, 5);
    return keyOf(nlri, 0, nlri.length);
  }

  // What is told

  #touch(key: MembershipKey): void {
    this.#changed.add(key);
    this.#request();
  }

  #request(): void {
    this.#parts.slices.request(this.#work);
  }

  #run(): boolean {
    for (const source of this.#reconsider) this.#peers.get(source)?.interestChanged();
    this.#reconsider.clear();
    for (const source of this.#ready) this.#peers.get(source)?.ready();
    this.#ready.clear();
    this.#out.changed(this.#changed);
    this.#changed.clear();
    this.#out.flush(() => [...this.#own, ...this.#paths.keys(), DEFAULT_MEMBERSHIP]);
    return false;
  }

  /**
   * What a peer that is no client is asked for: `own`, the attributes of the path to pass on, or nothing. RFC 4684 section 3.2 (ii):
   * "the attributes of the client path are advertised to the peer"; what came from a peer that is no client is not passed on
   * to another one (RFC 4456 section 6).
   */
  #choose(key: MembershipKey): Choice {
    if (this.#own.has(key)) return 'own';
    if (key === DEFAULT_MEMBERSHIP && this.#unconstrained.size > 0) return 'own';
    const { attributes, sources } = this.#parts;
    let best: Passed | undefined;
    for (const [source, id] of this.#paths.get(key) ?? []) {
      if (!sources.client[source] || (attributes.flags(id) & LOOPED) !== 0) continue;
      if (!this.#parts.exporter.allows(id, source)) continue;
      if (best === undefined || this.#isNearer(source, id, best)) best = { source, attributes: id };
    }
    return best;
  }

  /** The shorter CLUSTER_LIST, then the lower BGP identifier: RFC 4456 section 9. */
  #isNearer(source: SourceId, id: AttributesId, best: Passed): boolean {
    const { attributes, sources } = this.#parts;
    const further = attributes.clusterListLength(best.attributes) - attributes.clusterListLength(id);
    return further > 0 || (further === 0 && sources.routerId[source]! < sources.routerId[best.source]!);
  }
}

/** RFC 4456 section 8: it went through here before. It counts as interest all the same: who sends it wants the routes. */
const LOOPED = SUMMARY_FLAG.ORIGINATOR_LOOP | SUMMARY_FLAG.CLUSTER_LOOP;
