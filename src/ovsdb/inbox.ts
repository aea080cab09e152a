/**
 * The messages of one stream, one after another: the next one is looked at when all that the last one says has been taken in, which
 * may need several slices. What waits stays small, since the stream is paused meanwhile; and a server that sends without end leaves
 * the event loop its turns.
 */
import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../base/clock.ts';
import { type FramingLimits, JsonFraming } from './json-framing.ts';
import { SLICE_MILLISECONDS } from './slices.ts';

export interface InboxOptions {
  readonly stream: Duplex;
  readonly clock: Clock;
  readonly limits: FramingLimits;
  /** Returns a promise when it cannot take all of it in at once. */
  take(message: unknown): void | Promise<void>;
  /** What came could not be read or taken in: the stream is of no more use. */
  failed(error: unknown): void;
}

export class Inbox {
  readonly #options: InboxOptions;
  readonly #framing: JsonFraming;
  #chunks: Uint8Array[] = [];
  #messages: unknown[] = [];
  /** A message is being taken in. */
  #taking = false;
  /** This turn of the event loop is used up. */
  #outOfTime = false;
  /** When it began to read in this turn. */
  #began: number | undefined;
  #turn: Timer | undefined;
  #closed = false;

  constructor(options: InboxOptions) {
    this.#options = options;
    this.#framing = new JsonFraming((message) => this.#messages.push(message), options.limits);
    options.stream.on('data', (chunk: Uint8Array) => {
      if (this.#closed) return;
      this.#chunks.push(chunk);
      if (!this.isBusy) this.#work();
    });
  }

  /** Something has come that is not taken in yet: a peer that seems silent may not be. */
  get isBusy(): boolean {
    return this.#taking || this.#outOfTime;
  }

  close(): void {
    this.#closed = true;
    this.#turn?.cancel();
    this.#chunks = [];
    this.#messages = [];
  }

  #work(): void {
    try {
      while (!this.#closed && !this.isBusy) {
        if (this.#messages.length > 0) this.#take(this.#messages.shift());
        else if (this.#chunks.length === 0) return;
        else if (this.#hasTime()) this.#framing.push(this.#chunks.shift()!);
        else this.#outOfTime = true;
      }
      if (this.isBusy) this.#options.stream.pause();
    } catch (error) {
      this.#fail(error);
    }
  }

  #take(message: unknown): void {
    const done = this.#options.take(message);
    if (!done) return;
    this.#taking = true;
    done.then(
      () => {
        this.#taking = false;
        this.#goOn();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #goOn(): void {
    if (this.#closed) return;
    this.#work();
    if (!this.isBusy) this.#options.stream.resume();
  }

  /** All chunks that come in one turn of the event loop share its slice. */
  #hasTime(): boolean {
    const { clock } = this.#options;
    const now = clock.now();
    this.#began ??= now;
    this.#turn ??= clock.soon(() => {
      this.#turn = undefined;
      this.#began = undefined;
      if (!this.#outOfTime) return;
      this.#outOfTime = false;
      this.#goOn();
    });
    return now - this.#began < SLICE_MILLISECONDS;
  }

  #fail(error: unknown): void {
    if (!this.#closed) this.#options.failed(error);
  }
}
