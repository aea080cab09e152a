import t from 'tap';
import { ManualClock } from '../../src/base/clock.ts';
import { warmUp } from '../../src/daemon/warm-up.ts';

t.test('warming up goes in steps, one a turn of the event loop, and ends', (t) => {
  const turns: (() => void)[] = [];
  const manual = new ManualClock();
  warmUp({
    now: () => manual.now(),
    wallTime: () => manual.wallTime(),
    after: () => {
      throw new Error('a timer of the daemon was used');
    },
    soon: (action) => {
      turns.push(action);
      return { cancel: () => undefined };
    },
  });
  t.equal(turns.length, 1, 'nothing is done at once');
  let steps = 0;
  for (let next = turns.shift(); next; next = turns.shift()) {
    t.equal(turns.length, 0, 'one step at a time');
    next();
    steps++;
  }
  // Two rounds of three passes over ten blocks, the end of the source after each round, and the end.
  t.equal(steps, 2 * (3 * 10 + 1) + 1);
  t.end();
});
