import fc from 'fast-check';
import t from 'tap';
import { AddressTable } from '../../src/base/address-table.ts';
import { ManualClock } from '../../src/base/clock.ts';
import { type IpBytes, ip, printIp } from '../../src/base/ip.ts';
import { type Mac, macOfWords, printMac } from '../../src/base/mac.ts';
import {
  createMemoryDataplane,
  MemoryDriver,
  type MemoryEntry,
  MemoryTables,
} from '../../src/dataplane/memory/index.ts';
import { Reconciler } from '../../src/dataplane/reconciler.ts';
import { type Bench, dataplaneContract, EventRecorder, mac } from './contract.ts';

const INSTANCE = {
  vtep: ip('10.0.0.1'),
  vxlanInterface: 'vxlan10',
  bridge: 'br10',
  sviInterface: 'br10',
  vlan: undefined,
  up: true,
  mtu: 1500,
  ownMacs: [],
  warnings: [],
};

function lineOf(addresses: AddressTable, entry: MemoryEntry): string {
  if (entry.kind === 'flood') return `flood ${entry.vni} ${addresses.text(entry.vtep)}`;
  if (entry.kind === 'mac') return `mac ${entry.vni} ${printMac(entry.mac!)} ${addresses.text(entry.vtep)}`;
  return `neighbour ${entry.vni} ${printIp(entry.ip!)} ${printMac(entry.mac!)}`;
}

function entryOf(addresses: AddressTable, line: string): MemoryEntry {
  const [kind, vni, first, second] = line.split(' ') as [MemoryEntry['kind'], string, string, string];
  const common = { kind, vni: Number(vni), flags: 0, ours: false };
  if (kind === 'flood')
    return { ...common, mac: undefined, ip: undefined, vtep: addresses.intern(ip(first)) };
  if (kind === 'mac')
    return { ...common, mac: mac(first), ip: undefined, vtep: addresses.intern(ip(second)) };
  return { ...common, mac: mac(second), ip: ip(first), vtep: 0 };
}

const linesOf = (addresses: AddressTable, tables: MemoryTables, vni?: number): string[] =>
  [...tables.entries.values()]
    .filter((entry) => vni === undefined || entry.vni === vni)
    .map((entry) => lineOf(addresses, entry))
    .sort();

/** Lets promises and the manual clock run until neither has anything left to do now. */
async function settle(clock: ManualClock): Promise<void> {
  for (let i = 0; i < 20; i++) {
    clock.settle();
    await Promise.resolve();
    await Promise.resolve();
  }
}

function memoryBench(): Promise<Bench> {
  const clock = new ManualClock();
  const addresses = new AddressTable();
  const tables = new MemoryTables();
  let driver: MemoryDriver | undefined;
  // Before the first dataplane, hosts are attached through a driver of their own.
  const hosts = (): MemoryDriver => driver ?? createMemoryDataplane({ clock, addresses, tables }).hosts;
  // Laws await idle() and close(); the clock has to run for those to come.
  let running = true;
  const run = (): void => {
    if (!running) return;
    clock.settle();
    setImmediate(run);
  };
  run();
  return Promise.resolve({
    addresses,
    create(options = {}) {
      const made = createMemoryDataplane({ clock, addresses, tables, ...options });
      driver = made.hosts;
      return made.dataplane;
    },
    async addInstance(vni: number) {
      hosts().setInstance({ ...INSTANCE, vni });
    },
    async removeInstance(vni: number) {
      hosts().removeInstance(vni);
    },
    async entries(vni: number) {
      return linesOf(addresses, tables, vni);
    },
    async localPort(vni: number, address: Mac) {
      return tables.instances.get(vni)?.macs.get(address)?.port;
    },
    async attachMac(vni: number, address: Mac, port: string, sticky = false) {
      hosts().attachMac(vni, address, port, sticky ? 1 : 0);
    },
    async detachMac(vni: number, address: Mac) {
      hosts().detachMac(vni, address);
    },
    async attachNeighbour(vni: number, address: IpBytes, at: Mac) {
      hosts().attachNeighbour(vni, address, at);
    },
    async detachNeighbour(vni: number, address: IpBytes) {
      hosts().detachNeighbour(vni, address);
    },
    async writeForeign(line: string) {
      hosts().writeForeign(entryOf(addresses, line));
    },
    async deleteForeign(line: string) {
      hosts().deleteForeign(entryOf(addresses, line));
    },
    async setReachable(vtep: IpBytes, reachable: boolean) {
      hosts().setReachable(vtep, reachable);
    },
    async until(condition, what) {
      for (let i = 0; i < 100; i++) {
        if (await condition()) return;
        clock.advance(100);
        await settle(clock);
      }
      throw new Error(`it did not come about that ${what}`);
    },
    async quiet() {
      await settle(clock);
      clock.advance(1000);
      await settle(clock);
    },
    async close() {
      running = false;
    },
  });
}

