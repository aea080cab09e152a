/**
 * The loop: case after case of a seed, until the time is up or a case fails.
 */
import { corpus } from './corpus.ts';
import { judge } from './judge.ts';
import { mutate } from './mutate.ts';
import { SeededRandom } from './random.ts';

export interface FuzzOptions {
  readonly seed: number;
  readonly seconds: number;
  /** The first case: a run goes on where another one with the same seed ended. */
  readonly from: number;
  /** Called about once a second with the number of the next case. */
  readonly progress?: (next: number) => void;
}

export interface FuzzFailure {
  readonly caseNumber: number;
  readonly octets: Uint8Array;
  readonly reason: string;
}

export interface FuzzResult {
  /** The number of the first case that was not run. */
  readonly next: number;
  readonly failure?: FuzzFailure;
}

/** The octets of one case, the same every time. */
export function caseOctets(messages: readonly Uint8Array[], seed: number, caseNumber: number): Uint8Array {
  const random = new SeededRandom(seed, caseNumber);
  return mutate(random.pick(messages), random.pick(messages), random);
}

export function fuzz({ seed, seconds, from, progress }: FuzzOptions): FuzzResult {
  const messages = corpus();
  const until = performance.now() + seconds * 1000;
  let told = performance.now();
  let next = from;
  while (performance.now() < until) {
    const octets = caseOctets(messages, seed, next);
    const reason = judge(octets);
    if (reason !== undefined) return { next, failure: { caseNumber: next, octets, reason } };
    next++;
    if (progress !== undefined && performance.now() - told > 1000) {
      told = performance.now();
      progress(next);
    }
  }
  return { next };
}
