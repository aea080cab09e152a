/** How changes reach peers: packed, shared, in slices, bounded for the slow, complete for the late. */
import { type CodecContext, DEFAULT_CONTEXT } from 'bgp-protocol';
import t from 'tap';
import type { OutPeer, Rib, SourceId } from '../../src/rib/index.ts';
import {
  blockOf,
  feed,
  hex,
  ibgp,
  imet,
  macIp,
  newRib,
  type PathSpec,
  ReadingPeer,
  routeOf,
  StepClock,
  updates,
} from './kit.ts';

const CLIENTS = { kind: 'ibgp', client: true } as const;

function feedMany(rib: Rib, source: SourceId, from: number, to: number, spec: PathSpec | undefined): void {
  const nlri = Array.from({ length: to - from }, (_, i) => macIp(from + i).nlri);
  feed(rib, source, updates(spec && blockOf(spec), nlri));
}

function join(
  rib: Rib,
  last: number,
  context: CodecContext = DEFAULT_CONTEXT,
  enhanced = false,
): ReadingPeer {
  const peer = new ReadingPeer(rib.addSource(ibgp(last)), context, enhanced);
  rib.group(CLIENTS).join(peer);
  return peer;
}

const known = (peer: ReadingPeer): string => JSON.stringify([...peer.routes].sort());

t.test('routes with one attribute block go out in as few UPDATEs as fit, the same octets to all', (t) => {
  const { rib, clock } = newRib();
  const [a, b] = [join(rib, 31), join(rib, 32)];
  const sources = [rib.addSource(ibgp(11)), rib.addSource(ibgp(12))];
  clock.settle();
  t.same(a.events, ['end-of-rib'], 'RFC 4724 section 2: also for an empty table');
  // Blocks and sources alternate route by route.
  for (let n = 0; n < 400; n += 4) {
    feedMany(rib, sources[0]!, n, n + 1, {});
    feedMany(rib, sources[1]!, n + 1, n + 2, {});
    feedMany(rib, sources[0]!, n + 2, n + 3, { localPreference: 7 });
    feedMany(rib, sources[1]!, n + 3, n + 4, { localPreference: 7 });
  }
  clock.settle();
  t.equal(a.announced, 400);
  t.equal(a.messages, 1 + 4 * Math.ceil((100 * 35) / 4000), 'one message for each block of each source');
  t.ok(a.buffers.length > 1 && a.buffers.slice(1).every((buffer, i) => buffer === b.buffers[i + 1]));
  t.equal(known(a), known(b));
  feedMany(rib, sources[0]!, 0, 1, {});
  clock.settle();
  t.equal(a.announced, 400, 'what did not change is not sent again');
  feedMany(rib, sources[0]!, 0, 1, undefined);
  clock.settle();
  t.equal(a.routes.size, 399);
  t.end();
});

t.test('a route is not told back to its source; when the best moves there, it is withdrawn from it', (t) => {
  const { rib, clock } = newRib();
  const [a, b, c] = [join(rib, 31), join(rib, 32), join(rib, 33)];
  feedMany(rib, a.source, 0, 1, { localPreference: 100 });
  clock.settle();
  t.same([a.routes.size, b.routes.size, c.routes.size], [0, 1, 1]);
  feedMany(rib, b.source, 0, 1, { localPreference: 200 });
  clock.settle();
  t.same([a.routes.size, b.routes.size, c.routes.size], [1, 0, 1]);
  feedMany(rib, b.source, 0, 1, undefined);
  clock.settle();
  t.same([a.routes.size, b.routes.size, c.routes.size], [0, 1, 1]);
  t.same([a.needless, b.needless, c.needless], [0, 0, 0]);
  t.equal(rib.group(CLIENTS).outOfStep, 0);
  t.end();
});

