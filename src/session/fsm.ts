/**
 * The BGP state machine of one connection, as a pure function: state and event in, next state and actions out.
 * Who performs the actions, and how two connections of one peer are told apart, is not known here.
 *
 * RFC 4271 section 8 (events 8.1, states 8.2.2, in its order), RFC 6608 (subcodes of the defaults),
 * RFC 9687 section 3 (event 29), RFC 2918 and RFC 7313 (ROUTE-REFRESH is a message like any other).
 */
import { CEASE, ERROR, FSM_ERROR } from 'bgp-protocol';

export const STATES = ['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established'] as const;
export type State = (typeof STATES)[number];

/** RFC 4271 section 8.1 in its order and spelling; the last two are those of RFC 9687 and RFC 2918. */
export const EVENT_TYPES = [
  'ManualStart',
  'ManualStop',
  'AutomaticStart',
  'ManualStart_with_PassiveTcpEstablishment',
  'AutomaticStart_with_PassiveTcpEstablishment',
  'AutomaticStart_with_DampPeerOscillations',
  'AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment',
  'AutomaticStop',
  'ConnectRetryTimer_Expires',
  'HoldTimer_Expires',
  'KeepaliveTimer_Expires',
  'DelayOpenTimer_Expires',
  'IdleHoldTimer_Expires',
  'TcpConnection_Valid',
  'Tcp_CR_Invalid',
  'Tcp_CR_Acked',
  'TcpConnectionConfirmed',
  'TcpConnectionFails',
  'BGPOpen',
  'BGPOpen_with_DelayOpenTimer_running',
  'BGPHeaderErr',
  'BGPOpenMsgErr',
  'OpenCollisionDump',
  'NotifMsgVerErr',
  'NotifMsg',
  'KeepAliveMsg',
  'UpdateMsg',
  'UpdateMsgErr',
  'SendHoldTimer_Expires',
  'RouteRefreshMsg',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** What a NOTIFICATION says: RFC 4271 section 4.5. */
export interface NotificationContent {
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
}

/** `notification` is what to send because of an error or a stop; without it the RFC's own code is sent. */
export interface FsmEvent {
  readonly type: EventType;
  readonly notification?: NotificationContent | undefined;
}

/** The optional session attributes of RFC 4271 section 8 that a transition asks for. */
export interface FsmConfig {
  /** PassiveTcpEstablishment: the machine listens and never connects. */
  readonly passive: boolean;
  /** DelayOpen: wait for the peer's OPEN for a while before sending ours. */
  readonly delayOpen: boolean;
  readonly delayOpenTimerRunning: boolean;
  /** SendNOTIFICATIONwithoutOPEN. */
  readonly sendNotificationWithoutOpen: boolean;
  /** DampPeerOscillations: each failure lengthens the stay in Idle. */
  readonly dampPeerOscillations: boolean;
}

export type Action =
  | { readonly type: 'send-notification'; readonly notification: NotificationContent }
  | { readonly type: PlainAction };

export type PlainAction =
  | 'start-connect-retry-timer'
  | 'stop-connect-retry-timer'
  | 'start-delay-open-timer'
  | 'stop-delay-open-timer'
  | 'start-idle-hold-timer'
  | 'start-large-hold-timer'
  /** Hold, keepalive and send-hold timers run from now on, all as negotiated; a hold time of 0 leaves them stopped. */
  | 'start-negotiated-timers'
  | 'restart-hold-timer'
  | 'restart-keepalive-timer'
  | 'start-send-hold-timer'
  | 'reset-connect-retry-counter'
  | 'increment-connect-retry-counter'
  | 'damp-peer-oscillations'
  | 'initialize-resources'
  | 'release-resources'
  | 'initiate-connection'
  | 'process-connection'
  | 'reject-connection'
  | 'track-second-connection'
  | 'drop-connection'
  | 'send-open'
  | 'send-keepalive'
  | 'process-update'
  | 'process-route-refresh'
  | 'delete-routes';

export interface Transition {
  readonly next: State;
  readonly actions: readonly Action[];
}

const NO_DATA = new Uint8Array(0);

/** RFC 4271 section 8.2.2. Never throws; every event has an answer in every state. */
export function step(state: State, event: FsmEvent, config: FsmConfig): Transition {
  switch (state) {
    case 'Idle':
      return idle(event, config);
    case 'Connect':
      return connect(event, config);
    case 'Active':
      return active(event, config);
    case 'OpenSent':
      return openSent(event, config);
    case 'OpenConfirm':
      return openConfirm(event, config);
    case 'Established':
      return established(event, config);
  }
}

function idle(event: FsmEvent, config: FsmConfig): Transition {
  switch (event.type) {
    case 'ManualStart':
    case 'AutomaticStart':
      return start('Connect', true);
    case 'ManualStart_with_PassiveTcpEstablishment':
    case 'AutomaticStart_with_PassiveTcpEstablishment':
      return start('Active', true);
    // "The method of preventing persistent peer oscillation is outside the scope of this document": here the
    // connection stays in Idle for a time that grows with ConnectRetryCounter, which event 13 does not reset.
    case 'AutomaticStart_with_DampPeerOscillations':
    case 'AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment':
      return to('Idle', 'start-idle-hold-timer');
    case 'IdleHoldTimer_Expires':
      return start(config.passive ? 'Active' : 'Connect', false);
    default:
      return to('Idle');
  }
}

function connect(event: FsmEvent, config: FsmConfig): Transition {
  switch (event.type) {
    case 'ManualStop':
      return to(
        'Idle',
        'drop-connection',
        'release-resources',
        'reset-connect-retry-counter',
        'stop-connect-retry-timer',
        'stop-delay-open-timer',
      );
    case 'ConnectRetryTimer_Expires':
      return to(
        'Connect',
        'drop-connection',
        'start-connect-retry-timer',
        'stop-delay-open-timer',
        'initiate-connection',
      );
    case 'DelayOpenTimer_Expires':
      return to('OpenSent', 'send-open', 'start-large-hold-timer');
    case 'TcpConnectionFails':
      return config.delayOpenTimerRunning
        ? to('Active', 'start-connect-retry-timer', 'stop-delay-open-timer')
        : to('Idle', 'stop-connect-retry-timer', 'drop-connection', 'release-resources');
    default:
      return beforeOpen('Connect', event, config);
  }
}

function active(event: FsmEvent, config: FsmConfig): Transition {
  switch (event.type) {
    case 'ManualStop': {
      const stop = to(
        'Idle',
        'release-resources',
        'stop-delay-open-timer',
        'drop-connection',
        'reset-connect-retry-counter',
        'stop-connect-retry-timer',
      );
      const speak = config.delayOpenTimerRunning && config.sendNotificationWithoutOpen;
      return speak ? withNotification(event, cease(CEASE.ADMINISTRATIVE_SHUTDOWN), stop) : stop;
    }
    case 'ConnectRetryTimer_Expires':
      // Section 8.1.1: with PassiveTcpEstablishment the peer is the one to connect.
      return config.passive
        ? to('Active', 'start-connect-retry-timer')
        : to('Connect', 'start-connect-retry-timer', 'initiate-connection');
    case 'DelayOpenTimer_Expires':
      return to(
        'OpenSent',
        'stop-connect-retry-timer',
        'stop-delay-open-timer',
        'initialize-resources',
        'send-open',
        'start-large-hold-timer',
      );
    case 'TcpConnectionFails':
      return to(
        'Idle',
        'start-connect-retry-timer',
        'stop-delay-open-timer',
        'release-resources',
        'increment-connect-retry-counter',
        ...damp(config),
      );
    default:
      return beforeOpen('Active', event, config);
  }
}

/** What Connect and Active have in common. */
function beforeOpen(state: 'Connect' | 'Active', event: FsmEvent, config: FsmConfig): Transition {
  if (isStart(event.type)) return to(state);
  switch (event.type) {
    case 'TcpConnection_Valid':
      return to(state, 'process-connection');
    case 'Tcp_CR_Invalid':
      return to(state, 'reject-connection');
    case 'Tcp_CR_Acked':
    case 'TcpConnectionConfirmed':
      if (config.delayOpen) return to(state, 'stop-connect-retry-timer', 'start-delay-open-timer');
      return to(
        'OpenSent',
        'stop-connect-retry-timer',
        'initialize-resources',
        'send-open',
        'start-large-hold-timer',
      );
    case 'BGPOpen_with_DelayOpenTimer_running':
      return to(
        'OpenConfirm',
        'stop-connect-retry-timer',
        'initialize-resources',
        'stop-delay-open-timer',
        'send-open',
        'send-keepalive',
        'start-negotiated-timers',
      );
    case 'BGPHeaderErr':
    case 'BGPOpenMsgErr': {
      const end = failBeforeOpen(config);
      return config.sendNotificationWithoutOpen ? withNotification(event, errorOf(event.type), end) : end;
    }
    case 'NotifMsgVerErr':
      if (!config.delayOpenTimerRunning) return failBeforeOpen(config);
      return to(
        'Idle',
        'stop-connect-retry-timer',
        'stop-delay-open-timer',
        'release-resources',
        'drop-connection',
      );
    default:
      return failBeforeOpen(config);
  }
}

function openSent(event: FsmEvent, config: FsmConfig): Transition {
  if (isStart(event.type)) return to('OpenSent');
  switch (event.type) {
    case 'ManualStop':
      return manualStop(event, false);
    case 'AutomaticStop':
      return fail(event, cease(CEASE.UNSPECIFIC), config, false);
    case 'HoldTimer_Expires':
      return fail(event, content(ERROR.HOLD_TIMER_EXPIRED, 0), config, false);
    case 'TcpConnection_Valid':
    case 'Tcp_CR_Acked':
    case 'TcpConnectionConfirmed':
      return to('OpenSent', 'track-second-connection');
    case 'Tcp_CR_Invalid':
      return to('OpenSent');
    case 'TcpConnectionFails':
      return to('Active', 'drop-connection', 'start-connect-retry-timer');
    case 'BGPOpen':
      return to(
        'OpenConfirm',
        'stop-delay-open-timer',
        'stop-connect-retry-timer',
        'send-keepalive',
        'start-negotiated-timers',
      );
    case 'BGPHeaderErr':
    case 'BGPOpenMsgErr':
      return fail(event, errorOf(event.type), config, false);
    case 'OpenCollisionDump':
      return fail(event, cease(CEASE.CONNECTION_COLLISION_RESOLUTION), config, false);
    case 'NotifMsgVerErr':
      return to('Idle', 'stop-connect-retry-timer', 'release-resources', 'drop-connection');
    default:
      return unexpected(event, FSM_ERROR.UNEXPECTED_MESSAGE_IN_OPENSENT, config, false);
  }
}

function openConfirm(event: FsmEvent, config: FsmConfig): Transition {
  if (isStart(event.type)) return to('OpenConfirm');
  switch (event.type) {
    case 'ManualStop':
      return manualStop(event, false);
    case 'AutomaticStop':
      return fail(event, cease(CEASE.UNSPECIFIC), config, false);
    case 'HoldTimer_Expires':
      return fail(event, content(ERROR.HOLD_TIMER_EXPIRED, 0), config, false);
    case 'KeepaliveTimer_Expires':
      return to('OpenConfirm', 'send-keepalive', 'restart-keepalive-timer');
    case 'TcpConnection_Valid':
    case 'Tcp_CR_Acked':
    case 'TcpConnectionConfirmed':
      return to('OpenConfirm', 'track-second-connection');
    case 'Tcp_CR_Invalid':
      return to('OpenConfirm');
    case 'TcpConnectionFails':
    case 'NotifMsg':
      return failSilently(config, false);
    case 'NotifMsgVerErr':
      return to('Idle', 'stop-connect-retry-timer', 'release-resources', 'drop-connection');
    case 'BGPHeaderErr':
    case 'BGPOpenMsgErr':
      return fail(event, errorOf(event.type), config, false);
    case 'OpenCollisionDump':
      return fail(event, cease(CEASE.CONNECTION_COLLISION_RESOLUTION), config, false);
    case 'KeepAliveMsg':
      return to('Established', 'restart-hold-timer', 'start-send-hold-timer');
    default:
      // A second OPEN on the same connection is here too (RFC 6608 section 4); one on another connection is a
      // collision, which the owner of both settles with OpenCollisionDump.
      return unexpected(event, FSM_ERROR.UNEXPECTED_MESSAGE_IN_OPENCONFIRM, config, false);
  }
}

/** One UPDATE is one call: what does not change is not made again. */
const KEEPALIVE_RECEIVED = to('Established', 'restart-hold-timer');
const UPDATE_RECEIVED = to('Established', 'process-update', 'restart-hold-timer');
const KEEPALIVE_DUE = to('Established', 'send-keepalive', 'restart-keepalive-timer');

function established(event: FsmEvent, config: FsmConfig): Transition {
  if (isStart(event.type)) return to('Established');
  switch (event.type) {
    case 'ManualStop':
      return manualStop(event, true);
    case 'AutomaticStop':
      return fail(event, cease(CEASE.UNSPECIFIC), config, true);
    case 'HoldTimer_Expires':
      return fail(event, content(ERROR.HOLD_TIMER_EXPIRED, 0), config, true);
    case 'KeepaliveTimer_Expires':
      return KEEPALIVE_DUE;
    case 'TcpConnection_Valid':
    case 'Tcp_CR_Acked':
    case 'TcpConnectionConfirmed':
      return to('Established', 'track-second-connection');
    case 'Tcp_CR_Invalid':
      return to('Established');
    case 'OpenCollisionDump':
      return fail(event, cease(CEASE.CONNECTION_COLLISION_RESOLUTION), config, true);
    case 'NotifMsgVerErr':
    case 'NotifMsg':
    case 'TcpConnectionFails':
      return failSilently(config, true);
    case 'KeepAliveMsg':
      return KEEPALIVE_RECEIVED;
    case 'UpdateMsg':
      return UPDATE_RECEIVED;
    case 'RouteRefreshMsg':
      return to('Established', 'process-route-refresh');
    case 'UpdateMsgErr':
      return fail(event, errorOf(event.type), config, true);
    case 'BGPHeaderErr':
      // Listed among "any other event", but section 6.1 decides: "All errors detected while processing the
      // Message Header MUST be indicated by sending the NOTIFICATION message with the Error Code Message Header Error."
      return fail(event, errorOf(event.type), config, true);
    case 'SendHoldTimer_Expires':
      return fail(event, content(ERROR.SEND_HOLD_TIMER_EXPIRED, 0), config, true);
    default:
      return unexpected(event, FSM_ERROR.UNEXPECTED_MESSAGE_IN_ESTABLISHED, config, true);
  }
}

function start(next: 'Connect' | 'Active', resetCounter: boolean): Transition {
  const counter: PlainAction[] = resetCounter ? ['reset-connect-retry-counter'] : [];
  const initiate: PlainAction[] = next === 'Connect' ? ['initiate-connection'] : [];
  return to(next, 'initialize-resources', ...counter, 'start-connect-retry-timer', ...initiate);
}

function manualStop(event: FsmEvent, deleteRoutes: boolean): Transition {
  return withNotification(
    event,
    cease(CEASE.ADMINISTRATIVE_SHUTDOWN),
    to(
      'Idle',
      'stop-connect-retry-timer',
      ...(deleteRoutes ? (['delete-routes'] as const) : []),
      'release-resources',
      'drop-connection',
      'reset-connect-retry-counter',
    ),
  );
}

function failBeforeOpen(config: FsmConfig): Transition {
  return to(
    'Idle',
    'stop-connect-retry-timer',
    'stop-delay-open-timer',
    'release-resources',
    'drop-connection',
    'increment-connect-retry-counter',
    ...damp(config),
  );
}

function failSilently(config: FsmConfig, deleteRoutes: boolean): Transition {
  return to(
    'Idle',
    'stop-connect-retry-timer',
    ...(deleteRoutes ? (['delete-routes'] as const) : []),
    'release-resources',
    'drop-connection',
    'increment-connect-retry-counter',
    ...damp(config),
  );
}

function fail(
  event: FsmEvent,
  otherwise: NotificationContent,
  config: FsmConfig,
  deleteRoutes: boolean,
): Transition {
  return withNotification(event, otherwise, failSilently(config, deleteRoutes));
}

/** "In response to any other event": a message that has no place here has its own subcode, a timer has none. */
function unexpected(event: FsmEvent, subcode: number, config: FsmConfig, deleteRoutes: boolean): Transition {
  const told = isMessage(event.type) ? subcode : FSM_ERROR.UNSPECIFIED;
  return fail({ type: event.type }, content(ERROR.FINITE_STATE_MACHINE, told), config, deleteRoutes);
}

function withNotification(event: FsmEvent, otherwise: NotificationContent, end: Transition): Transition {
  const notification = event.notification ?? otherwise;
  return { next: end.next, actions: [{ type: 'send-notification', notification }, ...end.actions] };
}

const content = (code: number, subcode: number): NotificationContent => ({ code, subcode, data: NO_DATA });
const cease = (subcode: number): NotificationContent => content(ERROR.CEASE, subcode);

/** The code of an error event whose origin gave no more than the event. */
function errorOf(type: 'BGPHeaderErr' | 'BGPOpenMsgErr' | 'UpdateMsgErr'): NotificationContent {
  switch (type) {
    case 'BGPHeaderErr':
      return content(ERROR.MESSAGE_HEADER, 0);
    case 'BGPOpenMsgErr':
      return content(ERROR.OPEN_MESSAGE, 0);
    case 'UpdateMsgErr':
      return content(ERROR.UPDATE_MESSAGE, 0);
  }
}

const damp = (config: FsmConfig): PlainAction[] =>
  config.dampPeerOscillations ? ['damp-peer-oscillations'] : [];

/** Events 1 and 3 to 7: "ignored" in every state but Idle. */
function isStart(type: EventType): boolean {
  return type.startsWith('ManualStart') || type.startsWith('AutomaticStart');
}

function isMessage(type: EventType): boolean {
  switch (type) {
    case 'BGPOpen':
    case 'BGPOpen_with_DelayOpenTimer_running':
    case 'BGPOpenMsgErr':
    case 'NotifMsg':
    case 'KeepAliveMsg':
    case 'UpdateMsg':
    case 'UpdateMsgErr':
    case 'RouteRefreshMsg':
      return true;
    default:
      return false;
  }
}

function to(next: State, ...types: readonly PlainAction[]): Transition {
  return { next, actions: types.map((type) => ({ type })) };
}
