/** Connect: TCP is being set up. RFC 4271 section 8.2.2. */
import { beforeOpen } from './before-open.ts';
import { to } from './transition.ts';
import type { FsmConfig, FsmEvent, Transition } from './vocabulary.ts';

export function connect(event: FsmEvent, config: FsmConfig): Transition {
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
