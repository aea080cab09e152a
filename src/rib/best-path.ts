/**
 * The decision process: which of the paths of one destination is the best, and at which step each of the others
 * lost. Every step takes the paths that are left and returns how many stay; the losers keep the step's name.
 * Working on the whole set, step by step, makes the outcome independent of the order of arrival even with MED.
 *
 * RFC 4271 section 9.1.2.2 (steps and tie breaking), RFC 7432 sections 15.1 and 15.2 (MAC mobility, sticky MACs),
 * RFC 4456 section 9 (ORIGINATOR_ID, CLUSTER_LIST). The IGP metric, step (e), is not used: whether a VTEP can be
 * reached is asked where entries are installed.
 */
import type { AddressId, AddressTable } from '../base/address-table.ts';
import { compareIp } from '../base/ip.ts';
import { SUMMARY_FLAG } from './attribute-summary.ts';
import type { AttributeTable } from './attribute-table.ts';
import { NONE, type PathId, type RouteId } from './ids.ts';
import type { RouteTable } from './route-table.ts';
import { SOURCE_KIND, type SourceTable } from './source-table.ts';

/** What the state column of a path holds: 0 is the best, the others say why a path is not. */
export const PATH_STATE = {
  BEST: 0,
  STICKY: 1,
  MOBILITY_SEQUENCE: 2,
  LOWEST_VTEP: 3,
  LOCAL: 4,
  LOCAL_PREFERENCE: 5,
  AS_PATH_LENGTH: 6,
  ORIGIN: 7,
  MED: 8,
  EBGP_OVER_IBGP: 9,
  ROUTER_ID: 10,
  CLUSTER_LIST: 11,
  PEER_ADDRESS: 12,
  /** From here on a path is not fit to be best at all. */
  LOOP_AS_PATH: 13,
  LOOP_ORIGINATOR: 14,
  LOOP_CLUSTER: 15,
} as const;

const REASONS = [
  'best',
  'sticky',
  'mobility-sequence',
  'lowest-vtep',
  'local',
  'local-preference',
  'as-path-length',
  'origin',
  'med',
  'ebgp-over-ibgp',
  'router-id',
  'cluster-list',
  'peer-address',
  'loop: as-path',
  'loop: originator-id',
  'loop: cluster-list',
] as const;

/** Why a path is not the best, in one word; `best` for the one that is. */
export type LoserReason = (typeof REASONS)[number];

export const reasonText = (state: number): LoserReason => REASONS[state]!;

/** What the steps read. */
export interface DecisionInput {
  readonly table: RouteTable;
  readonly attributes: AttributeTable;
  readonly sources: SourceTable;
  readonly addresses: AddressTable;
  /** Compare MED between any two paths, not only those from the same neighbouring AS. */
  readonly alwaysCompareMed: boolean;
}

/** The candidates are paths[0..count): a step keeps some, in their order, and returns the new count. */
type Step = (input: DecisionInput, paths: Int32Array, count: number) => number;

const MAC_IP_ADVERTISEMENT = 2;
const LOOPS = SUMMARY_FLAG.AS_PATH_LOOP | SUMMARY_FLAG.ORIGINATOR_LOOP | SUMMARY_FLAG.CLUSTER_LOOP;

/**
 * Phase 1: paths that must not be considered. "If the AS_PATH attribute of a BGP route contains an AS loop, the BGP
 * route should be excluded" (RFC 4271 section 9.1.2); RFC 4456 section 8: a route with the own ORIGINATOR_ID or
 * CLUSTER_LIST entry is ignored. Returns the loop's state, or BEST for a fit path.
 */
export function fitness(input: DecisionInput, path: PathId): number {
  const flags = input.attributes.flags(input.table.attributes[path]!);
  if ((flags & LOOPS) === 0 || input.table.source[path] === 0) return PATH_STATE.BEST;
  if ((flags & SUMMARY_FLAG.AS_PATH_LOOP) !== 0) return PATH_STATE.LOOP_AS_PATH;
  return (flags & SUMMARY_FLAG.ORIGINATOR_LOOP) !== 0 ? PATH_STATE.LOOP_ORIGINATOR : PATH_STATE.LOOP_CLUSTER;
}

