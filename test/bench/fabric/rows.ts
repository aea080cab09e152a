/** The rows of the bench: what is done, what is wanted, and how a row is judged. */

import { churn } from './churn.ts';
import { openFabric } from './fabric.ts';
import type { FeedShape } from './feed.ts';
import { latency, leaf, plainC } from './leaf.ts';
import { type ReflectFigures, reflect } from './reflect.ts';
import type { System } from './systems.ts';

/** One line of the table. Values of every run; the median counts. */
export interface Row {
  readonly work: string;
  readonly goal: string;
  readonly unit: 'ms' | 's' | 'MB' | 'cores' | 'µs' | '';
  readonly frr: readonly number[];
  readonly evpnd: readonly number[];
  /** FRR's median must be at least so many times evpnd's. */
  readonly timesFaster?: number;
  /** evpnd's median must be at most this. */
  readonly atMost?: number;
  readonly note?: string;
}

/** A point of a plot: so many routes took so long and so much. */
export interface Point {
  readonly system: System['name'];
  readonly routes: number;
  readonly milliseconds: number;
  readonly megabytes: number;
}

export interface Bench {
  readonly systems: readonly System[];
  readonly runs: number;
  /** The C program; undefined where it cannot be had. */
  readonly fdb: string | undefined;
  readonly directory: string;
  readonly rows: Row[];
  readonly points: Point[];
  /** Longest pauses of evpnd's event loop, by work. */
  readonly pauses: Map<string, number[]>;
  /** Runs that did not end: they count in no median. */
  readonly failures: string[];
  log(text: string): void;
}

type Figures<T> = Record<System['name'], T[]>;

export const packed = (routes: number, overrides: Partial<FeedShape> = {}): FeedShape => ({
  first: 0,
  routes,
  leaves: Math.max(10, Math.round(routes / 10_000)),
  vnis: 10,
  withIp: true,
  perUpdate: 1000,
  ...overrides,
});

/** Runs the work with each system in turn, so many times. */
async function alternate<T extends object>(
  bench: Bench,
  name: string,
  runs: number,
  work: (system: System) => Promise<T>,
): Promise<Figures<T>> {
  const figures: Figures<T> = { evpnd: [], FRR: [] };
  for (let i = 0; i < runs; i++) {
    for (const system of bench.systems) {
      try {
        const result = await work(system);
        figures[system.name].push(result);
        bench.log(`${name}: ${system.name} ${printFigures(result)}`);
        const { pauseMilliseconds } = result as { pauseMilliseconds?: number };
        if (pauseMilliseconds !== undefined) {
          bench.pauses.set(name, [...(bench.pauses.get(name) ?? []), pauseMilliseconds]);
        }
      } catch (error) {
        const text = `${name}: ${system.name}: ${(error as Error).message}`;
        bench.failures.push(text);
        bench.log(`failed: ${text}`);
      }
    }
  }
  return figures;
}

function printFigures(figures: object): string {
  const parts = Object.entries(figures).map(([key, value]) => {
    return `${key} ${typeof value === 'number' ? Math.round(value * 100) / 100 : value}`;
  });
  return parts.join(', ');
}

const pick = <T>(figures: Figures<T>, value: (each: T) => number) => ({
  frr: figures.FRR.map(value),
  evpnd: figures.evpnd.map(value),
});

function reflectWith(feed: FeedShape, clients: number): (system: System) => Promise<ReflectFigures> {
  return async (system) => {
    const fabric = await openFabric();
    try {
      return await reflect(fabric, system, feed, clients);
    } finally {
      fabric.close();
    }
  };
}

const thousands = (n: number): string => (n >= 1_000_000 ? `${n / 1_000_000}M` : `${n / 1000}k`);