dataplaneContract('memory', memoryBench, { skip: false });

interface Rig {
  readonly clock: ManualClock;
  readonly addresses: AddressTable;
  readonly dataplane: Reconciler;
  readonly hosts: MemoryDriver;
  readonly events: EventRecorder;
  readonly vtep: number;
}

async function openRig(auditMilliseconds = 60_000): Promise<Rig> {
  const clock = new ManualClock();
  const addresses = new AddressTable();
  const { dataplane, hosts } = createMemoryDataplane({ clock, addresses, auditMilliseconds });
  const events = new EventRecorder();
  hosts.setInstance({ ...INSTANCE, vni: 10 });
  const opened = dataplane.open(events);
  await settle(clock);
  await opened;
  dataplane.ensure({ vni: 10, correct: false });
  await settle(clock);
  return { clock, addresses, dataplane, hosts, events, vtep: addresses.intern(ip('10.0.0.2')) };
}

const HOST = mac('02:00:00:00:00:05');

t.test('a refused entry is reported for itself, retried after 1, 2, 4 s ..., and heals', async (test) => {
  const { clock, dataplane, hosts, events, vtep } = await openRig();
  let refusals = 0;
  hosts.faults.refuse = (entry) => entry.mac === HOST && ++refusals > 0;
  dataplane.setMac(10, HOST, vtep, 0);
  dataplane.setMac(10, HOST + 1, vtep, 0);
  await settle(clock);
  test.match(dataplane.counters(), { desired: 2, installed: 1, failed: 1, pending: 0 });
  const view = [...dataplane.entries()].find((entry) => entry.status === 'failed');
  test.match(view, { mac: '02:00:00:00:00:05', vtep: '10.0.0.2', error: 'EPERM (refused on request)' });
  test.match(
    events.problems.get('dataplane-writes'),
    '1 forwarding entry cannot be written; one: MAC 02:00:00:00:00:05 in VNI 10 behind 10.0.0.2: EPERM',
  );
  for (const [milliseconds, seen] of [
    [999, 1],
    [100, 2],
    [1900, 2],
    [200, 3],
    [3700, 3],
    [200, 4],
  ] as const) {
    clock.advance(milliseconds);
    await settle(clock);
    test.equal(refusals, seen, `tried ${seen} times`);
  }
  hosts.faults.refuse = undefined;
  clock.advance(60_000);
  await settle(clock);
  test.match(dataplane.counters(), { installed: 2, failed: 0 });
  test.notOk(events.problems.has('dataplane-writes'));
});

t.test('a refused entry that is no longer wanted is forgotten', async (test) => {
  const { clock, dataplane, hosts, events, vtep } = await openRig();
  hosts.faults.refuse = () => true;
  dataplane.setMac(10, HOST, vtep, 0);
  await settle(clock);
  dataplane.deleteMac(10, HOST);
  await settle(clock);
  test.match(dataplane.counters(), { desired: 0, failed: 0, pending: 0 });
  test.notOk(events.problems.has('dataplane-writes'));
});

t.test(
  'a host whose entry was to be replaced, but never was, is told again when that is no longer wanted',
  async (test) => {
    const { clock, dataplane, hosts, events, vtep } = await openRig();
    hosts.attachMac(10, HOST, 'p1');
    hosts.faults.refuse = () => true;
    dataplane.setMac(10, HOST, vtep, 0);
    await settle(clock);
    events.macs.clear();
    dataplane.deleteMac(10, HOST);
    await settle(clock);
    test.same([...events.macs.keys()], ['10 02:00:00:00:00:05']);

    events.macs.clear();
    dataplane.setMac(10, HOST, vtep, 0);
    dataplane.deleteMac(10, HOST);
    dataplane.setMac(10, HOST, vtep, 0);
    await settle(clock);
    test.same([...events.macs.keys()], [], 'not while it is wanted');

    hosts.faults.refuse = undefined;
    clock.advance(5000);
    await settle(clock);
    dataplane.deleteMac(10, HOST);
    await settle(clock);
    test.same([...events.macs.keys()], [], 'not when it was replaced');
  },
);

