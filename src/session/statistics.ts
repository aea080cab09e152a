/**
 * What a neighbour has been through, in numbers and in words: the source of `show bgp neighbors`.
 */
import type { NotificationContent } from './fsm.ts';

export interface MessageCounts {
  opens: number;
  updates: number;
  notifications: number;
  keepalives: number;
  routeRefreshes: number;
  octets: number;
}

/** Why a connection or a session ended. */
export interface CloseReason {
  /** In words: `received Cease / Administrative Shutdown: "maintenance"`. */
  readonly text: string;
  /** Which side spoke, or neither: TCP failed, or the peer went away without a word. */
  readonly origin: 'sent' | 'received' | 'transport' | 'local';
  readonly notification?: NotificationContent | undefined;
  /** RFC 8538: the peer asked (or was asked) to forget everything, graceful restart or not. */
  readonly hardReset: boolean;
}

export interface Reset extends CloseReason {
  /** Wall-clock milliseconds. */
  readonly at: number;
}

export interface PeerStatistics {
  readonly sent: Readonly<MessageCounts>;
  readonly received: Readonly<MessageCounts>;
  /** Times the session was established. */
  readonly establishedCount: number;
  /** Times an established session was lost. */
  readonly flaps: number;
  readonly connectionsAttempted: number;
  readonly connectionsAccepted: number;
  readonly connectionsFailed: number;
  readonly collisions: number;
  /** UPDATEs with a fault that did not end the session. */
  readonly malformedUpdates: number;
  /** Wall-clock milliseconds of the last time the session came up. */
  readonly lastEstablishedAt?: number | undefined;
  /** How an established session last ended. */
  readonly lastReset?: Reset | undefined;
  /** What last kept the session from coming up or ended it; undefined again once it is up. */
  readonly lastError?: string | undefined;
  readonly lastErrorAt?: number | undefined;
  /** Wall-clock milliseconds of the last KEEPALIVE or UPDATE in, and of the last message out. */
  readonly lastReceivedAt?: number | undefined;
  readonly lastSentAt?: number | undefined;
  /** Octets written and not yet taken by the kernel. */
  readonly queuedOctets: number;
}

/** The same, for the owner to count with. */
export type CountedStatistics = {
  -readonly [Key in keyof PeerStatistics]: PeerStatistics[Key];
} & { sent: MessageCounts; received: MessageCounts };

export function newStatistics(): CountedStatistics {
  return {
    sent: newCounts(),
    received: newCounts(),
    establishedCount: 0,
    flaps: 0,
    connectionsAttempted: 0,
    connectionsAccepted: 0,
    connectionsFailed: 0,
    collisions: 0,
    malformedUpdates: 0,
    queuedOctets: 0,
  };
}

function newCounts(): MessageCounts {
  return { opens: 0, updates: 0, notifications: 0, keepalives: 0, routeRefreshes: 0, octets: 0 };
}

/** Octets of a malformed message that a log line holds. */
const LOGGED_OCTETS = 512;

/** For logs: hexadecimal, cut after a bound. */
export function hexOf(bytes: Uint8Array, start: number, end: number): string {
  const from = Math.min(start, bytes.length);
  const shown = bytes.subarray(from, Math.min(end, from + LOGGED_OCTETS));
  const text = Buffer.from(shown.buffer, shown.byteOffset, shown.length).toString('hex');
  return end - from > LOGGED_OCTETS ? `${text}... (${end - from} octets)` : text;
}
