/**
 * What peers are asked for, as they have been told: per peer the memberships and their attributes, and what is still to be
 * said. A peer that is slow keeps a set of memberships to tell, never a queue of messages.
 *
 * RFC 4684 sections 3.2 (i) and (ii), 4 ("the default route target can be used to indicate to a peer the willingness to receive
 * all": what a reflector tells its clients) and 6 (End-of-RIB).
 */
import {
  type Attribute,
  type CodecContext,
  encodeAttributeBlock,
  FAMILY,
  MAX_EXTENDED_MESSAGE_LENGTH,
  MAX_MESSAGE_LENGTH,
  ROUTE_REFRESH_SUBTYPE,
  UpdateWriter,
  Writer,
} from 'bgp-protocol';
import { refreshMarker } from './adj-rib-out.ts';
import { DEFAULT_LOCAL_PREFERENCE, type RibIdentity } from './attribute-summary.ts';
import { ByteTable } from './byte-table.ts';
import type { Exporter } from './export-policy.ts';
import type { AttributesId, SourceId } from './ids.ts';
import { DEFAULT_MEMBERSHIP, type MembershipKey, octetsOf } from './membership-key.ts';

/** A session with the family, as the memberships see it. */
export interface MembershipPeer {
  readonly source: SourceId;
  readonly context: CodecContext;
  /** A client of this route reflector: it is asked for everything. */
  readonly client: boolean;
  /** Our address in this session, in text. */
  readonly nextHop: string;
  readonly enhancedRouteRefresh: boolean;
  /** Takes whole messages; false: no more until `resume`. */
  write(buffer: Uint8Array): boolean;
  /** What it has asked for has changed. */
  interestChanged(): void;
  /** It has said all that it asks for (End-of-RIB). */
  ready(): void;
}

/** A path of a client that is passed on. */
export interface Passed {
  readonly source: SourceId;
  readonly attributes: AttributesId;
}

export type Choice = 'own' | Passed | undefined;

interface Told {
  /** Interned attributes by membership. */
  readonly blocks: Map<MembershipKey, number>;
  readonly dirty: Set<MembershipKey>;
  everything: boolean;
  owesEndOfRib: boolean;
  owesEndOfRefresh: boolean;
  congested: boolean;
}

interface OutParts {
  readonly identity: RibIdentity;
  readonly exporter: Exporter;
}

const WITHDRAWN = 0;

export class MembershipOut {
  readonly #parts: OutParts;
  readonly #choose: (key: MembershipKey) => Choice;
  readonly #told = new Map<MembershipPeer, Told>();
  readonly #blocks = new ByteTable();
  /** Peers that are no clients are owed their End-of-RIB: what clients ask for is not all known. */
  endsDeferred = false;

  /** `choose` says what peers that are no clients are asked for. */
  constructor(parts: OutParts, choose: (key: MembershipKey) => Choice) {
    this.#parts = parts;
    this.#choose = choose;
  }

  told(peer: MembershipPeer): number {
    return this.#told.get(peer)?.blocks.size ?? 0;
  }

  endOfRibSent(peer: MembershipPeer): boolean {
    return this.#told.get(peer)?.owesEndOfRib === false;
  }