t.test('lost notices: an overrun leads to a fresh dump, and what drifted is repaired', async (test) => {
  const { clock, addresses, dataplane, hosts, events, vtep } = await openRig(0);
  dataplane.setMac(10, HOST, vtep, 0);
  await settle(clock);
  const { dumps } = dataplane.counters();
  hosts.faults.loseNotices = true;
  hosts.deleteForeign(entryOf(addresses, 'mac 10 02:00:00:00:00:05 10.0.0.2'));
  hosts.attachMac(10, HOST + 7, 'p1');
  hosts.faults.loseNotices = false;
  hosts.overrun();
  clock.advance(1000);
  await settle(clock);
  clock.advance(1000);
  await settle(clock);
  test.same(linesOf(addresses, hosts.tables), ['mac 10 02:00:00:00:00:05 10.0.0.2']);
  test.ok(events.macs.has('10 02:00:00:00:00:0c'), 'the host that nobody told of');
  test.match(dataplane.counters(), { overruns: 1, repaired: 1, dumps: dumps + 1 });
});

t.test('an instance that went while notices were lost is found to be gone', async (test) => {
  const { clock, dataplane, hosts, events, vtep } = await openRig(0);
  dataplane.addFlood(10, vtep);
  await settle(clock);
  hosts.faults.loseNotices = true;
  hosts.removeInstance(10);
  hosts.faults.loseNotices = false;
  test.ok(events.instances.has(10));
  hosts.overrun();
  clock.advance(1000);
  await settle(clock);
  test.notOk(events.instances.has(10));
  test.match(dataplane.counters(), { failed: 0 });
});

t.test(
  'an instance that appears after pruning keeps what an earlier run left for ten seconds, and then what was claimed',
  async (test) => {
    const clock = new ManualClock();
    const addresses = new AddressTable();
    const tables = new MemoryTables();
    const [vtep2, vtep3] = [addresses.intern(ip('10.0.0.2')), addresses.intern(ip('10.0.0.3'))];
    const { dataplane, hosts } = createMemoryDataplane({ clock, addresses, tables });
    void dataplane.open(new EventRecorder());
    dataplane.ensure({ vni: 10, correct: false });
    await settle(clock);
    dataplane.pruneStale();
    // The switch connects at last, with the flood list of the run before.
    for (const vtep of [vtep2, vtep3]) {
      hosts.writeForeign({
        kind: 'flood',
        vni: 10,
        vtep,
        mac: undefined,
        ip: undefined,
        flags: 0,
        ours: true,
      });
    }
    hosts.setInstance({ ...INSTANCE, vni: 10 });
    await settle(clock);
    clock.advance(9_000);
    await settle(clock);
    test.same(
      linesOf(addresses, tables, 10),
      ['flood 10 10.0.0.2', 'flood 10 10.0.0.3'],
      'the routes may yet come',
    );
    dataplane.addFlood(10, vtep2);
    clock.advance(2_000);
    await settle(clock);
    test.same(linesOf(addresses, tables, 10), ['flood 10 10.0.0.2']);
    test.match(dataplane.counters(), { adopted: 1, pruned: 1, written: 1 });
  },
);

t.test('silent drift is found by the audit', async (test) => {
  const { clock, addresses, dataplane, hosts, vtep } = await openRig(30_000);
  dataplane.setMac(10, HOST, vtep, 0);
  await settle(clock);
  hosts.faults.loseNotices = true;
  hosts.deleteForeign(entryOf(addresses, 'mac 10 02:00:00:00:00:05 10.0.0.2'));
  test.same(linesOf(addresses, hosts.tables), []);
  for (let i = 0; i < 4; i++) {
    clock.advance(10_000);
    await settle(clock);
  }
  test.same(linesOf(addresses, hosts.tables), ['mac 10 02:00:00:00:00:05 10.0.0.2']);
});

