/** Plays a schedule, heals everything, lets the fabric come to rest, and says how it then differs from the truth. */
import type { Logger } from '../../src/base/log.ts';
import type { SimulatedClock } from './clock.ts';
import { perform } from './events.ts';
import { Fabric } from './fabric.ts';
import type { Schedule } from './schedule.ts';
import { differences, macDifferences } from './truth.ts';

export interface Outcome {
  /** Empty when all is as it should be. */
  readonly differences: readonly string[];
  readonly simulatedMilliseconds: number;
  /** Actions of the clock: a measure of work that does not depend on the machine. */
  readonly actions: number;
}

/** Sessions are up again by then: hold time, the longest back-off, and one refused attempt more. */
const LONGEST_RECOVERY_MILLISECONDS = 400_000;
/** Nothing happens for so long: a repair has been tried again, and the audit has read everything. */
const RETRY_MILLISECONDS = 65_000;
const SHORT_QUIET_MILLISECONDS = 3000;
const STEP_MILLISECONDS = 1000;
const START_MILLISECONDS = 5000;

export async function simulate(
  schedule: Schedule,
  logOf?: (name: string, clock: SimulatedClock) => Logger,
): Promise<Outcome> {
  const { shape, seed, events } = schedule;
  const fabric = new Fabric({ shape, seed, logOf });
  const { clock } = fabric;
  const outcome = (found: readonly string[]): Outcome => {
    return { differences: found, simulatedMilliseconds: clock.wallTime(), actions: clock.actions };
  };
  try {
    fabric.start();
    await clock.runUntil(START_MILLISECONDS);
    let healed = START_MILLISECONDS;
    for (const event of events) {
      const at = START_MILLISECONDS + event.at;
      await clock.runUntil(at);
      perform(fabric, event);
      healed = Math.max(healed, at + ('for' in event ? event.for : 0));
    }
    await clock.runUntil(healed + 1);
    return outcome(await comeToRest(fabric));
  } catch (error) {
    return outcome([`threw: ${error instanceof Error ? error.stack : String(error)}`]);
  }
}

async function comeToRest(fabric: Fabric): Promise<string[]> {
  const { clock, world, leaves } = fabric;
  if (!(await until(fabric, () => isConnected(fabric), 0))) {
    return ['sessions do not come up again', ...differences(fabric)];
  }
  // Retries of refused writes and the audit may have the longest delay before them.
  await clock.runUntil(clock.wallTime() + RETRY_MILLISECONDS + fabric.shape.auditSeconds * 1000);
  // Leaves that learned a host at the same time may have agreed on the wrong one: it speaks again.
  for (let round = 0; round < 2; round++) {
    for (const host of world.hosts) fabric.speak(host);
    if (!(await quiet(fabric))) return ['never comes to rest', ...differences(fabric)];
  }
  const early = macDifferences(fabric);
  for (const leaf of leaves) fabric.ageOut(leaf);
  if (!(await quiet(fabric))) return ['never comes to rest', ...differences(fabric)];
  for (const host of world.hosts) fabric.speak(host);
  if (!(await quiet(fabric))) return ['never comes to rest', ...differences(fabric)];
  return [...early, ...differences(fabric)];
}

function isConnected(fabric: Fabric): boolean {
  const { leaves, reflectors } = fabric.shape;
  const expected = 2 * leaves * reflectors + reflectors * (reflectors - 1);
  return establishedEnds(fabric) === expected;
}

function establishedEnds({ machines }: Fabric): number {
  let ends = 0;
  for (const { speaker } of machines) {
    for (const { isEstablished } of speaker?.neighbours.all ?? []) if (isEstablished) ends++;
  }
  return ends;
}

const quiet = (fabric: Fabric): Promise<boolean> => until(fabric, () => true, SHORT_QUIET_MILLISECONDS);

/** Runs until `condition` holds and nothing has changed for so long; false when that takes too long. */
async function until(fabric: Fabric, condition: () => boolean, quietMilliseconds: number): Promise<boolean> {
  const { clock } = fabric;
  const end = clock.wallTime() + LONGEST_RECOVERY_MILLISECONDS;
  let since = clock.wallTime();
  let before = changes(fabric);
  while (clock.wallTime() < end) {
    await clock.runUntil(clock.wallTime() + STEP_MILLISECONDS);
    const now = changes(fabric);
    if (now !== before) since = clock.wallTime();
    before = now;
    if (clock.wallTime() - since >= quietMilliseconds && condition()) return true;
  }
  return false;
}

/** A number that is another one whenever a table has changed. */
function changes({ machines }: Fabric): number {
  let sum = 0;
  for (const { speaker, tables } of machines) sum += tables.writes + (speaker?.rib.version ?? 0);
  return sum;
}
