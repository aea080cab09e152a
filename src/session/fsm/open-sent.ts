/** OpenSent: the peer's OPEN is awaited. RFC 4271 section 8.2.2. */
import { CEASE, ERROR, FSM_ERROR } from 'bgp-protocol';
import { cease, content, errorOf, fail, manualStop, unexpected } from './endings.ts';
import { isStart, to } from './transition.ts';
import type { FsmConfig, FsmEvent, Transition } from './vocabulary.ts';

export function openSent(event: FsmEvent, config: FsmConfig): Transition {
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
