/** Which routes a leaf takes up, why it leaves the others, and what instances announce. */
import t from 'tap';
import { ip } from '../../src/base/ip.ts';
import { REASON, reasonText } from '../../src/evpn/index.ts';
import { automaticRouteTarget, printRouteTarget } from '../../src/evpn/route-targets.ts';
import {
  attributesOf,
  communities,
  floodRoute,
  hostRoute,
  Leaf,
  type LeafOptions,
  M1,
  M2,
  mac,
  pmsi,
  target,
} from './leaf.ts';

const MAC1 = '10 02:00:00:00:00:01';

function leafWithVni(options: LeafOptions = {}): Leaf {
  const leaf = new Leaf(options);
  leaf.vni(10);
  return leaf;
}

t.test(
  'RFC 7432 section 7.10, RFC 8365 section 5.1.2.1: what a target must be for VNI 10 to import it',
  async (t) => {
    const cases: [string, Parameters<typeof attributesOf>[0], boolean][] = [
      ['our AS, the VNI', { targets: [target(65000, 10)] }, true],
      ['another AS, the VNI', { targets: [target(64999, 10)] }, true],
      ['the RFC 8365 form of it', { targets: [target(65001, 0x10000000 | 10)] }, true],
      ['one of several', { targets: [target(1, 99), target(65000, 10)] }, true],
      ['another VNI', { targets: [target(65000, 11)] }, false],
      ['RFC 8365 form of another domain', { targets: [target(65000, 0x20000000 | 10)] }, false],
      ['none', { targets: [] }, false],
      [
        'an IPv4 administrator',
        { targets: [{ type: 'route-target', kind: 'ipv4', administrator: '10.0.0.2', assigned: 10 }] },
        false,
      ],
      ['a route origin', { targets: [{ ...target(65000, 10), type: 'route-origin' } as never] }, false],
    ];
    for (const [what, options, imported] of cases) {
      const leaf = leafWithVni();
      const row = leaf.announce(hostRoute(M1), attributesOf(options));
      t.equal(leaf.forwarding.macs.has(MAC1), imported, what);
      t.equal(leaf.evpn.views.import(row).reason, imported ? REASON.IMPORTED : REASON.NO_ROUTE_TARGET, what);
    }
  },
);

t.test('import of our own AS only, when any AS is not wanted', async (t) => {
  const leaf = leafWithVni({ config: { importAnyAs: false } });
  leaf.announce(hostRoute(M1), attributesOf({ targets: [target(64999, 10)] }));
  leaf.announce(hostRoute(M2), attributesOf({ targets: [target(65000, 10)] }));
  t.same([...leaf.forwarding.macs.keys()], ['10 02:00:00:00:00:02']);
});

t.test('explicit import targets are matched to the letter', async (t) => {
  const leaf = leafWithVni({
    config: { vnis: [{ vni: 10, importRouteTargets: ['65000:77', '10.0.0.9:5', '4200000000:6'] }] },
  });
  const rows = [
    target(65000, 77),
    { type: 'route-target', kind: 'ipv4', administrator: '10.0.0.9', assigned: 5 } as const,
    { type: 'route-target', kind: 'four-octet-as', administrator: 4200000000, assigned: 6 } as const,
    target(65000, 10),
    target(64999, 77),
  ].map((rt, i) => leaf.announce(hostRoute(M1 + i), attributesOf({ targets: [rt] })));
  t.same(
    rows.map((row) => leaf.evpn.views.import(row).installed),
    [true, true, true, false, false],
  );
  t.same(leaf.evpn.views.instance(10)?.importRouteTargets, ['65000:77', '10.0.0.9:5', '4200000000:6']);
});