  join(peer: MembershipPeer): void {
    this.#told.set(peer, {
      blocks: new Map(),
      dirty: new Set(),
      everything: true,
      owesEndOfRib: true,
      owesEndOfRefresh: false,
      congested: false,
    });
  }

  leave(peer: MembershipPeer): void {
    for (const block of this.#told.get(peer)?.blocks.values() ?? []) this.#blocks.release(block);
    this.#told.delete(peer);
  }

  resume(peer: MembershipPeer): void {
    const told = this.#told.get(peer);
    if (told) told.congested = false;
  }

  /** RFC 7313 section 4: between BoRR and EoRR where both sides can. */
  refresh(peer: MembershipPeer): void {
    const told = this.#told.get(peer);
    if (!told) return;
    for (const [key, block] of told.blocks) {
      this.#blocks.release(block);
      told.dirty.add(key);
    }
    told.blocks.clear();
    told.everything = true;
    if (!peer.enhancedRouteRefresh) return;
    told.owesEndOfRefresh = true;
    this.#write(peer, told, refreshMarker(ROUTE_REFRESH_SUBTYPE.BEGIN, peer.context, FAMILY.RT_CONSTRAINT));
  }

  changed(keys: ReadonlySet<MembershipKey>): void {
    for (const [peer, told] of this.#told) if (!peer.client) for (const key of keys) told.dirty.add(key);
  }

  /** Tells every peer that can take it what it has not been told. `all`: every membership that there is. */
  flush(all: () => readonly MembershipKey[]): void {
    for (const [peer, told] of this.#told) {
      if (told.congested) continue;
      if (told.everything) {
        told.everything = false;
        for (const key of peer.client ? [DEFAULT_MEMBERSHIP] : all()) told.dirty.add(key);
      }
      if (told.dirty.size > 0) this.#tell(peer, told);
      if (told.owesEndOfRib && (peer.client || !this.endsDeferred)) {
        told.owesEndOfRib = false;
        this.#encode(peer, told, (updates) => updates.endOfRib(FAMILY.RT_CONSTRAINT));
      }
      if (told.owesEndOfRefresh) {
        told.owesEndOfRefresh = false;
        this.#write(peer, told, refreshMarker(ROUTE_REFRESH_SUBTYPE.END, peer.context, FAMILY.RT_CONSTRAINT));
      }
    }
  }

  #tell(peer: MembershipPeer, told: Told): void {
    const byBlock = new Map<number, MembershipKey[]>();
    for (const key of told.dirty) {
      const block = this.#blockFor(key, peer);
      const before = told.blocks.get(key) ?? WITHDRAWN;
      if (block === before) continue;
      if (block === WITHDRAWN) told.blocks.delete(key);
      else {
        this.#blocks.retain(block);
        told.blocks.set(key, block);
      }
      if (before !== WITHDRAWN) this.#blocks.release(before);
      const list = byBlock.get(block);
      if (list) list.push(key);
      else byBlock.set(block, [key]);
    }
    told.dirty.clear();
    if (byBlock.size === 0) return;
    this.#encode(peer, told, (updates) => {
      // What is asked for goes before what is no longer: nothing is lost in between.
      for (const [block, keys] of byBlock) {
        if (block === WITHDRAWN) continue;
        updates.begin(this.#blocks.bytes(block));
        for (const nlri of keys.map(octetsOf)) updates.announce(nlri, 0, nlri.length);
        updates.end();
      }
      updates.beginWithdraw(FAMILY.RT_CONSTRAINT);
      for (const nlri of (byBlock.get(WITHDRAWN) ?? []).map(octetsOf)) updates.withdraw(nlri, 0, nlri.length);
      updates.end();
    });
  }

  #encode(peer: MembershipPeer, told: Told, write: (updates: UpdateWriter) => void): void {
    const length = peer.context.extendedMessage ? MAX_EXTENDED_MESSAGE_LENGTH : MAX_MESSAGE_LENGTH;
    const out = new Writer(MAX_MESSAGE_LENGTH);
    write(new UpdateWriter(length, out, peer.context));
    if (out.length > 0) this.#write(peer, told, out.finish());
  }

  #write(peer: MembershipPeer, told: Told, buffer: Uint8Array): void {
    if (!peer.write(buffer)) told.congested = true;
  }

  /** The attributes to ask with, interned; 0 when it is not asked. */
  #blockFor(key: MembershipKey, peer: MembershipPeer): number {
    if (peer.client)
      return key === DEFAULT_MEMBERSHIP ? this.#blocks.intern(this.#ownBlock(peer)) : WITHDRAWN;
    const choice = this.#choose(key);
    if (choice === undefined) return WITHDRAWN;
    if (choice === 'own') return this.#blocks.intern(this.#ownBlock(peer));
    return this.#blocks.intern(this.#parts.exporter.outbound(choice.attributes, choice.source));
  }

  /** RFC 4684 section 3.2 (i): to a client, "the Originator attribute shall be set to the router-id of the advertiser". */
  #ownBlock({ client, nextHop }: MembershipPeer): Uint8Array {
    const { routerId } = this.#parts.identity;
    const attributes: Attribute[] = [
      { type: 'MP_REACH_NLRI', family: FAMILY.RT_CONSTRAINT, nextHop, nlri: new Uint8Array(0) },
      { type: 'ORIGIN', value: 'igp' },
      { type: 'AS_PATH', segments: [] },
      { type: 'LOCAL_PREF', value: DEFAULT_LOCAL_PREFERENCE },
    ];
    if (client) attributes.push({ type: 'ORIGINATOR_ID', routerId: dotted(routerId) });
    return encodeAttributeBlock(attributes);
  }
}

const dotted = (id: number): string => [24, 16, 8, 0].map((shift) => (id >>> shift) & 0xff).join('.');
