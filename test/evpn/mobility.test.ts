/** Where a MAC is: RFC 7432 section 15, from the outside of a leaf. */
import fc from 'fast-check';
import t from 'tap';
import { ip } from '../../src/base/ip.ts';
import { ENTRY_FLAG } from '../../src/dataplane/interfaces.ts';
import { attributesOf, hostRoute, Leaf, type LeafOptions, M1, M2 } from './leaf.ts';

const MAC1 = '10 02:00:00:00:00:01';
const local1 = '[2] 10.0.0.5:1 02:00:00:00:00:01';
const imet = '[3] 10.0.0.5:1 10.0.0.5';

/** A leaf in the middle of the address range, so that ties can be won and lost. */
function leafWithVni(options: LeafOptions = {}): Leaf {
  const leaf = new Leaf({ routerId: '10.0.0.5', ...options });
  leaf.vni(10);
  return leaf;
}

t.test('RFC 7432 section 15: a MAC that was nowhere else is announced without MAC mobility', async (t) => {
  const leaf = leafWithVni();
  leaf.evpn.localMac(10, M1, 0, 'swp1');
  t.same(leaf.announced(), [local1, imet]);
  t.same(leaf.forwarding.log, [], 'the dataplane needs no telling of what it told us');
});

t.test('the route is in the RIB when the call returns, before any timer', async (t) => {
  const leaf = leafWithVni();
  leaf.evpn.localMac(10, M1, 0, 'swp1');
  t.equal(leaf.announced().length, 2);
  leaf.evpn.localMacGone(10, M1);
  t.same(leaf.announced(), [imet]);
});

t.test(
  'RFC 7432 section 15: a MAC learned here that is elsewhere is announced with the sequence plus one',
  async (t) => {
    const leaf = leafWithVni();
    leaf.announce(hostRoute(M1), attributesOf({ sequence: 4 }));
    t.equal(leaf.forwarding.macs.get(MAC1), '10.0.0.2');
    leaf.evpn.localMac(10, M1, 0, 'swp1');
    t.same(leaf.announced(), [`${local1} seq 5`, imet]);
    t.equal(leaf.forwarding.macs.has(MAC1), false, 'the remote entry is taken out');
  },
);

t.test(
  'RFC 7432 section 15: above the highest sequence of all that claim it, also of those out of reach',
  async (t) => {
    const leaf = leafWithVni();
    leaf.announce(hostRoute(M1), attributesOf({ sequence: 4 }));
    leaf.forwarding.answer = false;
    leaf.announce(hostRoute(M1, { leaf: '10.0.0.3' }), attributesOf({ leaf: '10.0.0.3', sequence: 9 }));
    leaf.evpn.localMac(10, M1, 0, 'swp1');
    t.same(leaf.announced(), [`${local1} seq 10`, imet]);
  },
);

t.test(
  'RFC 7432 section 15: a higher sequence from elsewhere moves the MAC away, and we withdraw',
  async (t) => {
    const leaf = leafWithVni();
    leaf.evpn.localMac(10, M1, 0, 'swp1');
    leaf.announce(hostRoute(M1), attributesOf({ sequence: 1 }));
    t.same(leaf.announced(), [imet]);
    t.same(leaf.forwarding.log, ['set 10 02:00:00:00:00:01 10.0.0.2']);
    leaf.evpn.localMacGone(10, M1);
    t.equal(leaf.forwarding.macs.get(MAC1), '10.0.0.2', 'the old entry aging out changes nothing');
  },
);

t.test('RFC 7432 section 15: on equal sequences the lowest VTEP address has the MAC', async (t) => {
  const leaf = leafWithVni();
  leaf.evpn.localMac(10, M1, 0, 'swp1');
  leaf.announce(hostRoute(M1, { leaf: '10.0.0.9' }), attributesOf({ leaf: '10.0.0.9' }));
  t.same(leaf.announced(), [local1, imet], 'a higher address does not take it from us');
  t.same(leaf.forwarding.log, []);
  leaf.announce(hostRoute(M1, { leaf: '10.0.0.2' }), attributesOf({ leaf: '10.0.0.2' }));
  t.same(leaf.announced(), [imet], 'the loser withdraws');
  t.equal(leaf.forwarding.macs.get(MAC1), '10.0.0.2');
});

