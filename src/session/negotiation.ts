/**
 * The OPEN that is sent, the checks on the OPEN that is received, and what the two settle.
 *
 * RFC 4271 sections 4.2 and 6.2, RFC 5492 (capabilities), RFC 6286 (router id), RFC 6793 (4-octet AS), RFC 7607 (AS 0),
 * RFC 4760 section 8, RFC 8654, RFC 4724 section 3, RFC 8538 section 2, RFC 2918, RFC 7313.
 */
import {
  type Capability,
  type CodecContext,
  ERROR,
  encodeCapabilities,
  FAMILY,
  type Family,
  familyText,
  OPEN_ERROR,
  type OpenMessage,
} from 'bgp-protocol';
import type { NotificationContent } from './fsm.ts';
import {
  type GracefulRestart,
  gracefulRestartCapability,
  NOT_RESTARTED,
  type RestartState,
} from './graceful-restart.ts';
import type { ResolvedPeerConfig } from './peer-config.ts';
import type { Endpoint } from './transport.ts';

/** What the OPEN messages of an established session settled. */
export interface Negotiated {
  /** The smaller of the two proposals; 0 means that no keepalives are exchanged. */
  readonly holdTimeSeconds: number;
  readonly keepaliveSeconds: number;
  /** Families that both sides offered. */
  readonly families: readonly Family[];
  /** Families that we offered and the peer did not. */
  readonly familiesNotOffered: readonly Family[];
  readonly context: CodecContext;
  /** 4096, or 65535 when both sides advertised RFC 8654. */
  readonly maxMessageLength: number;
  readonly remoteRouterId: string;
  readonly remoteAs: number;
  readonly kind: 'ibgp' | 'ebgp';
  /** What the peer proposed, before the smaller one was taken. */
  readonly remoteHoldTimeSeconds: number;
  readonly localCapabilities: readonly Capability[];
  readonly peerCapabilities: readonly Capability[];
  readonly routeRefresh: boolean;
  readonly enhancedRefresh: boolean;
  readonly gracefulRestart?: GracefulRestart | undefined;
  /** Both sides set the N bit: RFC 8538 section 2. */
  readonly notificationRestart: boolean;
  readonly hostName?: string | undefined;
  readonly domainName?: string | undefined;
  readonly softwareVersion?: string | undefined;
  readonly local: Endpoint;
  readonly remote: Endpoint;
}

/** Why an OPEN is not accepted: the NOTIFICATION to send and the words for people. */
export interface Refusal {
  readonly notification: NotificationContent;
  readonly reason: string;
}

export type Negotiation = { readonly negotiated: Negotiated } | { readonly refusal: Refusal };

const NO_DATA = new Uint8Array(0);

/** The capabilities this side advertises, in ascending code order. */
export function ownCapabilities(
  config: ResolvedPeerConfig,
  restart: RestartState = NOT_RESTARTED,
): readonly Capability[] {
  const capabilities: Capability[] = config.families.map((family) => ({ type: 'multiprotocol', family }));
  capabilities.push({ type: 'route-refresh' });
  if (config.extendedMessage) capabilities.push({ type: 'extended-message' });
  const gracefulRestart = gracefulRestartCapability(config, restart);
  if (gracefulRestart) capabilities.push(gracefulRestart);
  capabilities.push({ type: 'four-octet-as', autonomousSystem: config.localAs });
  capabilities.push({ type: 'enhanced-route-refresh' });
  if (config.hostName !== undefined) {
    capabilities.push({ type: 'fqdn', hostName: config.hostName, domainName: config.domainName ?? '' });
  }
  if (config.softwareVersion !== undefined) {
    capabilities.push({ type: 'software-version', version: config.softwareVersion });
  }
  return capabilities;
}

/** The OPEN for a peer so configured. */
export function ownOpen(config: ResolvedPeerConfig, restart?: RestartState): OpenMessage {
  return {
    type: 'OPEN',
    version: 4,
    autonomousSystem: config.localAs,
    holdTimeSeconds: config.holdTimeSeconds,
    routerId: config.routerId,
    capabilities: ownCapabilities(config, restart),
  };
}

/**
 * The checks of RFC 4271 section 6.2 that need the configuration (decodeOpen has made the others), in its order, then
 * the capabilities. `advertised`: those of the OPEN that was sent.
 */
