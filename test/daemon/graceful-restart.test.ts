/**
 * Speakers that are killed and begin again, seen by their peers: RFC 4724 section 4.1. On a network in memory and a clock that
 * waits; at every millisecond in between, nobody may miss what is about to come again.
 */
import { FAMILY } from 'bgp-protocol';
import t, { type Test } from 'tap';
import { ManualClock } from '../../src/base/clock.ts';
import { routeTargetOf } from '../../src/evpn/route-targets.ts';
import { MemoryNetwork } from '../../src/session/index.ts';
import { gracefulRestart, Puppet } from './puppet.ts';
import { Record, Speaker } from './speaker.ts';

const REFLECTOR = '192.0.2.100';
const OTHER = '192.0.2.101';
const LEAF1 = '192.0.2.1';
const LEAF2 = '192.0.2.2';
const PEER = '192.0.2.20';

const towards = (address: string, retry = 1, more = ''): string =>
  `  - { address: ${address}, remote-as: internal, timers: { hold: 90, connect-retry: ${retry} }${more} }\n`;
const clients = (
  more = '',
): string => `peer-groups: { g: { remote-as: internal, route-reflector-client: true, timers: { hold: 90 } } }
listen-ranges: [ { prefix: 192.0.2.0/26, peer-group: g } ]\n${more}`;
const leafYaml = (retry = 1): string => `neighbors:\n${towards(REFLECTOR, retry)}`;

class Fabric {
  readonly clock = new ManualClock();
  readonly network = new MemoryNetwork(this.clock);
  readonly speakers = new Map<string, Speaker>();
  readonly records = new Map<string, Record>();

  constructor(t: Test) {
    t.teardown(() => {
      for (const { neighbours } of this.speakers.values()) neighbours.close();
    });
  }

  /** Begins a run at the address, after whatever the run before has left there. */
  async begin(address: string, yaml: string, { learned = true, vnis = [10] } = {}): Promise<Speaker> {
    const record = this.records.get(address) ?? new Record();
    this.records.set(address, record);
    const speaker = new Speaker(address, yaml, this.network, { record });
    this.speakers.set(address, speaker);
    speaker.rib.memberships.setOwn(
      this,
      vnis.map((vni) => routeTargetOf(`65000:${vni}`)),
    );
    await speaker.start({ learned });
    return speaker;
  }

  /** The process dies. What it has written down stays. */
  kill(address: string): void {
    const { neighbours, restart } = this.speakers.get(address)!;
    const before = this.records.get(address)!.left;
    restart.close({ graceful: true });
    neighbours.abandon();
    this.records.get(address)!.left = before;
  }

  /** `holds` at every millisecond until then. */
  async throughout(t: Test, milliseconds: number, what: string, holds: () => boolean): Promise<void> {
    for (let at = 0; at < milliseconds; at++) {
      this.clock.advance(1);
      // Listening takes a turn of the event loop.
      await Promise.resolve();
      if (!holds()) {
        t.fail(`${what}: not after ${at} ms`);
        return;
      }
    }
    t.pass(what);
  }
}

/** A reflector and two leaves with a host each, at rest. */
async function reflected(t: Test): Promise<Fabric> {
  const fabric = new Fabric(t);
  await fabric.begin(REFLECTOR, clients());
  await fabric.begin(LEAF1, leafYaml());
  await fabric.begin(LEAF2, leafYaml());
  fabric.speakers.get(LEAF1)!.announce(1);
  fabric.speakers.get(LEAF2)!.announce(2);
  fabric.clock.advance(5000);
  t.equal(fabric.speakers.get(LEAF1)!.receivedFrom(REFLECTOR), 1);
  t.equal(fabric.speakers.get(LEAF2)!.receivedFrom(REFLECTOR), 1);
  return fabric;
}

