import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { AddressTable } from '../../src/base/address-table.ts';
import { ip } from '../../src/base/ip.ts';
import { macHigh, macLow, macOfWords } from '../../src/base/mac.ts';
import { ORIGIN, PART } from '../../src/dataplane/driver.ts';
import { FloodLedger } from '../../src/dataplane/kernel/flood-ledger.ts';
import { Inventory, placeKey } from '../../src/dataplane/kernel/inventory.ts';
import { OwnAddresses } from '../../src/dataplane/kernel/own-addresses.ts';
import { RecordReader } from '../../src/dataplane/kernel/record-reader.ts';
import {
  AF_BRIDGE,
  AF_INET,
  type Link,
  NeighbourRecord,
  NTF_EXT_LEARNED,
  NTF_SELF,
  NUD_NOARP,
  NUD_PERMANENT,
  NUD_REACHABLE,
} from '../../src/netlink/index.ts';
import { mac } from './contract.ts';

const BASE: Link = {
  family: 0,
  index: 0,
  name: '',
  flags: 1,
  up: true,
  running: true,
  loopback: false,
  operationalState: 'up',
  mac: undefined,
  mtu: 1500,
  master: undefined,
  lower: undefined,
  kind: undefined,
  vxlan: undefined,
  bridge: undefined,
  vlanId: undefined,
  vrfTable: undefined,
  bridgePort: undefined,
  vlans: [],
  tunnels: [],
};

const PORT = {
  forwarding: true,
  learning: false,
  neighbourSuppression: true,
  isolated: false,
  locked: false,
  vlanTunnel: false,
  unicastFlood: true,
  multicastFlood: true,
  broadcastFlood: true,
};

const bridge = (index: number, name: string, vlanFiltering: boolean): Link => ({
  ...BASE,
  index,
  name,
  kind: 'bridge',
  bridge: { vlanFiltering, defaultPvid: 1, ageingSeconds: 300 },
});

const vxlan = (index: number, vni: number, master: number | undefined, more: object = {}): Link => ({
  ...BASE,
  index,
  name: `vxlan${vni}`,
  kind: 'vxlan',
  master,
  bridgePort: PORT,
  vxlan: {
    vni,
    local: ip('10.0.0.1'),
    remote: undefined,
    underlay: undefined,
    port: 4789,
    learning: false,
    external: false,
    vniFilter: false,
    ...more,
  },
});

const role = (index: number, vlan: number): Link => ({
  ...BASE,
  family: AF_BRIDGE,
  index,
  bridgePort: PORT,
  vlans: [
    { vlan: 4000, pvid: false, untagged: false },
    { vlan, pvid: true, untagged: true },
  ],
});

const svi = (index: number, below: number, vlan: number): Link => ({
  ...BASE,
  index,
  name: `vlan${vlan}`,
  kind: 'vlan',
  lower: below,
  vlanId: vlan,
});

/** One VLAN-aware bridge with two VNIs: VLAN 10 is VNI 1010, VLAN 20 is VNI 1020. */
function vlanAware(): Inventory {
  const inventory = new Inventory();
  const links = [
    bridge(1, 'br0', true),
    vxlan(2, 1010, 1),
    vxlan(3, 1020, 1),
    role(2, 10),
    role(3, 20),
    svi(4, 1, 10),
    svi(5, 1, 20),
    { ...BASE, index: 6, name: 'swp1', master: 1 },
  ];
  for (const link of links) inventory.heard(link, false);
  return inventory;
}

t.test(
  'in a bridge without VLAN filtering the bridge is the instance, and its own interface the SVI',
  async (test) => {
    const inventory = new Inventory();
    inventory.heard(bridge(1, 'br10', false), false);
    inventory.heard(vxlan(2, 10, 1), false);
    const found = inventory.view().instances.get(10);
    test.match(found, { vxlanIndex: 2, bridgeIndex: 1, sviIndex: 1, vlan: 0 });
    test.match(found?.state, {
      bridge: 'br10',
      sviInterface: 'br10',
      vlan: undefined,
      up: true,
      warnings: [],
    });
  },
);

t.test('a VXLAN device outside a bridge, or in a VRF, is no instance', async (test) => {
  const inventory = new Inventory();
  inventory.heard(vxlan(2, 10, undefined), false);
  inventory.heard({ ...BASE, index: 7, name: 'red', kind: 'vrf', vrfTable: 10 }, false);
  inventory.heard(vxlan(3, 20, 7), false);
  test.equal(inventory.view().instances.size, 0);
  test.same(inventory.view().unsupported, []);
});

