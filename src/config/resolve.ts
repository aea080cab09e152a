/**
 * From the file's sections to the configuration: defaults filled in, and each neighbour's settings taken from
 * itself, else from its peer group, else from the defaults. Assumes that `checks.ts` found nothing wrong.
 */
import {
  type Config,
  DEFAULTS,
  FAMILY_NAMES,
  type ListenRangeConfig,
  type MaximumPrefixConfig,
  type NeighborConfig,
  type PeerGroupConfig,
  type SessionConfig,
  type SwitchConfig,
  type TimerConfig,
  type VniConfig,
} from './config.ts';
import type { ConfigFile, SessionFile } from './schema.ts';

type TimersFile = ConfigFile['timers'];
type TlsFile = NonNullable<ConfigFile['dataplane']>['tls'];
type SwitchFile = NonNullable<NonNullable<ConfigFile['dataplane']>['switches']>[number];
type VniFile = NonNullable<NonNullable<ConfigFile['evpn']>['vnis']>[number];

export function resolve(file: ConfigFile): Config {
  const timers = resolveTimers(DEFAULTS.timers, file.timers);
  const groups = file['peer-groups'] ?? {};
  const groupSession = (name: string | undefined): SessionFile => (name && groups[name]) || {};
  const restart = file['graceful-restart'];
  const duplicates = file.evpn?.['duplicate-detection'];
  return {
    router: {
      asn: file.router.asn,
      routerId: file.router['router-id'],
      clusterId: file.router['cluster-id'] ?? file.router['router-id'],
      hostName: file.router['host-name'],
    },
    timers,
    gracefulRestart: {
      mode: restart?.mode ?? DEFAULTS.gracefulRestart.mode,
      restartTimeSeconds: restart?.['restart-time'] ?? DEFAULTS.gracefulRestart.restartTimeSeconds,
      selectDeferTimeSeconds:
        restart?.['select-defer-time'] ?? DEFAULTS.gracefulRestart.selectDeferTimeSeconds,
    },
    peerGroups: Object.fromEntries(
      Object.entries(groups).map(([name, group]) => [name, peerGroup(group ?? {})]),
    ),
    neighbors: (file.neighbors ?? []).map((neighbor): NeighborConfig => {
      const group = groupSession(neighbor['peer-group']);
      return {
        address: neighbor.address,
        peerGroup: neighbor['peer-group'],
        ...session(timers, group, neighbor),
      };
    }),
    listenRanges: (file['listen-ranges'] ?? []).map(
      (range): ListenRangeConfig => ({
        prefix: range.prefix,
        peerGroup: range['peer-group'],
        limit: range.limit ?? DEFAULTS.listenLimit,
        session: session(timers, groupSession(range['peer-group']), {}),
      }),
    ),
    listen: {
      addresses: file.listen?.addresses ?? DEFAULTS.listenAddresses,
      port: file.listen?.port ?? DEFAULTS.port,
    },
    evpn: {
      advertiseAllVni: file.evpn?.['advertise-all-vni'] ?? true,
      vtep: file.evpn?.vtep,
      vnis: (file.evpn?.vnis ?? []).map(resolveVni),
      maximumMacs: file.evpn?.['maximum-macs'],
      duplicateDetection: {
        enabled: duplicates?.enabled ?? DEFAULTS.duplicateDetection.enabled,
        maxMoves: duplicates?.['max-moves'] ?? DEFAULTS.duplicateDetection.maxMoves,
        windowSeconds: duplicates?.window ?? DEFAULTS.duplicateDetection.windowSeconds,
        freeze: duplicates?.freeze ?? DEFAULTS.duplicateDetection.freeze,
      },
    },
    dataplane: {
      type: file.dataplane?.type ?? 'kernel',
      correct: file.dataplane?.correct ?? false,
      auditIntervalSeconds: file.dataplane?.['audit-interval'] ?? DEFAULTS.auditIntervalSeconds,
      keepOnExit: file.dataplane?.['keep-on-exit'] ?? false,
      hosts: (file.dataplane?.hosts ?? []).map(({ vni, mac, ip }) => ({ vni, mac, ip })),
      stateDirectory: file.dataplane?.['state-directory'] ?? DEFAULTS.stateDirectory,
      switches: (file.dataplane?.switches ?? []).map((each) => resolveSwitch(each, file.dataplane?.tls)),
    },
    control: {
      socket: file.control?.socket ?? DEFAULTS.socket,
      mode: file.control?.mode ?? DEFAULTS.socketMode,
    },
    log: { level: file.log?.level ?? DEFAULTS.logLevel, format: file.log?.format ?? DEFAULTS.logFormat },
  };
}

