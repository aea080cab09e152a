/**
 * What the daemon says about BGP: sessions, routes, and each instance's BGP side. These types are the JSON
 * that `/v1/bgp/...` sends and that `evpnctl --json` prints; within v1 keys are added, never renamed or removed.
 *
 * Durations end in `Seconds`, moments are ISO 8601 text in UTC, and a key without a value is left out.
 */

export type NeighborState = 'Idle' | 'Connect' | 'Active' | 'OpenSent' | 'OpenConfirm' | 'Established';

/** `GET /v1/bgp/summary`: the router, and a line per neighbour. */
export interface BgpSummaryView {
  readonly routerId: string;
  readonly localAs: number;
  readonly clusterId: string;
  readonly hostName: string;
  /** Counts up with every change of the Loc-RIB. */
  readonly tableVersion: number;
  /** Destinations and paths held, and what they take. */
  readonly destinations: number;
  readonly paths: number;
  readonly memoryOctets: number;
  readonly peerGroups: number;
  readonly neighbors: readonly NeighborSummary[];
  readonly listenRanges: readonly ListenRangeView[];
}

export interface ListenRangeView {
  readonly prefix: string;
  readonly peerGroup: string;
  readonly limit: number;
  /** Dynamic neighbours that exist now. */
  readonly neighbors: number;
}

export interface NeighborSummary {
  readonly address: string;
  /** From the peer's FQDN capability. */
  readonly hostName?: string | undefined;
  readonly description?: string | undefined;
  readonly peerGroup?: string | undefined;
  /** Made by a listen range. */
  readonly dynamic: boolean;
  readonly kind: 'ibgp' | 'ebgp';
  /** 0 while the peer's AS is not known (remote-as external, before the first OPEN). */
  readonly remoteAs: number;
  readonly state: NeighborState;
  /** Shut down by the operator. */
  readonly shutdown: boolean;
  readonly messagesReceived: number;
  readonly messagesSent: number;
  readonly inQueue: number;
  readonly outQueue: number;
  /** Since the session came up, or since it went down; left out when it never was up. */
  readonly sinceSeconds?: number | undefined;
  readonly prefixesReceived: number;
  readonly prefixesAccepted: number;
  readonly prefixesSent: number;
  /** Families in use on this session: `l2vpn-evpn`. */
  readonly families: readonly string[];
  /** Why the session is not up, in words; left out when it is up or nothing is known yet. */
  readonly reason?: string | undefined;
}

export interface MessageCounts {
  readonly open: number;
  readonly notification: number;
  readonly update: number;
  readonly keepalive: number;
  readonly routeRefresh: number;
  readonly total: number;
  readonly octets: number;
}

export interface CapabilityView {
  /** People's name: `4 Byte AS`, `Route refresh`, `Address Family L2VPN EVPN`. */
  readonly name: string;
  readonly advertised: boolean;
  readonly received: boolean;
  /** The same two with what each side said: `advertised (name: leaf1) received (name: spine1)`. */
  readonly detail?: string | undefined;
}

export interface FamilyView {
  /** `l2vpn-evpn` */
  readonly family: string;
  readonly prefixesReceived: number;
  readonly prefixesAccepted: number;
  readonly prefixesSent: number;
  readonly endOfRibReceived: boolean;
  readonly endOfRibSent: boolean;
  /** Routes that wait to be sent. */
  readonly queued: number;
  readonly routeReflectorClient: boolean;
}

/** RFC 4271 section 6.7: a limit of what the neighbour may announce. */
export interface MaximumPrefixView {
  readonly limit: number;
  readonly warningPercent: number;
  readonly action: 'warn' | 'restart' | 'shutdown';
  /** With action `restart`. */
  readonly restartMinutes?: number | undefined;
  /** The warning share of the limit is reached. */
  readonly warned: boolean;
  /** The session was ended for it, and is kept down. */
  readonly exceeded: boolean;
  /** Until it may come up again; left out when somebody has to clear it. */
  readonly restartSeconds?: number | undefined;
}

/** `GET /v1/bgp/rt-constraint`: a route target that somebody asks for (RFC 4684 section 4). */
export interface RtConstraintView {
  /** Bits of the NLRI: 0 asks for every route, 96 for one target, less than that for a prefix. */
  readonly lengthBits: number;
  readonly originAs?: number | undefined;
  /** `65000:10`; `0x` and octets where they are no whole target. */
  readonly routeTarget?: string | undefined;
  /** A VNI of ours imports it. */
  readonly own: boolean;
  /** Neighbours that ask for it. */
  readonly neighbors: readonly string[];
}

