/** Established: UPDATE, KEEPALIVE and NOTIFICATION are exchanged. RFC 4271 section 8.2.2, RFC 9687 section 3 (event 29). */
import { CEASE, ERROR, FSM_ERROR } from 'bgp-protocol';
import { cease, content, errorOf, fail, failSilently, manualStop, unexpected } from './endings.ts';
import { isStart, to } from './transition.ts';
import type { FsmConfig, FsmEvent, Transition } from './vocabulary.ts';

/** One UPDATE is one call: what does not change is not made again. */
const KEEPALIVE_RECEIVED = to('Established', 'restart-hold-timer');
const UPDATE_RECEIVED = to('Established', 'process-update', 'restart-hold-timer');
const KEEPALIVE_DUE = to('Established', 'send-keepalive', 'restart-keepalive-timer');

export function established(event: FsmEvent, config: FsmConfig): Transition {
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