t.test('a first start has nothing to wait for, and no R bit', async (t) => {
  const fabric = await reflected(t);
  const leaf = fabric.speakers.get(LEAF1)!;
  t.equal(leaf.restart.restarting, false);
  const { gracefulRestart } = fabric.speakers.get(REFLECTOR)!.neighbour(LEAF1).peer.negotiated!;
  t.match(gracefulRestart, {
    restarting: false,
    families: [
      { family: FAMILY.L2VPN_EVPN, forwardingPreserved: false },
      { family: FAMILY.RT_CONSTRAINT, forwardingPreserved: false },
    ],
  });
  t.same(fabric.records.get(LEAF1)!.left?.peers, [REFLECTOR], 'the next run will know');
  t.same(fabric.records.get(REFLECTOR)!.left?.peers, [LEAF1, LEAF2]);
});

t.test('a leaf that is killed is missed by nobody, and says so until it has told all', async (t) => {
  const fabric = await reflected(t);
  const leaf2 = fabric.speakers.get(LEAF2)!;
  const reflector = fabric.speakers.get(REFLECTOR)!;
  fabric.kill(LEAF1);
  const holds = () => leaf2.receivedFrom(REFLECTOR) === 1;
  await fabric.throughout(t, 5000, 'while it is gone', holds);
  const leaf1 = await fabric.begin(LEAF1, leafYaml(), { learned: false });
  t.equal(leaf1.restart.restarting, true);
  await fabric.throughout(t, 5000, 'while it does not know what is behind its ports', holds);
  t.ok(reflector.neighbour(LEAF1).isEstablished);
  t.match(reflector.neighbour(LEAF1).peer.negotiated!.gracefulRestart, {
    restarting: true,
    families: [{ forwardingPreserved: true }, { forwardingPreserved: true }],
  });
  t.notOk(reflector.neighbour(LEAF1).endOfRibSeen, 'it must not end before it has told all');
  t.match(leaf1.restart.deferral, { awaited: [] });
  leaf1.announce(1);
  leaf1.restart.learned();
  await fabric.throughout(t, 5000, 'when it tells', holds);
  t.ok(reflector.neighbour(LEAF1).endOfRibSeen);
  t.equal(leaf1.restart.restarting, false);
  t.equal(leaf1.receivedFrom(REFLECTOR), 1);
});

t.test('what a leaf does not have any more goes with its End-of-RIB', async (t) => {
  const fabric = await reflected(t);
  fabric.speakers.get(LEAF1)!.announce(3);
  fabric.clock.advance(1000);
  const leaf2 = fabric.speakers.get(LEAF2)!;
  t.equal(leaf2.receivedFrom(REFLECTOR), 2);
  fabric.kill(LEAF1);
  const leaf1 = await fabric.begin(LEAF1, leafYaml());
  leaf1.announce(3);
  fabric.clock.advance(10_000);
  t.equal(leaf2.receivedFrom(REFLECTOR), 1);
});

t.test('a reflector tells nobody that this is all before it has heard all of its clients', async (t) => {
  const fabric = await reflected(t);
  fabric.kill(LEAF2);
  const [leaf1, record] = [fabric.speakers.get(LEAF1)!, fabric.records.get(REFLECTOR)!];
  t.same(record.left?.peers, [LEAF1, LEAF2]);
  fabric.kill(REFLECTOR);
  // The record says that both were there: one of them comes late.
  record.left = { peers: [LEAF1, LEAF2], sameKernel: true };
  const reflector = await fabric.begin(REFLECTOR, clients());
  const holds = () => leaf1.receivedFrom(REFLECTOR) === 1;
  await fabric.throughout(t, 20_000, 'the route of leaf2 stays while leaf2 is away', holds);
  t.ok(reflector.neighbour(LEAF1).isEstablished);
  t.same(reflector.restart.deferral?.awaited, [LEAF2]);
  t.notOk(leaf1.neighbour(REFLECTOR).endOfRibSeen);
  const leaf2 = await fabric.begin(LEAF2, leafYaml());
  leaf2.announce(2);
  await fabric.throughout(t, 10_000, 'and when it comes', holds);
  t.equal(reflector.restart.restarting, false);
  t.ok(leaf1.neighbour(REFLECTOR).endOfRibSeen);
  t.equal(leaf2.receivedFrom(REFLECTOR), 1);
});

