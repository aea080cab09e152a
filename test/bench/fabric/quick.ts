/**
 * A guard against regressions, for CI: small pieces of the bench, judged by their ratio to a loop of plain work on the same
 * machine in the same minute. What others do on the machine must not make it fail: a bound is for processor time, which they
 * hardly change, and three to four times what it takes today; or for time on the clock, and then far looser, against what
 * waits without working.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { calibrate } from './calibration.ts';
import { isRoot, openFabric } from './fabric.ts';
import { compileFdb } from './fdb.ts';
import { packed } from './feed.ts';
import { leaf } from './leaf.ts';
import { reflect } from './reflect.ts';
import { median } from './statistics.ts';
import { evpnd } from './systems/evpnd.ts';
import { thousands } from './work.ts';

const RUNS = 3;
const CLIENTS = 4;
const PACKED = 100_000;
const UNPACKED = 25_000;
const MACS = 25_000;

const LIMITS = {
  /** Of the calibration loop's processor time. */
  packedProcessor: 10,
  unpackedProcessor: 6,
  leafProcessor: 11,
  /** Of its time on the clock. */
  packedClock: 30,
  leafClock: 60,
  peakMegabytes: 220,
};

interface Check {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  readonly unit: string;
}

const PROCESSOR = 'x the loop, processor time';
const CLOCK = 'x the loop, on the clock';

/** The quickest of a few. */
function unitOf(): { readonly milliseconds: number; readonly processorMilliseconds: number } {
  const all = [calibrate(), calibrate(), calibrate()];
  return {
    milliseconds: Math.min(...all.map(({ milliseconds }) => milliseconds)),
    processorMilliseconds: Math.min(...all.map(({ processorMilliseconds }) => processorMilliseconds)),
  };
}

async function reflectChecks(): Promise<Check[]> {
  const packedProcessor: number[] = [];
  const packedClock: number[] = [];
  const unpackedProcessor: number[] = [];
  const peaks: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const unit = unitOf();
    const fabric = await openFabric();
    try {
      const many = await reflect(fabric, evpnd, packed(PACKED), CLIENTS);
      const { announceMilliseconds, withdrawMilliseconds, deathMilliseconds } = many;
      const clock = announceMilliseconds + withdrawMilliseconds + deathMilliseconds;
      packedProcessor.push((many.processorSecondsInAll * 1000) / unit.processorMilliseconds);
      packedClock.push(clock / unit.milliseconds);
      peaks.push(many.peakMegabytes);
      const single = await reflect(fabric, evpnd, packed(UNPACKED, { perUpdate: 1 }), 1);
      unpackedProcessor.push((single.processorSeconds * 1000) / unit.processorMilliseconds);
    } finally {
      fabric.close();
    }
  }
  const work = `${thousands(PACKED)} routes to ${CLIENTS} clients, in and out twice`;
  return [
    { name: work, value: median(packedProcessor), limit: LIMITS.packedProcessor, unit: PROCESSOR },
    { name: work, value: median(packedClock), limit: LIMITS.packedClock, unit: CLOCK },
    {
      name: `${thousands(UNPACKED)} routes, one per UPDATE`,
      value: median(unpackedProcessor),
      limit: LIMITS.unpackedProcessor,
      unit: PROCESSOR,
    },
    { name: 'peak resident memory', value: median(peaks), limit: LIMITS.peakMegabytes, unit: 'MB' },
  ];
}

async function leafChecks(): Promise<Check[]> {
  const directory = mkdtempSync(join(tmpdir(), 'evpnd-bench-'));
  try {
    const fdb = isRoot ? compileFdb(directory) : undefined;
    if (fdb === undefined) {
      console.log('leaf: skipped: needs root and gcc');
      return [];
    }
    const unit = unitOf();
    const feed = packed(MACS, { leaves: 10, vnis: 10, withIp: false });
    const { fillMilliseconds, flushMilliseconds, processorSeconds } = await leaf(evpnd, feed, fdb);
    const processor = (processorSeconds * 1000) / unit.processorMilliseconds;
    const clock = (fillMilliseconds + flushMilliseconds) / unit.milliseconds;
    const name = `${thousands(MACS)} MACs into the kernel and out of it`;
    return [
      { name, value: processor, limit: LIMITS.leafProcessor, unit: PROCESSOR },
      { name, value: clock, limit: LIMITS.leafClock, unit: CLOCK },
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

calibrate();
const checks = [...(await reflectChecks()), ...(await leafChecks())];
let failed = 0;
for (const { name, value, limit, unit } of checks) {
  const good = value <= limit;
  if (!good) failed++;
  console.log(`${good ? 'ok  ' : 'SLOW'} ${name.padEnd(48)} ${value.toFixed(1)} ${unit}, at most ${limit}`);
}
process.exit(failed > 0 ? 1 : 0);
