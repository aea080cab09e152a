/**
 * A configuration as the file that one would write for it: only what differs from the defaults, and in a neighbour
 * only what its peer group does not say. `parse(print(config))` is `config`.
 */
import { stringify } from 'yaml';
import {
  type Config,
  DEFAULTS,
  type DuplicateDetectionConfig,
  FAMILY_NAMES,
  type MaximumPrefixConfig,
  type PeerGroupConfig,
  type SessionConfig,
  type SwitchConfig,
  type TimerConfig,
  type VniConfig,
} from './config.ts';
import { resolveTimers } from './resolve.ts';

type Section = Record<string, unknown>;

export interface PrintOptions {
  /** Put `(hidden)` in the place of passwords: for people's eyes, not for a file to load. */
  readonly hideSecrets?: boolean;
}

export const printConfig = (config: Config, options: PrintOptions = {}): string =>
  stringify(configDocument(config, options), { lineWidth: 0, nullStr: '' });

/** The same as an object with the file's keys. */
export function configDocument(config: Config, options: PrintOptions = {}): Section {
  const { router, gracefulRestart, evpn, dataplane, control, log, listen } = config;
  const groups = Object.entries(config.peerGroups);
  return section({
    router: section({
      asn: router.asn,
      'router-id': router.routerId,
      'cluster-id': unless(router.clusterId, router.routerId),
      'host-name': router.hostName,
    }),
    timers: section(timers(DEFAULTS.timers, config.timers)),
    'graceful-restart': section({
      mode: unless(gracefulRestart.mode, DEFAULTS.gracefulRestart.mode),
      'restart-time': unless(gracefulRestart.restartTimeSeconds, DEFAULTS.gracefulRestart.restartTimeSeconds),
      'select-defer-time': unless(
        gracefulRestart.selectDeferTimeSeconds,
        DEFAULTS.gracefulRestart.selectDeferTimeSeconds,
      ),
    }),
    'peer-groups': section(
      Object.fromEntries(groups.map(([name, group]) => [name, peerGroup(group, options)])),
      true,
    ),
    neighbors: items(
      config.neighbors.map((neighbor) => {
        const group = (neighbor.peerGroup && config.peerGroups[neighbor.peerGroup]) || {};
        const own = differing(config.timers, group, neighbor, options);
        return { address: neighbor.address, ...section({ 'peer-group': neighbor.peerGroup }), ...own };
      }),
    ),
    'listen-ranges': items(
      config.listenRanges.map((range) =>
        section({
          prefix: range.prefix,
          'peer-group': range.peerGroup,
          limit: unless(range.limit, DEFAULTS.listenLimit),
        }),
      ),
    ),
    listen: section({
      addresses: same(listen.addresses, DEFAULTS.listenAddresses) ? undefined : listen.addresses,
      port: unless(listen.port, DEFAULTS.port),
    }),
    evpn: section({
      'advertise-all-vni': unless(evpn.advertiseAllVni, true),
      vtep: evpn.vtep,
      vnis: items(evpn.vnis.map(vni)),
      'maximum-macs': evpn.maximumMacs,
      'duplicate-detection': section(duplicateDetection(evpn.duplicateDetection)),
    }),
    dataplane: section({
      type: unless(dataplane.type, 'kernel'),
      correct: unless(dataplane.correct, false),
      'audit-interval': unless(dataplane.auditIntervalSeconds, DEFAULTS.auditIntervalSeconds),
      'keep-on-exit': unless(dataplane.keepOnExit, false),
      hosts: items(dataplane.hosts.map(({ vni, mac, ip }) => ({ vni, mac, ip }))),
      'state-directory': unless(dataplane.stateDirectory, DEFAULTS.stateDirectory),
      switches: items(dataplane.switches.map(hardwareSwitch)),
    }),
    control: section({
      socket: unless(control.socket, DEFAULTS.socket),
      mode: control.mode === DEFAULTS.socketMode ? undefined : control.mode.toString(8).padStart(4, '0'),
    }),
    log: section({
      level: unless(log.level, DEFAULTS.logLevel),
      format: unless(log.format, DEFAULTS.logFormat),
    }),
  }) as Section;
}

/** Settings under the file's names. */
function settings(session: PeerGroupConfig, options: PrintOptions): Section {
  return {
    'remote-as': session.remoteAs,
    description: session.description,
    'update-source': session.updateSource,
    passive: session.passive,
    password: session.password !== undefined && options.hideSecrets ? '(hidden)' : session.password,
    'ttl-security-hops': session.ttlSecurityHops,
    'ebgp-multihop': session.ebgpMultihop,
    'route-reflector-client': session.routeReflectorClient,
    'enforce-first-as': session.enforceFirstAs,
    shutdown: session.shutdown && (session.shutdown.message || true),
    port: session.port,
    families: session.families,
    'maximum-prefix': maximumPrefix(session.maximumPrefix),
  };
}

