/**
 * Time for a whole fabric in one process: a clock that stands still until it is run, made for many thousand timers; and on
 * top of it a clock for each simulated process, which stops with it.
 */
import type { Clock, Timer } from '../../src/base/clock.ts';

interface Scheduled {
  readonly due: number;
  readonly order: number;
  action: (() => void) | undefined;
}

/**
 * Timers fire in order of due time, then of creation. With `lookMilliseconds` every look at the clock takes that long:
 * a slow machine, whose long work is cut into many slices.
 */
export class SimulatedClock implements Clock {
  lookMilliseconds = 0;
  /** Actions performed so far. */
  actions = 0;
  #now = 0;
  #order = 0;
  readonly #heap: Scheduled[] = [];

  now(): number {
    const now = this.#now;
    this.#now += this.lookMilliseconds;
    return now;
  }

  wallTime(): number {
    return this.#now;
  }

  after(milliseconds: number, action: () => void): Timer {
    const entry: Scheduled = { due: this.#now + Math.max(0, milliseconds), order: this.#order++, action };
    this.#push(entry);
    return {
      cancel() {
        entry.action = undefined;
      },
    };
  }

  soon(action: () => void): Timer {
    return this.after(0, action);
  }

  /** Fires what is due until `end`. Promises get their turn after each action, as they do in an event loop. */
  async runUntil(end: number): Promise<void> {
    for (;;) {
      await settleAllPromises();
      const next = this.#heap[0];
      if (next === undefined || next.due > end) break;
      await this.#runDue(end);
    }
    if (end > this.#now) this.#now = end;
  }

  async #runDue(end: number): Promise<void> {
    for (let next = this.#heap[0]; next !== undefined && next.due <= end; next = this.#heap[0]) {
      this.#pop();
      if (next.action === undefined) continue;
      if (next.due > this.#now) this.#now = next.due;
      this.actions++;
      next.action();
      await settlePromises();
    }
  }

  #push(entry: Scheduled): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (isBefore(heap[parent]!, entry)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    const size = heap.length;
    if (size === 0) return;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (isBefore(last, heap[child]!)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

const isBefore = (a: Scheduled, b: Scheduled): boolean =>
  a.due < b.due || (a.due === b.due && a.order < b.order);

/** As deep as the promises of a dump are chained. */
const PROMISE_TURNS = 4;

async function settlePromises(): Promise<void> {
  for (let turn = 0; turn < PROMISE_TURNS; turn++) await undefined;
}

/** However deep they are chained: this takes a turn of the real event loop. */
const settleAllPromises = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The clock that one process sees: it can be paused, as by SIGSTOP, and it ends with the process. */
export class ProcessClock implements Clock {
  readonly #clock: Clock;
  #held: (() => void)[] | undefined;
  #ended = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  wallTime(): number {
    return this.#clock.wallTime();
  }

  after(milliseconds: number, action: () => void): Timer {
    let live: (() => void) | undefined = action;
    const run = () => {
      if (this.#ended) return;
      if (this.#held) this.#held.push(run);
      else live?.();
    };
    const timer = this.#clock.after(milliseconds, run);
    return {
      cancel() {
        live = undefined;
        timer.cancel();
      },
    };
  }

  soon(action: () => void): Timer {
    return this.after(0, action);
  }

  pause(): void {
    this.#held ??= [];
  }

  resume(): void {
    const held = this.#held;
    this.#held = undefined;
    for (const action of held ?? []) this.#clock.soon(action);
  }

  end(): void {
    this.#ended = true;
    this.#held = undefined;
  }
}
