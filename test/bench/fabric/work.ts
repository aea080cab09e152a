/**
 * A piece of work, who does it, and what becomes of it: contestants take turns, each attempt ends in figures or fails, and
 * the figures of all attempts make rows of the table.
 */
import type { Row } from './row.ts';
import type { System, SystemName } from './systems/system.ts';

/** A C program stands beside the systems where the kernel's part of the work can be told apart. */
export type ContestantName = SystemName | 'C, 1 message' | 'C, 2 messages';

export interface Contestant<Figures> {
  readonly name: ContestantName;
  perform(): Promise<Figures>;
}

/** All attempts of one contestant. */
export interface Outcome<Figures> {
  readonly figures: Figures[];
  /** Attempts that did not end: they count in no median, but they count. */
  failed: number;
}

export type Outcomes<Figures> = ReadonlyMap<ContestantName, Outcome<Figures>>;

/** A point of a plot: so many routes took so long and so much. */
export interface Point {
  readonly system: ContestantName;
  readonly routes: number;
  readonly milliseconds: number;
  readonly megabytes: number;
}

/** What figures may hold beside what the rows are made of. */
export interface Measured {
  /** The longest pause of evpnd's event loop. */
  readonly pauseMilliseconds?: number | undefined;
}

export interface Work<Figures extends Measured = Measured> {
  /** For --only. */
  readonly name: string;
  readonly title: string;
  /** Attempts of each contestant. */
  readonly runs: number;
  readonly contestants: readonly Contestant<Figures>[];
  rows(outcomes: Outcomes<Figures>): Row[];
  points?(outcomes: Outcomes<Figures>): Point[];
}

/** The systems among `names` that are there, as contestants. */
export function contestants<Figures>(
  systems: readonly System[],
  names: readonly SystemName[],
  perform: (system: System) => Promise<Figures>,
): Contestant<Figures>[] {
  const chosen = systems.filter(({ name }) => names.includes(name));
  return chosen.map((system) => ({ name: system.name, perform: () => perform(system) }));
}

export const thousands = (n: number): string => (n >= 1_000_000 ? `${n / 1_000_000}M` : `${n / 1000}k`);

export const plural = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
