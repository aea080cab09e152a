/** The public surface of the session layer: peers, the listener, and the transports under them. */
export { arbitrate, outgoingSurvives } from './arbitration.ts';
export type { SessionEnd, StopReason } from './cease.ts';
export { type NotificationContent, STATES, type State } from './fsm.ts';
export {
  type GracefulRestart,
  NOT_RESTARTED,
  preserves,
  promisesEndOfRib,
  type RestartState,
} from './graceful-restart.ts';
export { type ListenAddress, Listener, type ListenerOptions, type ListenRange } from './listener.ts';
export {
  MemoryConnection,
  MemoryNetwork,
  type MemoryNetworkOptions,
  type Reachability,
} from './memory-transport.ts';
export { type Negotiated, negotiate, ownCapabilities } from './negotiation.ts';
export {
  Peer,
  type PeerDependencies,
  type PeerEvents,
} from './peer.ts';
export {
  BGP_PORT,
  DEFAULT_CONNECT_RETRY_SECONDS,
  DEFAULT_HOLD_TIME_SECONDS,
  type GracefulRestartConfig,
  type PeerConfig,
  type ResolvedPeerConfig,
  resolvePeerConfig,
  settingsThatNeedReset,
} from './peer-config.ts';
export { ReadTurns } from './read-turns.ts';
export type { CloseReason, MessageCounts, PeerStatistics, Reset } from './statistics.ts';
export { type ReadTcpCounters, readTcpCounters, type TcpCounters } from './tcp-counters.ts';
export { tcpConnectionsEnded, tcpTransport } from './tcp-transport.ts';
export type {
  AcceptedConnection,
  Connection,
  ConnectionEvents,
  ConnectOptions,
  Endpoint,
  ListenOptions,
  ListenSocket,
  SocketOptions,
  Transport,
} from './transport.ts';
