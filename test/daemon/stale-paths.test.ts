/** What stays of a peer's routes while it restarts or announces them again, on a network in memory and a clock that waits. */
import { ROUTE_REFRESH_SUBTYPE } from 'bgp-protocol';
import t, { type Test } from 'tap';
import { ManualClock } from '../../src/base/clock.ts';
import { MemoryNetwork } from '../../src/session/index.ts';
import { gracefulRestart, Puppet } from './puppet.ts';
import { Speaker } from './speaker.ts';

const HERE = '192.0.2.10';
const THERE = '192.0.2.20';
const FOREVER = 600_000;

interface Scene {
  readonly clock: ManualClock;
  readonly here: Speaker;
  /** Brings the peer up, with what its graceful-restart capability says of the family; undefined: it has none. */
  readonly comes: (forwarding?: boolean | 'absent') => Puppet;
  readonly routes: () => number;
}

async function scene(t: Test): Promise<Scene> {
  const clock = new ManualClock();
  const network = new MemoryNetwork(clock);
  const here = new Speaker(
    HERE,
    `neighbors: [ { address: ${THERE}, remote-as: internal, families: [l2vpn-evpn], passive: true } ]`,
    network,
  );
  await here.start();
  t.teardown(() => here.neighbours.close());
  const comes = (forwarding?: boolean | 'absent') => {
    const capabilities = forwarding === undefined ? [] : [gracefulRestart(forwarding)];
    const puppet = new Puppet(network, clock, [THERE, HERE], { capabilities });
    t.ok(here.neighbour(THERE).isEstablished, 'up');
    return puppet;
  };
  return { clock, here, comes, routes: () => here.receivedFrom(THERE) };
}

/** A peer with six routes and End-of-RIB whose TCP has just failed. */
async function restarting(t: Test): Promise<Scene> {
  const made = await scene(t);
  const peer = made.comes(true);
  peer.announce([1, 2, 3, 4, 5, 6]);
  peer.endOfRib();
  t.ok(made.here.neighbour(THERE).endOfRibSeen);
  peer.connection.reset();
  made.clock.advance(100);
  t.equal(made.routes(), 6, 'kept');
  return made;
}

t.test('RFC 4724 section 4.2: what is kept stays until the End-of-RIB of the new session', async (t) => {
  const { here, clock, comes, routes } = await restarting(t);
  t.notOk(here.neighbour(THERE).endOfRibSeen);
  const peer = comes(true);
  t.equal(routes(), 6);
  peer.announce([1]);
  clock.advance(1000);
  t.equal(routes(), 6, 'an UPDATE is not the end');
  t.notOk(here.neighbour(THERE).endOfRibSeen);
  peer.endOfRib();
  clock.advance(100);
  t.equal(routes(), 1);
  t.ok(here.neighbour(THERE).endOfRibSeen);
});

t.test(
  'RFC 4724 section 4.2: of consecutive restarts, only the routes of the last session are kept',
  async (t) => {
    const { clock, comes, routes } = await restarting(t);
    const again = comes(true);
    again.announce([1, 2]);
    clock.advance(1000);
    t.equal(routes(), 6);
    again.connection.reset();
    clock.advance(100);
    t.equal(routes(), 2, 'a route previously marked as stale MUST be deleted');
    const last = comes(true);
    last.announce([2]);
    last.endOfRib();
    clock.advance(100);
    t.equal(routes(), 1);
  },
);

t.test('RFC 4724 section 4.2: a session that ends right after its End-of-RIB keeps its routes', async (t) => {
  const { clock, comes, routes } = await restarting(t);
  const again = comes(true);
  again.announce([1, 2]);
  again.endOfRib();
  again.connection.reset();
  clock.advance(100);
  t.equal(routes(), 2);
});

t.test('RFC 7313 section 4: a refresh that a restart cuts short makes nothing go', async (t) => {
  const { clock, comes, routes } = await scene(t);
  const peer = comes(true);
  peer.announce([1, 2, 3]);
  peer.endOfRib();
  peer.refresh(ROUTE_REFRESH_SUBTYPE.BEGIN);
  peer.announce([1]);
  peer.connection.reset();
  clock.advance(100);
  t.equal(routes(), 3);
});

for (const [forwarding, what] of [
  [false, 'without the F bit'],
  ['absent', 'without the family'],
  [undefined, 'without the capability'],
] as const) {
  t.test(`RFC 4724 section 4.2: a peer that returns ${what} has lost what was kept, at once`, async (t) => {
    const { clock, comes, routes } = await restarting(t);
    const peer = comes(forwarding);
    clock.advance(100);
    t.equal(routes(), 0);
    peer.announce([1]);
    clock.advance(FOREVER);
    t.equal(routes(), 1, 'what it announces now is of the new session');
  });
}

t.test('RFC 4724 section 4.2: a peer that does not return within its restart time loses all', async (t) => {
  const { clock, routes } = await restarting(t);
  clock.advance(59_000);
  t.equal(routes(), 6);
  clock.advance(1000);
  t.equal(routes(), 0);
});

t.test(
  'RFC 4724 section 4.2: a peer that returns and never ends loses what it has not repeated',
  async (t) => {
    const { clock, comes, routes } = await restarting(t);
    clock.advance(50_000);
    comes(true).announce([1, 2]);
    clock.advance(20_000);
    t.equal(routes(), 6, 'it is back: the time to return does not count any more');
    clock.advance(FOREVER);
    t.equal(routes(), 2);
  },
);

t.test('RFC 4271 section 9: without graceful restart a closed session takes its routes along', async (t) => {
  const { clock, comes, routes } = await scene(t);
  const peer = comes();
  peer.announce([1, 2, 3]);
  t.equal(routes(), 3);
  peer.connection.reset();
  clock.advance(100);
  t.equal(routes(), 0);
});

t.test('RFC 7313 section 4: BoRR makes stale, EoRR sweeps what was not repeated', async (t) => {
  const { clock, comes, routes } = await scene(t);
  const peer = comes();
  peer.announce([1, 2, 3]);
  peer.endOfRib();
  peer.refresh(ROUTE_REFRESH_SUBTYPE.BEGIN);
  peer.announce([1]);
  clock.advance(1000);
  t.equal(routes(), 3);
  peer.refresh(ROUTE_REFRESH_SUBTYPE.END);
  clock.advance(100);
  t.equal(routes(), 1);
});

t.test('RFC 7313 section 4: after a BoRR without EoRR, what was not repeated goes in time', async (t) => {
  const { clock, comes, routes } = await scene(t);
  const peer = comes();
  peer.announce([1, 2, 3]);
  peer.endOfRib();
  peer.refresh(ROUTE_REFRESH_SUBTYPE.BEGIN);
  peer.announce([2]);
  clock.advance(200_000);
  t.equal(routes(), 3);
  clock.advance(FOREVER);
  t.equal(routes(), 1);
});

t.test('RFC 7313 section 4: a refresh during a restart does not end it', async (t) => {
  const { clock, comes, routes } = await restarting(t);
  const peer = comes(true);
  peer.refresh(ROUTE_REFRESH_SUBTYPE.BEGIN);
  peer.announce([1]);
  peer.refresh(ROUTE_REFRESH_SUBTYPE.END);
  clock.advance(1000);
  t.equal(routes(), 6);
  peer.endOfRib();
  clock.advance(100);
  t.equal(routes(), 1);
});
