/**
 * Leaves around a route reflector, in memory, with the real tables, decision process, encoder and walker between them. Hosts
 * move; messages are delivered in random order between links, in order within one. At rest every leaf points
 * to where each host is.
 */
import fc from 'fast-check';
import t from 'tap';
import { ManualClock } from '../../src/base/clock.ts';
import { ip } from '../../src/base/ip.ts';
import { type Mac, printMac } from '../../src/base/mac.ts';
import { Leaf, M1, Wire } from './leaf.ts';

const VNI = 10;

/** What a bridge does: an entry per MAC, local or put there by the control plane; learning replaces either. */
class Bridge {
  readonly leaf: Leaf;
  readonly #local = new Set<Mac>();

  constructor(leaf: Leaf) {
    this.leaf = leaf;
    leaf.forwarding.onSetMac = (mac) => this.#local.delete(mac);
  }

  /** A frame of the host arrives on a port. */
  speak(mac: Mac, address?: string): void {
    if (!this.#local.has(mac)) {
      this.#local.add(mac);
      this.leaf.evpn.localMac(VNI, mac, 0, 'swp1');
    }
    if (address !== undefined) this.leaf.evpn.localNeighbour(VNI, ip(address), mac, 0);
  }

  age(mac: Mac): void {
    if (!this.#local.delete(mac)) return;
    this.leaf.evpn.localMacGone(VNI, mac);
  }

  /** Where the bridge sends frames for the MAC. */
  place(mac: Mac): string {
    return (
      this.leaf.forwarding.macs.get(`${VNI} ${printMac(mac)}`) ?? (this.#local.has(mac) ? 'here' : 'nowhere')
    );
  }
}

class Fabric {
  readonly clock = new ManualClock();
  readonly wire = new Wire();
  readonly bridges: Bridge[] = [];
  readonly reflector: Leaf;

  constructor(leaves: number) {
    this.reflector = new Leaf({ routerId: '10.0.0.100', clock: this.clock });
    for (let i = 1; i <= leaves; i++) {
      const leaf = new Leaf({
        routerId: `10.0.0.${i}`,
        clock: this.clock,
        config: { duplicateDetection: { enabled: false, maxMoves: 5, windowSeconds: 180, freeze: false } },
      });
      const client = this.reflector.addPeer(leaf.routerId, 65000, true);
      this.wire.connect(leaf.rib, leaf.peer, this.reflector.rib, client, false);
      this.wire.connect(this.reflector.rib, client, leaf.rib, leaf.peer, true);
      leaf.vni(VNI);
      this.bridges.push(new Bridge(leaf));
    }
    this.rest();
  }

  rest(): void {
    this.wire.deliverAll(this.clock);
  }

  address(index: number): string {
    return `10.0.0.${index + 1}`;
  }
}

t.test('two leaves and a reflector: MACs, addresses and flooding both ways', async (t) => {
  const fabric = new Fabric(2);
  const [a, b] = fabric.bridges;
  t.same([...a.leaf.forwarding.floods], ['10 10.0.0.2']);
  t.same([...b.leaf.forwarding.floods], ['10 10.0.0.1']);
  a.speak(M1, '10.10.10.11');
  fabric.rest();
  t.equal(b.place(M1), '10.0.0.1');
  t.same([...b.leaf.forwarding.neighbours], [['10 10.10.10.11', '02:00:00:00:00:01']]);
  t.equal(a.leaf.forwarding.macs.size, 0, 'the echo of our own routes is dropped');
  b.speak(M1, '10.10.10.11');
  fabric.rest();
  t.equal(a.place(M1), '10.0.0.2');
  t.same([...a.leaf.forwarding.neighbours], [['10 10.10.10.11', '02:00:00:00:00:01']]);
  t.same([...b.leaf.forwarding.neighbours], []);
  t.ok(b.leaf.announced().includes('[2] 10.0.0.2:1 02:00:00:00:00:01 seq 1'));
  t.notOk(
    a.leaf.announced().some((line) => line.startsWith('[2]')),
    'the old leaf has withdrawn',
  );
});

t.test(
  'two leaves that learn a MAC at the same moment: the lower address has it, the other withdraws',
  async (t) => {
    const fabric = new Fabric(3);
    fabric.bridges[1].speak(M1);
    fabric.bridges[0].speak(M1);
    fabric.rest();
    t.same(
      fabric.bridges.map((bridge) => bridge.place(M1)),
      ['here', '10.0.0.1', '10.0.0.1'],
    );
    fabric.bridges[1].speak(M1);
    fabric.rest();
    t.same(
      fabric.bridges.map((bridge) => bridge.place(M1)),
      ['10.0.0.2', 'here', '10.0.0.2'],
      'until the host speaks again where it really is',
    );
  },
);

t.test('a leaf whose VNI goes down takes its hosts with it everywhere', async (t) => {
  const fabric = new Fabric(3);
  fabric.bridges[0].speak(M1, '10.10.10.11');
  fabric.rest();
  fabric.bridges[0].leaf.vni(VNI, { up: false });
  fabric.rest();
  for (const bridge of fabric.bridges.slice(1)) {
    t.equal(bridge.place(M1), 'nowhere');
    t.equal(bridge.leaf.forwarding.floods.size, 1);
    t.equal(bridge.leaf.forwarding.neighbours.size, 0);
  }
  t.equal(fabric.bridges[0].leaf.forwarding.floods.size, 0);
});

type Step =
  | { readonly kind: 'speak'; readonly host: number; readonly leaf: number }
  | { readonly kind: 'age'; readonly host: number; readonly leaf: number }
  | { readonly kind: 'deliver'; readonly link: number }
  | { readonly kind: 'settle' }
  | { readonly kind: 'flap'; readonly leaf: number };

const LEAVES = 4;
const HOSTS = 3;
const hostIndex = fc.nat(HOSTS - 1);
const leafIndex = fc.nat(LEAVES - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('speak' as const), host: hostIndex, leaf: leafIndex }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('age' as const), host: hostIndex, leaf: leafIndex }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('deliver' as const), link: fc.nat(LEAVES * 2 - 1) }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: 'settle' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('flap' as const), leaf: leafIndex }) },
);

