/** The limit of a neighbour's routes, between two whole neighbours over a network in memory, on a clock that waits. */
import t, { type Test } from 'tap';
import { ManualClock } from '../../src/base/clock.ts';
import { neighbourView } from '../../src/daemon/views/neighbour.ts';
import { MemoryNetwork } from '../../src/session/index.ts';
import { Speaker } from './speaker.ts';

const HERE = '192.0.2.10';
const THERE = '192.0.2.20';

const limited = (limit: string): string =>
  `neighbors: [ { address: ${THERE}, remote-as: internal, families: [l2vpn-evpn], passive: true, maximum-prefix: { limit: 10${limit} } } ]`;

interface Two {
  readonly clock: ManualClock;
  readonly here: Speaker;
  readonly there: Speaker;
}

async function two(t: Test, here: string): Promise<Two> {
  const clock = new ManualClock();
  const network = new MemoryNetwork(clock);
  const two = {
    clock,
    here: new Speaker(HERE, here, network),
    there: new Speaker(
      THERE,
      `neighbors: [ { address: ${HERE}, remote-as: internal, timers: { connect-retry: 1 } } ]`,
      network,
    ),
  };
  await two.here.start();
  await two.there.start();
  t.teardown(() => {
    two.here.neighbours.close();
    two.there.neighbours.close();
  });
  clock.advance(2000);
  return two;
}

const isUp = ({ here }: Two): boolean => here.neighbours.find(THERE)?.isEstablished ?? false;

function announce({ there, clock }: Two, from: number, to: number): void {
  for (let n = from; n <= to; n++) there.announce(n);
  clock.advance(100);
}

t.test('RFC 4271 section 6.7: a warning at the share asked for, once, until it is over', async (t) => {
  const fabric = await two(t, limited(', action: restart'));
  announce(fabric, 1, 7);
  t.equal(fabric.here.problems.size, 0);
  announce(fabric, 8, 8);
  t.match(fabric.here.problems.get(`neighbor ${THERE}`), /75% of its maximum-prefix of 10/);
  announce(fabric, 9, 10);
  t.ok(isUp(fabric), 'as many as the limit are fine');
  for (let n = 5; n <= 10; n++) fabric.there.withdraw(n);
  fabric.clock.advance(100);
  t.equal(fabric.here.problems.size, 0);
});

t.test(
  'RFC 4486 section 4: Cease/1 with family and limit; the routes go; it restarts after the time',
  async (t) => {
    const fabric = await two(t, limited(', restart-minutes: 2'));
    const { here, there, clock } = fabric;
    announce(fabric, 1, 11);
    t.notOk(isUp(fabric));
    t.equal(here.receivedFrom(THERE), 0, 'its routes are gone');
    const { lastReset } = there.neighbour(HERE).peer.statistics;
    t.match(lastReset, { origin: 'received', notification: { code: 6 } });
    t.match(Buffer.from(lastReset?.notification?.data ?? []).toString('hex'), /0019460000000a$/);
    t.match(here.problems.get(`neighbor ${THERE}`), /announced 11 routes, its maximum-prefix is 10/);
    const view = neighbourView(here.neighbour(THERE), {
      ...here,
      identity: {
        router: here.config.router,
        gracefulRestart: here.config.gracefulRestart,
        hostName: '',
        softwareVersion: '',
      },
      restart: { restarting: false, deferral: undefined },
    });
    t.match(view, {
      state: 'Idle',
      reason: /announced 11 routes, maximum-prefix is 10: kept down for 1\d\d s more/,
      maximumPrefix: { limit: 10, action: 'restart', exceeded: true },
    });
    clock.advance(60_000);
    t.notOk(isUp(fabric), 'still down after one minute, whatever the peer tries');
    for (let n = 6; n <= 11; n++) there.withdraw(n);
    clock.advance(90_000);
    t.ok(isUp(fabric));
    t.equal(here.receivedFrom(THERE), 5);
    t.equal(here.problems.size, 0);
  },
);

t.test('restart: a peer that still announces too much is ended again', async (t) => {
  const fabric = await two(t, limited(', restart-minutes: 1'));
  announce(fabric, 1, 11);
  fabric.clock.advance(200_000);
  t.notOk(isUp(fabric));
  t.ok(fabric.here.neighbour(THERE).peer.statistics.establishedCount >= 2);
});

t.test('shutdown: it stays down until it is cleared', async (t) => {
  const fabric = await two(t, limited(', action: shutdown'));
  announce(fabric, 1, 12);
  fabric.clock.advance(86_400_000);
  t.notOk(isUp(fabric));
  t.match(fabric.here.neighbour(THERE).limit.reason, /until it is cleared/);
  for (let n = 6; n <= 12; n++) fabric.there.withdraw(n);
  fabric.here.neighbour(THERE).clear();
  fabric.clock.advance(200_000);
  t.ok(isUp(fabric));
});

t.test('warn: the routes are taken, however many', async (t) => {
  const fabric = await two(t, limited(', action: warn'));
  announce(fabric, 1, 30);
  t.ok(isUp(fabric));
  t.equal(fabric.here.receivedFrom(THERE), 30);
  t.equal(fabric.here.problems.size, 1);
});

t.test(
  'another limit counts at once: a lower one ends the session, a higher one lets it come up',
  async (t) => {
    const fabric = await two(t, limited(', action: warn'));
    announce(fabric, 1, 9);
    fabric.here.reconfigure(HERE, limited(', action: shutdown').replace('limit: 10', 'limit: 5'));
    fabric.clock.advance(100);
    t.notOk(isUp(fabric));
    fabric.here.reconfigure(HERE, limited(', action: shutdown').replace('limit: 10', 'limit: 50'));
    fabric.clock.advance(200_000);
    t.ok(isUp(fabric));
    t.equal(fabric.here.problems.size, 0);
  },
);

t.test('a dynamic neighbour over its limit is refused until its time is up', async (t) => {
  const fabric = await two(
    t,
    `peer-groups: { g: { remote-as: internal, families: [l2vpn-evpn], maximum-prefix: { limit: 10, restart-minutes: 1 } } }
listen-ranges: [ { prefix: 192.0.2.0/24, peer-group: g } ]`,
  );
  announce(fabric, 1, 11);
  fabric.clock.advance(30_000);
  t.notOk(isUp(fabric), 'it knocked, and was refused');
  t.ok(fabric.here.neighbours.find(THERE)?.limit.holds);
  for (let n = 6; n <= 11; n++) fabric.there.withdraw(n);
  fabric.clock.advance(200_000);
  t.ok(isUp(fabric));
  t.equal(fabric.here.problems.size, 0);
});
