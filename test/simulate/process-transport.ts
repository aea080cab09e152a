/**
 * The sockets of one simulated process: they die with it, and the network can be cut between it and another machine,
 * which `MemoryNetwork` by itself does only for connections that exist.
 */
import {
  type AcceptedConnection,
  type Connection,
  type ConnectionEvents,
  type ConnectOptions,
  type ListenOptions,
  type ListenSocket,
  MemoryConnection,
  type MemoryNetwork,
  type Transport,
} from '../../src/session/index.ts';

/** An address where nobody ever answers: connections over a cut link go there. */
export const NOWHERE = '192.0.2.255';

export class ProcessTransport implements Transport {
  readonly #inner: Transport;
  readonly #isCut: (address: string) => boolean;
  readonly #connections = new Set<Connection>();
  readonly #sockets = new Set<ListenSocket>();
  #ended = false;

  /** @param isCut whether the way to that address is interrupted now */
  constructor(network: MemoryNetwork, address: string, isCut: (address: string) => boolean) {
    this.#inner = network.host(address);
    this.#isCut = isCut;
  }

  connect(options: ConnectOptions, events: ConnectionEvents): Connection {
    const address = this.#isCut(options.address) ? NOWHERE : options.address;
    const gate = this.#gate(events);
    const connection = this.#inner.connect({ ...options, address }, gate);
    gate.connection = connection;
    this.#connections.add(connection);
    return connection;
  }

  async listen(
    options: ListenOptions,
    accepted: (connection: AcceptedConnection) => void,
  ): Promise<ListenSocket> {
    const socket = await this.#inner.listen(options, (connection) => {
      this.#connections.add(connection);
      const attach = connection.attach.bind(connection);
      connection.attach = (events) => {
        const gate = this.#gate(events);
        gate.connection = connection;
        attach(gate);
      };
      accepted(connection);
    });
    if (this.#ended) socket.close();
    else this.#sockets.add(socket);
    return socket;
  }

  /**
   * What the kernel does when a process is gone: every connection is reset, every socket closed. `silently`: the kernel
   * is gone, too, and nobody hears of it.
   */
  end({ silently }: { readonly silently: boolean }): void {
    this.#ended = true;
    for (const socket of this.#sockets) socket.close();
    for (const connection of this.#connections) {
      if (silently && connection instanceof MemoryConnection) connection.cut();
      else connection.reset();
    }
    this.#connections.clear();
  }

  /** Nothing is read from any connection until this is false again. */
  stall(stalled: boolean): void {
    for (const connection of this.#connections) {
      if (connection instanceof MemoryConnection) connection.stall(stalled);
    }
  }

  /** Passes events on while the process lives, and forgets connections that are over. */
  #gate(events: ConnectionEvents): ConnectionEvents & { connection: Connection | undefined } {
    const gate = {
      connection: undefined as Connection | undefined,
      connected: () => {
        if (!this.#ended) events.connected();
      },
      data: (chunk: Uint8Array) => {
        if (!this.#ended) events.data(chunk);
      },
      progress: () => {
        if (!this.#ended) events.progress();
      },
      writable: () => {
        if (!this.#ended) events.writable();
      },
      closed: (error: Error | undefined) => {
        if (gate.connection) this.#connections.delete(gate.connection);
        if (!this.#ended) events.closed(error);
      },
    };
    return gate;
  }
}
