/**
 * The whole table against a naive one (arrays, objects, no columns, no slices): whatever peers announce, withdraw, lose,
 * join or delay, at rest every peer has been told exactly what the model says, and every loser lost where the model says.
 */
import {
  type Attribute,
  encodeAttributeBlock,
  encodeRoute,
  FAMILY,
  type RtConstraintRoute,
} from 'bgp-protocol';
import fc from 'fast-check';
import t from 'tap';
import { compareIp, ip } from '../../src/base/ip.ts';
import { type ExportPolicy, LOCAL, type Rib, type SourceId, type SourceSpec } from '../../src/rib/index.ts';
import {
  AskedPeer,
  attributesOf,
  blockOf,
  CLUSTER_ID,
  ebgp,
  feed,
  hex,
  ibgp,
  imet,
  type KeyAndPayload,
  LOCAL_AS,
  macIp,
  membershipUpdates,
  newRib,
  type PathSpec,
  ReadingPeer,
  ROUTER_ID,
  routeOf,
  StepClock,
  updates,
} from './kit.ts';

const SPECS: readonly SourceSpec[] = [
  ibgp(11),
  ibgp(12),
  ibgp(13),
  ibgp(21, false),
  ibgp(22, false),
  ebgp(31, 65031),
  ebgp(32, 65032),
  ebgp(33, 65031),
];

/** Each key in two versions: the payload (label) differs, the key does not. */
const KEYS: readonly (readonly KeyAndPayload[])[] = [
  [macIp(1), macIp(1, undefined, 11)],
  [macIp(1, '10.0.0.1'), macIp(1, '10.0.0.1', 11)],
  [macIp(2, '2001:db8::1'), macIp(2, '2001:db8::1', 11)],
  [macIp(3)],
  [imet('192.0.2.1')],
  [
    routeOf({
      routeType: 5,
      rd: '192.0.2.1:10',
      esi: '00:00:00:00:00:00:00:00:00:00',
      ethernetTag: 0,
      prefix: '10.1.0.0/16',
      gatewayIp: '0.0.0.0',
      label: 77,
    }),
  ],
  [
    routeOf({
      routeType: 1,
      rd: '192.0.2.1:10',
      esi: '00:11:22:33:44:55:66:77:88:99',
      ethernetTag: 0,
      label: 5,
    }),
  ],
];

/** Peers that exchange route target memberships (RFC 4684), by their place in SPECS. */
const CONSTRAINED = new Set([0, 2, 3, 4]);

const encodeRtConstraint = (route: RtConstraintRoute): Uint8Array => encodeRoute(FAMILY.RT_CONSTRAINT, route);

const target = (assigned: number, lengthBits = 96, originAutonomousSystem = LOCAL_AS): Uint8Array =>
  encodeRtConstraint({ lengthBits, originAutonomousSystem, routeTarget: `65000:${assigned}` });

/** What may be asked for, and which targets it lets through. */
const WISHES: readonly {
  readonly nlri: Uint8Array;
  readonly lets: (target: PathSpec['routeTarget']) => boolean;
}[] = [
  { nlri: target(10), lets: (seen) => seen === undefined },
  { nlri: target(20), lets: (seen) => seen === 20 },
  { nlri: target(10, 96, 65009), lets: (seen) => seen === undefined },
  { nlri: target(10, 64), lets: (seen) => seen === undefined || seen === 20 },
  { nlri: encodeRtConstraint({ lengthBits: 0 }), lets: () => true },
  { nlri: encodeRtConstraint({ lengthBits: 32, originAutonomousSystem: LOCAL_AS }), lets: () => true },
  {
    nlri: encodeRtConstraint({
      lengthBits: 96,
      originAutonomousSystem: LOCAL_AS,
      routeTarget: '0x0602020000000001',
    }),
    lets: (seen) => seen === 'es-import',
  },
];
const DEFAULT_NLRI = '00';

const dotted = (n: number): string => [n >>> 24, n >>> 16, n >>> 8, n].map((o) => o & 255).join('.');

