#!/usr/bin/env node
/** `evpnctl`: the process around `run`. */
import { readFileSync } from 'node:fs';
import { run } from './run.ts';

// `evpnctl ... | head` closes the pipe when it has seen enough; that is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}
process.once('SIGINT', () => process.exit(130));

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

process.exitCode = await run(process.argv.slice(2), {
  version,
  socket: process.env.EVPND_SOCKET || undefined,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
});
