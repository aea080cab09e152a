/** Evpn over the shared reconciler with tables in memory: what the two expect of each other holds. */
import { EVPN_KEY, routeDistinguisherText } from 'bgp-protocol';
import t from 'tap';
import { AddressTable } from '../../src/base/address-table.ts';
import { ManualClock } from '../../src/base/clock.ts';
import { ip } from '../../src/base/ip.ts';
import { silentLogger } from '../../src/base/log.ts';
import { ENTRY_FLAG } from '../../src/dataplane/interfaces.ts';
import { createMemoryDataplane } from '../../src/dataplane/memory/index.ts';
import { EVPN_DEFAULTS, Evpn, type EvpnConfig } from '../../src/evpn/index.ts';
import { LOCAL, Rib, type SourceId } from '../../src/rib/index.ts';
import { attributesOf, floodRoute, hostRoute, M1, pmsi, put, routerIdNumber } from './leaf.ts';

const CONFIG: EvpnConfig = { ...EVPN_DEFAULTS, routerId: '10.0.0.5', localAs: 65000, advertiseAllVni: true };

class Stack {
  readonly addresses = new AddressTable();
  readonly clock = new ManualClock();
  readonly memory = createMemoryDataplane({ clock: this.clock, addresses: this.addresses });
  readonly rib: Rib;
  readonly evpn: Evpn;
  readonly peer: SourceId;

  constructor() {
    const { addresses, clock } = this;
    const routerId = routerIdNumber('10.0.0.5');
    this.rib = new Rib({ localAs: 65000, routerId, clusterId: routerId, addresses, clock });
    this.evpn = new Evpn({
      config: CONFIG,
      rib: this.rib,
      forwarding: this.memory.dataplane,
      addresses,
      clock,
      log: silentLogger,
    });
    this.peer = this.rib.addSource({
      kind: 'ibgp',
      client: false,
      routerId: routerIdNumber('10.0.0.100'),
      address: '10.0.0.100',
      remoteAs: 65000,
    });
  }

  async open(): Promise<void> {
    this.memory.hosts.setInstance({
      vni: 10,
      vtep: ip('10.0.0.5'),
      vxlanInterface: 'vxlan10',
      bridge: 'br10',
      sviInterface: 'br10',
      vlan: undefined,
      up: true,
      mtu: 1450,
      ownMacs: [],
      warnings: [],
    });
    const opened = this.memory.dataplane.open(this.evpn);
    this.evpn.start();
    await this.settle();
    await opened;
    await this.settle();
  }

  /** Lets promises and due timers run until neither has more. */
  async settle(): Promise<void> {
    for (let i = 0; i < 20; i++) {
      this.clock.advance(10);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async claim(sequence: number, sticky = false): Promise<void> {
    put(this.rib, this.peer, hostRoute(M1), attributesOf({ sequence, sticky }));
    await this.settle();
  }

  entry(): string | undefined {
    const entry = [...this.memory.dataplane.entries(10)].find(({ kind }) => kind === 'mac');
    return entry && `${entry.vtep} ${entry.status}`;
  }

  get local(): boolean {
    return this.rib.counts(LOCAL).best === 2;
  }
}

t.test(
  'a host that moves to and fro between a port here and another leaf, with the real reconciler',
  async (t) => {
    const stack = new Stack();
    await stack.open();
    for (let sequence = 0; sequence < 6; sequence += 2) {
      stack.memory.hosts.attachMac(10, M1, 'swp1');
      await stack.settle();
      t.ok(stack.local, 'announced');
      t.equal(stack.entry(), undefined);
      await stack.claim(sequence + 1);
      t.notOk(stack.local, 'withdrawn');
      t.equal(stack.entry(), '10.0.0.2 installed');
    }
  },
);

t.test(
  'RFC 7432 section 15.2: a MAC that is sticky elsewhere is written again after a port has learned it',
  async (t) => {
    const stack = new Stack();
    await stack.open();
    await stack.claim(0, true);
    stack.memory.hosts.attachMac(10, M1, 'swp1');
    await stack.settle();
    t.notOk(stack.local);
    t.equal(stack.entry(), '10.0.0.2 installed');
    t.notOk(stack.memory.hosts.tables.instances.get(10)!.macs.has(M1), 'the entry of the port is gone');
  },
);

t.test(
  'a VNI that leaves the configuration and returns at once has its entries and its hosts again',
  async (t) => {
    for (const haste of [true, false]) {
      const stack = new Stack();
      await stack.open();
      const { memory, rib, peer, evpn } = stack;
      memory.hosts.attachMac(10, M1 + 7, 'swp1');
      put(rib, peer, floodRoute(), [...attributesOf(), pmsi()]);
      await stack.claim(0);
      const entries = () => [...memory.hosts.tables.entries.values()].map(({ kind }) => kind).sort();
      t.same(entries(), ['flood', 'mac']);
      evpn.reconfigure({ ...CONFIG, advertiseAllVni: false });
      if (!haste) {
        await stack.settle();
        t.same(entries(), []);
        t.equal(rib.counts(LOCAL).best, 0);
      }
      evpn.reconfigure(CONFIG);
      await stack.settle();
      t.same(entries(), ['flood', 'mac'], haste ? 'at once' : 'after a while');
      t.match(memory.dataplane.counters(), { desired: 2, installed: 2, pending: 0, failed: 0 });
      t.ok(stack.local, 'the host here is announced');
    }
  },
);

t.test(
  'RFC 7432 section 15.2: a MAC that is static here and elsewhere goes there when it is no longer static here',
  async (t) => {
    const stack = new Stack();
    await stack.open();
    const { hosts } = stack.memory;
    hosts.attachMac(10, M1, 'swp1', ENTRY_FLAG.STICKY);
    await stack.settle();
    await stack.claim(0, true);
    t.ok(stack.local, 'announced, whoever else claims it');
    hosts.attachMac(10, M1, 'swp9');
    await stack.settle();
    t.notOk(stack.local);
    t.equal(stack.entry(), '10.0.0.2 installed');
    t.notOk(hosts.tables.instances.get(10)!.macs.has(M1), 'the entry of the port is gone');
  },
);

t.test(
  'configurations that follow each other at once leave no route under an old distinguisher',
  async (t) => {
    const under = (rd: string): EvpnConfig => ({
      ...CONFIG,
      advertiseAllVni: false,
      vnis: [{ vni: 10, rd }],
    });
    const none = { ...CONFIG, advertiseAllVni: false };
    const courses: EvpnConfig[][] = [
      [under('10.0.0.5:71')],
      [under('10.0.0.5:71'), under('10.0.0.5:71')],
      [under('10.0.0.5:71'), under('10.0.0.5:72')],
      [under('10.0.0.5:71'), none, under('10.0.0.5:72')],
      [none, under('10.0.0.5:71'), none, CONFIG],
    ];
    for (const course of courses) {
      const stack = new Stack();
      await stack.open();
      const { memory, rib, evpn } = stack;
      memory.hosts.attachMac(10, M1, 'swp1');
      await stack.settle();
      for (const config of course) evpn.reconfigure(config);
      await stack.settle();
      const last = course.at(-1)!.vnis[0]?.rd ?? '10.0.0.5:1';
      const distinguishers = [...rib.routes()].map((route) =>
        routeDistinguisherText(rib.keyBytes, rib.keyStart(route) + EVPN_KEY.RD),
      );
      t.same(distinguishers, [last, last], 'the MAC, and flooding');
      memory.hosts.detachMac(10, M1);
      await stack.settle();
      t.equal(rib.routeCount, 1);
    }
  },
);
