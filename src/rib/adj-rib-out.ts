/**
 * What a group of peers with the same export policy has been told: per route an outbound block, a payload and the
 * source it came from, in columns. A change is compared with that, so nothing is sent twice; it is encoded once, and
 * the members that are in step share the buffers. A member that joins late, asks for a refresh, or reads too slowly
 * falls out of step: its debt is a bitmap, bounded by the table, paid from these columns when it can take more.
 *
 * RFC 4271 sections 3.2 and 9.1.3 (Adj-RIB-Out), RFC 4724 section 2 (End-of-RIB), RFC 2918 and RFC 7313 (refresh).
 */
import {
  type Attribute,
  type CodecContext,
  decodeAttributeBlock,
  encodeMessage,
  FAMILY,
  type Family,
  ROUTE_REFRESH_SUBTYPE,
} from 'bgp-protocol';
import type { Clock } from '../base/clock.ts';
import { BATCH_ROWS, Batch } from './batch.ts';
import type { RibConsumer } from './consumer.ts';
import { Debts } from './debts.ts';
import { NONE, type PathId, type RouteId } from './ids.ts';
import { Members, type RowHolder } from './members.ts';
import type { Member, OutPeer } from './out-peer.ts';
import { Patience } from './patience.ts';
import type { OutInput, SentRoutes } from './sent-routes.ts';
import type { Slices } from './slices.ts';

/** Rows served to one member before the next has its turn. */
const SERVE_ROWS = 4096;

/** What the table lends its Adj-RIBs-Out. */
export interface OutHost extends OutInput, RowHolder {
  readonly clock: Clock;
  readonly slices: Slices;
  /** RFC 4724 section 4.1: routes of peers are held back, and that this is all is not said. */
  readonly isDeferred: boolean;
  /** The path to tell peers of. */
  selected(route: RouteId): PathId;
  consumer(name: string): RibConsumer;
}

export class AdjRibOut {
  readonly name: string;
  readonly #host: OutHost;
  readonly #sent: SentRoutes;
  readonly #members: Members;
  readonly #debts: Debts;
  readonly #patience: Patience;
  #turn = 0;
  readonly #owing = new Set<Member>();
  /** Members whose interest may have changed. */
  readonly #reconsidering = new Set<Member>();
  #consumer: RibConsumer | undefined;
  readonly #batch = new Batch();
  readonly #rows = new Int32Array(BATCH_ROWS);
  readonly #work = (deadline: number): boolean => this.pump(deadline);
  readonly #hand = (member: Member, buffer: Uint8Array): void => this.#write(member, buffer);

  constructor(name: string, host: OutHost, sent: SentRoutes) {
    this.name = name;
    this.#host = host;
    this.#sent = sent;
    this.#members = new Members(host);
    this.#debts = new Debts(sent);
    this.#patience = new Patience(host.clock, () => this.#request());
  }

  get peers(): number {
    return this.#members.size;
  }

  /** Routes that the group has been told, before leaving out each peer's own. */
  get routes(): number {
    return this.#sent.routes;
  }

  /** Distinct attribute blocks in what was told. */
  get blocks(): number {
    return this.#sent.outbound.size;
  }

  /** Peers that are being served by themselves: late, refreshing or slow. */
  get outOfStep(): number {
    return this.#members.outOfStep.length;
  }

