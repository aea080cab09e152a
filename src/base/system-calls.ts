/**
 * Every libc call that Node does not offer, in one module, so that another foreign-function interface could
 * take koffi's place by changing this file alone. libc is loaded on the first call: importing this module
 * costs nothing and works anywhere, using it needs Linux.
 *
 * Only synchronous calls on the main thread: none of them blocks, and koffi is safe that way.
 */
import { closeSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { endianness } from 'node:os';
import { getSystemErrorMap, getSystemErrorName } from 'node:util';

/** A libc call that returned -1. `code` is the errno's name as Node spells it (`ENOBUFS`). */
export class SystemCallError extends Error {
  readonly call: string;
  readonly code: string;
  readonly errno: number;

  constructor(action: string, call: string, errno: number) {
    super(`Cannot ${action}: ${call} failed with ${errnoText(errno)}`);
    this.name = 'SystemCallError';
    this.call = call;
    this.code = errnoName(errno);
    this.errno = errno;
  }
}

/** libc could not be loaded: not Linux, or koffi has no binary for this machine. */
export class SystemCallsUnavailableError extends Error {
  readonly code = 'ERR_SYSTEM_CALLS_UNAVAILABLE';

  constructor(cause: unknown) {
    const machine = `${process.platform}-${process.arch}`;
    super(`Cannot load libc on ${machine}: netlink and TCP socket options need Linux and koffi's binary`, {
      cause,
    });
    this.name = 'SystemCallsUnavailableError';
  }
}

/** `ENOBUFS`; kernel-internal numbers that have no name appear as `errno 524`. */
export function errnoName(errno: number): string {
  return getSystemErrorMap().has(-errno) ? getSystemErrorName(-errno) : `errno ${errno}`;
}

/** `ENOBUFS (no buffer space available)` */
export function errnoText(errno: number): string {
  const entry = getSystemErrorMap().get(-errno);
  return entry ? `${entry[0]} (${entry[1]})` : `errno ${errno}`;
}

export const ERRNO = {
  EINTR: 4,
  EAGAIN: 11,
  ENOBUFS: 105,
} as const;

export const SOCKET = {
  AF_INET: 2,
  AF_INET6: 10,
  AF_NETLINK: 16,
  SOCK_STREAM: 1,
  SOCK_DGRAM: 2,
  SOCK_RAW: 3,
  SOCK_NONBLOCK: 0x800,
  SOCK_CLOEXEC: 0x80000,
  SOL_SOCKET: 1,
  MSG_DONTWAIT: 0x40,
} as const;

const CLONE_NEWNET = 0x40000000;
const O_CLOEXEC = 0x80000;

interface Libc {
  readonly errno: () => number;
  readonly socket: (family: number, type: number, protocol: number) => number;
  readonly bind: (fd: number, address: Uint8Array, length: number) => number;
  readonly send: (fd: number, bytes: Uint8Array, length: number, flags: number) => number;
  readonly recv: (fd: number, bytes: Uint8Array, length: number, flags: number) => number;
  readonly recvmmsg: (
    fd: number,
    messages: Uint8Array,
    count: number,
    flags: number,
    timeout: null,
  ) => number;
  readonly setsockopt: (
    fd: number,
    level: number,
    option: number,
    value: Uint8Array,
    length: number,
  ) => number;
  readonly getsockopt: (
    fd: number,
    level: number,
    option: number,
    value: Uint8Array,
    length: Uint32Array,
  ) => number;
  readonly getsockname: (fd: number, address: Uint8Array, length: Uint32Array) => number;
  readonly close: (fd: number) => number;
  readonly dup3: (from: number, to: number, flags: number) => number;
  readonly setns: (fd: number, kind: number) => number;
  readonly if_nametoindex: (name: string) => number;
  /** Where a typed array's octets are. */
  readonly addressOf: (bytes: Uint8Array) => bigint;
  readonly pointerOctets: number;
}

let loaded: Libc | undefined;

/** The functions of the C library that this process already runs on (glibc or musl). */
function libc(): Libc {
  if (loaded) return loaded;
  try {
    if (process.platform !== 'linux') throw new Error(`platform is ${process.platform}, expected linux`);
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi').default;
    const library = koffi.load(null);
    // koffi knows no ssize_t; intptr_t is the same size. A plain void* with a typed array is read and written in place.
    loaded = {
      errno: () => koffi.errno(),
      socket: library.func('int socket(int, int, int)'),
      bind: library.func('int bind(int, const void*, uint32_t)'),
      send: library.func('intptr_t send(int, const void*, size_t, int)'),
      recv: library.func('intptr_t recv(int, void*, size_t, int)'),
      recvmmsg: library.func('int recvmmsg(int, void*, uint32_t, int, void*)'),
      setsockopt: library.func('int setsockopt(int, int, int, const void*, uint32_t)'),
      getsockopt: library.func('int getsockopt(int, int, int, void*, void*)'),
      getsockname: library.func('int getsockname(int, void*, void*)'),
      close: library.func('int close(int)'),
      dup3: library.func('int dup3(int, int, int)'),
      setns: library.func('int setns(int, int)'),
      if_nametoindex: library.func('uint32_t if_nametoindex(const char*)'),
      addressOf: (bytes) => koffi.address(bytes) as bigint,
      pointerOctets: koffi.sizeof('void*'),
    };
    return loaded;
  } catch (cause) {
    throw new SystemCallsUnavailableError(cause);
  }
}

/** errno must be read before anything else runs: any other call, even of console.log, overwrites it. */
function check(result: number, c: Libc, action: string, call: string): number {
  if (result >= 0) return result;
  throw new SystemCallError(action, call, c.errno());
}

/** Whether libc can be called here at all. */
export function systemCallsAvailable(): boolean {
  try {
    libc();
    return true;
  } catch {
    return false;
  }
}

/** A new descriptor, close-on-exec. `type` is SOCK_*, with SOCK_NONBLOCK if wanted. */
export function openSocket(family: number, type: number, protocol: number, action: string): number {
  const c = libc();
  return check(c.socket(family, type | SOCKET.SOCK_CLOEXEC, protocol), c, action, 'socket');
}

/** `address` is a sockaddr of any family. */
export function bindSocket(fd: number, address: Uint8Array, action: string): void {
  const c = libc();
  check(c.bind(fd, address, address.length), c, action, 'bind');
}

/** The sockaddr that the socket is bound to; `length` is the size of that family's structure. */
export function socketName(fd: number, length: number, action: string): Uint8Array {
  const c = libc();
  const address = new Uint8Array(length);
  const size = new Uint32Array([length]);
  check(c.getsockname(fd, address, size), c, action, 'getsockname');
  return address.subarray(0, size[0]);
}

/** Integers are passed as a C int, in host order. */
export function setSocketOption(
  fd: number,
  level: number,
  option: number,
  value: number | Uint8Array,
  action: string,
): void {
  const c = libc();
  const bytes = typeof value === 'number' ? new Uint8Array(new Int32Array([value]).buffer) : value;
  check(c.setsockopt(fd, level, option, bytes, bytes.length), c, action, 'setsockopt');
}

/** An option whose value is a C int. */
export function getSocketOption(fd: number, level: number, option: number, action: string): number {
  const c = libc();
  const value = new Int32Array(1);
  check(
    c.getsockopt(fd, level, option, new Uint8Array(value.buffer), new Uint32Array([4])),
    c,
    action,
    'getsockopt',
  );
  return value[0]!;
}

/** Octets sent. Retries when a signal interrupts; every other failure throws. */
export function sendBytes(fd: number, bytes: Uint8Array, length: number, action: string): number {
  const c = libc();
  for (;;) {
    const sent = c.send(fd, bytes, length, 0);
    if (sent >= 0) return sent;
    const errno = c.errno();
    if (errno !== ERRNO.EINTR) throw new SystemCallError(action, 'send', errno);
  }
}

/** Octets received into `bytes`, or -1 when nothing is waiting. Never blocks. Every other failure throws. */
export function receiveBytes(fd: number, bytes: Uint8Array, action: string): number {
  const c = libc();
  for (;;) {
    const received = c.recv(fd, bytes, bytes.length, SOCKET.MSG_DONTWAIT);
    if (received >= 0) return received;
    const errno = c.errno();
    if (errno === ERRNO.EAGAIN) return -1;
    if (errno !== ERRNO.EINTR) throw new SystemCallError(action, 'recv', errno);
  }
}

/** struct mmsghdr and struct iovec where pointers have eight octets; where things are in the former. */
const MESSAGE_OCTETS = 64;
const VECTOR_OCTETS = 16;
const MESSAGE = { VECTOR: 16, VECTOR_COUNT: 24, FLAGS: 48, LENGTH: 56 } as const;
const MSG_TRUNC = 0x20;
const LITTLE_ENDIAN = endianness() === 'LE';

/**
 * Room for many datagrams that one system call receives: half the time of a call for each, when there are a hundred
 * thousand. Where pointers have not eight octets it receives one at a time.
 */
export class DatagramBatch {
  readonly bytes: Uint8Array;
  readonly #slotOctets: number;
  readonly #headers: Uint8Array;
  readonly #view: DataView;
  readonly #vectors: Uint8Array;
  readonly #slots: number;

  /** @param slotOctets the longest datagram that is received whole */
  constructor(slots: number, slotOctets: number) {
    const c = libc();
    this.#slots = c.pointerOctets === 8 ? slots : 1;
    this.#slotOctets = slotOctets;
    this.bytes = new Uint8Array(this.#slots * slotOctets);
    this.#headers = new Uint8Array(this.#slots * MESSAGE_OCTETS);
    this.#view = new DataView(this.#headers.buffer);
    // Larger than what V8 keeps inside its moving heap, as the memory must stay where it is.
    this.#vectors = new Uint8Array(Math.max(this.#slots * VECTOR_OCTETS, 4096));
    if (c.pointerOctets === 8) this.#link(c);
  }

  #link(c: Libc): void {
    const vectors = new DataView(this.#vectors.buffer);
    const base = c.addressOf(this.bytes);
    const vectorBase = c.addressOf(this.#vectors);
    for (let i = 0; i < this.#slots; i++) {
      vectors.setBigUint64(i * VECTOR_OCTETS, base + BigInt(i * this.#slotOctets), LITTLE_ENDIAN);
      vectors.setBigUint64(i * VECTOR_OCTETS + 8, BigInt(this.#slotOctets), LITTLE_ENDIAN);
      const vector = vectorBase + BigInt(i * VECTOR_OCTETS);
      this.#view.setBigUint64(i * MESSAGE_OCTETS + MESSAGE.VECTOR, vector, LITTLE_ENDIAN);
      this.#view.setBigUint64(i * MESSAGE_OCTETS + MESSAGE.VECTOR_COUNT, 1n, LITTLE_ENDIAN);
    }
  }

  /** Datagrams received, 0 when nothing is waiting. Never blocks. Every other failure throws. */
  receive(fd: number, action: string): number {
    const c = libc();
    if (c.pointerOctets !== 8) return this.#receiveOne(fd, action);
    for (;;) {
      const count = c.recvmmsg(fd, this.#headers, this.#slots, SOCKET.MSG_DONTWAIT, null);
      if (count >= 0) return count;
      const errno = c.errno();
      if (errno === ERRNO.EAGAIN) return 0;
      if (errno !== ERRNO.EINTR) throw new SystemCallError(action, 'recvmmsg', errno);
    }
  }

  #receiveOne(fd: number, action: string): number {
    const length = receiveBytes(fd, this.bytes, action);
    if (length < 0) return 0;
    this.#view.setUint32(MESSAGE.LENGTH, length, LITTLE_ENDIAN);
    return 1;
  }

  /** Where datagram `i` of the last call begins in `bytes`. */
  start(i: number): number {
    return i * this.#slotOctets;
  }

  end(i: number): number {
    return this.start(i) + this.#view.getUint32(i * MESSAGE_OCTETS + MESSAGE.LENGTH, LITTLE_ENDIAN);
  }

  /** It was longer than a slot: its end is lost. */
  isTruncated(i: number): boolean {
    return (this.#view.getInt32(i * MESSAGE_OCTETS + MESSAGE.FLAGS, LITTLE_ENDIAN) & MSG_TRUNC) !== 0;
  }
}

/** Closing never throws: nobody can act on it, and it runs in clean-up paths. */
export function closeDescriptor(fd: number): void {
  libc().close(fd);
}

/** Makes `to` refer to what `from` refers to, close-on-exec; what `to` was before is closed. */
export function replaceDescriptor(from: number, to: number, action: string): void {
  const c = libc();
  check(c.dup3(from, to, O_CLOEXEC), c, action, 'dup3');
}

/** The index of a network interface of this network namespace, or undefined when there is none. */
export function interfaceIndex(name: string): number | undefined {
  return libc().if_nametoindex(name) || undefined;
}

/**
 * Runs `action` in the network namespace `/run/netns/<name>` and comes back. Only descriptors made inside by
 * this module belong to that namespace: Node makes its own sockets later, when this has long returned.
 * `action` must be synchronous.
 */
export function inNetworkNamespace<T>(name: string, action: () => T): T {
  const c = libc();
  const home = openSync('/proc/thread-self/ns/net', 'r');
  try {
    const target = openSync(`/run/netns/${name}`, 'r');
    try {
      check(c.setns(target, CLONE_NEWNET), c, `enter network namespace ${name}`, 'setns');
    } finally {
      closeSync(target);
    }
    try {
      return action();
    } finally {
      // Staying in the wrong namespace would send the rest of the process's traffic there.
      if (c.setns(home, CLONE_NEWNET) < 0) process.abort();
    }
  } finally {
    closeSync(home);
  }
}
