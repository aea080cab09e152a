/**
 * The fabric as a whole: whatever happens to it, at rest every leaf's forwarding table equals the truth. Two hundred
 * schedules here, thousands with `make simulate`; and every schedule that ever failed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { perform } from './events.ts';
import { Fabric } from './fabric.ts';
import { printReplay, readReplay } from './replay.ts';
import { randomSchedule, type Schedule } from './schedule.ts';
import { shrink } from './shrink.ts';
import { simulate } from './simulate.ts';
import { differences } from './truth.ts';
import { unfelt } from './unfelt.ts';

t.setTimeout(240_000);

const REPLAYS = fileURLToPath(new URL('replays', import.meta.url));
const SCHEDULES = 200;
const RESTARTING_FABRICS = 40;
const FIRST_SEED = 1;

const files = readdirSync(REPLAYS).map((name) => join(REPLAYS, name));
for (const file of files) {
  const replay = readReplay(file);
  t.test(`${replay.law} (${basename(file)})`, async (t) => {
    t.same((await simulate(replay)).differences, []);
    t.equal(printReplay(replay), readFileSync(file, 'utf8'), 'the file is as the simulator writes it');
  });
}

t.test(`${SCHEDULES} schedules of faults: at rest the forwarding tables equal the truth`, async (t) => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SCHEDULES; seed++) {
    const { differences } = await simulate(randomSchedule(seed));
    if (differences.length > 0) t.fail(`make simulate SEED=${seed} SCHEDULES=1`, { differences });
  }
  t.pass('all of them');
});

t.test(
  `RFC 4724: ${RESTARTING_FABRICS} fabrics whose speakers restart write to no forwarding table meanwhile`,
  async (t) => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + RESTARTING_FABRICS; seed++) {
      const differences = await unfelt(seed);
      if (differences.length > 0)
        t.fail(`make simulate RESTARTS=1 SEED=${seed} SCHEDULES=1`, { differences });
    }
    t.pass('all of them');
  },
);

t.test('a schedule has the same course each time it is played', async (t) => {
  for (const seed of [3, 4]) {
    const schedule = randomSchedule(seed);
    t.same(schedule, randomSchedule(seed));
    t.same(await simulate(schedule), await simulate(schedule));
  }
});

/** A small fabric at rest, with a host behind the first leaf. */
async function restingFabric(): Promise<Fabric> {
  const fabric = new Fabric({ shape: { ...PLAIN.shape, leaves: 3 }, seed: 1 });
  fabric.start();
  await fabric.clock.runUntil(5000);
  perform(fabric, { at: 0, kind: 'speak', host: 0, leaf: 0 });
  perform(fabric, { at: 0, kind: 'address', host: 0, address: 0 });
  await fabric.clock.runUntil(10_000);
  return fabric;
}

const PLAIN: Schedule = {
  seed: 1,
  shape: {
    leaves: 2,
    reflectors: 1,
    vnis: 1,
    hosts: 1,
    ebgp: false,
    dynamic: false,
    sharedCluster: false,
    declared: false,
    latencyMilliseconds: 1,
    lookMilliseconds: 0,
    windowOctets: 262_144,
    holdSeconds: 9,
    auditSeconds: 60,
  },
  events: [],
};

t.test('the simulator tells of everything that is not as it should be', async (t) => {
  const fabric = await restingFabric();
  t.same(differences(fabric), []);
  const [, second] = fabric.leaves;
  const { tables } = second!.machine;
  t.equal(tables.entries.size, 4, 'two to flood to, a MAC and its address');

  const [key, entry] = [...tables.entries].find(([, { kind }]) => kind === 'mac')!;
  tables.entries.delete(key);
  t.same(differences(fabric), ['leaf1, forwarding: lacks mac 100 02:00:00:00:00:01 10.1.0.1']);
  tables.entries.set(key, { ...entry, vtep: second!.machine.addresses.intern(Uint8Array.of(10, 1, 0, 3)) });
  t.same(differences(fabric), [
    'leaf1, forwarding: has mac 100 02:00:00:00:00:01 10.1.0.3',
    'leaf1, forwarding: lacks mac 100 02:00:00:00:00:01 10.1.0.1',
  ]);
  tables.entries.set(key, { ...entry, flags: 1 });
  t.match(differences(fabric), [
    'leaf1, forwarding: has mac 100 02:00:00:00:00:01 10.1.0.1 flags 1',
    /lacks/,
  ]);
  tables.entries.set(key, { ...entry, ours: false });
  t.match(differences(fabric), [/10.1.0.1 foreign$/, /lacks/]);
  tables.entries.set(key, entry);
  t.same(differences(fabric), []);

  fabric.world.hosts[0]!.leaf = 2;
  const moved = differences(fabric);
  t.ok(moved.includes('leaf0, forwarding: lacks mac 100 02:00:00:00:00:01 10.1.0.3'));
  t.ok(moved.includes('leaf0, learned here: has 100 02:00:00:00:00:01'));
  fabric.world.hosts[0]!.leaf = 0;

  second!.machine.end('crash', true, () => {});
  t.match(differences(fabric), [/leaf1: evpnd does not run/]);
});

t.test('a RIB that disagrees is told of', async (t) => {
  const fabric = await restingFabric();
  const { rib } = fabric.leaves[1]!.machine.speaker!;
  const route = [...rib.routes()].find((each) => rib.sourceOf(rib.best(each)) !== 0)!;
  const key = rib.keyBytes.slice(rib.keyStart(route), rib.keyEnd(route));
  rib.withdraw(rib.sourceOf(rib.best(route)), key, 0, key.length);
  const found = differences(fabric).join('\n');
  t.match(found, /reflector0 with leaf1: told \d routes, there are \d/);
  t.match(found, /leaf1, RIB: lacks 10\.0\.0\.\d:1 \[/);
});

t.test('shrinking leaves the events that matter, at round times, in the plainest fabric', async (t) => {
  const schedule = randomSchedule(1);
  const needs = ({ events }: Schedule, kind: string) => events.some((event) => event.kind === kind);
  const [first, second] = ['restart', 'speak'];
  t.ok(needs(schedule, first!) && needs(schedule, second!), 'the example has both');
  const least = await shrink(schedule, async (candidate) => {
    return needs(candidate, first!) && needs(candidate, second!);
  });
  t.same(least.events.map(({ kind }) => kind).sort(), [first, second]);
  t.match(least.shape, { leaves: 2, reflectors: 1, ebgp: false, lookMilliseconds: 0 });
  for (const { at } of least.events) t.equal(at % 1000, 0);
});
