/** Active: the peer may connect, and soon this side tries again. RFC 4271 section 8.2.2. */
import { CEASE } from 'bgp-protocol';
import { beforeOpen } from './before-open.ts';
import { cease, damp, withNotification } from './endings.ts';
import { to } from './transition.ts';
import type { FsmConfig, FsmEvent, Transition } from './vocabulary.ts';

export function active(event: FsmEvent, config: FsmConfig): Transition {
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