t.test('peers read messages in the form that they negotiated, in one group', (t) => {
  const { rib, clock } = newRib();
  const narrow = { ...DEFAULT_CONTEXT, fourOctetAs: false };
  const wide = { ...DEFAULT_CONTEXT, extendedMessage: true };
  const peers = [join(rib, 31), join(rib, 32, narrow), join(rib, 33, wide)];
  feedMany(rib, rib.addSource(ibgp(11)), 0, 1000, { asPath: [4_200_000_000, 65001] });
  clock.settle();
  const [plain, two, extended] = peers as [ReadingPeer, ReadingPeer, ReadingPeer];
  t.equal(plain.routes.size, 1000);
  t.equal(known(two), known(plain), 'RFC 6793: AS4_PATH carries what two octets cannot');
  t.equal(known(extended), known(plain));
  t.ok(extended.messages < plain.messages / 4, 'RFC 8654: longer messages, fewer of them');
  t.equal(rib.group(CLIENTS).routes, 1000);
  t.end();
});

t.test(
  'a peer that stops reading costs bitmaps, and gets the last state of each route when it reads on',
  (t) => {
    const { rib, clock } = newRib();
    const [fast, slow] = [join(rib, 31), join(rib, 32)];
    const source = rib.addSource(ibgp(11));
    feedMany(rib, source, 0, 2000, {});
    clock.settle();
    slow.congested = true;
    feedMany(rib, source, 0, 1, { localPreference: 1 });
    clock.settle();
    const taken = slow.buffers.length;
    for (let round = 0; round < 20; round++) {
      feedMany(rib, source, 0, 2000, { localPreference: 200 + round });
      feedMany(rib, source, 2000 + round, 2001 + round, {});
      feedMany(rib, source, 2000 + round, 2001 + round, undefined);
      clock.advance(1000);
    }
    t.equal(slow.buffers.length, taken, 'nothing is queued for it');
    t.equal(fast.announced, 2001 + 20 * 2000, 'nobody else waits');
    t.equal(rib.group(CLIENTS).outOfStep, 1);
    t.ok(rib.group(CLIENTS).memoryOctets < 200_000, 'bounded by the table, not by the changes');
    slow.congested = false;
    rib.group(CLIENTS).resume(slow);
    clock.settle();
    t.equal(known(slow), known(fast));
    t.equal(slow.announced, 2001 + 2000, 'twenty changes are one');
    t.equal(slow.needless, 0);
    t.equal(rib.group(CLIENTS).outOfStep, 0);
    feedMany(rib, source, 0, 10, undefined);
    clock.settle();
    t.equal(slow.buffers.at(-1), fast.buffers.at(-1), 'in step again, it shares buffers');
    t.end();
  },
);

t.test('a group waits a moment for a hiccup, and not again for the same peer', (t) => {
  const { rib, clock } = newRib();
  const [fast, slow] = [join(rib, 31), join(rib, 32)];
  const source = rib.addSource(ibgp(11));
  clock.settle();
  slow.congested = true;
  feedMany(rib, source, 0, 1, {});
  clock.settle();
  feedMany(rib, source, 1, 2, {});
  clock.settle();
  t.equal(fast.routes.size, 1, 'it waits');
  slow.congested = false;
  rib.group(CLIENTS).resume(slow);
  clock.settle();
  t.equal(fast.routes.size, 2);
  t.equal(slow.buffers.at(-1), fast.buffers.at(-1), 'and nobody fell out of step');
  slow.congested = true;
  feedMany(rib, source, 2, 3, {});
  clock.settle();
  feedMany(rib, source, 3, 4, {});
  clock.advance(49);
  t.equal(fast.routes.size, 3);
  clock.advance(1);
  t.equal(fast.routes.size, 4, 'no longer than 50 ms');
  slow.congested = false;
  rib.group(CLIENTS).resume(slow);
  clock.settle();
  slow.congested = true;
  feedMany(rib, source, 4, 5, {});
  clock.settle();
  feedMany(rib, source, 5, 6, {});
  clock.settle();
  t.equal(fast.routes.size, 6, 'not again within ten seconds');
  t.end();
});

