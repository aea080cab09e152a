/** A line of the table: what was done, what was wanted, the values of every run, and whether that is what was wanted. */
import { median } from './statistics.ts';
import type { ContestantName, Outcomes } from './work.ts';

/** Its table. */
export type Section = 'reflector' | 'leaf' | 'evpnd';

export type Unit = 'ms' | 's' | 'MB' | 'cores' | 'µs' | '';

export type Goal =
  /** FRR's median is at least so many times evpnd's. */
  | { readonly type: 'faster'; readonly times: number }
  /** evpnd's median is at most this. */
  | { readonly type: 'at-most'; readonly limit: number; readonly text: string }
  /** Every run of evpnd ended. */
  | { readonly type: 'done' };

export interface Values {
  readonly figures: readonly number[];
  readonly failed: number;
}

export interface Row {
  readonly section: Section;
  readonly work: string;
  readonly unit: Unit;
  readonly goal?: Goal;
  readonly values: ReadonlyMap<ContestantName, Values>;
  /** What the values are, where not one of each run: follows their number. */
  readonly counted?: string;
}

export const faster = (times: number): Goal => ({ type: 'faster', times });
export const atMost = (limit: number, text: string): Goal => ({ type: 'at-most', limit, text });

/** One value of the figures of each attempt. */
export function pick<Figures>(
  outcomes: Outcomes<Figures>,
  value: (figures: Figures) => number,
): Map<ContestantName, Values> {
  const picked = new Map<ContestantName, Values>();
  for (const [name, { figures, failed }] of outcomes) {
    picked.set(name, { figures: figures.map(value), failed });
  }
  return picked;
}

/** Undefined where nobody was measured. */
export function medianOf(row: Row, name: ContestantName): number | undefined {
  const { figures } = row.values.get(name) ?? { figures: [] };
  return figures.length === 0 ? undefined : median(figures);
}

/** How many times evpnd's median is FRR's; undefined where that says nothing. */
export function ratioOf(row: Row): number | undefined {
  const [frr, evpnd] = [medianOf(row, 'FRR'), medianOf(row, 'evpnd')];
  return row.unit === '' || !frr || !evpnd ? undefined : frr / evpnd;
}

/** Whether the goal is reached; undefined when there is none, or nothing to judge by. */
export function isReached(row: Row): boolean | undefined {
  const { goal, values } = row;
  const evpnd = medianOf(row, 'evpnd');
  if (goal?.type === 'done') return values.get('evpnd')?.failed === 0 && evpnd !== Infinity;
  if (goal === undefined || evpnd === undefined) return undefined;
  if (evpnd === Infinity) return false;
  if (goal.type === 'at-most') return evpnd <= goal.limit;
  const frr = medianOf(row, 'FRR');
  return frr === undefined ? undefined : frr >= goal.times * evpnd;
}