t.test('every reason for which a route stays out is kept, in words', async (t) => {
  const ownVtep = '10.0.0.1';
  const cases: [
    number,
    Parameters<typeof hostRoute>[1] & { mac?: number },
    Parameters<typeof attributesOf>[0],
  ][] = [
    [REASON.IMPORTED, {}, {}],
    [REASON.NO_ROUTE_TARGET, {}, { vni: 11 }],
    [REASON.VNI_MISMATCH, { vni: 77 }, {}],
    [REASON.ENCAPSULATION, {}, { encapsulations: [10] }],
    [REASON.IMPORTED, {}, { encapsulations: [10, 8] }],
    [REASON.IMPORTED, {}, { encapsulations: [] }],
    [REASON.NEXT_HOP, {}, { leaf: '0.0.0.0' }],
    [REASON.NEXT_HOP, {}, { leaf: '127.0.0.1' }],
    [REASON.NEXT_HOP, {}, { leaf: '224.0.0.1' }],
    [REASON.NEXT_HOP, {}, { leaf: '255.255.255.255' }],
    [REASON.NEXT_HOP, {}, { leaf: '::1' }],
    [REASON.NEXT_HOP, {}, { leaf: 'fe80::1' }],
    [REASON.NEXT_HOP, {}, { leaf: 'ff02::1' }],
    [REASON.VTEP_FAMILY, {}, { leaf: 'fd00::2' }],
    [REASON.OWN_VTEP, {}, { leaf: ownVtep }],
    [REASON.ETHERNET_SEGMENT, { esi: '03:44:38:39:ff:00:01:00:00:01' }, {}],
    [REASON.ETHERNET_TAG, { ethernetTag: 10 }, {}],
    [REASON.MAC_ADDRESS, { mac: mac('01:00:5e:00:00:01') }, {}],
    [REASON.MAC_ADDRESS, { mac: 0 }, {}],
  ];
  for (const [reason, route, attributes] of cases) {
    const leaf = leafWithVni();
    const row = leaf.announce(hostRoute(route.mac ?? M1, route), attributesOf(attributes));
    const view = leaf.evpn.views.import(row);
    t.equal(
      reasonText(view.reason),
      reasonText(reason as typeof view.reason),
      JSON.stringify([route, attributes]),
    );
    t.equal(leaf.forwarding.macs.size, reason === REASON.IMPORTED ? 1 : 0);
  }
});

t.test(
  "RFC 7432 section 10.1: a MAC of this leaf's own, which a leaf with the same gateway announces, too, stays here",
  async (t) => {
    const leaf = new Leaf();
    leaf.vni(10, { ownMacs: [M1, M2] });
    const gateway = attributesOf({ more: [{ type: 'default-gateway' }] });
    const rows = [
      leaf.announce(hostRoute(M1), attributesOf()),
      leaf.announce(hostRoute(M1, { ip: '10.1.1.1' }), gateway),
      leaf.announce(hostRoute(M2), attributesOf({ sticky: true })),
    ];
    t.same(
      rows.map((row) => leaf.evpn.views.import(row)),
      rows.map(() => ({
        reason: REASON.OWN_MAC,
        text: "its MAC address is one of this leaf's own",
        vni: undefined,
        installed: false,
      })),
    );
    leaf.withdraw(hostRoute(M2));
    t.same(leaf.forwarding.log, [], 'the dataplane hears nothing of them');
    t.equal(leaf.evpn.views.macCount, 0);
  },
);

t.test("routes are judged anew when the leaf's own MACs change, of one VNI and not of another", async (t) => {
  const leaf = leafWithVni();
  leaf.vni(20);
  const row = leaf.announce(hostRoute(M1, { ip: '10.1.1.1' }), attributesOf());
  leaf.announce(hostRoute(M2), attributesOf());
  leaf.announce(hostRoute(M1, { vni: 20 }), attributesOf({ vni: 20 }));
  leaf.vni(10, { ownMacs: [M1] });
  t.same([...leaf.forwarding.macs.keys()].sort(), ['10 02:00:00:00:00:02', '20 02:00:00:00:00:01']);
  t.equal(leaf.forwarding.neighbours.size, 0);
  t.equal(leaf.evpn.views.import(row).reason, REASON.OWN_MAC);
  const operations = leaf.forwarding.operations;
  leaf.vni(10, { ownMacs: [M1], mtu: 9000 });
  t.equal(leaf.forwarding.operations, operations);
  leaf.vni(10, { ownMacs: [M2] });
  t.same([...leaf.forwarding.macs.keys()].sort(), [MAC1, '20 02:00:00:00:00:01']);
  t.equal(leaf.forwarding.neighbours.size, 1);
  leaf.vni(10, { ownMacs: [] });
  t.equal(leaf.forwarding.macs.size, 3);
});

