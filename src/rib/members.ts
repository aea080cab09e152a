/**
 * The peers of a group: who is in step, in which encoding, and who is served alone. A member is in one of the two
 * places, always; moving it is here, why it moves is in adj-rib-out.ts.
 */
import { Encoding, encodingKey } from './encoding.ts';
import type { SourceId } from './ids.ts';
import { Member, type OutPeer } from './out-peer.ts';
import type { RowSet } from './row-set.ts';

/** Rows in a member's debt stay valid while they are held; a row that is paid or forgiven may be free. */
export interface RowHolder {
  hold(rows: RowSet): void;
  unhold(rows: RowSet): void;
  settleAll(routes: Int32Array, count: number): void;
}

const FORGIVE_ROWS = 4096;

export class Members {
  readonly #holder: RowHolder;
  readonly #byPeer = new Map<OutPeer, Member>();
  readonly #bySource = new Map<SourceId, Member>();
  readonly #encodings = new Map<string, Encoding>();
  #outOfStep: readonly Member[] = [];

  constructor(holder: RowHolder) {
    this.#holder = holder;
  }

  get size(): number {
    return this.#byPeer.size;
  }

  /** Replaced when it changes, never changed: a loop over it may meet a member leaving. */
  get outOfStep(): readonly Member[] {
    return this.#outOfStep;
  }

  get(peer: OutPeer): Member | undefined {
    return this.#byPeer.get(peer);
  }

  has(member: Member): boolean {
    return this.#byPeer.get(member.peer) === member;
  }

  all(): IterableIterator<Member> {
    return this.#byPeer.values();
  }

  encodings(): IterableIterator<Encoding> {
    return this.#encodings.values();
  }

  /** The encoding that the member reads, whether it is in step or not. */
  encodingOf(member: Member): Encoding {
    const key = encodingKey(member.peer.context);
    let encoding = this.#encodings.get(key);
    if (encoding === undefined) {
      encoding = new Encoding(member.peer.context);
      this.#encodings.set(key, encoding);
    }
    return encoding;
  }

  inStepFrom(source: SourceId): Member | undefined {
    const member = this.#bySource.get(source);
    return member?.inStep === true ? member : undefined;
  }

  /** A new member, in step. */
  add(peer: OutPeer): Member {
    if (this.#byPeer.has(peer)) throw new Error('Cannot join: the peer is in the group already');
    const member = new Member(peer);
    this.#byPeer.set(peer, member);
    this.#bySource.set(peer.source, member);
    this.#share(member);
    return member;
  }

  remove(member: Member): void {
    this.#byPeer.delete(member.peer);
    if (this.#bySource.get(member.peer.source) === member) this.#bySource.delete(member.peer.source);
    if (member.inStep) this.#unshare(member);
    else this.#forgive(member);
  }

  clear(): void {
    this.#encodings.clear();
  }

  leaveStep(member: Member, rows: number): void {
    this.#unshare(member);
    member.leaveStep(rows);
    this.#holder.hold(member.pending!);
    this.#outOfStep = [...this.#outOfStep, member];
  }

  /** Its debt is paid. */
  enterStep(member: Member): void {
    this.#forgive(member);
    member.enterStep();
    this.#share(member);
  }

  #share(member: Member): void {
    const encoding = this.encodingOf(member);
    encoding.members = [...encoding.members, member];
  }

  #unshare(member: Member): void {
    const encoding = this.encodingOf(member);
    encoding.members = encoding.members.filter((other) => other !== member);
  }

  #forgive(member: Member): void {
    this.#outOfStep = this.#outOfStep.filter((other) => other !== member);
    const pending = member.pending!;
    this.#holder.unhold(pending);
    if (pending.size === 0) return;
    const rows = new Int32Array(FORGIVE_ROWS);
    for (let count = pending.take(rows, FORGIVE_ROWS); count > 0; count = pending.take(rows, FORGIVE_ROWS)) {
      this.#holder.settleAll(rows, count);
    }
  }
}
