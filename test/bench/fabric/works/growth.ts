/** How a reflector's time and memory grow with the routes; the points of the plots. */
import { packed } from '../feed.ts';
import { atMost, type Row } from '../row.ts';
import { median } from '../statistics.ts';
import type { System } from '../systems/system.ts';
import { contestants, type Outcomes, type Point, plural, thousands, type Work } from '../work.ts';
import { REFLECTORS, reflectWith } from './reflecting.ts';

interface GrowthFigures {
  /** One for each size. */
  readonly points: readonly Omit<Point, 'system'>[];
  readonly pauseMilliseconds: number | undefined;
}

/** Growth of time and memory with the routes; `sizes` ascend, each twice the one before. */
export function growth(
  systems: readonly System[],
  sizes: readonly number[],
  clients: number,
  runs: number,
): Work<GrowthFigures> {
  const title = `growth: 2x the routes, ${sizes.map(thousands).join(', ')} to ${plural(clients, 'client')}`;
  const perform = async (system: System): Promise<GrowthFigures> => {
    const points: Omit<Point, 'system'>[] = [];
    let pause: number | undefined;
    for (const routes of sizes) {
      const figures = await reflectWith(packed(routes), clients)(system);
      const { announceMilliseconds: milliseconds, peakMegabytes: megabytes, pauseMilliseconds } = figures;
      points.push({ routes, milliseconds, megabytes });
      if (pauseMilliseconds !== undefined) pause = Math.max(pause ?? 0, pauseMilliseconds);
    }
    return { points, pauseMilliseconds: pause };
  };
  const pointsOf = (outcomes: Outcomes<GrowthFigures>): Point[] =>
    [...outcomes].flatMap(([system, { figures }]) =>
      figures.length === 0 ? [] : sizes.map((routes, i) => medianPoint(figures, i, { system, routes })),
    );
  const growthRow = (
    outcomes: Outcomes<GrowthFigures>,
    what: string,
    value: (point: Point) => number,
  ): Row => ({
    section: 'reflector',
    work: `${title}: ${what}`,
    unit: '',
    counted: ' doublings',
    goal: atMost(2.1, 'at most 2.1x'),
    values: new Map(
      [...outcomes].map(([name, { failed }]) => {
        const points = pointsOf(outcomes).filter(({ system }) => system === name);
        const figures = points.slice(1).map((point, i) => value(point) / value(points[i]!));
        return [name, { figures, failed }];
      }),
    ),
  });
  return {
    name: 'growth',
    title,
    runs,
    contestants: contestants(systems, REFLECTORS, perform),
    points: pointsOf,
    rows: (outcomes) => [
      growthRow(outcomes, 'time', ({ milliseconds }) => milliseconds),
      growthRow(outcomes, 'memory', ({ megabytes }) => megabytes),
    ],
  };
}

function medianPoint(
  figures: readonly GrowthFigures[],
  i: number,
  { system, routes }: Pick<Point, 'system' | 'routes'>,
): Point {
  return {
    system,
    routes,
    milliseconds: median(figures.map(({ points }) => points[i]!.milliseconds)),
    megabytes: median(figures.map(({ points }) => points[i]!.megabytes)),
  };
}
