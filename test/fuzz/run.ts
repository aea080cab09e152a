/**
 * Fuzzes the codec for a while: `node --import=tsx --conditions=evpnd-source test/fuzz/run.ts --seconds 600 --seed 1`.
 * `--from N` goes on where an earlier run with that seed ended; its last line says how.
 */
import { parseArgs } from 'node:util';
import { hexText } from 'bgp-protocol';
import { fuzz } from './fuzz.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
  },
});
const seed = Number(values.seed);
const from = Number(values.from);
const terminal = process.stdout.isTTY;
const { next, failure } = fuzz({
  seed,
  seconds: Number(values.seconds),
  from,
  ...(terminal ? { progress: (at: number) => process.stdout.write(`\r${at - from} cases `) } : {}),
});
if (terminal) process.stdout.write('\r');
if (failure === undefined) {
  console.log(`${next - from} cases of seed ${seed}, no failure; go on with --seed ${seed} --from ${next}`);
} else {
  console.log(
    `case ${failure.caseNumber} of seed ${seed} failed: ${failure.reason}\n${hexText(failure.octets)}`,
  );
  process.exitCode = 1;
}
