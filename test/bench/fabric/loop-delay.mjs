/**
 * Loaded into evpnd by `node --import`: measures how long its event loop stands still. Every SIGWINCH, which means nothing to
 * evpnd, writes what was seen since the one before to the file named by EVPND_LOOP_DELAY, and begins anew.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const file = process.env.EVPND_LOOP_DELAY;
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
process.on('SIGWINCH', () => {
  const longestMilliseconds = delay.max / 1e6;
  writeFileSync(`${file}.new`, JSON.stringify({ longestMilliseconds, memory: process.memoryUsage() }));
  renameSync(`${file}.new`, file);
  delay.reset();
});
