/** A neighbour in the words of the control API: its session, its counters, what it was told and why it is down. */
import { type Capability, capabilityText, FAMILY, familyText } from 'bgp-protocol';
import type {
  CapabilityView,
  FamilyView,
  LastResetView,
  MaximumPrefixView,
  MessageCounts as MessageCountsView,
  NeighborSummary,
  NeighborView,
} from '../../control/api.ts';
import type { Negotiated, Peer, PeerStatistics } from '../../session/index.ts';
import type { Neighbour } from '../neighbour.ts';
import type { Parts } from '../parts.ts';
import { gracefulRestartView, type RestartContext } from './graceful-restart.ts';

type Context = Pick<Parts, 'rib' | 'clock' | 'identity'> & RestartContext;

export function neighbourSummary(neighbour: Neighbour, { rib, clock }: Context): NeighborSummary {
  const { peer, config } = neighbour;
  const { negotiated, statistics } = peer;
  const counts = neighbour.source === undefined ? undefined : rib.counts(neighbour.source);
  const since = negotiated ? statistics.lastEstablishedAt : statistics.lastReset?.at;
  return {
    address: neighbour.address,
    hostName: negotiated?.hostName,
    description: config.description,
    peerGroup: config.peerGroup,
    dynamic: neighbour.dynamic,
    kind: kindOf(peer, negotiated),
    remoteAs: remoteAsOf(peer, negotiated),
    state: peer.state,
    shutdown: config.shutdown !== undefined,
    messagesReceived: total(statistics.received),
    messagesSent: total(statistics.sent),
    inQueue: 0,
    outQueue: statistics.queuedOctets,
    sinceSeconds: since === undefined ? undefined : secondsSince(since, clock.wallTime()),
    prefixesReceived: counts?.received ?? 0,
    prefixesAccepted: counts?.accepted ?? 0,
    prefixesSent: prefixesSent(neighbour),
    families: (negotiated?.families ?? []).map(familyText),
    reason: negotiated ? undefined : whyDown(neighbour),
  };
}

export function neighbourView(neighbour: Neighbour, context: Context): NeighborView {
  const { peer, config, malformed } = neighbour;
  const { negotiated, statistics, timers } = peer;
  const { identity, clock } = context;
  const ago = (at: number | undefined) => (at === undefined ? undefined : secondsSince(at, clock.wallTime()));
  return {
    ...neighbourSummary(neighbour, context),
    localAs: identity.router.asn,
    localRouterId: identity.router.routerId,
    remoteRouterId: negotiated?.remoteRouterId,
    softwareVersion: negotiated?.softwareVersion,
    lastReadSeconds: ago(statistics.lastReceivedAt),
    lastWriteSeconds: ago(statistics.lastSentAt),
    holdTimeSeconds: negotiated?.holdTimeSeconds,
    keepaliveSeconds: negotiated?.keepaliveSeconds,
    configuredHoldTimeSeconds: config.timers.holdSeconds,
    configuredKeepaliveSeconds: config.timers.keepaliveSeconds,
    connectRetrySeconds: config.timers.connectRetrySeconds,
    nextConnectSeconds: timers.nextAttempt === undefined ? undefined : Math.ceil(timers.nextAttempt / 1000),
    passive: peer.config.passive,
    passwordSet: config.password !== undefined,
    ttlSecurityHops: config.ttlSecurityHops,
    ebgpMultihop: config.ebgpMultihop,
    updateSource: config.updateSource,
    shutdownMessage: config.shutdown?.message,
    maximumPrefix: maximumPrefixView(neighbour),
    capabilities: negotiated ? capabilityViews(negotiated) : [],
    gracefulRestart: gracefulRestartView(neighbour, context),
    sent: messageCounts(statistics.sent),
    received: messageCounts(statistics.received),
    familyViews: negotiated ? familyViews(neighbour, context) : [],
    connectionsEstablished: statistics.establishedCount,
    connectionsDropped: statistics.flaps,
    lastReset: lastResetView(statistics, clock.wallTime()),
    lastError: statistics.lastError,
    malformedUpdates: { ...malformed },
    localAddress: negotiated?.local.address,
    localPort: negotiated?.local.port,
    remotePort: negotiated?.remote.port,
  };
}

function maximumPrefixView({ config, limit }: Neighbour): MaximumPrefixView | undefined {
  const { maximumPrefix } = config;
  if (!maximumPrefix) return undefined;
  return {
    limit: maximumPrefix.limit,
    warningPercent: maximumPrefix.warningPercent,
    action: maximumPrefix.action,
    restartMinutes: maximumPrefix.action === 'restart' ? maximumPrefix.restartMinutes : undefined,
    warned: limit.warned,
    exceeded: limit.holds,
    restartSeconds: limit.restartSeconds,
  };
}

