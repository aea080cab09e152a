/**
 * A timer that is restarted far more often than it expires: restarting only moves its deadline, and the clock is asked
 * again when the old one has passed.
 *
 * RFC 4271 section 10 (jitter).
 */
import type { Clock, Timer } from '../base/clock.ts';

export class Countdown {
  readonly #clock: Clock;
  readonly #expired: () => void;
  #timer: Timer | undefined;
  #timerDue = 0;
  #deadline = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, expired: () => void) {
    this.#clock = clock;
    this.#expired = expired;
  }

  get running(): boolean {
    return this.#deadline !== Number.POSITIVE_INFINITY;
  }

  /** Milliseconds left; undefined when it does not run. */
  get remaining(): number | undefined {
    return this.running ? Math.max(0, this.#deadline - this.#clock.now()) : undefined;
  }

  start(milliseconds: number): void {
    this.#deadline = this.#clock.now() + milliseconds;
    if (this.#timer && this.#timerDue <= this.#deadline) return;
    this.#timer?.cancel();
    this.#arm();
  }

  stop(): void {
    this.#deadline = Number.POSITIVE_INFINITY;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    this.#timerDue = this.#deadline;
    this.#timer = this.#clock.after(this.#deadline - this.#clock.now(), () => this.#due());
  }

  #due(): void {
    this.#timer = undefined;
    if (!this.running) return;
    if (this.#deadline > this.#clock.now()) {
      this.#arm();
      return;
    }
    this.#deadline = Number.POSITIVE_INFINITY;
    this.#expired();
  }
}

/** "A recommended jitter factor: a random factor uniformly distributed between 0.75 and 1.0": RFC 4271 section 10. */
export function jittered(milliseconds: number, random: () => number): number {
  return milliseconds * (0.75 + 0.25 * random());
}
