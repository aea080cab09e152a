/** What Connect and Active have in common: no OPEN has been sent. RFC 4271 section 8.2.2. */
import { errorOf, failBeforeOpen, withNotification } from './endings.ts';
import { isStart, to } from './transition.ts';
import type { FsmConfig, FsmEvent, Transition } from './vocabulary.ts';

export function beforeOpen(state: 'Connect' | 'Active', event: FsmEvent, config: FsmConfig): Transition {
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
