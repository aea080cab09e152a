/**
 * What happens to a simulated fabric and when: plain data, so that a schedule can be saved, shortened and replayed. Every
 * event means something in every state of the fabric, or does nothing: any part of a schedule is a schedule.
 */
import type { Ending } from './machine.ts';
import { Random } from './random.ts';

/** The fabric that the schedule is for. */
export interface FabricShape {
  readonly leaves: number;
  readonly reflectors: number;
  readonly vnis: number;
  readonly hosts: number;
  /** Leaves and spines each with an AS of their own, instead of reflection. */
  readonly ebgp: boolean;
  /** Leaves are dynamic neighbours of the reflectors. */
  readonly dynamic: boolean;
  /** All reflectors are one cluster; otherwise each is its own (RFC 4456 section 7). */
  readonly sharedCluster: boolean;
  /** The VNIs are declared, instead of found. */
  readonly declared: boolean;
  readonly latencyMilliseconds: number;
  /** What a look at the clock costs: more makes slices shorter. */
  readonly lookMilliseconds: number;
  /** Octets that a socket takes: little makes peers fall out of step. */
  readonly windowOctets: number;
  readonly holdSeconds: number;
  readonly auditSeconds: number;
}

type At<T> = T & { readonly at: number };

/**
 * `at` and `for` are milliseconds, the others indices into the shape; `node` counts leaves first, then reflectors. What happens
 * to a VNI `for` 0 milliseconds stays so.
 */
export type SimulatedEvent = At<
  | { readonly kind: 'speak'; readonly host: number; readonly leaf: number }
  | { readonly kind: 'leave'; readonly host: number }
  | { readonly kind: 'age'; readonly host: number; readonly leaf: number }
  | { readonly kind: 'spoof'; readonly host: number; readonly leaf: number }
  | { readonly kind: 'sticky'; readonly host: number; readonly on: boolean }
  | { readonly kind: 'address'; readonly host: number; readonly address: number }
  | { readonly kind: 'drop-address'; readonly host: number; readonly told: boolean }
  | { readonly kind: 'vni-gone'; readonly leaf: number; readonly vni: number; readonly for: number }
  | { readonly kind: 'vni-down'; readonly leaf: number; readonly vni: number; readonly for: number }
  | { readonly kind: 'vni-undeclared'; readonly leaf: number; readonly vni: number; readonly for: number }
  | { readonly kind: 'renumber'; readonly leaf: number }
  | { readonly kind: 'redistinguish'; readonly leaf: number; readonly vni: number; readonly number: number }
  | {
      readonly kind: 'restart';
      readonly node: number;
      readonly how: Ending;
      readonly keep: boolean;
      readonly for: number;
    }
  | { readonly kind: 'hang'; readonly node: number; readonly for: number }
  | { readonly kind: 'reset'; readonly leaf: number; readonly reflector: number }
  | { readonly kind: 'cut'; readonly leaf: number; readonly reflector: number; readonly for: number }
  | { readonly kind: 'isolate'; readonly node: number; readonly for: number }
  | {
      readonly kind: 'delay';
      readonly leaf: number;
      readonly reflector: number;
      readonly up: boolean;
      readonly for: number;
    }
  | { readonly kind: 'clear'; readonly leaf: number; readonly reflector: number }
  | { readonly kind: 'refresh'; readonly leaf: number; readonly reflector: number; readonly up: boolean }
  | { readonly kind: 'shutdown'; readonly leaf: number; readonly reflector: number; readonly for: number }
  | { readonly kind: 'unreachable'; readonly leaf: number; readonly other: number; readonly for: number }
  | { readonly kind: 'delete-entries'; readonly leaf: number; readonly first: number; readonly count: number }
  | { readonly kind: 'edit-entry'; readonly leaf: number; readonly which: number; readonly other: number }
  | { readonly kind: 'lose-notices'; readonly leaf: number; readonly told: boolean; readonly for: number }
  | { readonly kind: 'refuse'; readonly leaf: number; readonly share: number; readonly for: number }
  | {
      readonly kind: 'unknown-results';
      readonly leaf: number;
      readonly performed: boolean;
      readonly for: number;
    }
  | { readonly kind: 'fail-dump'; readonly leaf: number; readonly for: number }
