/**
 * The BGP state machine of one connection, as a pure function: state and event in, next state and actions out; one file per state
 * in `fsm/`. Who performs the actions, and how two connections of one peer are told apart, is not known here.
 *
 * RFC 4271 section 8 (events 8.1, states 8.2.2, in its order), RFC 6608 (subcodes of the defaults),
 * RFC 9687 section 3 (event 29), RFC 2918 and RFC 7313 (ROUTE-REFRESH is a message like any other).
 */
import { active } from './fsm/active.ts';
import { connect } from './fsm/connect.ts';
import { established } from './fsm/established.ts';
import { idle } from './fsm/idle.ts';
import { openConfirm } from './fsm/open-confirm.ts';
import { openSent } from './fsm/open-sent.ts';
import type { FsmConfig, FsmEvent, State, Transition } from './fsm/vocabulary.ts';

export * from './fsm/vocabulary.ts';

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
