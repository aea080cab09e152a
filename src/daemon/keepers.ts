/**
 * Who may be keeping this run's routes when it ends, and so is waited for by the next one: RFC 4724 section 4.2 has a helper keep
 * them for the restart time that it was told, whether it is this side that went away or the helper itself meanwhile.
 */
import type { Clock } from '../base/clock.ts';

/** What is needed of a neighbour. */
export interface Keeper {
  readonly address: string;
  readonly isEstablished: boolean;
  /** How long its routes of a session before are kept here; undefined when there are none. */
  readonly staleSeconds: number | undefined;
}

export class Keepers {
  readonly #clock: Clock;
  readonly #restartMilliseconds: number;
  /** Peers that this run has had a session with, and until when they keep our routes. */
  readonly #until = new Map<string, number>();

  constructor(clock: Clock, restartTimeSeconds: number) {
    this.#clock = clock;
    this.#restartMilliseconds = restartTimeSeconds * 1000;
  }

  /** Peers of the run before. Their sessions have ended by now. */
  inherit(peers: readonly string[]): void {
    const until = this.#clock.now() + this.#restartMilliseconds;
    for (const address of peers) this.#until.set(address, until);
  }

  /**
   * Those with a session, those who lost it less than the restart time ago, and those whose routes are kept here: others would miss
   * them if nobody waited. `forgetIn`: milliseconds until there are fewer of them, if nothing happens before.
   */
  now(neighbours: Iterable<Keeper>): { readonly peers: readonly string[]; readonly forgetIn?: number } {
    const now = this.#clock.now();
    const until = this.#until;
    const present = new Set<string>();
    const awaited = new Map<string, number>();
    for (const { address, isEstablished, staleSeconds } of neighbours) {
      if (isEstablished) {
        present.add(address);
        until.set(address, Number.POSITIVE_INFINITY);
      } else if (staleSeconds !== undefined) awaited.set(address, now + staleSeconds * 1000);
    }
    for (const [address, end] of until) {
      if (present.has(address)) continue;
      const ends = Math.min(end, now + this.#restartMilliseconds);
      until.set(address, ends);
      if (ends <= now) until.delete(address);
      else awaited.set(address, Math.max(ends, awaited.get(address) ?? 0));
    }
    const peers = [...present, ...awaited.keys()].sort();
    const first = Math.min(...awaited.values());
    return awaited.size === 0 ? { peers } : { peers, forgetIn: Math.max(1, first - now) };
  }
}
