/**
 * What one neighbour is configured to be, what the daemon did not say filled in, and which changes a running
 * session can take.
 *
 * RFC 4271 section 10 (timers), RFC 5082 (GTSM), RFC 2385 (MD5), RFC 4594 section 3.1 (DSCP CS6), RFC 9687 section 4.
 */
import type { Family } from 'bgp-protocol';

export interface GracefulRestartConfig {
  /** Peers are asked to keep our routes while this speaker restarts; false: it only keeps theirs. */
  readonly restarter: boolean;
  readonly restartTimeSeconds: number;
  /** The N bit: RFC 8538 section 2. */
  readonly notification: boolean;
}

/** Only `address`, `localAs`, `remoteAs`, `routerId` and `families` have no default. */
export interface PeerConfig {
  /** IPv4 or IPv6 address in canonical text, without zone; a link-local one needs `device`. */
  readonly address: string;
  /** TCP port of the peer, 179. */
  readonly port?: number | undefined;
  /** Update source: the address to connect from. The peer is accepted at any: of several of an interface it may choose another. */
  readonly localAddress?: string | undefined;
  /** Interface (or VRF) that both directions are bound to. */
  readonly device?: string | undefined;
  readonly localAs: number;
  readonly remoteAs: number | 'internal' | 'external';
  /** Dotted quad, not 0.0.0.0. */
  readonly routerId: string;
  readonly families: readonly Family[];
  /** The session is refused without these; by default one common family is enough. */
  readonly requiredFamilies?: readonly Family[] | undefined;
  readonly passive?: boolean | undefined;
  /** 0 (no keepalives) or at least 3; 90. */
  readonly holdTimeSeconds?: number | undefined;
  /** A peer that proposes less is refused with Unacceptable Hold Time; 0 accepts whatever RFC 4271 does. */
  readonly minimumHoldTimeSeconds?: number | undefined;
  /** A third of the hold time; never more than a third of the negotiated one. */
  readonly keepaliveSeconds?: number | undefined;
  /** How long one connection attempt may take, and the longest wait between two; 10. */
  readonly connectRetrySeconds?: number | undefined;
  /** DelayOpen: how long to wait for the peer's OPEN before sending ours; 0 sends at once. */
  readonly delayOpenSeconds?: number | undefined;
  /** Twice the hold time, and at least 8 minutes (RFC 9687 section 4); 0 turns it off. */
  readonly sendHoldTimeSeconds?: number | undefined;
  /** TCP MD5 key, 1 to 80 octets. */
  readonly password?: string | undefined;
  /** GTSM: the peer is at most this many hops away. Excludes `ebgpMultihop`. */
  readonly ttlSecurityHops?: number | undefined;
  /** TTL towards an external peer, 1 by default; internal peers have 255. */
  readonly ebgpMultihop?: number | undefined;
  /** TOS or traffic class octet; 0xc0 (CS6). */
  readonly trafficClass?: number | undefined;
  /** Configured, but kept down. */
  readonly shutdown?: { readonly message?: string | undefined } | undefined;
  readonly gracefulRestart?: GracefulRestartConfig | undefined;
  /** Sent as the FQDN capability when set. */
  readonly hostName?: string | undefined;
  readonly domainName?: string | undefined;
  /** Sent as the software version capability when set. */
  readonly softwareVersion?: string | undefined;
  /** RFC 8654; advertised by default. */
  readonly extendedMessage?: boolean | undefined;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly peerGroup?: string | undefined;
  /** Made by a listen range rather than configured. */
  readonly dynamic?: boolean | undefined;
}

/** Every default filled in. */
export interface ResolvedPeerConfig extends PeerConfig {
  readonly port: number;
  readonly passive: boolean;
  readonly holdTimeSeconds: number;
  readonly minimumHoldTimeSeconds: number;
  readonly connectRetrySeconds: number;
  readonly delayOpenSeconds: number;
  readonly trafficClass: number;
  readonly extendedMessage: boolean;
  readonly requiredFamilies: readonly Family[];
}

