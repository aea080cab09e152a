/** Laws of the manual clock, on which every timer test stands, and of the recording logger. */
import t from 'tap';
import { ManualClock, systemClock } from '../../src/base/clock.ts';
import { recordingLogger } from '../../src/base/log.ts';

t.test('timers fire in order of due time, then of creation, and see their own time', async (t) => {
  const clock = new ManualClock(1000);
  const fired: string[] = [];
  const note = (name: string) => () => fired.push(`${name}@${clock.now()}`);
  clock.after(20, note('c'));
  clock.after(10, note('a'));
  clock.after(10, note('b'));
  t.equal(clock.next, 10);
  clock.advance(15);
  t.strictSame(fired, ['a@10', 'b@10']);
  t.equal(clock.now(), 15);
  clock.advance(5);
  t.strictSame(fired, ['a@10', 'b@10', 'c@20']);
  t.equal(clock.wallTime(), 1020);
  t.equal(clock.next, undefined);
});

t.test('a cancelled timer never fires; one set by a firing timer does, when due', async (t) => {
  const clock = new ManualClock();
  const fired: number[] = [];
  const cancelled = clock.after(5, () => fired.push(5));
  clock.after(1, () => {
    cancelled.cancel();
    clock.after(2, () => fired.push(clock.now()));
  });
  clock.advance(10);
  t.strictSame(fired, [3]);
});

t.test('settle runs what is due now without moving time', async (t) => {
  const clock = new ManualClock();
  let runs = 0;
  clock.soon(() => clock.soon(() => runs++));
  clock.after(1, () => runs++);
  clock.settle();
  t.equal(runs, 1);
  t.equal(clock.now(), 0);
});

t.test('the system clock moves forward, fires and cancels', async (t) => {
  const before = systemClock.now();
  systemClock.after(0, () => t.fail('it was cancelled')).cancel();
  systemClock.soon(() => t.fail('it was cancelled')).cancel();
  await new Promise<void>((resolve) => systemClock.after(1, resolve));
  await new Promise<void>((resolve) => systemClock.soon(resolve));
  t.ok(systemClock.now() > before);
  t.ok(systemClock.wallTime() > 1.6e12);
});

t.test('a recording logger keeps level, fields of its ancestors, and message', async (t) => {
  const log = recordingLogger();
  log.child({ peer: '10.0.0.1' }).warn({ code: 6 }, 'closed');
  t.strictSame(log.records, [{ level: 'warn', fields: { peer: '10.0.0.1', code: 6 }, message: 'closed' }]);
});
