/**
 * The laws that every dataplane keeps, run against each implementation through a bench that can look at it, and act on
 * it, from outside. A bench's `settle` waits until everything that was caused has had its effect.
 */
import t, { type Test } from 'tap';
import type { AddressTable } from '../../src/base/address-table.ts';
import { type IpBytes, ip, printIp } from '../../src/base/ip.ts';
import { type Mac, parseMac, printMac } from '../../src/base/mac.ts';
import type { Dataplane, DataplaneEvents, EntryView, InstanceState } from '../../src/dataplane/interfaces.ts';

type Assertions = Pick<Test, 'equal' | 'same' | 'match' | 'ok'>;

/** Entries as the outside shows them: `mac 10 02:00:00:00:00:01 10.0.0.2`, `flood 10 10.0.0.2`, `neighbour 10 10.1.1.1 02:..`. */
export type EntryLine = string;

export interface Bench {
  readonly addresses: AddressTable;
  /** A dataplane over what is there; again after a close it is the next run of the daemon. */
  create(options?: { readonly auditMilliseconds?: number }): Dataplane;
  /** Makes an instance, or makes it anew. Its VTEP is 10.0.0.1. */
  addInstance(vni: number): Promise<void>;
  removeInstance(vni: number): Promise<void>;
  /** Every remote entry, whosever, sorted. */
  entries(vni: number): Promise<readonly EntryLine[]>;
  /** The port where the bridge sees the MAC, if any. */
  localPort(vni: number, mac: Mac): Promise<string | undefined>;
  attachMac(vni: number, mac: Mac, port: string, sticky?: boolean): Promise<void>;
  detachMac(vni: number, mac: Mac): Promise<void>;
  attachNeighbour(vni: number, address: IpBytes, mac: Mac): Promise<void>;
  detachNeighbour(vni: number, address: IpBytes): Promise<void>;
  writeForeign(line: EntryLine): Promise<void>;
  deleteForeign(line: EntryLine): Promise<void>;
  setReachable(vtep: IpBytes, reachable: boolean): Promise<void>;
  /** Waits until `condition` holds; throws when it does not within a few seconds. */
  until(condition: () => boolean | Promise<boolean>, what: string): Promise<void>;
  /** Lets a while pass in which wrong things would happen, if they did. */
  quiet(): Promise<void>;
  close(): Promise<void>;
}

/** Keeps what a dataplane tells. */
export class EventRecorder implements DataplaneEvents {
  readonly instances = new Map<number, InstanceState>();
  readonly macs = new Map<string, string>();
  readonly neighbours = new Map<string, string>();
  readonly reachable = new Map<number, boolean>();
  readonly problems = new Map<string, string>();
  readonly lines: string[] = [];
  settledCount = 0;

  instance(state: InstanceState): void {
    this.instances.set(state.vni, state);
    this.lines.push(`instance ${state.vni} ${state.up ? 'up' : 'down'}`);
  }
  instanceGone(vni: number): void {
    this.instances.delete(vni);
    this.lines.push(`instance ${vni} gone`);
  }
  localMac(vni: number, mac: Mac, flags: number, port: string): void {
    // A bench may have to name ports per instance: p1-10 is p1 of VNI 10.
    this.macs.set(`${vni} ${printMac(mac)}`, `${port.replace(`-${vni}`, '')} ${flags}`);
    this.lines.push(`mac ${vni} ${printMac(mac)} ${port} ${flags}`);
  }
  localMacGone(vni: number, mac: Mac): void {
    this.macs.delete(`${vni} ${printMac(mac)}`);
    this.lines.push(`mac ${vni} ${printMac(mac)} gone`);
  }
  localNeighbour(vni: number, address: IpBytes, mac: Mac, flags: number): void {
    this.neighbours.set(`${vni} ${printIp(address)}`, `${printMac(mac)} ${flags}`);
    this.lines.push(`neighbour ${vni} ${printIp(address)} ${printMac(mac)} ${flags}`);
  }
  localNeighbourGone(vni: number, address: IpBytes): void {
    this.neighbours.delete(`${vni} ${printIp(address)}`);
    this.lines.push(`neighbour ${vni} ${printIp(address)} gone`);
  }
  vtepReachable(vtep: number, reachable: boolean): void {
    this.reachable.set(vtep, reachable);
    this.lines.push(`vtep ${vtep} ${reachable}`);
  }
  settled(): void {
    this.settledCount++;
  }
  problem(subject: string, text: string | undefined): void {
    if (text === undefined) this.problems.delete(subject);
    else this.problems.set(subject, text);
  }
}