t.test(
  'RFC 4724 section 4.1: the Selection_Deferral_Timer ends the wait for one that never comes',
  async (t) => {
    const fabric = await reflected(t);
    const leaf1 = fabric.speakers.get(LEAF1)!;
    fabric.kill(LEAF2);
    fabric.kill(REFLECTOR);
    fabric.records.get(REFLECTOR)!.left = { peers: [LEAF1, LEAF2], sameKernel: true };
    const reflector = await fabric.begin(REFLECTOR, clients('graceful-restart: { select-defer-time: 30 }\n'));
    await fabric.throughout(t, 29_000, 'until then', () => leaf1.receivedFrom(REFLECTOR) === 1);
    t.equal(Math.ceil(reflector.restart.deferral!.remainingSeconds), 1);
    fabric.clock.advance(2000);
    t.equal(leaf1.receivedFrom(REFLECTOR), 0);
    t.equal(reflector.restart.deferral, undefined);
    t.ok(reflector.log.records.some(({ fields }) => JSON.stringify(fields.missing) === `["${LEAF2}"]`));
  },
);

t.test(
  'a reflector connects to clients of a listen range that wait for it, as helpers of FRR do',
  async (t) => {
    const fabric = await reflected(t);
    const leaf1 = fabric.speakers.get(LEAF1)!;
    leaf1.reconfigure(LEAF1, leafYaml().replace('} }', '}, passive: true }'));
    fabric.kill(REFLECTOR);
    fabric.kill(LEAF2);
    fabric.records.get(REFLECTOR)!.left = { peers: [LEAF1, LEAF2], sameKernel: true };
    const reflector = await fabric.begin(REFLECTOR, clients());
    const holds = () => leaf1.receivedFrom(REFLECTOR) === 1;
    await fabric.throughout(t, 20_000, 'leaf1 waits, and loses nothing', holds);
    t.ok(reflector.neighbour(LEAF1).isEstablished);
    t.ok(reflector.neighbour(LEAF1).dynamic);
    t.notOk(reflector.neighbour(LEAF2).isEstablished, 'the other one is tried');
    fabric.clock.advance(60_000);
    t.equal(reflector.neighbours.find(LEAF2), undefined, 'but not for ever');
    t.ok(reflector.neighbour(LEAF1).isEstablished);
    fabric.kill(LEAF1);
    fabric.clock.advance(121_000);
    t.equal(reflector.neighbours.find(LEAF1), undefined, 'a dynamic neighbour goes with its session');
  },
);

t.test('all restart at once: nobody waits for one that waits itself', async (t) => {
  const fabric = await reflected(t);
  for (const address of [REFLECTOR, LEAF1, LEAF2]) fabric.kill(address);
  const reflector = await fabric.begin(REFLECTOR, clients());
  const leaf1 = await fabric.begin(LEAF1, leafYaml());
  const leaf2 = await fabric.begin(LEAF2, leafYaml());
  leaf1.announce(1);
  leaf2.announce(2);
  fabric.clock.advance(10_000);
  for (const { restart } of [reflector, leaf1, leaf2]) t.equal(restart.restarting, false);
  t.equal(leaf1.receivedFrom(REFLECTOR), 1);
  t.equal(leaf2.receivedFrom(REFLECTOR), 1);
});

