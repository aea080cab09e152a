/**
 * A large fabric: how long it takes, in simulated and in real time, until every leaf forwards to every host; until hosts that
 * moved are found where they are; until a leaf that died is forgotten, and has everything again; and a reflector, too.
 */
import { printMac } from '../../src/base/mac.ts';
import { Fabric } from './fabric.ts';
import type { FabricShape } from './schedule.ts';
import type { Host } from './world.ts';

export interface Scale {
  readonly leaves: number;
  readonly reflectors: number;
  readonly vnis: number;
  /** MAC and MAC+IP routes of the whole fabric: two for each host. */
  readonly routes: number;
}

const STEP_MILLISECONDS = 1;
const LONGEST_MILLISECONDS = 600_000;
const MOVING_HOSTS = 1000;
const OCTETS_A_GIB = 2 ** 30;

/** Yields a line of text for each step. */
export async function* convergence(scale: Scale): AsyncGenerator<string> {
  const { leaves, reflectors, vnis, routes } = scale;
  const fabric = new Fabric({ shape: shapeOf(scale), seed: 1 });
  const { hosts } = fabric.world;
  hosts.forEach((host, index) => {
    const place = Math.floor(index / vnis);
    host.leaf = place % leaves;
    host.addresses = [2 * place + 1];
  });
  yield `${leaves} leaves, ${reflectors} reflectors, ${vnis} VNIs on each leaf, ${hosts.length} hosts with an IPv6 address each: ` +
    `${routes + leaves * vnis} routes, in the tables of ${leaves + reflectors} speakers`;

  fabric.start();
  const empty = entriesOf(scale, leaves, 0);
  yield await timed(fabric, `sessions, and ${empty} flood entries`, () => entries(fabric) === empty);

  for (const host of hosts) fabric.speak(host);
  const full = entriesOf(scale, leaves, hosts.length);
  yield await timed(fabric, `all hosts speak: ${full} forwarding entries`, () => entries(fabric) === full);
  yield memoryText();

  const moving = hosts.slice(0, MOVING_HOSTS);
  for (const host of moving) {
    host.leaf = (host.leaf! + 1) % leaves;
    fabric.speak(host);
  }
  yield await timed(fabric, `${moving.length} hosts move`, () => isFound(fabric, moving));

  const last = fabric.leaves.at(-1)!;
  const behind = hosts.filter(({ leaf }) => leaf === last.index).length;
  const { tables } = last.machine;
  const ownEntries = tables.entries.size;
  last.machine.end('crash', false, () => {});
  const without = entriesOf(scale, leaves - 1, hosts.length - behind);
  yield await timed(fabric, `a leaf with ${behind} hosts crashes`, () => entries(fabric) === without);
  last.machine.start();
  yield await timed(fabric, 'it is back, and has everything', () => {
    return entries(fabric) === full && tables.entries.size === ownEntries;
  });

  const reflector = fabric.reflectors[0]!;
  const total = reflector.speaker!.rib.routeCount;
  reflector.end('crash', false, () => reflector.start());
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

/** In all tables together, with that many leaves and hosts: each other leaf has a MAC and a neighbour of each host. */
const entriesOf = ({ vnis }: Scale, leaves: number, hosts: number): number =>
  (leaves - 1) * (2 * hosts + vnis * leaves);

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
    return fabric.leaves.every(({ machine }) => {
      if (machine === place.machine) return true;
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
