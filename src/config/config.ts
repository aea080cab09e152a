/**
 * The configuration as the daemon uses it: checked, with peer groups and defaults merged into each neighbour.
 * `parse.ts` makes it from a file, `print.ts` turns it back.
 */

export type RemoteAs = number | 'internal' | 'external';

export interface RouterConfig {
  /** 1..4294967295 */
  readonly asn: number;
  /** Dotted text. */
  readonly routerId: string;
  /** Dotted text; the router id unless set (RFC 4456 section 7). */
  readonly clusterId: string;
  /** Sent to peers; the machine's own name when left out. */
  readonly hostName: string | undefined;
}

export interface TimerConfig {
  /** Seconds; 0 means that the session never times out (RFC 4271 section 4.2), else at least 3. */
  readonly holdSeconds: number;
  readonly keepaliveSeconds: number;
  readonly connectRetrySeconds: number;
}

/** RFC 4271 section 6.7: an upper bound on the routes of a neighbour. */
export interface MaximumPrefixConfig {
  readonly limit: number;
  /** This share of the limit is worth a warning; 1 to 100. */
  readonly warningPercent: number;
  /** Beyond the limit: only warn, or end the session, for a time or until it is cleared. */
  readonly action: MaximumPrefixAction;
  /** With action `restart`: so long the session stays down. */
  readonly restartMinutes: number;
}

/** What a neighbour is configured with, however it came to it: itself, its peer group, or the defaults. */
export interface SessionConfig {
  readonly remoteAs: RemoteAs;
  readonly description: string | undefined;
  /** An address, or the name of the interface that has it. */
  readonly updateSource: string | undefined;
  readonly passive: boolean;
  readonly timers: TimerConfig;
  /** TCP MD5 key (RFC 2385). */
  readonly password: string | undefined;
  /** GTSM (RFC 5082): the peer is at most this many hops away. */
  readonly ttlSecurityHops: number | undefined;
  /** TTL of an eBGP session whose peer is not on the same link. */
  readonly ebgpMultihop: number | undefined;
  readonly routeReflectorClient: boolean;
  /** Of an external peer: its routes must begin with its AS (RFC 4271 section 6.3). A route server's do not. */
  readonly enforceFirstAs: boolean;
  /** Not running by the operator's will; the message goes to the peer (RFC 9003), and may be empty. */
  readonly shutdown: { readonly message: string } | undefined;
  /** How many routes the neighbour may announce; any number when undefined. */
  readonly maximumPrefix: MaximumPrefixConfig | undefined;
  readonly port: number;
  /** `l2vpn-evpn` always; `rt-constraint` where route target memberships (RFC 4684) are exchanged with an internal peer. */
  readonly families: readonly string[];
}

export interface NeighborConfig extends SessionConfig {
  readonly address: string;
  readonly peerGroup: string | undefined;
}

/** Sessions from addresses within `prefix` are accepted and use the settings of the peer group. */
export interface ListenRangeConfig {
  readonly prefix: string;
  readonly peerGroup: string;
  readonly limit: number;
  readonly session: SessionConfig;
}

export interface VniConfig {
  readonly vni: number;
  /** Text; `router-id:index` when undefined. */
  readonly rd: string | undefined;
  /** Texts; the automatic ones when undefined. */
  readonly importRouteTargets: readonly string[] | undefined;
  readonly exportRouteTargets: readonly string[] | undefined;
  /** Remote MACs taken in at most; as `EvpnConfig.maximumMacs` when undefined. */
  readonly maximumMacs: number | undefined;
}

export interface DuplicateDetectionConfig {
  readonly enabled: boolean;
  /** RFC 7432 section 15.1: this many moves within the window make a duplicate. */
  readonly maxMoves: number;
  readonly windowSeconds: number;
  /** A duplicate stays where it is, until an operator clears it. */
  readonly freeze: boolean;
}

export interface EvpnConfig {
  /** Every VNI that the dataplane has takes part, not only those in `vnis`. */
  readonly advertiseAllVni: boolean;
  /** Tunnel source address; what the dataplane's device has, when undefined. */
  readonly vtep: string | undefined;
  readonly vnis: readonly VniConfig[];
  /** Remote MACs of one VNI at most; any number when undefined. */
  readonly maximumMacs: number | undefined;
  readonly duplicateDetection: DuplicateDetectionConfig;
}

/** A host that a memory dataplane pretends to have learned. */
export interface MemoryHostConfig {
  readonly vni: number;
  /** `02:00:00:00:00:01` */
  readonly mac: string;
  readonly ip: string | undefined;
}

/** PEM files, absolute. */
export interface TlsConfig {
  readonly ca: string;
  readonly certificate: string;
  readonly privateKey: string;
}

