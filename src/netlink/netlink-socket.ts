/**
 * Asks the kernel and tells it: single requests, dumps, and batches of writes, one after another on one socket. The
 * kernel works a request off inside send(2), so its answer is there at once and nothing here waits for the network. Long
 * dumps yield to the event loop after each time slice; long writes are sent by a thread of the pool.
 *
 * linux/netlink.h; Documentation/userspace-api/netlink/intro.rst.
 */
import { type Clock, systemClock } from '../base/clock.ts';
import { closeDescriptor, receiveBytes, sendBytes } from '../base/system-calls.ts';
import { NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR, NLMSG_MIN_TYPE } from './constants.ts';
import { Flight } from './flight.ts';
import {
  errnoAt,
  extendedAcknowledgement,
  type MessageVisitor,
  NetlinkError,
  refusal,
  walkMessages,
} from './message-reader.ts';
import { LARGEST_ENTRY_OCTETS, MessageWriter } from './message-writer.ts';
import { isOverrun, openRequestSocket } from './open-socket.ts';
import { SequenceNumbers } from './sequence.ts';
import {
  type BatchResult,
  BatchTally,
  type EncodeEntry,
  type OnFailure,
  UNKNOWN_RESULT,
  WriteBatch,
} from './write-batch.ts';

export type Encode = (writer: MessageWriter) => void;

export interface NetlinkSocketOptions {
  /** Room for answers; errors of a batch that do not fit leave its entries in doubt. */
  readonly receiveBufferOctets?: number;
  /** Messages in one send(2). 64 to 256 is fastest; beyond that the kernel gets slower and answers may overrun. */
  readonly batchMessages?: number;
  readonly sliceMilliseconds?: number;
  readonly clock?: Clock;
}

export interface DumpOptions {
  /** For messages: `dump the forwarding entries`. */
  readonly action: string;
  /** What was visited so far is void, because the dump was interrupted by a change: it comes again from the beginning. */
  readonly onRestart?: () => void;
  readonly attempts?: number;
}

const INTERRUPTED = 'ERR_NETLINK_DUMP_INTERRUPTED';
/** The kernel is busy with them for some 10 ms, longer than a turn of the event loop. */
const FLIGHT_BATCHES = 16;
/** The kernel fills at most 32 KiB of a dump at once; acknowledgements are small. */
const RECEIVE_OCTETS = 65536;

export class NetlinkSocket {
  readonly #fd: number;
  readonly #writer = new MessageWriter(LARGEST_ENTRY_OCTETS);
  readonly #received = new Uint8Array(RECEIVE_OCTETS);
  readonly #batchMessages: number;
  readonly #batch: WriteBatch;
  /** More than a megabyte: made when there is that much to write. */
  #flights: readonly [Flight, Flight] | undefined;
  readonly #sliceMilliseconds: number;
  readonly #clock: Clock;
  readonly #sequence = new SequenceNumbers();
  #closed = false;
  #last: Promise<unknown> = Promise.resolve();

  /** Opens in the network namespace of the caller. Throws SystemCallError, SystemCallsUnavailableError. */
  constructor(options: NetlinkSocketOptions = {}) {
    this.#sliceMilliseconds = options.sliceMilliseconds ?? 8;
    this.#clock = options.clock ?? systemClock;
    this.#fd = openRequestSocket(options.receiveBufferOctets ?? 8 << 20);
    this.#batchMessages = options.batchMessages ?? 256;
    this.#batch = new WriteBatch(this.#batchMessages);
  }

