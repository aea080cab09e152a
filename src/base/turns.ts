/**
 * Shares the turns of the event loop out among long pieces of work. Each of them takes slices of about 8 ms and asks for the
 * next one; were all that asked served in one turn, as setImmediate does, a leaf that reads, decides and writes at the same
 * time would stand still for the sum of their slices. Here a turn ends after the slice that used it up, and who
 * asked first is served first.
 */
import type { Timer } from './timer.ts';

/** No further piece of work begins in a turn that has taken this long. */
const TURN_MILLISECONDS = 4;

interface Asked {
  action: (() => void) | undefined;
}

export class Turns {
  readonly #now: () => number;
  readonly #nextTurn: (action: () => void) => void;
  #queue: Asked[] = [];
  #scheduled = false;

  constructor(now: () => number, nextTurn: (action: () => void) => void) {
    this.#now = now;
    this.#nextTurn = nextTurn;
  }

  /** Runs `action` in the next turn that has time for it. */
  soon(action: () => void): Timer {
    const asked: Asked = { action };
    this.#queue.push(asked);
    this.#schedule();
    return {
      cancel: () => {
        asked.action = undefined;
      },
    };
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#nextTurn(() => this.#run());
  }

  #run(): void {
    this.#scheduled = false;
    const end = this.#now() + TURN_MILLISECONDS;
    const due = this.#queue;
    this.#queue = [];
    let next = 0;
    try {
      while (next < due.length && this.#now() < end) due[next++]!.action?.();
    } finally {
      // Also when one throws: what the others asked for stays asked for.
      if (next < due.length) this.#queue = due.slice(next).concat(this.#queue);
      if (this.#queue.length > 0) this.#schedule();
    }
  }
}
