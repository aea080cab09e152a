/** RFC 4724 section 4.2: who keeps the routes of a speaker that ends now. */
import t from 'tap';
import { ManualClock } from '../../src/base/clock.ts';
import { type Keeper, Keepers } from '../../src/daemon/keepers.ts';

const [A, B] = ['10.0.0.1', '10.0.0.2'];
const RESTART_SECONDS = 120;

function scene() {
  const clock = new ManualClock();
  const neighbours = new Map<string, Keeper>();
  const keepers = new Keepers(clock, RESTART_SECONDS);
  const is = (address: string, isEstablished: boolean, staleSeconds?: number) =>
    neighbours.set(address, { address, isEstablished, staleSeconds });
  return { clock, keepers, neighbours, is, now: () => keepers.now(neighbours.values()) };
}

t.test('a peer with a session does; one that has not come yet does not', async (t) => {
  const { is, now } = scene();
  is(B, true);
  is(A, false);
  t.same(now(), { peers: [B] });
});

t.test(
  '"for the period of time [...] previously advertised" since the session ended, and no longer',
  async (t) => {
    const { clock, neighbours, is, now } = scene();
    is(B, true);
    is(A, true);
    now();
    is(A, false);
    t.same(now(), { peers: [A, B], forgetIn: 120_000 });
    clock.advance(50_000);
    // As a neighbour of a listen range does.
    neighbours.delete(A);
    t.same(now(), { peers: [A, B], forgetIn: 70_000 });
    clock.advance(70_000);
    t.same(now(), { peers: [B] });
  },
);

t.test('one that comes back keeps them anew', async (t) => {
  const { clock, is, now } = scene();
  is(A, true);
  now();
  is(A, false);
  now();
  clock.advance(100_000);
  is(A, true);
  t.same(now(), { peers: [A] });
  is(A, false);
  t.same(now(), { peers: [A], forgetIn: 120_000 });
});

t.test('one whose routes are kept here is waited for, for as long as they are', async (t) => {
  const { clock, is, now } = scene();
  is(A, false, 300);
  t.same(now(), { peers: [A], forgetIn: 300_000 });
  clock.advance(300_000);
  is(A, false);
  t.same(now(), { peers: [] });
});

t.test('those of the run before keep its routes from the beginning of this one on', async (t) => {
  const { clock, keepers, now } = scene();
  keepers.inherit([A]);
  t.same(now(), { peers: [A], forgetIn: 120_000 });
  clock.advance(120_000);
  t.same(now(), { peers: [] });
});
