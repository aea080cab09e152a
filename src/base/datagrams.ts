/**
 * Many datagrams in one system call: recvmmsg(2) on the main thread, which never waits, and sendmmsg(2) on a thread of
 * the pool, where the kernel's work on them does not hold up the event loop.
 */
import { endianness } from 'node:os';
import { ERRNO, SystemCallError } from './errno.ts';
import { type Libc, libc } from './libc.ts';
import { receiveBytes, SOCKET } from './system-calls.ts';

/** struct mmsghdr and struct iovec where pointers have eight octets; where things are in the former. */
const MESSAGE_OCTETS = 64;
const VECTOR_OCTETS = 16;
const MESSAGE = { VECTOR: 16, VECTOR_COUNT: 24, FLAGS: 48, LENGTH: 56 } as const;
const MSG_TRUNC = 0x20;
const LITTLE_ENDIAN = endianness() === 'LE';

/** An array of struct mmsghdr, each with one struct iovec. */
class MessageVector {
  readonly headers: Uint8Array;
  readonly view: DataView;
  readonly #vectors: Uint8Array;
  readonly #vectorView: DataView;

  constructor(slots: number, c: Libc) {
    // Larger than what V8 keeps inside its moving heap, as the memory must stay where it is.
    this.headers = new Uint8Array(Math.max(slots * MESSAGE_OCTETS, 4096));
    this.#vectors = new Uint8Array(Math.max(slots * VECTOR_OCTETS, 4096));
    this.view = new DataView(this.headers.buffer);
    this.#vectorView = new DataView(this.#vectors.buffer);
    const vectorBase = c.addressOf(this.#vectors);
    for (let i = 0; i < slots; i++) {
      const vector = vectorBase + BigInt(i * VECTOR_OCTETS);
      this.view.setBigUint64(i * MESSAGE_OCTETS + MESSAGE.VECTOR, vector, LITTLE_ENDIAN);
      this.view.setBigUint64(i * MESSAGE_OCTETS + MESSAGE.VECTOR_COUNT, 1n, LITTLE_ENDIAN);
    }
  }

  point(i: number, address: bigint, length: number): void {
    this.#vectorView.setBigUint64(i * VECTOR_OCTETS, address, LITTLE_ENDIAN);
    this.#vectorView.setBigUint64(i * VECTOR_OCTETS + 8, BigInt(length), LITTLE_ENDIAN);
  }
}

/**
 * Room for many datagrams that one system call receives: half the time of a call for each, when there are a hundred
 * thousand. Where pointers have not eight octets it receives one at a time.
 */
export class DatagramBatch {
  readonly bytes: Uint8Array;
  readonly #slotOctets: number;
  readonly #vector: MessageVector | undefined;
  readonly #slots: number;
  /** Of the one datagram, where there is no vector. */
  #length = 0;

  /** @param slotOctets the longest datagram that is received whole */
  constructor(slots: number, slotOctets: number) {
    const c = libc();
    this.#slots = c.pointerOctets === 8 ? slots : 1;
    this.#slotOctets = slotOctets;
    this.bytes = new Uint8Array(Math.max(this.#slots * slotOctets, 4096));
    if (c.pointerOctets !== 8) return;
    this.#vector = new MessageVector(slots, c);
    const base = c.addressOf(this.bytes);
    for (let i = 0; i < slots; i++) this.#vector.point(i, base + BigInt(i * slotOctets), slotOctets);
  }

  /** Datagrams received, 0 when nothing is waiting. Never blocks. Every other failure throws. */
  receive(fd: number, action: string): number {
    if (this.#vector === undefined) {
      this.#length = receiveBytes(fd, this.bytes, action);
      return this.#length < 0 ? 0 : 1;
    }
    const c = libc();
    for (;;) {
      const count = c.recvmmsg(fd, this.#vector.headers, this.#slots, SOCKET.MSG_DONTWAIT, null);
      if (count >= 0) return count;
      const errno = c.errno();
      if (errno === ERRNO.EAGAIN) return 0;
      if (errno !== ERRNO.EINTR) throw new SystemCallError(action, 'recvmmsg', errno);
    }
  }

  /** Where datagram `i` of the last call begins in `bytes`. */
  start(i: number): number {
    return i * this.#slotOctets;
  }

  end(i: number): number {
    const { view } = this.#vector ?? {};
    const length = view?.getUint32(i * MESSAGE_OCTETS + MESSAGE.LENGTH, LITTLE_ENDIAN) ?? this.#length;
    return this.start(i) + length;
  }

  /** It was longer than a slot: its end is lost. */
  isTruncated(i: number): boolean {
    const flags = this.#vector?.view.getInt32(i * MESSAGE_OCTETS + MESSAGE.FLAGS, LITTLE_ENDIAN) ?? 0;
    return (flags & MSG_TRUNC) !== 0;
  }
}

/** Sends several datagrams with one call on a thread of the pool. */
export class DatagramSender {
  readonly #vector: MessageVector | undefined;
  readonly #addresses: bigint[] = [];
  readonly #slots: readonly Uint8Array[];

  /** @param slots the memory of each datagram, 4 KiB or more: larger than what V8 keeps inside its moving heap */
  constructor(slots: readonly Uint8Array[]) {
    const c = libc();
    this.#slots = slots;
    if (c.pointerOctets !== 8) return;
    this.#vector = new MessageVector(slots.length, c);
    for (const bytes of slots) this.#addresses.push(c.addressOf(bytes));
  }

  /**
   * Sends the first `lengths.length` slots, so many octets of each. Their memory must stay untouched until the promise has
   * resolved, to how many were sent. Fewer than asked for: the next one failed, and sending it once more by `sendBytes` tells why.
   */
  send(fd: number, lengths: readonly number[]): Promise<number> {
    const vector = this.#vector;
    if (vector === undefined) return Promise.resolve(0);
    lengths.forEach((length, i) => {
      vector.point(i, this.#addresses[i]!, length);
    });
    return new Promise((resolve) => {
      libc().sendmmsgLater(fd, vector.headers, lengths.length, 0, (_error, sent) => {
        // `this` holds the memory as long as the call runs.
        resolve(Math.max(0, Math.min(sent, this.#slots.length)));
      });
    });
  }
}
