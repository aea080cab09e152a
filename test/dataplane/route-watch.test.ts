/** When the kernel is asked which VTEPs can be reached: how often, how long at a time, and what a fault does. */
import t from 'tap';
import { AddressTable } from '../../src/base/address-table.ts';
import { ManualClock } from '../../src/base/clock.ts';
import { ip } from '../../src/base/ip.ts';
import { recordingLogger } from '../../src/base/log.ts';
import { RouteWatch } from '../../src/dataplane/kernel/route-watch.ts';

function watching(count: number, options: { readonly milliseconds?: number; readonly fault?: boolean } = {}) {
  const clock = new ManualClock();
  const addresses = new AddressTable();
  const log = recordingLogger();
  const asked: string[] = [];
  const told: string[] = [];
  let settled = 0;
  const socket = {
    async request(action: string) {
      asked.push(action.replace('look up the route to ', ''));
      if (options.milliseconds !== undefined) clock.advance(options.milliseconds);
      throw new Error('ENETUNREACH');
    },
  };
  const events = {
    reachable: (vtep: number, reachable: boolean) => {
      told.push(`${addresses.text(vtep)} ${reachable}`);
      if (options.fault && told.length === 1) throw new Error('a bug above');
    },
    settled: () => void settled++,
  };
  const watch = new RouteWatch(socket, clock, addresses, events, log);
  for (let i = 0; i < count; i++) watch.watch(addresses.intern(ip(`10.0.${i >> 8}.${i & 255}`)));
  /** Lets promises and timers that are due come to rest. */
  const rest = async (): Promise<void> => {
    for (let i = 0; i < count * 8 + 40; i++) {
      clock.settle();
      await Promise.resolve();
    }
  };
  return { clock, addresses, log, asked, told, watch, rest, settledCount: () => settled };
}

t.test('a new VTEP is asked for at once; all are asked for again once per burst of changes', async (t) => {
  const { clock, asked, told, watch, rest, settledCount } = watching(3);
  await rest();
  t.same(asked, ['10.0.0.0', '10.0.0.1', '10.0.0.2']);
  t.same(told, ['10.0.0.0 false', '10.0.0.1 false', '10.0.0.2 false']);
  t.equal(settledCount(), 1);
  for (let i = 0; i < 50; i++) watch.routesChanged();
  await rest();
  t.equal(asked.length, 3, 'not in the middle of the burst');
  clock.advance(10);
  await rest();
  t.equal(asked.length, 6);
  t.equal(told.length, 3, 'nothing has changed');
  watch.close();
});

t.test('while routes keep changing, all VTEPs are asked for ten times a second at most', async (t) => {
  const { clock, addresses, asked, watch, rest } = watching(3);
  await rest();
  asked.length = 0;
  for (let milliseconds = 0; milliseconds < 1000; milliseconds += 5) {
    watch.routesChanged();
    clock.advance(5);
    await rest();
  }
  t.ok(asked.length >= 9 * 3 && asked.length <= 10 * 3, `${asked.length} lookups`);
  asked.length = 0;
  watch.watch(addresses.intern(ip('10.9.9.9')));
  await rest();
  t.ok(asked.includes('10.9.9.9'), 'a new one does not wait for that');
  watch.close();
});

t.test('a change during a round, too, leads to another one', async (t) => {
  const { clock, asked, watch, rest } = watching(2);
  await rest();
  watch.routesChanged();
  clock.advance(10);
  watch.routesChanged();
  await rest();
  clock.advance(100);
  await rest();
  t.equal(asked.length, 6);
  clock.advance(10_000);
  await rest();
  t.equal(asked.length, 6, 'and then there is rest');
  watch.close();
});

t.test('a round gives way to other work after 8 ms', async (t) => {
  const { asked, watch, rest, settledCount } = watching(20, { milliseconds: 1 });
  await rest();
  t.equal(asked.length, 20);
  t.equal(settledCount(), 3, 'slices of eight, eight and four lookups of a millisecond');
  watch.close();
});

t.test('a fault of who is told is logged, and the other VTEPs are asked for', async (t) => {
  const { log, told, watch, rest } = watching(3, { fault: true });
  await rest();
  t.same(told, ['10.0.0.0 false', '10.0.0.1 false', '10.0.0.2 false']);
  t.match(JSON.stringify(log), /cannot tell which VTEPs can be reached/);
  watch.close();
});