export async function reflectRow(bench: Bench, routes: number, clients: number): Promise<void> {
  const work = `reflect ${thousands(routes)} routes to ${clients} client${clients === 1 ? '' : 's'}`;
  const runs = routes > 500_000 ? Math.min(3, bench.runs) : bench.runs;
  const figures = await alternate(bench, work, runs, reflectWith(packed(routes), clients));
  const large = routes >= 1_000_000;
  bench.rows.push({
    work: `${work}, from a cold process`,
    goal: '3x faster',
    unit: 'ms',
    ...pick(figures, (each) => each.announceMilliseconds),
    timesFaster: 3,
  });
  bench.rows.push({
    work: '… the same once more, warm',
    goal: '',
    unit: 'ms',
    ...pick(figures, (each) => each.againMilliseconds),
  });
  bench.rows.push({
    work: '… processor time of the first announcement',
    goal: '',
    unit: 's',
    ...pick(figures, (each) => each.processorSeconds),
  });
  bench.rows.push({
    work: '… peak resident memory',
    goal: large ? 'at most 250 MB' : '',
    unit: 'MB',
    ...pick(figures, (each) => each.peakMegabytes),
    ...(large ? { atMost: 250 } : {}),
  });
  bench.rows.push({
    work: '… withdraw them all',
    goal: '2x faster',
    unit: 'ms',
    ...pick(figures, (each) => each.withdrawMilliseconds),
    timesFaster: 2,
  });
  bench.rows.push({
    work: '… the session of the source dies',
    goal: '2x faster',
    unit: 'ms',
    ...pick(figures, (each) => each.deathMilliseconds),
    timesFaster: 2,
  });
}

export async function unpackedRow(bench: Bench, routes: number, clients: number): Promise<void> {
  const work = `reflect ${thousands(routes)} routes to ${clients} clients, one route per UPDATE`;
  const feed = packed(routes, { perUpdate: 1 });
  const figures = await alternate(bench, work, bench.runs, reflectWith(feed, clients));
  const common = { goal: '2x faster', unit: 'ms' as const, timesFaster: 2 };
  bench.rows.push({ work, ...common, ...pick(figures, (each) => each.announceMilliseconds) });
  bench.rows.push({
    work: '… processor time',
    goal: '',
    unit: 's',
    ...pick(figures, (each) => each.processorSeconds),
  });
}

export async function manyClientsRow(bench: Bench, routes: number, clients: number): Promise<void> {
  const work = `reflect ${thousands(routes)} routes to ${clients} clients`;
  const figures = await alternate(bench, work, 1, reflectWith(packed(routes), clients));
  const note = 'each client complete';
  bench.rows.push({
    work,
    goal: 'done',
    unit: 'ms',
    ...pick(figures, (each) => each.announceMilliseconds),
    note,
  });
  bench.rows.push({
    work: '… peak resident memory',
    goal: 'printed',
    unit: 'MB',
    ...pick(figures, (each) => each.peakMegabytes),
  });
}

/** Growth of time and memory with the routes; `sizes` ascend, each twice the one before. */
export async function growthRow(bench: Bench, sizes: readonly number[], clients: number): Promise<void> {
  const of: Record<System['name'], Point[]> = { evpnd: [], FRR: [] };
  for (const routes of sizes) {
    const figures = await alternate(
      bench,
      `${thousands(routes)} routes`,
      1,
      reflectWith(packed(routes), clients),
    );
    for (const system of bench.systems) {
      const [one] = figures[system.name];
      if (!one) continue;
      const { announceMilliseconds: milliseconds, peakMegabytes: megabytes } = one;
      of[system.name].push({ system: system.name, routes, milliseconds, megabytes });
    }
  }
  bench.points.push(...of.evpnd, ...of.FRR);
  const growth = (points: readonly Point[], value: (point: Point) => number): number[] =>
    points.slice(1).map((point, i) => value(point) / value(points[i]!));
  for (const [name, value] of [
    ['time', (point: Point) => point.milliseconds],
    ['memory', (point: Point) => point.megabytes],
  ] as const) {
    bench.rows.push({
      work: `growth: 2x the routes, ${sizes.map(thousands).join(', ')} to ${clients} clients: ${name}`,
      goal: 'at most 2.1x',
      unit: '',
      frr: growth(of.FRR, value),
      evpnd: growth(of.evpnd, value),
      atMost: 2.1,
    });
  }
}

