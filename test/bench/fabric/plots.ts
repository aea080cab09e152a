/** The plots of docs/benchmarks.md: time and memory against routes, a line for each system. */
import { plot } from './plot.ts';
import type { SystemName } from './systems/system.ts';
import type { Point } from './work.ts';

/** Dark enough to be read on white. */
const COLOURS: readonly (readonly [SystemName, string])[] = [
  ['FRR', '#b04a2f'],
  ['BIRD', '#8a6d00'],
  ['evpnd', '#1f4fb4'],
];

const WHAT = {
  time: { label: 'milliseconds', value: (point: Point) => point.milliseconds },
  memory: { label: 'peak MB', value: (point: Point) => point.megabytes },
};

export function plotOf(what: keyof typeof WHAT, points: readonly Point[], clients: number): string {
  const { label, value } = WHAT[what];
  const series = COLOURS.map(([name, colour]) => ({
    name,
    colour,
    points: points
      .filter(({ system }) => system === name)
      .map((point) => [point.routes, value(point)] as const),
  }));
  return plot(`Reflecting type-2 routes to ${clients} clients: ${what}`, 'routes', label, series);
}
