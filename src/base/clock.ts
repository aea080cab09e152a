/**
 * Time as an argument: the core never asks the operating system what time it is.
 * `systemClock` runs the daemon, `ManualClock` runs tests and the fabric simulator.
 */
import type { Timer } from './timer.ts';
import { Turns } from './turns.ts';

export type { Timer };

export interface Clock {
  /** Monotonic milliseconds; only differences mean anything. */
  now(): number;
  /** Wall-clock milliseconds since 1970, for people and logs only. */
  wallTime(): number;
  /** Runs `action` once after `milliseconds`. */
  after(milliseconds: number, action: () => void): Timer;
  /** Runs `action` soon, after what is already queued: the place where long work yields. */
  soon(action: () => void): Timer;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  after(milliseconds, action) {
    const handle = setTimeout(action, milliseconds);
    return { cancel: () => clearTimeout(handle) };
  },
  soon: (action) => turns.soon(action),
};

const turns = new Turns(
  () => performance.now(),
  (action) => setImmediate(action),
);

interface Scheduled {
  readonly due: number;
  readonly order: number;
  readonly action: () => void;
}

/** A clock that stands still until told to advance. Timers fire in order of due time, then of creation. */
export class ManualClock implements Clock {
  #now = 0;
  #order = 0;
  readonly #startOfTime: number;
  #queue: Scheduled[] = [];

  constructor(startOfTime = 0) {
    this.#startOfTime = startOfTime;
  }

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#startOfTime + this.#now;
  }

  after(milliseconds: number, action: () => void): Timer {
    const entry = { due: this.#now + Math.max(0, milliseconds), order: this.#order++, action };
    const at = lowerBound(this.#queue, entry);
    this.#queue.splice(at, 0, entry);
    return {
      cancel: () => {
        const index = this.#queue.indexOf(entry);
        if (index >= 0) this.#queue.splice(index, 1);
      },
    };
  }

  soon(action: () => void): Timer {
    return this.after(0, action);
  }

  /** Due time of the next timer, or undefined when nothing is scheduled. */
  get next(): number | undefined {
    return this.#queue[0]?.due;
  }

  /** Moves time forward, firing every timer that falls due on the way, also those set by fired ones. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    while (this.#queue.length > 0 && this.#queue[0]!.due <= end) {
      const { due, action } = this.#queue.shift()!;
      this.#now = due;
      action();
    }
    this.#now = end;
  }

  /** Fires what is due now, and what that makes due now, without moving time. */
  settle(): void {
    this.advance(0);
  }
}

function lowerBound(queue: readonly Scheduled[], entry: Scheduled): number {
  let low = 0;
  let high = queue.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = queue[middle]!;
    if (other.due < entry.due || (other.due === entry.due && other.order < entry.order)) low = middle + 1;
    else high = middle;
  }
  return low;
}