t.test('an unknown result is settled by reading, not by guessing', async (test) => {
  const { clock, dataplane, hosts, vtep } = await openRig(0);
  hosts.faults.unknownResults = 'performed';
  dataplane.setMac(10, HOST, vtep, 0);
  await settle(clock);
  hosts.faults.unknownResults = undefined;
  clock.advance(1000);
  await settle(clock);
  test.match(dataplane.counters(), { installed: 1, pending: 0 });
  test.equal(hosts.tables.writes, 1, 'the dump showed that it was performed');
});

t.test(
  'an instance that goes while its entries wait, for a repair or a retry, gets them when it returns',
  async (test) => {
    const { clock, addresses, dataplane, hosts, vtep } = await openRig(0);
    dataplane.setMac(10, HOST, vtep, 0);
    hosts.faults.refuse = (entry) => entry.mac === HOST + 1;
    dataplane.setMac(10, HOST + 1, vtep, 0);
    await settle(clock);
    hosts.deleteForeign(entryOf(addresses, 'mac 10 02:00:00:00:00:05 10.0.0.2'));
    hosts.removeInstance(10);
    clock.advance(5000);
    await settle(clock);
    hosts.faults.refuse = undefined;
    hosts.setInstance({ ...INSTANCE, vni: 10 });
    clock.advance(5000);
    await settle(clock);
    test.match(dataplane.counters(), { installed: 2, failed: 0, pending: 0 });
  },
);

t.test('results that stay unknown are asked for ever more slowly', async (test) => {
  const { clock, addresses, dataplane, hosts, vtep } = await openRig(0);
  hosts.faults.unknownResults = 'lost';
  dataplane.setMac(10, HOST, vtep, 0);
  for (let i = 0; i < 600; i++) {
    clock.advance(100);
    await settle(clock);
  }
  test.match([...dataplane.entries()][0], { status: 'failed', error: /nobody answered/ });
  const { dumps } = dataplane.counters();
  test.ok(dumps < 20, `${dumps} dumps in a minute`);
  hosts.faults.unknownResults = undefined;
  clock.advance(60_000);
  await settle(clock);
  test.same(linesOf(addresses, hosts.tables), ['mac 10 02:00:00:00:00:05 10.0.0.2']);
});

t.test('a dump that fails is tried again, and nothing is written before one succeeded', async (test) => {
  const clock = new ManualClock();
  const addresses = new AddressTable();
  const { dataplane, hosts } = createMemoryDataplane({ clock, addresses });
  const events = new EventRecorder();
  hosts.setInstance({ ...INSTANCE, vni: 10 });
  hosts.faults.failDump = true;
  const opened = dataplane.open(events);
  dataplane.ensure({ vni: 10, correct: false });
  dataplane.setMac(10, HOST, addresses.intern(ip('10.0.0.2')), 0);
  await settle(clock);
  clock.advance(5000);
  await settle(clock);
  test.equal(hosts.tables.writes, 0);
  test.match(events.problems.get('dataplane-dump'), /the dump fails on request/);
  hosts.faults.failDump = false;
  clock.advance(20_000);
  await settle(clock);
  await opened;
  await settle(clock);
  test.equal(hosts.tables.writes, 1);
  test.notOk(events.problems.has('dataplane-dump'));
});

t.test('close waits as long as removals get done, and no longer', async (test) => {
  const clock = new ManualClock();
  const addresses = new AddressTable();
  const driver = new MemoryDriver(addresses, clock);
  const write = driver.write.bind(driver);
  const one = Object.assign(driver, { batchSize: 1 });
  const dataplane = new Reconciler({ driver: one, clock, addresses, closeMilliseconds: 1000 });
  driver.setInstance({ ...INSTANCE, vni: 10 });
  const opened = dataplane.open(new EventRecorder());
  await settle(clock);
  await opened;
  dataplane.ensure({ vni: 10, correct: false });
  for (const last of ['05', '06', '07', '08']) {
    dataplane.setMac(10, mac(`02:00:00:00:00:${last}`), addresses.intern(ip('10.0.0.2')), 0);
  }
  await settle(clock);
  test.equal(linesOf(addresses, driver.tables).length, 4);
  let answers = true;
  driver.write = (batch, done) => {
    if (answers) clock.after(800, () => write(batch, done));
  };
  let closed = false;
  dataplane.close({ keepEntries: false }).then(() => {
    closed = true;
  });
  for (let i = 0; i < 3; i++) {
    clock.advance(800);
    await settle(clock);
  }
  test.equal(linesOf(addresses, driver.tables).length, 1, 'a slow one gets its time');
  test.notOk(closed);
  answers = false;
  clock.advance(800);
  await settle(clock);
  clock.advance(2000);
  await settle(clock);
  test.ok(closed, 'one that does not answer any more does not');
});

