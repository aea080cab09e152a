/**
 * Which routes a peer wants is settled before routes go to it: it is told what we ask for, and says what it asks for. Routes follow
 * when it has said so, or has taken too long to.
 *
 * RFC 4684 section 6.
 */
import type { Clock, Timer } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { MembershipPeer, Memberships } from '../rib/index.ts';

/** "it MUST limit that delay to an upper bound. By default, a 60 second value should be used". */
const LONGEST_MILLISECONDS = 60_000;
/** Some peers (GoBGP) mark no end: memberships that are followed by no other for so long are taken for all. */
const QUIET_MILLISECONDS = 2_000;

export interface ExchangeParts {
  readonly memberships: Memberships;
  readonly clock: Clock;
  readonly log: Logger;
  /** Its memberships are known, as far as they will be: routes may go. Once. */
  readonly settled: () => void;
  /** It asks for something else than before, after that. */
  readonly changed: () => void;
  /** It has marked the end of its memberships. */
  readonly ended: () => void;
}

export class MembershipExchange {
  readonly peer: MembershipPeer;
  readonly #parts: ExchangeParts;
  /** Runs while routes wait. */
  #longest: Timer | undefined;
  #quiet: Timer | undefined;

  constructor(session: Omit<MembershipPeer, 'interestChanged' | 'ready'>, parts: ExchangeParts) {
    this.#parts = parts;
    this.peer = {
      ...session,
      interestChanged: () => this.#interestChanged(),
      ready: () => {
        this.#settle();
        parts.ended();
      },
    };
  }

  get hasEnded(): boolean {
    return this.#parts.memberships.endOfRibSeen(this.peer.source);
  }

  begin(): void {
    const { memberships, clock, log } = this.#parts;
    memberships.join(this.peer);
    this.#longest = clock.after(LONGEST_MILLISECONDS, () => {
      log.info({}, 'has not ended its route target memberships: takes those that came for all');
      this.#settle();
    });
  }

  /** The session is gone. `keep`: what it has asked for stays, as stale. */
  end(keep: boolean): void {
    this.#stopWaiting();
    this.#parts.memberships.leave(this.peer, keep);
  }

  #interestChanged(): void {
    if (!this.#longest) {
      this.#parts.changed();
      return;
    }
    this.#quiet?.cancel();
    this.#quiet = this.#parts.clock.after(QUIET_MILLISECONDS, () => this.#settle());
  }

  #settle(): void {
    if (!this.#longest) return;
    this.#stopWaiting();
    this.#parts.settled();
  }

  #stopWaiting(): void {
    this.#longest?.cancel();
    this.#quiet?.cancel();
    this.#longest = this.#quiet = undefined;
  }
}