interface ModelPath {
  readonly source: SourceId;
  readonly peer: SourceSpec | undefined;
  readonly spec: PathSpec;
  readonly payload: Uint8Array;
}

/** Loops make a path unfit; then each step drops those that are not the best by it. */
function decideNaively(
  isMacIp: boolean,
  paths: readonly ModelPath[],
): { best?: ModelPath; reasons: Map<ModelPath, string> } {
  const reasons = new Map<ModelPath, string>();
  let left: ModelPath[] = [];
  for (const path of paths) {
    if (path.peer === undefined) left.push(path);
    else if (path.spec.asPath?.includes(LOCAL_AS)) reasons.set(path, 'loop: as-path');
    else if (path.spec.originator === dotted(ROUTER_ID)) reasons.set(path, 'loop: originator-id');
    else if (path.spec.clusters?.includes(dotted(CLUSTER_ID))) reasons.set(path, 'loop: cluster-list');
    else left.push(path);
  }
  const keep = (reason: string, isBeaten: (a: ModelPath, by: ModelPath) => boolean): void => {
    const beaten = left.filter((a) => left.some((b) => isBeaten(a, b)));
    for (const path of beaten) reasons.set(path, reason);
    left = left.filter((path) => !beaten.includes(path));
  };
  const least = (reason: string, value: (path: ModelPath) => number): void =>
    keep(reason, (a, b) => value(b) < value(a));
  const originOrder = ['igp', 'egp', 'incomplete'];
  const routerIdOf = (path: ModelPath): number => {
    const dottedId = path.spec.originator ?? dotted(path.peer?.routerId ?? ROUTER_ID);
    return dottedId.split('.').reduce((n, octet) => n * 256 + Number(octet), 0);
  };
  if (isMacIp) {
    least('sticky', (p) => (p.spec.sticky ? 0 : 1));
    least('mobility-sequence', (p) => -(p.spec.sequence ?? 0));
    keep(
      'lowest-vtep',
      (a, b) => compareIp(ip(b.spec.nextHop ?? '192.0.2.1'), ip(a.spec.nextHop ?? '192.0.2.1')) < 0,
    );
  }
  least('local', (p) => (p.peer === undefined ? 0 : 1));
  least('local-preference', (p) => -(p.spec.localPreference ?? 100));
  least('as-path-length', (p) => p.spec.asPath?.length ?? 0);
  least('origin', (p) => originOrder.indexOf(p.spec.origin ?? 'igp'));
  keep(
    'med',
    (a, b) =>
      (a.spec.asPath?.[0] ?? 0) === (b.spec.asPath?.[0] ?? 0) && (b.spec.med ?? 0) < (a.spec.med ?? 0),
  );
  least('ebgp-over-ibgp', (p) => (p.peer?.kind === 'ibgp' ? 1 : 0));
  least('router-id', routerIdOf);
  least('cluster-list', (p) => p.spec.clusters?.length ?? 0);
  keep('peer-address', (a, b) => a !== b && compareIp(ip(b.peer!.address), ip(a.peer!.address)) < 0);
  const best = left[0];
  if (best !== undefined) reasons.set(best, 'best');
  return best === undefined ? { reasons } : { best, reasons };
}

/** RFC 4456 section 6, RFC 1997, RFC 4271 section 9.2: the attributes to send, or nothing. */
function exportNaively(path: ModelPath, to: ExportPolicy): string | undefined {
  const wellKnown = path.spec.communities ?? [];
  if (wellKnown.includes(0xffffff02)) return undefined;
  let attributes = attributesOf(path.spec);
  const without = (...types: Attribute['type'][]): Attribute[] =>
    attributes.filter((a) => !types.includes(a.type));
  if (to.kind === 'ebgp') {
    if (wellKnown.includes(0xffffff01)) return undefined;
    attributes = without('LOCAL_PREF', 'ORIGINATOR_ID', 'CLUSTER_LIST', 'AS_PATH');
    if (path.peer !== undefined) attributes = without('MED');
    attributes.push({
      type: 'AS_PATH',
      segments: [{ kind: 'sequence', autonomousSystems: [LOCAL_AS, ...(path.spec.asPath ?? [])] }],
    });
  } else {
    if (path.spec.localPreference === undefined) attributes.push({ type: 'LOCAL_PREF', value: 100 });
    if (path.peer?.kind === 'ibgp') {
      if (!path.peer.client && !to.client) return undefined;
      attributes = without('CLUSTER_LIST');
      if (path.spec.originator === undefined) {
        attributes.push({ type: 'ORIGINATOR_ID', routerId: dotted(path.peer.routerId) });
      }
      attributes.push({
        type: 'CLUSTER_LIST',
        clusterIds: [dotted(CLUSTER_ID), ...(path.spec.clusters ?? [])],
      });
    }
  }
  return hex(encodeAttributeBlock(attributes));
}

