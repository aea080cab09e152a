/** OpenConfirm: the peer's KEEPALIVE, or its NOTIFICATION, is awaited. RFC 4271 section 8.2.2. */
import { CEASE, ERROR, FSM_ERROR } from 'bgp-protocol';
import { cease, content, errorOf, fail, failSilently, manualStop, unexpected } from './endings.ts';
import { isStart, to } from './transition.ts';
import type { FsmConfig, FsmEvent, Transition } from './vocabulary.ts';

export function openConfirm(event: FsmEvent, config: FsmConfig): Transition {
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
