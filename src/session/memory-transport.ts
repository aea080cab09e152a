/**
 * A network in memory, on a given clock: for the laws of a session in tests, and for fabrics of hundreds of speakers in
 * one process. It can delay, refuse, stay silent, stop reading and break.
 */
import type { Clock } from '../base/clock.ts';
import type {
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

/** How an address answers: 'refuse' has nobody listening, 'silent' drops every segment. */
export type Reachability = 'open' | 'refuse' | 'silent';

export interface MemoryNetworkOptions {
  readonly latencyMilliseconds?: number | undefined;
  /** Octets that the receiver's side takes before the sender's queue begins to grow. */
  readonly windowOctets?: number | undefined;
  /** Queue length past which `write` says false. */
  readonly highWaterOctets?: number | undefined;
}

/** How long `end` waits for the other side to take what is queued. */
const LINGER_MILLISECONDS = 2000;
const LARGEST_CHUNK = 65536;
const FIRST_EPHEMERAL_PORT = 49152;

type Accept = (connection: AcceptedConnection) => void;

export class MemoryNetwork {
  readonly clock: Clock;
  readonly latency: number;
  readonly window: number;
  readonly highWater: number;
  readonly #listeners = new Map<string, Accept>();
  readonly #reachability = new Map<string, Reachability>();
  readonly #open = new Set<MemoryConnection>();
  #nextPort = FIRST_EPHEMERAL_PORT;

  constructor(clock: Clock, options: MemoryNetworkOptions = {}) {
    this.clock = clock;
    this.latency = options.latencyMilliseconds ?? 1;
    this.window = options.windowOctets ?? 256 * 1024;
    this.highWater = options.highWaterOctets ?? 1024 * 1024;
  }

  /** The transport of the host that has this address. */
  host(address: string): Transport {
    return {
      connect: (options, events) => this.#connect(address, options, events),
      listen: (options, accepted) => this.#listen(address, options, accepted),
    };
  }

  /** From now on, for new connections to the address. */
  setReachability(address: string, reachability: Reachability): void {
    this.#reachability.set(address, reachability);
  }

  /** Connections that are open between the two addresses, either way; both ends of each. */
  connections(a: string, b: string): readonly MemoryConnection[] {
    return [...this.#open].filter(({ local, remote }) => {
      return (local.address === a && remote.address === b) || (local.address === b && remote.address === a);
    });
  }

  opened(connection: MemoryConnection): void {
    this.#open.add(connection);
  }

  closed(connection: MemoryConnection): void {
    this.#open.delete(connection);
  }

  #connect(address: string, options: ConnectOptions, events: ConnectionEvents): Connection {
    const local = { address: options.localAddress ?? address, port: this.#nextPort++ };
    const remote = { address: options.address, port: options.port };
    const connection = new MemoryConnection(this, true, local, remote);
    connection.attach(events);
    this.clock.after(this.latency, () => this.#synchronize(connection));
    return connection;
  }

  #synchronize(connection: MemoryConnection): void {
    const { remote, local } = connection;
    const reachability = this.#reachability.get(remote.address) ?? 'open';
    if (connection.isClosed || reachability === 'silent') return;
    const accept = this.#listeners.get(placeOf(remote.address, remote.port));
    if (reachability === 'refuse' || !accept) {
      this.clock.after(this.latency, () => connection.fail(new Error('connection refused')));
      return;
    }
    const other = new MemoryConnection(this, false, remote, local);
    connection.pairWith(other);
    this.clock.after(this.latency, () => connection.established());
    accept(other);
  }

  #listen(address: string, options: ListenOptions, accepted: Accept): Promise<ListenSocket> {
    const place = placeOf(address, options.port);
    if (this.#listeners.has(place)) return Promise.reject(new Error(`Cannot listen on ${place}: in use`));
    this.#listeners.set(place, accepted);
    return Promise.resolve({
      address,
      port: options.port,
      setPassword() {},
      close: () => this.#listeners.delete(place),
    });
  }
}

const placeOf = (address: string, port: number): string => `${address} port ${port}`;

/** One end. What it writes arrives at the other end in order, a latency later. */
export class MemoryConnection implements AcceptedConnection {
  readonly outgoing: boolean;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly #network: MemoryNetwork;
  #other: MemoryConnection | undefined;
  #events: ConnectionEvents | undefined;
  #connected = false;
  #ended = false;
  #closed = false;
  #paused = false;
  #stalled = false;
  #congested = false;
  #broken = false;
  /** Written here, not yet taken by the other end's window. */
  #outbound: Uint8Array[] = [];
  #queued = 0;
  /** Arrived here, not yet read. */
  #inbound: Uint8Array[] = [];
  #unread = 0;
  #inFlight = 0;
  #endReceived = false;

