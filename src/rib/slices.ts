/**
 * Long work in slices: each gets the clock for about eight milliseconds, then the event loop has its turn, so
 * that keepalives and new input never wait for a table to be walked.
 */
import type { Clock } from '../base/clock.ts';

/** Work that stops at the deadline. `true`: there is more to do now. */
export type SlicedWork = (deadline: number) => boolean;

export class Slices {
  readonly #clock: Clock;
  readonly #milliseconds: number;
  #waiting: SlicedWork[] = [];
  #scheduled = false;
  #longest = 0;

  constructor(clock: Clock, milliseconds = 8) {
    this.#clock = clock;
    this.#milliseconds = milliseconds;
  }

  /** The longest slice so far, in milliseconds. */
  get longestMilliseconds(): number {
    return this.#longest;
  }

  /** Asks for slices until `work` says that it has no more. Asking twice is asking once. */
  request(work: SlicedWork): void {
    if (!this.#waiting.includes(work)) this.#waiting.push(work);
    this.#schedule();
  }

  /** Forgets `work`. */
  cancel(work: SlicedWork): void {
    this.#waiting = this.#waiting.filter((other) => other !== work);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.soon(() => this.#run());
  }

  #run(): void {
    this.#scheduled = false;
    const start = this.#clock.now();
    const deadline = start + this.#milliseconds;
    for (let turns = this.#waiting.length; turns > 0; turns--) {
      const work = this.#waiting.shift();
      if (work === undefined) break;
      const more = work(deadline);
      if (more && !this.#waiting.includes(work)) this.#waiting.push(work);
      if (this.#clock.now() >= deadline) break;
    }
    this.#longest = Math.max(this.#longest, this.#clock.now() - start);
    if (this.#waiting.length > 0) this.#schedule();
  }
}