t.test('who dies a moment after a peer of it still knows who keeps its routes', async (t) => {
  const fabric = await reflected(t);
  const leaf1 = fabric.speakers.get(LEAF1)!;
  const holds = () => leaf1.receivedFrom(REFLECTOR) === 1;
  fabric.kill(LEAF2);
  await fabric.throughout(t, 2000, 'while leaf2 is away', holds);
  fabric.kill(REFLECTOR);
  t.same(fabric.records.get(REFLECTOR)!.left?.peers, [LEAF1, LEAF2]);
  t.same(fabric.records.get(LEAF1)!.left?.peers, [REFLECTOR]);
  const reflector = await fabric.begin(REFLECTOR, clients());
  await fabric.throughout(t, 10_000, 'and while the reflector waits for it', holds);
  t.same(reflector.restart.deferral?.awaited, [LEAF2]);
  const leaf2 = await fabric.begin(LEAF2, leafYaml());
  leaf2.announce(2);
  await fabric.throughout(t, 10_000, 'and when it is back', holds);
  t.equal(reflector.restart.restarting, false);
  fabric.kill(LEAF2);
  fabric.clock.advance(121_000);
  t.same(fabric.records.get(REFLECTOR)!.left?.peers, [LEAF1], 'one that is gone for good is forgotten');
});

t.test('two kills in a row: the second run knows as much as the first', async (t) => {
  const fabric = await reflected(t);
  const leaf2 = fabric.speakers.get(LEAF2)!;
  const holds = () => leaf2.receivedFrom(REFLECTOR) === 1;
  fabric.kill(LEAF1);
  await fabric.begin(LEAF1, leafYaml(), { learned: false });
  fabric.kill(LEAF1);
  const again = await fabric.begin(LEAF1, leafYaml());
  again.announce(1);
  t.equal(again.restart.restarting, true);
  await fabric.throughout(t, 10_000, 'nobody misses it', holds);
  t.equal(again.restart.restarting, false);
});

t.test('memberships of a client (RFC 4684) are known to the other reflector all the while', async (t) => {
  const fabric = new Fabric(t);
  const first = clients(`neighbors:\n${towards(OTHER)}`);
  await fabric.begin(REFLECTOR, first, { vnis: [] });
  await fabric.begin(OTHER, clients(`neighbors:\n${towards(REFLECTOR)}`), { vnis: [] });
  const leaf1 = await fabric.begin(LEAF1, leafYaml(20));
  const leaf2 = await fabric.begin(LEAF2, `neighbors:\n${towards(OTHER)}`);
  leaf2.announce(2);
  fabric.clock.advance(30_000);
  t.equal(leaf1.receivedFrom(REFLECTOR), 1, 'from a client of the other reflector');
  fabric.kill(REFLECTOR);
  // leaf1 connects again long after the other reflector does.
  const again = await fabric.begin(REFLECTOR, first, { vnis: [] });
  await fabric.throughout(t, 30_000, 'leaf1 keeps the route', () => leaf1.receivedFrom(REFLECTOR) === 1);
  t.equal(again.restart.restarting, false);
  t.ok(leaf1.neighbour(REFLECTOR).endOfRibSeen);
});

/** A speaker that follows a run with one peer, and that peer. */
async function afterRestart(
  t: Test,
  capability: Parameters<typeof gracefulRestart>[0] | 'none',
  { hasRestarted = false, more = ', route-reflector-client: true' } = {},
) {
  const fabric = new Fabric(t);
  const record = new Record();
  record.save([PEER]);
  fabric.records.set(LEAF1, record);
  const yaml = `neighbors: [ { address: ${PEER}, remote-as: internal, families: [l2vpn-evpn], passive: true${more} } ]`;
  const here = await fabric.begin(LEAF1, yaml);
  const capabilities =
    capability === 'none' ? [] : [{ ...gracefulRestart(capability), restarting: hasRestarted }];
  const peer = new Puppet(fabric.network, fabric.clock, [PEER, LEAF1], { capabilities });
  t.ok(here.neighbour(PEER).isEstablished);
  return { fabric, here, peer };
}

t.test('RFC 4724 section 4.1: a peer without the capability is not waited for', async (t) => {
  const { here } = await afterRestart(t, 'none');
  t.equal(here.restart.restarting, false);
});

