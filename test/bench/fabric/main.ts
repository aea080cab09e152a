/**
 * The bench of the whole daemon beside FRR, BIRD and GoBGP; writes docs/benchmarks.md and its plots. As root:
 *
 *   node --import=tsx --conditions=evpnd-source test/bench/fabric/main.ts [--runs N] [--only NAME,NAME]
 *
 * With --only, chosen rows are printed and nothing is written.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { calibrate } from './calibration.ts';
import { attemptsOf, conduct } from './conduct.ts';
import { isRoot } from './fabric.ts';
import { compileFdb } from './fdb.ts';
import { plotOf } from './plots.ts';
import { Progress } from './progress.ts';
import { printReport, printTables } from './report.ts';
import { bird } from './systems/bird.ts';
import { evpnd } from './systems/evpnd.ts';
import { frr } from './systems/frr.ts';
import { gobgp } from './systems/gobgp.ts';
import type { System } from './systems/system.ts';
import { observeWeather } from './weather.ts';
import type { Work } from './work.ts';
import { churning } from './works/churning.ts';
import { growth } from './works/growth.ts';
import { latencies } from './works/latencies.ts';
import { leafing } from './works/leafing.ts';
import { completing, reflecting, unpacked } from './works/reflecting.ts';

const SYSTEMS: readonly System[] = [evpnd, frr, bird, gobgp];
const CLIENTS = 4;
/** What takes minutes is done fewer times, so that all of it takes less than half an hour. */
const RUNS_OF_LONG_WORK = 3;
const docs = fileURLToPath(new URL('../../../docs/', import.meta.url));

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { runs: { type: 'string', default: '5' }, only: { type: 'string' } },
  });
  if (!isRoot) {
    console.log('bench: skipped: network namespaces need root (make bench-quick does without)');
    return 0;
  }
  const directory = mkdtempSync(join(tmpdir(), 'evpnd-bench-'));
  try {
    return await bench(Number(values.runs), values.only?.split(','), directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function bench(runs: number, only: readonly string[] | undefined, directory: string): Promise<number> {
  const all = plan(SYSTEMS.filter(isThere), runs, directory);
  const names = new Set(all.map(({ name }) => name));
  const unknown = (only ?? []).filter((name) => !names.has(name));
  if (unknown.length > 0) {
    console.error(`bench: saw --only ${unknown}, expected some of ${[...names].join(', ')}`);
    return 2;
  }
  const works = all.filter(({ name }) => only?.includes(name) ?? true);
  const weather = await observeWeather();
  // The first time is that of code not compiled yet.
  calibrate();
  const progress = new Progress(attemptsOf(works), process.stdout, () => performance.now());
  const results = await conduct(works, progress, () => calibrate().milliseconds);
  if (only) {
    console.log(printTables(results));
    return 0;
  }
  writeFileSync(join(docs, 'benchmarks.md'), printReport(results, { systems: SYSTEMS, runs, weather }));
  for (const what of ['time', 'memory'] as const) {
    writeFileSync(join(docs, `benchmarks-${what}.svg`), plotOf(what, results.points, CLIENTS));
  }
  console.log('wrote docs/benchmarks.md');
  return 0;
}

/** In the order of the tables. */
function plan(systems: readonly System[], runs: number, directory: string): Work[] {
  const few = Math.min(RUNS_OF_LONG_WORK, runs);
  const works: Work[] = [
    reflecting(systems, { name: 'one', routes: 100_000, clients: 1, runs }),
    reflecting(systems, { name: 'eight', routes: 100_000, clients: 8, runs }),
    reflecting(systems, {
      name: 'million',
      routes: 1_000_000,
      clients: CLIENTS,
      runs,
      peakMegabytes: 250,
    }),
    unpacked(systems, runs),
    completing(systems, {
      name: 'hundred',
      routes: 100_000,
      clients: 100,
      runs: 1,
      among: ['evpnd', 'FRR', 'BIRD'],
    }),
    completing(systems, {
      name: 'small',
      routes: 5000,
      clients: CLIENTS,
      runs: 1,
      among: ['evpnd', 'FRR', 'BIRD', 'GoBGP'],
    }),
    churning(systems, { standing: 500_000, perSecond: 5000, seconds: 60, runs: 1 }),
    growth(systems, [125_000, 250_000, 500_000, 1_000_000], CLIENTS, few),
  ];
  const fdb = compileFdb(directory);
  if (fdb === undefined) {
    console.log('bench: there is no gcc: what a leaf does is left out');
    return works;
  }
  works.push(
    leafing(systems, { name: 'leaf', routes: 100_000, vnis: 10, runs, fdb }),
    leafing(systems, {
      name: 'leaf-1000',
      routes: 100_000,
      vnis: 1000,
      runs: few,
      fdb,
    }),
    latencies(systems, { samples: 300, runs: 1, fdb, directory }),
  );
  return works;
}

function isThere(system: System): boolean {
  const version = system.version();
  if (version === undefined) {
    console.log(`bench: ${system.name} is not there (${system.from} installs it): its columns stay empty`);
  }
  return version !== undefined;
}

process.exit(await main());