t.test(
  'RFC 7432 section 15: of two other leaves the highest sequence is believed, then the lowest address',
  async (t) => {
    const leaf = leafWithVni();
    leaf.announce(hostRoute(M1, { leaf: '10.0.0.3' }), attributesOf({ leaf: '10.0.0.3', sequence: 1 }));
    leaf.announce(hostRoute(M1, { leaf: '10.0.0.2' }), attributesOf({ leaf: '10.0.0.2' }));
    t.equal(leaf.forwarding.macs.get(MAC1), '10.0.0.3');
    leaf.announce(hostRoute(M1, { leaf: '10.0.0.2' }), attributesOf({ leaf: '10.0.0.2', sequence: 1 }));
    t.equal(leaf.forwarding.macs.get(MAC1), '10.0.0.2');
    leaf.withdraw(hostRoute(M1, { leaf: '10.0.0.2' }));
    t.equal(leaf.forwarding.macs.get(MAC1), '10.0.0.3', 'the next best takes its place');
    leaf.withdraw(hostRoute(M1, { leaf: '10.0.0.3' }));
    t.same([...leaf.forwarding.macs], []);
    t.equal(leaf.evpn.views.macCount, 0, 'nothing is kept of a MAC that nobody claims');
  },
);

t.test('a local MAC that goes leaves its place to the best of the others', async (t) => {
  const leaf = leafWithVni();
  leaf.announce(hostRoute(M1, { leaf: '10.0.0.9' }), attributesOf({ leaf: '10.0.0.9' }));
  leaf.evpn.localMac(10, M1, 0, 'swp1');
  leaf.evpn.localMacGone(10, M1);
  t.same(leaf.announced(), [imet]);
  t.equal(leaf.forwarding.macs.get(MAC1), '10.0.0.9');
});

t.test(
  'a host that moves to and fro five times: sequence up by one each time, one place at a time',
  async (t) => {
    const leaf = leafWithVni({
      config: { duplicateDetection: { enabled: false, maxMoves: 5, windowSeconds: 180, freeze: false } },
    });
    for (let move = 0; move < 10; move += 2) {
      leaf.evpn.localMac(10, M1, 0, 'swp1');
      t.same(leaf.announced(), [move === 0 ? local1 : `${local1} seq ${move}`, imet]);
      t.equal(leaf.forwarding.macs.has(MAC1), false);
      leaf.announce(hostRoute(M1), attributesOf({ sequence: move + 1 }));
      t.same(leaf.announced(), [imet]);
      t.equal(leaf.forwarding.macs.get(MAC1), '10.0.0.2');
    }
  },
);

t.test('a sequence number at its highest stays there rather than wrapping to zero', async (t) => {
  const leaf = leafWithVni();
  leaf.announce(hostRoute(M1), attributesOf({ sequence: 0xffffffff }));
  leaf.evpn.localMac(10, M1, 0, 'swp1');
  leaf.settle();
  t.equal(leaf.forwarding.macs.get(MAC1), '10.0.0.2', 'the tie is then for the addresses to break');
  t.same(leaf.announced(), [imet]);
});

t.test(
  'RFC 7432 section 15.2: a static MAC is announced sticky with sequence 0, and stays whoever claims it',
  async (t) => {
    const leaf = leafWithVni();
    leaf.evpn.localMac(10, M1, ENTRY_FLAG.STICKY, 'swp1');
    leaf.announce(hostRoute(M1), attributesOf({ sequence: 7 }));
    t.same(leaf.announced(), [`${local1} seq 0 sticky`, imet]);
    t.same(leaf.forwarding.log, []);
  },
);

t.test(
  'RFC 7432 section 15.2: a MAC that is sticky elsewhere is not learned here, and the operator is told once',
  async (t) => {
    const leaf = leafWithVni();
    leaf.announce(hostRoute(M1), attributesOf({ sticky: true }));
    t.equal(leaf.forwarding.macs.get(MAC1), `10.0.0.2 flags ${ENTRY_FLAG.STICKY}`);
    leaf.evpn.localMac(10, M1, 0, 'swp1');
    leaf.settle();
    leaf.evpn.localMac(10, M1, 0, 'swp1');
    leaf.settle();
    t.same(leaf.announced(), [imet]);
    t.equal(leaf.forwarding.log.length, 3, 'the dataplane is told again where it is, each time');
    t.equal(leaf.log.records.filter((record) => record.level === 'warn').length, 1);
    t.equal(leaf.evpn.views.mac(10, M1)?.conflict, true);
    leaf.withdraw(hostRoute(M1));
    leaf.evpn.localMac(10, M1, 0, 'swp1');
    t.same(leaf.announced(), [local1, imet], 'free again once nobody holds it');
  },
);

