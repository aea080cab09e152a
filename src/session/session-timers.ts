/**
 * The timers of one connection. Hold and send-hold are judged with care: a busy process must not take its own delay for
 * the peer's silence, nor an idle session for a blocked one.
 *
 * RFC 4271 sections 4.4, 8.2.2 and 10, RFC 9687 section 3.
 */
import type { Clock, Timer } from '../base/clock.ts';
import { Countdown, jittered } from './countdown.ts';

export interface SessionTimerEvents {
  connectRetryExpired(): void;
  delayOpenExpired(): void;
  holdExpired(): void;
  keepaliveExpired(): void;
  sendHoldExpired(): void;
  /** Whether received octets wait for their turn to be read. */
  hasUnread(): boolean;
  /** Whether octets wait that the kernel has not taken. */
  hasUnsent(): boolean;
}

/** RFC 4271 section 8.2.2: "A HoldTimer value of 4 minutes is suggested" before the OPEN of the peer. */
const LARGE_HOLD_SECONDS = 240;
/** Rounds of the event loop in which the sockets are read before a hold timer counts as expired. */
const HOLD_CHECK_ROUNDS = 2;

export class SessionTimers {
  readonly connectRetry: Countdown;
  readonly delayOpen: Countdown;
  readonly hold: Countdown;
  readonly keepalive: Countdown;
  readonly #sendHold: Countdown;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #events: SessionTimerEvents;
  #holdCheck: Timer | undefined;
  #holdSeconds = LARGE_HOLD_SECONDS;
  #keepaliveSeconds = 0;
  #sendHoldSeconds = 0;

  constructor(clock: Clock, random: () => number, events: SessionTimerEvents) {
    this.#clock = clock;
    this.#random = random;
    this.#events = events;
    this.connectRetry = new Countdown(clock, () => events.connectRetryExpired());
    this.delayOpen = new Countdown(clock, () => events.delayOpenExpired());
    this.hold = new Countdown(clock, () => this.#judgeHold(0));
    this.keepalive = new Countdown(clock, () => events.keepaliveExpired());
    this.#sendHold = new Countdown(clock, () => this.#judgeSendHold());
  }

  /** What the hold timer waits for now. */
  get holdSeconds(): number {
    return this.#holdSeconds;
  }

  startLargeHold(): void {
    this.#holdSeconds = LARGE_HOLD_SECONDS;
    this.restartHold();
  }

  /** Seconds; with a hold time of 0 neither hold nor keepalive timer runs. */
  startNegotiated(holdSeconds: number, keepaliveSeconds: number): void {
    this.hold.stop();
    this.#holdSeconds = holdSeconds;
    this.#keepaliveSeconds = keepaliveSeconds;
    this.restartHold();
    this.restartKeepalive();
  }

  startSendHold(seconds: number): void {
    this.#sendHoldSeconds = seconds;
    this.restartSendHold();
  }

  restartHold(): void {
    this.#holdCheck?.cancel();
    this.#holdCheck = undefined;
    if (this.#holdSeconds > 0) this.hold.start(this.#holdSeconds * 1000);
  }

  restartKeepalive(): void {
    if (this.#keepaliveSeconds > 0)
      this.keepalive.start(jittered(this.#keepaliveSeconds * 1000, this.#random));
  }

  restartSendHold(): void {
    if (this.#sendHoldSeconds > 0) this.#sendHold.start(this.#sendHoldSeconds * 1000);
  }

  /** All but ConnectRetryTimer, which outlives a connection. */
  stopSession(): void {
    for (const timer of [this.hold, this.keepalive, this.delayOpen, this.#sendHold]) timer.stop();
    this.#holdCheck?.cancel();
    this.#holdCheck = undefined;
    this.#keepaliveSeconds = 0;
    this.#sendHoldSeconds = 0;
  }

  /**
   * Timers fire before sockets are read. When this process was busy, the KEEPALIVE that is missing may lie in the
   * socket or wait for its turn: both are read first.
   */
  #judgeHold(round: number): void {
    this.#holdCheck = undefined;
    const unread = this.#events.hasUnread();
    if (round >= HOLD_CHECK_ROUNDS && !unread) {
      this.#events.holdExpired();
      return;
    }
    this.#holdCheck = this.#clock.soon(() => this.#judgeHold(unread ? 0 : round + 1));
  }

  /** An idle session sends nothing between two keepalives, and nothing blocks it: only octets that wait count. */
  #judgeSendHold(): void {
    if (this.#events.hasUnsent()) this.#events.sendHoldExpired();
    else this.restartSendHold();
  }
}