const macOfHost = (host: number): Mac => M1 + host;
const ipOfHost = (host: number): string => `10.10.10.${host + 1}`;

/** Plays the steps. Returns where each host was last. */
function play(fabric: Fabric, steps: readonly Step[]): (number | undefined)[] {
  const places: (number | undefined)[] = new Array(HOSTS).fill(undefined);
  for (const step of steps) {
    if (step.kind === 'speak') {
      places[step.host] = step.leaf;
      fabric.bridges[step.leaf].speak(macOfHost(step.host), ipOfHost(step.host));
    } else if (step.kind === 'age') fabric.bridges[step.leaf].age(macOfHost(step.host));
    else if (step.kind === 'deliver') fabric.wire.deliver(step.link);
    else if (step.kind === 'settle') fabric.clock.settle();
    else {
      fabric.bridges[step.leaf].leaf.vni(VNI, { up: false });
      fabric.bridges[step.leaf].leaf.vni(VNI);
    }
  }
  return places;
}

t.test(
  'RFC 7432 section 15: whatever moves and delays there were, at rest every leaf points to where each host is',
  async () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
        const fabric = new Fabric(LEAVES);
        const places = play(fabric, steps);
        // Hosts that still exist speak once more where they are, twice: leaves that raced may have given them to another.
        for (let again = 0; again < 2; again++) {
          fabric.rest();
          places.forEach((leaf, host) => {
            if (leaf !== undefined) fabric.bridges[leaf].speak(macOfHost(host), ipOfHost(host));
          });
        }
        fabric.rest();
        for (let host = 0; host < HOSTS; host++) {
          const leaf = places[host];
          fabric.bridges.forEach((bridge, index) => {
            const expected = leaf === undefined ? 'nowhere' : index === leaf ? 'here' : fabric.address(leaf);
            const seen = bridge.place(macOfHost(host));
            if (seen !== expected) throw new Error(`host ${host} at leaf ${index}: ${seen}, is ${expected}`);
            const neighbour = bridge.leaf.forwarding.neighbours.get(`${VNI} ${ipOfHost(host)}`);
            const wanted = leaf === undefined || index === leaf ? undefined : printMac(macOfHost(host));
            if (neighbour !== wanted)
              throw new Error(`address of host ${host} at leaf ${index}: ${neighbour}`);
          });
        }
        for (const bridge of fabric.bridges) checkLedger(bridge.leaf);
      }),
      { numRuns: 200 },
    );
  },
);

/** What a leaf says of itself adds up, and it announces what is local and nothing else. */
function checkLedger(leaf: Leaf): void {
  const view = leaf.evpn.views.instance(VNI)!;
  const macs = [...leaf.evpn.views.macs(VNI)];
  const count = (type: string) => macs.filter((mac) => mac.type === type && mac.wanted).length;
  const announced = leaf.announced().filter((line) => line.startsWith('[2]'));
  const withoutIp = announced.filter((line) => !/ 10\.10\./.test(line));
  if (view.localMacs !== count('local'))
    throw new Error(`local MACs: ${view.localMacs} and ${count('local')}`);
  if (view.remoteMacs !== leaf.forwarding.macs.size) throw new Error(`remote MACs: ${view.remoteMacs}`);
  if (view.remoteNeighbours !== leaf.forwarding.neighbours.size) throw new Error('remote neighbours');
  if (withoutIp.length !== view.localMacs) throw new Error(`announced: ${announced}`);
  if (leaf.forwarding.floods.size !== LEAVES - 1) throw new Error(`floods: ${leaf.forwarding.floods.size}`);
}

t.test('a host gone from everywhere leaves nothing behind on any leaf', async () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50, size: 'max' }), (steps) => {
      const fabric = new Fabric(LEAVES);
      play(fabric, steps);
      fabric.rest();
      for (const bridge of fabric.bridges) {
        for (let host = 0; host < HOSTS; host++) {
          bridge.age(macOfHost(host));
          bridge.leaf.evpn.localNeighbourGone(VNI, ip(ipOfHost(host)));
        }
      }
      fabric.rest();
      for (const { leaf } of fabric.bridges) {
        if (leaf.forwarding.macs.size + leaf.forwarding.neighbours.size > 0)
          throw new Error('entries are left');
        if (leaf.evpn.views.macCount > 0) throw new Error('rows are left');
        if (leaf.rib.routeCount !== LEAVES) throw new Error(`routes are left: ${leaf.rib.routeCount}`);
      }
    }),
    { numRuns: 200 },
  );
});