t.test(
  'RFC 7432 section 15.2: a local MAC that is said to be static elsewhere is given up, and reported',
  async (t) => {
    const leaf = leafWithVni();
    leaf.announce(hostRoute(M1), attributesOf({ sequence: 3 }));
    leaf.evpn.localMac(10, M1, 0, 'swp1');
    leaf.announce(hostRoute(M1), attributesOf({ sticky: true }));
    t.same(leaf.announced(), [imet], 'although our sequence is higher');
    t.match(leaf.forwarding.macs.get(MAC1), /^10.0.0.2/);
    t.equal(leaf.log.records.filter((record) => record.level === 'warn').length, 1);
  },
);

t.test('a MAC that becomes static, and no longer is, is announced so', async (t) => {
  const leaf = leafWithVni();
  leaf.evpn.localMac(10, M1, 0, 'swp1');
  leaf.evpn.localMac(10, M1, ENTRY_FLAG.STICKY, 'swp2');
  t.same(leaf.announced(), [`${local1} seq 0 sticky`, imet]);
  t.equal(leaf.evpn.views.mac(10, M1)?.port, 'swp2');
  leaf.evpn.localMac(10, M1, 0, 'swp2');
  t.same(leaf.announced(), [local1, imet]);
});

t.test(
  'RFC 7432 section 15.1: five moves in 180 seconds make a duplicate, which is reported and still announced',
  async (t) => {
    const leaf = leafWithVni();
    const events: string[] = [];
    leaf.evpn.watch((event) => event.type === 'mac-duplicate' && events.push(`${event.mac} ${event.moves}`));
    leaf.announce(hostRoute(M1), attributesOf());
    for (let sequence = 0; sequence < 6; sequence += 2) {
      leaf.evpn.localMac(10, M1, 0, 'swp1');
      leaf.announce(hostRoute(M1), attributesOf({ sequence: sequence + 2 }));
      leaf.clock.advance(10_000);
    }
    t.same(events, ['02:00:00:00:00:01 5']);
    t.equal(leaf.evpn.views.mac(10, M1)?.duplicate, true);
    t.equal(leaf.evpn.views.duplicates, 1);
    leaf.evpn.localMac(10, M1, 0, 'swp1');
    t.same(leaf.announced(), [`${local1} seq 7`, imet]);
    t.equal(leaf.evpn.clearDuplicates(10, M1), 1);
    t.equal(leaf.evpn.views.mac(10, M1)?.duplicate, false);
  },
);

t.test('RFC 7432 section 15.1: as many moves over a longer time are moves of a host', async (t) => {
  const leaf = leafWithVni();
  leaf.announce(hostRoute(M1), attributesOf());
  for (let sequence = 0; sequence < 20; sequence += 2) {
    leaf.evpn.localMac(10, M1, 0, 'swp1');
    leaf.announce(hostRoute(M1), attributesOf({ sequence: sequence + 2 }));
    leaf.clock.advance(100_000);
  }
  t.equal(leaf.evpn.views.duplicates, 0);
});

t.test('RFC 7432 section 15.1: a frozen duplicate stays where it is until it is cleared', async (t) => {
  const leaf = leafWithVni({
    config: { duplicateDetection: { enabled: true, maxMoves: 3, windowSeconds: 180, freeze: true } },
  });
  leaf.announce(hostRoute(M1), attributesOf());
  leaf.evpn.localMac(10, M1, 0, 'swp1');
  leaf.announce(hostRoute(M1), attributesOf({ sequence: 2 }));
  leaf.evpn.localMac(10, M1, 0, 'swp1');
  t.same(leaf.announced(), [imet], 'the third move does not take place');
  t.equal(leaf.forwarding.macs.get(MAC1), '10.0.0.2');
  leaf.announce(hostRoute(M1, { leaf: '10.0.0.3' }), attributesOf({ leaf: '10.0.0.3', sequence: 9 }));
  t.equal(leaf.forwarding.macs.get(MAC1), '10.0.0.2', 'nor does one among the others');
  leaf.evpn.clearDuplicates();
  t.equal(leaf.forwarding.macs.get(MAC1), '10.0.0.3');
  leaf.evpn.localMac(10, M1, 0, 'swp1');
  t.same(leaf.announced(), [`${local1} seq 10`, imet]);
});