/**
 * A level that sets hold without keepalive gets a third of that hold (RFC 4271 section 10): the keepalive that it
 * would inherit belonged to the inherited hold.
 */
export function resolveTimers(inherited: TimerConfig, own: TimersFile): TimerConfig {
  const hold = own?.hold;
  return {
    holdSeconds: hold ?? inherited.holdSeconds,
    keepaliveSeconds:
      own?.keepalive ?? (hold === undefined ? inherited.keepaliveSeconds : Math.floor(hold / 3)),
    connectRetrySeconds: own?.['connect-retry'] ?? inherited.connectRetrySeconds,
  };
}

function session(defaults: TimerConfig, group: SessionFile, own: SessionFile): SessionConfig {
  const pick = <K extends keyof SessionFile>(key: K): SessionFile[K] => own[key] ?? group[key];
  return {
    remoteAs: pick('remote-as')!,
    description: pick('description'),
    updateSource: pick('update-source'),
    passive: pick('passive') ?? false,
    timers: resolveTimers(resolveTimers(defaults, group.timers), own.timers),
    password: pick('password'),
    ttlSecurityHops: pick('ttl-security-hops'),
    ebgpMultihop: pick('ebgp-multihop'),
    routeReflectorClient: pick('route-reflector-client') ?? false,
    enforceFirstAs: pick('enforce-first-as') ?? true,
    shutdown: pick('shutdown') || undefined,
    port: pick('port') ?? DEFAULTS.port,
    families: pick('families') ?? FAMILY_NAMES,
    maximumPrefix: maximumPrefix(pick('maximum-prefix')),
  };
}

function maximumPrefix(file: SessionFile['maximum-prefix']): MaximumPrefixConfig | undefined {
  return (
    file && {
      limit: file.limit,
      warningPercent: file['warning-percent'] ?? DEFAULTS.maximumPrefix.warningPercent,
      action: file.action ?? DEFAULTS.maximumPrefix.action,
      restartMinutes: file['restart-minutes'] ?? DEFAULTS.maximumPrefix.restartMinutes,
    }
  );
}

/** Only what the group sets, under the names of the configuration. */
function peerGroup(file: SessionFile): PeerGroupConfig {
  const timers = defined({
    holdSeconds: file.timers?.hold,
    keepaliveSeconds: file.timers?.keepalive,
    connectRetrySeconds: file.timers?.['connect-retry'],
  });
  return defined({
    remoteAs: file['remote-as'],
    description: file.description,
    updateSource: file['update-source'],
    passive: file.passive,
    timers: Object.keys(timers).length > 0 ? timers : undefined,
    password: file.password,
    ttlSecurityHops: file['ttl-security-hops'],
    ebgpMultihop: file['ebgp-multihop'],
    routeReflectorClient: file['route-reflector-client'],
    enforceFirstAs: file['enforce-first-as'],
    shutdown: file.shutdown || undefined,
    port: file.port,
    families: file.families,
    maximumPrefix: maximumPrefix(file['maximum-prefix']),
  });
}

function resolveSwitch(file: SwitchFile, common: TlsFile): SwitchConfig {
  const tls = file.tls ?? common;
  const speaksTls = /^p?ssl:/.test(file.connection);
  return {
    name: file.name,
    connection: file.connection,
    tls:
      tls && speaksTls
        ? { ca: tls.ca, certificate: tls.certificate, privateKey: tls['private-key'] }
        : undefined,
    lock: file.lock,
    arpSuppression: file['arp-suppression'] ?? false,
    tunnelKeys: file['tunnel-keys'] ?? 'logical-switch',
    awaySeconds: file['away-time'] ?? DEFAULTS.awaySeconds,
    bindings: (file.bindings ?? []).map(({ port, vlan, vni }) => ({ port, vlan, vni })),
  };
}

function resolveVni(file: VniFile): VniConfig {
  const targets = file['route-targets'];
  const joined = (one: readonly string[] | undefined): readonly string[] | undefined => {
    const all = [...(targets?.both ?? []), ...(one ?? [])];
    return all.length > 0 ? [...new Set(all)] : undefined;
  };
  return {
    vni: file.vni,
    rd: file.rd,
    importRouteTargets: joined(targets?.import),
    exportRouteTargets: joined(targets?.export),
    maximumMacs: file['maximum-macs'],
  };
}

type Defined<T> = { -readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the keys whose value is undefined. */
export function defined<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;
}
