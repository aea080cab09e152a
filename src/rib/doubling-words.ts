/**
 * Memory in words that doubles bit by bit. Copying 14 MB at once takes 10 ms: so it begins when one part in thirty-two is left,
 * and each addition copies forty times as much as it adds. What is written meanwhile where it was copied is copied again.
 */
import { viewOf } from 'bgp-protocol';

const LAST_PART = 32;
const COPIED_TO_ADDED = 40;

export class DoublingWords {
  /** All three are of the same memory, and replaced when it has doubled. */
  words: Int32Array;
  octets: Uint8Array;
  view: DataView;
  /** What they will be, while it doubles; the first `#copied` words are there already. */
  #larger: Int32Array | undefined;
  #copied = 0;

  constructor(length: number) {
    this.words = new Int32Array(length);
    this.octets = new Uint8Array(this.words.buffer);
    this.view = viewOf(this.octets);
  }

  /** Makes it as long as `top`, of which the last `added` words are new. */
  makeRoom(top: number, added: number): void {
    const { words } = this;
    if (top <= words.length - words.length / LAST_PART) return;
    const isFull = top > words.length;
    const length = isFull ? Math.max(words.length * 2, top) : words.length * 2;
    if (this.#larger === undefined || this.#larger.length < length) {
      this.#larger = new Int32Array(length);
      this.#copied = 0;
    }
    const end = isFull ? words.length : Math.min(words.length, this.#copied + COPIED_TO_ADDED * added);
    this.#larger.set(words.subarray(this.#copied, end), this.#copied);
    this.#copied = end;
    if (end < words.length) return;
    this.words = this.#larger;
    this.octets = new Uint8Array(this.words.buffer);
    this.view = viewOf(this.octets);
    this.#larger = undefined;
    this.#copied = 0;
  }

  /** To be called after writing `count` words at `at`. */
  written(at: number, count: number): void {
    if (at >= this.#copied) return;
    for (let i = at; i < at + count; i++) this.#larger![i] = this.words[i]!;
  }
}
