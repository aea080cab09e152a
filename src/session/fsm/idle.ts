/** Idle: no connection, and none wanted yet, or not again so soon. RFC 4271 section 8.2.2; 8.1.1 (DampPeerOscillations). */
import { to } from './transition.ts';
import type { FsmConfig, FsmEvent, PlainAction, Transition } from './vocabulary.ts';

export function idle(event: FsmEvent, config: FsmConfig): Transition {
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

function start(next: 'Connect' | 'Active', resetCounter: boolean): Transition {
  const counter: PlainAction[] = resetCounter ? ['reset-connect-retry-counter'] : [];
  const initiate: PlainAction[] = next === 'Connect' ? ['initiate-connection'] : [];
  return to(next, 'initialize-resources', ...counter, 'start-connect-retry-timer', ...initiate);
}
