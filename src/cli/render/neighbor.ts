/** `show bgp neighbors`: a session in full. Pure. */
import type {
  CapabilityView,
  FamilyView,
  GracefulRestartView,
  MaximumPrefixView,
  NeighborView,
} from '../../control/index.ts';
import { printDuration } from './text.ts';

export function neighbor(view: NeighborView): string[] {
  return [
    ...identity(view),
    ...state(view),
    ...timers(view),
    ...(view.capabilities.length > 0
      ? ['  Neighbor capabilities:', ...view.capabilities.map(capability)]
      : []),
    ...gracefulRestart(view.gracefulRestart),
    ...messages(view),
    ...view.familyViews.flatMap(family),
    ...(view.maximumPrefix ? maximumPrefix(view.maximumPrefix) : []),
    ...history(view),
    ...transport(view),
  ];
}

function identity(view: NeighborView): string[] {
  const link = view.kind === 'ibgp' ? 'internal link' : 'external link';
  const remoteAs = view.remoteAs === 0 ? '(any external)' : view.remoteAs;
  return [
    `BGP neighbor is ${view.address}, remote AS ${remoteAs}, local AS ${view.localAs}, ${link}`,
    ...(view.description === undefined ? [] : [`  Description: ${view.description}`]),
    ...(view.hostName === undefined ? [] : [`  Hostname: ${view.hostName}`]),
    ...(view.softwareVersion === undefined ? [] : [`  Software version: ${view.softwareVersion}`]),
    ...(view.peerGroup === undefined ? [] : [`  Member of peer-group ${view.peerGroup}`]),
    ...(view.dynamic ? ['  Made by a listen range (dynamic neighbor)'] : []),
    `  BGP version 4, remote router ID ${view.remoteRouterId ?? '0.0.0.0'}, local router ID ${view.localRouterId}`,
  ];
}

function state(view: NeighborView): string[] {
  const up = view.state === 'Established' ? `, up for ${printDuration(view.sinceSeconds)}` : '';
  const why = view.reason ?? view.lastError;
  return [
    `  BGP state = ${view.state}${up}`,
    ...(view.shutdown ? [`  Administratively shut down${quoted(view.shutdownMessage)}`] : []),
    ...(view.state !== 'Established' && why !== undefined ? [`  Not established: ${why}`] : []),
    ...(view.nextConnectSeconds === undefined
      ? []
      : [`  Next connect attempt in ${seconds(view.nextConnectSeconds)}`]),
    ...(view.lastReadSeconds === undefined
      ? []
      : [
          `  Last read ${printDuration(view.lastReadSeconds)}, Last write ${printDuration(view.lastWriteSeconds)}`,
        ]),
  ];
}

function timers(view: NeighborView): string[] {
  const negotiated =
    view.holdTimeSeconds === undefined
      ? []
      : [
          `  Hold time is ${seconds(view.holdTimeSeconds)}, keepalive interval is ${seconds(view.keepaliveSeconds ?? 0)}`,
        ];
  return [
    ...negotiated,
    `  Configured hold time is ${seconds(view.configuredHoldTimeSeconds)}, keepalive interval is ` +
      `${seconds(view.configuredKeepaliveSeconds)}`,
    `  Connect retry time is ${seconds(view.connectRetrySeconds)}${view.passive ? ', passive: we wait for the peer' : ''}`,
  ];
}

function capability({ name, advertised, received, detail }: CapabilityView): string {
  const sides = [...(advertised ? ['advertised'] : []), ...(received ? ['received'] : [])];
  return `    ${name}: ${detail ?? (sides.join(' and ') || 'off')}`;
}

/** RFC 4724: each side's part, its bits, and what is waited for at the moment. */
function gracefulRestart(view: GracefulRestartView): string[] {
  const received = view.remoteRestartTimeSeconds;
  return [
    '  Graceful restart information:',
    `    Local mode: ${view.localMode}, remote mode: ${view.remoteMode ?? 'not known while not established'}`,
    `    Restart time: ${seconds(view.restartTimeSeconds)} advertised${received === undefined ? '' : `, ${seconds(received)} received`}`,
    `    R bit advertised: ${yes(view.localRestarting)}, received: ${yes(view.remoteRestarting)}; N bit of both: ${yes(view.notification)}`,
    ...view.families.map(
      ({ family, localForwarding, remoteForwarding }) =>
        `    ${FAMILIES[family] ?? family}: F bit advertised: ${bit(localForwarding)}, received: ${bit(remoteForwarding)}`,
    ),
    ...(view.deferralSeconds === undefined
      ? []
      : [
          `    We have restarted: announcements wait for ${view.awaited ? 'its End-of-RIB' : 'the End-of-RIB of others'}, ` +
            `${seconds(view.deferralSeconds)} at most`,
        ]),
    ...(view.staleSeconds === undefined
      ? []
      : [`    Its routes are stale, and are kept for ${seconds(view.staleSeconds)} more at most`]),
  ];
}

