/** Lets the contestants of each work take turns, so that all meet the same weather, and keeps what comes of it. */
import type { Progress } from './progress.ts';
import type { Row } from './row.ts';
import type { Contestant, ContestantName, Measured, Outcome, Point, Work } from './work.ts';

export interface Results {
  readonly rows: Row[];
  readonly points: Point[];
  /** Longest pauses of evpnd's event loop in each run, by work. */
  readonly pauses: Map<string, number[]>;
  /** Attempts that did not end, and why. */
  readonly failures: string[];
  readonly attempts: number;
  /** Milliseconds of the same fixed piece of work, before each attempt: how fast the machine was. */
  readonly calibrations: number[];
  readonly seconds: number;
}

/** How often contestants are called in all. */
export const attemptsOf = (works: readonly Work[]): number =>
  works.reduce((sum, { runs, contestants }) => sum + runs * contestants.length, 0);

/** @param calibrate milliseconds of a fixed piece of work */
export async function conduct(
  works: readonly Work[],
  progress: Progress,
  calibrate: () => number,
): Promise<Results> {
  const results = {
    rows: [] as Row[],
    points: [] as Point[],
    pauses: new Map<string, number[]>(),
    failures: [] as string[],
    calibrations: [] as number[],
  };
  for (const work of works) {
    const outcomes = new Map<ContestantName, Outcome<Measured>>();
    for (const { name } of work.contestants) outcomes.set(name, { figures: [], failed: 0 });
    for (let run = 1; run <= work.runs; run++) {
      for (const contestant of work.contestants) {
        results.calibrations.push(calibrate());
        const what = `${work.title}: ${contestant.name}`;
        progress.begin(`${what}, run ${run} of ${work.runs}`);
        const failure = await attempt(contestant, outcomes.get(contestant.name)!);
        if (failure === undefined) {
          progress.end(`${what}: ${print(outcomes.get(contestant.name)!.figures.at(-1)!)}`);
        } else {
          results.failures.push(`${what}, run ${run} of ${work.runs}: ${failure}`);
          progress.end(`FAILED: ${what}: ${failure}`);
        }
      }
    }
    results.rows.push(...work.rows(outcomes));
    results.points.push(...(work.points?.(outcomes) ?? []));
    const pauses = (outcomes.get('evpnd')?.figures ?? []).flatMap((each) => each.pauseMilliseconds ?? []);
    if (pauses.length > 0) results.pauses.set(work.title, pauses);
  }
  return { ...results, attempts: attemptsOf(works), seconds: progress.seconds };
}

/** The message of what went wrong; undefined when nothing did. */
async function attempt(
  contestant: Contestant<Measured>,
  outcome: Outcome<Measured>,
): Promise<string | undefined> {
  try {
    outcome.figures.push(await contestant.perform());
    return undefined;
  } catch (error) {
    outcome.failed++;
    return (error as Error).message;
  }
}

function print(figures: object): string {
  const numbers = Object.entries(figures).filter(([, value]) => typeof value === 'number');
  return numbers.map(([key, value]) => `${key} ${Math.round(value * 100) / 100}`).join(', ');
}