/** Graceful restart (RFC 4724) of a session: each side's part in it, and what is waited for. */
export interface GracefulRestartView {
  /** `helper`: keeps the routes of peers that restart, and asks nobody to keep its own. */
  readonly localMode: 'restarter' | 'helper';
  /** Left out while the session is not up; `none`: the peer has not advertised the capability. */
  readonly remoteMode?: 'restarter' | 'helper' | 'none' | undefined;
  readonly restartTimeSeconds: number;
  readonly remoteRestartTimeSeconds?: number | undefined;
  /** The R bits of the OPENs of this session; while it is not up, what we would send. */
  readonly localRestarting: boolean;
  readonly remoteRestarting: boolean;
  /** Both sides set the N bit: routes are kept after a NOTIFICATION as well (RFC 8538). */
  readonly notification: boolean;
  /** Families that either side has advertised with the capability. */
  readonly families: readonly GracefulRestartFamilyView[];
  /** We have restarted and hold back what we announce: the Selection_Deferral_Timer. */
  readonly deferralSeconds?: number | undefined;
  /** It is this neighbour that is waited for, with others perhaps. */
  readonly awaited: boolean;
  /** Its routes are stale, and go after so long unless it comes back and announces them. */
  readonly staleSeconds?: number | undefined;
}

export interface GracefulRestartFamilyView {
  readonly family: string;
  /** The F bits. Left out where the side has not advertised the family. */
  readonly localForwarding?: boolean | undefined;
  readonly remoteForwarding?: boolean | undefined;
}

export interface LastResetView {
  readonly at: string;
  readonly agoSeconds: number;
  /** Whole reason in words: `Notification sent (Hold Timer Expired)`. */
  readonly reason: string;
  readonly direction: 'sent' | 'received' | 'none';
  readonly code?: number | undefined;
  readonly subcode?: number | undefined;
  /** Text that came with it (RFC 9003). */
  readonly message?: string | undefined;
}

/** `GET /v1/bgp/neighbors` (a line each) and `GET /v1/bgp/neighbors/ADDRESS`. */
export interface NeighborView extends NeighborSummary {
  readonly localAs: number;
  readonly remoteRouterId?: string | undefined;
  readonly localRouterId: string;
  readonly softwareVersion?: string | undefined;
  readonly lastReadSeconds?: number | undefined;
  readonly lastWriteSeconds?: number | undefined;
  /** Negotiated; left out while not up. */
  readonly holdTimeSeconds?: number | undefined;
  readonly keepaliveSeconds?: number | undefined;
  readonly configuredHoldTimeSeconds: number;
  readonly configuredKeepaliveSeconds: number;
  readonly connectRetrySeconds: number;
  /** Until the next attempt to connect, while one is scheduled. */
  readonly nextConnectSeconds?: number | undefined;
  readonly passive: boolean;
  readonly passwordSet: boolean;
  readonly ttlSecurityHops?: number | undefined;
  readonly ebgpMultihop?: number | undefined;
  readonly updateSource?: string | undefined;
  readonly shutdownMessage?: string | undefined;
  readonly maximumPrefix?: MaximumPrefixView | undefined;
  readonly capabilities: readonly CapabilityView[];
  readonly gracefulRestart: GracefulRestartView;
  readonly sent: MessageCounts;
  readonly received: MessageCounts;
  readonly familyViews: readonly FamilyView[];
  readonly connectionsEstablished: number;
  readonly connectionsDropped: number;
  readonly lastReset?: LastResetView | undefined;
  /** The latest failed attempt, in words, with what to check. */
  readonly lastError?: string | undefined;
  /** Malformed UPDATEs since start, by what was done (RFC 7606 section 2). */
  readonly malformedUpdates: {
    readonly treatedAsWithdraw: number;
    readonly attributeDiscarded: number;
    readonly sessionReset: number;
  };
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remotePort?: number | undefined;
}

