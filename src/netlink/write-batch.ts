/**
 * Many writes in one datagram: which message belongs to which entry, and which of them the kernel refused. Only the last
 * message asks for an acknowledgement; the kernel reports errors of the others anyway, by sequence number.
 */
import { errnoName, SystemCallError } from '../base/errno.ts';
import { receiveBytes, sendBytes } from '../base/system-calls.ts';
import { NLMSG_ERROR } from './constants.ts';
import { errnoAt, extendedAcknowledgement, type MessageVisitor, walkMessages } from './message-reader.ts';
import { LARGEST_ENTRY_OCTETS, MessageWriter } from './message-writer.ts';
import { isOverrun } from './open-socket.ts';

/** Why an entry of a batch was not written, or that nobody knows whether it was (`code` is `ERR_NETLINK_UNKNOWN_RESULT`). */
export interface EntryFailure {
  /** Positive; 0 when the result is unknown. */
  readonly errno: number;
  readonly code: string;
  /** The kernel's own words, where it has some. */
  readonly text: string | undefined;
  /** Which of the messages that this entry wrote, from 0. */
  readonly message: number;
}

export interface BatchResult {
  readonly messages: number;
  readonly failed: number;
  readonly unknown: number;
}

export type EncodeEntry = (writer: MessageWriter, index: number) => void;
export type OnFailure = (index: number, failure: EntryFailure) => void;

export const UNKNOWN_RESULT = 'ERR_NETLINK_UNKNOWN_RESULT';

/** What became of all batches of one write. */
export class BatchTally implements BatchResult {
  messages = 0;
  failed = 0;
  unknown = 0;
  readonly #onFailure: OnFailure;

  constructor(onFailure: OnFailure) {
    this.#onFailure = onFailure;
  }

  report(index: number, failure: EntryFailure): void {
    if (failure.errno === 0) this.unknown++;
    else this.failed++;
    this.#onFailure(index, failure);
  }
}

/** An entry writes no more messages than this. */
const MESSAGES_PER_ENTRY = 16;

export class WriteBatch {
  readonly #capacity: number;
  readonly #writer: MessageWriter;
  /** Entry, and ordinal within it, of each message. */
  readonly #entryOf: Int32Array;
  readonly #ordinalOf: Uint8Array;
  readonly #answered: Uint8Array;
  #first = 0;

  /** @param capacity messages */
  constructor(capacity: number) {
    this.#capacity = capacity;
    // The last entry may take a batch a few messages beyond its capacity.
    const room = capacity + MESSAGES_PER_ENTRY;
    this.#entryOf = new Int32Array(room);
    this.#ordinalOf = new Uint8Array(room);
    this.#answered = new Uint8Array(room);
    this.#writer = new MessageWriter(room * 128 + LARGEST_ENTRY_OCTETS);
  }

  /** Messages in the batch. */
  get count(): number {
    return this.#writer.count;
  }

  /** The datagram: the first `length` octets. */
  get bytes(): Uint8Array {
    return this.#writer.bytes;
  }

  get length(): number {
    return this.#writer.length;
  }

  /** Encodes entries from `index` on until the batch is full; returns the first that is not in it. */
  fill(firstSequence: number, index: number, end: number, encode: EncodeEntry): number {
    const writer = this.#writer;
    this.#first = firstSequence;
    writer.reset(firstSequence);
    let next = index;
    while (next < end && writer.count < this.#capacity && writer.hasRoom()) {
      const before = writer.count;
      encode(writer, next);
      for (let i = before; i < writer.count; i++) {
        this.#entryOf[i] = next;
        this.#ordinalOf[i] = i - before;
      }
      next++;
    }
    if (writer.count > 0) writer.acknowledgeLast();
    return next;
  }

  /** Sends the batch on `fd`, waits for the kernel to have done it, and tells `tally` what became of it. */
  send(fd: number, received: Uint8Array, tally: BatchTally): void {
    try {
      sendBytes(fd, this.bytes, this.length, 'write forwarding entries');
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      tally.messages += this.count;
      for (let i = 0; i < this.count; i++) this.#report(tally, i, error.errno, error.code, error.message);
      return;
    }
    this.takeAnswers(fd, received, tally, false);
  }

  /**
   * Reads the answers to a batch that was sent, and tells `tally` what became of it. `inDoubt`: answers got lost after it was
   * sent, to this batch or to one before. Returns whether that is so now.
   */
  takeAnswers(fd: number, received: Uint8Array, tally: BatchTally, inDoubt: boolean): boolean {
    tally.messages += this.count;
    this.#answered.fill(0, 0, this.count);
    const complete = this.#readAnswers(fd, received, tally);
    if (complete && !inDoubt) return false;
    // Errors got lost: what was not answered may or may not have been written. Only reading it again tells.
    for (let i = 0; i < this.count; i++) {
      if (!this.#answered[i]) this.#report(tally, i, 0, UNKNOWN_RESULT, 'answers were lost');
    }
    return true;
  }

  #report(tally: BatchTally, i: number, errno: number, code: string, text: string | undefined): void {
    tally.report(this.#entryOf[i]!, { errno, code, text, message: this.#ordinalOf[i]! });
  }

  /** Until the acknowledgement (errno 0) or refusal of the last message. False when answers got lost. */
  #readAnswers(fd: number, received: Uint8Array, tally: BatchTally): boolean {
    const messages = this.count;
    let lost = false;
    let finished = false;
    const visit: MessageVisitor = (type, bytes, start, end, flags, sequence) => {
      const i = sequence - this.#first;
      if (type !== NLMSG_ERROR || i < 0 || i >= messages) return;
      if (i === messages - 1) finished = true;
      const errno = errnoAt(bytes, start, end);
      this.#answered[i] = 1;
      if (errno === 0) return;
      this.#report(tally, i, errno, errnoName(errno), extendedAcknowledgement(bytes, start, end, flags));
    };
    while (!finished) {
      try {
        const length = receiveBytes(fd, received, 'read the answers to forwarding entries');
        if (length < 0) return false;
        walkMessages(received, length, visit);
      } catch (error) {
        if (!isOverrun(error)) throw error;
        lost = true;
      }
    }
    return !lost;
  }
}