t.test('a frozen duplicate whose place gives it up goes where it is claimed', async (t) => {
  const leaf = leafWithVni({
    config: { duplicateDetection: { enabled: true, maxMoves: 1, windowSeconds: 180, freeze: true } },
  });
  leaf.announce(hostRoute(M1), attributesOf());
  leaf.announce(hostRoute(M1, { leaf: '10.0.0.3' }), attributesOf({ leaf: '10.0.0.3' }));
  leaf.evpn.localMac(10, M1, 0, 'swp1');
  leaf.withdraw(hostRoute(M1));
  t.equal(leaf.forwarding.macs.get(MAC1), '10.0.0.3');
});

t.test('our own route that comes back, under whatever distinguisher, never moves a MAC', async (t) => {
  const leaf = leafWithVni();
  leaf.evpn.localMac(10, M1, 0, 'swp1');
  const echo = leaf.announce(
    hostRoute(M1, { leaf: '10.0.0.5', rd: '10.0.0.5:77' }),
    attributesOf({ leaf: '10.0.0.5', sequence: 9 }),
  );
  t.same(leaf.announced(), [local1, imet]);
  t.same(leaf.forwarding.log, []);
  t.equal(leaf.evpn.views.import(echo).text, 'its VTEP is this leaf');
});

t.test('the same MAC in two VNIs is two MACs', async (t) => {
  const leaf = leafWithVni();
  leaf.vni(20);
  leaf.announce(hostRoute(M1, { vni: 20, rd: '10.0.0.2:2' }), attributesOf({ vni: 20, sequence: 5 }));
  leaf.evpn.localMac(10, M1, 0, 'swp1');
  t.ok(leaf.announced().includes(local1));
  t.equal(leaf.forwarding.macs.get('20 02:00:00:00:00:01'), '10.0.0.2');
});

t.test(
  'the dataplane is told only what it can see: VTEP and flags, not sequence numbers or further routes',
  async (t) => {
    const leaf = leafWithVni();
    leaf.announce(hostRoute(M2), attributesOf());
    leaf.announce(hostRoute(M2), attributesOf({ sequence: 1 }));
    leaf.announce(
      hostRoute(M2),
      attributesOf({ sequence: 2, more: [{ type: 'color', flags: 0, color: 7 }] }),
    );
    leaf.announce(hostRoute(M2, { rd: '10.0.0.2:9' }), attributesOf({ sequence: 2 }));
    leaf.withdraw(hostRoute(M2));
    t.same(leaf.forwarding.log, ['set 10 02:00:00:00:00:02 10.0.0.2']);
  },
);

t.test(
  'RFC 7432 section 10.1: a gateway MAC that every leaf has is local on each, and no conflict',
  async (t) => {
    const leaf = leafWithVni();
    leaf.evpn.localMac(10, M1, ENTRY_FLAG.GATEWAY, 'br10');
    leaf.evpn.localNeighbour(10, ip('10.10.10.1'), M1, ENTRY_FLAG.GATEWAY);
    leaf.announce(hostRoute(M1, { ip: '10.10.10.1' }), attributesOf({ more: [{ type: 'default-gateway' }] }));
    t.same(leaf.announced(), [local1, `${local1} 10.10.10.1`, imet]);
    t.same(leaf.forwarding.log, []);
    t.same(
      leaf.log.records.filter((record) => record.level === 'warn'),
      [],
    );
  },
);

interface Claim {
  readonly sequence: number;
  readonly sticky: boolean;
}

/** The rules once more, the slow way: everything compared with everything after each event. */
class NaiveMac {
  readonly claims = new Map<number, Claim>();
  readonly unreachable = new Set<number>();
  local: { readonly sequence: number } | undefined;

  /** Leaf 5 is ourselves. */
  static beats(a: Claim, leafA: number, b: Claim, leafB: number): boolean {
    if (a.sticky !== b.sticky) return a.sticky;
    return a.sequence === b.sequence ? leafA < leafB : a.sequence > b.sequence;
  }

