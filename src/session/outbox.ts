/**
 * What goes out on one connection: encodes the session's own messages, counts all, and notices when a queue begins.
 *
 * RFC 4271 sections 4.2 to 4.5, RFC 9687 section 3 (the send hold timer runs while octets wait).
 */
import {
  type Capability,
  encodeKeepalive,
  encodeNotification,
  encodeOpen,
  HEADER_LENGTH,
  MESSAGE_TYPE,
} from 'bgp-protocol';
import type { Clock } from '../base/clock.ts';
import type { NotificationContent } from './fsm.ts';
import type { RestartState } from './graceful-restart.ts';
import { ownOpen } from './negotiation.ts';
import type { ResolvedPeerConfig } from './peer-config.ts';
import type { CountedStatistics } from './statistics.ts';
import type { Connection } from './transport.ts';

const KEEPALIVE = encodeKeepalive();

export class Outbox {
  readonly #connection: Connection;
  readonly #statistics: CountedStatistics;
  readonly #clock: Clock;
  readonly #queueBegins: () => void;
  #advertised: readonly Capability[] | undefined;

  constructor(connection: Connection, statistics: CountedStatistics, clock: Clock, queueBegins: () => void) {
    this.#connection = connection;
    this.#statistics = statistics;
    this.#clock = clock;
    this.#queueBegins = queueBegins;
  }

  /** The capabilities of the OPEN that was sent; undefined: none was yet. */
  get advertised(): readonly Capability[] | undefined {
    return this.#advertised;
  }

  open(config: ResolvedPeerConfig, restart: RestartState): void {
    this.#statistics.sent.opens++;
    const open = ownOpen(config, restart);
    this.#advertised = open.capabilities;
    this.#send(encodeOpen(open));
  }

  keepalive(): void {
    this.#statistics.sent.keepalives++;
    this.#send(KEEPALIVE);
  }

  notification(content: NotificationContent): void {
    this.#statistics.sent.notifications++;
    this.#send(encodeNotification(content));
  }

  /** Whole messages that somebody else encoded. false: the queue is past its bound. */
  messages(octets: Uint8Array): boolean {
    const { sent } = this.#statistics;
    for (let at = 0; at + HEADER_LENGTH <= octets.length; ) {
      const type = octets[at + 18];
      if (type === MESSAGE_TYPE.UPDATE) sent.updates++;
      else if (type === MESSAGE_TYPE.ROUTE_REFRESH) sent.routeRefreshes++;
      at += Math.max(HEADER_LENGTH, (octets[at + 16]! << 8) | octets[at + 17]!);
    }
    return this.#send(octets);
  }

  #send(octets: Uint8Array): boolean {
    this.#statistics.sent.octets += octets.length;
    this.#statistics.lastSentAt = this.#clock.wallTime();
    if (this.#connection.queuedOctets === 0) this.#queueBegins();
    return this.#connection.write(octets);
  }
}