const MESSAGES = [
  ['Opens', 'open'],
  ['Notifications', 'notification'],
  ['Updates', 'update'],
  ['Keepalives', 'keepalive'],
  ['Route Refresh', 'routeRefresh'],
  ['Total', 'total'],
  ['Octets', 'octets'],
] as const;

function messages({ sent, received, inQueue, outQueue }: NeighborView): string[] {
  const line = (name: string, left: string | number, right: string | number): string =>
    `    ${name.padEnd(16)}${String(left).padStart(12)}${String(right).padStart(12)}`;
  return [
    '  Message statistics:',
    `    Inq depth is ${inQueue}`,
    `    Outq depth is ${outQueue}`,
    line('', 'Sent', 'Rcvd'),
    ...MESSAGES.map(([name, key]) => line(`${name}:`, sent[key], received[key])),
  ];
}

const FAMILIES: Readonly<Record<string, string>> = {
  'l2vpn-evpn': 'L2VPN EVPN',
  'rt-constraint': 'Route Target Constraint',
};

function family(view: FamilyView): string[] {
  return [
    '',
    ` For address family: ${FAMILIES[view.family] ?? view.family}`,
    ...(view.routeReflectorClient ? ['  Route-Reflector Client'] : []),
    `  End-of-RIB sent: ${view.endOfRibSent ? 'yes' : 'no'}, received: ${view.endOfRibReceived ? 'yes' : 'no'}`,
    ...(view.queued > 0 ? [`  ${view.queued} routes wait to be sent`] : []),
    ...(view.family === 'l2vpn-evpn' ? ['  NEXT_HOP is propagated unchanged to this neighbor'] : []),
    `  ${view.prefixesAccepted} accepted prefixes of ${view.prefixesReceived} received, ${view.prefixesSent} sent`,
    '',
  ];
}

function maximumPrefix(view: MaximumPrefixView): string[] {
  const beyond = {
    warn: 'warning only',
    restart: `session restarts after ${view.restartMinutes} minutes`,
    shutdown: 'session stays down until it is cleared',
  }[view.action];
  const state = view.exceeded
    ? [
        `  Limit exceeded: ${view.restartSeconds === undefined ? 'down until cleared' : `down for ${seconds(view.restartSeconds)} more`}`,
      ]
    : view.warned
      ? ['  Warning threshold reached']
      : [];
  return [
    `  Maximum prefixes ${view.limit}, warning at ${view.warningPercent}%, beyond: ${beyond}`,
    ...state,
  ];
}

function history(view: NeighborView): string[] {
  const { lastReset, malformedUpdates: malformed } = view;
  const faults = malformed.treatedAsWithdraw + malformed.attributeDiscarded + malformed.sessionReset;
  return [
    `  Connections established ${view.connectionsEstablished}; dropped ${view.connectionsDropped}`,
    ...(lastReset
      ? [
          `  Last reset ${printDuration(lastReset.agoSeconds)},  ${lastReset.reason}${quoted(lastReset.message)}`,
        ]
      : []),
    ...(view.state === 'Established' && view.lastError !== undefined
      ? [`  Last error: ${view.lastError}`]
      : []),
    ...(faults === 0
      ? []
      : [
          `  Malformed UPDATEs (RFC 7606): ${malformed.treatedAsWithdraw} treated as withdraw, ` +
            `${malformed.attributeDiscarded} with attributes discarded, ${malformed.sessionReset} reset the session`,
        ]),
  ];
}

function transport(view: NeighborView): string[] {
  const ttl =
    view.ttlSecurityHops !== undefined
      ? [`  TTL security (RFC 5082): the peer is at most ${hops(view.ttlSecurityHops)} away`]
      : view.ebgpMultihop !== undefined
        ? [`  External BGP neighbor may be up to ${hops(view.ebgpMultihop)} away`]
        : [];
  return [
    ...ttl,
    ...(view.passwordSet ? ['  TCP MD5 authentication is on (RFC 2385)'] : []),
    ...(view.updateSource === undefined ? [] : [`  Update source is ${view.updateSource}`]),
    ...(view.localAddress === undefined
      ? []
      : [
          `Local host: ${view.localAddress}, Local port: ${view.localPort ?? 0}`,
          `Foreign host: ${view.address}, Foreign port: ${view.remotePort ?? 0}`,
        ]),
    '',
  ];
}

const seconds = (value: number): string => `${Math.round(value)} second${Math.round(value) === 1 ? '' : 's'}`;
const yes = (value: boolean): string => (value ? 'yes' : 'no');
/** No family, no bit. */
const bit = (value: boolean | undefined): string => (value === undefined ? '-' : yes(value));
const hops = (value: number): string => `${value} hop${value === 1 ? '' : 's'}`;
const quoted = (message: string | undefined): string => (message ? ` "${message}"` : '');
