/** A first-in first-out queue of row numbers over a typed ring. It grows by doubling and makes no garbage otherwise. */

export class RowQueue {
  #ring = new Int32Array(64);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(row: number): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#length++) & (this.#ring.length - 1)] = row;
  }

  /** The oldest row, or -1. */
  shift(): number {
    if (this.#length === 0) return -1;
    const row = this.#ring[this.#head]!;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#length--;
    return row;
  }

  #grow(): void {
    const ring = new Int32Array(this.#ring.length * 2);
    ring.set(this.#ring.subarray(this.#head));
    ring.set(this.#ring.subarray(0, this.#head), this.#ring.length - this.#head);
    this.#ring = ring;
    this.#head = 0;
  }
}