t.test(
  'RFC 6890 section 2.2.2, RFC 4291 section 2.4: with an address that no host can have, only the MAC of a route is used',
  async (t) => {
    const addresses = {
      refused: ['0.0.0.0', '0.1.2.3', '127.0.0.1', '224.0.0.5', '240.0.0.1', '255.255.255.255'].concat([
        '::',
        '::1',
        'ff02::1',
      ]),
      taken: ['10.1.1.1', '169.254.1.1', '223.255.255.254', 'fe80::1', 'fd00::1', '::2', '100::1'],
    };
    for (const address of addresses.refused) {
      const leaf = leafWithVni();
      const row = leaf.announce(hostRoute(M1, { ip: address }), attributesOf());
      t.ok(leaf.forwarding.macs.has(MAC1), address);
      t.equal(leaf.forwarding.neighbours.size, 0, address);
      t.same(leaf.evpn.views.import(row), {
        reason: REASON.IP_ADDRESS,
        text: 'its IP address cannot be a host: only its MAC address is used',
        vni: 10,
        installed: true,
      });
      leaf.withdraw(hostRoute(M1, { ip: address }));
      t.equal(leaf.evpn.views.macCount, 0);
    }
    for (const address of addresses.taken) {
      const leaf = leafWithVni();
      const row = leaf.announce(hostRoute(M1, { ip: address }), attributesOf());
      t.equal(leaf.forwarding.neighbours.size, 1, address);
      t.equal(leaf.evpn.views.import(row).reason, REASON.IMPORTED);
    }
  },
);

t.test('routes of other types stay in the RIB only', async (t) => {
  const leaf = leafWithVni();
  const row = leaf.announce(
    {
      routeType: 5,
      rd: '10.0.0.2:3',
      esi: '00:00:00:00:00:00:00:00:00:00',
      ethernetTag: 0,
      prefix: '10.9.0.0/24',
      gatewayIp: '0.0.0.0',
      label: 10,
    },
    attributesOf(),
  );
  t.equal(leaf.evpn.views.import(row).reason, REASON.ROUTE_TYPE);
});

t.test('a route that changes goes out, in, or to another VNI', async (t) => {
  const leaf = leafWithVni();
  leaf.vni(20);
  leaf.announce(hostRoute(M1), attributesOf());
  leaf.announce(hostRoute(M1), attributesOf({ encapsulations: [10] }));
  t.equal(leaf.forwarding.macs.size, 0);
  leaf.announce(hostRoute(M1, { vni: 20 }), attributesOf({ vni: 20, leaf: '10.0.0.3' }));
  t.same([...leaf.forwarding.macs], [['20 02:00:00:00:00:01', '10.0.0.3']]);
  t.equal(leaf.forwarding.watched.size, 1, 'VTEPs no longer named are no longer watched');
  leaf.announce(hostRoute(M1), attributesOf());
  t.same([...leaf.forwarding.macs], [[MAC1, '10.0.0.2']]);
});

t.test('a MAC whose leaf has another VTEP address now is told so in one operation', async (t) => {
  const leaf = leafWithVni();
  leaf.announce(hostRoute(M1), attributesOf());
  leaf.announce(hostRoute(M1), attributesOf({ leaf: '10.0.0.7' }));
  t.same(leaf.forwarding.log, ['set 10 02:00:00:00:00:01 10.0.0.2', 'set 10 02:00:00:00:00:01 10.0.0.7']);
});

t.test(
  'RFC 7432 section 11.2: frames are flooded to the endpoint of an ingress replication tunnel',
  async (t) => {
    const cases: [number, Parameters<typeof attributesOf>[0], string[]][] = [
      [REASON.IMPORTED, { attributes: [pmsi()] }, ['10 10.0.0.2']],
      [REASON.IMPORTED, { attributes: [pmsi(10, '10.0.0.9')] }, ['10 10.0.0.9']],
      [REASON.NO_PMSI_TUNNEL, {}, []],
      [REASON.VNI_MISMATCH, { attributes: [pmsi(11)] }, []],
      [REASON.OWN_VTEP, { attributes: [pmsi(10, '10.0.0.1')] }, []],
      [REASON.NO_ROUTE_TARGET, { vni: 12, attributes: [pmsi()] }, []],
      [
        REASON.TUNNEL_TYPE,
        {
          attributes: [
            {
              type: 'PMSI_TUNNEL',
              leafInformationRequired: false,
              tunnelType: 3,
              label: 10,
              identifier: { kind: 'pim', source: '10.0.0.2', group: '239.1.1.1' },
            },
          ],
        },
        [],
      ],
    ];
    for (const [reason, attributes, floods] of cases) {
      const leaf = leafWithVni();
      const row = leaf.announce(floodRoute(), attributesOf(attributes));
      t.equal(reasonText(leaf.evpn.views.import(row).reason), reasonText(reason as 0));
      t.same([...leaf.forwarding.floods], floods);
    }
  },
);

