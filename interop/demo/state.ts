/** What a demo fabric consists of, written down so that `make demo-down` can remove it in a later process. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { namespacesWithPrefix } from '../lab/network.ts';

export const PREFIX = 'evpnd-demo-';
export const DIRECTORY = fileURLToPath(new URL('../../.cache/demo/', import.meta.url));
const FILE = join(DIRECTORY, 'fabric.json');

interface State {
  readonly pids: readonly number[];
}

/** Empties the demo's directory; logs and sockets of this run go there. */
export function newDirectory(): string {
  rmSync(DIRECTORY, { recursive: true, force: true });
  mkdirSync(DIRECTORY, { recursive: true });
  return DIRECTORY;
}

export function remember(pids: readonly number[]): void {
  writeFileSync(FILE, JSON.stringify({ pids } satisfies State));
}

export function isUp(): boolean {
  return namespacesWithPrefix(PREFIX).length > 0 || livingPids().length > 0;
}

/** Ends the demo's processes and deletes its namespaces. False when there were none. */
export function takeDown(): boolean {
  const pids = livingPids();
  const namespaces = namespacesWithPrefix(PREFIX);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  for (const name of namespaces) execFileSync('ip', ['netns', 'del', name]);
  rmSync(FILE, { force: true });
  return pids.length + namespaces.length > 0;
}

/** Recorded processes that still run and are still ours: a pid may have passed to somebody else. */
function livingPids(): number[] {
  if (!existsSync(FILE)) return [];
  const { pids } = JSON.parse(readFileSync(FILE, 'utf8')) as State;
  return pids.filter((pid) => {
    const file = `/proc/${pid}/cmdline`;
    return existsSync(file) && readFileSync(file, 'utf8').includes(DIRECTORY);
  });
}
