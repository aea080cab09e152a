/**
 * Ending a session on purpose: what is said, and what the other side may keep of it.
 *
 * RFC 4486 (Cease), RFC 9003 (text), RFC 8538 sections 3 to 5 (hard reset), RFC 4724 section 4.2 (stale routes).
 */
import {
  CEASE,
  ERROR,
  encodeNotification,
  encodeShutdownCommunication,
  type Family,
  wrapHardReset,
} from 'bgp-protocol';
import type { NotificationContent } from './fsm.ts';
import type { Negotiated } from './negotiation.ts';
import type { PeerConfig } from './peer-config.ts';
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
  /** RFC 4724 section 4.2: families whose routes stay as stale for so long; undefined when they must go at once. */
  readonly keepStale?: { readonly families: readonly Family[]; readonly seconds: number } | undefined;
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

/**
 * RFC 4724 section 4.2 keeps routes when TCP fails; RFC 8538 section 4 also after a NOTIFICATION or an expired hold timer, when
 * both set the N bit and it is no hard reset.
 */
export function keepStale(
  negotiated: Negotiated | undefined,
  config: PeerConfig,
  reason: CloseReason,
): SessionEnd['keepStale'] {
  const restart = negotiated?.gracefulRestart;
  if (!restart || !config.gracefulRestart || reason.hardReset) return undefined;
  if (reason.origin !== 'transport' && !negotiated.notificationRestart) return undefined;
  const offered = new Set(restart.families.map(({ family }) => family));
  const families = negotiated.families.filter((family) => offered.has(family));
  return families.length > 0 ? { families, seconds: restart.restartTimeSeconds } : undefined;
}
