/** Waiting for something to become true, with the last thing seen in the error when it does not. */
import { setTimeout as sleep } from 'node:timers/promises';

export class ExpectationError extends Error {
  override readonly name = 'ExpectationError';
}

/** Throws with `what` unless `condition`. */
export function expect(what: string, condition: unknown, seen?: unknown): asserts condition {
  if (!condition) throw new ExpectationError(seen === undefined ? what : `${what}; saw ${show(seen)}`);
}

/**
 * Polls `probe` until it returns a truthy value, and resolves to that. Errors of the probe count as "not yet".
 * @throws ExpectationError naming `what`, the time waited, and the last value or error.
 */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T> | T,
  { seconds = 15, everyMilliseconds = 100 }: { seconds?: number; everyMilliseconds?: number } = {},
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  let last: unknown;
  do {
    try {
      const value = await probe();
      if (value) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    await sleep(everyMilliseconds);
  } while (Date.now() < deadline);
  throw new ExpectationError(`${what}: not within ${seconds} s; last saw ${show(last)}`);
}

/** Asserts that `probe` stays truthy for a while: for what must not happen. */
export async function throughout(what: string, seconds: number, probe: () => Promise<unknown> | unknown) {
  const end = Date.now() + seconds * 1000;
  do {
    expect(what, await probe());
    await sleep(100);
  } while (Date.now() < end);
}

function show(value: unknown): string {
  if (value instanceof Error) return value.message.slice(0, 2000);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return (text ?? 'undefined').slice(0, 2000);
}