t.test('a VTEP is flooded to while at least one route asks for it', async (t) => {
  const leaf = leafWithVni();
  leaf.announce(floodRoute(), attributesOf({ attributes: [pmsi()] }));
  leaf.announce(floodRoute('10.0.0.2', '10.0.0.2:99'), attributesOf({ attributes: [pmsi()] }));
  leaf.withdraw(floodRoute());
  t.same([...leaf.forwarding.floods], ['10 10.0.0.2']);
  leaf.withdraw(floodRoute('10.0.0.2', '10.0.0.2:99'));
  t.same(leaf.forwarding.log, ['flood 10 10.0.0.2', 'unflood 10 10.0.0.2']);
  t.equal(leaf.forwarding.watched.size, 0);
});

t.test(
  'an entry is held back while its VTEP has no route, says so, and goes in when the route comes',
  async (t) => {
    const leaf = leafWithVni();
    leaf.forwarding.answer = undefined;
    const row = leaf.announce(hostRoute(M1, { ip: '10.10.10.12' }), attributesOf());
    leaf.announce(floodRoute(), attributesOf({ attributes: [pmsi()] }));
    const vtep = leaf.addresses.intern(ip('10.0.0.2'));
    t.same(leaf.forwarding.log, []);
    t.match(leaf.evpn.views.import(row).text, /not known yet/);
    leaf.evpn.vtepReachable(vtep, false);
    leaf.settle();
    t.equal(leaf.evpn.views.mac(10, M1)?.reason, 'its VTEP cannot be reached');
    t.same(
      [...leaf.evpn.views.floods()],
      [{ vni: 10, vtep: '10.0.0.2', wanted: false, reason: 'its VTEP cannot be reached' }],
    );
    t.equal(leaf.evpn.views.vteps()[0].held, 2);
    leaf.evpn.vtepReachable(vtep, true);
    leaf.settle();
    t.same(leaf.forwarding.log.sort(), [
      'flood 10 10.0.0.2',
      'neighbour 10 10.10.10.12 02:00:00:00:00:01',
      'set 10 02:00:00:00:00:01 10.0.0.2',
    ]);
    leaf.evpn.vtepReachable(vtep, false);
    leaf.settle();
    t.same(
      [leaf.forwarding.macs.size, leaf.forwarding.floods.size, leaf.forwarding.neighbours.size],
      [0, 0, 0],
    );
    t.same(leaf.evpn.views.vteps(), [
      { vtep: '10.0.0.2', reachable: false, vnis: [10], macs: 1, neighbours: 1, held: 2 },
    ]);
  },
);

t.test(
  'RFC 4271 section 9.1.2: a claim through an unreachable VTEP gives way to one that can be reached',
  async (t) => {
    const leaf = leafWithVni();
    leaf.announce(hostRoute(M1), attributesOf({ sequence: 3 }));
    leaf.announce(hostRoute(M1, { leaf: '10.0.0.3' }), attributesOf({ leaf: '10.0.0.3', sequence: 1 }));
    t.equal(leaf.forwarding.macs.get(MAC1), '10.0.0.2');
    t.same(leaf.evpn.views.mac(10, M1)?.alternatives, ['10.0.0.3: lower sequence 1 than 3 at 10.0.0.2']);
    leaf.evpn.vtepReachable(leaf.addresses.intern(ip('10.0.0.2')), false);
    leaf.settle();
    t.equal(leaf.forwarding.macs.get(MAC1), '10.0.0.3');
  },
);

t.test('an instance announces its inclusive multicast route while it is up and has an address', async (t) => {
  const leaf = leafWithVni();
  const imet = '[3] 10.0.0.1:1 10.0.0.1';
  const host = '[2] 10.0.0.1:1 02:00:00:00:00:01';
  leaf.evpn.localMac(10, M1, 0, 'swp1');
  leaf.announce(hostRoute(M2), attributesOf());
  t.same(leaf.announced(), [host, imet]);
  leaf.vni(10, { up: false });
  t.same(leaf.announced(), [], 'down: withdrawn');
  t.equal(leaf.forwarding.macs.size, 0, 'and nothing installed');
  t.equal(leaf.evpn.views.instance(10)?.reason, 'its tunnel device is down');
  leaf.vni(10);
  t.same(leaf.announced(), [host, imet], 'up: back, with the MACs that it had');
  t.equal(leaf.forwarding.macs.size, 1);
  leaf.vni(10, { vtep: undefined });
  t.same(leaf.announced(), []);
  leaf.vni(10, { vtep: ip('10.0.0.77') });
  t.same(leaf.announced(), [host, '[3] 10.0.0.1:1 10.0.0.77'], 'another tunnel address: announced anew');
  for (const { attributes } of leaf.originated()) {
    t.match(attributes[0], { type: 'MP_REACH_NLRI', nextHop: '10.0.0.77' });
  }
});

