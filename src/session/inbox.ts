/**
 * What comes in on one connection: cuts the octets into messages, counts them, and hands each on by its type. The counterpart of
 * `outbox.ts`.
 *
 * RFC 4271 sections 4.1 and 6.1 (header, and what is wrong with it), RFC 8654 section 3 (message size after the OPENs).
 */
import {
  BgpFault,
  decodeNotification,
  Framer,
  HEADER_LENGTH,
  MAX_MESSAGE_LENGTH,
  MESSAGE_TYPE,
  type NotificationMessage,
} from 'bgp-protocol';
import type { Clock } from '../base/clock.ts';
import type { CountedStatistics } from './statistics.ts';

/** Bodies are views, valid during the call. */
export interface InboxEvents {
  open(bytes: Uint8Array, start: number, end: number): void;
  update(bytes: Uint8Array, start: number, end: number): void;
  keepalive(): void;
  notification(message: NotificationMessage): void;
  routeRefresh(bytes: Uint8Array, start: number, end: number): void;
}

export class Inbox {
  readonly #statistics: CountedStatistics;
  readonly #clock: Clock;
  readonly #events: InboxEvents;
  readonly #framer: Framer;
  #closed = false;

  constructor(statistics: CountedStatistics, clock: Clock, events: InboxEvents) {
    this.#statistics = statistics;
    this.#clock = clock;
    this.#events = events;
    this.#framer = new Framer((type, bytes, start, end) => this.#message(type, bytes, start, end), {
      maxLength: MAX_MESSAGE_LENGTH,
    });
  }

  setMaxLength(octets: number): void {
    this.#framer.setMaxLength(octets);
  }

  /** Returns what makes the octets unreadable from there on; nothing of that when a message has ended the connection before. */
  read(chunk: Uint8Array): BgpFault | undefined {
    try {
      this.#framer.push(chunk);
      return undefined;
    } catch (error) {
      if (!(error instanceof BgpFault)) throw error;
      return this.#closed ? undefined : error;
    }
  }

  /** The connection is given up, perhaps within the very chunk that is being read: nothing more is handed on. */
  close(): void {
    this.#closed = true;
  }

  #message(type: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.#closed) return;
    const { received } = this.#statistics;
    received.octets += end - start + HEADER_LENGTH;
    switch (type) {
      case MESSAGE_TYPE.UPDATE:
        received.updates++;
        this.#statistics.lastReceivedAt = this.#clock.wallTime();
        this.#events.update(bytes, start, end);
        break;
      case MESSAGE_TYPE.KEEPALIVE:
        received.keepalives++;
        this.#statistics.lastReceivedAt = this.#clock.wallTime();
        this.#events.keepalive();
        break;
      case MESSAGE_TYPE.OPEN:
        received.opens++;
        this.#events.open(bytes, start, end);
        break;
      case MESSAGE_TYPE.NOTIFICATION:
        received.notifications++;
        this.#events.notification(decodeNotification(bytes, start, end));
        break;
      case MESSAGE_TYPE.ROUTE_REFRESH:
        received.routeRefreshes++;
        this.#events.routeRefresh(bytes, start, end);
        break;
    }
  }
}
