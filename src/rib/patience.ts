/**
 * How long a group waits for a member whose queue is full: a moment, so that short hiccups do not break up the sharing of
 * buffers; after that it goes on without the member, unless nobody could take anything anyway.
 */
import type { Clock, Timer } from '../base/clock.ts';
import type { Member } from './out-peer.ts';

const PATIENCE_MILLISECONDS = 50;
/** A member that was too slow is not waited for again within this time. */
const NO_PATIENCE_MILLISECONDS = 10_000;

export class Patience {
  readonly #clock: Clock;
  readonly #over: () => void;
  #timer: Timer | undefined;

  /** `over` is called when the wait may have an end. */
  constructor(clock: Clock, over: () => void) {
    this.#clock = clock;
    this.#over = over;
  }

  /** Whether to encode more for the group now; `fallOut` gets the members that it goes on without. */
  mayAdvance(members: () => Iterable<Member>, now: number, fallOut: (member: Member) => void): boolean {
    let wait = Number.POSITIVE_INFINITY;
    let free = 0;
    for (const member of members()) {
      if (!member.congested) free++;
    }
    if (free === 0) return false;
    for (const member of members()) {
      if (!member.congested || !member.inStep) continue;
      const patience = now - member.fellOutAt < NO_PATIENCE_MILLISECONDS ? 0 : PATIENCE_MILLISECONDS;
      const left = member.congestedSince + patience - now;
      if (left > 0) wait = Math.min(wait, left);
      else {
        member.fellOutAt = now;
        fallOut(member);
      }
    }
    if (wait === Number.POSITIVE_INFINITY) return true;
    this.#timer ??= this.#clock.after(wait, () => {
      this.#timer = undefined;
      this.#over();
    });
    return false;
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
