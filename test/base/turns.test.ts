/** Laws of the turns that long work shares, on a clock that each piece of work moves by hand. */
import t from 'tap';
import { Turns } from '../../src/base/turns.ts';

/** The event loop, one turn at a time. */
function loop(): { turns: Turns; turn(): string[]; work(name: string, milliseconds: number): () => void } {
  let now = 0;
  let waiting: (() => void)[] = [];
  let done: string[] = [];
  const turns = new Turns(
    () => now,
    (action) => waiting.push(action),
  );
  return {
    turns,
    turn() {
      done = [];
      const due = waiting;
      waiting = [];
      for (const action of due) action();
      return done;
    },
    work: (name, milliseconds) => () => {
      done.push(name);
      now += milliseconds;
    },
  };
}

t.test('short pieces of work share a turn, in the order in which they asked', async (t) => {
  const { turns, turn, work } = loop();
  for (const name of ['a', 'b', 'c']) turns.soon(work(name, 0.1));
  t.same(turn(), ['a', 'b', 'c']);
  t.same(turn(), []);
});

t.test('a long piece ends the turn; the others come in the next ones, before it has another', async (t) => {
  const { turns, turn, work } = loop();
  const slice = work('long', 8);
  turns.soon(() => {
    slice();
    turns.soon(slice);
  });
  turns.soon(work('b', 8));
  turns.soon(work('c', 0));
  t.same(turn(), ['long']);
  t.same(turn(), ['b']);
  t.same(turn(), ['c', 'long']);
  t.same(turn(), []);
});

t.test('what asks while it runs has its turn later, however short it is', async (t) => {
  const { turns, turn, work } = loop();
  turns.soon(() => turns.soon(work('later', 0)));
  t.same(turn(), []);
  t.same(turn(), ['later']);
});

t.test('what was cancelled does not run, also when it waits behind a long piece', async (t) => {
  const { turns, turn, work } = loop();
  turns.soon(work('long', 8));
  const waiting = turns.soon(work('cancelled', 0));
  turns.soon(work('kept', 0));
  t.same(turn(), ['long']);
  waiting.cancel();
  t.same(turn(), ['kept']);
});

t.test('one that throws takes nobody else with it', async (t) => {
  const { turns, turn, work } = loop();
  turns.soon(() => {
    throw new Error('a fault');
  });
  turns.soon(work('after', 0));
  t.throws(() => turn(), { message: 'a fault' });
  t.same(turn(), ['after']);
});
