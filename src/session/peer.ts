/**
 * A neighbour: its session over all the connections it takes to get and keep it. Keeps one machine, a second one while two
 * connections compete, decides when to try again, and turns everything that goes wrong into words.
 *
 * RFC 4271 sections 6.8 (collision), 8.1.1 (DampPeerOscillations) and 10, RFC 4486 and RFC 9003 (Cease),
 * RFC 8538 (hard reset), RFC 7313 (enhanced refresh), RFC 4724 section 4.2 (what a helper keeps).
 */
import {
  type BgpFault,
  CEASE,
  encodeRouteRefresh,
  type Family,
  type OpenMessage,
  ROUTE_REFRESH_SUBTYPE,
  type RouteRefreshMessage,
} from 'bgp-protocol';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { arbitrate } from './arbitration.ts';
import { Backoff } from './backoff.ts';
import { ceaseNotification, refuseConnection, type SessionEnd, type StopReason } from './cease.ts';
import { Countdown } from './countdown.ts';
import { STATES, type State } from './fsm.ts';
import { keepStale, NOT_RESTARTED, type RestartState } from './graceful-restart.ts';
import { Journal } from './journal.ts';
import { Machine } from './machine.ts';
import type { MachineOwner } from './machine-owner.ts';
import type { Negotiated } from './negotiation.ts';
import {
  type PeerConfig,
  type ResolvedPeerConfig,
  resolvePeerConfig,
  settingsThatNeedReset,
  ttlOf,
} from './peer-config.ts';
import { ReadTurns } from './read-turns.ts';
import type { CloseReason, PeerStatistics } from './statistics.ts';
import { explainSilence, type ReadTcpCounters, type TcpCounters } from './tcp-counters.ts';
import type { AcceptedConnection, Connection, ConnectionEvents, Transport } from './transport.ts';

/** Calls from a peer to its owner. None may throw for what the peer sent. */
export interface PeerEvents {
  established(peer: Peer, negotiated: Negotiated): void;
  /** Body of an UPDATE, valid during the call. A fault returned is logged and counted; one that asks for a session reset ends it. */
  update(peer: Peer, bytes: Uint8Array, start: number, end: number): BgpFault | undefined;
  /** Subtypes of RFC 7313 section 3.2; only those of negotiated families arrive. */
  routeRefresh(peer: Peer, family: Family, subtype: number): void;
  /** After a `write` that returned false. */
  writable(peer: Peer): void;
  /** An established session has ended; its routes go, but for `keepStale`. */
  closed(peer: Peer, reason: SessionEnd): void;
  stateChanged(peer: Peer, from: State, to: State): void;
}

export interface PeerDependencies {
  readonly clock: Clock;
  readonly log: Logger;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly transport: Transport;
  /** Shared by all peers of a process, so that none keeps the others waiting. */
  readonly turns?: ReadTurns | undefined;
  readonly readTcpCounters?: ReadTcpCounters | undefined;
  /** Whether this speaker has restarted; read at every OPEN. */
  readonly restart?: RestartState | undefined;
}

export class Peer {
  #config: ResolvedPeerConfig;
  readonly #deps: PeerDependencies;
  readonly #events: PeerEvents;
  readonly #log: Logger;
  readonly #journal: Journal;
  readonly #idleHold: Countdown;
  readonly #owner: MachineOwner<Machine>;
  #primary: Machine;
  /** The other connection while two compete: always an accepted one when it begins. */
  #second: Machine | undefined;
  #wanted = false;
  #shown: State = 'Idle';
  readonly #backoff = new Backoff();
  #countersBefore: TcpCounters | undefined;

  /** Throws TypeError when the configuration contradicts itself. */
  constructor(config: PeerConfig, deps: PeerDependencies, events: PeerEvents) {
    this.#config = resolvePeerConfig(config);
    this.#deps = deps;
    this.#events = events;
    this.#log = deps.log.child({ peer: config.name ?? config.address });
    this.#journal = new Journal(deps.clock, this.#log);
    this.#idleHold = new Countdown(deps.clock, () => this.#idleHoldExpired());
    this.#owner = this.#machineOwner(deps.turns ?? new ReadTurns(deps.clock));
    this.#primary = new Machine(this.#owner);
  }

  get config(): ResolvedPeerConfig {
    return this.#config;
  }

  get address(): string {
    return this.#config.address;
  }

  /** Of the connection that has come furthest. */
  get state(): State {
    return this.#furthest.state;
  }

