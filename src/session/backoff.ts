/**
 * How long to wait before the next attempt: quick at first, then ever slower. Refused TCP connections are tried again
 * within seconds all the same, since the peer may be about to listen; peers that disagree about the session are not.
 *
 * RFC 4271 sections 8.1.1 (DampPeerOscillations) and 10 (jitter).
 */
import { jittered } from './countdown.ts';

/** The wait after the first failure; it doubles with each further one. */
const FIRST_MILLISECONDS = 1000;
const LONGEST_AFTER_TCP_MILLISECONDS = 5000;
const LONGEST_AFTER_SESSION_MILLISECONDS = 30_000;
/** A session that lasted this long was no oscillation. */
const STABLE_MILLISECONDS = 10_000;

export class Backoff {
  /** ConnectRetryCounter: RFC 4271 section 8. */
  #sessionFailures = 0;
  /** Attempts in a row that TCP did not let through. */
  #tcpFailures = 0;
  #lastWasTcp = false;

  get connectRetryCounter(): number {
    return this.#sessionFailures;
  }

  set connectRetryCounter(count: number) {
    this.#sessionFailures = count;
  }

  /** The operator wants it now. */
  forget(): void {
    this.#sessionFailures = 0;
    this.#tcpFailures = 0;
  }

  tcpFailed(): void {
    this.#tcpFailures++;
    this.#lastWasTcp = true;
  }

  /** A session came to nothing, or ended after `lastedMilliseconds`. ConnectRetryCounter counts by itself. */
  sessionEnded(lastedMilliseconds: number): void {
    this.#lastWasTcp = false;
    this.#tcpFailures = 0;
    if (lastedMilliseconds >= STABLE_MILLISECONDS) this.#sessionFailures = 0;
  }

  /** With jitter; `connectRetrySeconds` bounds the wait for TCP. */
  milliseconds(connectRetrySeconds: number, random: () => number): number {
    const count = this.#lastWasTcp ? this.#tcpFailures : this.#sessionFailures;
    const longest = this.#lastWasTcp
      ? Math.min(LONGEST_AFTER_TCP_MILLISECONDS, connectRetrySeconds * 1000)
      : LONGEST_AFTER_SESSION_MILLISECONDS;
    const wait = FIRST_MILLISECONDS * 2 ** Math.min(Math.max(0, count - 1), 10);
    return jittered(Math.min(longest, wait), random);
  }
}
