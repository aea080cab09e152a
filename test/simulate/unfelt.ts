/**
 * Restarts that nobody may feel: speakers of a fabric at rest die or stop to come back, alone and several at once, and begin
 * again. Meanwhile nothing is written to any forwarding table.
 */
import type { Logger } from '../../src/base/log.ts';
import type { SimulatedClock } from './clock.ts';
import { Fabric } from './fabric.ts';
import type { Machine } from './machine.ts';
import { Random } from './random.ts';
import { randomSchedule } from './schedule.ts';
import { differences } from './truth.ts';

const RESTARTS = 4;
const START_MILLISECONDS = 5000;
const REST_MILLISECONDS = 90_000;
/** Between the first end and the last of several: whoever ends later has lost sessions by then. */
const LONGEST_STAGGER_MILLISECONDS = 5000;
/** Of several that restart, the last is back, and connected, before the first gives up waiting (select-defer-time). */
const LONGEST_AWAY_MILLISECONDS = 30_000;

/** What was wrong; empty when nothing was felt. */
export async function unfelt(
  seed: number,
  logOf?: (name: string, clock: SimulatedClock) => Logger,
): Promise<string[]> {
  const random = new Random(seed, 7);
  const { shape } = randomSchedule(seed);
  const fabric = new Fabric({ shape, seed, logOf });
  const { clock, world } = fabric;
  fabric.start();
  await clock.runUntil(START_MILLISECONDS);
  world.hosts.forEach((host, index) => {
    host.leaf = index % shape.leaves;
    world.takeAddress(host, Math.floor(index / shape.vnis));
    fabric.speak(host);
  });
  await rest(fabric);
  await moveAll(fabric);
  const before = differences(fabric);
  if (before.length > 0) return ['not at rest to begin with', ...before];
  for (let restart = 1; restart <= RESTARTS; restart++) {
    const chosen = choose(fabric, random);
    const what = `restart ${restart}, of ${chosen.map(({ name }) => name).join(', ')}`;
    const writes = writesTo(fabric);
    const staggered = random.chance(0.5);
    for (const machine of chosen) {
      if (staggered)
        await clock.runUntil(clock.wallTime() + random.below(LONGEST_STAGGER_MILLISECONDS / chosen.length));
      const away = random.pick([1, 500, 5000, random.below(LONGEST_AWAY_MILLISECONDS)]);
      machine.end(random.pick(['crash', 'stop'] as const), true, () => {
        clock.after(away, () => machine.start());
      });
    }
    await clock.runUntil(clock.wallTime() + LONGEST_AWAY_MILLISECONDS);
    await rest(fabric);
    const found = differences(fabric);
    const written = writesTo(fabric) - writes;
    if (written > 0) found.unshift(`${written} writes to forwarding tables`);
    if (found.length > 0) return [what, ...found];
  }
  await moveAll(fabric);
  return differences(fabric).map((line) => `after hosts have moved once more: ${line}`);
}

/** Sequence numbers (RFC 7432 section 15) are other ones than at first, and go on from what restarts have made of them. */
async function moveAll(fabric: Fabric): Promise<void> {
  for (const host of fabric.world.hosts) {
    host.leaf = (host.leaf! + 1) % fabric.shape.leaves;
    fabric.speak(host);
  }
  await rest(fabric);
  for (const leaf of fabric.leaves) fabric.ageOut(leaf);
  await rest(fabric);
}

/** One machine, or each with an even chance. */
function choose({ machines }: Fabric, random: Random): readonly Machine[] {
  if (random.chance(0.5)) return [random.pick(machines)];
  const several = machines.filter(() => random.chance(0.5));
  return several.length > 0 ? several : machines;
}

const rest = ({ clock }: Fabric): Promise<void> => clock.runUntil(clock.wallTime() + REST_MILLISECONDS);

const writesTo = ({ machines }: Fabric): number =>
  machines.reduce((sum, { tables }) => sum + tables.writes, 0);
