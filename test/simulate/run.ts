/**
 * `make simulate`: schedules of faults by the thousand, or with `--routes` one large fabric. A schedule that fails is
 * shortened, printed, and can be saved as a replay (`--save file`), which the tests play from then on. With `--restarts` speakers
 * restart, and nobody may feel it.
 */
import { parseArgs } from 'node:util';
import { consoleLog } from './console-log.ts';
import { convergence, type Scale } from './convergence.ts';
import { printReplay, readReplay, writeReplay } from './replay.ts';
import { randomSchedule, type Schedule } from './schedule.ts';
import { shrink } from './shrink.ts';
import { simulate } from './simulate.ts';
import { unfelt } from './unfelt.ts';

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    leaves: { type: 'string' },
    replay: { type: 'string' },
    restarts: { type: 'boolean', default: false },
    save: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    routes: { type: 'string' },
    vnis: { type: 'string', default: '10' },
    'vnis-per-leaf': { type: 'string' },
    reflectors: { type: 'string', default: '2' },
  },
});

/** Failures that are shortened and printed; of others, only the seed is told. */
const MOST_TOLD = 10;

const leaves = values.leaves === undefined ? undefined : Number(values.leaves);

if (values.routes !== undefined) await runScale();
else if (values.replay !== undefined) await runReplay(values.replay);
else if (values.restarts) await runRestarts(Number(values.seed), Number(values.schedules));
else await runSchedules(Number(values.seed), Number(values.schedules));

async function runScale(): Promise<void> {
  const scale: Scale = {
    leaves: leaves ?? 100,
    reflectors: Number(values.reflectors),
    vnis: Number(values.vnis),
    vnisPerLeaf: Number(values['vnis-per-leaf'] ?? values.vnis),
    routes: Number(values.routes),
  };
  for await (const line of convergence(scale)) console.log(line);
}

async function runReplay(file: string): Promise<void> {
  const { differences } = await simulate(readReplay(file), values.verbose ? consoleLog : undefined);
  for (const line of differences) console.log(line);
  console.log(differences.length === 0 ? 'at rest, everything is as it should be' : 'at rest, this differs');
  if (differences.length > 0) process.exitCode = 1;
}

async function runSchedules(from: number, schedules: number): Promise<void> {
  const began = performance.now();
  let [failed, events, actions, simulated] = [0, 0, 0, 0];
  for (let seed = from; seed < from + schedules; seed++) {
    const schedule = randomSchedule(seed, { leaves });
    const outcome = await simulate(schedule, values.verbose ? consoleLog : undefined);
    events += schedule.events.length;
    actions += outcome.actions;
    simulated += outcome.simulatedMilliseconds;
    if (outcome.differences.length > 0) {
      failed++;
      if (failed <= MOST_TOLD) await tellFailure(schedule);
      else console.log(`seed ${seed} fails, too`);
    }
    if ((seed - from + 1) % 1000 === 0) console.log(`${seed - from + 1} schedules, ${failed} failed`);
  }
  const seconds = (performance.now() - began) / 1000;
  const hours = (simulated / 3_600_000).toFixed(0);
  console.log(
    `${schedules} schedules of seeds ${from} to ${from + schedules - 1}, ${events} events, ${hours} h of simulated time, ` +
      `${actions} clock actions in ${seconds.toFixed(0)} s: ${failed} failed`,
  );
  if (failed > 0) process.exitCode = 1;
}

async function runRestarts(from: number, fabrics: number): Promise<void> {
  let failed = 0;
  for (let seed = from; seed < from + fabrics; seed++) {
    const differences = await unfelt(seed, values.verbose ? consoleLog : undefined);
    if (differences.length === 0) continue;
    failed++;
    console.log(`seed ${seed}: ${differences.join('\n  ')}`);
  }
  console.log(
    `${fabrics} fabrics of seeds ${from} to ${from + fabrics - 1}, whose speakers restart: ${failed} felt it`,
  );
  if (failed > 0) process.exitCode = 1;
}

async function tellFailure(schedule: Schedule): Promise<void> {
  console.log(`\nseed ${schedule.seed} fails; the shortest schedule that still does:`);
  const least = await shrink(
    schedule,
    async (candidate) => (await simulate(candidate)).differences.length > 0,
  );
  const { differences } = await simulate(least);
  console.log(printReplay({ law: '', ...least }));
  for (const line of differences) console.log(line);
  if (values.save === undefined) return;
  writeReplay(values.save, { law: `Seed ${schedule.seed}`, ...least });
  console.log(`saved as ${values.save}`);
}