/** One destination: an EVPN route key (RFC 7432 section 7) with every path to it. */
export interface RouteView {
  readonly rd: string;
  /** FRR's bracket form: `[2]:[0]:[48]:[02:00:00:00:00:03]:[32]:[10.10.10.13]`. */
  readonly key: string;
  /** Route type number, and its name: `mac-ip`, `inclusive-multicast`. */
  readonly type: number;
  readonly typeName: string;
  readonly ethernetTag?: number | undefined;
  readonly mac?: string | undefined;
  readonly ip?: string | undefined;
  readonly prefix?: string | undefined;
  readonly originator?: string | undefined;
  readonly esi?: string | undefined;
  readonly paths: readonly PathView[];
  /** What became of the best path in each VNI that looked at it. */
  readonly imports: readonly ImportView[];
  /** Neighbours that have been told; only where asked for in detail. */
  readonly advertisedTo?: readonly string[] | undefined;
}

export interface PathView {
  readonly best: boolean;
  /** Takes part in the decision (not refused by a loop check or as malformed). */
  readonly valid: boolean;
  /** Why it is best, or why it is not: `lower local preference than the best path`. */
  readonly reason: string;
  readonly source: 'local' | 'ibgp' | 'ebgp';
  /** Address, host name and BGP identifier of the neighbour it came from; left out when local. */
  readonly peer?: string | undefined;
  readonly peerHostName?: string | undefined;
  readonly peerRouterId?: string | undefined;
  readonly nextHop: string;
  readonly nextHopReachable?: boolean | undefined;
  readonly origin: 'igp' | 'egp' | 'incomplete';
  /** `65001 {65002 65003}`; empty for a path of our own AS. */
  readonly asPath: string;
  readonly med?: number | undefined;
  readonly localPreference?: number | undefined;
  /** 32768 for what we originate, else 0. */
  readonly weight: number;
  readonly originatorId?: string | undefined;
  readonly clusterList?: readonly string[] | undefined;
  readonly communities?: readonly string[] | undefined;
  readonly largeCommunities?: readonly string[] | undefined;
  /** Short text each: `RT:65000:10`, `ET:8`, `MM:2`. */
  readonly extendedCommunities: readonly string[];
  /** Raw 24-bit label fields; a VNI where the encapsulation is VXLAN (RFC 8365 section 5.1.3). */
  readonly labels: readonly number[];
  readonly esi?: string | undefined;
  readonly gatewayIp?: string | undefined;
  readonly mobilitySequence?: number | undefined;
  readonly sticky?: boolean | undefined;
  /** `Ingress Replication, label: 10` */
  readonly pmsiTunnel?: string | undefined;
  readonly unknownAttributes?: readonly { readonly code: number; readonly hex: string }[] | undefined;
  /** Left out where the daemon does not keep it. */
  readonly lastUpdate?: string | undefined;
  readonly ageSeconds?: number | undefined;
  /** Kept over a restart or refresh of the peer until it is announced again. */
  readonly stale?: boolean | undefined;
}

export interface ImportView {
  /** Left out when the route was refused before a VNI looked at it. */
  readonly vni?: number | undefined;
  readonly imported: boolean;
  /** Why not, or what holds it back, in words. */
  readonly reason?: string | undefined;
}

/** `GET /v1/bgp/evpn/vnis[/N]`: an instance as BGP sees it. */
export interface BgpVniView {
  readonly vni: number;
  readonly type: 'L2' | 'L3';
  /** Exists in the dataplane, and is up there. */
  readonly inDataplane: boolean;
  /** Declared in the configuration (else discovered). */
  readonly configured: boolean;
  readonly rd: string;
  readonly rdAuto: boolean;
  readonly importRouteTargets: readonly string[];
  readonly exportRouteTargets: readonly string[];
  readonly importAuto: boolean;
  readonly exportAuto: boolean;
  /** Originator of the type-3 route: our VTEP address. */
  readonly originator?: string | undefined;
  readonly sviInterface?: string | undefined;
  readonly tenantVrf: string;
  /** Routes that this instance originates and imports now. */
  readonly routesOriginated: number;
  readonly routesImported: number;
  readonly warnings: readonly string[];
}

/** Query of `GET /v1/bgp/evpn/routes`; every one given must match. */
export interface RouteQuery {
  readonly type?: number | undefined;
  readonly rd?: string | undefined;
  /** Routes that the VNI originates or imports (or refused, with the reason). */
  readonly vni?: number | undefined;
  readonly mac?: string | undefined;
  readonly ip?: string | undefined;
  /** Fill in `advertisedTo`, which costs a look at every neighbour. */
  readonly detail?: boolean | undefined;
}