t.test('a fight over an entry slows down, is reported, and is forgotten when it ends', async (test) => {
  const { clock, addresses, dataplane, hosts, events, vtep } = await openRig(10_000);
  dataplane.setMac(10, HOST, vtep, 0);
  await settle(clock);
  let writes = hosts.tables.writes;
  const foreign = entryOf(addresses, 'mac 10 02:00:00:00:00:05 10.0.0.9');
  for (let i = 0; i < 300; i++) {
    if ([...hosts.tables.entries.values()][0]!.ours) hosts.writeForeign(foreign);
    clock.advance(20);
    await settle(clock);
  }
  writes = hosts.tables.writes - writes;
  test.ok(writes >= 3 && writes <= 12, `${writes} repairs in 6 s of fighting`);
  test.match(
    events.problems.get('dataplane-fight'),
    /Another program keeps changing.*MAC 02:00:00:00:00:05 in VNI 10/,
  );
  for (let i = 0; i < 40; i++) {
    clock.advance(10_000);
    await settle(clock);
  }
  test.same(linesOf(addresses, hosts.tables), ['mac 10 02:00:00:00:00:05 10.0.0.2']);
  test.notOk(events.problems.has('dataplane-fight'));
});

t.test(
  'whatever happens in whatever order, at rest the tables hold what is desired and what is foreign',
  async () => {
    const vnis = [10, 20];
    const macs = [0, 1, 2].map((i) => macOfWords(0x0200, i));
    const step = fc.record({
      what: fc.constantFrom(
        'set',
        'set',
        'set',
        'delete',
        'flood',
        'unflood',
        'neighbour',
        'unneighbour',
        'steal',
        'steal',
        'lose',
        'overrun',
        'refuse',
        'allow',
        'gone',
        'back',
        'time',
        'settle',
        'ensure',
        'remove',
        'attach',
        'attach',
        'detach',
      ),
      vni: fc.constantFrom(...vnis),
      which: fc.nat(2),
      vtep: fc.nat(2),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { clock, addresses, dataplane, hosts, events } = await openRig(5000);
        const vteps = ['10.0.0.2', '10.0.0.3', '10.0.0.4'].map((text) => addresses.intern(ip(text)));
        const wanted = new Map<string, string>();
        const ensured = new Set([10]);
        const present = new Set([10]);
        for (const { what, vni, which, vtep } of steps) {
          const host = macs[which]!;
          const behind = vteps[vtep]!;
          const address = Uint8Array.of(10, 0, vni, which);
          if (what === 'set') {
            dataplane.setMac(vni, host, behind, 0);
            wanted.set(`mac ${vni} ${printMac(host)}`, addresses.text(behind));
          } else if (what === 'delete') {
            dataplane.deleteMac(vni, host);
            wanted.delete(`mac ${vni} ${printMac(host)}`);
          } else if (what === 'flood') {
            dataplane.addFlood(vni, behind);
            wanted.set(`flood ${vni} ${addresses.text(behind)}`, '');
          } else if (what === 'unflood') {
            dataplane.deleteFlood(vni, behind);
            wanted.delete(`flood ${vni} ${addresses.text(behind)}`);
          } else if (what === 'neighbour') {
            dataplane.setNeighbour(vni, address, macs[vtep]!, 0);
            wanted.set(`neighbour ${vni} ${printIp(address)}`, printMac(macs[vtep]!));
          } else if (what === 'unneighbour') {
            dataplane.deleteNeighbour(vni, address);
            wanted.delete(`neighbour ${vni} ${printIp(address)}`);
          } else if (what === 'steal') {
            const held = [...hosts.tables.entries.values()].find((entry) => entry.vni === vni);
            if (held) hosts.deleteForeign(held);
          } else if (what === 'lose') hosts.faults.loseNotices = !hosts.faults.loseNotices;
          else if (what === 'attach' && present.has(vni)) hosts.attachMac(vni, host, 'p1');
          else if (what === 'detach' && present.has(vni)) hosts.detachMac(vni, host);
          else if (what === 'overrun') hosts.overrun();
          else if (what === 'refuse') hosts.faults.refuse = (entry) => entry.mac === host;
          else if (what === 'allow') hosts.faults.refuse = undefined;
          else if (what === 'gone' && present.delete(vni)) hosts.removeInstance(vni);
          else if (what === 'back' && !present.has(vni)) {
            present.add(vni);
            hosts.setInstance({ ...INSTANCE, vni });
          } else if (what === 'ensure') {
            dataplane.ensure({ vni, correct: false });
            ensured.add(vni);
          } else if (what === 'remove') {
            dataplane.remove(vni);
            ensured.delete(vni);
            for (const key of [...events.macs.keys()]) if (key.startsWith(`${vni} `)) events.macs.delete(key);
            for (const key of [...wanted.keys()]) if (key.split(' ')[1] === String(vni)) wanted.delete(key);
          } else if (what === 'time') {
            clock.advance(777);
            await settle(clock);
          } else if (what === 'settle') await settle(clock);
        }
        hosts.faults.loseNotices = false;
        hosts.faults.refuse = undefined;
        for (let i = 0; i < 30; i++) {
          clock.advance(5000);
          await settle(clock);
        }
        const local = [...hosts.tables.instances]
          .filter(([vni]) => ensured.has(vni))
          .flatMap(([vni, instance]) => [...instance.macs.keys()].map((at) => `${vni} ${printMac(at)}`));
        const told = [...events.macs.keys()].filter((key) => ensured.has(Number(key.split(' ')[0])));
        if (JSON.stringify(told.sort()) !== JSON.stringify(local.sort())) {
          throw new Error(
            `told of hosts ${told.join(', ') || 'none'}; there are ${local.join(', ') || 'none'}`,
          );
        }
        // A remote MAC yields to a local one for as long as that is there.
        for (const [vni, instance] of hosts.tables.instances) {
          for (const at of [...instance.macs.keys()]) hosts.detachMac(vni, at);
        }
        for (let i = 0; i < 30; i++) {
          clock.advance(5000);
          await settle(clock);
        }
        const truth = [...wanted]
          .map(([key, value]) => `${key} ${value}`.trim())
          .filter(
            (line) => ensured.has(Number(line.split(' ')[1])) && present.has(Number(line.split(' ')[1])),
          )
          .sort();
        const found = linesOf(addresses, hosts.tables);
        if (JSON.stringify(found) !== JSON.stringify(truth)) {
          throw new Error(
            `tables hold ${found.join(', ') || 'nothing'}; wanted ${truth.join(', ') || 'nothing'}`,
          );
        }
      }),
      { numRuns: 200 },
    );
  },
);

