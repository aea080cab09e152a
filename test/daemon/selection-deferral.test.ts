/** RFC 4724 section 4.1: until when a speaker that has restarted defers its selection. */
import t from 'tap';
import { ManualClock } from '../../src/base/clock.ts';
import { type DeferralPeer, SelectionDeferral } from '../../src/daemon/selection-deferral.ts';

const [A, B] = ['10.0.0.1', '10.0.0.2'];

function scene(expected: readonly string[], seconds = 60) {
  const clock = new ManualClock();
  const up = new Map<string, DeferralPeer>();
  const state = { ended: undefined as readonly string[] | undefined, gone: new Set<string>() };
  const deferral = new SelectionDeferral({
    clock,
    seconds,
    expected,
    up: () => up.values(),
    mayCome: (address) => !state.gone.has(address),
    ended: (missing) => {
      if (state.ended) throw new Error('it ends once');
      state.ended = missing;
    },
  });
  const is = (address: string, peer: Partial<DeferralPeer> | undefined) => {
    if (peer) up.set(address, { address, isThrough: false, hasRestarted: false, ...peer });
    else up.delete(address);
    deferral.update();
    clock.settle();
  };
  const learned = () => {
    deferral.learned();
    clock.settle();
  };
  return { clock, state, deferral, is, learned };
}

t.test('(a) "the End-of-RIB marker from all its peers"', async (t) => {
  const { state, deferral, is, learned } = scene([A, B]);
  learned();
  is(A, { isThrough: true });
  t.same(deferral.awaited, [B], 'the run before had a session with it');
  is(B, {});
  t.same(deferral.awaited, [B]);
  is(B, { isThrough: true });
  t.same(state.ended, []);
  t.equal(deferral.running, false);
});

t.test('a peer that is up is one of them, whether the run before knew it or not', async (t) => {
  const { state, is, learned } = scene([A]);
  learned();
  is(B, {});
  is(A, { isThrough: true });
  t.equal(state.ended, undefined);
  is(B, { isThrough: true });
  t.same(state.ended, []);
});

t.test('one that was through and whose session drops is waited for again', async (t) => {
  const { state, deferral, is, learned } = scene([A, B]);
  learned();
  is(A, { isThrough: true });
  is(A, undefined);
  is(B, { isThrough: true });
  t.equal(state.ended, undefined);
  t.same(deferral.awaited, [A]);
});

t.test('nothing ends before what is behind the ports is known', async (t) => {
  const { state, is, learned } = scene([A]);
  is(A, { isThrough: true });
  t.equal(state.ended, undefined);
  learned();
  t.same(state.ended, []);
});

t.test('(b) "the Selection_Deferral_Timer has expired", whatever is missing', async (t) => {
  const { clock, state, deferral } = scene([A, B], 10);
  clock.advance(9_999);
  t.equal(state.ended, undefined);
  t.ok(deferral.remainingSeconds > 0);
  clock.advance(1);
  t.same(state.ended, [A, B]);
  t.equal(deferral.remainingSeconds, 0);
  t.same(deferral.awaited, []);
});

t.test('one that cannot come any more is not waited for', async (t) => {
  const { clock, state, deferral, is, learned } = scene([A, B]);
  learned();
  is(A, { isThrough: true });
  t.same(deferral.awaited, [B]);
  state.gone.add(B);
  deferral.reconfigured();
  clock.settle();
  t.same(state.ended, []);
});

t.test('those that have restarted get a moment, which begins when nobody else is waited for', async (t) => {
  const { clock, state, is, learned } = scene([A, B]);
  learned();
  is(A, { hasRestarted: true });
  clock.advance(20_000);
  t.equal(state.ended, undefined, 'the other one is waited for');
  is(B, { isThrough: true });
  clock.advance(4_999);
  t.equal(state.ended, undefined);
  is(B, undefined);
  clock.advance(10_000);
  t.equal(state.ended, undefined, 'and the moment is over when it is waited for again');
  is(B, { isThrough: true });
  clock.advance(5_000);
  t.same(state.ended, []);
});

t.test('after a cancellation nothing happens', async (t) => {
  const { clock, state, deferral, is, learned } = scene([A], 10);
  learned();
  is(A, { hasRestarted: true });
  deferral.cancel();
  is(A, { isThrough: true });
  clock.advance(100_000);
  t.equal(state.ended, undefined);
});

t.test('who may come is asked once, and all that happens in a moment is looked at once', async (t) => {
  const clock = new ManualClock();
  const expected = Array.from({ length: 100 }, (_, n) => `10.0.1.${n}`);
  const up: DeferralPeer[] = [];
  let asked = 0;
  let looked = 0;
  const deferral = new SelectionDeferral({
    clock,
    seconds: 60,
    expected,
    up: () => {
      looked++;
      return up;
    },
    mayCome: () => ++asked > 0,
    ended: () => {},
  });
  deferral.learned();
  clock.settle();
  for (const address of expected) {
    up.push({ address, isThrough: true, hasRestarted: false });
    deferral.update();
  }
  clock.settle();
  t.equal(deferral.running, false);
  t.equal(asked, expected.length);
  t.ok(looked < 10, `looked ${looked} times`);
});