>;

export interface Schedule {
  readonly seed: number;
  readonly shape: FabricShape;
  readonly events: readonly SimulatedEvent[];
}

export interface ScheduleLimits {
  readonly leaves?: number | undefined;
  readonly events?: number | undefined;
}

const MOST_LEAVES = 6;
const MOST_EVENTS = 60;
/** Within which the events happen. */
const LONGEST_MILLISECONDS = 60_000;
/** Addresses that the hosts of a VNI share between them. */
export const ADDRESSES_A_VNI = 6;

/** The schedule that this seed stands for. */
export function randomSchedule(seed: number, limits: ScheduleLimits = {}): Schedule {
  const random = new Random(seed);
  const shape = randomShape(random, limits);
  const count = 1 + random.below(limits.events ?? MOST_EVENTS);
  const span = random.pick([2000, 10_000, LONGEST_MILLISECONDS]);
  const events: SimulatedEvent[] = [];
  for (let host = 0; host < shape.hosts; host++) {
    if (random.chance(0.7)) events.push({ at: random.below(3000), ...speak(host, shape, random) });
    if (random.chance(0.7)) events.push({ at: 3000, ...takeAddress(host, random) });
  }
  if (random.chance(0.3)) addMissingVnis(events, shape, random);
  while (events.length < count) addEvents(events, shape, random, random.below(span));
  return { seed, shape, events: events.sort((a, b) => a.at - b.at) };
}

/** Not every leaf has every VNI; some come later. */
function addMissingVnis(events: SimulatedEvent[], shape: FabricShape, random: Random): void {
  for (let leaf = 0; leaf < shape.leaves; leaf++) {
    for (let vni = 0; vni < shape.vnis; vni++) {
      const duration = random.pick([0, 0, 5000, 30_000]);
      if (random.chance(0.4)) events.push({ at: 0, kind: 'vni-gone', leaf, vni, for: duration });
    }
  }
}

function randomShape(random: Random, limits: ScheduleLimits): FabricShape {
  const vnis = 1 + random.below(3);
  return {
    leaves: limits.leaves ?? 2 + random.below(MOST_LEAVES - 1),
    reflectors: 1 + random.below(2),
    vnis,
    hosts: vnis + random.below(2 * vnis + 1),
    ebgp: random.chance(0.25),
    dynamic: random.chance(0.5),
    sharedCluster: random.chance(0.5),
    declared: random.chance(0.5),
    latencyMilliseconds: random.pick([0, 1, 1, 5, 40]),
    lookMilliseconds: random.pick([0, 0, 0, 1, 4]),
    windowOctets: random.pick([262_144, 262_144, 512]),
    holdSeconds: random.pick([9, 30]),
    auditSeconds: random.pick([20, 60]),
  };
}

const speak = (host: number, { leaves }: FabricShape, random: Random) => ({
  kind: 'speak' as const,
  host,
  leaf: random.below(leaves),
});

const takeAddress = (host: number, random: Random) => ({
  kind: 'address' as const,
  host,
  address: random.below(ADDRESSES_A_VNI),
});

/** What one draw adds: mostly one event, sometimes a flurry of moves. */
function addEvents(events: SimulatedEvent[], shape: FabricShape, random: Random, at: number): void {
  const kind = random.fraction();
  if (kind < 0.4) addHostEvents(events, shape, random, at);
  else if (kind < 0.7) events.push({ at, ...sessionEvent(shape, random) });
  else if (kind < 0.85) events.push({ at, ...instanceEvent(shape, random) });
  else events.push({ at, ...dataplaneEvent(shape, random) });
}

