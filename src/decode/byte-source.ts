/**
 * Octets that arrive in chunks, read by the count: what the file formats below are read from, so that a dump of any size
 * passes through in bounded memory.
 */

export class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #held: Uint8Array = new Uint8Array(0);
  #ended = false;
  /** Octets read so far. */
  offset = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next `n` octets without taking them; fewer at the end. */
  async peek(n: number): Promise<Uint8Array> {
    while (this.#held.length < n && !this.#ended) {
      const { value, done } = await this.#chunks.next();
      if (done) this.#ended = true;
      else this.#held = this.#held.length === 0 ? value : joined(this.#held, value);
    }
    return this.#held.subarray(0, n);
  }

  /** Takes the next `n` octets; undefined, and nothing taken, when there are fewer. */
  async read(n: number): Promise<Uint8Array | undefined> {
    const octets = await this.peek(n);
    if (octets.length < n) return undefined;
    this.#held = this.#held.subarray(n);
    this.offset += n;
    return octets;
  }

  /** Takes all that is left, at most `limit` octets. */
  async rest(limit: number): Promise<Uint8Array> {
    const octets = await this.peek(limit);
    this.#held = this.#held.subarray(octets.length);
    this.offset += octets.length;
    return octets;
  }

  /** What is left, chunk by chunk. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    while ((await this.peek(1)).length > 0) {
      const held = this.#held;
      this.#held = new Uint8Array(0);
      this.offset += held.length;
      yield held;
    }
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** Octets that are there already, as a source's chunks. */
export async function* chunksOf(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