/** 1. RFC 7432 section 15.2: a sticky MAC does not move, whatever sequence number another claims. */
const sticky: Step = (input, paths, count) =>
  keepLeast(input, paths, count, PATH_STATE.STICKY, (i, path) =>
    i.attributes.sticky(i.table.attributes[path]!) ? 0 : 1,
  );

/** 2. RFC 7432 section 15: the highest sequence number is where the MAC is now. None counts as 0. */
const mobilitySequence: Step = (input, paths, count) =>
  keepLeast(
    input,
    paths,
    count,
    PATH_STATE.MOBILITY_SEQUENCE,
    (i, path) => -i.attributes.mobilitySequence(i.table.attributes[path]!),
  );

/** 3. RFC 7432 section 15.1: with equal sequence numbers, the PE with the lowest IP address. */
const lowestVtep: Step = (input, paths, count) =>
  keepLowestAddress(input, paths, count, PATH_STATE.LOWEST_VTEP, (i, path) =>
    i.attributes.nextHop(i.table.attributes[path]!),
  );

/** 4. What this speaker originates goes before what it is told. */
const local: Step = (input, paths, count) =>
  keepLeast(input, paths, count, PATH_STATE.LOCAL, (i, path) => (i.table.source[path] === 0 ? 0 : 1));

/** 5. RFC 4271 section 9.1.1: the highest degree of preference. */
const localPreference: Step = (input, paths, count) =>
  keepLeast(
    input,
    paths,
    count,
    PATH_STATE.LOCAL_PREFERENCE,
    (i, path) => -i.attributes.localPreference(i.table.attributes[path]!),
  );

/** 6. RFC 4271 section 9.1.2.2 (a). */
const asPathLength: Step = (input, paths, count) =>
  keepLeast(input, paths, count, PATH_STATE.AS_PATH_LENGTH, (i, path) =>
    i.attributes.asPathLength(i.table.attributes[path]!),
  );

/** 7. RFC 4271 section 9.1.2.2 (b). */
const origin: Step = (input, paths, count) =>
  keepLeast(input, paths, count, PATH_STATE.ORIGIN, (i, path) =>
    i.attributes.origin(i.table.attributes[path]!),
  );

/** 8. RFC 4271 section 9.1.2.2 (c): "only between routes learned from the same neighboring AS". */
const med: Step = (input, paths, count) => {
  const { table, attributes } = input;
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const mine = table.attributes[paths[i]!]!;
    let beaten = false;
    for (let j = 0; j < count && !beaten; j++) {
      const other = table.attributes[paths[j]!]!;
      const comparable =
        input.alwaysCompareMed || attributes.neighbourAs(mine) === attributes.neighbourAs(other);
      beaten = comparable && attributes.med(other) < attributes.med(mine);
    }
    marked[i] = beaten ? 1 : 0;
  }
  for (let i = 0; i < count; i++) {
    if (marked[i] === 1) table.state[paths[i]!] = PATH_STATE.MED;
    else paths[kept++] = paths[i]!;
  }
  return kept;
};

/** 9. RFC 4271 section 9.1.2.2 (d). */
const ebgpOverIbgp: Step = (input, paths, count) =>
  keepLeast(input, paths, count, PATH_STATE.EBGP_OVER_IBGP, (i, path) =>
    i.sources.kind[i.table.source[path]!] === SOURCE_KIND.IBGP ? 1 : 0,
  );

/** 10. RFC 4271 section 9.1.2.2 (f); RFC 4456 section 9: ORIGINATOR_ID, if there, in place of the identifier. */
const routerId: Step = (input, paths, count) =>
  keepLeast(input, paths, count, PATH_STATE.ROUTER_ID, (i, path) => {
    const attributes = i.table.attributes[path]!;
    return i.attributes.hasOriginator(attributes)
      ? i.attributes.originatorId(attributes)
      : i.sources.routerId[i.table.source[path]!]!;
  });