  constructor(network: MemoryNetwork, outgoing: boolean, local: Endpoint, remote: Endpoint) {
    this.#network = network;
    this.outgoing = outgoing;
    this.local = local;
    this.remote = remote;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  get queuedOctets(): number {
    return this.#queued;
  }

  attach(events: ConnectionEvents): void {
    this.#events = events;
    this.#network.clock.soon(() => this.#deliver());
  }

  applyOptions(_options: SocketOptions): void {}

  write(octets: Uint8Array): boolean {
    if (this.#closed || this.#ended) return false;
    for (let at = 0; at < octets.length; at += LARGEST_CHUNK) {
      this.#outbound.push(octets.subarray(at, at + LARGEST_CHUNK));
    }
    this.#queued += octets.length;
    this.#transmit();
    if (this.#queued <= this.#network.highWater) return true;
    this.#congested = true;
    return false;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#network.clock.soon(() => this.#deliver());
  }

  end(): void {
    this.#events = undefined;
    this.#ended = true;
    this.#transmit();
    if (!this.#closed) this.#network.clock.after(LINGER_MILLISECONDS, () => this.reset());
  }

  reset(): void {
    if (this.#closed) return;
    this.#events = undefined;
    this.#close();
    const other = this.#other;
    if (other) this.#later(() => other.fail(new Error('connection reset by peer')));
  }

  // What the network and the tests do to it.

  pairWith(other: MemoryConnection): void {
    this.#other = other;
    other.#other = this;
    other.#connected = true;
    this.#network.opened(this);
    this.#network.opened(other);
  }

  established(): void {
    if (this.#closed || this.#broken) return;
    this.#connected = true;
    this.#events?.connected();
    this.#transmit();
    this.#deliver();
  }

  fail(error: Error): void {
    if (this.#closed || this.#broken) return;
    const events = this.#events;
    this.#events = undefined;
    this.#close();
    events?.closed(error);
  }

  /** This end stops taking octets from the network, as a process that hangs does; false lets it go on. */
  stall(stalled: boolean): void {
    this.#stalled = stalled;
    if (!stalled) this.#deliver();
  }

  /** From now on nothing passes in either direction, and nobody is told: a cut cable. */
  cut(): void {
    this.#broken = true;
    if (this.#other) this.#other.#broken = true;
  }

  /** Hands the window's worth of octets to the network. */
  #transmit(): void {
    const other = this.#other;
    if (!other || !this.#connected || this.#closed) return;
    let taken = false;
    while (this.#outbound.length > 0 && other.#unread + this.#inFlight < this.#network.window) {
      const chunk = this.#outbound.shift()!;
      this.#queued -= chunk.length;
      this.#inFlight += chunk.length;
      taken = true;
      this.#later(() => {
        this.#inFlight -= chunk.length;
        other.#arrive(chunk);
      });
    }
    if (taken) this.#progressed();
    if (this.#ended && this.#outbound.length === 0) {
      this.#close();
      this.#later(() => other.#endArrived());
    }
  }

  #progressed(): void {
    this.#events?.progress();
    if (!this.#congested || this.#queued > this.#network.highWater / 4) return;
    this.#congested = false;
    this.#network.clock.soon(() => this.#events?.writable());
  }

  #later(action: () => void): void {
    this.#network.clock.after(this.#network.latency, () => {
      if (!this.#broken) action();
    });
  }

  #arrive(chunk: Uint8Array): void {
    if (this.#closed) return;
    this.#inbound.push(chunk);
    this.#unread += chunk.length;
    this.#deliver();
  }

  #endArrived(): void {
    this.#endReceived = true;
    this.#deliver();
  }

  #deliver(): void {
    while (this.#events && this.#connected && !this.#paused && !this.#stalled) {
      const chunk = this.#inbound.shift();
      if (!chunk) break;
      this.#unread -= chunk.length;
      this.#events.data(chunk);
      if (this.#other) this.#other.#transmit();
    }
    if (!this.#endReceived || this.#inbound.length > 0 || this.#closed) return;
    const events = this.#events;
    if (!events && !this.#ended) return;
    this.#events = undefined;
    this.#close();
    events?.closed(undefined);
  }

  #close(): void {
    this.#closed = true;
    this.#network.closed(this);
  }
}
