/** The decision process and reflection, rule by rule, from rfc-fixtures. */
import { readFileSync } from 'node:fs';
import { decodeAttributeBlock, encodeAttributeBlock } from 'bgp-protocol';
import t, { type Test } from 'tap';
import { type ExportPolicy, LOCAL, type Rib, type SourceId, type SourceSpec } from '../../src/rib/index.ts';
import {
  attributesOf,
  blockOf,
  ebgp,
  feed,
  hex,
  ibgp,
  imet,
  type KeyAndPayload,
  macIp,
  newRib,
  type PathSpec,
  ReadingPeer,
  updates,
} from './kit.ts';

const fixture = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../rfc-fixtures/${path}`, import.meta.url), 'utf8'));

type From = PathSpec & { readonly from: string };

interface Duel {
  readonly rule: string;
  readonly loser: string;
  readonly best: From;
  readonly other: From;
}

interface Reflection {
  readonly who: readonly { readonly from: string; readonly to: Readonly<Record<string, boolean>> }[];
  readonly attributes: readonly {
    readonly rule: string;
    readonly from: string;
    readonly to: string;
    readonly path: PathSpec;
    readonly sent: PathSpec | null;
  }[];
  readonly loops: readonly { readonly rule: string; readonly path: PathSpec; readonly reason: string }[];
  readonly decision: readonly Duel[];
}

/** `ibgp 11` or `ebgp 31` as a peer, `local` as this speaker itself. */
function announce(rib: Rib, route: KeyAndPayload, { from, ...spec }: From): SourceId {
  if (from === 'local') {
    rib.originate(route.key, route.payload, blockOf(spec));
    return LOCAL;
  }
  const last = Number(from.slice(5));
  const source = rib.addSource(from.startsWith('ibgp') ? ibgp(last) : ebgp(last));
  feed(rib, source, updates(blockOf(spec), [route.nlri]));
  return source;
}

function fight(t: Test, route: KeyAndPayload, duel: Duel): void {
  for (const bestFirst of [true, false]) {
    const { rib } = newRib();
    const first = announce(rib, route, bestFirst ? duel.best : duel.other);
    const second = announce(rib, route, bestFirst ? duel.other : duel.best);
    const id = rib.find(route.key);
    const best = rib.pathFrom(id, bestFirst ? first : second);
    const other = rib.pathFrom(id, bestFirst ? second : first);
    const what = `${duel.rule}, ${bestFirst ? 'best first' : 'best last'}`;
    t.equal(rib.best(id), best, what);
    t.equal(rib.loserReason(best), 'best', what);
    t.equal(rib.loserReason(other), duel.loser, what);
  }
}

t.test('RFC 4271 section 9.1.2.2: each step in its order', (t) => {
  for (const duel of fixture('rfc4271/decision.json') as Duel[]) fight(t, imet('192.0.2.1'), duel);
  t.end();
});

t.test('RFC 7432 section 15: MAC mobility goes before the usual steps, for MAC/IP routes', (t) => {
  for (const duel of fixture('rfc7432/mobility.json') as Duel[]) fight(t, macIp(1), duel);
  t.end();
});

t.test('RFC 7432 section 15: MAC mobility says nothing about other route types', (t) => {
  fight(t, imet('192.0.2.1'), {
    rule: '7432 15: for MAC/IP routes only',
    loser: 'local-preference',
    best: { from: 'ibgp 11', localPreference: 200 },
    other: { from: 'ibgp 12', sequence: 9 },
  });
  t.end();
});

t.test('RFC 4271 section 9.1.2.2 (c): MED gives the same outcome whatever the order of arrival', (t) => {
  // The classic: pairwise, A beats B, B beats C, C beats A.
  const paths: readonly From[] = [
    { from: 'ibgp 13', asPath: [65031], med: 10 },
    { from: 'ibgp 12', asPath: [65032], med: 1 },
    { from: 'ibgp 14', asPath: [65031], med: 5 },
  ];
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];
  const route = imet('192.0.2.1');
  const outcomes = orders.map((order) => {
    const { rib } = newRib();
    const sources = order.map((i) => announce(rib, route, paths[i]!));
    const id = rib.find(route.key);
    return paths.map((_, i) => rib.loserReason(rib.pathFrom(id, sources[order.indexOf(i)]!))).join();
  });
  t.same(new Set(outcomes), new Set(['med,best,router-id']));
  t.end();
});

t.test('RFC 4271 section 9.1.2.2 (c): MED of all ASes can be compared when asked to', (t) => {
  const { rib } = newRib({ alwaysCompareMed: true });
  const route = imet('192.0.2.1');
  const high = announce(rib, route, { from: 'ibgp 11', asPath: [65031], med: 10 });
  announce(rib, route, { from: 'ibgp 12', asPath: [65032], med: 5 });
  t.equal(rib.loserReason(rib.pathFrom(rib.find(route.key), high)), 'med');
  t.end();
});

const reflection = fixture('rfc4456/reflection.json') as Reflection;

const SENDERS: Readonly<Record<string, SourceSpec>> = {
  'ibgp client': ibgp(11),
  ibgp: ibgp(21, false),
  ebgp: ebgp(31),
};
const RECEIVERS: Readonly<Record<string, { readonly spec: SourceSpec; readonly policy: ExportPolicy }>> = {
  'ibgp client': { spec: ibgp(12), policy: { kind: 'ibgp', client: true } },
  ibgp: { spec: ibgp(22, false), policy: { kind: 'ibgp', client: false } },
  ebgp: { spec: ebgp(32), policy: { kind: 'ebgp', client: false } },
};

/** What a receiver is told of a path from a sender. */
function told(from: string, to: string, path: PathSpec): ReadingPeer {
  const { rib, clock } = newRib();
  const receiver = RECEIVERS[to]!;
  const peer = new ReadingPeer(rib.addSource(receiver.spec));
  rib.group(receiver.policy).join(peer);
  const route = macIp(1);
  if (from === 'local') rib.originate(route.key, route.payload, blockOf(path));
  else feed(rib, rib.addSource(SENDERS[from]!), updates(blockOf(path), [route.nlri]));
  clock.settle();
  return peer;
}

t.test('RFC 4456 section 6: from clients to all, from non-clients to clients', (t) => {
  for (const { from, to } of reflection.who) {
    for (const [receiver, expected] of Object.entries(to)) {
      const path = from === 'ebgp' ? { asPath: [65031] } : {};
      t.equal(told(from, receiver, path).routes.size, expected ? 1 : 0, `${from} to ${receiver}`);
    }
  }
  t.end();
});

t.test('RFC 4456 sections 8 and 10, RFC 4271 section 5.1: the attributes that are sent', (t) => {
  for (const { rule, from, to, path, sent } of reflection.attributes) {
    const peer = told(from, to, path);
    const known = peer.routes.get(hex(macIp(1).key));
    const expected = sent === null ? undefined : encodeAttributeBlock(attributesOf(sent));
    t.same(
      known && decodeAttributeBlock(Buffer.from(known.block, 'hex')),
      expected && decodeAttributeBlock(expected),
      rule,
    );
  }
  t.end();
});

t.test('RFC 4456 section 8: what went through here before is kept, with the reason, and not used', (t) => {
  for (const { rule, path, reason } of reflection.loops) {
    const { rib } = newRib();
    const source = announce(rib, macIp(1), { from: 'ibgp 11', ...path });
    const id = rib.find(macIp(1).key);
    t.equal(rib.loserReason(rib.pathFrom(id, source)), reason, rule);
    t.equal(rib.best(id), -1, rule);
    t.same(rib.counts(source), { received: 1, accepted: 0, best: 0 }, rule);
  }
  t.end();
});

t.test('RFC 4456 section 9: ORIGINATOR_ID and CLUSTER_LIST in the decision', (t) => {
  for (const duel of reflection.decision) fight(t, imet('192.0.2.1'), duel);
  t.end();
});

t.test('RFC 4360 section 6: non-transitive extended communities do not leave the AS', (t) => {
  for (const [to, expected] of [
    ['ibgp', 2],
    ['ebgp', 1],
  ] as const) {
    const { rib, clock } = newRib();
    const receiver = RECEIVERS[to]!;
    const peer = new ReadingPeer(rib.addSource(receiver.spec));
    rib.group(receiver.policy).join(peer);
    const attributes = attributesOf({}).map((attribute) =>
      attribute.type === 'EXTENDED_COMMUNITIES'
        ? {
            ...attribute,
            communities: [
              ...attribute.communities,
              { type: 'opaque', transitive: false, subtype: 0x7f, value: new Uint8Array(6) } as const,
            ],
          }
        : attribute,
    );
    const route = macIp(1);
    rib.originate(route.key, route.payload, encodeAttributeBlock(attributes));
    clock.settle();
    const sent = peer.attributes(route).find((attribute) => attribute.type === 'EXTENDED_COMMUNITIES');
    t.equal(sent?.type === 'EXTENDED_COMMUNITIES' && sent.communities.length, expected, to);
  }
  t.end();
});

t.test('RFC 4271 section 5.1.2: an AS_SEQUENCE of 255 is full, and a set is not joined', (t) => {
  const send = (asPath: readonly number[], kind: 'sequence' | 'set'): string => {
    const { rib, clock } = newRib();
    const peer = new ReadingPeer(rib.addSource(RECEIVERS.ebgp!.spec));
    rib.group(RECEIVERS.ebgp!.policy).join(peer);
    const attributes = attributesOf({}).map((attribute) =>
      attribute.type === 'AS_PATH'
        ? { ...attribute, segments: [{ kind, autonomousSystems: asPath }] }
        : attribute,
    );
    const route = macIp(1);
    feed(rib, rib.addSource(ibgp(11)), updates(encodeAttributeBlock(attributes), [route.nlri]));
    clock.settle();
    const sent = peer.attributes(route).find((attribute) => attribute.type === 'AS_PATH');
    return sent?.type === 'AS_PATH'
      ? sent.segments.map((segment) => `${segment.kind} ${segment.autonomousSystems.length}`).join()
      : '';
  };
  t.equal(send([1, 2], 'sequence'), 'sequence 3');
  t.equal(send([1, 2], 'set'), 'sequence 1,set 2');
  t.equal(
    send(
      Array.from({ length: 255 }, (_, i) => i + 1),
      'sequence',
    ),
    'sequence 1,sequence 255',
  );
  t.end();
});

t.test('an export policy can name the next hop; the rest of the block stays', (t) => {
  const { rib, clock } = newRib();
  const peer = new ReadingPeer(rib.addSource(ebgp(32)));
  rib.group({ kind: 'ebgp', client: false, nextHop: Uint8Array.of(198, 51, 100, 1) }).join(peer);
  const route = macIp(1);
  rib.originate(route.key, route.payload, blockOf({}));
  clock.settle();
  const sent = peer.attributes(route).find((attribute) => attribute.type === 'MP_REACH_NLRI');
  t.equal(sent?.type === 'MP_REACH_NLRI' && sent.nextHop, '198.51.100.1');
  t.end();
});
