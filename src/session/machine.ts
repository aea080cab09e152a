/**
 * One connection's life: feeds what happens (messages, timers, TCP) to the state machine and performs its actions.
 * It owns the timers and the socket of that connection; which of two machines a peer keeps is decided above.
 *
 * RFC 4271 sections 6 and 8, RFC 9687 (send-hold timer), RFC 8654 section 3 (message size after the OPENs).
 */
import {
  BgpFault,
  CEASE,
  decodeOpen,
  decodeRouteRefresh,
  ERROR,
  HEADER_LENGTH,
  type NotificationMessage,
  notificationOf,
  notificationText,
  OPEN_ERROR,
  type RouteRefreshMessage,
  unwrapHardReset,
} from 'bgp-protocol';
import { refuseConnection } from './cease.ts';
import { jittered } from './countdown.ts';
import { type Action, type FsmEvent, type NotificationContent, type State, step } from './fsm.ts';
import { Link, type LinkEvents } from './link.ts';
import type { MachineOwner } from './machine-owner.ts';
import { type Negotiated, negotiate, ownCapabilities } from './negotiation.ts';
import { sendHoldSeconds } from './peer-config.ts';
import type { TurnReader } from './read-turns.ts';
import { SessionTimers } from './session-timers.ts';
import { type CloseReason, hexOf } from './statistics.ts';
import type { Connection } from './transport.ts';

/** One each, not one per message. */
const UPDATE_RECEIVED: FsmEvent = { type: 'UpdateMsg' };
const KEEPALIVE_RECEIVED: FsmEvent = { type: 'KeepAliveMsg' };
const NO_DATA = new Uint8Array(0);

export class Machine implements TurnReader {
  readonly #owner: MachineOwner<Machine>;
  readonly #timers: SessionTimers;
  #state: State = 'Idle';
  #link: Link | undefined;
  readonly #events: LinkEvents;
  #negotiated: Negotiated | undefined;
  /** What this life ends of, as soon as that is known. */
  #reason: CloseReason | undefined;
  #pending: FsmEvent[] = [];
  #busy = false;
  /** The message being processed; no object is made per message. */
  #bytes: Uint8Array | undefined;
  #start = 0;
  #end = 0;
  #refresh: RouteRefreshMessage | undefined;

