/**
 * When to dump: one at a time, again when asked meanwhile, later and later while it fails or while requests come faster
 * than dumps finish.
 */
import type { Clock, Timer } from '../base/clock.ts';

export interface DumpSteps {
  begin(): void;
  read(): Promise<void>;
  complete(): void;
  failed(error: unknown): void;
}

const FIRST_DELAY_MILLISECONDS = 100;
const LONGEST_DELAY_MILLISECONDS = 10_000;

export class DumpSchedule {
  readonly #clock: Clock;
  readonly #steps: DumpSteps;
  #running = false;
  #requested = false;
  #failures = 0;
  #timer: Timer | undefined;
  /** No dump begins before this: half the machine's time stays for other work when requests keep coming. */
  #notBefore = 0;
  #closed = false;
  #first: (() => void) | undefined;
  completed = 0;

  constructor(clock: Clock, steps: DumpSteps) {
    this.#clock = clock;
    this.#steps = steps;
  }

  get isIdle(): boolean {
    return !this.#running && !this.#requested;
  }

  /** Another dump will follow the one under way. */
  get isRequested(): boolean {
    return this.#requested;
  }

  /** Begins now; resolves when a dump is complete, however many it takes. */
  first(): Promise<void> {
    return new Promise((resolve) => {
      this.#first = resolve;
      this.#requested = true;
      this.#start();
    });
  }

  request(): void {
    if (this.#requested) return;
    this.#requested = true;
    if (!this.#running) this.#startIn(Math.max(0, this.#notBefore - this.#clock.now()));
  }

  close(): void {
    this.#closed = true;
    this.#requested = false;
    this.#timer?.cancel();
    this.#first?.();
  }

  #startIn(milliseconds: number): void {
    if (this.#closed || this.#timer) return;
    this.#timer = this.#clock.after(milliseconds, () => {
      this.#timer = undefined;
      this.#start();
    });
  }

  #start(): void {
    if (this.#closed || this.#running || !this.#requested) return;
    this.#running = true;
    this.#requested = false;
    const began = this.#clock.now();
    this.#steps.begin();
    this.#steps.read().then(
      () => this.#finish(began, undefined),
      (error: unknown) => this.#finish(began, { error }),
    );
  }

  #finish(began: number, failure: { readonly error: unknown } | undefined): void {
    if (this.#closed) return;
    const now = this.#clock.now();
    this.#running = false;
    this.#notBefore = now + (now - began);
    if (failure) {
      this.#steps.failed(failure.error);
      const delay = FIRST_DELAY_MILLISECONDS * 2 ** Math.min(this.#failures++, 10);
      this.#notBefore = now + Math.min(LONGEST_DELAY_MILLISECONDS, delay);
      this.#requested = true;
    } else {
      this.#failures = 0;
      this.completed++;
      this.#steps.complete();
      this.#first?.();
      this.#first = undefined;
    }
    if (this.#requested) this.#startIn(Math.max(0, this.#notBefore - now));
  }
}
