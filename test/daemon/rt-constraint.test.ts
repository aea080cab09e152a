/** Route target constraint between whole speakers over a network in memory, on a clock that waits. */
import { encodeRoute, FAMILY } from 'bgp-protocol';
import t, { type Test } from 'tap';
import { ManualClock } from '../../src/base/clock.ts';
import { recordingLogger } from '../../src/base/log.ts';
import { routeTargetOf } from '../../src/evpn/route-targets.ts';
import { MemoryNetwork, Peer } from '../../src/session/index.ts';
import { membershipUpdates } from '../rib/kit.ts';
import { Speaker } from './speaker.ts';

const REFLECTOR = '192.0.2.100';
const SECOND = '192.0.2.101';
const CLIENTS = `peer-groups: { g: { remote-as: internal, route-reflector-client: true } }
listen-ranges: [ { prefix: 192.0.2.0/26, peer-group: g } ]`;
const towards = (address: string, more = ''): string =>
  `  - { address: ${address}, remote-as: internal, timers: { connect-retry: 1 }${more} }\n`;
const leafYaml = (more = ''): string => `neighbors:\n${towards(REFLECTOR, more)}`;
const WITHOUT = ', families: [l2vpn-evpn]';

const membership = (vni: number): Uint8Array =>
  encodeRoute(FAMILY.RT_CONSTRAINT, {
    lengthBits: 96,
    originAutonomousSystem: 65000,
    routeTarget: `65000:${vni}`,
  });

class Fabric {
  readonly clock = new ManualClock();
  readonly network = new MemoryNetwork(this.clock);
  readonly speakers: Speaker[] = [];
  readonly t: Test;

  constructor(t: Test) {
    this.t = t;
    t.teardown(() => {
      for (const { neighbours } of this.speakers) neighbours.close();
    });
  }

  async add(address: string, yaml: string, vnis: readonly number[] = []): Promise<Speaker> {
    const speaker = new Speaker(address, yaml, this.network);
    this.speakers.push(speaker);
    this.wants(speaker, vnis);
    await speaker.start();
    this.settle();
    return speaker;
  }

  wants(speaker: Speaker, vnis: readonly number[]): void {
    speaker.rib.memberships.setOwn(
      this,
      vnis.map((vni) => routeTargetOf(`65000:${vni}`)),
    );
  }

  settle(): void {
    this.clock.advance(3000);
  }
}

t.test(
  'RFC 4684 section 5: a leaf is told the routes of the targets that it asks for, as that changes',
  async (t) => {
    const fabric = new Fabric(t);
    const reflector = await fabric.add(REFLECTOR, CLIENTS);
    const source = await fabric.add('192.0.2.1', leafYaml());
    const leaf = await fabric.add('192.0.2.2', leafYaml(), [10]);
    for (let n = 0; n < 30; n++) source.announce(n, 10 + (n % 3));
    fabric.settle();
    t.equal(reflector.receivedFrom('192.0.2.1'), 30, 'a reflector asks its clients for everything');
    t.equal(leaf.receivedFrom(REFLECTOR), 10);

    fabric.wants(leaf, [10, 11]);
    fabric.settle();
    t.equal(leaf.receivedFrom(REFLECTOR), 20);
    fabric.wants(leaf, [12]);
    fabric.settle();
    t.equal(leaf.receivedFrom(REFLECTOR), 10, 'what it does not ask for any more is withdrawn');

    source.withdraw(2, 12);
    source.announce(100, 12);
    source.announce(101, 10);
    fabric.settle();
    t.equal(leaf.receivedFrom(REFLECTOR), 10);
    const { group, out } = reflector.neighbour('192.0.2.2').attachment!;
    t.equal(group.advertisedCount(out), 10);
    t.equal([...group.advertised(out)].length, 10);
  },
);

t.test(
  'a peer without the family is told everything, and a reflector of such peers asks for everything',
  async (t) => {
    const fabric = new Fabric(t);
    const both = `${CLIENTS}\nneighbors:\n`;
    const reflector = await fabric.add(REFLECTOR, both + towards(SECOND));
    const second = await fabric.add(SECOND, both + towards(REFLECTOR));
    const source = await fabric.add('192.0.2.1', leafYaml());
    for (let n = 0; n < 30; n++) source.announce(n, 10 + (n % 3));
    const leaf = await fabric.add('192.0.2.2', leafYaml().replace(REFLECTOR, SECOND), [10]);
    t.equal(reflector.receivedFrom('192.0.2.1'), 30);
    t.equal(second.receivedFrom(REFLECTOR), 10, 'RFC 4684 section 3.2: asked for on behalf of a client');
    t.equal(leaf.receivedFrom(SECOND), 10);

    const old = await fabric.add('192.0.2.3', leafYaml(WITHOUT).replace(REFLECTOR, SECOND));
    fabric.settle();
    t.equal(second.receivedFrom(REFLECTOR), 30);
    t.equal(old.receivedFrom(SECOND), 30);
    t.equal(leaf.receivedFrom(SECOND), 10);
    old.neighbours.close();
    fabric.settle();
    t.equal(second.receivedFrom(REFLECTOR), 10);
    fabric.wants(leaf, [11, 12]);
    fabric.settle();
    t.equal(leaf.receivedFrom(SECOND), 20);
    leaf.neighbours.close();
    fabric.settle();
    t.equal(second.receivedFrom(REFLECTOR), 0, 'nobody asks any more');
  },
);

