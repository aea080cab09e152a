/**
 * Whether the switch is there: who waits for it, and when one that does not come back counts as away, so that its hosts are no longer
 * announced.
 */
import type { Clock, Timer } from '../../base/clock.ts';

const AWAY_MILLISECONDS = 30_000;

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class Presence {
  readonly #clock: Clock;
  readonly #awayMilliseconds: number;
  readonly #wentAway: () => void;
  #waiters: Waiter[] = [];
  #timer: Timer | undefined;
  #isAway = false;

  constructor(clock: Clock, awayMilliseconds: number | undefined, wentAway: () => void) {
    this.#clock = clock;
    this.#awayMilliseconds = awayMilliseconds ?? AWAY_MILLISECONDS;
    this.#wentAway = wentAway;
  }

  /** It has been gone for long, and what it has was not read since. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /** Resolves when the switch comes. */
  arrival(): Promise<void> {
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  arrived(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const { resolve } of this.#waiters.splice(0)) resolve();
  }

  /** What it has is being read. */
  isRead(): void {
    this.#isAway = false;
  }

  left(): void {
    this.#timer ??= this.#clock.after(this.#awayMilliseconds, () => {
      this.#isAway = true;
      this.#wentAway();
    });
  }

  close(): void {
    this.#timer?.cancel();
    for (const { reject } of this.#waiters.splice(0)) reject(new Error('the dataplane was closed'));
  }
}
