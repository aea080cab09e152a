/**
 * Ending a session on purpose: what is said, and whether it is meant to last.
 *
 * RFC 4486 (Cease), RFC 9003 (text), RFC 8538 sections 3 to 5 (hard reset).
 */
import { CEASE, ERROR, encodeNotification, encodeShutdownCommunication, wrapHardReset } from 'bgp-protocol';
import type { NotificationContent } from './fsm.ts';
import type { Kept } from './graceful-restart.ts';
import type { Negotiated } from './negotiation.ts';
import type { CloseReason } from './statistics.ts';
import type { Connection } from './transport.ts';

/** Why a session is ended on purpose: a Cease subcode (RFC 4486) and a text for the peer's people (RFC 9003). */
export interface StopReason {
  readonly subcode?: number | undefined;
  readonly message?: string | undefined;
  /** Of the NOTIFICATION, for subcodes that carry no text: what RFC 4486 section 4 says of the subcode. */
  readonly data?: Uint8Array | undefined;
}

/** How an established session ended, and what a graceful-restart helper may keep of it. */
export interface SessionEnd extends CloseReason {
  /** RFC 4724 section 4.2; undefined when its routes must go at once. */
  readonly keepStale?: Kept | undefined;
}

const NO_DATA = new Uint8Array(0);

/** RFC 8538 section 5: an end that is meant to last is told so, or a graceful restart would follow. */
export function ceaseNotification(
  subcode: number,
  message: string,
  negotiated: Negotiated | undefined,
  ownData: Uint8Array = NO_DATA,
): NotificationContent {
  const hasText = subcode === CEASE.ADMINISTRATIVE_SHUTDOWN || subcode === CEASE.ADMINISTRATIVE_RESET;
  const data = hasText ? encodeShutdownCommunication(message) : ownData;
  const plain = { type: 'NOTIFICATION', code: ERROR.CEASE, subcode, data } as const;
  const isLasting =
    hasText || subcode === CEASE.PEER_DECONFIGURED || subcode === CEASE.MAXIMUM_NUMBER_OF_PREFIXES_REACHED;
  return isLasting && negotiated?.notificationRestart ? wrapHardReset(plain) : plain;
}

/** A NOTIFICATION to a connection that no session will have, and its end. */
export function refuseConnection(connection: Connection, subcode: number): void {
  connection.write(encodeNotification({ code: ERROR.CEASE, subcode, data: NO_DATA }));
  connection.end();
}