  get memoryOctets(): number {
    let octets = this.#sent.memoryOctets;
    for (const member of this.#members.outOfStep) octets += member.pending!.octets + member.told!.octets;
    return octets;
  }

  /** The peer is told everything, in slices, then the End-of-RIB marker, then every change. */
  join(peer: OutPeer): void {
    const member = this.#members.add(peer);
    member.wanted = this.#sent.targets?.attach(peer.interest);
    const consumer = (this.#consumer ??= this.#open());
    member.endOfRibAfterPass = consumer.rows.passes + 2;
    this.#owing.add(member);
    if (this.#sent.routes > 0) {
      this.#leaveStep(member);
      this.#debts.owe(member, false);
    }
    this.#request();
  }

  /** RFC 4684 section 5: the peer's interest may have changed; it is told what it wants now, and no longer wants. */
  interestChanged(peer: OutPeer): void {
    const member = this.#members.get(peer);
    if (member?.wanted === undefined) return;
    this.#reconsidering.add(member);
    this.#request();
  }

  /** The session is gone. The last peer to leave takes the columns with it. */
  leave(peer: OutPeer): void {
    const member = this.#members.get(peer);
    if (member === undefined) return;
    this.#members.remove(member);
    this.#owing.delete(member);
    this.#reconsidering.delete(member);
    if (member.wanted !== undefined) this.#sent.targets?.detach(member.wanted);
    if (this.#members.size === 0) this.#request();
    else this.#requestIfBusy();
  }

  /** RFC 2918: everything again; RFC 7313 section 4: between BoRR and EoRR where both sides can. */
  refresh(peer: OutPeer): void {
    const member = this.#members.get(peer);
    if (member === undefined) return;
    if (member.inStep) this.#leaveStep(member);
    if (peer.enhancedRouteRefresh === true) {
      this.#write(member, refreshMarker(ROUTE_REFRESH_SUBTYPE.BEGIN, peer.context));
      member.owesEndOfRefresh = true;
    }
    this.#debts.owe(member, true);
    this.#request();
  }

  /** The peer can take more. */
  resume(peer: OutPeer): void {
    const member = this.#members.get(peer);
    if (member === undefined) return;
    member.congested = false;
    this.#request();
  }

  /** What was held back may go out: every row is looked at again, and the End-of-RIB markers that are owed follow. */
  select(routes: Iterable<RouteId>): void {
    const consumer = this.#consumer;
    if (consumer === undefined) return;
    for (const route of routes) consumer.rows.add(route);
    for (const member of this.#owing) member.endOfRibAfterPass = consumer.rows.passes + 2;
    this.#request();
  }

  /** What the peer has been told, as far as it has been told; `attributes(block)` decodes a block. */
  *advertised(peer: OutPeer): Generator<{ readonly route: RouteId; readonly block: number }> {
    for (let route: RouteId = 0; route < this.#sent.rowLimit; route++) {
      const member = this.#members.get(peer);
      if (member === undefined) return;
      if (this.tells(peer, route)) yield { route, block: this.#sent.blockFor(route, member) };
    }
  }

  /** Whether the peer has been told `route`, as far as it has been told. */
  tells(peer: OutPeer, route: RouteId): boolean {
    const member = this.#members.get(peer);
    if (member === undefined || route >= this.#sent.rowLimit) return false;
    const waiting = member.pending?.has(route) === true && !member.told!.has(route);
    return !waiting && !member.isUnseen(route) && this.#sent.blockFor(route, member) !== 0;
  }

  /** Whether the peer has been sent its End-of-RIB marker. */
  endOfRibSent(peer: OutPeer): boolean {
    const member = this.#members.get(peer);
    return member !== undefined && !this.#owing.has(member);
  }

  /** Changed routes that the peer has still to be told about. */
  queued(peer: OutPeer): number {
    const member = this.#members.get(peer);
    if (member === undefined) return 0;
    const unseen = member.isCatchingUp ? Math.max(0, this.#sent.rowLimit - member.unseenFrom) : 0;
    return (
      (this.#consumer?.dirty ?? 0) +
      (member.pending?.size ?? 0) +
      Math.min(unseen, this.#sent.countFor(member))
    );
  }

  /** How many routes the peer has been told, or will have been when it is in step. */
  advertisedCount(peer: OutPeer): number {
    const member = this.#members.get(peer);
    return member !== undefined ? this.#sent.countFor(member) : 0;
  }

  /** The outbound attributes behind a block of `advertised`. */
  attributes(block: number): readonly Attribute[] {
    return decodeAttributeBlock(this.#sent.outbound.bytes(block).slice());
  }

  /** Sends changes until the deadline (on the table's clock). Returns whether there is more to do now. */
  pump(deadline: number): boolean {
    const { clock } = this.#host;
    for (;;) {
      if (this.#members.size === 0) return this.#shut();
      this.#reconsider();
      let busy = false;
      if (this.#consumer!.dirty > 0 && this.#mayAdvance(clock.now())) {
        this.#advance(this.#consumer!);
        busy = true;
      }
      busy = this.#serveInTurn(deadline) || busy;
      this.#markEnds();
      if (!busy) return false;
      if (clock.now() >= deadline) return true;
    }
  }

  #open(): RibConsumer {
    const consumer = this.#host.consumer(this.name);
    consumer.onDirty = () => this.#request();
    return consumer;
  }

  #shut(): false {
    this.#patience.cancel();
    this.#consumer?.close();
    this.#consumer = undefined;
    this.#sent.clear();
    this.#members.clear();
    return false;
  }

  #request(): void {
    this.#host.slices.request(this.#work);
  }

  #requestIfBusy(): void {
    if (this.#consumer!.dirty > 0 || this.#members.outOfStep.length > 0) this.#request();
  }

  /** Before anything else is worked out for them. */
  #reconsider(): void {
    for (const member of this.#reconsidering) {
      this.#reconsidering.delete(member);
      if (!member.wanted!.revise()) continue;
      if (member.inStep) this.#leaveStep(member);
      this.#debts.reowe(member);
    }
  }

  /** Tells the members in step about one batch of changed routes. */
  #advance(consumer: RibConsumer): void {
    const rows = this.#rows;
    const count = consumer.rows.take(rows, BATCH_ROWS);
    const sent = this.#sent;
    sent.resolve(rows, count, (route) => this.#host.selected(route));
    for (const source of sent.movers(rows, count)) {
      const mover = this.#members.inStepFrom(source);
      if (mover !== undefined) this.#leaveStep(mover);
    }
    for (const stray of sent.strays(rows, count, this.#members)) this.#leaveStep(stray);
    this.#batch.clear();
    sent.apply(
      rows,
      count,
      this.#members.outOfStep,
      (source) => this.#members.inStepFrom(source) !== undefined,
      this.#batch,
    );
    for (const excluded of this.#batch.excludedSources()) {
      for (const encoding of this.#members.encodings()) {
        encoding.tell(sent, this.#batch, excluded, this.#hand);
      }
    }
    consumer.settle(rows, count);
  }

  /** One portion for each member that is out of step, until the deadline; the next time those left over go first. */
  #serveInTurn(deadline: number): boolean {
    let busy = false;
    const members = this.#members.outOfStep;
    for (let turns = members.length; turns > 0; turns--) {
      const member = members[this.#turn++ % members.length]!;
      if (member.congested || member.inStep || !this.#members.has(member)) continue;
      busy = this.#serve(member) || busy;
      // Out of time with members left over is more to do, whatever came of this one.
      if (this.#host.clock.now() >= deadline) return busy || turns > 1;
    }
    return busy;
  }

  /** Pays a part of an out-of-step member's debt; with the rest paid, it is in step again. */
  #serve(member: Member): boolean {
    const pending = member.pending!;
    const rows = this.#rows;
    const catchesUp = member.isCatchingUp;
    if (catchesUp && pending.size < SERVE_ROWS) this.#debts.oweMore(member);
    const count = pending.take(rows, SERVE_ROWS);
    if (count > 0) {
      this.#batch.clear();
      this.#sent.collect(rows, count, member, this.#batch);
      this.#members
        .encodingOf(member)
        .encode(this.#sent, this.#batch, NONE, (buffer) => this.#write(member, buffer));
      this.#host.settleAll(rows, count);
    }
    if (member.isPaid && this.#members.has(member)) {
      if (member.owesEndOfRefresh) {
        this.#write(member, refreshMarker(ROUTE_REFRESH_SUBTYPE.END, member.peer.context));
        member.owesEndOfRefresh = false;
      }
      if (!member.congested) this.#members.enterStep(member);
    }
    return count > 0 || catchesUp;
  }

  /** RFC 4724 section 2: the marker follows the initial table, also when changes never stop coming. */
  #markEnds(): void {
    if (this.#host.isDeferred) return;
    for (const member of this.#owing) {
      const { rows } = this.#consumer!;
      const through = rows.size === 0 || rows.passes >= member.endOfRibAfterPass;
      if (!through || !member.isPaid) continue;
      this.#owing.delete(member);
      this.#write(member, this.#members.encodingOf(member).endOfRib());
    }
  }

  #mayAdvance(now: number): boolean {
    return this.#patience.mayAdvance(
      () => this.#members.all(),
      now,
      (member) => this.#leaveStep(member),
    );
  }

  #write(member: Member, buffer: Uint8Array): void {
    if (member.peer.write(buffer) || member.congested) return;
    member.congested = true;
    member.congestedSince = this.#host.clock.now();
  }

  #leaveStep(member: Member): void {
    this.#members.leaveStep(member, this.#sent.rowLimit);
  }
}

export function refreshMarker(
  subtype: number,
  context: CodecContext,
  family: Family = FAMILY.L2VPN_EVPN,
): Uint8Array {
  return encodeMessage({ type: 'ROUTE-REFRESH', family, subtype }, context);
}
