/**
 * What becomes of a neighbour's sessions, written down: in its statistics, for `show bgp neighbors`, and in the log, where the same
 * thing is not told again and again.
 */
import type { BgpFault } from 'bgp-protocol';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { State } from './fsm.ts';
import type { Negotiated } from './negotiation.ts';
import { type CloseReason, hexOf, newStatistics } from './statistics.ts';

export class Journal {
  readonly statistics = newStatistics();
  readonly #clock: Clock;
  readonly #log: Logger;
  #establishedAt = 0;
  /** Faults of this session that have been logged: each kind once. */
  readonly #faults = new Set<string>();

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  /** How long the session has been up, in milliseconds. */
  get lasted(): number {
    return this.#clock.now() - this.#establishedAt;
  }

  established(): void {
    this.#establishedAt = this.#clock.now();
    this.#faults.clear();
    const { statistics } = this;
    statistics.establishedCount++;
    statistics.lastEstablishedAt = this.#clock.wallTime();
    statistics.lastError = undefined;
    statistics.lastErrorAt = undefined;
  }

  /** When everybody who watches has seen it. */
  tellEstablished({ remoteAs, remoteRouterId, holdTimeSeconds }: Negotiated): void {
    this.#log.info({ remoteAs, routerId: remoteRouterId, holdTime: holdTimeSeconds }, 'session established');
  }

  /** An attempt has failed, or a session has ended; `isTrouble`: it keeps the neighbour from being up. */
  ended(from: State, reason: CloseReason, isTrouble: boolean): void {
    const { statistics } = this;
    const at = this.#clock.wallTime();
    const isNews = reason.text !== statistics.lastError;
    if (isTrouble) {
      statistics.lastError = reason.text;
      statistics.lastErrorAt = at;
    }
    if (from !== 'Established') {
      // A peer that stays away is told of once, not at every attempt.
      this.#log[isNews ? 'info' : 'debug']({ state: from }, `connection ended: ${reason.text}`);
      return;
    }
    statistics.flaps++;
    statistics.lastReset = { ...reason, at };
    this.#log.warn({}, `session ended: ${reason.text}`);
  }

  /** What was wrong with an UPDATE. */
  malformed(fault: BgpFault, bytes: Uint8Array, start: number, end: number): void {
    if (fault.action !== 'session-reset') this.statistics.malformedUpdates++;
    const kind = `${fault.code}/${fault.subcode} ${fault.action}`;
    if (this.#faults.has(kind)) return;
    this.#faults.add(kind);
    const octets = hexOf(bytes, start, end);
    this.#log.warn({ action: fault.action, octets }, `malformed UPDATE: ${fault.message}`);
  }
}