export function negotiate(
  config: ResolvedPeerConfig,
  open: OpenMessage,
  local: Endpoint,
  remote: Endpoint,
  advertised: readonly Capability[] = ownCapabilities(config),
): Negotiation {
  const refusal = checkAs(config, open) ?? checkHoldTime(config, open) ?? checkRouterId(config, open);
  if (refusal) return { refusal };

  const offered = offeredFamilies(open);
  const families = config.families.filter((family) => offered.has(family));
  const familiesNotOffered = config.families.filter((family) => !offered.has(family));
  const missing =
    families.length === 0 ? config.families : config.requiredFamilies.filter((f) => !offered.has(f));
  if (missing.length > 0) return { refusal: missingFamilies(families.length === 0, missing, offered) };

  const theirs = open.capabilities;
  const both = (type: Capability['type']) => has(advertised, type) && has(theirs, type);
  const holdTimeSeconds = Math.min(config.holdTimeSeconds, open.holdTimeSeconds);
  const gracefulRestart = find(theirs, 'graceful-restart');
  const fqdn = find(theirs, 'fqdn');
  const ibgp = open.autonomousSystem === config.localAs;
  const extendedMessage = both('extended-message');
  return {
    negotiated: {
      holdTimeSeconds,
      keepaliveSeconds: keepaliveSecondsOf(config, holdTimeSeconds),
      families,
      familiesNotOffered,
      context: {
        fourOctetAs: both('four-octet-as'),
        extendedMessage,
        addPathReceive: new Set(),
        addPathSend: new Set(),
        ibgp,
        families: new Set(families),
      },
      maxMessageLength: extendedMessage ? 65535 : 4096,
      remoteRouterId: open.routerId,
      remoteAs: open.autonomousSystem,
      kind: ibgp ? 'ibgp' : 'ebgp',
      remoteHoldTimeSeconds: open.holdTimeSeconds,
      localCapabilities: advertised,
      peerCapabilities: theirs,
      routeRefresh: has(theirs, 'route-refresh'),
      enhancedRefresh: both('enhanced-route-refresh'),
      gracefulRestart,
      notificationRestart:
        (config.gracefulRestart?.notification ?? false) && (gracefulRestart?.notification ?? false),
      hostName: fqdn?.hostName,
      domainName: fqdn?.domainName,
      softwareVersion: find(theirs, 'software-version')?.version,
      local,
      remote,
    },
  };
}

/** A third of the hold time in use, or what is configured when that is less: RFC 4271 section 4.4. */
function keepaliveSecondsOf(config: ResolvedPeerConfig, holdTimeSeconds: number): number {
  const third = holdTimeSeconds / 3;
  return Math.min(config.keepaliveSeconds ?? third, third);
}

/** A peer without the multiprotocol capability speaks IPv4 unicast: RFC 4760 section 8. */
function offeredFamilies(open: OpenMessage): ReadonlySet<Family> {
  const offered = new Set<Family>();
  for (const capability of open.capabilities) {
    if (capability.type === 'multiprotocol') offered.add(capability.family);
  }
  if (offered.size === 0) offered.add(FAMILY.IPV4_UNICAST);
  return offered;
}

function checkAs(config: ResolvedPeerConfig, open: OpenMessage): Refusal | undefined {
  const seen = open.autonomousSystem;
  const { remoteAs, localAs } = config;
  if (remoteAs === 'internal') {
    if (seen === localAs) return undefined;
    return refuse(
      OPEN_ERROR.BAD_PEER_AS,
      `peer is in AS ${seen}, configured remote-as is internal (${localAs})`,
    );
  }
  if (remoteAs === 'external') {
    if (seen !== localAs) return undefined;
    return refuse(OPEN_ERROR.BAD_PEER_AS, `peer is in AS ${seen}, our own, configured remote-as is external`);
  }
  if (seen === remoteAs) return undefined;
  return refuse(OPEN_ERROR.BAD_PEER_AS, `peer is in AS ${seen}, configured remote-as is ${remoteAs}`);
}

/** "An implementation MAY reject any proposed Hold Time": RFC 4271 section 6.2. */
function checkHoldTime(config: ResolvedPeerConfig, open: OpenMessage): Refusal | undefined {
  const seen = open.holdTimeSeconds;
  const least = config.minimumHoldTimeSeconds;
  if (least === 0 || seen >= least) return undefined;
  const proposal = seen === 0 ? 'hold time 0 (no keepalives)' : `a hold time of ${seen} s`;
  return refuse(
    OPEN_ERROR.UNACCEPTABLE_HOLD_TIME,
    `peer proposes ${proposal}, the least allowed is ${least} s`,
  );
}

/** RFC 6286 section 2.2: the same identifier is an error between internal peers only. */
function checkRouterId(config: ResolvedPeerConfig, open: OpenMessage): Refusal | undefined {
  if (open.routerId !== config.routerId || open.autonomousSystem !== config.localAs) return undefined;
  return refuse(OPEN_ERROR.BAD_BGP_IDENTIFIER, `internal peer has our own router id ${open.routerId}`);
}

/** RFC 5492 section 3: the data lists the capabilities that are missing. */
function missingFamilies(none: boolean, missing: readonly Family[], offered: ReadonlySet<Family>): Refusal {
  const offers = listOf(offered);
  const reason = none
    ? `no common address family: peer offers ${offers}, we want ${listOf(missing)}`
    : `required address family missing: peer offers ${offers}, we require ${listOf(missing)}`;
  const data = encodeCapabilities(missing.map((family) => ({ type: 'multiprotocol', family })));
  return refuse(OPEN_ERROR.UNSUPPORTED_CAPABILITY, reason, data);
}

const listOf = (families: Iterable<Family>): string => [...families].map(familyText).join(', ');

function refuse(subcode: number, reason: string, data: Uint8Array = NO_DATA): Refusal {
  return {
    notification: { code: ERROR.OPEN_MESSAGE, subcode, data },
    reason: `OPEN rejected: ${reason}`,
  };
}

function has(capabilities: readonly Capability[], type: Capability['type']): boolean {
  return capabilities.some((capability) => capability.type === type);
}

function find<T extends Capability['type']>(
  capabilities: readonly Capability[],
  type: T,
): Extract<Capability, { type: T }> | undefined {
  return capabilities.find(
    (capability): capability is Extract<Capability, { type: T }> => capability.type === type,
  );
}