interface Neighbour {
  readonly spec: SourceSpec;
  readonly policy: ExportPolicy;
  source: SourceId;
  peer: ReadingPeer | undefined;
  readonly constrained: boolean;
  asked: AskedPeer | undefined;
  /** Of WISHES, by number. */
  readonly wishes: Set<number>;
}

/** The table and the model side by side, driven by the same events. */
class Pair {
  readonly clock = new StepClock();
  readonly rib: Rib = newRib({ clock: this.clock, sliceMilliseconds: 2 }).rib;
  readonly neighbours: Neighbour[] = SPECS.map((spec, i) => ({
    spec,
    policy: { kind: spec.kind, client: spec.client, constrained: CONSTRAINED.has(i) },
    source: this.rib.addSource(spec),
    peer: undefined,
    constrained: CONSTRAINED.has(i),
    asked: undefined,
    wishes: new Set(),
  }));
  /** What this speaker asks for itself: numbers of WISHES that are whole targets of our AS. */
  own: readonly number[] = [];
  readonly paths = new Map<string, ModelPath[]>();
  readonly consumer = this.rib.consumer('test');
  /** What a consumer that only looks at dirty routes believes: key to best attributes. */
  readonly believed = new Map<string, string>();
  calm = true;

  announce(who: number, key: number, version: number, spec: PathSpec): void {
    const route = KEYS[key]![version % KEYS[key]!.length]!;
    const neighbour = this.neighbours[who];
    const source = neighbour?.source ?? LOCAL;
    if (neighbour === undefined) this.rib.originate(route.key, route.payload, blockOf(spec));
    else feed(this.rib, source, updates(blockOf(spec), [route.nlri]));
    this.#remove(route, source);
    const list = this.paths.get(hex(route.key)) ?? [];
    list.push({ source, peer: neighbour?.spec, spec, payload: route.payload });
    this.paths.set(hex(route.key), list);
  }

  withdraw(who: number, key: number): void {
    const route = KEYS[key]![0]!;
    const source = this.neighbours[who]?.source ?? LOCAL;
    if (source === LOCAL) this.rib.withdrawLocal(route.key);
    else feed(this.rib, source, updates(undefined, [route.nlri]));
    this.#remove(route, source);
  }

  up(who: number): void {
    const neighbour = this.neighbours[who];
    if (neighbour === undefined || neighbour.peer !== undefined) return;
    neighbour.peer = new ReadingPeer(
      neighbour.source,
      {
        fourOctetAs: true,
        extendedMessage: who % 2 === 1,
        addPathReceive: new Set(),
        addPathSend: new Set(),
      },
      who % 3 === 0,
      neighbour.constrained ? this.rib.memberships.interest(neighbour.source) : undefined,
    );
    const group = this.rib.group(neighbour.policy);
    group.join(neighbour.peer);
    const { source, spec, peer } = neighbour;
    if (neighbour.constrained) {
      const asked = new AskedPeer(source, spec.client);
      asked.onInterestChanged = () => group.interestChanged(peer);
      neighbour.asked = asked;
      this.rib.memberships.join(asked);
    } else if (spec.client || spec.kind === 'ebgp') this.rib.memberships.admit(source);
  }

