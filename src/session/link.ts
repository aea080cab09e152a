/**
 * One TCP connection with what goes in and out on it. What the connection reports counts until it is given up; from then on it is
 * nobody's concern, whatever is still under way.
 */
import type { Clock } from '../base/clock.ts';
import { Inbox, type InboxEvents } from './inbox.ts';
import { Outbox } from './outbox.ts';
import type { CountedStatistics } from './statistics.ts';
import type { Connection, ConnectionEvents } from './transport.ts';

export interface LinkParts {
  readonly statistics: CountedStatistics;
  readonly clock: Clock;
}

export interface LinkEvents extends ConnectionEvents {
  readonly inbox: InboxEvents;
  /** Octets wait to be taken by the kernel, as none did before. */
  queueBegins(): void;
}

export class Link {
  readonly connection: Connection;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  #connected: boolean;
  #givenUp = false;

  private constructor(
    connection: Connection,
    connected: boolean,
    { statistics, clock }: LinkParts,
    events: LinkEvents,
  ) {
    this.connection = connection;
    this.#connected = connected;
    this.inbox = new Inbox(statistics, clock, events.inbox);
    this.outbox = new Outbox(connection, statistics, clock, events.queueBegins);
  }

  /** A connection that this side asks for. Throws when no attempt can be made. */
  static connect(open: (events: ConnectionEvents) => Connection, parts: LinkParts, events: LinkEvents): Link {
    let link: Link | undefined;
    const connection = open(whileKept(() => link, events));
    link = new Link(connection, false, parts, events);
    return link;
  }

  /** One that the other side has asked for. Nothing is heard of it before `listen`. */
  static accept(connection: Connection, parts: LinkParts, events: LinkEvents): Link {
    return new Link(connection, true, parts, events);
  }

  listen(events: LinkEvents): void {
    this.connection.attach(whileKept(() => this, events));
  }

  /** Whether TCP is up. */
  get isConnected(): boolean {
    return this.#connected;
  }

  get isKept(): boolean {
    return !this.#givenUp;
  }

  connected(): void {
    this.#connected = true;
  }

  /** Ended in order, after what it still has to send. */
  end(): void {
    this.#forget();
    this.connection.end();
  }

  /** The same, but for one that never was. */
  drop(): void {
    this.#forget();
    if (this.#connected) this.connection.end();
    else this.connection.reset();
  }

  #forget(): void {
    this.#givenUp = true;
    this.inbox.close();
  }
}

function whileKept(linkOf: () => Link | undefined, events: LinkEvents): ConnectionEvents {
  const isKept = (): boolean => linkOf()?.isKept ?? false;
  return {
    connected() {
      if (!isKept()) return;
      linkOf()!.connected();
      events.connected();
    },
    data(chunk) {
      if (isKept()) events.data(chunk);
    },
    progress() {
      if (isKept()) events.progress();
    },
    writable() {
      if (isKept()) events.writable();
    },
    closed(error) {
      if (isKept()) events.closed(error);
    },
  };
}
