/**
 * The limit of the routes that a neighbour may announce: when to warn, when it has gone too far, and for how long its
 * session stays down for it.
 *
 * RFC 4271 section 6.7 (upper bound on address prefixes), RFC 4486 section 4 (subcode 1 and its data).
 */
import { afiOf, FAMILY, safiOf } from 'bgp-protocol';
import type { Clock, Timer } from '../base/clock.ts';
import type { MaximumPrefixConfig } from '../config/index.ts';

export interface PrefixLimitEvents {
  /** A warning in words; undefined when it is over. */
  problem(text: string | undefined): void;
  /** Ends the session: NOTIFICATION Cease/1 with this data. */
  exceeded(data: Uint8Array): void;
  /** The session may come up again. */
  released(): void;
}

export class PrefixLimit {
  #config: MaximumPrefixConfig | undefined;
  readonly #clock: Clock;
  readonly #events: PrefixLimitEvents;
  #warned = false;
  /** The session was ended for the limit, with so many routes. */
  #exceededBy: number | undefined;
  #restart: Timer | undefined;
  #restartAt = 0;

  constructor(config: MaximumPrefixConfig | undefined, clock: Clock, events: PrefixLimitEvents) {
    this.#config = config;
    this.#clock = clock;
    this.#events = events;
  }

  /** The session is kept down. */
  get holds(): boolean {
    return this.#exceededBy !== undefined;
  }

  /** The warning threshold is reached, or the limit. */
  get warned(): boolean {
    return this.#warned;
  }

  /** Seconds until the session may come up; undefined when it is not held, or held until it is cleared. */
  get restartSeconds(): number | undefined {
    if (!this.#restart) return undefined;
    return Math.max(0, Math.ceil((this.#restartAt - this.#clock.now()) / 1000));
  }

  /** Why the session is down, in words. */
  get reason(): string | undefined {
    if (this.#exceededBy === undefined) return undefined;
    const seconds = this.restartSeconds;
    const until = seconds === undefined ? 'until it is cleared' : `for ${seconds} s more`;
    return `it announced ${this.#exceededBy} routes, maximum-prefix is ${this.#config?.limit}: kept down ${until}`;
  }

  /** Takes another limit. A session that the old one keeps down may come up under the new one. */
  configure(config: MaximumPrefixConfig | undefined, received: number): void {
    const before = this.#config;
    this.#config = config;
    if (JSON.stringify(before) === JSON.stringify(config)) return;
    if (this.holds) this.release();
    else this.count(received);
  }

  /** To be called with the number of routes that the neighbour has now, after it may have changed. */
  count(received: number): void {
    const config = this.#config;
    if (!config || received * 100 < config.limit * config.warningPercent) {
      if (this.#warned && !this.holds) this.#forget();
      return;
    }
    if (received > config.limit && config.action !== 'warn') {
      this.#exceed(config, received);
      return;
    }
    if (this.#warned) return;
    this.#warned = true;
    this.#events.problem(
      `has announced ${received} routes or more: ${config.warningPercent}% of its maximum-prefix of ${config.limit}`,
    );
  }

  /** An operator, or a new limit, lets the session come up. */
  release(): void {
    if (!this.holds) return;
    this.#restart?.cancel();
    this.#restart = undefined;
    this.#exceededBy = undefined;
    this.#forget();
    this.#events.released();
  }

  /** The neighbour is no more. */
  close(): void {
    this.#restart?.cancel();
    this.#restart = undefined;
    this.#exceededBy = undefined;
    this.#forget();
  }

  #exceed(config: MaximumPrefixConfig, received: number): void {
    if (this.holds) return;
    this.#exceededBy = received;
    this.#warned = true;
    if (config.action === 'restart') {
      const milliseconds = config.restartMinutes * 60_000;
      this.#restartAt = this.#clock.now() + milliseconds;
      this.#restart = this.#clock.after(milliseconds, () => this.release());
    }
    const until = this.#restart ? `for ${config.restartMinutes} minutes` : 'until it is cleared';
    this.#events.problem(
      `has announced ${received} routes, its maximum-prefix is ${config.limit}: its session is kept down ${until}`,
    );
    this.#events.exceeded(limitData(config.limit));
  }

  #forget(): void {
    if (!this.#warned) return;
    this.#warned = false;
    this.#events.problem(undefined);
  }
}

/** RFC 4486 section 4: AFI, SAFI, and the upper bound in four octets. */
function limitData(limit: number): Uint8Array {
  const data = new Uint8Array(7);
  const view = new DataView(data.buffer);
  view.setUint16(0, afiOf(FAMILY.L2VPN_EVPN));
  view.setUint8(2, safiOf(FAMILY.L2VPN_EVPN));
  view.setUint32(3, limit);
  return data;
}
