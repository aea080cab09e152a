/**
 * The difference between two configurations, as data: what a reload has to do, and what it does to sessions. The
 * daemon applies it; what is not in the list is not touched.
 */
import type {
  Config,
  DataplaneConfig,
  EvpnConfig,
  ListenRangeConfig,
  NeighborConfig,
  SessionConfig,
  VniConfig,
} from './config.ts';

/**
 * What a change costs. soft: nothing is interrupted. reset: the sessions that it is about come down and up again.
 * restart: it holds only after the daemon was restarted.
 */
export type Effect = 'soft' | 'reset' | 'restart';

interface Change<Type extends string> {
  readonly type: Type;
  readonly effect: Effect;
}

interface Changed<Type extends string, T> extends Change<Type> {
  readonly before: T;
  readonly after: T;
  /** The keys of `after` that differ. */
  readonly keys: readonly (keyof T & string)[];
}

export type ConfigChange =
  | Changed<'router-changed', Config['router']>
  | Changed<'graceful-restart-changed', Config['gracefulRestart']>
  | (Change<'neighbor-added'> & { readonly neighbor: NeighborConfig })
  | (Change<'neighbor-removed'> & { readonly neighbor: NeighborConfig })
  | Changed<'neighbor-changed', NeighborConfig>
  | (Change<'listen-range-added'> & { readonly range: ListenRangeConfig })
  | (Change<'listen-range-removed'> & { readonly range: ListenRangeConfig })
  /** `reset` is about the dynamic neighbours of the range. */
  | Changed<'listen-range-changed', ListenRangeConfig>
  | Changed<'listen-changed', Config['listen']>
  | (Change<'vni-added'> & { readonly vni: VniConfig })
  | (Change<'vni-removed'> & { readonly vni: VniConfig })
  | Changed<'vni-changed', VniConfig>
  | Changed<'evpn-changed', Omit<EvpnConfig, 'vnis'>>
  | Changed<'dataplane-changed', DataplaneConfig>
  | Changed<'control-changed', Config['control']>
  | Changed<'log-changed', Config['log']>;

/** Settings that a running session takes over without noticing; every other one is fixed at OPEN or in the socket. */
const SOFT_SESSION_KEYS: ReadonlySet<string> = new Set([
  'description',
  'maximumPrefix',
  'passive',
  'peerGroup',
  'port',
]);

export function diffConfig(before: Config, after: Config): ConfigChange[] {
  const { vnis: vnisBefore, ...evpnBefore } = before.evpn;
  const { vnis: vnisAfter, ...evpnAfter } = after.evpn;
  return [
    ...changed('router-changed', before.router, after.router, () => 'restart'),
    ...changed('graceful-restart-changed', before.gracefulRestart, after.gracefulRestart, () => 'restart'),
    ...neighborChanges(before.neighbors, after.neighbors),
    ...rangeChanges(before.listenRanges, after.listenRanges),
    ...changed('listen-changed', before.listen, after.listen, () => 'soft'),
    ...vniChanges(vnisBefore, vnisAfter),
    ...changed('evpn-changed', evpnBefore, evpnAfter, () => 'soft'),
    ...changed('dataplane-changed', before.dataplane, after.dataplane, (keys) =>
      keys.includes('type') || keys.includes('stateDirectory') ? 'restart' : 'soft',
    ),
    ...changed('control-changed', before.control, after.control, () => 'restart'),
    ...changed('log-changed', before.log, after.log, (keys) =>
      keys.includes('format') ? 'restart' : 'soft',
    ),
  ];
}

function neighborChanges(
  before: readonly NeighborConfig[],
  after: readonly NeighborConfig[],
): ConfigChange[] {
  return match(before, after, ({ address }) => address).flatMap(([old, now]): ConfigChange[] => {
    if (!old) return [{ type: 'neighbor-added', effect: 'soft', neighbor: now! }];
    if (!now) return [{ type: 'neighbor-removed', effect: 'reset', neighbor: old }];
    return changed('neighbor-changed', old, now, (keys) => sessionEffect(old, now, keys));
  });
}