  /** A peer begins to ask for something, or stops. */
  wish(who: number, wish: number, wanted: boolean): void {
    const neighbour = this.neighbours[who];
    if (neighbour?.asked === undefined) return;
    feed(this.rib, neighbour.source, membershipUpdates(wanted, [WISHES[wish]!.nlri]));
    if (wanted) neighbour.wishes.add(wish);
    else neighbour.wishes.delete(wish);
    this.calm = false;
  }

  wishOwn(own: readonly number[]): void {
    this.own = own;
    this.rib.memberships.setOwn(
      this,
      own.map((i) => WISHES[i]!.nlri.subarray(5)),
    );
  }

  /** The session ends; with `replace` its source is given up, and a new one made for the neighbour. */
  down(who: number, replace: boolean): void {
    const neighbour = this.neighbours[who];
    if (neighbour === undefined) return;
    if (neighbour.peer !== undefined) this.rib.group(neighbour.policy).leave(neighbour.peer);
    neighbour.peer = undefined;
    if (neighbour.asked !== undefined) this.rib.memberships.leave(neighbour.asked, false);
    else this.rib.memberships.dismiss(neighbour.source);
    neighbour.asked = undefined;
    neighbour.wishes.clear();
    for (const [key, list] of this.paths)
      this.paths.set(
        key,
        list.filter((p) => p.source !== neighbour.source),
      );
    if (replace) {
      this.rib.removeSource(neighbour.source);
      neighbour.source = this.rib.addSource(neighbour.spec);
    } else this.rib.sourceDown(neighbour.source);
  }

  congest(who: number): void {
    const peer = this.neighbours[who]?.peer;
    if (peer === undefined) return;
    peer.congested = true;
    if (this.neighbours[who]!.asked) this.neighbours[who]!.asked.congested = true;
    this.calm = false;
  }

  resume(who: number): void {
    const neighbour = this.neighbours[who];
    if (neighbour?.peer === undefined) return;
    neighbour.peer.congested = false;
    this.rib.group(neighbour.policy).resume(neighbour.peer);
    if (neighbour.asked === undefined) return;
    neighbour.asked.congested = false;
    this.rib.memberships.resume(neighbour.asked);
  }

  refresh(who: number): void {
    const neighbour = this.neighbours[who];
    if (neighbour?.peer === undefined) return;
    this.rib.group(neighbour.policy).refresh(neighbour.peer);
    this.calm = false;
  }

  drain(max: number): void {
    this.consumer.drain(max, (route) => {
      const key = hex(this.rib.keyBytes.subarray(this.rib.keyStart(route), this.rib.keyEnd(route)));
      const best = this.rib.best(route);
      if (best < 0) this.believed.delete(key);
      else this.believed.set(key, hex(this.rib.attributes.bytes(this.rib.attributesOf(best))));
    });
  }

