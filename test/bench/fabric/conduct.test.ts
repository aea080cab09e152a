/** How the bench conducts runs: in turn, with failures counted where they can be seen, and goals judged by medians. */
import t from 'tap';
import { conduct } from './conduct.ts';
import { Progress } from './progress.ts';
import { printReport, printTables } from './report.ts';
import { faster, isReached, pick, type Row } from './row.ts';
import { median, quantile } from './statistics.ts';
import type { ContestantName, Measured, Work } from './work.ts';

interface Took extends Measured {
  readonly milliseconds: number;
}

/** Figures of each run; an error's text stands for a run that fails. */
function workOf(script: Readonly<Partial<Record<ContestantName, readonly (number | string)[]>>>): {
  readonly work: Work<Took>;
  readonly order: string[];
} {
  const order: string[] = [];
  const contestants = Object.entries(script).map(([name, runs]) => {
    const left = [...runs];
    return {
      name: name as ContestantName,
      perform: async (): Promise<Took> => {
        order.push(name);
        const next = left.shift()!;
        if (typeof next === 'string') throw new Error(next);
        return { milliseconds: next };
      },
    };
  });
  const runs = Object.values(script)[0]!.length;
  const rows: Work<Took>['rows'] = (outcomes) => [
    {
      section: 'reflector',
      work: 'carry water',
      unit: 'ms',
      goal: faster(3),
      values: pick(outcomes, ({ milliseconds }) => milliseconds),
    },
  ];
  return { work: { name: 'water', title: 'carry water', runs, contestants, rows }, order };
}

const log = (isTTY: boolean) => {
  const written: string[] = [];
  return { isTTY, columns: 40, written, write: (text: string) => written.push(text) > 0 };
};

t.test('contestants take turns, and one that fails goes on with its next run', async (t) => {
  const { work, order } = workOf({ FRR: [30, 'bgpd ended by SIGSEGV', 36], evpnd: [9, 10, 11] });
  const out = log(false);
  let speed = 100;
  const results = await conduct([work], new Progress(6, out, () => 65_000), () => speed++);
  t.strictSame(order, ['FRR', 'evpnd', 'FRR', 'evpnd', 'FRR', 'evpnd']);
  t.equal(results.attempts, 6);
  t.strictSame(results.calibrations, [100, 101, 102, 103, 104, 105], 'the machine is timed before each');
  t.strictSame(results.failures, ['carry water: FRR, run 2 of 3: bgpd ended by SIGSEGV']);
  const [row] = results.rows;
  t.strictSame(row!.values.get('FRR'), { figures: [30, 36], failed: 1 });
  t.equal(isReached(row!), true, '33 ms is more than three times 10 ms');
  t.equal(out.written[2], '[3/6 0:00] FAILED: carry water: FRR: bgpd ended by SIGSEGV\n');
});

t.test('the report counts failed runs: beside the median, in the spread, and with the reason', async (t) => {
  const { work } = workOf({
    FRR: [30, 'gone', 36],
    BIRD: ['a', 'b', 'c'],
    evpnd: [9, 10, 11],
  });
  const text = printTables(await conduct([work], new Progress(9, log(false), () => 0), () => 1));
  t.match(text, '| carry water | 3x faster | 33 ms (2 of 3) | failed (0 of 3) | – | 10 ms | 3.3 | yes |');
  t.match(text, '| carry water | 2, 1 failed: 30–36 ms | 0, 3 failed | 3: 9–11 ms |');
  t.match(text, '- carry water: FRR, run 2 of 3: gone\n');
  t.match(text, '- carry water: BIRD, run 3 of 3: c\n');
});

t.test(
  'the report says whether the machine was quiet: nobody else at the start, and an even speed',
  async (t) => {
    const reportOf = async (coresInUse: number, speeds: readonly number[]): Promise<string> => {
      const { work } = workOf({ FRR: [30, 30, 30, 30, 30], evpnd: [9, 10, 11, 10, 10] });
      const left = [...speeds];
      const results = await conduct([work], new Progress(10, log(false), () => 0), () => left.shift()!);
      return printReport(results, { systems: [], runs: 5, weather: { load: 3, coresInUse } });
    };
    const even = [100, 101, 102, 103, 104, 105, 106, 107, 108, 109];
    const uneven = [100, 101, 102, 103, 104, 105, 106, 107, 190, 200];
    t.match(await reportOf(0.1, even), /The machine was\s+quiet\*\*/);
    t.match(await reportOf(0.1, even), '10 runs in 0 minutes, 0 of which failed: 5 runs of each system');
    t.match(
      await reportOf(0.3, even),
      /The machine was\s+not quiet: only ratios count\*\*: before the start others used 0.3 cores/,
    );
    t.match(await reportOf(0.1, uneven), /The machine was\s+not quiet/);
  },
);

t.test('a goal is judged by medians, and not where there is nothing to judge by', (t) => {
  const row = (goal: Row['goal'], frr: number[], evpnd: number[], failed = 0): Row => ({
    section: 'reflector',
    work: '',
    unit: 'ms',
    ...(goal ? { goal } : {}),
    values: new Map([
      ['FRR', { figures: frr, failed: 0 }],
      ['evpnd', { figures: evpnd, failed }],
    ]),
  });
  t.equal(isReached(row(faster(2), [10, 20, 90], [10, 10, 50])), true);
  t.equal(isReached(row(faster(2), [19], [10])), false);
  t.equal(isReached(row(faster(2), [], [10])), undefined, 'FRR is not there');
  t.equal(isReached(row(faster(2), [Infinity], [10])), true, 'FRR never ended');
  t.equal(isReached(row(faster(2), [Infinity], [Infinity])), false, 'evpnd never ended');
  t.equal(isReached(row({ type: 'at-most', limit: 250, text: '' }, [], [250])), true);
  t.equal(isReached(row({ type: 'at-most', limit: 250, text: '' }, [], [251])), false);
  t.equal(isReached(row({ type: 'done' }, [], [5])), true);
  t.equal(isReached(row({ type: 'done' }, [], [Infinity])), false, 'not every client was complete');
  t.equal(isReached(row({ type: 'done' }, [], [], 1)), false, 'the run failed');
  t.equal(isReached(row(undefined, [1], [1])), undefined);
  t.end();
});

t.test('a terminal shows what runs now, in one line that its result replaces', (t) => {
  const out = log(true);
  let now = 0;
  const progress = new Progress(2, out, () => now);
  progress.begin('a work with a title that is longer than the terminal is wide');
  t.equal(out.written[0], '[1/2 0:00] a work with a title that is ');
  now = 125_000;
  progress.end('done');
  t.equal(out.written[1], '\r\x1b[K[1/2 2:05] done\n');
  t.end();
});

t.test('quantiles and medians', (t) => {
  t.equal(median([3, 1, 2]), 2);
  t.equal(median([4, 1, 2, 3]), 2.5);
  t.equal(median([1, Infinity, Infinity]), Infinity);
  t.ok(Number.isNaN(median([])));
  t.equal(quantile([5, 1, 4, 2, 3], 0.9), 5);
  t.end();
});
