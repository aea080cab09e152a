/**
 * The words of the state machine: its states, the events that happen to it, what it asks to be done, and the session attributes
 * that decide between the two.
 *
 * RFC 4271 section 8 (attributes), 8.1 (events) and 8.2.2 (states), RFC 9687 section 3 (event 29), RFC 2918 and RFC 7313
 * (ROUTE-REFRESH is a message like any other).
 */

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