/** Frames of `vlan` on `port` belong to `vni`; VLAN 0 is untagged. */
export interface BindingConfig {
  readonly port: string;
  readonly vlan: number;
  readonly vni: number;
}

/** A hardware VTEP and its hardware_vtep database. */
export interface SwitchConfig {
  /** As in its Physical_Switch table. */
  readonly name: string;
  /** `tcp:10.0.0.5:6640`, canonical. */
  readonly connection: string;
  readonly tls: TlsConfig | undefined;
  /** Name of the OVSDB lock that the active one of several controllers holds. */
  readonly lock: string | undefined;
  /** Put the IP addresses of remote hosts into its rows. */
  readonly arpSuppression: boolean;
  /** Where a logical switch that evpnd makes has its VNI: itself, or each of its locators. */
  readonly tunnelKeys: 'logical-switch' | 'locator';
  /** How long it may be away before its hosts are withdrawn. */
  readonly awaySeconds: number;
  readonly bindings: readonly BindingConfig[];
}

export interface DataplaneConfig {
  readonly type: 'kernel' | 'memory' | 'hardware-vtep';
  /** Set right what is set wrong on the VXLAN port (learning, neighbour suppression). */
  readonly correct: boolean;
  /** Between two full comparisons with the real tables; 0 means none. */
  readonly auditIntervalSeconds: number;
  /** A stop is to be followed by a start: our entries stay in place, and peers are asked to keep our routes. */
  readonly keepOnExit: boolean;
  /** Of a memory dataplane: what is behind its ports. */
  readonly hosts: readonly MemoryHostConfig[];
  /** Of hardware VTEPs: where evpnd keeps which rows are its own, and the switches. */
  readonly stateDirectory: string;
  readonly switches: readonly SwitchConfig[];
}

/** RFC 4724. */
export interface GracefulRestartConfig {
  /** restarter: peers are asked to keep our routes while evpnd restarts; helper: it only keeps theirs. */
  readonly mode: GracefulRestartMode;
  /** How long they are asked to wait for us to come back. */
  readonly restartTimeSeconds: number;
  /** The Selection_Deferral_Timer of section 4.1. */
  readonly selectDeferTimeSeconds: number;
}

export interface Config {
  readonly router: RouterConfig;
  /** Defaults of every neighbour. */
  readonly timers: TimerConfig;
  readonly gracefulRestart: GracefulRestartConfig;
  readonly peerGroups: Readonly<Record<string, PeerGroupConfig>>;
  readonly neighbors: readonly NeighborConfig[];
  readonly listenRanges: readonly ListenRangeConfig[];
  readonly listen: { readonly addresses: readonly string[]; readonly port: number };
  readonly evpn: EvpnConfig;
  readonly dataplane: DataplaneConfig;
  readonly control: { readonly socket: string; readonly mode: number };
  readonly log: { readonly level: LogLevel; readonly format: LogFormat };
}

/** What a peer group sets; what it leaves undefined comes from the defaults. */
export type PeerGroupConfig = Partial<Omit<SessionConfig, 'timers' | 'shutdown'>> & {
  readonly timers?: Partial<TimerConfig>;
  readonly shutdown?: SessionConfig['shutdown'];
};

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const LOG_FORMATS = ['text', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];
export const FAMILY_NAMES = ['l2vpn-evpn', 'rt-constraint'] as const;
export const GRACEFUL_RESTART_MODES = ['restarter', 'helper'] as const;
export type GracefulRestartMode = (typeof GRACEFUL_RESTART_MODES)[number];
export const MAXIMUM_PREFIX_ACTIONS = ['warn', 'restart', 'shutdown'] as const;
export type MaximumPrefixAction = (typeof MAXIMUM_PREFIX_ACTIONS)[number];
export const DATAPLANE_TYPES = ['kernel', 'memory', 'hardware-vtep'] as const;
export const TUNNEL_KEYS = ['logical-switch', 'locator'] as const;

/** What holds where the file says nothing. Timers as data centre fabrics run them: a dead peer is noticed in 9 s. */
export const DEFAULTS = {
  timers: { holdSeconds: 9, keepaliveSeconds: 3, connectRetrySeconds: 10 },
  gracefulRestart: { mode: 'restarter', restartTimeSeconds: 120, selectDeferTimeSeconds: 60 },
  port: 179,
  listenAddresses: ['0.0.0.0', '::'],
  listenLimit: 100,
  maximumPrefix: { warningPercent: 75, action: 'restart', restartMinutes: 5 },
  duplicateDetection: { enabled: true, maxMoves: 5, windowSeconds: 180, freeze: false },
  auditIntervalSeconds: 60,
  stateDirectory: '/var/lib/evpnd',
  awaySeconds: 30,
  socket: '/run/evpnd/evpnd.sock',
  socketMode: 0o660,
  logLevel: 'info',
  logFormat: 'text',
} as const;
