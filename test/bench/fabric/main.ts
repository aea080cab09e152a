/**
 * The bench of the whole daemon beside FRR; writes docs/benchmarks.md and its plots. As root:
 *
 *   node --import=tsx --conditions=evpnd-source test/bench/fabric/main.ts [--runs N] [--only NAME,NAME]
 *
 * With --only, chosen rows are printed and nothing is written.
 */
import { accessSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isRoot } from './fabric.ts';
import { compileFdb } from './leaf.ts';
import { plot } from './plot.ts';
import { printReport } from './report.ts';
import * as rows from './rows.ts';
import { evpnd, frr, type System } from './systems.ts';

const CLIENTS = 4;
const docs = fileURLToPath(new URL('../../../docs/', import.meta.url));

/** In the order of the table. */
const WORK: Readonly<Record<string, (bench: rows.Bench) => Promise<void>>> = {
  one: (bench) => rows.reflectRow(bench, 100_000, 1),
  eight: (bench) => rows.reflectRow(bench, 100_000, 8),
  million: (bench) => rows.reflectRow(bench, 1_000_000, CLIENTS),
  unpacked: (bench) => rows.unpackedRow(bench, 100_000, CLIENTS),
  hundred: (bench) => rows.manyClientsRow(bench, 100_000, 100),
  leaf: (bench) => rows.leafRow(bench, 100_000, 10),
  'leaf-1000': (bench) => rows.leafRow({ ...bench, runs: Math.min(3, bench.runs) }, 100_000, 1000),
  latency: (bench) => rows.latencyRow(bench, 300),
  churn: (bench) => rows.churnRow(bench, 500_000, 60),
  growth: (bench) => rows.growthRow(bench, [125_000, 250_000, 500_000, 1_000_000], CLIENTS),
};

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { runs: { type: 'string', default: '5' }, only: { type: 'string' } },
  });
  if (!isRoot) {
    console.log('bench: skipped: network namespaces need root (make bench-quick does without)');
    return 0;
  }
  const only = values.only?.split(',');
  const unknown = (only ?? []).filter((name) => !(name in WORK));
  if (unknown.length > 0) {
    console.error(`bench: saw --only ${unknown}, expected some of ${Object.keys(WORK).join(', ')}`);
    return 2;
  }
  const directory = mkdtempSync(join(tmpdir(), 'evpnd-bench-'));
  const bench: rows.Bench = {
    systems: systems(),
    runs: Number(values.runs),
    fdb: compileFdb(directory),
    directory,
    rows: [],
    points: [],
    pauses: new Map(),
    failures: [],
    log: (text) => console.log(text),
  };
  try {
    for (const [name, work] of Object.entries(WORK)) {
      if (!only || only.includes(name)) await work(bench);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  rows.pauseRow(bench);
  const report = printReport(bench, version());
  if (only) console.log(report.slice(report.indexOf('| Work'), report.indexOf('![')));
  else writeAll(report, bench.points);
  return 0;
}

function systems(): System[] {
  try {
    accessSync('/usr/lib/frr/bgpd');
    return [evpnd, frr];
  } catch {
    console.log('bench: FRR is not installed (interop/setup does it): evpnd alone');
    return [evpnd];
  }
}

function version(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function writeAll(report: string, points: readonly rows.Point[]): void {
  const series = (value: (point: rows.Point) => number) =>
    (
      [
        ['FRR', '#b04a2f'],
        ['evpnd', '#1f6fb4'],
      ] as const
    ).map(([name, colour]) => ({
      name,
      colour,
      points: points
        .filter(({ system }) => system === name)
        .map((point) => [point.routes, value(point)] as const),
    }));
  const title = `Reflecting type-2 routes to ${CLIENTS} clients`;
  const time = plot(
    `${title}: time`,
    'routes',
    'milliseconds',
    series((point) => point.milliseconds),
  );
  const memory = plot(
    `${title}: memory`,
    'routes',
    'peak MB',
    series((point) => point.megabytes),
  );
  writeFileSync(join(docs, 'benchmarks.md'), report);
  writeFileSync(join(docs, 'benchmarks-time.svg'), time);
  writeFileSync(join(docs, 'benchmarks-memory.svg'), memory);
  console.log('wrote docs/benchmarks.md');
}

process.exit(await main());