t.test('a host that took its MAC back while notices were lost is told again', async (test) => {
  const { clock, dataplane, hosts, events, vtep } = await openRig(0);
  hosts.attachMac(10, HOST, 'p1');
  hosts.faults.loseNotices = true;
  dataplane.setMac(10, HOST, vtep, 0);
  await settle(clock);
  hosts.attachMac(10, HOST, 'p1');
  hosts.faults.loseNotices = false;
  events.macs.clear();
  hosts.overrun();
  clock.advance(1000);
  await settle(clock);
  test.same([...events.macs.keys()], ['10 02:00:00:00:00:05']);
  dataplane.deleteMac(10, HOST);
  await settle(clock);
  test.match(dataplane.counters(), { desired: 0, failed: 0 });
});

t.test('a host whose MAC was taken away while notices were lost is told gone', async (test) => {
  const { clock, dataplane, hosts, events, vtep } = await openRig(0);
  hosts.attachMac(10, HOST, 'p1');
  hosts.faults.loseNotices = true;
  dataplane.setMac(10, HOST, vtep, 0);
  await settle(clock);
  hosts.faults.loseNotices = false;
  hosts.overrun();
  clock.advance(1000);
  await settle(clock);
  test.same([...events.macs.keys()], []);
  test.match(dataplane.counters(), { installed: 1 });
});
