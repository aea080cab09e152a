import t from 'tap';
import type { Clock } from '../../src/base/clock.ts';
import { warmUp } from '../../src/daemon/warm-up.ts';

function turnsOnly(turns: (() => void)[]): Clock {
  return {
    now: () => 0,
    wallTime: () => 0,
    after: () => {
      throw new Error('a timer of the daemon was used');
    },
    soon: (action) => {
      turns.push(action);
      return { cancel: () => undefined };
    },
  };
}

t.test('warming up goes in steps, one a turn of the event loop, and ends', (t) => {
  const turns: (() => void)[] = [];
  warmUp(turnsOnly(turns), () => false);
  t.equal(turns.length, 1, 'nothing is done at once');
  let steps = 0;
  for (let next = turns.shift(); next; next = turns.shift()) {
    t.equal(turns.length, 0, 'one step at a time');
    next();
    steps++;
  }
  // Five passes over ten blocks, and the end of the source.
  t.equal(steps, 5 * 10 + 1);
  t.end();
});

t.test('warming up gives way to real routes', (t) => {
  const turns: (() => void)[] = [];
  let busy = false;
  warmUp(turnsOnly(turns), () => busy);
  turns.shift()!();
  t.equal(turns.length, 1);
  busy = true;
  turns.shift()!();
  t.equal(turns.length, 0, 'nothing more is asked for');
  t.end();
});