t.test(
  'in a VLAN-aware bridge the PVID of the VXLAN port maps VLAN to VNI, and the VLAN interface is the SVI',
  async (test) => {
    const view = vlanAware().view();
    test.match(view.instances.get(1010), { vlan: 10, sviIndex: 4, bridgeIndex: 1, vxlanIndex: 2 });
    test.match(view.instances.get(1020), { vlan: 20, sviIndex: 5, bridgeIndex: 1, vxlanIndex: 3 });
    test.match(view.instances.get(1010)?.state, { vlan: 10, sviInterface: 'vlan10', bridge: 'br0' });
    test.equal(view.byPlace.get(placeKey(1, 20))?.vni, 1020);
    test.equal(view.bySvi.get(4)?.vni, 1010);
  },
);

t.test(
  'without a PVID, or without a VLAN interface, the operator is told the command that helps',
  async (test) => {
    const inventory = vlanAware();
    inventory.heard({ ...role(2, 10), vlans: [] }, false);
    test.match(
      inventory.view().unsupported[0],
      'vxlan1010 has no PVID in br0: bridge vlan add dev vxlan1010',
    );
    inventory.heard(svi(5, 1, 20), true);
    const found = inventory.view().instances.get(1020);
    test.equal(found?.sviIndex, 0);
    test.match(found?.state.warnings[0], 'ip link add link br0 name vlan20 type vlan id 20');
  },
);

t.test(
  'leaving the bridge (RTM_DELLINK of AF_BRIDGE) ends the instance but not the interface',
  async (test) => {
    const inventory = new Inventory();
    inventory.heard(bridge(1, 'br10', false), false);
    inventory.heard(vxlan(2, 10, 1), false);
    inventory.heard({ ...BASE, family: AF_BRIDGE, index: 2, master: 1 }, true);
    test.equal(inventory.view().instances.size, 0);
    test.equal(inventory.name(2), 'vxlan10');
    inventory.heard(vxlan(2, 10, 1), false);
    test.equal(inventory.view().instances.size, 1);
  },
);

t.test('what notices tell during a dump is newer than the dump', async (test) => {
  const inventory = new Inventory();
  inventory.heard(bridge(9, 'gone', false), false);
  inventory.beginDump();
  inventory.dumped(bridge(1, 'br10', false));
  inventory.heard(vxlan(2, 10, 1), false);
  inventory.heard({ ...BASE, index: 3, name: 'p1' }, true);
  inventory.dumped({ ...BASE, index: 3, name: 'p1' });
  inventory.endDump();
  test.equal(inventory.view().instances.size, 1, 'a device made meanwhile');
  test.equal(inventory.name(3), '', 'a port deleted meanwhile');
  test.equal(inventory.name(9), '', 'what the dump does not show');
});

t.test(
  "the leaf's own MACs: of the bridge, its ports, the SVI and what stands on that; by VLAN in a VLAN-aware bridge",
  async (test) => {
    const inventory = new Inventory();
    inventory.heard({ ...bridge(1, 'br10', false), mac: 1 }, false);
    inventory.heard({ ...vxlan(2, 10, 1), mac: 2 }, false);
    inventory.heard({ ...BASE, index: 3, name: 'p1', mac: 3, master: 1 }, false);
    inventory.heard({ ...BASE, index: 4, name: 'vrrp', kind: 'macvlan', lower: 1, mac: 4 }, false);
    inventory.heard({ ...BASE, index: 5, name: 'eth0', mac: 5 }, false);
    inventory.heard({ ...BASE, index: 6, name: 'p2', mac: 1, master: 1 }, false);
    test.same(inventory.view().instances.get(10)?.state.ownMacs, [1, 2, 3, 4]);

    const aware = vlanAware();
    aware.heard({ ...bridge(1, 'br0', true), mac: 1 }, false);
    aware.heard({ ...svi(4, 1, 10), mac: 4 }, false);
    aware.heard({ ...BASE, index: 7, name: 'access', mac: 7, master: 1 }, false);
    aware.heard(role(7, 20), false);
    test.same(aware.view().instances.get(1010)?.state.ownMacs, [1, 4]);
    test.same(aware.view().instances.get(1020)?.state.ownMacs, [1, 7]);
  },
);

