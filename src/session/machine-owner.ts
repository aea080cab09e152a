/**
 * The seam between a connection and the peer it belongs to: what the machine asks, and what it tells.
 */
import type { BgpFault, OpenMessage, RouteRefreshMessage } from 'bgp-protocol';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { State } from './fsm.ts';
import type { RestartState } from './graceful-restart.ts';
import type { ResolvedPeerConfig } from './peer-config.ts';
import type { ReadTurns } from './read-turns.ts';
import type { CloseReason, CountedStatistics } from './statistics.ts';
import type { Connection, ConnectionEvents } from './transport.ts';

/** What a machine `M` needs of the peer it belongs to. */
export interface MachineOwner<M> {
  readonly config: ResolvedPeerConfig;
  /** As of now: it changes while the session lasts. */
  readonly restart: RestartState;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly turns: ReadTurns;
  readonly statistics: CountedStatistics;
  /** Throws when no attempt can be made. */
  connect(events: ConnectionEvents): Connection;
  /** How long to stay in Active before the next attempt. */
  retryMilliseconds(): number;
  /** Why an attempt that never got an answer may have failed. */
  explainTimeout(seconds: number): string;
  startIdleHold(): void;
  /** ConnectRetryCounter, which all connections of a peer share. */
  countFailure(machine: M, change: 'increment' | 'reset'): void;
  /** A valid OPEN is here; whether this connection goes on, after the other one was dealt with. */
  openAccepted(machine: M, open: OpenMessage): boolean;
  moved(machine: M, from: State, to: State): void;
  /** An attempt or a session did not last. */
  ended(machine: M, from: State, reason: CloseReason): void;
  update(bytes: Uint8Array, start: number, end: number): BgpFault | undefined;
  routeRefresh(message: RouteRefreshMessage): void;
  writable(machine: M): void;
}
