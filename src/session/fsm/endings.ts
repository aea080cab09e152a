/**
 * How a connection ends, as the states have it in common: with a NOTIFICATION or without, counted as a failure or not.
 *
 * RFC 4271 section 8.2.2 (the last paragraphs of each state), RFC 6608 (subcodes of the defaults).
 */
import { CEASE, ERROR, FSM_ERROR } from 'bgp-protocol';
import { to } from './transition.ts';
import type {
  EventType,
  FsmConfig,
  FsmEvent,
  NotificationContent,
  PlainAction,
  Transition,
} from './vocabulary.ts';

const NO_DATA = new Uint8Array(0);

export function manualStop(event: FsmEvent, deleteRoutes: boolean): Transition {
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

export function failBeforeOpen(config: FsmConfig): Transition {
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

export function failSilently(config: FsmConfig, deleteRoutes: boolean): Transition {
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

export function fail(
  event: FsmEvent,
  otherwise: NotificationContent,
  config: FsmConfig,
  deleteRoutes: boolean,
): Transition {
  return withNotification(event, otherwise, failSilently(config, deleteRoutes));
}

/** "In response to any other event": a message that has no place here has its own subcode, a timer has none. */
export function unexpected(
  event: FsmEvent,
  subcode: number,
  config: FsmConfig,
  deleteRoutes: boolean,
): Transition {
  const told = isMessage(event.type) ? subcode : FSM_ERROR.UNSPECIFIED;
  return fail({ type: event.type }, content(ERROR.FINITE_STATE_MACHINE, told), config, deleteRoutes);
}

export function withNotification(
  event: FsmEvent,
  otherwise: NotificationContent,
  end: Transition,
): Transition {
  const notification = event.notification ?? otherwise;
  return { next: end.next, actions: [{ type: 'send-notification', notification }, ...end.actions] };
}

export const content = (code: number, subcode: number): NotificationContent => ({
  code,
  subcode,
  data: NO_DATA,
});
export const cease = (subcode: number): NotificationContent => content(ERROR.CEASE, subcode);

/** The code of an error event whose origin gave no more than the event. */
export function errorOf(type: 'BGPHeaderErr' | 'BGPOpenMsgErr' | 'UpdateMsgErr'): NotificationContent {
  switch (type) {
    case 'BGPHeaderErr':
      return content(ERROR.MESSAGE_HEADER, 0);
    case 'BGPOpenMsgErr':
      return content(ERROR.OPEN_MESSAGE, 0);
    case 'UpdateMsgErr':
      return content(ERROR.UPDATE_MESSAGE, 0);
  }
}

export const damp = (config: FsmConfig): PlainAction[] =>
  config.dampPeerOscillations ? ['damp-peer-oscillations'] : [];

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
