/** What a speaker says of its own restart, and what its peers make of how it went. */
import { FAMILY, type Family } from 'bgp-protocol';
import t from 'tap';
import {
  type GracefulRestartConfig,
  type Negotiated,
  preserves,
  promisesEndOfRib,
} from '../../src/session/index.ts';
import { A, B, World } from './speakers.ts';

const SECOND = 1000;
const FAMILIES: readonly Family[] = [FAMILY.L2VPN_EVPN, FAMILY.RT_CONSTRAINT];
const RESTARTER: GracefulRestartConfig = { restarter: true, restartTimeSeconds: 77, notification: true };
const HELPER: GracefulRestartConfig = { ...RESTARTER, restarter: false };

const capabilityOf = (negotiated: Negotiated | undefined) => negotiated?.gracefulRestart;

t.test('RFC 4724 section 3: a first start offers its families, with neither R nor F bit', async (t) => {
  const world = new World();
  const { b } = await world.pair(
    { gracefulRestart: RESTARTER, families: FAMILIES },
    { families: FAMILIES, gracefulRestart: HELPER },
  );
  world.clock.advance(SECOND);
  t.same(capabilityOf(b.peer.negotiated), {
    type: 'graceful-restart',
    restarting: false,
    notification: true,
    restartTimeSeconds: 77,
    families: FAMILIES.map((family) => ({ family, forwardingPreserved: false })),
  });
});

t.test('RFC 4724 section 3: who only helps offers no family, so that nobody keeps its routes', async (t) => {
  const world = new World();
  const { a, b } = await world.pair({ gracefulRestart: HELPER }, { gracefulRestart: RESTARTER });
  world.clock.advance(SECOND);
  t.same(capabilityOf(b.peer.negotiated)?.families, []);
  t.equal(promisesEndOfRib(b.peer.negotiated!), true, 'it sends End-of-RIB all the same');
  a.peer.abandon();
  world.clock.advance(SECOND);
  t.equal(b.seen.closed[0]?.keepStale, undefined);
});

t.test('RFC 4724 section 4.1: the R bit is in every OPEN until the restart is over', async (t) => {
  const world = new World();
  const restart = { restarting: true, forwardingPreserved: true };
  const a = await world.speaker(A, B, { gracefulRestart: RESTARTER }, { deps: { restart } });
  const b = await world.speaker(B, A, { gracefulRestart: RESTARTER });
  a.peer.start();
  b.peer.start();
  world.clock.advance(SECOND);
  t.match(capabilityOf(b.peer.negotiated), {
    restarting: true,
    families: [{ family: FAMILY.L2VPN_EVPN, forwardingPreserved: true }],
  });
  t.equal(preserves(b.peer.negotiated!, FAMILY.L2VPN_EVPN), true);
  t.equal(preserves(b.peer.negotiated!, FAMILY.RT_CONSTRAINT), false);
  restart.restarting = false;
  b.peer.reset();
  world.clock.advance(30 * SECOND);
  t.equal(capabilityOf(b.peer.negotiated)?.restarting, false);
});

t.test('what this side has said of itself is what was in the OPEN that it sent', async (t) => {
  const world = new World();
  const restart = { restarting: true, forwardingPreserved: true };
  const a = await world.speaker(A, B, { gracefulRestart: RESTARTER }, { deps: { restart } });
  const b = await world.speaker(B, A, { gracefulRestart: RESTARTER });
  b.peer.start();
  a.peer.start();
  while (a.peer.state !== 'OpenSent' && a.peer.state !== 'Established') world.clock.advance(1);
  t.equal(a.peer.state, 'OpenSent');
  restart.restarting = false;
  world.clock.advance(SECOND);
  const { localCapabilities } = a.peer.negotiated!;
  const own = localCapabilities.find(({ type }) => type === 'graceful-restart');
  t.match(own, { restarting: true });
  t.same(own, capabilityOf(b.peer.negotiated));
});

t.test('RFC 4724 section 3: a session that breaks within one run has lost no forwarding state', async (t) => {
  const world = new World();
  const { a, b } = await world.pair({ gracefulRestart: RESTARTER }, { gracefulRestart: RESTARTER });
  world.clock.advance(SECOND);
  a.peer.reset();
  world.clock.advance(30 * SECOND);
  t.match(capabilityOf(b.peer.negotiated), {
    restarting: false,
    families: [{ family: FAMILY.L2VPN_EVPN, forwardingPreserved: true }],
  });
});

t.test('RFC 4724 section 4.2: to go without a word is a restart to the peer', async (t) => {
  const world = new World();
  const { a, b } = await world.pair({ gracefulRestart: RESTARTER }, { gracefulRestart: RESTARTER });
  world.clock.advance(SECOND);
  a.peer.abandon();
  t.equal(a.peer.state, 'Idle');
  world.clock.advance(SECOND);
  t.match(b.seen.closed, [
    { origin: 'transport', keepStale: { families: [FAMILY.L2VPN_EVPN], seconds: 77 } },
  ]);
  t.equal(b.peer.statistics.received.notifications, 0);
  world.clock.advance(300 * SECOND);
  t.equal(a.peer.state, 'Idle', 'and it stays away');
});

t.test('RFC 8538 section 3: to take leave is a hard reset, which keeps nothing', async (t) => {
  const world = new World();
  const { a, b } = await world.pair({ gracefulRestart: RESTARTER }, { gracefulRestart: RESTARTER });
  world.clock.advance(SECOND);
  a.peer.stop({ message: 'evpnd stops' });
  world.clock.advance(SECOND);
  t.match(b.seen.closed, [{ origin: 'received', hardReset: true }]);
  t.equal(b.seen.closed[0]?.keepStale, undefined);
});

for (const moment of ['connecting', 'in OpenSent'] as const) {
  t.test(`to go without a word while ${moment} ends every attempt`, async (t) => {
    const world = new World();
    const a = await world.speaker(A, B, { gracefulRestart: RESTARTER });
    if (moment === 'in OpenSent') {
      await world.network.host(B).listen({ address: B, port: 179 }, () => {});
    }
    a.peer.start();
    world.clock.advance(moment === 'connecting' ? 0 : SECOND);
    t.equal(a.peer.state, moment === 'connecting' ? 'Connect' : 'OpenSent');
    a.peer.abandon();
    world.clock.advance(300 * SECOND);
    t.equal(a.peer.state, 'Idle');
  });
}
