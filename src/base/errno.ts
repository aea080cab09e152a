/** Error numbers of the C library: their names and texts, and the error that a failed call becomes. */
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
