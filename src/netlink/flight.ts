/**
 * Several batches on their way to the kernel at once, by a thread of the pool: while the kernel works them off, the event
 * loop turns, and the next flight is made ready. Of the time that a hundred thousand entries take, most is the kernel's.
 */
import { DatagramSender } from '../base/datagrams.ts';
import type { SequenceNumbers } from './sequence.ts';
import { type BatchTally, type EncodeEntry, WriteBatch } from './write-batch.ts';

export class Flight {
  readonly #batches: readonly WriteBatch[];
  readonly #sender: DatagramSender;
  /** Batches that hold something. */
  #filled = 0;

  constructor(batches: number, messagesPerBatch: number) {
    this.#batches = Array.from({ length: batches }, () => new WriteBatch(messagesPerBatch));
    this.#sender = new DatagramSender(this.#batches.map(({ bytes }) => bytes));
  }

  get datagrams(): number {
    return this.#filled;
  }

  /** Encodes entries from `index` on until all batches are full; returns the first that is not in them. */
  fill(index: number, end: number, encode: EncodeEntry, sequence: SequenceNumbers): number {
    this.#filled = 0;
    let next = index;
    while (next < end && this.#filled < this.#batches.length) {
      const batch = this.#batches[this.#filled]!;
      next = batch.fill(sequence.next, next, end, encode);
      sequence.take(batch.count);
      if (batch.count > 0) this.#filled++;
    }
    return next;
  }

  /** Hands the batches to the kernel; resolves to the number of those it has worked off. They must stay as they are until then. */
  launch(fd: number): Promise<number> {
    return this.#sender.send(
      fd,
      this.#batches.slice(0, this.#filled).map(({ length }) => length),
    );
  }

  /** Takes in the answers to the first `sent` batches; the others are sent here and now, which also tells why they were not. */
  land(fd: number, sent: number, received: Uint8Array, tally: BatchTally): void {
    let inDoubt = false;
    for (let i = 0; i < this.#filled; i++) {
      if (i < sent) inDoubt = this.#batches[i]!.takeAnswers(fd, received, tally, inDoubt);
      else this.#batches[i]!.send(fd, received, tally);
    }
  }
}