  constructor(owner: MachineOwner<Machine>) {
    this.#owner = owner;
    this.#timers = new SessionTimers(owner.clock, owner.random, {
      connectRetryExpired: () => this.#connectRetryExpired(),
      delayOpenExpired: () => this.dispatch({ type: 'DelayOpenTimer_Expires' }),
      holdExpired: () => this.#holdExpired(),
      keepaliveExpired: () => this.dispatch({ type: 'KeepaliveTimer_Expires' }),
      sendHoldExpired: () => this.#sendHoldExpired(),
      hasUnread: () => owner.turns.isWaiting(this),
      hasUnsent: () => (this.#link?.connection.queuedOctets ?? 0) > 0,
    });
    this.#events = this.#linkEvents();
  }

  /** What its connection reports, and the messages on it. */
  #linkEvents(): LinkEvents {
    return {
      connected: () => this.dispatch({ type: 'Tcp_CR_Acked' }),
      data: (chunk) => this.#owner.turns.offer(this, chunk),
      progress: () => this.#timers.restartSendHold(),
      queueBegins: () => this.#timers.restartSendHold(),
      writable: () => {
        if (this.#state === 'Established') this.#owner.writable(this);
      },
      closed: (error) => this.#closedByPeer(error),
      inbox: {
        open: (bytes, start, end) => this.#openReceived(bytes, start, end),
        update: (bytes, start, end) => this.#updateReceived(bytes, start, end),
        keepalive: () => this.dispatch(KEEPALIVE_RECEIVED),
        notification: (message) => this.#notificationReceived(message),
        routeRefresh: (bytes, start, end) => this.#routeRefreshReceived(bytes, start, end),
      },
    };
  }

  get state(): State {
    return this.#state;
  }

  get negotiated(): Negotiated | undefined {
    return this.#negotiated;
  }

  get connection(): Connection | undefined {
    return this.#link?.connection;
  }

  /** Whether this side initiated the connection it has or tries to have. */
  get outgoing(): boolean {
    return this.#link?.connection.outgoing ?? true;
  }

  /** Whether TCP is up: also in Connect and Active, while DelayOpen waits. */
  get isConnected(): boolean {
    return this.#link?.isConnected ?? false;
  }

  get timers(): SessionTimers {
    return this.#timers;
  }

  /** An event that happens while another one is performed waits for its end. Never throws because of a peer. */
  dispatch(event: FsmEvent): void {
    this.#pending.push(event);
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#pending.shift(); next; next = this.#pending.shift()) this.#run(next);
    } finally {
      this.#busy = false;
    }
  }

  /** Ends with a NOTIFICATION where the state has one to send; `text` says why, for people. */
  stop(event: 'ManualStop' | 'AutomaticStop', notification: NotificationContent, text: string): void {
    if (this.#state !== 'Idle') this.#because(text, 'sent', notification);
    this.dispatch({ type: event, notification });
  }

  /** Ends without a word to the peer, as when the process dies; `text` says why, for people. */
  abandon(text: string): void {
    if (this.#state === 'Idle') return;
    this.#because(text, 'local');
    this.#takeLink()?.end();
    this.dispatch({ type: 'TcpConnectionFails' });
    // What this leaves to be tried again is not.
    this.dispatch({ type: 'ManualStop' });
  }

  /** Loses to the other connection of its peer. */
  dump(): void {
    this.dispatch({ type: 'OpenCollisionDump' });
  }

  /** Takes an accepted connection, in Idle (which it leaves for that) or Active. */
  accept(connection: Connection): void {
    if (this.#state === 'Idle') this.dispatch({ type: 'AutomaticStart_with_PassiveTcpEstablishment' });
    // Whoever watches the states may have stopped the peer on seeing this one.
    if (this.#state !== 'Active') {
      refuseConnection(connection, CEASE.CONNECTION_REJECTED);
      return;
    }
    this.#link = Link.accept(connection, this.#owner, this.#events);
    this.#link.listen(this.#events);
    this.dispatch({ type: 'TcpConnectionConfirmed' });
  }

  /** One or more whole messages. false: wait for `writable`. They are dropped unless the session is up. */
  write(octets: Uint8Array): boolean {
    if (this.#state !== 'Established' || !this.#link) return false;
    // "Each time the local system sends a KEEPALIVE or UPDATE message, it restarts its KeepaliveTimer."
    this.#timers.restartKeepalive();
    return this.#link.outbox.messages(octets);
  }

  /** A KEEPALIVE out of turn: when the peer is gone, its TCP answers with a reset. */
  probe(): void {
    if (this.#state === 'Established') this.#link?.outbox.keepalive();
  }

  // TurnReader: the octets of this connection, when it is its turn.

  read(chunk: Uint8Array): void {
    try {
      const fault = this.#link?.inbox.read(chunk);
      if (fault) this.#headerFault(fault, chunk);
    } finally {
      this.#bytes = undefined;
    }
  }

  pause(): void {
    this.#link?.connection.pause();
  }

  resume(): void {
    this.#link?.connection.resume();
  }

  #run(event: FsmEvent): void {
    const from = this.#state;
    const { config } = this.#owner;
    const { next, actions } = step(from, event, {
      passive: config.passive,
      delayOpen: config.delayOpenSeconds > 0,
      delayOpenTimerRunning: this.#timers.delayOpen.running,
      sendNotificationWithoutOpen: this.isConnected,
      dampPeerOscillations: true,
    });
    this.#state = next;
    for (const action of actions) this.#perform(action);
    if (next === from) return;
    const reason = this.#reason;
    if (next === 'Idle' || (next === 'Active' && from !== 'Idle')) {
      this.#reason = undefined;
      if (reason) this.#owner.ended(this, from, reason);
      this.#negotiated = undefined;
    }
    this.#owner.moved(this, from, next);
  }

  #perform(action: Action): void {
    switch (action.type) {
      case 'send-notification':
        this.#sendNotification(action.notification);
        break;
      case 'start-connect-retry-timer':
        this.#timers.connectRetry.start(this.#connectRetryMilliseconds());
        break;
      case 'stop-connect-retry-timer':
        this.#timers.connectRetry.stop();
        break;
      case 'start-delay-open-timer':
        this.#timers.delayOpen.start(this.#owner.config.delayOpenSeconds * 1000);
        break;
      case 'stop-delay-open-timer':
        this.#timers.delayOpen.stop();
        break;
      case 'start-idle-hold-timer':
        this.#owner.startIdleHold();
        break;
      case 'start-large-hold-timer':
        this.#timers.startLargeHold();
        break;
      case 'start-negotiated-timers':
        this.#startNegotiatedTimers();
        break;
      case 'restart-hold-timer':
        this.#timers.restartHold();
        break;
      case 'restart-keepalive-timer':
        this.#timers.restartKeepalive();
        break;
      case 'start-send-hold-timer':
        this.#startSendHold();
        break;
      case 'reset-connect-retry-counter':
        this.#owner.countFailure(this, 'reset');
        break;
      case 'increment-connect-retry-counter':
        this.#owner.countFailure(this, 'increment');
        break;
      case 'release-resources':
        this.#timers.stopSession();
        break;
      case 'initiate-connection':
        this.#connect();
        break;
      case 'drop-connection':
        this.#drop();
        break;
      case 'send-open':
        this.#link?.outbox.open(this.#owner.config, this.#owner.restart);
        break;
      case 'send-keepalive':
        this.#link?.outbox.keepalive();
        break;
      case 'process-update':
        this.#processUpdate();
        break;
      case 'process-route-refresh':
        if (this.#refresh) this.#owner.routeRefresh(this.#refresh);
        return;
      // The socket interface reports a connection once it is there, never its request (events 14 and 15); second
      // connections are tracked by the owner, who also learns from `ended` that routes go, and counts for damping.
      case 'process-connection':
      case 'reject-connection':
      case 'track-second-connection':
      case 'delete-routes':
      case 'damp-peer-oscillations':
      case 'initialize-resources':
        return;
    }
  }

  /** In Connect the timer bounds the attempt under way, elsewhere it is the wait for the next one. */
  #connectRetryMilliseconds(): number {
    const { config, random } = this.#owner;
    if (this.#state === 'Connect') return jittered(config.connectRetrySeconds * 1000, random);
    return this.#owner.retryMilliseconds();
  }

  #startNegotiatedTimers(): void {
    const { holdTimeSeconds = 0, keepaliveSeconds = 0 } = this.#negotiated ?? {};
    this.#timers.startNegotiated(holdTimeSeconds, keepaliveSeconds);
  }

  #startSendHold(): void {
    const holdTimeSeconds = this.#negotiated?.holdTimeSeconds ?? 0;
    this.#timers.startSendHold(sendHoldSeconds(this.#owner.config, holdTimeSeconds));
  }

  #connectRetryExpired(): void {
    if (this.#state === 'Connect') {
      const text = this.#owner.explainTimeout(this.#owner.config.connectRetrySeconds);
      this.#owner.statistics.connectionsFailed++;
      this.#owner.ended(this, 'Connect', { text, origin: 'transport', hardReset: false });
    }
    this.dispatch({ type: 'ConnectRetryTimer_Expires' });
  }

  #connect(): void {
    this.#owner.statistics.connectionsAttempted++;
    try {
      this.#link = Link.connect((events) => this.#owner.connect(events), this.#owner, this.#events);
    } catch (error) {
      this.#tcpFailed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** What was received before the end is read before the end is believed: it may be a NOTIFICATION. */
  #closedByPeer(error: Error | undefined): void {
    const link = this.#link;
    if (this.#owner.turns.isWaiting(this)) {
      this.#owner.clock.soon(() => {
        if (this.#link === link) this.#closedByPeer(error);
      });
      return;
    }
    this.#tcpFailed(error);
  }

  #tcpFailed(error: Error | undefined): void {
    if (!this.isConnected) this.#owner.statistics.connectionsFailed++;
    const text = error
      ? `TCP: ${error.message}`
      : 'TCP: connection closed by the peer without a NOTIFICATION';
    this.#because(text, 'transport');
    this.#takeLink()?.end();
    this.dispatch({ type: 'TcpConnectionFails' });
  }

  #updateReceived(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.dispatch(UPDATE_RECEIVED);
  }

  #openReceived(bytes: Uint8Array, start: number, end: number): void {
    const delayed = this.#timers.delayOpen.running;
    const awaited = this.#state === 'OpenSent' || delayed;
    const event = delayed ? 'BGPOpen_with_DelayOpenTimer_running' : 'BGPOpen';
    if (!awaited) {
      this.dispatch({ type: event });
      return;
    }
    try {
      const open = decodeOpen(bytes, start, end);
      const { connection, outbox } = this.#link!;
      const { local, remote } = connection;
      const { config, restart } = this.#owner;
      // While DelayOpen waits, ours is sent in the same turn as theirs is taken.
      const advertised = outbox.advertised ?? ownCapabilities(config, restart);
      const result = negotiate(config, open, local, remote, advertised);
      if ('refusal' in result) {
        this.#openRefused(result.refusal.notification, result.refusal.reason);
        return;
      }
      if (!this.#owner.openAccepted(this, open)) {
        this.dump();
        return;
      }
      this.#negotiated = result.negotiated;
      this.#link?.inbox.setMaxLength(result.negotiated.maxMessageLength);
      this.dispatch({ type: event });
    } catch (error) {
      if (!(error instanceof BgpFault)) throw error;
      this.#openRefused(notificationOf(error), `OPEN rejected: ${error.message}`);
    }
  }

  #openRefused(notification: NotificationContent, text: string): void {
    this.#because(text, 'sent', notification);
    this.dispatch({ type: 'BGPOpenMsgErr', notification });
  }

  #notificationReceived(message: NotificationMessage): void {
    const { code, subcode, data } = message;
    const text = `received ${notificationText(code, subcode, data)}`;
    this.#because(text, 'received', message);
    this.#owner.log.info({ code, subcode }, text);
    const isVersion = code === ERROR.OPEN_MESSAGE && subcode === OPEN_ERROR.UNSUPPORTED_VERSION_NUMBER;
    this.dispatch({ type: isVersion ? 'NotifMsgVerErr' : 'NotifMsg' });
  }

  #routeRefreshReceived(bytes: Uint8Array, start: number, end: number): void {
    try {
      this.#refresh = decodeRouteRefresh(bytes, start, end);
      this.dispatch({ type: 'RouteRefreshMsg' });
    } catch (error) {
      if (!(error instanceof BgpFault)) throw error;
      this.#because(error.message, 'sent', notificationOf(error));
      this.dispatch({ type: 'UpdateMsgErr', notification: notificationOf(error) });
    }
  }

  #headerFault(fault: BgpFault, chunk: Uint8Array): void {
    const octets = hexOf(chunk, Math.max(0, (fault.offset ?? 0) - HEADER_LENGTH + 1), chunk.length);
    this.#owner.log.warn({ octets }, fault.message);
    this.#because(fault.message, 'sent', notificationOf(fault));
    this.dispatch({ type: 'BGPHeaderErr', notification: notificationOf(fault) });
  }

  #processUpdate(): void {
    const fault = this.#owner.update(this.#bytes!, this.#start, this.#end);
    if (fault?.action !== 'session-reset') return;
    this.#because(fault.message, 'sent', notificationOf(fault));
    this.dispatch({ type: 'UpdateMsgErr', notification: notificationOf(fault) });
  }

  #holdExpired(): void {
    const code = { code: ERROR.HOLD_TIMER_EXPIRED, subcode: 0, data: NO_DATA };
    const waited = `${this.#timers.holdSeconds} s`;
    const text = this.#negotiated
      ? `hold timer expired: nothing received for ${waited}`
      : `no OPEN received within ${waited}`;
    this.#because(text, 'sent', code);
    this.dispatch({ type: 'HoldTimer_Expires' });
  }

  #sendHoldExpired(): void {
    const code = { code: ERROR.SEND_HOLD_TIMER_EXPIRED, subcode: 0, data: NO_DATA };
    const queued = this.#link?.connection.queuedOctets ?? 0;
    this.#because(`send hold timer expired: the peer does not read, ${queued} octets wait`, 'sent', code);
    this.dispatch({ type: 'SendHoldTimer_Expires' });
  }

  #sendNotification(notification: NotificationContent): void {
    const { code, subcode, data } = notification;
    const text = `sent ${notificationText(code, subcode, data)}`;
    // The answer to a NOTIFICATION that RFC 4271 section 8.2.2 wants in OpenSent tells nobody anything.
    const level = this.#reason?.origin === 'received' ? 'debug' : 'info';
    this.#because(text, 'sent', notification);
    this.#owner.log[level]({ code, subcode, reason: this.#reason?.text }, text);
    this.#link?.outbox.notification(notification);
  }

  /** The first reason is the cause; what follows from it is not. */
  #because(text: string, origin: CloseReason['origin'], notification?: NotificationContent): void {
    if (this.#reason) return;
    const hardReset =
      notification !== undefined && unwrapHardReset({ type: 'NOTIFICATION', ...notification }) !== undefined;
    this.#reason = { text, origin, notification, hardReset };
  }

  #drop(): void {
    this.#timers.stopSession();
    this.#takeLink()?.drop();
  }

  /** Whoever takes it gives it up. */
  #takeLink(): Link | undefined {
    const link = this.#link;
    this.#owner.turns.forget(this);
    this.#link = undefined;
    return link;
  }
}
