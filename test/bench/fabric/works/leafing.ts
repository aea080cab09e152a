/** A leaf's work: remote MACs into the kernel and out of it, beside a C program that writes the same entries. */
import type { FeedShape } from '../feed.ts';
import { packed } from '../feed.ts';
import { leaf, plainC } from '../leaf.ts';
import { atMost, faster, pick, type Row, type Values } from '../row.ts';
import { median } from '../statistics.ts';
import type { System } from '../systems/system.ts';
import {
  type Contestant,
  type ContestantName,
  contestants,
  type Measured,
  type Outcomes,
  thousands,
  type Work,
} from '../work.ts';

interface LeafingFigures extends Measured {
  readonly fillMilliseconds: number;
  readonly flushMilliseconds: number;
  /** The C program has none to speak of. */
  readonly peakMegabytes?: number;
  readonly processorSeconds: number;
}

const section = 'leaf';
/** How far above the C program evpnd may be. */
const TIMES_C = 1.3;

interface Leafing {
  readonly name: string;
  readonly routes: number;
  readonly vnis: number;
  readonly runs: number;
  /** The C program, compiled. */
  readonly fdb: string;
}

export function leafing(systems: readonly System[], setting: Leafing): Work<LeafingFigures> {
  const { name, routes, vnis, runs, fdb } = setting;
  const title = `leaf: ${thousands(routes)} remote MACs into the kernel over ${vnis} VNIs`;
  const feed: FeedShape = packed(routes, { leaves: 10, vnis, withIp: false });
  const c: Contestant<LeafingFigures>[] = [
    { name: 'C, 1 message', perform: () => plainC(routes, vnis, fdb, 1) },
    { name: 'C, 2 messages', perform: () => plainC(routes, vnis, fdb, 2) },
  ];
  return {
    name,
    title,
    runs,
    contestants: [...contestants(systems, ['evpnd', 'FRR'], (system) => leaf(system, feed, fdb)), ...c],
    rows: (outcomes) => [
      {
        section,
        work: title,
        unit: 'ms',
        goal: faster(3),
        values: pick(outcomes, (each) => each.fillMilliseconds),
      },
      {
        ...timesC('… as a multiple of the faster C program', outcomes, (each) => each.fillMilliseconds),
        goal: atMost(TIMES_C, `at most ${TIMES_C}x`),
      },
      {
        section,
        work: '… flush after the session is lost',
        unit: 'ms',
        goal: faster(3),
        values: pick(outcomes, (each) => each.flushMilliseconds),
      },
      timesC('… as a multiple of the faster C program', outcomes, (each) => each.flushMilliseconds),
      {
        section,
        work: '… processor time of both',
        unit: 's',
        values: pick(outcomes, (each) => each.processorSeconds),
      },
      {
        section,
        work: '… peak resident memory',
        unit: 'MB',
        values: withoutC(pick(outcomes, (each) => each.peakMegabytes ?? Number.NaN)),
      },
    ],
  };
}

function timesC(
  work: string,
  outcomes: Outcomes<LeafingFigures>,
  value: (figures: LeafingFigures) => number,
): Row {
  const times = pick(outcomes, value);
  const medians = (['C, 1 message', 'C, 2 messages'] as const).flatMap((name) => {
    const { figures = [] } = times.get(name) ?? {};
    return figures.length > 0 ? [median(figures)] : [];
  });
  const quickest = Math.min(...medians);
  const values = new Map<ContestantName, Values>();
  for (const [name, { figures, failed }] of times) {
    values.set(name, { figures: medians.length > 0 ? figures.map((each) => each / quickest) : [], failed });
  }
  return { section, work, unit: '', values };
}

function withoutC(values: Map<ContestantName, Values>): Map<ContestantName, Values> {
  return new Map([...values].filter(([name]) => !name.startsWith('C,')));
}
