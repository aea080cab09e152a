/** Long work in slices of about 8 ms, so that nothing else on the event loop waits for a large table. */
import type { Clock } from '../base/clock.ts';

export const SLICE_MILLISECONDS = 8;
/** The clock is not asked after each step: that would cost as much as the step. */
const STEPS_BETWEEN_LOOKS = 64;

/**
 * Runs the steps of `work`. Undefined when all were done in the first slice, else a promise that the last of them ends; work that
 * is not wanted any more is left where it is.
 */
export function inSlices(
  work: Iterator<void>,
  clock: Clock,
  isWanted: () => boolean,
): Promise<void> | undefined {
  if (runSlice(work, clock)) return undefined;
  return new Promise((resolve, reject) => {
    const next = (): void => {
      try {
        if (!isWanted() || runSlice(work, clock)) resolve();
        else clock.soon(next);
      } catch (error) {
        reject(error);
      }
    };
    clock.soon(next);
  });
}

/** Returns whether it is done. */
function runSlice(work: Iterator<void>, clock: Clock): boolean {
  const end = clock.now() + SLICE_MILLISECONDS;
  do {
    for (let step = 0; step < STEPS_BETWEEN_LOOKS; step++) if (work.next().done) return true;
  } while (clock.now() < end);
  return false;
}