t.test('inside an AS only: an external peer is not asked and is told everything', async (t) => {
  const fabric = new Fabric(t);
  const external = (address: string): string =>
    `neighbors:\n${towards(address).replace('internal', 'external')}`;
  const here = await fabric.add('192.0.2.1', external('192.0.2.2'), [10]);
  const there = new Speaker('192.0.2.2', external('192.0.2.1'), fabric.network, { asn: 65001 });
  fabric.speakers.push(there);
  await there.start();
  fabric.settle();
  t.same(here.neighbour('192.0.2.2').peer.negotiated?.families, [FAMILY.L2VPN_EVPN]);
  here.announce(1, 77);
  fabric.settle();
  t.equal(there.receivedFrom('192.0.2.1'), 1);
});

/** A peer with the family that says nothing by itself. Counts the UPDATEs that it gets. */
function silentPeer(t: Test, { clock, network }: Fabric): { readonly peer: Peer; updates: number } {
  const silent = {
    updates: 0,
    peer: new Peer(
      {
        address: REFLECTOR,
        localAs: 65000,
        remoteAs: 65000,
        routerId: '192.0.2.9',
        families: [FAMILY.L2VPN_EVPN, FAMILY.RT_CONSTRAINT],
      },
      { clock, log: recordingLogger(), random: () => 0.5, transport: network.host('192.0.2.9') },
      {
        established: () => {},
        update: () => {
          silent.updates++;
          return undefined;
        },
        routeRefresh: () => {},
        writable: () => {},
        closed: () => {},
        stateChanged: () => {},
      },
    ),
  };
  silent.peer.start();
  t.teardown(() => silent.peer.stop());
  clock.advance(3000);
  t.ok(silent.peer.negotiated);
  t.equal(silent.updates, 2, 'the default membership, and its End-of-RIB');
  return silent;
}

t.test(
  'RFC 4684 section 6: no route before the End-of-RIB of the memberships, but after 60 s at the latest',
  async (t) => {
    const fabric = new Fabric(t);
    const reflector = await fabric.add(REFLECTOR, CLIENTS);
    reflector.announce(1);
    const silent = silentPeer(t, fabric);
    fabric.clock.advance(50_000);
    t.equal(silent.updates, 2);
    fabric.clock.advance(10_000);
    t.equal(silent.updates, 3, 'the End-of-RIB of the routes, none of which it has asked for');
  },
);

t.test('memberships without an End-of-RIB are taken for all when no other has come for 2 s', async (t) => {
  const fabric = new Fabric(t);
  const reflector = await fabric.add(REFLECTOR, CLIENTS);
  reflector.announce(1, 10);
  const silent = silentPeer(t, fabric);
  silent.peer.write(membershipUpdates(true, [membership(10)]));
  fabric.clock.advance(1500);
  silent.peer.write(membershipUpdates(true, [membership(11)]));
  fabric.clock.advance(1500);
  t.equal(silent.updates, 2);
  fabric.clock.advance(1000);
  t.equal(silent.updates, 4, 'the route, and its End-of-RIB');
  silent.peer.write(membershipUpdates(false, [membership(10)]));
  fabric.clock.advance(100);
  t.equal(silent.updates, 5, 'withdrawn, for it is not asked for any more');
});

t.test('a session that ends takes its memberships along, and brings them back', async (t) => {
  const fabric = new Fabric(t);
  const reflector = await fabric.add(REFLECTOR, CLIENTS);
  const leaf = await fabric.add('192.0.2.2', leafYaml(), [10, 11]);
  const source = await fabric.add('192.0.2.1', leafYaml());
  for (let n = 0; n < 30; n++) source.announce(n, 10 + (n % 3));
  fabric.settle();
  t.same(
    [...reflector.rib.memberships.views()].map(({ sources }) => sources.length),
    [1, 1],
  );
  leaf.neighbour(REFLECTOR).peer.reset();
  fabric.clock.advance(10);
  t.same([...reflector.rib.memberships.views()], []);
  fabric.clock.advance(30_000);
  t.equal(reflector.rib.memberships.received(reflector.neighbour('192.0.2.2').source!), 2);
  t.equal(leaf.receivedFrom(REFLECTOR), 20);
});
