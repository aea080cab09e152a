/**
 * A large fabric: how long it takes, in simulated and in real time, until every leaf forwards to every host; until hosts that
 * moved are found where they are; until a leaf that stopped is forgotten, and has everything again; and a reflector, too.
 */
import { printMac } from '../../src/base/mac.ts';
import { LOCAL } from '../../src/rib/index.ts';
import { FIRST_VNI } from './configuration.ts';
import { Fabric } from './fabric.ts';
import type { FabricShape } from './schedule.ts';
import type { Host } from './world.ts';

export interface Scale {
  readonly leaves: number;
  readonly reflectors: number;
  readonly vnis: number;
  /** Each leaf has so many of the VNIs. */
  readonly vnisPerLeaf: number;
  /** MAC and MAC+IP routes of the whole fabric: two for each host. */
  readonly routes: number;
}

const STEP_MILLISECONDS = 1;
const LONGEST_MILLISECONDS = 600_000;
const MOVING_HOSTS = 1000;
const OCTETS_A_GIB = 2 ** 30;

/** Yields a line of text for each step. */
export async function* convergence(scale: Scale): AsyncGenerator<string> {
  const { leaves, reflectors, vnis, vnisPerLeaf, routes } = scale;
  const hasVni = (leaf: number, vni: number): boolean => {
    const first = (leaf * vnisPerLeaf) % vnis;
    return (vni - FIRST_VNI - first + vnis) % vnis < vnisPerLeaf;
  };
  const fabric = new Fabric({ shape: shapeOf(scale), seed: 1, hasVni });
  const { hosts } = fabric.world;
  const leavesOf = new Map<number, readonly number[]>();
  for (let vni = FIRST_VNI; vni < FIRST_VNI + vnis; vni++) {
    leavesOf.set(
      vni,
      [...Array(leaves).keys()].filter((leaf) => hasVni(leaf, vni)),
    );
  }
  hosts.forEach((host, index) => {
    const place = Math.floor(index / vnis);
    const behind = leavesOf.get(host.vni)!;
    host.leaf = behind[place % behind.length];
    host.addresses = [2 * place + 1];
  });
  yield `${leaves} leaves, ${reflectors} reflectors, ${vnis} VNIs, ${vnisPerLeaf} of them on each leaf, ` +
    `${hosts.length} hosts with an IPv6 address each: ${routes + leaves * vnisPerLeaf} routes`;

  fabric.start();
  const empty = expectedEntries(fabric, [], undefined);
  yield await timed(fabric, `sessions, and ${empty} flood entries`, () => entries(fabric) === empty);

  for (const host of hosts) fabric.speak(host);
  const full = expectedEntries(fabric, hosts, undefined);
  yield await timed(fabric, `all hosts speak: ${full} forwarding entries`, () => entries(fabric) === full);
  yield memoryText();

  const moving = hosts.slice(0, MOVING_HOSTS);
  for (const host of moving) {
    const behind = leavesOf.get(host.vni)!;
    host.leaf = behind[(behind.indexOf(host.leaf!) + 1) % behind.length];
    fabric.speak(host);
  }
  yield await timed(fabric, `${moving.length} hosts move`, () => isFound(fabric, moving));

  const last = fabric.leaves.at(-1)!;
  const behind = hosts.filter(({ leaf }) => leaf === last.index).length;
  const { tables } = last.machine;
  const ownEntries = tables.entries.size;
  // Not a crash: peers would keep its routes.
  last.machine.end('stop', false, () => {});
  const without = expectedEntries(fabric, hosts, last.index);
  yield await timed(fabric, `a leaf with ${behind} hosts stops`, () => entries(fabric) === without);
  last.machine.start();
  yield await timed(fabric, 'it is back, and has everything', () => {
    return entries(fabric) === full && tables.entries.size === ownEntries;
  });

  const reflector = fabric.reflectors[0]!;
  const total = fabric.leaves.reduce(
    (sum, { machine }) => sum + machine.speaker!.rib.counts(LOCAL).received,
    0,
  );
  reflector.end('crash', true, () => reflector.start());
  yield await timed(fabric, 'a reflector restarts, and has everything from everybody', () => {
    const { neighbours, rib } = reflector.speaker!;
    const complete = [...neighbours.all].filter((neighbour) => neighbour.endOfRibSeen);
    return (
      complete.length === leaves + reflectors - 1 && rib.routeCount === total && entries(fabric) === full
    );
  });
  yield memoryText();
}

function shapeOf({ leaves, reflectors, vnis, routes }: Scale): FabricShape {
  return {
    leaves,
    reflectors,
    vnis,
    hosts: Math.floor(routes / 2),
    ebgp: false,
    dynamic: true,
    sharedCluster: true,
    declared: false,
    latencyMilliseconds: 1,
    lookMilliseconds: 0,
    windowOctets: 262_144,
    holdSeconds: 9,
    auditSeconds: 86_400,
  };
}

/** In all tables together, without one leaf: each other leaf of its VNI has a MAC and a neighbour of each host. */
function expectedEntries(fabric: Fabric, hosts: readonly Host[], without: number | undefined): number {
  const members = new Map<number, number>();
  for (const { index, places } of fabric.leaves) {
    if (index === without) continue;
    for (const vni of places.keys()) members.set(vni, (members.get(vni) ?? 0) + 1);
  }
  let sum = 0;
  for (const count of members.values()) sum += count * (count - 1);
  for (const { vni, leaf } of hosts) if (leaf !== without) sum += 2 * (members.get(vni)! - 1);
  return sum;
}

function entries({ leaves }: Fabric): number {
  let sum = 0;
  for (const { machine } of leaves) sum += machine.tables.entries.size;
  return sum;
}

/** Whether every other leaf points to where each of these hosts is. */
function isFound(fabric: Fabric, hosts: readonly Host[]): boolean {
  return hosts.every((host) => {
    const place = fabric.leaves[host.leaf!]!;
    const key = `mac ${host.vni} ${printMac(host.mac)}`;
    return fabric.leaves.every(({ machine, places }) => {
      if (machine === place.machine || !places.has(host.vni)) return true;
      const entry = machine.tables.entries.get(key);
      return entry !== undefined && machine.addresses.text(entry.vtep) === fabric.vtep(place);
    });
  });
}

async function timed(fabric: Fabric, what: string, done: () => boolean): Promise<string> {
  const { clock } = fabric;
  const [began, simulated, actions] = [performance.now(), clock.wallTime(), clock.actions];
  while (!done()) {
    if (clock.wallTime() - simulated > LONGEST_MILLISECONDS) {
      throw new Error(`${what}: not within ${LONGEST_MILLISECONDS / 1000} s`);
    }
    await clock.runUntil(clock.wallTime() + STEP_MILLISECONDS);
  }
  const real = ((performance.now() - began) / 1000).toFixed(1);
  const passed = (clock.wallTime() - simulated).toFixed(0);
  return `${what}: ${passed} ms simulated, ${real} s real, ${clock.actions - actions} clock actions`;
}

const memoryText = (): string => `memory: ${(process.memoryUsage().rss / OCTETS_A_GIB).toFixed(2)} GiB`;