  /** Closes once what has been asked for is done. What is asked for after this is refused. */
  async close(): Promise<void> {
    if (this.#closed) return this.#last.then(() => undefined);
    this.#closed = true;
    const closing = this.#last.then(() => closeDescriptor(this.#fd));
    this.#last = closing;
    return closing;
  }

  /**
   * One request and its answer: `onAnswer` sees each message, then the promise resolves. For a request without an answer
   * of its own the acknowledgement is awaited. Rejects with NetlinkError when the kernel refuses.
   */
  request(action: string, encode: Encode, onAnswer?: MessageVisitor): Promise<void> {
    return this.#inTurn(() => {
      const sequence = this.#sendOne(action, encode, onAnswer === undefined);
      let finished = false;
      while (!finished) {
        const length = receiveBytes(this.#fd, this.#received, action);
        if (length < 0) throw new NetlinkError(`Cannot ${action}: no answer came`, UNKNOWN_RESULT);
        walkMessages(this.#received, length, (type, bytes, start, end, flags, seen) => {
          if (seen !== sequence) return;
          finished = true;
          if (type !== NLMSG_ERROR)
            return void (type >= NLMSG_MIN_TYPE && onAnswer?.(type, bytes, start, end, flags, seen));
          const errno = errnoAt(bytes, start, end);
          if (errno !== 0) throw refusal(action, errno, extendedAcknowledgement(bytes, start, end, flags));
        });
      }
    });
  }

  /**
   * Visits every message of a dump. When the kernel says that the tables changed meanwhile (NLM_F_DUMP_INTR), or answers got
   * lost, it begins again, after `onRestart`. Rejects with NetlinkError: a refusal, or `ERR_NETLINK_DUMP_INTERRUPTED` after
   * the last attempt.
   */
  dump(encode: Encode, visit: MessageVisitor, options: DumpOptions): Promise<void> {
    return this.#inTurn(async () => {
      const attempts = options.attempts ?? 10;
      for (let attempt = 1; ; attempt++) {
        if (await this.#dumpOnce(encode, visit, options.action)) return;
        if (attempt === attempts) {
          const words = `Cannot ${options.action}: interrupted by changes ${attempts} times`;
          throw new NetlinkError(words, INTERRUPTED);
        }
        options.onRestart?.();
        await this.#nextTurn();
      }
    });
  }

  /**
   * Writes `count` entries: `encode` is called for each index from 0 and writes no message, one or several (at most 16).
   * Refused ones, and those whose result is unknown, are told to `onFailure` with their index, in no certain order, and stop
   * nothing. Rejects only when `encode` or `onFailure` throws. What fits into one batch is written at once; what is more, by a
   * thread of the pool.
   */
  write(count: number, encode: EncodeEntry, onFailure: OnFailure): Promise<BatchResult> {
    return this.#inTurn(async () => {
      const tally = new BatchTally(onFailure);
      this.#drain();
      const index = this.#batch.fill(this.#sequence.next, 0, count, encode);
      this.#sequence.take(this.#batch.count);
      if (this.#batch.count > 0) this.#batch.send(this.#fd, this.#received, tally);
      if (index < count) await this.#fly(index, count, encode, tally);
      return tally;
    });
  }

  /** Writes the entries from `index` on: one flight is with the kernel while the next is filled. */
  async #fly(index: number, count: number, encode: EncodeEntry, tally: BatchTally): Promise<void> {
    this.#flights ??= [this.#newFlight(), this.#newFlight()];
    let [flying, ready] = this.#flights;
    let next = flying.fill(index, count, encode, this.#sequence);
    while (flying.datagrams > 0) {
      const landing = flying.launch(this.#fd);
      try {
        next = ready.fill(next, count, encode, this.#sequence);
      } finally {
        flying.land(this.#fd, await landing, this.#received, tally);
      }
      [flying, ready] = [ready, flying];
    }
  }

  #newFlight(): Flight {
    return new Flight(FLIGHT_BATCHES, this.#batchMessages);
  }

  #nextTurn(): Promise<void> {
    return new Promise((resume) => this.#clock.soon(resume));
  }

  /** Requests on one socket must not overlap: the kernel refuses a second dump, and answers would mix. */
  #inTurn<T>(task: () => T | Promise<T>): Promise<T> {
    if (this.#closed) {
      return Promise.reject(
        new NetlinkError('Cannot use netlink socket: it is closed', 'ERR_NETLINK_CLOSED'),
      );
    }
    const result = this.#last.then(task);
    this.#last = result.catch(() => undefined);
    return result;
  }

  #sendOne(action: string, encode: Encode, acknowledge: boolean): number {
    const sequence = this.#sequence.take(1);
    this.#writer.reset(sequence);
    encode(this.#writer);
    if (acknowledge) this.#writer.acknowledgeLast();
    this.#drain();
    sendBytes(this.#fd, this.#writer.bytes, this.#writer.length, action);
    return sequence;
  }

  /** Throws away what is left of an answer that an earlier request gave up on, an ENOBUFS among it. */
  #drain(): void {
    for (;;) {
      try {
        if (receiveBytes(this.#fd, this.#received, 'drain a netlink socket') < 0) return;
      } catch (error) {
        if (!isOverrun(error)) throw error;
      }
    }
  }

  /** False when it was interrupted. */
  async #dumpOnce(encode: Encode, visit: MessageVisitor, action: string): Promise<boolean> {
    const sequence = this.#sendOne(action, encode, false);
    let finished = false;
    let consistent = true;
    const visitOwn: MessageVisitor = (type, bytes, start, end, flags, seen) => {
      if (seen !== sequence || finished) return;
      if (flags & NLM_F_DUMP_INTR) consistent = false;
      if (type >= NLMSG_MIN_TYPE) return visit(type, bytes, start, end, flags, seen);
      if (type !== NLMSG_DONE && type !== NLMSG_ERROR) return;
      finished = true;
      const errno = errnoAt(bytes, start, end);
      if (errno !== 0) throw refusal(action, errno, extendedAcknowledgement(bytes, start, end, flags));
    };
    let sliceEnd = this.#clock.now() + this.#sliceMilliseconds;
    while (!finished) {
      const length = this.#receiveAnswer(action);
      if (length < 0) return false;
      walkMessages(this.#received, length, visitOwn);
      if (!finished && this.#clock.now() >= sliceEnd) {
        await this.#nextTurn();
        sliceEnd = this.#clock.now() + this.#sliceMilliseconds;
      }
    }
    return consistent;
  }

  /** Octets received, or -1 when answers were lost. */
  #receiveAnswer(action: string): number {
    try {
      return receiveBytes(this.#fd, this.#received, action);
    } catch (error) {
      if (isOverrun(error)) return -1;
      throw error;
    }
  }
}
