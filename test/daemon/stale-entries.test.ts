/** When entries of an earlier run may be pruned (RFC 4724 section 2: the End-of-RIB marker ends the initial update). */
import t from 'tap';
import { ManualClock } from '../../src/base/clock.ts';
import { type Progress, StaleEntries } from '../../src/daemon/stale-entries.ts';

/** Nobody has promised a marker, unless said. */
type Given = Omit<Progress, 'promised'> & Partial<Progress>;

function scene(given: Given) {
  const clock = new ManualClock();
  const state = { progress: { promised: 0, ...given }, pruned: 0 };
  const stale = new StaleEntries(
    clock,
    () => state.progress,
    () => state.pruned++,
  );
  const becomes = (next: Given) => {
    state.progress = { promised: 0, ...next };
    stale.update();
  };
  return { clock, state, stale, becomes };
}

t.test('soon after the last End-of-RIB marker, and once', async (t) => {
  const { clock, state, becomes } = scene({ expected: 2, established: 0, complete: 0 });
  becomes({ expected: 2, established: 2, complete: 1 });
  becomes({ expected: 2, established: 2, complete: 2 });
  t.equal(state.pruned, 0, 'what the marker completed reaches the forwarding table first');
  clock.advance(1000);
  t.equal(state.pruned, 1);
  becomes({ expected: 2, established: 2, complete: 2 });
  clock.advance(1_000_000);
  t.equal(state.pruned, 1);
});

t.test('not while a neighbour is still down, however complete the others are', async (t) => {
  const { clock, state, becomes } = scene({ expected: 2, established: 0, complete: 0 });
  becomes({ expected: 2, established: 1, complete: 1 });
  clock.advance(60_000);
  t.equal(state.pruned, 0);
});

t.test('a neighbour that sends no marker has had its time 10 s after the last session came up', async (t) => {
  const { clock, state, becomes } = scene({ expected: 1, established: 0, complete: 0 });
  becomes({ expected: 1, established: 1, complete: 0 });
  clock.advance(9_999);
  t.equal(state.pruned, 0);
  clock.advance(1);
  t.equal(state.pruned, 1);
});

t.test(
  'RFC 4724 section 4.1: a neighbour that has promised a marker may defer it, and is waited for',
  async (t) => {
    const { clock, state, becomes } = scene({ expected: 2, established: 0, complete: 0 });
    becomes({ expected: 2, established: 2, complete: 1, promised: 1 });
    clock.advance(60_000);
    t.equal(state.pruned, 0);
    becomes({ expected: 2, established: 2, complete: 2 });
    clock.advance(1_000);
    t.equal(state.pruned, 1);
  },
);

t.test('a session that drops again stops the countdown', async (t) => {
  const { clock, state, becomes } = scene({ expected: 1, established: 0, complete: 0 });
  becomes({ expected: 1, established: 1, complete: 1 });
  becomes({ expected: 1, established: 0, complete: 0 });
  clock.advance(5_000);
  t.equal(state.pruned, 0);
});

t.test('two minutes after the start in any case: a black hole must not stay for ever', async (t) => {
  const { clock, state } = scene({ expected: 3, established: 1, complete: 0 });
  clock.advance(120_000);
  t.equal(state.pruned, 1);
});

t.test('never after the daemon has begun to stop', async (t) => {
  const { clock, state, stale, becomes } = scene({ expected: 1, established: 0, complete: 0 });
  becomes({ expected: 1, established: 1, complete: 1 });
  stale.cancel();
  clock.advance(1_000_000);
  t.equal(state.pruned, 0);
});
