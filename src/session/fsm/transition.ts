/** What every state says: a transition in one line, and which events are starts. RFC 4271 section 8.2.2. */
import type { EventType, PlainAction, State, Transition } from './vocabulary.ts';

export function to(next: State, ...types: readonly PlainAction[]): Transition {
  return { next, actions: types.map((type) => ({ type })) };
}

/** Events 1 and 3 to 7: "ignored" in every state but Idle. */
export function isStart(type: EventType): boolean {
  return type.startsWith('ManualStart') || type.startsWith('AutomaticStart');
}