t.test('when no peer can take more, the table changes and nothing is encoded', (t) => {
  const { rib, clock } = newRib();
  const peer = join(rib, 31);
  const source = rib.addSource(ibgp(11));
  peer.congested = true;
  feedMany(rib, source, 0, 1, {});
  clock.settle();
  for (let round = 0; round < 5; round++) {
    feedMany(rib, source, 0, 100, { localPreference: round });
    clock.advance(10_000);
  }
  t.equal(peer.announced, 1);
  peer.congested = false;
  rib.group(CLIENTS).resume(peer);
  clock.settle();
  t.equal(peer.announced, 101);
  t.end();
});

t.test('a late joiner gets the table in slices, then End-of-RIB, while changes go to the others', (t) => {
  const clock = new StepClock();
  const { rib } = newRib({ clock, sliceMilliseconds: 1 });
  const early = join(rib, 31);
  const source = rib.addSource(ibgp(11));
  feedMany(rib, source, 0, 20_000, {});
  clock.settle();
  const late = join(rib, 32);
  let steps = 0;
  while (!late.events.includes('end-of-rib')) {
    t.ok(late.announced <= 4096 * (steps + 1));
    feedMany(rib, source, 20_000 + steps, 20_001 + steps, {});
    feedMany(rib, source, steps, steps + 1, undefined);
    clock.step();
    steps++;
  }
  t.ok(steps >= 5, `${steps} slices`);
  t.ok(early.routes.has(hex(macIp(20_002).key)), 'the others heard changes meanwhile');
  clock.settle();
  t.equal(known(late), known(early));
  t.equal(late.needless, 0, 'what was withdrawn before it was told is not withdrawn');
  t.equal(late.repeated, 0);
  t.equal(late.events.filter((event) => event === 'end-of-rib').length, 1);
  t.end();
});

t.test('RFC 2918, RFC 7313 section 4: a refresh sends everything again, between BoRR and EoRR', (t) => {
  const { rib, clock } = newRib();
  const [plain, enhanced] = [join(rib, 31), join(rib, 32, DEFAULT_CONTEXT, true)];
  feedMany(rib, enhanced.source, 0, 2, {});
  feedMany(rib, plain.source, 2, 5, {});
  clock.settle();
  plain.events.length = enhanced.events.length = 0;
  for (const peer of [plain, enhanced]) rib.group(CLIENTS).refresh(peer);
  clock.settle();
  t.same(plain.events, ['announce', 'announce']);
  t.same(enhanced.events, ['refresh 1', 'announce', 'announce', 'announce', 'refresh 2']);
  t.equal(rib.group(CLIENTS).outOfStep, 0);
  t.end();
});

t.test('what changes before a late joiner is told of it is told once, as it is then', (t) => {
  const clock = new StepClock();
  const { rib } = newRib({ clock, sliceMilliseconds: 1 });
  const early = join(rib, 31);
  const source = rib.addSource(ibgp(11));
  feedMany(rib, source, 0, 30_000, {});
  clock.settle();
  const late = join(rib, 32, DEFAULT_CONTEXT, true);
  t.equal(rib.group(CLIENTS).tells(late, rib.find(macIp(29_000).key)), false);
  feedMany(rib, source, 0, 10, undefined);
  feedMany(rib, source, 29_000, 29_010, undefined);
  feedMany(rib, late.source, 29_020, 29_030, { localPreference: 200 });
  feedMany(rib, source, 29_040, 29_050, { localPreference: 50 });
  feedMany(rib, source, 40_000, 40_010, {});
  clock.step();
  clock.step();
  t.ok(late.announced > 0 && late.announced < 20_000, `${late.announced} so far`);
  // It asks for everything again in the middle of it.
  const before = late.announced;
  rib.group(CLIENTS).refresh(late);
  clock.settle();
  const expected = new Map(early.routes);
  for (let n = 29_020; n < 29_030; n++) expected.delete(hex(macIp(n).key));
  t.same([...late.routes].sort(), [...expected].sort());
  t.equal(late.needless, 0);
  t.equal(late.repeated, before, 'nothing but what it had been told before it asked');
  t.same(
    late.events.filter((event) => /^(end|refresh)/.test(event)),
    ['refresh 1', 'refresh 2', 'end-of-rib'],
  );
  t.end();
});