function addHostEvents(events: SimulatedEvent[], shape: FabricShape, random: Random, at: number): void {
  const host = random.below(shape.hosts);
  const leaf = random.below(shape.leaves);
  const kind = random.fraction();
  if (kind < 0.45) events.push({ at, kind: 'speak', host, leaf });
  else if (kind < 0.55) {
    const step = random.pick([0, 1, 20, 500]);
    const moves = 2 + random.below(6);
    for (let move = 0; move < moves; move++)
      events.push({ at: at + move * step, ...speak(host, shape, random) });
  } else if (kind < 0.6) events.push({ at, kind: 'leave', host });
  else if (kind < 0.68) events.push({ at, kind: 'age', host, leaf });
  else if (kind < 0.75) events.push({ at, kind: 'spoof', host, leaf });
  else if (kind < 0.82) events.push({ at, kind: 'sticky', host, on: random.chance(0.6) });
  else if (kind < 0.94) events.push({ at, ...takeAddress(host, random) });
  else events.push({ at, kind: 'drop-address', host, told: random.chance(0.5) });
}

type Undated<T> = T extends unknown ? Omit<T, 'at'> : never;
type UndatedEvent = Undated<SimulatedEvent>;

function sessionEvent(shape: FabricShape, random: Random): UndatedEvent {
  const leaf = random.below(shape.leaves);
  const reflector = random.below(shape.reflectors);
  // Mostly leaves, since their tables are what counts.
  const node = random.chance(0.7) ? leaf : shape.leaves + reflector;
  const duration = duringFaults(random);
  switch (random.below(10)) {
    case 0:
    case 1:
    case 2:
      return {
        kind: 'restart',
        node,
        how: random.pick(['stop', 'crash', 'power'] as const),
        keep: random.chance(0.6),
        for: random.pick([1, 1000, duration]),
      };
    case 3:
      return { kind: 'hang', node, for: duration };
    case 4:
      return { kind: 'reset', leaf, reflector };
    case 5:
      return { kind: 'cut', leaf, reflector, for: duration };
    case 6:
      return { kind: 'isolate', node, for: duration };
    case 7:
      return { kind: 'delay', leaf, reflector, up: random.chance(0.5), for: duration };
    case 8:
      return random.chance(0.5)
        ? { kind: 'clear', leaf, reflector }
        : { kind: 'refresh', leaf, reflector, up: random.chance(0.5) };
    default:
      return { kind: 'shutdown', leaf, reflector, for: duration };
  }
}

function instanceEvent(shape: FabricShape, random: Random): UndatedEvent {
  const leaf = random.below(shape.leaves);
  const vni = random.below(shape.vnis);
  const duration = random.pick([0, 1, 200, duringFaults(random)]);
  const kind = random.fraction();
  if (kind < 0.35) return { kind: 'vni-gone', leaf, vni, for: duration };
  if (kind < 0.6) return { kind: 'vni-down', leaf, vni, for: duration };
  if (kind < 0.85) return { kind: 'vni-undeclared', leaf, vni, for: duration };
  if (kind < 0.93) return { kind: 'renumber', leaf };
  return { kind: 'redistinguish', leaf, vni, number: random.below(3) };
}

function dataplaneEvent(shape: FabricShape, random: Random): UndatedEvent {
  const leaf = random.below(shape.leaves);
  const other = random.below(shape.leaves);
  const duration = duringFaults(random);
  switch (random.below(7)) {
    case 0:
      return { kind: 'unreachable', leaf, other, for: duration };
    case 1:
      return { kind: 'delete-entries', leaf, first: random.below(8), count: 1 + random.below(4) };
    case 2:
      return { kind: 'edit-entry', leaf, which: random.below(8), other };
    case 3:
      return { kind: 'lose-notices', leaf, told: random.chance(0.6), for: duration };
    case 4:
      return { kind: 'refuse', leaf, share: random.pick([1, 2, 3]), for: duration };
    case 5:
      return { kind: 'unknown-results', leaf, performed: random.chance(0.5), for: duration };
    default:
      return { kind: 'fail-dump', leaf, for: duration };
  }
}

const duringFaults = (random: Random): number => random.pick([50, 500, 3000, 12_000, 40_000]);