  /** Lets everything finish, and lists what differs. */
  differences(): string[] {
    for (let who = 0; who < this.neighbours.length; who++) this.resume(who);
    this.clock.settle();
    this.drain(Number.POSITIVE_INFINITY);
    const found: string[] = [];
    const same = (what: string, seen: unknown, wanted: unknown): void => {
      if (seen !== wanted) found.push(`${what}: saw ${String(seen)}, expected ${String(wanted)}`);
    };
    const expected = this.neighbours.map(() => new Map<string, string>());
    let routes = 0;
    for (const [key, paths] of this.paths) {
      const { best, reasons } = decideNaively(key.startsWith('02'), paths);
      if (paths.length > 0) routes++;
      const route = this.rib.find(Buffer.from(key, 'hex'));
      for (const path of paths) {
        same(
          `reason ${key} ${path.source}`,
          this.rib.loserReason(this.rib.pathFrom(route, path.source)),
          reasons.get(path),
        );
      }
      same(`believed ${key}`, this.believed.get(key), best && hex(blockOf(best.spec)));
      if (paths.length === 0) same(`row ${key}`, route, -1);
      else same(`paths ${key}`, [...this.rib.paths(route)].length, paths.length);
      if (best === undefined) continue;
      this.neighbours.forEach((neighbour, i) => {
        const block = best.source === neighbour.source ? undefined : exportNaively(best, neighbour.policy);
        const { routeTarget } = best.spec;
        const wanted =
          !neighbour.constrained || [...neighbour.wishes].some((i) => WISHES[i]!.lets(routeTarget));
        if (block !== undefined && wanted) expected[i]!.set(key, `${block}/${hex(best.payload)}`);
      });
    }
    same('routes', this.rib.routeCount, routes);
    for (const { asked, spec } of this.neighbours) {
      if (asked !== undefined) {
        same(`${spec.address} asked`, [...asked.asked.keys()].sort().join(), this.#asked(spec.client).join());
      }
    }
    this.neighbours.forEach(({ peer, spec, source, policy }, i) => {
      const all = [...this.paths.values()].flat().filter((path) => path.source === source);
      same(`received from ${spec.address}`, this.rib.counts(source).received, all.length);
      if (peer === undefined) return;
      const wanted = expected[i]!;
      same(`${spec.address} knows`, [...peer.routes.keys()].sort().join(), [...wanted.keys()].sort().join());
      for (const [key, { block, payload }] of peer.routes) {
        same(`${spec.address} ${key}`, `${block}/${payload}`, wanted.get(key));
      }
      same(`${spec.address} needless`, peer.needless, 0);
      if (this.calm) same(`${spec.address} repeated`, peer.repeated, 0);
      same(`${spec.address} end of RIB`, peer.events.filter((e) => e === 'end-of-rib').length, 1);
      const listed = [...this.rib.group(policy).advertised(peer)].length;
      same(`${spec.address} advertised`, listed, wanted.size);
      same(`${spec.address} count`, this.rib.group(policy).advertisedCount(peer), wanted.size);
    });
    return found;
  }

  /** Withdraws everything, and lists what is still held. */
  leftovers(): string[] {
    for (let who = 0; who <= this.neighbours.length; who++) {
      for (let key = 0; key < KEYS.length; key++) this.withdraw(who, key);
    }
    for (let who = 0; who < this.neighbours.length; who++) {
      for (const wish of this.neighbours[who]!.wishes) this.wish(who, wish, false);
    }
    this.clock.settle();
    this.drain(Number.POSITIVE_INFINITY);
    const blocks = this.neighbours.map(({ policy }) => this.rib.group(policy).blocks);
    // One block may be held for the next UPDATE, which is most often of the same attributes.
    const held = [
      ['rows', this.rib.table.keys.size],
      ['paths', this.rib.pathCount],
      ['payloads', this.rib.payloads.size],
      ['blocks beyond the last', Math.max(0, this.rib.attributes.size - 1)],
      ['outbound blocks', Math.max(...blocks)],
    ] as const;
    return held.filter(([, count]) => count !== 0).map(([what, count]) => `${count} ${what} left over`);
  }

  /** RFC 4684 section 3.2: everything of a client; of others what clients and this speaker want. */
  #asked(client: boolean): string[] {
    if (client) return [DEFAULT_NLRI];
    const asked = new Set(this.own.map((i) => hex(WISHES[i]!.nlri)));
    for (const { spec, wishes, constrained, peer } of this.neighbours) {
      if (constrained && spec.client) for (const wish of wishes) asked.add(hex(WISHES[wish]!.nlri));
      if (!constrained && peer !== undefined) asked.add(DEFAULT_NLRI);
    }
    return [...asked].sort();
  }

  #remove(route: KeyAndPayload, source: SourceId): void {
    const list = this.paths.get(hex(route.key));
    if (list !== undefined)
      this.paths.set(
        hex(route.key),
        list.filter((path) => path.source !== source),
      );
  }
}

const optional = <T>(...values: T[]): fc.Arbitrary<T | undefined> =>
  fc.constantFrom(undefined, undefined, ...values);

