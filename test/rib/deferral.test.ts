/** RFC 4724 section 4.1: a speaker that has restarted defers its selection, and with it its End-of-RIB. */
import t from 'tap';
import type { Rib, SourceId } from '../../src/rib/index.ts';
import { blockOf, feed, ibgp, macIp, newRib, ReadingPeer, updates } from './kit.ts';

const CLIENTS = { kind: 'ibgp', client: true } as const;

const announce = (rib: Rib, source: SourceId, hosts: readonly number[]): void =>
  feed(
    rib,
    source,
    updates(
      blockOf({ nextHop: '10.0.0.9' }),
      hosts.map((host) => macIp(host).nlri),
    ),
  );

const withdraw = (rib: Rib, source: SourceId, hosts: readonly number[]): void =>
  feed(
    rib,
    source,
    updates(
      undefined,
      hosts.map((host) => macIp(host).nlri),
    ),
  );

function originate(rib: Rib, host: number): void {
  const { key, payload } = macIp(host);
  rib.originate(key, payload, blockOf({ nextHop: '10.0.0.1' }));
}

function scene() {
  const { rib, clock } = newRib();
  rib.deferSelection();
  const from = rib.addSource(ibgp(9));
  const join = (last: number) => {
    const peer = new ReadingPeer(rib.addSource(ibgp(last)));
    rib.group(CLIENTS).join(peer);
    return peer;
  };
  return { rib, clock, from, join };
}

t.test('own routes go out at once; those of peers wait, and so does End-of-RIB', async (t) => {
  const { rib, clock, from, join } = scene();
  const early = join(31);
  announce(rib, from, [1, 2, 3]);
  originate(rib, 100);
  clock.settle();
  const late = join(32);
  clock.settle();
  for (const peer of [early, late]) {
    t.same(peer.events, ['announce']);
    t.notOk(rib.group(CLIENTS).endOfRibSent(peer));
  }
  rib.select();
  clock.settle();
  for (const peer of [early, late]) {
    t.same(peer.events, ['announce', 'announce', 'announce', 'announce', 'end-of-rib']);
    t.equal(peer.repeated, 0);
    t.ok(rib.group(CLIENTS).endOfRibSent(peer));
  }
});

t.test('there is nothing to select for a second time', async (t) => {
  const { rib, clock, from, join } = scene();
  join(31);
  announce(rib, from, [1, 2]);
  rib.select();
  t.not(clock.next, undefined, 'work is waiting');
  clock.settle();
  rib.select();
  t.equal(clock.next, undefined, 'none is');
});

t.test('what comes and goes meanwhile is never told of', async (t) => {
  const { rib, clock, from, join } = scene();
  const peer = join(31);
  announce(rib, from, [1, 2]);
  clock.settle();
  withdraw(rib, from, [1]);
  rib.sourceDown(from);
  clock.settle();
  announce(rib, from, [3]);
  clock.settle();
  rib.select();
  clock.settle();
  t.same(peer.events, ['announce', 'end-of-rib']);
  t.equal(peer.routes.size, 1);
  t.equal(peer.needless, 0);
});

t.test('afterwards everything goes as ever, for peers that join then as well', async (t) => {
  const { rib, clock, from, join } = scene();
  const peer = join(31);
  clock.settle();
  rib.select();
  clock.settle();
  t.same(peer.events, ['end-of-rib']);
  announce(rib, from, [1]);
  clock.settle();
  const late = join(32);
  clock.settle();
  t.same(peer.events, ['end-of-rib', 'announce']);
  t.same(late.events, ['announce', 'end-of-rib']);
  withdraw(rib, from, [1]);
  clock.settle();
  t.equal(peer.routes.size + late.routes.size, 0);
});
