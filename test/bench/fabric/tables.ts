/** Rows as tables in Markdown: one of medians for each section, and one with the spread and the number of runs. */
import { type Goal, isReached, medianOf, type Row, ratioOf, type Section, type Values } from './row.ts';
import type { ContestantName } from './work.ts';

interface SectionTable {
  readonly name: Section;
  readonly title: string;
  readonly columns: readonly ContestantName[];
}

const SYSTEMS: readonly ContestantName[] = ['FRR', 'BIRD', 'GoBGP', 'evpnd'];
const C_PROGRAMS: readonly ContestantName[] = ['C, 2 messages', 'C, 1 message'];

export const SECTIONS: readonly SectionTable[] = [
  { name: 'reflector', title: 'As a route reflector', columns: SYSTEMS },
  { name: 'leaf', title: 'As a leaf', columns: ['FRR', ...C_PROGRAMS, 'evpnd'] },
  { name: 'evpnd', title: 'In all of it', columns: ['evpnd'] },
];
const ALL_COLUMNS: readonly ContestantName[] = ['FRR', 'BIRD', 'GoBGP', ...C_PROGRAMS, 'evpnd'];

/** Nothing when there is no row for it. */
export function printTable({ name, title, columns }: SectionTable, rows: readonly Row[]): string {
  const own = rows.filter(({ section }) => section === name);
  if (own.length === 0) return '';
  const isCompared = columns.includes('FRR');
  const head = ['Work', 'Goal', ...columns, ...(isCompared ? ['FRR : evpnd'] : []), 'Reached'];
  const lines = own.map((row) => {
    const ratio = ratioOf(row);
    const reached = isReached(row);
    return [
      row.work,
      printGoal(row.goal),
      ...columns.map((column) => printMedian(row, column)),
      ...(isCompared ? [ratio === undefined ? '' : round(ratio)] : []),
      reached === undefined ? '' : reached ? 'yes' : '**no**',
    ];
  });
  return `### ${title}\n\n${markdown(head, lines)}\n`;
}

/** How often each value was measured, and how far the values lie apart. */
export function printSpread(rows: readonly Row[]): string {
  const columns = ALL_COLUMNS.filter((column) => rows.some(({ values }) => values.has(column)));
  const lines = rows.map((row) => [row.work, ...columns.map((column) => printRuns(row, column))]);
  return markdown(['Work', ...columns], lines);
}

function printGoal(goal: Goal | undefined): string {
  switch (goal?.type) {
    case undefined:
      return '';
    case 'done':
      return 'done';
    case 'faster':
      return `${goal.times}x faster`;
    case 'at-most':
      return goal.text;
  }
}

function printMedian(row: Row, column: ContestantName): string {
  const { figures, failed } = row.values.get(column) ?? NONE;
  const value = medianOf(row, column);
  if (value === undefined) return failed > 0 ? `failed (0 of ${failed})` : '–';
  const runs = row.counted ? `${failed} failed` : `${figures.length} of ${figures.length + failed}`;
  const ended = failed > 0 ? ` (${runs})` : '';
  return `${printValue(value, row.unit)}${ended}`;
}

function printRuns({ values, unit, counted = '' }: Row, column: ContestantName): string {
  const { figures, failed } = values.get(column) ?? NONE;
  if (figures.length + failed === 0) return '–';
  const runs = `${figures.length}${counted}${failed > 0 ? `, ${failed} failed` : ''}`;
  if (figures.length < 2) return runs;
  return `${runs}: ${round(Math.min(...figures))}–${printValue(Math.max(...figures), unit)}`;
}

const NONE: Values = { figures: [], failed: 0 };

const printValue = (value: number, unit: Row['unit']): string =>
  `${round(value)}${unit === '' ? '' : ` ${unit}`}`;

const markdown = (head: readonly string[], lines: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |\n`).join('');

export function round(value: number): string {
  if (!Number.isFinite(value)) return 'never';
  const digits = Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  return String(Number(value.toFixed(digits)));
}