t.test('during a refresh in slices, changes of what is still to come are told, too', (t) => {
  const clock = new StepClock();
  const { rib } = newRib({ clock, sliceMilliseconds: 1 });
  const [other, peer] = [join(rib, 31), join(rib, 32)];
  const source = rib.addSource(ibgp(11));
  feedMany(rib, source, 0, 30_000, {});
  clock.settle();
  rib.group(CLIENTS).refresh(peer);
  feedMany(rib, source, 29_000, 29_010, undefined);
  feedMany(rib, source, 29_040, 29_050, { localPreference: 50 });
  clock.settle();
  t.equal(known(peer), known(other));
  t.equal(peer.needless, 0);
  t.equal(peer.repeated, 30_000 - 20);
  t.end();
});

t.test('the routes of a dead source are swept in slices; those announced again meanwhile stay', (t) => {
  const clock = new StepClock();
  const { rib } = newRib({ clock, sliceMilliseconds: 1 });
  const peer = join(rib, 31);
  const source = rib.addSource(ibgp(11));
  feedMany(rib, source, 0, 20_000, {});
  clock.settle();
  rib.sourceDown(source);
  clock.step();
  t.ok(rib.routeCount > 0, 'not all at once');
  feedMany(rib, source, 19_000, 19_500, { localPreference: 7 });
  clock.settle();
  t.equal(rib.routeCount, 500);
  t.equal(peer.routes.size, 500);
  t.same(rib.counts(source), { received: 500, accepted: 500, best: 500 });
  t.end();
});

t.test('RFC 7313 section 4: what is not announced again between BoRR and EoRR is removed', (t) => {
  const { rib, clock } = newRib();
  const source = rib.addSource(ibgp(11));
  feedMany(rib, source, 0, 10, {});
  rib.markStale(source);
  feedMany(rib, source, 0, 4, {});
  t.ok(rib.isStale(rib.best(rib.find(macIp(9).key))));
  t.notOk(rib.isStale(rib.best(rib.find(macIp(0).key))));
  clock.settle();
  t.equal(rib.routeCount, 10, 'stale paths stay until then');
  rib.sweepStale(source);
  clock.settle();
  t.equal(rib.routeCount, 4);
  t.end();
});

t.test('RFC 4271 section 9.2: a route too long for any message is not advertised, and taken back', (t) => {
  const { rib, clock } = newRib();
  const peer = join(rib, 31);
  const source = rib.addSource(ibgp(11));
  const wide = { ...DEFAULT_CONTEXT, extendedMessage: true };
  feedMany(rib, source, 0, 2, {});
  clock.settle();
  t.equal(peer.routes.size, 2);
  const route = macIp(0);
  const communities = Array.from({ length: 1010 }, (_, i) => i);
  rib.upsert(
    source,
    route.key,
    0,
    route.key.length,
    rib.payloads.intern(route.payload),
    rib.attributes.intern(blockOf({ communities })),
  );
  const reader = join(rib, 32, wide);
  clock.settle();
  t.notOk(peer.routes.has(hex(route.key)));
  t.ok(reader.routes.has(hex(route.key)));
  t.end();
});

