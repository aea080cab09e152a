/** The path of a listening unix socket: freed when it is left over from a daemon that died, never when one lives. */
import { lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { ControlError } from './api.ts';

/**
 * Makes `path` free to listen on: creates its directory, removes a stale socket. Throws a ControlError in words when
 * somebody listens there, or when something else than a socket has that name.
 */
export async function claimSocketPath(path: string): Promise<void> {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    if (!lstatSync(path).isSocket()) throw refused(path, 'a file that is no socket has that name');
  } catch (error) {
    if (error instanceof ControlError) throw error;
    if (errorCode(error) === 'ENOENT') return;
    throw refused(path, words(errorCode(error)));
  }
  if (await answers(path)) throw refused(path, 'another evpnd is running and listens there');
  unlinkSync(path);
}

/** Whether somebody accepts connections on the socket. One that we may not connect to counts as alive. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => resolve(!['ECONNREFUSED', 'ENOENT'].includes(errorCode(error))));
  });
}

export const errorCode = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

export function words(code: string): string {
  if (code === 'EACCES' || code === 'EPERM')
    return 'no permission there; run as root, or set control.socket elsewhere';
  if (code === 'ENOTDIR') return 'part of the path is a file, not a directory';
  return code === '' ? 'unknown error' : code;
}

export const refused = (path: string, why: string): ControlError =>
  new ControlError(500, 'cannot-listen', `Cannot listen on ${path}: ${why}`);