export const mac = (text: string): Mac => parseMac(text)!;
const HOST = mac('02:00:00:00:00:05');
const OTHER = mac('02:00:00:00:00:06');
const HOST_IP = ip('10.10.10.5');
const HOST_IP6 = ip('fd10:10::5');

const statuses = (dataplane: Dataplane): string[] =>
  [...dataplane.entries()].map((entry: EntryView) => `${entry.kind} ${entry.status}`).sort();

/** What the tables of a dataplane have no place for; laws do without it there. */
export type Lack = 'ports' | 'sticky' | 'neighbours without their MAC' | 'edits of a neighbour in place';

/** Runs the suite. `make` gives a fresh bench for each law. */
export function dataplaneContract(
  name: string,
  make: () => Promise<Bench>,
  options: { readonly skip: string | false; readonly lacks?: readonly Lack[] },
): void {
  const has = (what: Lack): boolean => !options.lacks?.includes(what);
  const needsMac = !has('neighbours without their MAC');
  const law = (title: string, body: (bench: Bench, test: Assertions) => Promise<void>): void => {
    t.test(`${name}: ${title}`, { skip: options.skip }, async (test) => {
      const bench = await make();
      try {
        await body(bench, test);
      } finally {
        await bench.close();
      }
    });
  };

  const open = async (bench: Bench, vnis: readonly number[] = [10]) => {
    const events = new EventRecorder();
    const dataplane = bench.create();
    await dataplane.open(events);
    for (const vni of vnis) dataplane.ensure({ vni, correct: false });
    return {
      events,
      dataplane,
      vtep2: bench.addresses.intern(ip('10.0.0.2')),
      vtep3: bench.addresses.intern(ip('10.0.0.3')),
    };
  };

  law(
    'what is there is told before open resolves, local entries once the instance is asked for',
    async (bench, test) => {
      await bench.addInstance(10);
      await bench.attachMac(10, HOST, 'p1');
      const { events, dataplane } = await open(bench, []);
      test.equal(events.instances.get(10)?.vni, 10);
      test.equal(printIp(events.instances.get(10)!.vtep!), '10.0.0.1');
      test.equal(events.macs.size, 0, 'nothing of an instance that nobody asked for');
      const settled = events.settledCount;
      dataplane.ensure({ vni: 10, correct: false });
      test.equal(events.macs.get(`10 ${printMac(HOST)}`), 'p1 0');
      test.ok(events.settledCount > settled, 'the burst ends with settled');
      await dataplane.close({ keepEntries: false });
    },
  );

  law('desired entries of each kind are installed, and taken out again', async (bench, test) => {
    await bench.addInstance(10);
    const { dataplane, vtep2, vtep3 } = await open(bench);
    dataplane.addFlood(10, vtep2);
    dataplane.addFlood(10, vtep3);
    dataplane.setMac(10, HOST, vtep2, 0);
    dataplane.setNeighbour(10, HOST_IP, HOST, 0);
    await dataplane.idle();
    const lines = [
      'flood 10 10.0.0.2',
      'flood 10 10.0.0.3',
      `mac 10 ${printMac(HOST)} 10.0.0.2`,
      `neighbour 10 10.10.10.5 ${printMac(HOST)}`,
    ];
    test.same(await bench.entries(10), lines);
    test.same(statuses(dataplane), [
      'flood installed',
      'flood installed',
      'mac installed',
      'neighbour installed',
    ]);
    test.match(dataplane.counters(), { desired: 4, installed: 4, pending: 0, failed: 0, written: 4 });
    dataplane.deleteMac(10, HOST);
    dataplane.deleteFlood(10, vtep2);
    dataplane.deleteNeighbour(10, HOST_IP);
    await dataplane.idle();
    test.same(await bench.entries(10), ['flood 10 10.0.0.3']);
    await dataplane.close({ keepEntries: false });
    test.same(await bench.entries(10), [], 'a clean stop takes out what is ours');
  });

  law('an IPv6 neighbour is installed beside an IPv4 one', async (bench, test) => {
    await bench.addInstance(10);
    const { dataplane, vtep2 } = await open(bench);
    if (needsMac) dataplane.setMac(10, HOST, vtep2, 0);
    dataplane.setNeighbour(10, HOST_IP, HOST, 0);
    dataplane.setNeighbour(10, HOST_IP6, HOST, 0);
    await dataplane.idle();
    test.same(await bench.entries(10), [
      ...(needsMac ? [`mac 10 ${printMac(HOST)} 10.0.0.2`] : []),
      `neighbour 10 10.10.10.5 ${printMac(HOST)}`,
      `neighbour 10 fd10:10::5 ${printMac(HOST)}`,
    ]);
    await dataplane.close({ keepEntries: false });
  });

  law(
    'a remote MAC that moves to another VTEP is replaced; ten changes in one turn are one write',
    async (bench, test) => {
      await bench.addInstance(10);
      const { dataplane, vtep2, vtep3 } = await open(bench);
      dataplane.setMac(10, HOST, vtep2, 0);
      await dataplane.idle();
      for (let i = 0; i < 5; i++) {
        dataplane.setMac(10, HOST, vtep3, 0);
        dataplane.setMac(10, HOST, vtep2, 0);
      }
      dataplane.setMac(10, HOST, vtep3, 0);
      await dataplane.idle();
      test.same(await bench.entries(10), [`mac 10 ${printMac(HOST)} 10.0.0.3`]);
      test.equal(dataplane.counters().written, 2);
      dataplane.setMac(10, HOST, vtep3, 0);
      await dataplane.idle();
      test.equal(dataplane.counters().written, 2, 'setting what is set costs nothing');
      await bench.quiet();
      test.match(
        dataplane.counters(),
        { written: 2, repaired: 0 },
        'the echo of our own writes is no foreign edit',
      );
      await dataplane.close({ keepEntries: false });
    },
  );

  law('a neighbour follows its MAC', async (bench, test) => {
    await bench.addInstance(10);
    const { dataplane, vtep2 } = await open(bench);
    if (needsMac) for (const host of [HOST, OTHER]) dataplane.setMac(10, host, vtep2, 0);
    dataplane.setNeighbour(10, HOST_IP, HOST, 0);
    await dataplane.idle();
    dataplane.setNeighbour(10, HOST_IP, OTHER, 0);
    await dataplane.idle();
    const neighbours = (await bench.entries(10)).filter((line) => line.startsWith('neighbour'));
    test.same(neighbours, [`neighbour 10 10.10.10.5 ${printMac(OTHER)}`]);
    await dataplane.close({ keepEntries: false });
  });

  law('local MACs and neighbours come and go, sticky ones marked', async (bench, test) => {
    await bench.addInstance(10);
    const { dataplane, events } = await open(bench);
    await bench.attachMac(10, HOST, 'p1');
    await bench.attachMac(10, OTHER, 'p2', true);
    await bench.attachNeighbour(10, HOST_IP, HOST);
    await bench.until(() => events.macs.size === 2 && events.neighbours.size === 1, 'hosts are told');
    test.equal(events.macs.get(`10 ${printMac(HOST)}`), 'p1 0');
    const other = `${has('ports') ? 'p2' : 'p1'} ${has('sticky') ? 1 : 0}`;
    test.equal(events.macs.get(`10 ${printMac(OTHER)}`), other);
    test.equal(events.neighbours.get('10 10.10.10.5'), `${printMac(HOST)} 0`);
    if (has('ports')) {
      await bench.attachMac(10, HOST, 'p2');
      await bench.until(() => events.macs.get(`10 ${printMac(HOST)}`) === 'p2 0', 'the port changes');
    }
    await bench.detachMac(10, HOST);
    await bench.detachNeighbour(10, HOST_IP);
    await bench.until(() => events.macs.size === 1 && events.neighbours.size === 0, 'hosts are told gone');
    test.same(await bench.entries(10), [], 'nothing was written');
    test.equal(dataplane.counters().written, 0);
    await dataplane.close({ keepEntries: false });
  });

  law(
    'a MAC that moves from a remote VTEP to a local port yields: not fought for, and deleteMac spares the host',
    async (bench, test) => {
      await bench.addInstance(10);
      const { dataplane, events, vtep2 } = await open(bench);
      dataplane.setMac(10, HOST, vtep2, 0);
      await dataplane.idle();
      await bench.attachMac(10, HOST, 'p1');
      await bench.until(() => events.macs.has(`10 ${printMac(HOST)}`), 'the local MAC is told');
      await bench.quiet();
      test.equal(await bench.localPort(10, HOST), 'p1', 'nobody took it back');
      dataplane.deleteMac(10, HOST);
      await dataplane.idle();
      test.equal(await bench.localPort(10, HOST), 'p1', "the host's entry is still there");
      test.same(await bench.entries(10), [], 'ours is gone');
      await dataplane.close({ keepEntries: false });
    },
  );

  law('a MAC that moves from a local port to a remote VTEP is told gone', async (bench, test) => {
    await bench.addInstance(10);
    const { dataplane, events, vtep2 } = await open(bench);
    await bench.attachMac(10, HOST, 'p1');
    await bench.until(() => events.macs.has(`10 ${printMac(HOST)}`), 'the local MAC is told');
    dataplane.setMac(10, HOST, vtep2, 0);
    await dataplane.idle();
    await bench.until(() => !events.macs.has(`10 ${printMac(HOST)}`), 'the local MAC is told gone');
    test.equal(await bench.localPort(10, HOST), undefined);
    test.same(await bench.entries(10), [`mac 10 ${printMac(HOST)} 10.0.0.2`]);
    await bench.attachMac(10, HOST, 'p1');
    await bench.until(() => events.macs.has(`10 ${printMac(HOST)}`), 'and back');
    dataplane.setMac(10, HOST, vtep2, 0);
    await dataplane.idle();
    test.equal(await bench.localPort(10, HOST), undefined, 'setMac again takes it back');
    await dataplane.close({ keepEntries: false });
  });

  law(
    'after a restart, entries that are still wanted are adopted without a write, others go when pruned',
    async (bench, test) => {
      await bench.addInstance(10);
      const first = await open(bench);
      const { vtep2, vtep3 } = first;
      for (const dataplane of [first.dataplane]) {
        dataplane.addFlood(10, vtep2);
        dataplane.addFlood(10, vtep3);
        dataplane.setMac(10, HOST, vtep2, 0);
        dataplane.setMac(10, OTHER, vtep3, 0);
        dataplane.setNeighbour(10, HOST_IP, HOST, 0);
        dataplane.setNeighbour(10, ip('10.10.10.6'), OTHER, 0);
        await dataplane.idle();
      }
      const before = await bench.entries(10);
      await first.dataplane.close({ keepEntries: true });
      test.same(await bench.entries(10), before, 'kept');
      const second = await open(bench);
      second.dataplane.addFlood(10, vtep2);
      second.dataplane.setMac(10, HOST, vtep2, 0);
      second.dataplane.setNeighbour(10, HOST_IP, HOST, 0);
      await second.dataplane.idle();
      test.match(second.dataplane.counters(), { written: 0, adopted: 3, installed: 3 });
      test.same(await bench.entries(10), before, 'what nobody claimed stays until pruned');
      second.dataplane.pruneStale();
      await second.dataplane.idle();
      // An address that stands in the row of its MAC goes with it.
      const pruned = needsMac ? 2 : 3;
      test.match(second.dataplane.counters(), { written: pruned, pruned, installed: 3 });
      test.same(await bench.entries(10), [
        'flood 10 10.0.0.2',
        `mac 10 ${printMac(HOST)} 10.0.0.2`,
        `neighbour 10 10.10.10.5 ${printMac(HOST)}`,
      ]);
      await second.dataplane.close({ keepEntries: false });
      test.same(await bench.entries(10), []);
    },
  );

  law(
    'after a restart, what was left in an instance that is no longer asked for goes when pruned',
    async (bench, test) => {
      await bench.addInstance(10);
      const first = await open(bench);
      first.dataplane.addFlood(10, first.vtep2);
      first.dataplane.setMac(10, HOST, first.vtep2, 0);
      await first.dataplane.idle();
      await first.dataplane.close({ keepEntries: true });
      const second = await open(bench, []);
      await second.dataplane.idle();
      test.equal((await bench.entries(10)).length, 2, 'not before');
      second.dataplane.pruneStale();
      await second.dataplane.idle();
      test.same(await bench.entries(10), []);
      await second.dataplane.close({ keepEntries: false });
    },
  );

  law(
    "another program's entries are left alone: pruning, removal and close spare them",
    async (bench, test) => {
      await bench.addInstance(10);
      const foreign = [
        'flood 10 10.0.0.9',
        `mac 10 ${printMac(OTHER)} 10.0.0.9`,
        `neighbour 10 10.10.10.9 ${printMac(OTHER)}`,
      ];
      for (const line of foreign) await bench.writeForeign(line);
      const { dataplane, vtep2 } = await open(bench);
      dataplane.addFlood(10, vtep2);
      dataplane.setMac(10, HOST, vtep2, 0);
      dataplane.pruneStale();
      await dataplane.idle();
      test.same(
        await bench.entries(10),
        [...foreign, 'flood 10 10.0.0.2', `mac 10 ${printMac(HOST)} 10.0.0.2`].sort(),
      );
      dataplane.remove(10);
      await dataplane.idle();
      test.same(await bench.entries(10), foreign);
      await dataplane.close({ keepEntries: false });
      test.same(await bench.entries(10), foreign);
    },
  );

  law(
    "another program's entry in our way is left alone and shown; the same value serves as ours",
    async (bench, test) => {
      await bench.addInstance(10);
      await bench.writeForeign(`mac 10 ${printMac(HOST)} 10.0.0.9`);
      await bench.writeForeign(`mac 10 ${printMac(OTHER)} 10.0.0.2`);
      const { dataplane, events, vtep2 } = await open(bench);
      dataplane.setMac(10, HOST, vtep2, 0);
      dataplane.setMac(10, OTHER, vtep2, 0);
      await dataplane.idle();
      const views = [...dataplane.entries(10)];
      test.match(
        views.find((view) => view.mac === printMac(HOST)),
        { status: 'failed', error: /in the way \(10\.0\.0\.9\)/ },
      );
      test.match(
        views.find((view) => view.mac === printMac(OTHER)),
        { status: 'installed' },
      );
      test.match(events.problems.get('dataplane-writes'), /1 forwarding entry cannot be written.*in the way/);
      await bench.deleteForeign(`mac 10 ${printMac(HOST)} 10.0.0.9`);
      await bench.until(
        async () => (await bench.entries(10)).includes(`mac 10 ${printMac(HOST)} 10.0.0.2`),
        'ours goes in',
      );
      await bench.until(() => !events.problems.has('dataplane-writes'), 'the problem is over');
      dataplane.deleteMac(10, HOST);
      dataplane.deleteMac(10, OTHER);
      await dataplane.idle();
      test.same(await bench.entries(10), [`mac 10 ${printMac(OTHER)} 10.0.0.2`], 'what is not ours stays');
      await dataplane.close({ keepEntries: false });
    },
  );

  law('an entry of ours that someone deletes or changes is repaired', async (bench, test) => {
    await bench.addInstance(10);
    const { dataplane, vtep2 } = await open(bench);
    dataplane.addFlood(10, vtep2);
    dataplane.setMac(10, HOST, vtep2, 0);
    dataplane.setNeighbour(10, HOST_IP, HOST, 0);
    await dataplane.idle();
    const wanted = await bench.entries(10);
    const isWhole = async () => JSON.stringify(await bench.entries(10)) === JSON.stringify(wanted);
    await bench.quiet();
    for (const line of wanted) await bench.deleteForeign(line);
    await bench.until(isWhole, 'deleted entries return');
    await bench.until(() => dataplane.counters().repaired >= 3, 'repairs are counted');
    await bench.writeForeign(`mac 10 ${printMac(HOST)} 10.0.0.9`);
    let edits = 1;
    if (has('edits of a neighbour in place')) {
      await bench.writeForeign(`neighbour 10 10.10.10.5 ${printMac(OTHER)}`);
      edits++;
    }
    await bench.until(isWhole, 'changed entries return');
    await bench.until(() => dataplane.counters().repaired >= 3 + edits, 'repairs are counted');
    await dataplane.close({ keepEntries: false });
    test.same(await bench.entries(10), []);
  });

  law('an instance that goes is told, and its entries are rewritten when it returns', async (bench, test) => {
    await bench.addInstance(10);
    const { dataplane, events, vtep2 } = await open(bench);
    await bench.attachMac(10, OTHER, 'p1');
    dataplane.addFlood(10, vtep2);
    dataplane.setMac(10, HOST, vtep2, 0);
    await dataplane.idle();
    await bench.until(() => events.macs.size === 1, 'the host is told');
    await bench.removeInstance(10);
    await bench.until(() => !events.instances.has(10), 'told gone');
    test.equal(events.macs.size, 0, 'with what was local to it');
    await dataplane.idle();
    test.match([...dataplane.entries(10)][0], { status: 'pending', error: 'VNI 10 is not in the dataplane' });
    dataplane.setNeighbour(10, HOST_IP, HOST, 0);
    await bench.addInstance(10);
    await bench.until(async () => (await bench.entries(10)).length === 3, 'rewritten');
    test.ok(events.instances.has(10));
    await dataplane.idle();
    test.match(dataplane.counters(), { installed: 3, failed: 0, pending: 0 });
    await dataplane.close({ keepEntries: false });
  });

  law(
    'entries wait for an instance that is not there yet; the same MAC in two instances is two entries',
    async (bench, test) => {
      await bench.addInstance(10);
      const { dataplane, vtep2, vtep3 } = await open(bench, [10, 20]);
      dataplane.setMac(10, HOST, vtep2, 0);
      dataplane.setMac(20, HOST, vtep3, 0);
      await dataplane.idle();
      test.match(dataplane.counters(), { installed: 1, pending: 1 });
      await bench.addInstance(20);
      await bench.until(() => dataplane.counters().installed === 2, 'the second goes in');
      test.same(await bench.entries(20), [`mac 20 ${printMac(HOST)} 10.0.0.3`]);
      dataplane.remove(20);
      await dataplane.idle();
      test.same(await bench.entries(20), []);
      test.same(await bench.entries(10), [`mac 10 ${printMac(HOST)} 10.0.0.2`]);
      await dataplane.close({ keepEntries: false });
    },
  );

  law('the reachability of watched VTEPs is told once, and again when it changes', async (bench, test) => {
    await bench.addInstance(10);
    const { dataplane, events, vtep2, vtep3 } = await open(bench);
    await bench.setReachable(ip('10.0.0.2'), true);
    await bench.setReachable(ip('10.0.0.3'), false);
    dataplane.watchVtep(vtep2);
    dataplane.watchVtep(vtep3);
    await bench.until(() => events.reachable.size === 2, 'first answers');
    test.equal(events.reachable.get(vtep2), true);
    test.equal(events.reachable.get(vtep3), false);
    await bench.setReachable(ip('10.0.0.2'), false);
    await bench.setReachable(ip('10.0.0.3'), true);
    await bench.until(
      () => events.reachable.get(vtep2) === false && events.reachable.get(vtep3) === true,
      'changes',
    );
    dataplane.unwatchVtep(vtep2);
    await bench.setReachable(ip('10.0.0.2'), true);
    await bench.quiet();
    test.equal(events.reachable.get(vtep2), false, 'not told any more');
    await dataplane.close({ keepEntries: false });
  });
}