t.test(
  'addresses of the leaf itself: what notices tell during a dump is newer than the dump',
  async (test) => {
    const own = new OwnAddresses();
    const address = (index: number, text: string) => ({
      family: AF_INET,
      interfaceIndex: index,
      address: { address: ip(text), length: 24 },
    });
    own.heard(address(1, '10.0.0.1'), false);
    own.beginDump();
    own.dumped(address(1, '10.0.0.2'));
    own.heard(address(1, '10.0.0.3'), false);
    own.heard(address(1, '10.0.0.4'), true);
    own.dumped(address(1, '10.0.0.4'));
    own.endDump();
    const has = (index: number) => [1, 2, 3, 4].map((last) => own.has(index, ip(`10.0.0.${last}`)));
    test.same(has(1), [false, true, true, false]);
    test.same(has(2), [false, false, false, false]);
    test.notOk(own.has(1, ip('fd00::2')));
    own.heard(address(1, '10.0.0.2'), true);
    own.heard(address(1, '10.0.0.3'), true);
    test.same([...own.all()], []);
  },
);

t.test('learning, missing suppression, a fixed remote and no source address are warned of', async (test) => {
  const inventory = new Inventory();
  inventory.heard(bridge(1, 'br10', false), false);
  const faulty = vxlan(2, 10, 1, { learning: true, local: undefined, remote: ip('239.1.1.1') });
  const port = { ...PORT, learning: true, neighbourSuppression: false };
  inventory.heard({ ...faulty, bridgePort: port }, false);
  const { warnings, vtep } = inventory.view().instances.get(10)!.state;
  test.equal(vtep, undefined);
  test.equal(warnings.length, 5);
});

/** A sink that writes down what it is told. */
function recorder(): { lines: string[]; sink: ConstructorParameters<typeof RecordReader>[0] } {
  const lines: string[] = [];
  const note =
    (name: string) =>
    (...values: unknown[]): void => {
      lines.push(
        `${name} ${values.map((value) => (value instanceof Uint8Array ? value.join('.') : value)).join(' ')}`,
      );
    };
  const names = [
    'instance',
    'instanceGone',
    'macSeen',
    'macMissing',
    'macBlocked',
    'floodSeen',
    'floodMissing',
    'neighbourSeen',
    'neighbourMissing',
    'neighbourBlocked',
    'neighbourUnblocked',
    'localMac',
    'localMacGone',
    'localNeighbour',
    'localNeighbourGone',
    'vtepReachable',
    'settled',
    'overrun',
    'resync',
    'problem',
  ];
  const sink = Object.fromEntries(names.map((name) => [name, note(name)]));
  return { lines, sink: sink as unknown as ConstructorParameters<typeof RecordReader>[0] };
}

function record(values: Partial<NeighbourRecord>, destination?: string): NeighbourRecord {
  const made = Object.assign(new NeighbourRecord(), { family: AF_BRIDGE, ...values });
  if (destination === undefined) return made;
  const octets = ip(destination);
  made.destination.set(octets);
  made.destinationLength = octets.length;
  return made;
}

const HOST = mac('02:00:00:00:00:05');
const HIGH = macHigh(HOST);
const LOW = macLow(HOST);

t.test('records of a VLAN-aware bridge belong to the VNI of their VLAN', async (test) => {
  const { lines, sink } = recorder();
  const addresses = new AddressTable();
  const reader = new RecordReader(
    sink,
    addresses,
    new FloodLedger(undefined, addresses, () => {}),
    new OwnAddresses(),
    vlanAware().view(),
  );
  const local = { interfaceIndex: 6, master: 1, state: NUD_REACHABLE, mac: HOST };
  reader.read(record({ ...local, vlan: 20 }), false, ORIGIN.DUMP);
  reader.read(record({ ...local, vlan: 30 }), false, ORIGIN.DUMP);
  reader.read(record({ ...local, vlan: 20, state: NUD_PERMANENT }), false, ORIGIN.DUMP);
  reader.read(
    record({
      interfaceIndex: 2,
      master: 1,
      vlan: 10,
      flags: NTF_EXT_LEARNED,
      state: NUD_REACHABLE,
      mac: HOST,
    }),
    false,
    ORIGIN.DUMP,
  );
  reader.read(
    record({
      interfaceIndex: 2,
      master: 1,
      vlan: 20,
      flags: NTF_EXT_LEARNED,
      state: NUD_REACHABLE,
      mac: HOST,
    }),
    false,
    ORIGIN.DUMP,
  );
  reader.read(
    record({ interfaceIndex: 3, flags: NTF_SELF | NTF_EXT_LEARNED, state: NUD_NOARP, mac: HOST }, '10.0.0.2'),
    false,
    ORIGIN.DUMP,
  );
  reader.read(
    record({ family: AF_INET, interfaceIndex: 5, state: NUD_REACHABLE, mac: HOST }, '10.1.1.1'),
    false,
    ORIGIN.DUMP,
  );
  const vtep = addresses.intern(ip('10.0.0.2'));
  test.same(lines, [
    `localMac 1020 ${HIGH} ${LOW} 0 6 ${ORIGIN.DUMP}`,
    `macBlocked 1020 ${HIGH} ${LOW} ${ORIGIN.DUMP}`,
    `macSeen 1010 ${HIGH} ${LOW} ${PART.COMPANION} 0 0 true ${ORIGIN.DUMP}`,
    `macSeen 1020 ${HIGH} ${LOW} ${PART.VALUE} ${vtep} 0 true ${ORIGIN.DUMP}`,
    `localNeighbour 1020 10.1.1.1 ${HIGH} ${LOW} 0 ${ORIGIN.DUMP}`,
  ]);
});