/** Few values of everything, so that paths tie often and every step decides now and then. */
const pathSpec: fc.Arbitrary<PathSpec> = fc
  .record({
    nextHop: optional('192.0.2.2', '2001:db8::2'),
    origin: optional('egp' as const, 'incomplete' as const),
    asPath: optional([65031], [65032], [65031, 65009], [65032, 65000]),
    med: optional(5, 10),
    localPreference: optional(100, 200),
    originator: optional('10.0.0.1', '10.0.0.5', '10.0.0.12'),
    clusters: optional(['10.0.0.7'], ['10.0.0.7', '10.0.0.8'], ['10.0.0.9', '10.0.0.1']),
    communities: optional([0xffffff01], [0xffffff02], [0x00010002]),
    sequence: optional(1, 2),
    sticky: optional(true),
    routeTarget: optional<NonNullable<PathSpec['routeTarget']>>(20, 'none', 'es-import'),
  })
  .map((spec) => Object.fromEntries(Object.entries(spec).filter(([, v]) => v !== undefined)) as PathSpec);

/** Two sources that say the very same, reflected already: then only those two have something to hear. */
const samePath: fc.Arbitrary<PathSpec> = fc.constantFrom<PathSpec>(
  { originator: '10.0.0.5', clusters: ['10.0.0.7'] },
  { originator: '10.0.0.5', clusters: ['10.0.0.7'], sequence: 1 },
);

const who = fc.nat(SPECS.length - 1);
const whoOrSelf = fc.nat(SPECS.length);
const key = fc.nat(KEYS.length - 1);

const events = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.tuple(
        fc.constant('announce' as const),
        whoOrSelf,
        key,
        fc.nat(1),
        fc.oneof({ weight: 2, arbitrary: pathSpec }, { weight: 1, arbitrary: samePath }),
      ),
    },
    { weight: 3, arbitrary: fc.tuple(fc.constant('withdraw' as const), whoOrSelf, key) },
    { weight: 3, arbitrary: fc.tuple(fc.constant('up' as const), who) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('down' as const), who, fc.boolean()) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('congest' as const), who) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('resume' as const), who) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('refresh' as const), who) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('drain' as const), fc.nat(3)) },
    { weight: 5, arbitrary: fc.tuple(fc.constant('step' as const), fc.nat(4)) },
    {
      weight: 5,
      arbitrary: fc.tuple(
        fc.constant('wish' as const),
        fc.constantFrom(...CONSTRAINED),
        fc.nat(WISHES.length - 1),
        fc.boolean(),
      ),
    },
    { weight: 1, arbitrary: fc.tuple(fc.constant('own' as const), fc.subarray([0, 1])) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('settle' as const)) },
  ),
  { maxLength: 80, size: 'max' },
);

t.test('at rest every peer knows what the model says, and every loser lost where the model says', (t) => {
  fc.assert(
    fc.property(events, fc.array(who, { maxLength: SPECS.length, size: 'max' }), (list, early) => {
      const pair = new Pair();
      for (const one of early) pair.up(one);
      for (const event of list) {
        switch (event[0]) {
          case 'announce':
            pair.announce(event[1], event[2], event[3], event[4]);
            break;
          case 'withdraw':
            pair.withdraw(event[1], event[2]);
            break;
          case 'down':
            pair.down(event[1], event[2]);
            break;
          case 'wish':
            pair.wish(event[1], event[2], event[3]);
            break;
          case 'own':
            pair.wishOwn(event[1]);
            break;
          case 'up':
          case 'congest':
          case 'resume':
          case 'refresh':
            pair[event[0]](event[1]);
            break;
          case 'drain':
            pair.drain(event[1]);
            break;
          case 'step':
            for (let i = 0; i <= event[1]; i++) pair.clock.step();
            break;
          case 'settle':
            pair.clock.settle();
        }
      }
      const found = [...pair.differences(), ...pair.leftovers()];
      if (found.length > 0) throw new Error(found.join('\n'));
    }),
    {
      numRuns: Number(process.env.RIB_RUNS ?? 500),
      ...(process.env.RIB_SEED ? { seed: Number(process.env.RIB_SEED) } : {}),
    },
  );
  t.end();
});