export const BGP_PORT = 179;
export const DEFAULT_HOLD_TIME_SECONDS = 90;
export const DEFAULT_CONNECT_RETRY_SECONDS = 10;
/** DSCP CS6, network control: RFC 4594 section 3.1. */
export const TRAFFIC_CLASS_CS6 = 0xc0;
/** RFC 9687 section 4: "the greater of: 8 minutes, or 2 times the negotiated HoldTime". */
const LEAST_SEND_HOLD_SECONDS = 480;

/** Fills in the defaults. Throws TypeError on a combination that no schema can state. */
export function resolvePeerConfig(config: PeerConfig): ResolvedPeerConfig {
  const { holdTimeSeconds = DEFAULT_HOLD_TIME_SECONDS, ttlSecurityHops, ebgpMultihop } = config;
  if (holdTimeSeconds !== 0 && (holdTimeSeconds < 3 || holdTimeSeconds > 65535)) {
    throw new TypeError(
      `Cannot configure ${config.address}: hold time is ${holdTimeSeconds}, expected 0 or 3 to 65535`,
    );
  }
  if (ttlSecurityHops !== undefined && ebgpMultihop !== undefined) {
    throw new TypeError(
      `Cannot configure ${config.address}: both ttlSecurityHops and ebgpMultihop set, expected one`,
    );
  }
  return {
    ...config,
    port: config.port ?? BGP_PORT,
    passive: config.passive ?? false,
    holdTimeSeconds,
    minimumHoldTimeSeconds: config.minimumHoldTimeSeconds ?? 0,
    connectRetrySeconds: config.connectRetrySeconds ?? DEFAULT_CONNECT_RETRY_SECONDS,
    delayOpenSeconds: config.delayOpenSeconds ?? 0,
    trafficClass: config.trafficClass ?? TRAFFIC_CLASS_CS6,
    extendedMessage: config.extendedMessage ?? true,
    requiredFamilies: config.requiredFamilies ?? [],
  };
}

/** Whether the configuration makes the session internal, external, or leaves it to the peer's AS number. */
export function isInternal(config: PeerConfig): boolean {
  return config.remoteAs === 'internal' || config.remoteAs === config.localAs;
}

/** What GTSM or multihop make of the TTL: RFC 5082 section 3 sends with 255 and takes no less than the hops allow. */
export function ttlOf(config: PeerConfig): { readonly ttl: number; readonly minTtl?: number } {
  if (config.ttlSecurityHops !== undefined) return { ttl: 255, minTtl: 256 - config.ttlSecurityHops };
  if (isInternal(config)) return { ttl: 255 };
  return { ttl: config.ebgpMultihop ?? 1 };
}

/** 0 when it is off, as it also is when no keepalives are exchanged: RFC 9687 section 3.2. */
export function sendHoldSeconds(config: PeerConfig, negotiatedHoldSeconds: number): number {
  if (negotiatedHoldSeconds === 0) return 0;
  return config.sendHoldTimeSeconds ?? Math.max(LEAST_SEND_HOLD_SECONDS, 2 * negotiatedHoldSeconds);
}

/** Settings that are read when they are needed; every other one is settled when a session begins. */
const LIVE: ReadonlySet<string> = new Set<keyof PeerConfig>([
  'name',
  'description',
  'peerGroup',
  'passive',
  'connectRetrySeconds',
  'delayOpenSeconds',
  'sendHoldTimeSeconds',
  'shutdown',
]);

/** The settings of a new configuration that a session in progress cannot take. */
export function settingsThatNeedReset(from: PeerConfig, to: PeerConfig): readonly string[] {
  const old = new Map(Object.entries(resolvePeerConfig(from)));
  const changed = new Map(Object.entries(resolvePeerConfig(to)));
  const names = new Set([...old.keys(), ...changed.keys()]);
  return [...names].filter(
    (name) => !LIVE.has(name) && JSON.stringify(old.get(name)) !== JSON.stringify(changed.get(name)),
  );
}
