/** Whether the machine was quiet: what others used of it before the bench began, and how even it was from then on. */
import { cpus, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from './statistics.ts';

export interface Weather {
  /** The load average of the minute before. */
  readonly load: number;
  /** Cores in use while we did nothing. */
  readonly coresInUse: number;
}

const OBSERVED_SECONDS = 3;
/** Beyond these it was not quiet. */
const QUIET_CORES = 0.2;
const QUIET_SLOWDOWN = 1.25;

export async function observeWeather(): Promise<Weather> {
  const load = loadavg()[0]!;
  const [began, before] = [performance.now(), busyMilliseconds()];
  await sleep(OBSERVED_SECONDS * 1000);
  return { load, coresInUse: (busyMilliseconds() - before) / (performance.now() - began) };
}

function busyMilliseconds(): number {
  const busy = cpus().map(({ times }) => times.user + times.nice + times.sys + times.irq);
  return busy.reduce((sum, each) => sum + each, 0);
}

/** @param calibrations milliseconds of a fixed piece of work, done now and then all the time */
export function isQuiet({ coresInUse }: Weather, calibrations: readonly number[]): boolean {
  return coresInUse < QUIET_CORES && quantile(calibrations, 0.9) < QUIET_SLOWDOWN * Math.min(...calibrations);
}
