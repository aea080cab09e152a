/**
 * Laws of what is heard of an entry while its write is under way: a write passes on another thread, so notices of what happened after
 * it may come before its result.
 */
import t from 'tap';
import { AddressTable } from '../../src/base/address-table.ts';
import { ManualClock } from '../../src/base/clock.ts';
import { ip } from '../../src/base/ip.ts';
import { macHigh, macLow } from '../../src/base/mac.ts';
import {
  type Driver,
  type DriverSink,
  type EntryBatch,
  KIND,
  OP,
  ORIGIN,
  PART,
  RESULT,
} from '../../src/dataplane/driver.ts';
import { Reconciler } from '../../src/dataplane/reconciler.ts';
import { EventRecorder, mac } from './contract.ts';

const HOST = mac('02:00:00:00:00:05');
const [HIGH, LOW] = [macHigh(HOST), macLow(HOST)];

/** Performs writes when told to, and says nothing by itself. */
class HeldDriver implements Driver {
  readonly kind = 'kernel';
  readonly batchSize = 8;
  readonly writesAtOnce = 2;
  readonly completeParts = {
    [KIND.FLOOD]: PART.VALUE,
    [KIND.MAC]: PART.VALUE | PART.COMPANION,
    [KIND.NEIGHBOUR]: PART.VALUE,
  };
  readonly visibleFlags = { [KIND.FLOOD]: 0, [KIND.MAC]: 0, [KIND.NEIGHBOUR]: 0 };
  readonly operations: string[] = [];
  readonly #held: (() => void)[] = [];
  sink!: DriverSink;

  async open(sink: DriverSink): Promise<void> {
    this.sink = sink;
  }

  async dump(): Promise<void> {
    const names = { vxlanInterface: 'vxlan10', bridge: 'br10', sviInterface: 'br10', vlan: undefined };
    const state = { vtep: ip('10.0.0.1'), up: true, mtu: 1500, ownMacs: [], warnings: [] };
    this.sink.instance({ vni: 10, ...names, ...state });
  }

  write(batch: EntryBatch, done: () => void): void {
    for (let i = 0; i < batch.length; i++)
      this.operations.push(batch.op[i] === OP.REMOVE ? 'remove' : 'write');
    batch.result.fill(RESULT.OK, 0, batch.length);
    this.#held.push(done);
  }

  /** The results of what was written so far arrive. */
  land(): void {
    for (const done of this.#held.splice(0)) done();
  }

  seen(part: number, vtep: number): void {
    this.sink.macSeen(10, HIGH, LOW, part, vtep, 0, true, ORIGIN.NOTICE);
  }

  /** What the kernel says of a write of ours. */
  echo(vtep: number): void {
    this.seen(PART.COMPANION, 0);
    this.seen(PART.VALUE, vtep);
  }

  missing(part: number): void {
    this.sink.macMissing(10, HIGH, LOW, part);
  }

  errorText(): string {
    return '';
  }
  portName(): string {
    return 'p1';
  }
  ensure(): void {}
  remove(): void {}
  watchVtep(): void {}
  unwatchVtep(): void {}
  async close(): Promise<void> {}
}

async function rig() {
  const clock = new ManualClock();
  const addresses = new AddressTable();
  const driver = new HeldDriver();
  const dataplane = new Reconciler({ driver, clock, addresses, auditMilliseconds: 0 });
  const [vtep2, vtep3] = [addresses.intern(ip('10.0.0.2')), addresses.intern(ip('10.0.0.3'))];
  void dataplane.open(new EventRecorder());
  for (let i = 0; i < 20; i++) {
    clock.settle();
    await Promise.resolve();
  }
  dataplane.ensure({ vni: 10, correct: false });
  clock.settle();
  dataplane.setMac(10, HOST, vtep2, 0);
  clock.settle();
  /** Time passes, and results arrive. */
  const pass = (): void => {
    for (let i = 0; i < 10; i++) {
      clock.advance(20);
      driver.land();
    }
  };
  return { clock, dataplane, driver, vtep2, vtep3, pass };
}

t.test('the echo of a write before its result is no news', async (t) => {
  const { dataplane, driver, vtep2, pass } = await rig();
  driver.echo(vtep2);
  driver.land();
  pass();
  t.same(driver.operations, ['write']);
  t.match(dataplane.counters(), { installed: 1, repaired: 0 });
});

t.test('an entry that is deleted before the result of its write comes is written again', async (t) => {
  const { dataplane, driver, vtep2, pass } = await rig();
  driver.echo(vtep2);
  driver.missing(PART.COMPANION);
  driver.missing(PART.VALUE);
  driver.land();
  t.match(dataplane.counters(), { installed: 0 }, 'the result does not overrule what came after it');
  pass();
  t.same(driver.operations, ['write', 'write']);
  t.match(dataplane.counters(), { installed: 1 });
});

t.test('so is one that is led elsewhere', async (t) => {
  const { driver, vtep2, vtep3, pass } = await rig();
  driver.echo(vtep2);
  driver.seen(PART.VALUE, vtep3);
  driver.land();
  pass();
  t.same(driver.operations, ['write', 'write']);
});

t.test('what went before the write, and was heard late, is overruled by its result', async (t) => {
  const { dataplane, driver, vtep2, pass } = await rig();
  driver.missing(PART.COMPANION);
  driver.missing(PART.VALUE);
  driver.land();
  driver.echo(vtep2);
  pass();
  t.same(driver.operations, ['write']);
  t.match(dataplane.counters(), { installed: 1, repaired: 0 });
});

t.test('an entry that comes back before the result of its removal is removed again', async (t) => {
  const { clock, dataplane, driver, vtep2, pass } = await rig();
  dataplane.pruneStale();
  driver.echo(vtep2);
  driver.land();
  dataplane.deleteMac(10, HOST);
  clock.settle();
  driver.missing(PART.COMPANION);
  driver.missing(PART.VALUE);
  driver.echo(vtep2);
  driver.land();
  pass();
  t.same(driver.operations, ['write', 'remove', 'remove']);
});

t.test(
  'a MAC that is learned at a port and asked for once more, all before the result, is written once more',
  async (t) => {
    const { dataplane, driver, vtep2, pass } = await rig();
    driver.echo(vtep2);
    driver.sink.localMac(10, HIGH, LOW, 0, 1, ORIGIN.NOTICE);
    driver.missing(PART.COMPANION | PART.OBSTACLE);
    dataplane.setMac(10, HOST, vtep2, 0);
    driver.land();
    pass();
    t.same(driver.operations, ['write', 'write']);
  },
);
