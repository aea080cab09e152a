/**
 * The C library through koffi: the one place to change for another foreign-function interface. It is loaded by the
 * first call: importing this module costs nothing and works anywhere, using it needs Linux.
 */
import { createRequire } from 'node:module';
import { SystemCallError } from './errno.ts';

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

/** The functions, and what koffi tells about memory. `errno` is that of the last synchronous call. */
export interface Libc {
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
  /** On a thread of the pool. The arrays must not be touched before `done`; -1 comes without its errno. */
  readonly sendmmsgLater: (
    fd: number,
    messages: Uint8Array,
    count: number,
    flags: number,
    done: (error: Error | null, sent: number) => void,
  ) => void;
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
export function libc(): Libc {
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
      sendmmsgLater: library.func('int sendmmsg(int, void*, uint32_t, int)').async,
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
export function check(result: number, c: Libc, action: string, call: string): number {
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
