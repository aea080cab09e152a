/**
 * Many writes in one send(2): which message belongs to which entry, and which of them the kernel refused. Only the last
 * message asks for an acknowledgement; the kernel reports errors of the others anyway, by sequence number.
 */
import { errnoName, receiveBytes, SystemCallError, sendBytes } from '../base/system-calls.ts';
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

export const UNKNOWN_RESULT = 'ERR_NETLINK_UNKNOWN_RESULT';

/** An entry writes no more messages than this. */
const MESSAGES_PER_ENTRY = 16;

export class WriteBatch {
  readonly #fd: number;
  readonly #received: Uint8Array;
  readonly #capacity: number;
  readonly #writer: MessageWriter;
  /** Entry, and ordinal within it, of each message. */
  readonly #entryOf: Int32Array;
  readonly #ordinalOf: Uint8Array;
  readonly #answered: Uint8Array;
  #first = 0;

  /** Sends on `fd` and reads answers into `received`, up to `capacity` messages at a time. */
  constructor(fd: number, received: Uint8Array, capacity: number) {
    this.#fd = fd;
    this.#received = received;
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

  /** Encodes entries from `index` on until the batch is full; returns the first that is not in it. */
  fill(
    firstSequence: number,
    index: number,
    end: number,
    encode: (writer: MessageWriter, index: number) => void,
  ): number {
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
    return next;
  }

  /** Sends the batch and adds what became of it to `total`. */
  send(
    onFailure: (index: number, failure: EntryFailure) => void,
    total: { messages: number; failed: number; unknown: number },
  ): void {
    const messages = this.#writer.count;
    total.messages += messages;
    this.#writer.acknowledgeLast();
    this.#answered.fill(0, 0, messages);
    const report = (message: number, errno: number, code: string, text: string | undefined): void => {
      if (errno === 0) total.unknown++;
      else total.failed++;
      onFailure(this.#entryOf[message]!, { errno, code, text, message: this.#ordinalOf[message]! });
    };
    try {
      sendBytes(this.#fd, this.#writer.bytes, this.#writer.length, 'write forwarding entries');
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      for (let message = 0; message < messages; message++) {
        report(message, error.errno, error.code, error.message);
      }
      return;
    }
    const complete = this.#collect((message, errno, text) => {
      if (errno !== 0) report(message, errno, errnoName(errno), text);
    });
    if (complete) return;
    // Errors got lost: what was not answered may or may not have been written. Only reading it again tells.
    for (let message = 0; message < messages; message++) {
      if (!this.#answered[message]) report(message, 0, UNKNOWN_RESULT, 'answers were lost');
    }
  }

  /** Reads the answers of a batch; errno 0 is the acknowledgement of the last message. False when some got lost. */
  #collect(onAnswer: (message: number, errno: number, text: string | undefined) => void): boolean {
    const messages = this.#writer.count;
    let lost = false;
    let finished = false;
    const visit: MessageVisitor = (type, bytes, start, end, flags, sequence) => {
      const message = sequence - this.#first;
      if (type !== NLMSG_ERROR || message < 0 || message >= messages) return;
      if (message === messages - 1) finished = true;
      const errno = errnoAt(bytes, start, end);
      const text = errno === 0 ? undefined : extendedAcknowledgement(bytes, start, end, flags);
      onAnswer(message, errno, text);
      this.#answered[message] = 1;
    };
    while (!finished) {
      try {
        const length = receiveBytes(this.#fd, this.#received, 'read the answers to forwarding entries');
        if (length < 0) return false;
        walkMessages(this.#received, length, visit);
      } catch (error) {
        if (!isOverrun(error)) throw error;
        lost = true;
      }
    }
    return !lost;
  }
}