function maximumPrefix(config: MaximumPrefixConfig | undefined): Section | undefined {
  const fallback = DEFAULTS.maximumPrefix;
  return (
    config && {
      limit: config.limit,
      ...section({
        'warning-percent': unless(config.warningPercent, fallback.warningPercent),
        action: unless(config.action, fallback.action),
        'restart-minutes': unless(config.restartMinutes, fallback.restartMinutes),
      }),
    }
  );
}

function peerGroup(group: PeerGroupConfig, options: PrintOptions): Section | null {
  const own = group.timers;
  const timerSection = own && {
    hold: own.holdSeconds,
    keepalive: own.keepaliveSeconds,
    'connect-retry': own.connectRetrySeconds,
  };
  return section({ ...settings(group, options), timers: timerSection && section(timerSection) }) ?? null;
}

/** The settings of a neighbour that its group and the defaults would not give it. */
function differing(
  defaults: TimerConfig,
  group: PeerGroupConfig,
  own: SessionConfig,
  options: PrintOptions,
): Section {
  const inherited = settings({ ...SESSION_DEFAULTS, ...group }, options);
  const wanted = settings(own, options);
  const changed = Object.entries(wanted).filter(([key, value]) => !same(value, inherited[key]));
  // An own value that undoes the group's: only a flag can be undone in the file.
  if (own.shutdown === undefined && group.shutdown !== undefined) changed.push(['shutdown', false]);
  const outer = resolveTimers(defaults, {
    ...(group.timers?.holdSeconds === undefined ? {} : { hold: group.timers.holdSeconds }),
    ...(group.timers?.keepaliveSeconds === undefined ? {} : { keepalive: group.timers.keepaliveSeconds }),
    ...(group.timers?.connectRetrySeconds === undefined
      ? {}
      : { 'connect-retry': group.timers.connectRetrySeconds }),
  });
  return section({ ...Object.fromEntries(changed), timers: section(timers(outer, own.timers)) }) ?? {};
}

const SESSION_DEFAULTS: PeerGroupConfig = {
  passive: false,
  routeReflectorClient: false,
  enforceFirstAs: true,
  port: DEFAULTS.port,
  families: FAMILY_NAMES,
};

/** A keepalive is printed where the hold time beside it would lead to another one. */
function timers(inherited: TimerConfig, own: TimerConfig): Section {
  const hold = unless(own.holdSeconds, inherited.holdSeconds);
  const implied = resolveTimers(inherited, hold === undefined ? {} : { hold });
  return {
    hold,
    keepalive: unless(own.keepaliveSeconds, implied.keepaliveSeconds),
    'connect-retry': unless(own.connectRetrySeconds, inherited.connectRetrySeconds),
  };
}

function vni(config: VniConfig): Section {
  const { importRouteTargets: imports, exportRouteTargets: exports } = config;
  const targets =
    imports && exports && same(imports, exports) ? { both: imports } : { import: imports, export: exports };
  return (
    section({
      vni: config.vni,
      rd: config.rd,
      'route-targets': section(targets),
      'maximum-macs': config.maximumMacs,
    }) ?? {}
  );
}

/** TLS files are printed with each switch, wherever the file had them. */
function hardwareSwitch(config: SwitchConfig): Section {
  const { tls } = config;
  return (
    section({
      name: config.name,
      connection: config.connection,
      tls: tls && { ca: tls.ca, certificate: tls.certificate, 'private-key': tls.privateKey },
      lock: config.lock,
      'arp-suppression': unless(config.arpSuppression, false),
      'tunnel-keys': unless(config.tunnelKeys, 'logical-switch'),
      'away-time': unless(config.awaySeconds, DEFAULTS.awaySeconds),
      bindings: items(config.bindings.map(({ port, vlan, vni }) => ({ port, vlan, vni }))),
    }) ?? {}
  );
}

const duplicateDetection = (config: DuplicateDetectionConfig): Section => ({
  enabled: unless(config.enabled, DEFAULTS.duplicateDetection.enabled),
  'max-moves': unless(config.maxMoves, DEFAULTS.duplicateDetection.maxMoves),
  window: unless(config.windowSeconds, DEFAULTS.duplicateDetection.windowSeconds),
  freeze: unless(config.freeze, DEFAULTS.duplicateDetection.freeze),
});

const unless = <T>(value: T, fallback: T): T | undefined => (value === fallback ? undefined : value);
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const items = <T>(list: readonly T[]): readonly T[] | undefined => (list.length > 0 ? list : undefined);

/** Without the keys that have no value; undefined when none has one. */
function section(object: Section, keepNull = false): Section | undefined {
  const entries = Object.entries(object).filter(
    ([, value]) => value !== undefined && (keepNull || value !== null),
  );
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}
