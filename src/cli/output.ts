/** Lines to a stream, no faster than it takes them. */
import type { Writable } from 'node:stream';

export class Output {
  readonly #stream: Writable;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** Resolves when the stream has room for more. */
  async lines(lines: readonly string[]): Promise<void> {
    if (lines.length === 0 || this.#stream.write(`${lines.join('\n')}\n`)) return;
    await new Promise<void>((resolve) => this.#stream.once('drain', resolve));
  }
}