  best(): number | undefined {
    const eligible = [...this.claims.keys()].filter((leaf) => !this.unreachable.has(leaf));
    return eligible.sort((a, b) =>
      NaiveMac.beats(this.claims.get(a)!, a, this.claims.get(b)!, b) ? -1 : 1,
    )[0];
  }

  learn(): void {
    const best = this.best();
    if (this.local !== undefined || (best !== undefined && this.claims.get(best)!.sticky)) return;
    const sequences = [...this.claims.values()].map(({ sequence }) => sequence + 1);
    this.local = { sequence: Math.max(0, ...sequences) };
  }

  settle(): void {
    const best = this.best();
    if (this.local === undefined || best === undefined) return;
    if (NaiveMac.beats(this.claims.get(best)!, best, { ...this.local, sticky: false }, 5))
      this.local = undefined;
  }
}

const claimingLeaf = fc.constantFrom(2, 3, 4, 6, 7, 8);
const macEvent = fc.oneof(
  fc.record({
    kind: fc.constant('claim' as const),
    leaf: claimingLeaf,
    sequence: fc.nat(3),
    sticky: fc.nat(4).map((n) => n === 0),
  }),
  fc.record({ kind: fc.constant('withdraw' as const), leaf: claimingLeaf }),
  fc.record({ kind: fc.constant('reach' as const), leaf: claimingLeaf, reachable: fc.boolean() }),
  fc.record({ kind: fc.constant('learn' as const) }),
  fc.record({ kind: fc.constant('gone' as const) }),
);

t.test('RFC 7432 sections 15, 15.2: after every event, a leaf holds what the plain rules say', async () => {
  fc.assert(
    fc.property(fc.array(macEvent, { maxLength: 60, size: 'max' }), fc.boolean(), (events, withIp) => {
      const leaf = leafWithVni({
        config: { duplicateDetection: { enabled: false, maxMoves: 5, windowSeconds: 180, freeze: false } },
      });
      const model = new NaiveMac();
      leaf.forwarding.answer = undefined;
      const address = (n: number) => `10.0.0.${n}`;
      const route = (n: number) =>
        hostRoute(M1, { leaf: address(n), ...(withIp ? { ip: '10.10.10.11' } : {}) });
      const tellReachability = () => {
        for (const n of [2, 3, 4, 6, 7, 8]) {
          const vtep = leaf.addresses.intern(ip(address(n)));
          if (leaf.forwarding.watched.has(vtep)) leaf.evpn.vtepReachable(vtep, !model.unreachable.has(n));
        }
        leaf.settle();
      };
      for (const event of events) {
        if (event.kind === 'claim') {
          // RFC 7432 section 15.2: the sequence of a sticky MAC is zero.
          const sequence = event.sticky ? 0 : event.sequence;
          model.claims.set(event.leaf, { sequence, sticky: event.sticky });
          leaf.announce(
            route(event.leaf),
            attributesOf({ leaf: address(event.leaf), sequence, sticky: event.sticky }),
          );
        } else if (event.kind === 'withdraw') {
          model.claims.delete(event.leaf);
          leaf.withdraw(route(event.leaf));
        } else if (event.kind === 'reach') {
          if (event.reachable) model.unreachable.delete(event.leaf);
          else model.unreachable.add(event.leaf);
        } else if (event.kind === 'learn') {
          model.learn();
          leaf.evpn.localMac(10, M1, 0, 'swp1');
        } else {
          model.local = undefined;
          leaf.evpn.localMacGone(10, M1);
        }
        tellReachability();
        model.settle();
        const best = model.local === undefined ? model.best() : undefined;
        const wanted = best === undefined ? undefined : address(best);
        const seen = leaf.forwarding.macs.get(MAC1)?.split(' ')[0];
        if (seen !== wanted) throw new Error(`after ${JSON.stringify(event)}: ${seen}, expected ${wanted}`);
        if (leaf.forwarding.neighbours.size !== (withIp && best !== undefined ? 1 : 0)) {
          throw new Error(`after ${JSON.stringify(event)}: ${leaf.forwarding.neighbours.size} neighbours`);
        }
        const { local } = model;
        const ours = local && `${local1}${local.sequence > 0 ? ` seq ${local.sequence}` : ''}`;
        if (leaf.announced().find((line) => line.startsWith('[2]')) !== ours) {
          throw new Error(`after ${JSON.stringify(event)}: ${leaf.announced()}, expected ${ours}`);
        }
      }
    }),
    { numRuns: 500 },
  );
});
