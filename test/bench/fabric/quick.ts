/**
 * A guard against regressions, for CI: small pieces of the bench, judged by their ratio to a loop of plain work on the same
 * machine in the same minute. The bounds are loose: a miss means that something became several times slower.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { calibrate } from './calibration.ts';
import { isRoot, openFabric } from './fabric.ts';
import { packed } from './feed.ts';
import { compileFdb, leaf } from './leaf.ts';
import { reflect } from './reflect.ts';
import { median } from './statistics.ts';
import { evpnd } from './systems/evpnd.ts';

const RUNS = 3;
const ROUTES = 100_000;

interface Check {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  readonly unit: string;
}

async function reflectChecks(calibration: () => number): Promise<Check[]> {
  const ratios = {
    announce: [] as number[],
    withdraw: [] as number[],
    death: [] as number[],
    unpacked: [] as number[],
  };
  let peak = 0;
  for (let run = 0; run < RUNS; run++) {
    const unit = calibration();
    const fabric = await openFabric();
    try {
      const figures = await reflect(fabric, evpnd, packed(ROUTES), CLIENTS);
      ratios.announce.push(figures.announceMilliseconds / unit);
      ratios.withdraw.push(figures.withdrawMilliseconds / unit);
      ratios.death.push(figures.deathMilliseconds / unit);
      peak = Math.max(peak, figures.peakMegabytes);
      const single = await reflect(fabric, evpnd, packed(ROUTES / 4, { perUpdate: 1 }), 1);
      ratios.unpacked.push(single.announceMilliseconds / unit);
    } finally {
      fabric.close();
    }
  }
  const times = 'x the calibration loop';
  return [
    {
      name: `reflect ${ROUTES} routes to ${CLIENTS} clients`,
      value: median(ratios.announce),
      limit: 12,
      unit: times,
    },
    { name: 'withdraw them', value: median(ratios.withdraw), limit: 10, unit: times },
    { name: 'the source dies', value: median(ratios.death), limit: 8, unit: times },
    {
      name: `reflect ${ROUTES / 4} routes, one per UPDATE`,
      value: median(ratios.unpacked),
      limit: 10,
      unit: times,
    },
    { name: 'peak resident memory', value: peak, limit: 220, unit: 'MB' },
  ];
}

const CLIENTS = 4;

async function leafChecks(calibration: () => number): Promise<Check[]> {
  const directory = mkdtempSync(join(tmpdir(), 'evpnd-bench-'));
  try {
    const fdb = isRoot ? compileFdb(directory) : undefined;
    if (fdb === undefined) {
      console.log('leaf: skipped: needs root and gcc');
      return [];
    }
    const unit = calibration();
    const feed = packed(ROUTES / 4, { leaves: 10, vnis: 10, withIp: false });
    const { fillMilliseconds, flushMilliseconds } = await leaf(evpnd, feed, fdb);
    const times = 'x the calibration loop';
    return [
      {
        name: `leaf: ${ROUTES / 4} MACs into the kernel`,
        value: fillMilliseconds / unit,
        limit: 15,
        unit: times,
      },
      { name: 'leaf: out of it', value: flushMilliseconds / unit, limit: 15, unit: times },
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

calibrate();
const calibration = (): number => Math.min(calibrate(), calibrate(), calibrate());
const checks = [...(await reflectChecks(calibration)), ...(await leafChecks(calibration))];
let failed = 0;
for (const { name, value, limit, unit } of checks) {
  const good = value <= limit;
  if (!good) failed++;
  console.log(`${good ? 'ok  ' : 'SLOW'} ${name.padEnd(40)} ${value.toFixed(1)} ${unit}, at most ${limit}`);
}
process.exit(failed > 0 ? 1 : 0);