function whyDown({ peer, config, limit }: Neighbour): string | undefined {
  if (config.shutdown)
    return `shut down here${config.shutdown.message ? `: ${config.shutdown.message}` : ''}`;
  if (limit.holds) return limit.reason;
  return peer.statistics.lastError ?? peer.statistics.lastReset?.text;
}

function kindOf({ config }: Peer, negotiated: Negotiated | undefined): 'ibgp' | 'ebgp' {
  if (negotiated) return negotiated.kind;
  return config.remoteAs === 'internal' || config.remoteAs === config.localAs ? 'ibgp' : 'ebgp';
}

function remoteAsOf({ config }: Peer, negotiated: Negotiated | undefined): number {
  if (negotiated) return negotiated.remoteAs;
  if (config.remoteAs === 'internal') return config.localAs;
  return config.remoteAs === 'external' ? 0 : config.remoteAs;
}

function prefixesSent({ attachment }: Neighbour): number {
  return attachment ? attachment.group.advertisedCount(attachment.out) : 0;
}

function familyViews(neighbour: Neighbour, context: Context): FamilyView[] {
  const membership = neighbour.attachment?.membership;
  const evpn = familyView(neighbour, context);
  if (!membership) return [evpn];
  const { memberships } = context.rib;
  const received = memberships.received(membership.source);
  return [
    evpn,
    {
      family: familyText(FAMILY.RT_CONSTRAINT),
      prefixesReceived: received,
      prefixesAccepted: received,
      prefixesSent: memberships.sent(membership),
      endOfRibReceived: memberships.endOfRibSeen(membership.source),
      endOfRibSent: memberships.endOfRibSent(membership),
      queued: 0,
      routeReflectorClient: neighbour.config.routeReflectorClient,
    },
  ];
}

function familyView(neighbour: Neighbour, { rib }: Context): FamilyView {
  const counts = neighbour.source === undefined ? undefined : rib.counts(neighbour.source);
  return {
    family: familyText(FAMILY.L2VPN_EVPN),
    prefixesReceived: counts?.received ?? 0,
    prefixesAccepted: counts?.accepted ?? 0,
    prefixesSent: prefixesSent(neighbour),
    endOfRibReceived: neighbour.endOfRibSeen,
    endOfRibSent: neighbour.attachment?.group.endOfRibSent(neighbour.attachment.out) ?? false,
    queued: neighbour.attachment?.group.queued(neighbour.attachment.out) ?? 0,
    routeReflectorClient: neighbour.config.routeReflectorClient,
  };
}

/** Every capability that either side advertised, ours first. */
function capabilityViews({ localCapabilities, peerCapabilities }: Negotiated): CapabilityView[] {
  const byName = (capabilities: readonly Capability[]) =>
    new Map(capabilities.map(capabilityText).map(({ name, detail }) => [name, detail]));
  const [local, remote] = [byName(localCapabilities), byName(peerCapabilities)];
  return [...new Set([...local.keys(), ...remote.keys()])].map((name) => ({
    name,
    advertised: local.has(name),
    received: remote.has(name),
    detail: detailOf(local.get(name), remote.get(name)),
  }));
}

function detailOf(local: string | undefined, remote: string | undefined): string | undefined {
  const parts = [local && `advertised (${local})`, remote && `received (${remote})`].filter(Boolean);
  return parts.length > 0 ? parts.join(' ') : undefined;
}

function messageCounts(counts: PeerStatistics['sent']): MessageCountsView {
  return {
    open: counts.opens,
    notification: counts.notifications,
    update: counts.updates,
    keepalive: counts.keepalives,
    routeRefresh: counts.routeRefreshes,
    total: total(counts),
    octets: counts.octets,
  };
}

const total = (counts: PeerStatistics['sent']): number =>
  counts.opens + counts.updates + counts.notifications + counts.keepalives + counts.routeRefreshes;

function lastResetView({ lastReset }: PeerStatistics, now: number): LastResetView | undefined {
  if (!lastReset) return undefined;
  const { origin, notification } = lastReset;
  return {
    at: new Date(lastReset.at).toISOString(),
    agoSeconds: secondsSince(lastReset.at, now),
    reason: lastReset.text,
    direction: origin === 'sent' || origin === 'received' ? origin : 'none',
    code: notification?.code,
    subcode: notification?.subcode,
  };
}

const secondsSince = (at: number, now: number): number => Math.max(0, Math.floor((now - at) / 1000));