  /** What the OPENs settled, while the session is up. */
  get negotiated(): Negotiated | undefined {
    return this.state === 'Established' ? this.#furthest.negotiated : undefined;
  }

  get statistics(): PeerStatistics {
    this.#journal.statistics.queuedOctets = this.#furthest.connection?.queuedOctets ?? 0;
    return this.#journal.statistics;
  }

  /** Milliseconds left of each timer that runs, for `show bgp neighbors`. */
  get timers(): {
    readonly hold?: number | undefined;
    readonly keepalive?: number | undefined;
    readonly nextAttempt?: number | undefined;
  } {
    const machine = this.#furthest;
    return {
      hold: machine.timers.hold.remaining,
      keepalive: machine.timers.keepalive.remaining,
      nextAttempt: this.#idleHold.remaining ?? machine.timers.connectRetry.remaining,
    };
  }

  get #furthest(): Machine {
    const second = this.#second;
    return second && rank(second) > rank(this.#primary) ? second : this.#primary;
  }

  /** Begins to connect and to accept, unless the configuration says shutdown. */
  start(): void {
    if (this.#wanted || this.#config.shutdown) return;
    this.#wanted = true;
    const type = this.#config.passive ? 'ManualStart_with_PassiveTcpEstablishment' : 'ManualStart';
    this.#backoff.forget();
    this.#primary.dispatch({ type });
  }

  /** Ends the session and stays in Idle; by default an administrative shutdown. */
  stop(reason: StopReason = {}): void {
    this.#wanted = false;
    this.#idleHold.stop();
    const { subcode = CEASE.ADMINISTRATIVE_SHUTDOWN, message = '', data } = reason;
    this.#stopAll('ManualStop', subcode, message, data);
  }

  /**
   * Ends the session without a NOTIFICATION and stays in Idle: to a helper that is a restart, and it keeps our routes (RFC 4724
   * section 4.2).
   */
  abandon(): void {
    this.#wanted = false;
    this.#idleHold.stop();
    const second = this.#second;
    this.#second = undefined;
    for (const machine of [second, this.#primary]) machine?.abandon('left here to come back');
  }

  /** Ends the session and begins again at once; by default an administrative reset. */
  reset(subcode: number = CEASE.ADMINISTRATIVE_RESET, message = ''): void {
    if (!this.#wanted) return;
    this.#stopAll('AutomaticStop', subcode, message);
    this.#backoff.forget();
    if (this.#idleHold.running) this.#idleHold.start(this.#retryMilliseconds());
  }

  /**
   * Takes a new configuration. 'applied': it counts from now on, and the session stays. 'needs reset': the session in
   * progress keeps what it has, and everything counts after `reset(CEASE.OTHER_CONFIGURATION_CHANGE)`.
   */
  reconfigure(config: PeerConfig): 'applied' | 'needs reset' {
    const resolved = resolvePeerConfig(config);
    const changed = settingsThatNeedReset(this.#config, resolved);
    this.#config = resolved;
    if (resolved.shutdown && this.#wanted) this.stop({ message: resolved.shutdown.message });
    if (changed.length === 0 || !this.#hasBegun) return 'applied';
    this.#log.info({ settings: changed }, 'the new configuration counts after a reset');
    return 'needs reset';
  }

  /** A connection exists or is being made: its socket has the options of the configuration before. */
  get #hasBegun(): boolean {
    const { state, isConnected } = this.#furthest;
    return state !== 'Idle' && (state !== 'Active' || isConnected);
  }

  /** Whole UPDATEs to send; not copied, so they must not change. false: past the bound, or not established. */
  write(octets: Uint8Array): boolean {
    return this.#furthest.write(octets);
  }

  /** Asks for the routes of a family again; false when the session is down or the peer cannot. */
  sendRouteRefresh(family: Family, subtype: number = ROUTE_REFRESH_SUBTYPE.NORMAL): boolean {
    const negotiated = this.negotiated;
    if (!negotiated?.routeRefresh || !negotiated.families.includes(family)) return false;
    if (subtype !== ROUTE_REFRESH_SUBTYPE.NORMAL && !negotiated.enhancedRefresh) return false;
    this.write(encodeRouteRefresh({ family, subtype }));
    return true;
  }

  /** Takes a connection from the peer's address, or refuses it with a NOTIFICATION. */
  accept(connection: AcceptedConnection): void {
    if (!this.#wanted) {
      refuseConnection(connection, CEASE.CONNECTION_REJECTED);
      return;
    }
    this.#journal.statistics.connectionsAccepted++;
    if (this.state === 'Established') {
      this.#refuseWhileEstablished(connection);
      return;
    }
    try {
      connection.applyOptions({ ...ttlOf(this.#config), trafficClass: this.#config.trafficClass });
    } catch (error) {
      this.#log.warn({ error }, 'cannot set the options of an accepted connection');
    }
    const primary = this.#primary;
    const free = primary.state === 'Idle' || (primary.state === 'Active' && !primary.isConnected);
    if (free && !this.#second) {
      this.#acceptAsPrimary(connection);
      return;
    }
    const older = this.#second;
    const second = new Machine(this.#owner);
    this.#second = second;
    if (older) this.#discard(older);
    second.accept(connection);
  }

  #acceptAsPrimary(connection: Connection): void {
    this.#idleHold.stop();
    // Starting anew must not make this side forget how often it has failed.
    const failures = this.#backoff.connectRetryCounter;
    this.#primary.accept(connection);
    this.#backoff.connectRetryCounter = failures;
  }

  /**
   * RFC 4271 section 6.8: a collision with an established session "causes closing of the newly created connection". It also
   * is what a peer does that has just restarted: a KEEPALIVE on the old connection finds that out within a round trip. RFC 4724
   * section 5 would have the new connection replace the old one of a peer with the capability; its next attempt does so here.
   */
  #refuseWhileEstablished(connection: AcceptedConnection): void {
    this.#journal.statistics.collisions++;
    this.#log.info({}, 'refused a second connection while the session is established');
    refuseConnection(connection, CEASE.CONNECTION_COLLISION_RESOLUTION);
    this.#furthest.probe();
  }

  #stopAll(event: 'ManualStop' | 'AutomaticStop', subcode: number, message: string, data?: Uint8Array): void {
    const notification = ceaseNotification(subcode, message, this.negotiated, data);
    const text = `${event === 'ManualStop' ? 'stopped' : 'reset'} here${message ? `: ${message}` : ''}`;
    const second = this.#second;
    this.#second = undefined;
    second?.stop('ManualStop', notification, text);
    this.#primary.stop(event, notification, text);
  }

  /** Gives a competing connection up without a trace in the counters. */
  #discard(machine: Machine): void {
    if (rank(machine) >= STATES.indexOf('OpenSent')) machine.dump();
    else machine.dispatch({ type: 'ManualStop' });
  }

  #machineOwner(turns: ReadTurns): MachineOwner<Machine> {
    const peer = this;
    const { clock, random } = this.#deps;
    return {
      get config() {
        return peer.#config;
      },
      get restart() {
        return peer.#restart;
      },
      clock,
      random,
      log: this.#log,
      turns,
      statistics: this.#journal.statistics,
      connect: (events) => this.#connect(events),
      retryMilliseconds: () => this.#retryMilliseconds(),
      explainTimeout: (seconds) => this.#explainTimeout(seconds),
      startIdleHold: () => {
        // Its owner may have stopped the peer on hearing of its end.
        if (this.#wanted) this.#idleHold.start(this.#retryMilliseconds());
      },
      countFailure: (machine, change) => this.#countFailure(machine, change),
      openAccepted: (machine, open) => this.#openAccepted(machine, open),
      moved: (machine, from, to) => this.#moved(machine, from, to),
      ended: (machine, from, reason) => this.#ended(machine, from, reason),
      update: (bytes, start, end) => this.#update(bytes, start, end),
      routeRefresh: (message) => this.#routeRefresh(message),
      writable: () => this.#events.writable(this),
    };
  }

  /** A session that was up before in this process has lost no forwarding state either, whatever ended it. */
  get #restart(): RestartState {
    const { restarting, forwardingPreserved } = this.#deps.restart ?? NOT_RESTARTED;
    return {
      restarting,
      forwardingPreserved: forwardingPreserved || this.#journal.statistics.establishedCount > 0,
    };
  }

  #idleHoldExpired(): void {
    if (this.#primary.state === 'Idle') this.#primary.dispatch({ type: 'IdleHoldTimer_Expires' });
  }

  #connect(events: ConnectionEvents): Connection {
    const { address, port, localAddress, device, password, trafficClass } = this.#config;
    this.#countersBefore = this.#deps.readTcpCounters?.();
    const options = { address, port, localAddress, device, password, trafficClass, ...ttlOf(this.#config) };
    return this.#deps.transport.connect(options, events);
  }

  #explainTimeout(seconds: number): string {
    const hint = explainSilence(this.#countersBefore, this.#deps.readTcpCounters?.(), {
      password: this.#config.password !== undefined,
      gtsm: this.#config.ttlSecurityHops !== undefined,
    });
    return `TCP: connection timed out, no answer within ${seconds} s${hint ? `, ${hint}` : ''}`;
  }

  #retryMilliseconds(): number {
    return this.#backoff.milliseconds(this.#config.connectRetrySeconds, this.#deps.random);
  }

  #countFailure(machine: Machine, change: 'increment' | 'reset'): void {
    if (change === 'increment') this.#backoff.connectRetryCounter++;
    else if (machine === this.#primary) this.#backoff.connectRetryCounter = 0;
  }

  /** RFC 4271 section 6.8, when a valid OPEN has come in on one of two connections. */
  #openAccepted(machine: Machine, open: OpenMessage): boolean {
    const other = machine === this.#primary ? this.#second : this.#primary;
    if (!other) return true;
    const local = { routerId: this.#config.routerId, autonomousSystem: this.#config.localAs };
    const verdict = arbitrate(local, open, machine, other);
    if (verdict === 'keep-both') return true;
    this.#journal.statistics.collisions++;
    if (verdict === 'close-new') return false;
    other.dump();
    return true;
  }

  #moved(machine: Machine, from: State, to: State): void {
    if (to === 'Established') this.#established(machine);
    if (machine === this.#second && (to === 'Idle' || (to === 'Active' && from !== 'Idle'))) {
      this.#second = undefined;
      if (to === 'Active') this.#discard(machine);
    } else if (machine === this.#primary && to === 'Idle') {
      this.#primaryEnded(machine);
    }
    this.#show();
  }

  #primaryEnded(machine: Machine): void {
    const second = this.#second;
    if (second) {
      this.#primary = second;
      this.#second = undefined;
    } else if (this.#wanted) {
      // The counter decides how long to stay in Idle; event 13 leaves it.
      const type = this.#config.passive
        ? 'AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment'
        : 'AutomaticStart_with_DampPeerOscillations';
      machine.dispatch({ type });
    }
  }

  #established(machine: Machine): void {
    const negotiated = machine.negotiated!;
    const other = machine === this.#primary ? this.#second : this.#primary;
    // An attempt that has not come to an OPEN is not needed any more; one that has is settled by that OPEN.
    if (other && rank(other) < STATES.indexOf('OpenSent')) {
      this.#primary = machine;
      this.#second = undefined;
      this.#discard(other);
    }
    this.#journal.established();
    this.#show();
    this.#journal.tellEstablished(negotiated);
    this.#events.established(this, negotiated);
  }

  #ended(machine: Machine, from: State, reason: CloseReason): void {
    const isOwnLoss = machine === this.#primary || from === 'Established';
    if (isOwnLoss && reason.origin === 'transport' && from !== 'Established') this.#backoff.tcpFailed();
    else if (isOwnLoss) this.#backoff.sessionEnded(from === 'Established' ? this.#journal.lasted : 0);
    this.#journal.ended(from, reason, isOwnLoss && this.#wanted);
    if (from !== 'Established') return;
    this.#show();
    this.#events.closed(this, { ...reason, keepStale: keepStale(machine.negotiated, this.#config, reason) });
  }

  #update(bytes: Uint8Array, start: number, end: number): BgpFault | undefined {
    const fault = this.#events.update(this, bytes, start, end);
    if (fault) this.#journal.malformed(fault, bytes, start, end);
    return fault;
  }

  /** "If a BGP speaker receives a ROUTE-REFRESH for a family that was not advertised, it is ignored": RFC 2918 section 4. */
  #routeRefresh(message: RouteRefreshMessage): void {
    const negotiated = this.negotiated;
    if (!negotiated?.families.includes(message.family)) return;
    if (message.subtype > ROUTE_REFRESH_SUBTYPE.END) return;
    if (message.subtype !== ROUTE_REFRESH_SUBTYPE.NORMAL && !negotiated.enhancedRefresh) return;
    this.#events.routeRefresh(this, message.family, message.subtype);
  }

  #show(): void {
    const from = this.#shown;
    const to = this.state;
    if (from === to) return;
    this.#shown = to;
    this.#log.debug({ from, to }, 'state changed');
    this.#events.stateChanged(this, from, to);
  }
}

const rank = (machine: Machine): number => STATES.indexOf(machine.state);
