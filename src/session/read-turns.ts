/**
 * Takes turns among the connections that have received something, so that one peer with a million routes neither keeps
 * the others waiting nor the timers: after about 8 ms of reading, what is left waits for the next round of the event
 * loop, in which timers fire first.
 */
import type { Clock } from '../base/clock.ts';

/** One connection's place in the queue. `read` may close it; nothing more is read then. */
export interface TurnReader {
  read(chunk: Uint8Array): void;
  /** No more chunks while some wait. */
  pause(): void;
  resume(): void;
}

const BUDGET_MILLISECONDS = 8;

export class ReadTurns {
  readonly #clock: Clock;
  readonly #budget: number;
  readonly #waiting = new Map<TurnReader, Uint8Array[]>();
  /** When the present round began to read; undefined before its first chunk. */
  #began: number | undefined;
  #scheduled = false;

  constructor(clock: Clock, budgetMilliseconds = BUDGET_MILLISECONDS) {
    this.#clock = clock;
    this.#budget = budgetMilliseconds;
  }

  /** Reads the chunk now if there is time and nobody waits, else in turn. */
  offer(reader: TurnReader, chunk: Uint8Array): void {
    const mine = this.#waiting.get(reader);
    if (mine) {
      mine.push(chunk);
      return;
    }
    const now = this.#clock.now();
    this.#began ??= now;
    this.#schedule();
    if (this.#waiting.size === 0 && now - this.#began < this.#budget) {
      reader.read(chunk);
      return;
    }
    this.#waiting.set(reader, [chunk]);
    reader.pause();
  }

  isWaiting(reader: TurnReader): boolean {
    return this.#waiting.has(reader);
  }

  /** Drops what the reader has waiting: its connection is gone. */
  forget(reader: TurnReader): void {
    this.#waiting.delete(reader);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.soon(() => this.#round());
  }

  #round(): void {
    this.#scheduled = false;
    this.#began = undefined;
    if (this.#waiting.size === 0) return;
    const began = this.#clock.now();
    for (const [reader, chunks] of this.#waiting) {
      // To the end of the queue, unless this was its last chunk: a Map keeps the order of insertion.
      this.#waiting.delete(reader);
      const chunk = chunks.shift()!;
      if (chunks.length > 0) this.#waiting.set(reader, chunks);
      reader.read(chunk);
      if (!this.#waiting.has(reader)) reader.resume();
      if (this.#clock.now() - began >= this.#budget) break;
    }
    if (this.#waiting.size > 0) this.#schedule();
  }
}