t.test("Linux 6.1's second notice of a write, without VTEP and mark, says nothing", async (test) => {
  const { lines, sink } = recorder();
  const addresses = new AddressTable();
  const ledger = new FloodLedger(undefined, addresses, () => {});
  const reader = new RecordReader(sink, addresses, ledger, new OwnAddresses(), vlanAware().view());
  const repeated = { interfaceIndex: 3, vlan: 20, flags: NTF_SELF, state: NUD_NOARP, mac: HOST };
  reader.read(record(repeated), false, ORIGIN.NOTICE);
  reader.read(record({ ...repeated, mac: 0 }), false, ORIGIN.NOTICE);
  test.same(lines, []);
});

t.test('a storm of records makes no garbage to speak of', async (test) => {
  const addresses = new AddressTable();
  const { sink } = recorder();
  const silent = Object.fromEntries(
    Object.keys(sink).map((name) => [name, () => {}]),
  ) as unknown as typeof sink;
  const reader = new RecordReader(
    silent,
    addresses,
    new FloodLedger(undefined, addresses, () => {}),
    new OwnAddresses(),
    vlanAware().view(),
  );
  const tunnel = record(
    { interfaceIndex: 3, flags: NTF_SELF | NTF_EXT_LEARNED, state: NUD_NOARP },
    '10.0.0.2',
  );
  const neighbour = record(
    { family: AF_INET, interfaceIndex: 5, state: NUD_REACHABLE, mac: HOST },
    '10.1.1.1',
  );
  const storm = (): void => {
    for (let i = 0; i < 100_000; i++) {
      tunnel.mac = macOfWords(0x0200, i);
      reader.read(tunnel, false, ORIGIN.NOTICE);
      reader.read(neighbour, false, ORIGIN.NOTICE);
    }
  };
  storm();
  const before = process.memoryUsage().heapUsed;
  storm();
  const perRecord = (process.memoryUsage().heapUsed - before) / 200_000;
  test.ok(perRecord < 40, `${perRecord.toFixed(1)} octets per record: at most a boxed number, no object`);
});

t.test('the flood ledger writes only what the kernel cannot mark, and reads it back', async (test) => {
  const directory = mkdtempSync(join(tmpdir(), 'evpnd-ledger-'));
  test.teardown(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'run', 'flood-entries.json');
  const addresses = new AddressTable();
  const problems: (string | undefined)[] = [];
  const make = (): FloodLedger => {
    const ledger = new FloodLedger(path, addresses, (text) => problems.push(text));
    ledger.load();
    return ledger;
  };
  const [a, b] = ['10.0.0.2', 'fd00::2'].map((text) => addresses.intern(ip(text))) as [number, number];
  const first = make();
  first.add(10, a);
  first.add(20, b);
  first.save();
  test.throws(() => readFileSync(path), { code: 'ENOENT' }, 'no file while nothing is mixed');
  first.mix(20);
  test.same(JSON.parse(readFileSync(path, 'utf8')), { version: 1, floodEntries: { 20: ['fd00::2'] } });
  const second = make();
  test.ok(second.has(20, b));
  test.ok(second.isMixed(20));
  test.notOk(second.has(10, a));
  second.forget(20);
  test.throws(() => readFileSync(path), { code: 'ENOENT' }, 'and none when nothing is mixed any more');
  for (const broken of ['{', '{"floodEntries":{"10":["somewhere"]}}', '{"floodEntries":{"10":5}}']) {
    writeFileSync(path, broken);
    make();
    test.match(problems.at(-1), /Cannot understand .*flood-entries\.json/);
  }
});
