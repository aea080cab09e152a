/** What runs now, the how-manieth of how many, and for how long: a line that changes on a terminal, lines in a log. */
import type { WriteStream } from 'node:tty';

export class Progress {
  readonly #total: number;
  readonly #out: Pick<WriteStream, 'write' | 'isTTY' | 'columns'>;
  readonly #now: () => number;
  readonly #began: number;
  #count = 0;

  /** @param now milliseconds */
  constructor(total: number, out: Pick<WriteStream, 'write' | 'isTTY' | 'columns'>, now: () => number) {
    this.#total = total;
    this.#out = out;
    this.#now = now;
    this.#began = now();
  }

  get seconds(): number {
    return (this.#now() - this.#began) / 1000;
  }

  begin(what: string): void {
    this.#count++;
    if (!this.#out.isTTY) return;
    this.#out.write(`${`${this.#place()} ${what} …`.slice(0, this.#out.columns - 1)}`);
  }

  end(what: string): void {
    this.#out.write(`${this.#out.isTTY ? '\r\x1b[K' : ''}${this.#place()} ${what}\n`);
  }

  #place(): string {
    const seconds = Math.floor(this.seconds);
    const elapsed = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    return `[${this.#count}/${this.#total} ${elapsed}]`;
  }
}