t.test(
  'a VXLAN device deleted under our feet: everything goes, and comes back when it returns',
  async (t) => {
    const leaf = leafWithVni();
    leaf.evpn.localMac(10, M1, 0, 'swp1');
    leaf.evpn.localNeighbour(10, ip('10.10.10.11'), M1, 0);
    leaf.announce(hostRoute(M2, { ip: '10.10.10.12' }), attributesOf());
    leaf.announce(floodRoute(), attributesOf({ attributes: [pmsi()] }));
    leaf.evpn.instanceGone(10);
    leaf.settle();
    t.same(leaf.announced(), []);
    t.same(
      [leaf.forwarding.macs.size, leaf.forwarding.floods.size, leaf.forwarding.neighbours.size],
      [0, 0, 0],
    );
    t.equal(leaf.evpn.views.instance(10), undefined);
    t.equal(leaf.evpn.views.macCount, 0);
    leaf.vni(10);
    t.same(leaf.announced(), ['[3] 10.0.0.1:1 10.0.0.1'], 'the old local entries died with the device');
    t.same(
      [leaf.forwarding.macs.size, leaf.forwarding.floods.size, leaf.forwarding.neighbours.size],
      [1, 1, 1],
    );
  },
);

t.test(
  'a device that is gone and back before we have looked: what is learned since then stays',
  async (t) => {
    const leaf = leafWithVni();
    leaf.evpn.localMac(10, M1, 0, 'swp1');
    leaf.evpn.localMac(10, M2, 0, 'swp1');
    leaf.evpn.instanceGone(10);
    leaf.evpn.instance({ ...leafState(), vni: 10 });
    leaf.evpn.localMac(10, M2, 0, 'swp2');
    leaf.settle();
    t.same(leaf.announced(), ['[2] 10.0.0.1:1 02:00:00:00:00:02', '[3] 10.0.0.1:1 10.0.0.1']);
  },
);

const leafState = () => ({
  vtep: ip('10.0.0.1'),
  vxlanInterface: 'vxlan10',
  bridge: 'br10',
  sviInterface: 'br10',
  vlan: undefined,
  up: true,
  mtu: 1450,
  ownMacs: [],
  warnings: [],
});

t.test(
  'RFC 7432 section 7.9: distinguishers are router-id:index, the lowest free, and the same when a VNI returns',
  async (t) => {
    const leaf = new Leaf();
    for (const vni of [30, 10, 20]) leaf.vni(vni);
    const rds = () => [...leaf.evpn.views.instances()].map(({ vni, rd }) => `${vni} ${rd}`);
    t.same(rds(), ['10 10.0.0.1:2', '20 10.0.0.1:3', '30 10.0.0.1:1']);
    leaf.evpn.instanceGone(10);
    leaf.settle();
    leaf.vni(40);
    leaf.vni(10);
    t.same(rds(), ['10 10.0.0.1:2', '20 10.0.0.1:3', '30 10.0.0.1:1', '40 10.0.0.1:4']);
  },
);

t.test('RFC 8365 section 5.1.2.1: automatic export targets', async (t) => {
  t.equal(printRouteTarget(automaticRouteTarget(65000, 10, 'as-vni')), '65000:10');
  t.equal(printRouteTarget(automaticRouteTarget(4200000001, 10, 'as-vni')), `${4200000001 & 0xffff}:10`);
  t.equal(printRouteTarget(automaticRouteTarget(65000, 10, 'rfc8365')), '65000:268435466');
});

