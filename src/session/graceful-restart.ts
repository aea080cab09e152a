/**
 * Graceful restart, as a session sees it: what this side says of its own restart in the OPEN, and what a helper may keep of
 * a peer whose session has ended.
 *
 * RFC 4724 sections 3 (capability), 4.1 (restarting speaker) and 4.2 (helper), RFC 8538 section 2 (N bit).
 */
import type { Capability, Family } from 'bgp-protocol';
import type { PeerConfig, ResolvedPeerConfig } from './peer-config.ts';
import type { CloseReason } from './statistics.ts';

export type GracefulRestart = Extract<Capability, { type: 'graceful-restart' }>;

/** What of a negotiation matters here. */
interface Agreed {
  readonly families: readonly Family[];
  readonly gracefulRestart?: GracefulRestart | undefined;
  readonly notificationRestart: boolean;
}

type Offered = Pick<Agreed, 'gracefulRestart'>;

/** What this speaker says of itself at the moment. */
export interface RestartState {
  /** R bit: it has restarted, and has not yet told its peers all that it had told them. */
  readonly restarting: boolean;
  /** F bit: packets were forwarded all the while. */
  readonly forwardingPreserved: boolean;
}

export const NOT_RESTARTED: RestartState = { restarting: false, forwardingPreserved: false };

/**
 * RFC 4724 section 3. Without a family the capability says that End-of-RIB is sent and that peers' routes are kept, but that ours
 * need not be.
 */
export function gracefulRestartCapability(
  { gracefulRestart, families }: ResolvedPeerConfig,
  { restarting, forwardingPreserved }: RestartState,
): GracefulRestart | undefined {
  if (!gracefulRestart) return undefined;
  const { restarter, notification, restartTimeSeconds } = gracefulRestart;
  return {
    type: 'graceful-restart',
    restarting: restarter && restarting,
    notification,
    restartTimeSeconds,
    families: restarter ? families.map((family) => ({ family, forwardingPreserved })) : [],
  };
}

/** Families whose routes stay as stale for so long. */
export interface Kept {
  readonly families: readonly Family[];
  readonly seconds: number;
}

/**
 * RFC 4724 section 4.2 keeps routes when TCP fails; RFC 8538 section 4 also after a NOTIFICATION or an expired hold timer, when
 * both set the N bit and it is no hard reset.
 */
export function keepStale(
  agreed: Agreed | undefined,
  config: PeerConfig,
  reason: CloseReason,
): Kept | undefined {
  const restart = agreed?.gracefulRestart;
  if (!restart || !config.gracefulRestart || reason.hardReset) return undefined;
  if (reason.origin !== 'transport' && !agreed.notificationRestart) return undefined;
  const offered = new Set(restart.families.map(({ family }) => family));
  const families = agreed.families.filter((family) => offered.has(family));
  return families.length > 0 ? { families, seconds: restart.restartTimeSeconds } : undefined;
}

/** Whether the peer, once it has told what it has, says so: whoever advertises the capability does (RFC 4724 section 3). */
export const promisesEndOfRib = ({ gracefulRestart }: Offered): boolean => gracefulRestart !== undefined;

/** RFC 4724 section 4.2: the F bit of the family, in the capability that the peer has come back with. */
export const preserves = ({ gracefulRestart }: Offered, wanted: Family): boolean =>
  gracefulRestart?.families.some((each) => each.family === wanted && each.forwardingPreserved) ?? false;
