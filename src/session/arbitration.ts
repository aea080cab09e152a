/**
 * Two connections between the same two speakers: which one stays.
 *
 * RFC 4271 section 6.8 (the connection that the speaker with the higher identifier initiated is kept),
 * RFC 6286 section 2.3 (equal identifiers of external peers: the larger AS number).
 */
import type { State } from './fsm.ts';

export interface Speaker {
  readonly routerId: string;
  readonly autonomousSystem: number;
}

/** One of the two connections, as far as the decision needs it. */
export interface Contender {
  readonly state: State;
  readonly outgoing: boolean;
}

export type Verdict = 'keep-both' | 'close-new' | 'close-old';

/** Whether the connection that stays is the one this side initiated. */
export function outgoingSurvives(local: Speaker, remote: Speaker): boolean {
  const difference = routerIdNumber(local.routerId) - routerIdNumber(remote.routerId);
  if (difference !== 0) return difference > 0;
  return local.autonomousSystem > remote.autonomousSystem;
}

/**
 * A valid OPEN has come in on `fresh` while `other` exists. Both ends apply the same rule to the same pair, whatever
 * order the messages arrive in, so both keep the same one:
 * - `other` has not exchanged anything yet: nothing to compare.
 * - `other` has sent its OPEN, and would win: wait for its OPEN, it may never come.
 * - else the winner stays and the loser goes. That holds for an `other` that became established in the meantime, too
 *   (CollisionDetectEstablishedState of section 8.1.1): both began together, and the other end may decide before it sees
 *   the KEEPALIVE. A connection that begins after that is refused before it comes here.
 */
export function arbitrate(local: Speaker, remote: Speaker, fresh: Contender, other: Contender): Verdict {
  if (other.state === 'Idle' || other.state === 'Connect' || other.state === 'Active') return 'keep-both';
  if (fresh.outgoing === other.outgoing) {
    // Not a collision: the peer gave its first attempt up, and this end has not noticed yet.
    return other.state === 'Established' ? 'close-new' : 'close-old';
  }
  if (fresh.outgoing === outgoingSurvives(local, remote)) return 'close-old';
  return other.state === 'OpenSent' ? 'keep-both' : 'close-new';
}

/** "Comparing BGP Identifiers is done by converting them to host byte order and treating them as 4-octet unsigned integers." */
function routerIdNumber(routerId: string): number {
  return routerId.split('.').reduce((number, octet) => number * 256 + Number(octet), 0);
}