t.test('our routes carry targets, VXLAN, and the VNI as it is in the label fields', async (t) => {
  const leaf = new Leaf({
    config: { vnis: [{ vni: 100000, rd: '65000:5', exportRouteTargets: ['65000:1', '10.0.0.9:2'] }] },
  });
  leaf.vni(100000);
  leaf.evpn.localMac(100000, M1, 0, 'swp1');
  const routes = [...leaf.originated()].sort((a, b) => a.route.routeType - b.route.routeType);
  t.match(routes[0].route, {
    rd: '65000:5',
    esi: '00:00:00:00:00:00:00:00:00:00',
    ethernetTag: 0,
    mac: '02:00:00:00:00:01',
    labels: [100000],
  });
  t.match(routes[1].route, { rd: '65000:5', ethernetTag: 0, originatorIp: '10.0.0.1' });
  for (const { attributes } of routes) {
    t.match(communities(attributes), [
      target(65000, 1),
      { type: 'route-target', kind: 'ipv4', administrator: '10.0.0.9', assigned: 2 },
      { type: 'encapsulation', tunnelType: 8 },
    ]);
    t.match(attributes.map((attribute) => attribute.type).slice(0, 4), [
      'MP_REACH_NLRI',
      'ORIGIN',
      'AS_PATH',
      'LOCAL_PREF',
    ]);
  }
  t.match(routes[1].attributes.at(-1), {
    type: 'PMSI_TUNNEL',
    tunnelType: 6,
    label: 100000,
    endpoint: '10.0.0.1',
  });
});

t.test('a leaf on an IPv6 underlay announces and imports IPv6 VTEPs', async (t) => {
  const leaf = new Leaf();
  leaf.vni(10, { vtep: ip('fd00::1') });
  leaf.evpn.localMac(10, M2, 0, 'swp1');
  t.ok(leaf.announced().includes('[3] 10.0.0.1:1 fd00::1'));
  leaf.announce(hostRoute(M1), attributesOf({ leaf: 'fd00::2' }));
  leaf.announce(floodRoute(), attributesOf({ leaf: 'fd00::2', attributes: [pmsi(10, 'fd00::2')] }));
  t.equal(leaf.forwarding.macs.get(MAC1), 'fd00::2');
  t.same([...leaf.forwarding.floods], ['10 fd00::2']);
});

t.test('the configured tunnel address overrides that of the devices', async (t) => {
  const leaf = leafWithVni({ config: { vtep: '192.0.2.1' } });
  t.same(leaf.announced(), ['[3] 10.0.0.1:1 192.0.2.1']);
});

t.test('routes that came before the VNI are imported when it is found', async (t) => {
  const leaf = new Leaf();
  const row = leaf.announce(hostRoute(M1), attributesOf());
  t.equal(leaf.evpn.views.import(row).reason, REASON.NO_ROUTE_TARGET);
  leaf.vni(10);
  t.equal(leaf.forwarding.macs.get(MAC1), '10.0.0.2');
});

t.test('VNIs take part when declared, or when all of them shall', async (t) => {
  const leaf = new Leaf({ config: { advertiseAllVni: false, vnis: [{ vni: 10 }], correct: true } });
  t.same([...leaf.forwarding.ensured], [[10, true]], 'a declared one is claimed at the dataplane');
  t.equal(leaf.evpn.views.instance(10)?.reason, 'the dataplane has no such VNI');
  leaf.vni(10);
  leaf.vni(20);
  t.same(leaf.announced(), ['[3] 10.0.0.1:1 10.0.0.1']);
  leaf.evpn.reconfigure({ ...leaf.config, advertiseAllVni: true });
  leaf.settle();
  t.same(leaf.announced(), ['[3] 10.0.0.1:1 10.0.0.1', '[3] 10.0.0.1:2 10.0.0.1']);
  leaf.evpn.reconfigure({ ...leaf.config, vnis: [{ vni: 20 }] });
  leaf.settle();
  t.same(leaf.announced(), ['[3] 10.0.0.1:2 10.0.0.1']);
  t.same([...leaf.forwarding.ensured.keys()], [20]);
  t.equal(leaf.evpn.views.instance(10), undefined);
});

t.test('another distinguisher: the old routes are withdrawn, the new ones announced', async (t) => {
  const leaf = leafWithVni();
  leaf.evpn.localMac(10, M1, 0, 'swp1');
  leaf.evpn.localNeighbour(10, ip('10.10.10.11'), M1, 0);
  leaf.evpn.reconfigure({ ...leaf.config, vnis: [{ vni: 10, rd: '65000:99' }] });
  leaf.settle();
  t.same(leaf.announced(), [
    '[2] 65000:99 02:00:00:00:00:01',
    '[2] 65000:99 02:00:00:00:00:01 10.10.10.11',
    '[3] 65000:99 10.0.0.1',
  ]);
});