export async function leafRow(bench: Bench, routes: number, vnis: number): Promise<void> {
  const { fdb } = bench;
  if (fdb === undefined) {
    bench.log('leaf: no C compiler, left out');
    return;
  }
  const work = `leaf: ${thousands(routes)} remote MACs into the kernel over ${vnis} VNIs`;
  const feed = packed(routes, { leaves: 10, vnis, withIp: false });
  const plain: { fillMilliseconds: number; flushMilliseconds: number }[] = [];
  const figures = await alternate(bench, work, bench.runs, async (system) => {
    if (system.name === 'evpnd') plain.push(await plainC(routes, vnis, fdb));
    return leaf(system, feed, fdb);
  });
  const { evpnd, frr } = pick(figures, (each) => each.fillMilliseconds);
  bench.rows.push({ work, goal: '3x faster', unit: 'ms', frr, evpnd, timesFaster: 3 });
  const writes = plain.map((each) => each.fillMilliseconds);
  bench.rows.push({
    work: '… against a C program that writes the same entries',
    goal: 'at most 1.3x',
    unit: '',
    frr: frr.map((value) => value / median(writes)),
    evpnd: evpnd.map((value) => value / median(writes)),
    atMost: 1.3,
    note: `C: ${Math.round(median(writes))} ms`,
  });
  bench.rows.push({
    work: '… peak resident memory',
    goal: '',
    unit: 'MB',
    ...pick(figures, (each) => each.peakMegabytes),
  });
  bench.rows.push({
    work: '… flush after the session is lost',
    goal: '3x faster',
    unit: 'ms',
    ...pick(figures, (each) => each.flushMilliseconds),
    timesFaster: 3,
    note: `C: ${Math.round(median(plain.map((each) => each.flushMilliseconds)))} ms`,
  });
}

export async function latencyRow(bench: Bench, samples: number): Promise<void> {
  const { fdb, directory } = bench;
  if (fdb === undefined) return;
  const times: Record<System['name'], number[]> = { evpnd: [], FRR: [] };
  for (const system of bench.systems) {
    try {
      times[system.name] = await latency(system, samples, fdb, directory);
      bench.log(`latency: ${system.name} p50 ${quantile(times[system.name], 0.5)} µs`);
    } catch (error) {
      bench.failures.push(`latency: ${system.name}: ${(error as Error).message}`);
    }
  }
  for (const [name, share, limit] of [
    ['p50', 0.5, 2000],
    ['p99', 0.99, 5000],
  ] as const) {
    bench.rows.push({
      work: `a local MAC to the FDB entry on the other leaf, through a reflector, ${samples} samples: ${name}`,
      goal: `under ${limit / 1000} ms`,
      unit: 'µs',
      frr: times.FRR.length > 0 ? [quantile(times.FRR, share)] : [],
      evpnd: times.evpnd.length > 0 ? [quantile(times.evpnd, share)] : [],
      atMost: limit,
    });
  }
}

export async function churnRow(bench: Bench, standing: number, seconds: number): Promise<void> {
  const perSecond = 5000;
  const work = `churn: ${thousands(perSecond)} routes/s announced and withdrawn for ${seconds} s over ${thousands(standing)} routes`;
  const figures = await alternate(bench, work, 1, async (system) => {
    const fabric = await openFabric();
    try {
      return await churn(fabric, system, packed(standing), perSecond, seconds);
    } finally {
      fabric.close();
    }
  });
  bench.rows.push({
    work: `${work}: processor`,
    goal: 'under half a core',
    unit: 'cores',
    ...pick(figures, (each) => each.cores),
    atMost: 0.5,
  });
  bench.rows.push({
    work: '… growth of resident memory',
    goal: 'none',
    unit: 'MB',
    ...pick(figures, (each) => each.megabytesAfter - each.megabytesBefore),
    // What a garbage collector leaves lying between two of its rounds is not growth.
    atMost: 8,
  });
  bench.rows.push({
    work: '… sessions lost',
    goal: 'none',
    unit: '',
    ...pick(figures, (each) => each.sessionsLost),
    atMost: 0,
  });
}

/** The longest pause in any of the rows before. */
export function pauseRow(bench: Bench): void {
  let worst = '';
  let longest = 0;
  for (const [work, values] of bench.pauses) {
    if (median(values) <= longest) continue;
    longest = median(values);
    worst = work;
  }
  bench.rows.push({
    work: 'longest pause of the event loop in any of these, hold time 3 s kept',
    goal: 'under 30 ms',
    unit: 'ms',
    frr: [],
    evpnd: longest > 0 ? [longest] : [],
    atMost: 30,
    note: worst,
  });
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);