/** 11. RFC 4456 section 9, between (f) and (g): the shorter CLUSTER_LIST; none has length zero. */
const clusterList: Step = (input, paths, count) =>
  keepLeast(input, paths, count, PATH_STATE.CLUSTER_LIST, (i, path) =>
    i.attributes.clusterListLength(i.table.attributes[path]!),
  );

/** 12. RFC 4271 section 9.1.2.2 (g). */
const peerAddress: Step = (input, paths, count) =>
  keepLowestAddress(
    input,
    paths,
    count,
    PATH_STATE.PEER_ADDRESS,
    (i, path) => i.sources.address[i.table.source[path]!]!,
  );

/** In the order they are taken; the first three are for MAC/IP routes. */
export const MOBILITY_STEPS: readonly Step[] = [sticky, mobilitySequence, lowestVtep];
export const STEPS: readonly Step[] = [
  local,
  localPreference,
  asPathLength,
  origin,
  med,
  ebgpOverIbgp,
  routerId,
  clusterList,
  peerAddress,
];

let candidates = new Int32Array(16);
let marked = new Uint8Array(16);

/**
 * Decides `route`: writes the state of each of its paths and puts the best first in the list. Returns the best path,
 * or NONE when none is fit.
 */
export function decide(input: DecisionInput, route: RouteId): PathId {
  const { table } = input;
  let count = 0;
  for (let path: PathId = table.firstPath[route]!; path !== NONE; path = table.next[path]!) {
    const state = fitness(input, path);
    table.state[path] = state;
    if (state !== PATH_STATE.BEST) continue;
    if (count === candidates.length) growScratch();
    candidates[count++] = path;
  }
  if (count === 0) return NONE;
  if (count > 1 && input.table.keys.bytes[table.keys.start(route)] === MAC_IP_ADVERTISEMENT) {
    count = take(input, MOBILITY_STEPS, count);
  }
  if (count > 1) take(input, STEPS, count);
  const best: PathId = candidates[0]!;
  table.moveToFront(best);
  return best;
}

function take(input: DecisionInput, steps: readonly Step[], count: number): number {
  let left = count;
  for (let i = 0; left > 1 && i < steps.length; i++) left = steps[i]!(input, candidates, left);
  return left;
}

function growScratch(): void {
  const larger = new Int32Array(candidates.length * 2);
  larger.set(candidates);
  candidates = larger;
  marked = new Uint8Array(larger.length);
}

/** Keeps the paths with the least value; the others lose with `state`. */
function keepLeast(
  input: DecisionInput,
  paths: Int32Array,
  count: number,
  state: number,
  rank: (input: DecisionInput, path: PathId) => number,
): number {
  let least = rank(input, paths[0]!);
  let kept = 1;
  for (let i = 1; i < count; i++) {
    const path = paths[i]!;
    const value = rank(input, path);
    if (value > least) input.table.state[path] = state;
    else {
      if (value < least) {
        for (let k = 0; k < kept; k++) input.table.state[paths[k]!] = state;
        kept = 0;
        least = value;
      }
      paths[kept++] = path;
    }
  }
  return kept;
}

/** The same for addresses, by their octets: IPv4 goes before IPv6. */
function keepLowestAddress(
  input: DecisionInput,
  paths: Int32Array,
  count: number,
  state: number,
  addressOf: (input: DecisionInput, path: PathId) => AddressId,
): number {
  let lowest = addressOf(input, paths[0]!);
  for (let i = 1; i < count; i++) {
    const address = addressOf(input, paths[i]!);
    if (address !== lowest && compareIp(input.addresses.bytes(address), input.addresses.bytes(lowest)) < 0) {
      lowest = address;
    }
  }
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const path = paths[i]!;
    if (addressOf(input, path) === lowest) paths[kept++] = path;
    else input.table.state[path] = state;
  }
  return kept;
}
