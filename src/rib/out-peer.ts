/**
 * The receiving end of an Adj-RIB-Out: what a session offers it, and what it remembers of each peer.
 */
import type { CodecContext } from 'bgp-protocol';
import type { SourceId } from './ids.ts';
import type { Interest } from './interest.ts';
import { RowSet } from './row-set.ts';
import type { WantedSets } from './target-sets.ts';

/** A peer in the Established state, as the Adj-RIB-Out sees it. */
export interface OutPeer {
  /** What it announces is not told back to it. */
  readonly source: SourceId;
  readonly context: CodecContext;
  /** RFC 7313: both sides advertised enhanced route refresh. */
  readonly enhancedRouteRefresh?: boolean;
  /** RFC 4684: what it has asked for. Only in a group that is `constrained`; absent: everything. */
  readonly interest?: Interest;
  /**
   * Takes a buffer of whole messages, of about 64 KiB; peers share it, and nobody changes it afterwards.
   * Returns false when the peer has enough for now: the rest of the slice may still follow, then nothing more until
   * `AdjRibOut.resume(peer)`.
   */
  write(buffer: Uint8Array): boolean;
}

/**
 * A peer of a group. In step it gets what everyone gets. Out of step (new, refreshing, or too slow) it has a bitmap of
 * the routes it must still be told about, and one of those among them that it had been told before.
 */
export class Member {
  readonly peer: OutPeer;
  inStep = true;
  congested = false;
  congestedSince = 0;
  /** When it last was too slow to wait for. */
  fellOutAt = Number.NEGATIVE_INFINITY;
  /** Set while it is out of step. */
  pending: RowSet | undefined;
  told: RowSet | undefined;
  /** Rows from here on have not been looked at for its debt yet, which is done in steps. */
  unseenFrom = Number.POSITIVE_INFINITY;
  /** It has been told what is in those rows, before a refresh; otherwise it is new and has been told nothing of it. */
  knowsUnseen = false;
  /** The End-of-RIB marker is owed once the group's table has been gone through this often. */
  endOfRibAfterPass = 0;
  owesEndOfRefresh = false;
  /** Sets of route targets that it wants; in a constrained group. */
  wanted: WantedSets | undefined;

  constructor(peer: OutPeer) {
    this.peer = peer;
  }

  get isCatchingUp(): boolean {
    return this.unseenFrom !== Number.POSITIVE_INFINITY;
  }

  /** Whether it has not been told of `route`, nor is to be until its row is looked at. */
  isUnseen(route: number): boolean {
    return route >= this.unseenFrom && !this.knowsUnseen;
  }

  /** Whether it has been told, or is told as far as there is anything to tell. */
  get isPaid(): boolean {
    return !this.isCatchingUp && (this.pending === undefined || this.pending.size === 0);
  }

  /** Its changes go to its own bitmap from now on. */
  leaveStep(rows: number): void {
    this.inStep = false;
    this.pending = new RowSet(rows);
    this.told = new RowSet(rows);
  }

  enterStep(): void {
    this.inStep = true;
    this.pending = undefined;
    this.told = undefined;
  }

  /** `route` changes now; `toldBefore` is whether the peer knows what it was. */
  mark(route: number, toldBefore: boolean): void {
    if (this.pending!.add(route)) {
      if (toldBefore) this.told!.add(route);
      else this.told!.delete(route);
    }
  }
}
