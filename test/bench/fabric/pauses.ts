/** The row about the longest pause of evpnd's event loop in any work. */
import { atMost, type Row } from './row.ts';
import { median } from './statistics.ts';

const LIMIT_MILLISECONDS = 30;

/** @param pauses of each run, by work */
export function pauseRow(pauses: ReadonlyMap<string, readonly number[]>): Row {
  const longest = [...pauses].sort(([, a], [, b]) => median(b) - median(a))[0];
  return {
    section: 'evpnd',
    work: `longest pause of the event loop in any of these, hold time 3 s kept${longest ? ` (${longest[0]})` : ''}`,
    unit: 'ms',
    goal: atMost(LIMIT_MILLISECONDS, `under ${LIMIT_MILLISECONDS} ms`),
    values: new Map([['evpnd', { figures: longest?.[1] ?? [], failed: 0 }]]),
  };
}
