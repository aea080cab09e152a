/**
 * What a session needs of TCP: connect, listen, octets in and out with bounds, and an orderly or an abrupt end.
 * Real sockets and the in-memory network of the tests and the fabric simulator both are this.
 */

export interface Endpoint {
  /** Canonical text without zone. */
  readonly address: string;
  readonly port: number;
  /** Interface of a link-local address. */
  readonly zone?: string | undefined;
}

/** What a connection tells its owner. After `closed` nothing more comes. */
export interface ConnectionEvents {
  /** A connection that this side asked for is there. */
  connected(): void;
  /** The chunk is the receiver's from now on. */
  data(chunk: Uint8Array): void;
  /** The kernel took octets that were waiting: the peer is reading. */
  progress(): void;
  /** After a `write` that returned false: the queue is short again. */
  writable(): void;
  /** It never came about, broke, or the other side ended it (`error` is undefined then), after all data. */
  closed(error: Error | undefined): void;
}

export interface Connection {
  /** Whether this side asked for it. */
  readonly outgoing: boolean;
  /** Both ends; meaningful once connected. */
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** Octets written but not yet taken by the kernel. */
  readonly queuedOctets: number;
  /** Gives an accepted connection its owner; what has arrived before is delivered then. */
  attach(events: ConnectionEvents): void;
  /** The octets are not copied and must not change any more. false: the queue is past its bound, wait for `writable`. */
  write(octets: Uint8Array): boolean;
  /** Stops and restarts `data`, so that a slow reader slows the sender down. */
  pause(): void;
  resume(): void;
  /** Sends what is queued, then ends in order; what still comes in is read and dropped. The owner hears no more. */
  end(): void;
  /** Ends at once. The owner hears no more. */
  reset(): void;
}

/** Options that sockets have from their first segment on. */
export interface SocketOptions {
  readonly ttl?: number | undefined;
  /** GTSM (RFC 5082): what arrives with less is dropped. */
  readonly minTtl?: number | undefined;
  readonly trafficClass?: number | undefined;
  readonly device?: string | undefined;
}

export interface ConnectOptions extends SocketOptions {
  readonly address: string;
  readonly port: number;
  readonly localAddress?: string | undefined;
  readonly password?: string | undefined;
}

export interface ListenOptions extends SocketOptions {
  readonly address: string;
  readonly port: number;
}

export interface ListenSocket {
  readonly address: string;
  /** The port in use, also when 0 was asked for. */
  readonly port: number;
  /** Sets or removes (undefined) the MD5 key for connections from `prefix` ("10.0.0.1/32") that begin from now on. */
  setPassword(prefix: string, password: string | undefined): void;
  close(): void;
}

/** An accepted connection can be given the options of the peer that it turned out to be. */
export interface AcceptedConnection extends Connection {
  applyOptions(options: SocketOptions): void;
}

export interface Transport {
  /** Throws when there can be no attempt at all: no such device, foreign local address. */
  connect(options: ConnectOptions, events: ConnectionEvents): Connection;
  /** Rejects when the address cannot be bound. */
  listen(options: ListenOptions, accepted: (connection: AcceptedConnection) => void): Promise<ListenSocket>;
}