t.test('other targets: routes are imported and announced by the new ones, and by them only', async (t) => {
  const leaf = leafWithVni();
  leaf.evpn.localMac(10, M2, 0, 'swp1');
  leaf.announce(hostRoute(M1), attributesOf());
  leaf.announce(
    hostRoute(M1, { leaf: '10.0.0.3' }),
    attributesOf({ leaf: '10.0.0.3', targets: [target(65000, 99)] }),
  );
  t.equal(leaf.forwarding.macs.get(MAC1), '10.0.0.2');
  leaf.evpn.reconfigure({
    ...leaf.config,
    vnis: [{ vni: 10, importRouteTargets: ['65000:99'], exportRouteTargets: ['65000:98'] }],
  });
  leaf.settle();
  t.equal(leaf.forwarding.macs.get(MAC1), '10.0.0.3');
  for (const { attributes } of leaf.originated()) t.match(communities(attributes)[0], target(65000, 98));
});

t.test('a configuration that says the same changes nothing', async (t) => {
  const leaf = leafWithVni({ config: { vnis: [{ vni: 10 }] } });
  leaf.evpn.localMac(10, M1, 0, 'swp1');
  leaf.announce(hostRoute(M2), attributesOf());
  const consumer = leaf.rib.consumer('test');
  consumer.drain(100, () => {});
  const operations = leaf.forwarding.operations;
  leaf.evpn.reconfigure({ ...leaf.config, vnis: [{ vni: 10 }] });
  leaf.settle();
  t.equal(leaf.forwarding.operations, operations);
  t.equal(consumer.dirty, 0);
});

t.test('a session that is lost takes its entries with it', async (t) => {
  const leaf = leafWithVni();
  for (let i = 0; i < 1000; i++) {
    leaf.announce(hostRoute(M1 + i, { ip: `10.10.${i >> 8}.${i & 255}` }), attributesOf());
  }
  leaf.announce(floodRoute(), attributesOf({ attributes: [pmsi()] }));
  t.equal(leaf.forwarding.macs.size, 1000);
  t.equal(leaf.forwarding.neighbours.size, 1000);
  leaf.rib.sourceDown(leaf.peer);
  leaf.settle();
  t.same(
    [leaf.forwarding.macs.size, leaf.forwarding.floods.size, leaf.forwarding.neighbours.size],
    [0, 0, 0],
  );
  t.equal(leaf.forwarding.watched.size, 0);
});

t.test('a VNI that goes down while MACs vanish from it: the work in slices keeps its place', async (t) => {
  const leaf = leafWithVni();
  for (let i = 0; i < 1000; i++) leaf.evpn.localMac(10, M1 + i, 0, 'swp1');
  leaf.settle();
  const past = leaf.clock.now() - 1;
  leaf.evpn.instance({ ...leafState(), vni: 10, up: false });
  t.ok(leaf.evpn.work(past), 'one step is not all');
  for (let i = 0; i < 1000; i += 2) leaf.evpn.localMacGone(10, M1 + i);
  leaf.vni(20);
  for (let i = 0; i < 500; i++) leaf.evpn.localMac(20, M1 + i, 0, 'swp1');
  leaf.evpn.work(past);
  for (let i = 1; i < 1000; i += 4) leaf.evpn.localMacGone(10, M1 + i);
  leaf.settle();
  const of = (index: number) => leaf.announced().filter((line) => line.includes(`10.0.0.1:${index}`)).length;
  t.equal(of(1), 0);
  t.equal(of(2), 501, 'another VNI, that took over the rows of what vanished, is not concerned');
  leaf.vni(10);
  t.equal(of(1), 251);
});

t.test('a set of routes that is looked at again in slices, while routes come and go', async (t) => {
  const leaf = leafWithVni();
  const vtep = leaf.addresses.intern(ip('10.0.0.2'));
  for (let i = 0; i < 6000; i++) leaf.announce(hostRoute(M1 + i), attributesOf());
  leaf.evpn.vtepReachable(vtep, false);
  leaf.evpn.work(leaf.clock.now() - 1);
  leaf.evpn.vtepReachable(vtep, true);
  leaf.evpn.work(leaf.clock.now() - 1);
  leaf.evpn.vtepReachable(vtep, false);
  leaf.settle();
  t.equal(leaf.forwarding.macs.size, 0);
  leaf.evpn.vtepReachable(vtep, true);
  leaf.evpn.work(leaf.clock.now() - 1);
  for (let i = 0; i < 10; i++) leaf.withdraw(hostRoute(M1 + i * 600));
  leaf.settle();
  t.equal(leaf.forwarding.macs.size, 5990);
});