function rangeChanges(
  before: readonly ListenRangeConfig[],
  after: readonly ListenRangeConfig[],
): ConfigChange[] {
  return match(before, after, ({ prefix }) => prefix).flatMap(([old, now]): ConfigChange[] => {
    if (!old) return [{ type: 'listen-range-added', effect: 'soft', range: now! }];
    if (!now) return [{ type: 'listen-range-removed', effect: 'reset', range: old }];
    return changed('listen-range-changed', old, now, () =>
      sessionEffect(old.session, now.session, differingKeys(old.session, now.session)),
    );
  });
}

/** The connect retry time is no part of what peers agree on; hold and keepalive are. */
function sessionEffect(before: SessionConfig, after: SessionConfig, keys: readonly string[]): Effect {
  const timers = differingKeys(before.timers, after.timers).some((key) => key !== 'connectRetrySeconds');
  const hard = keys.some((key) => (key === 'timers' ? timers : !SOFT_SESSION_KEYS.has(key)));
  return hard ? 'reset' : 'soft';
}

function vniChanges(before: readonly VniConfig[], after: readonly VniConfig[]): ConfigChange[] {
  return match(before, after, ({ vni }) => vni).flatMap(([old, now]): ConfigChange[] => {
    if (!old) return [{ type: 'vni-added', effect: 'soft', vni: now! }];
    if (!now) return [{ type: 'vni-removed', effect: 'soft', vni: old }];
    return changed('vni-changed', old, now, () => 'soft');
  });
}

/** For people: `neighbor 10.0.0.1 changed (description, timers): soft`. */
export function printChange(change: ConfigChange): string {
  const cost = {
    soft: '',
    reset: change.type === 'neighbor-removed' ? '' : ' (resets the session)',
    restart: ' (needs a restart of evpnd)',
  }[change.effect];
  switch (change.type) {
    case 'neighbor-added':
    case 'neighbor-removed':
      return `neighbor ${change.neighbor.address} ${verb(change.type)}`;
    case 'neighbor-changed':
      return `neighbor ${change.after.address}: ${printKeys(change.keys)} changed${cost}`;
    case 'listen-range-added':
    case 'listen-range-removed':
      return `listen range ${change.range.prefix} ${verb(change.type)}`;
    case 'listen-range-changed':
      return `listen range ${change.after.prefix}: ${printKeys(change.keys)} changed${cost}`;
    case 'vni-added':
    case 'vni-removed':
      return `VNI ${change.vni.vni} ${verb(change.type)} ${change.type === 'vni-added' ? 'to' : 'from'} the configuration`;
    case 'vni-changed':
      return `VNI ${change.after.vni}: ${printKeys(change.keys)} changed`;
    default:
      return `${change.type.replace('-changed', '')}: ${printKeys(change.keys)} changed${cost}`;
  }
}

const verb = (type: string): string => type.slice(type.lastIndexOf('-') + 1);

/** `routerId, holdSeconds` as in the file: `router-id, hold`. */
const printKeys = (keys: readonly string[]): string =>
  keys
    .map((key) =>
      key
        .replace(/Seconds$/, '')
        .replace(/^session$/, 'peer-group settings')
        .replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    )
    .join(', ');

function changed<Type extends string, T extends object>(
  type: Type,
  before: T,
  after: T,
  effectOf: (keys: readonly string[]) => Effect,
): Changed<Type, T>[] {
  const keys = differingKeys(before, after);
  return keys.length > 0 ? [{ type, effect: effectOf(keys), before, after, keys }] : [];
}

function differingKeys<T extends object>(before: T, after: T): (keyof T & string)[] {
  return (Object.keys(after) as (keyof T & string)[]).filter(
    (key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]),
  );
}

/** Pairs what has the same name: old ones first, in their order, then new ones. */
function match<T>(
  before: readonly T[],
  after: readonly T[],
  nameOf: (item: T) => string | number,
): [T | undefined, T | undefined][] {
  const rest = new Map(after.map((item) => [nameOf(item), item]));
  const pairs = before.map((old): [T | undefined, T | undefined] => {
    const now = rest.get(nameOf(old));
    rest.delete(nameOf(old));
    return [old, now];
  });
  return [...pairs, ...[...rest.values()].map((now): [undefined, T] => [undefined, now])];
}
