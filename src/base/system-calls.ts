/**
 * The libc calls that Node does not offer, about sockets, descriptors and network namespaces. All of them are made on the
 * main thread, and none of them blocks.
 */
import { closeSync, openSync } from 'node:fs';
import { ERRNO, SystemCallError } from './errno.ts';
import { check, libc } from './libc.ts';

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
