/**
 * Asks the kernel and tells it: single requests, dumps, and batches of writes, one after another on one socket. The
 * kernel works a request off inside send(2), so its answer is there at once and nothing here waits for the network; long
 * dumps and batches yield to the event loop after each time slice.
 *
 * linux/netlink.h; Documentation/userspace-api/netlink/intro.rst.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, systemClock } from '../base/clock.ts';
import {
  closeDescriptor,
  errnoName,
  openSocket,
  receiveBytes,
  SOCKET,
  SystemCallError,
  sendBytes,
  setSocketOption,
} from '../base/system-calls.ts';
import {
  NETLINK_CAP_ACK,
  NETLINK_EXT_ACK,
  NETLINK_GET_STRICT_CHK,
  NETLINK_ROUTE,
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_MIN_TYPE,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SOL_NETLINK,
} from './constants.ts';
import {
  errnoAt,
  extendedAcknowledgement,
  type MessageVisitor,
  NetlinkError,
  refusal,
  walkMessages,
} from './message-reader.ts';
import { LARGEST_ENTRY_OCTETS, MessageWriter } from './message-writer.ts';

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
const INTERRUPTED = 'ERR_NETLINK_DUMP_INTERRUPTED';
/** The kernel fills at most 32 KiB of a dump at once; acknowledgements are small. */
const RECEIVE_OCTETS = 65536;

export class NetlinkSocket {
  readonly #fd: number;
  readonly #writer: MessageWriter;
  readonly #received = new Uint8Array(RECEIVE_OCTETS);
  readonly #batchMessages: number;
  readonly #sliceMilliseconds: number;
  readonly #clock: Clock;
  /** Entry, and ordinal within it, of each message of the batch being sent. */
  readonly #entryOf: Int32Array;
  readonly #ordinalOf: Uint8Array;
  /** Messages of the batch being sent that were answered. */
  readonly #answered: Uint8Array;
  #nextSequence = 1;
  #closed = false;
  #last: Promise<unknown> = Promise.resolve();

  /** Opens in the network namespace of the caller. Throws SystemCallError, SystemCallsUnavailableError. */
  constructor(options: NetlinkSocketOptions = {}) {
    this.#batchMessages = options.batchMessages ?? 256;
    this.#sliceMilliseconds = options.sliceMilliseconds ?? 8;
    this.#clock = options.clock ?? systemClock;
    // An entry may write several messages, so a batch may end a few messages late.
    const room = this.#batchMessages + 16;
    this.#entryOf = new Int32Array(room);
    this.#ordinalOf = new Uint8Array(room);
    this.#answered = new Uint8Array(room);
    this.#writer = new MessageWriter(room * 128 + LARGEST_ENTRY_OCTETS);
    this.#fd = openRequestSocket(options.receiveBufferOctets ?? 8 << 20);
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
        await nextTurn();
      }
    });
  }

  /**
   * Writes `count` entries: `encode` is called for each index from 0 and writes no message, one or several (at most 16).
   * Refused ones, and those whose result is unknown, are told to `onFailure` with their index, in no certain order, and stop
   * nothing. Rejects only when `encode` or `onFailure` throws.
   */
  write(
    count: number,
    encode: (writer: MessageWriter, index: number) => void,
    onFailure: (index: number, failure: EntryFailure) => void,
  ): Promise<BatchResult> {
    return this.#inTurn(async () => {
      const total = { messages: 0, failed: 0, unknown: 0 };
      let index = 0;
      this.#drain();
      let sliceEnd = this.#clock.now() + this.#sliceMilliseconds;
      while (index < count) {
        const first = this.#nextSequence;
        index = this.#fill(index, count, encode);
        const messages = this.#writer.count;
        if (messages > 0) this.#sendBatch(first, messages, onFailure, total);
        if (index < count && this.#clock.now() >= sliceEnd) {
          await nextTurn();
          sliceEnd = this.#clock.now() + this.#sliceMilliseconds;
        }
      }
      return total;
    });
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
    const sequence = this.#takeSequences(1);
    this.#writer.reset(sequence);
    encode(this.#writer);
    if (acknowledge) this.#writer.acknowledgeLast();
    this.#drain();
    sendBytes(this.#fd, this.#writer.bytes, this.#writer.length, action);
    return sequence;
  }

  #takeSequences(count: number): number {
    // Zero belongs to notifications; numbers start again long before they stop being exact.
    if (this.#nextSequence + count > 0x7fffffff) this.#nextSequence = 1;
    const first = this.#nextSequence;
    this.#nextSequence += count;
    return first;
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
        await nextTurn();
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

  /** Encodes entries from `index` on until the batch is full; returns the first that is not in it. */
  #fill(index: number, count: number, encode: (writer: MessageWriter, index: number) => void): number {
    const writer = this.#writer;
    writer.reset(this.#nextSequence);
    while (index < count && writer.count < this.#batchMessages && writer.hasRoom()) {
      const before = writer.count;
      encode(writer, index);
      for (let i = before; i < writer.count; i++) {
        this.#entryOf[i] = index;
        this.#ordinalOf[i] = i - before;
      }
      index++;
    }
    return index;
  }

  #sendBatch(
    first: number,
    messages: number,
    onFailure: (index: number, failure: EntryFailure) => void,
    total: { messages: number; failed: number; unknown: number },
  ): void {
    this.#takeSequences(messages);
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
    const complete = this.#collect(first, messages, (message, errno, text) => {
      if (errno !== 0) report(message, errno, errnoName(errno), text);
    });
    if (complete) return;
    // Errors got lost: what was not answered may or may not have been written. Only reading it again tells.
    for (let message = 0; message < messages; message++) {
      if (!this.#answered[message]) report(message, 0, UNKNOWN_RESULT, 'answers were lost');
    }
  }

  /** Reads the answers of a batch; errno 0 is the acknowledgement of the last message. False when some got lost. */
  #collect(
    first: number,
    messages: number,
    onAnswer: (message: number, errno: number, text: string | undefined) => void,
  ): boolean {
    let lost = false;
    let finished = false;
    const visit: MessageVisitor = (type, bytes, start, end, flags, sequence) => {
      const message = sequence - first;
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

const isOverrun = (error: unknown): boolean => error instanceof SystemCallError && error.code === 'ENOBUFS';

function openRequestSocket(receiveBufferOctets: number): number {
  const type = SOCKET.SOCK_RAW | SOCKET.SOCK_NONBLOCK;
  const fd = openSocket(SOCKET.AF_NETLINK, type, NETLINK_ROUTE, 'open a netlink socket');
  try {
    for (const option of [NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK]) {
      setSocketOption(fd, SOL_NETLINK, option, 1, `set netlink option ${option}`);
    }
    setReceiveBuffer(fd, receiveBufferOctets);
    return fd;
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
}

/** Past the system-wide limit where the process may (CAP_NET_ADMIN), else up to it. */
export function setReceiveBuffer(fd: number, octets: number): void {
  try {
    setSocketOption(fd, SOCKET.SOL_SOCKET, SO_RCVBUFFORCE, octets, 'set the receive buffer');
  } catch {
    setSocketOption(fd, SOCKET.SOL_SOCKET, SO_RCVBUF, octets, 'set the receive buffer');
  }
}