t.test(
  'maximum-macs: what is beyond it is not installed, says so, and takes a place that becomes free',
  (t) => {
    const leaf = leafWithVni({ config: { maximumMacs: 2, vnis: [{ vni: 20, maximumMacs: 5 }] } });
    const rows = [0, 1, 2].map((i) =>
      leaf.announce(hostRoute(M1 + i, { ip: `10.10.10.${i + 1}` }), attributesOf()),
    );
    t.equal(leaf.forwarding.macs.size, 2);
    t.equal(leaf.forwarding.neighbours.size, 2, 'a neighbour goes with its MAC');
    const reason = 'VNI 10 has 2 remote MACs, its maximum-macs';
    t.match(leaf.evpn.views.import(rows[2]!), { text: reason, installed: false });
    t.match(leaf.evpn.views.mac(10, M1 + 2), { type: 'remote', wanted: false, reason });
    t.match(leaf.evpn.views.neighbour(10, ip('10.10.10.3')), { wanted: false, reason });
    t.match(leaf.evpn.views.instance(10), { remoteMacs: 2, maximumMacs: 2, refusedMacs: 1 });
    t.match(leaf.log.records.at(-1), { fields: { subject: 'VNI 10' } });

    leaf.withdraw(hostRoute(M1, { ip: '10.10.10.1' }));
    t.same([...leaf.forwarding.macs.keys()].sort(), ['10 02:00:00:00:00:02', '10 02:00:00:00:00:03']);
    t.equal(leaf.forwarding.neighbours.size, 2);
    t.match(leaf.evpn.views.instance(10), { refusedMacs: 0 });

    leaf.evpn.reconfigure({ ...leaf.config, maximumMacs: 1 });
    leaf.settle();
    t.equal(leaf.forwarding.macs.size, 1, 'a lower limit takes back what is beyond it');
    leaf.evpn.reconfigure({ ...leaf.config, maximumMacs: undefined });
    leaf.settle();
    t.equal(leaf.forwarding.macs.size, 2);
    t.equal(leaf.forwarding.neighbours.size, 2);
    t.end();
  },
);

t.test('maximum-macs: a MAC without a place that is learned here is local as any other', (t) => {
  const leaf = leafWithVni({ config: { maximumMacs: 1 } });
  leaf.announce(hostRoute(M1), attributesOf());
  leaf.announce(hostRoute(M2), attributesOf());
  leaf.evpn.localMac(10, M2, 0, 'eth1');
  leaf.settle();
  t.match(leaf.evpn.views.mac(10, M2), { type: 'local', localSequence: 1 });
  t.match(leaf.evpn.views.instance(10), { localMacs: 1, remoteMacs: 1, refusedMacs: 0 });
  leaf.evpn.localMacGone(10, M2);
  leaf.settle();
  t.match(leaf.evpn.views.instance(10), { localMacs: 0, remoteMacs: 1, refusedMacs: 1 });
  t.end();
});

t.test(
  'RFC 4684: peers are asked for what the instances import, in both automatic forms, as they come and go',
  (t) => {
    const leaf = leafWithVni({
      config: { vnis: [{ vni: 20, importRouteTargets: ['65000:77', '10.0.0.9:5'] }] },
    });
    const asked = (): string[] =>
      [...leaf.rib.memberships.views()]
        .filter(({ own, nlri }) => own && nlri[0] === 96 && nlri[3] === 0xfd && nlri[4] === 0xe8)
        .map(({ nlri }) => printRouteTarget(nlri.slice(5)))
        .sort();
    const twenty = ['10.0.0.9:5', '65000:77'];
    const ten = ['65000:10', '65000:268435466'];
    t.same(asked(), [...twenty, ...ten].sort(), 'declared is enough');
    leaf.vni(20);
    leaf.vni(10, { up: false });
    leaf.evpn.instanceGone(20);
    leaf.settle();
    t.same(asked(), [...twenty, ...ten].sort(), 'down is not gone');
    leaf.evpn.instanceGone(10);
    leaf.settle();
    t.same(asked(), twenty);
    leaf.vni(10);
    leaf.evpn.reconfigure({ ...leaf.config, vnis: [] });
    leaf.settle();
    t.same(asked(), ten);
    t.end();
  },
);