t.test('opaque route types travel unharmed, and are withdrawn by the same octets', (t) => {
  const { rib, clock } = newRib();
  const peer = join(rib, 31);
  const source = rib.addSource(ibgp(11));
  const routes = [
    routeOf({ routeType: 99, opaque: Uint8Array.from({ length: 200 }, (_, i) => i) }),
    routeOf({ routeType: 98, opaque: Uint8Array.from({ length: 255 }, (_, i) => i) }),
    imet('2001:db8::1'),
  ];
  feed(
    rib,
    source,
    updates(
      blockOf({}),
      routes.map(({ nlri }) => nlri),
    ),
  );
  clock.settle();
  t.same([...peer.routes.keys()].sort(), routes.map(({ key }) => hex(key)).sort());
  feed(
    rib,
    source,
    updates(
      undefined,
      routes.map(({ nlri }) => nlri),
    ),
  );
  clock.settle();
  t.equal(peer.routes.size, 0);
  t.equal(rib.table.keys.size, 0);
  t.end();
});

t.test('the last peer to leave takes the columns; one that comes back is told everything', (t) => {
  const { rib, clock } = newRib();
  const peer = join(rib, 31);
  feedMany(rib, rib.addSource(ibgp(11)), 0, 1000, {});
  clock.settle();
  const before = rib.group(CLIENTS).memoryOctets;
  rib.group(CLIENTS).leave(peer);
  clock.settle();
  t.ok(rib.group(CLIENTS).memoryOctets < before / 2);
  const again = new ReadingPeer(peer.source);
  rib.group(CLIENTS).join(again);
  clock.settle();
  t.equal(again.routes.size, 1000);
  t.ok(rib.group(CLIENTS).endOfRibSent(again));
  t.end();
});

t.test('a peer that leaves from within write does no harm to the others', (t) => {
  const { rib, clock } = newRib();
  const group = rib.group(CLIENTS);
  const quitter: OutPeer = {
    source: rib.addSource(ibgp(30)),
    context: DEFAULT_CONTEXT,
    write(): boolean {
      group.leave(quitter);
      return false;
    },
  };
  group.join(quitter);
  const peer = join(rib, 31);
  feedMany(rib, rib.addSource(ibgp(11)), 0, 1000, {});
  clock.settle();
  t.equal(peer.routes.size, 1000);
  t.equal(group.peers, 1);
  t.end();
});

t.test('ten flaps of a route between two drains are one change', (t) => {
  const { rib } = newRib();
  const consumer = rib.consumer('test');
  let calls = 0;
  consumer.onDirty = () => calls++;
  const source = rib.addSource(ibgp(11));
  for (let flap = 0; flap < 10; flap++) feedMany(rib, source, 0, 3, { localPreference: flap });
  t.equal(consumer.dirty, 3);
  t.equal(calls, 1);
  feedMany(rib, source, 0, 3, undefined);
  const seen: string[] = [];
  consumer.drain(2, (route) => seen.push(hex(rib.keyBytes.subarray(rib.keyStart(route), rib.keyEnd(route)))));
  t.same(
    seen,
    [0, 1].map((n) => hex(macIp(n).key)),
    'the key is readable when the paths are gone',
  );
  t.equal(rib.table.keys.size, 1, 'drained rows without paths are free');
  consumer.close();
  t.equal(rib.table.keys.size, 0);
  t.end();
});

t.test('every out-of-step peer has its turn, also when each slice has time for one only', (t) => {
  const clock = new StepClock();
  const { rib } = newRib({ clock, sliceMilliseconds: 0 });
  const first = join(rib, 31);
  feedMany(rib, first.source, 0, 10, {});
  clock.settle();
  // A refresh that owes nothing, for all routes are its own, puts a peer out of step for a moment.
  rib.group(CLIENTS).refresh(first);
  const late = [32, 33, 34].map((last) => join(rib, last));
  clock.settle();
  t.same(
    late.map((peer) => peer.routes.size),
    [10, 10, 10],
  );
  t.equal(rib.group(CLIENTS).outOfStep, 0);
  t.end();
});