t.test('RFC 4724 section 4.1: nor is one that has itself restarted, but for a moment', async (t) => {
  const { fabric, here } = await afterRestart(t, true, { hasRestarted: true });
  t.same(here.restart.deferral?.awaited, []);
  t.equal(here.restart.restarting, true);
  fabric.clock.advance(5000);
  t.equal(here.restart.restarting, false);
});

t.test('one that has itself restarted and waits for nobody is heard', async (t) => {
  const { here, peer } = await afterRestart(t, true, { hasRestarted: true });
  peer.announce([2]);
  peer.endOfRib();
  t.equal(here.restart.restarting, false);
});

t.test('who passes nothing on announces at once what is behind its ports', async (t) => {
  const { fabric, here, peer } = await afterRestart(t, true, { more: '' });
  here.announce(1);
  fabric.clock.advance(100);
  t.ok(peer.endOfRibHeard);
  t.equal(here.restart.restarting, true, 'it has not heard yet what it had been told');
  peer.endOfRib();
  t.equal(here.restart.restarting, false);
});

for (const capability of [true, false, 'absent'] as const) {
  t.test(`RFC 4724 section 4.1: any other is (F bit ${capability})`, async (t) => {
    const { fabric, here, peer } = await afterRestart(t, capability);
    here.announce(1);
    fabric.clock.advance(10_000);
    t.equal(here.restart.restarting, true);
    t.ok(peer.heard.includes(2), 'what is its own is announced');
    t.notOk(peer.endOfRibHeard);
    peer.endOfRib();
    t.equal(here.restart.restarting, false);
    fabric.clock.advance(100);
    t.ok(peer.endOfRibHeard);
  });
}

t.test('a peer that is not configured any more, or shut down, is not waited for', async (t) => {
  const fabric = new Fabric(t);
  const record = new Record();
  record.save([PEER, OTHER]);
  fabric.records.set(LEAF1, record);
  const yaml = `neighbors: [ { address: ${PEER}, remote-as: internal, shutdown: true } ]`;
  const here = await fabric.begin(LEAF1, yaml);
  fabric.clock.settle();
  t.equal(here.restart.restarting, false);
});

t.test(
  'the forwarding state of another kernel is not claimed, and a run without sessions is none',
  async (t) => {
    const fabric = new Fabric(t);
    const record = new Record();
    fabric.records.set(LEAF1, record);
    record.left = { peers: [REFLECTOR], sameKernel: false };
    const elsewhere = await fabric.begin(LEAF1, leafYaml());
    t.match(elsewhere.restart, { restarting: true, forwardingPreserved: false });
    elsewhere.neighbours.close();
    record.left = { peers: [], sameKernel: true };
    const first = await fabric.begin(LEAF1, leafYaml());
    t.match(first.restart, { restarting: false, forwardingPreserved: false });
  },
);

t.test('a helper leaves nothing for the next run, and is not asked to be kept', async (t) => {
  const fabric = new Fabric(t);
  const helper = 'graceful-restart: { mode: helper }\n';
  const reflector = await fabric.begin(REFLECTOR, clients());
  const leaf = await fabric.begin(LEAF1, `${helper}${leafYaml()}`);
  leaf.announce(1);
  fabric.clock.advance(5000);
  t.equal(fabric.records.get(LEAF1)!.left, undefined);
  t.equal(reflector.receivedFrom(LEAF1), 1);
  fabric.kill(LEAF1);
  fabric.clock.advance(100);
  t.equal(reflector.receivedFrom(LEAF1), 0);
});

t.test('who takes leave leaves nothing; who means to come back leaves a record', async (t) => {
  for (const graceful of [false, true]) {
    const fabric = await reflected(t);
    const { restart } = fabric.speakers.get(LEAF1)!;
    restart.close({ graceful });
    t.same(fabric.records.get(LEAF1)!.left?.peers, graceful ? [REFLECTOR] : undefined);
  }
});
