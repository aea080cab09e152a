import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import fc from 'fast-check';
import t from 'tap';
import { ip, printIp, printPrefix } from '../../src/base/ip.ts';
import { parseMac, printMac } from '../../src/base/mac.ts';
import * as netlink from '../../src/netlink/index.ts';
import { errnoAt, extendedAcknowledgement, refusal } from '../../src/netlink/message-reader.ts';

const skip = endianness() === 'LE' ? false : 'the recorded octets are little-endian';
const folder = new URL('../../rfc-fixtures/netlink/', import.meta.url);

interface Message {
  readonly type: number;
  readonly flags: number;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

function messages(name: string): Message[] {
  const found: Message[] = [];
  for (const line of readFileSync(new URL(`${name}.hex`, folder), 'utf8')
    .trim()
    .split('\n')) {
    const octets = Buffer.from(line, 'hex');
    netlink.walkMessages(octets, octets.length, (type, bytes, start, end, flags) => {
      found.push({ type, flags, bytes, start, end });
    });
  }
  return found;
}

const json = <T>(name: string): T[] =>
  JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as T[];

const links = (name: string): netlink.Link[] =>
  messages(name).map(({ bytes, start, end }) => netlink.decodeLink(bytes, start, end)!);

const nameIn =
  (fixture: string) =>
  (index: number): string =>
    links(fixture).find((link) => link.index === index)?.name ?? `${index}`;
const nameOf = nameIn('links');

function neighbours<T>(name: string, each: (record: netlink.NeighbourRecord, type: number) => T): T[] {
  const record = new netlink.NeighbourRecord();
  return messages(name)
    .filter(({ type }) => type === netlink.RTM_NEWNEIGH || type === netlink.RTM_DELNEIGH)
    .map(({ type, bytes, start, end }) => {
      netlink.decodeNeighbour(bytes, start, end, record);
      return each(record, type);
    });
}

interface IpLink {
  ifindex: number;
  ifname: string;
  flags: string[];
  mtu: number;
  master?: string;
  link?: string;
  operstate: string;
  address: string;
  linkinfo?: {
    info_kind?: string;
    info_data?: Record<string, unknown>;
    info_slave_data?: Record<string, unknown>;
  };
}

t.test('links', { skip }, async (t) => {
  const expected = json<IpLink>('links');
  const decoded = links('links');
  t.equal(decoded.length, expected.length);
  for (const link of decoded) {
    const wanted = expected.find((candidate) => candidate.ifindex === link.index)!;
    t.same(
      {
        name: link.name,
        up: link.up,
        running: link.running,
        loopback: link.loopback,
        mtu: link.mtu,
        master: link.master && nameOf(link.master),
        lower: link.lower && nameOf(link.lower),
        state: link.operationalState.toUpperCase().replaceAll('-', ''),
        mac: printMac(link.mac!),
        kind: link.kind,
      },
      {
        name: wanted.ifname,
        up: wanted.flags.includes('UP'),
        running: wanted.flags.includes('LOWER_UP'),
        loopback: wanted.flags.includes('LOOPBACK'),
        mtu: wanted.mtu,
        master: wanted.master,
        lower: wanted.link,
        state: wanted.operstate,
        mac: wanted.address,
        kind: wanted.linkinfo?.info_kind,
      },
      `${link.name} as ip link reads it`,
    );
  }
});

t.test('VXLAN devices', { skip }, async (t) => {
  const devices = links('links').filter((link) => link.vxlan);
  t.same(devices.map((link) => link.name).sort(), ['vxlan0', 'vxlan10', 'vxlan66']);
  for (const { name, vxlan } of devices) {
    const info = json<IpLink>('links').find((link) => link.ifname === name)!.linkinfo!.info_data!;
    t.equal(vxlan!.vni, info.external ? 0 : info.id, `${name}: VNI`);
    t.equal(vxlan!.port, info.port);
    t.equal(vxlan!.learning, info.learning ?? false);
    t.equal(vxlan!.external, info.external ?? false);
    t.equal(vxlan!.vniFilter, info.vnifilter ?? false);
    t.equal(vxlan!.local && printIp(vxlan!.local), info.local ?? info.local6);
    t.equal(vxlan!.remote && printIp(vxlan!.remote), info.remote ?? info.remote6);
  }
});

t.test('bridges and bridge ports', { skip }, async (t) => {
  const decoded = links('links');
  const bridge = decoded.find((link) => link.name === 'br66')!;
  t.match(bridge.bridge, { vlanFiltering: false, ageingSeconds: 120 });
  for (const link of decoded.filter((candidate) => candidate.bridgePort)) {
    const port = json<IpLink>('links').find((wanted) => wanted.ifname === link.name)!.linkinfo!
      .info_slave_data!;
    t.same(
      link.bridgePort,
      {
        forwarding: port.state === 'forwarding',
        learning: port.learning,
        neighbourSuppression: port.neigh_suppress,
        isolated: port.isolated,
        locked: port.locked,
        vlanTunnel: port.vlan_tunnel,
        unicastFlood: port.flood,
        multicastFlood: port.mcast_flood,
        broadcastFlood: port.bcast_flood,
      },
      link.name,
    );
  }
  const ports = links('bridge-ports').filter((link) => link.bridgePort);
  t.same(ports.map((link) => link.name).sort(), ['swp1', 'vxlan10', 'vxlan66']);
  for (const port of ports) {
    t.equal(port.family, netlink.AF_BRIDGE);
    const same = decoded.find((link) => link.index === port.index)!;
    t.same(
      port.bridgePort,
      same.bridgePort,
      `${port.name}: IFLA_PROTINFO says the same as IFLA_INFO_SLAVE_DATA`,
    );
    t.equal(port.master, same.master);
  }
});

t.test('VLANs of a port, and the VNIs they map to, as bridge reads them', { skip }, async (t) => {
  const port = links('bridge-vlans').find((link) => link.name === 'vxlan0')!;
  const [vlans] = json<{ vlans: { vlan: number; flags?: string[] }[] }>('bridge-vlans');
  t.same(
    port.vlans,
    vlans!.vlans.map(({ vlan, flags = [] }) => ({
      vlan,
      pvid: flags.includes('PVID'),
      untagged: flags.includes('Egress Untagged'),
    })),
  );
  const [tunnels] = json<{ tunnels: { vlan: number; vlanEnd: number; tunid: number }[] }>('bridge-tunnels');
  t.same(
    port.tunnels,
    tunnels!.tunnels.flatMap(({ vlan, vlanEnd, tunid }) =>
      Array.from({ length: vlanEnd - vlan + 1 }, (_, i) => ({ vlan: vlan + i, vni: tunid + i })),
    ),
  );
  t.ok(port.bridgePort!.vlanTunnel);
});

t.test('ranges of VLANs and of VLAN tunnels are spelt out', async (t) => {
  const writer = new netlink.MessageWriter(4096);
  writer.reset(1);
  writer.begin(netlink.RTM_NEWLINK, 0);
  for (const octet of [netlink.AF_BRIDGE, 0, 0, 0]) writer.u8(octet);
  for (const word of [5, 0, 0]) writer.u32(word);
  const spec = writer.beginNested(netlink.IFLA_AF_SPEC);
  const vlan = (flags: number, id: number): void =>
    writer.attributeU32(
      netlink.IFLA_BRIDGE_VLAN_INFO,
      endianness() === 'LE' ? (id << 16) | flags : (flags << 16) | id,
    );
  vlan(netlink.BRIDGE_VLAN_INFO_PVID | netlink.BRIDGE_VLAN_INFO_UNTAGGED, 1);
  vlan(netlink.BRIDGE_VLAN_INFO_RANGE_BEGIN, 100);
  vlan(netlink.BRIDGE_VLAN_INFO_RANGE_END, 102);
  const tunnel = (flags: number, id: number, vni: number): void => {
    const nested = writer.beginNested(netlink.IFLA_BRIDGE_VLAN_TUNNEL_INFO | netlink.NLA_F_NESTED);
    writer.attributeU32(netlink.IFLA_BRIDGE_VLAN_TUNNEL_ID, vni);
    writer.attributeU16(netlink.IFLA_BRIDGE_VLAN_TUNNEL_VID, id);
    writer.attributeU16(netlink.IFLA_BRIDGE_VLAN_TUNNEL_FLAGS, flags);
    writer.endNested(nested);
  };
  tunnel(0, 50, 5000);
  tunnel(netlink.BRIDGE_VLAN_INFO_RANGE_BEGIN, 100, 1000);
  tunnel(netlink.BRIDGE_VLAN_INFO_RANGE_END, 102, 1002);
  writer.endNested(spec);
  writer.end();
  const link = netlink.decodeLink(writer.bytes, 16, writer.length)!;
  t.same(link.vlans, [
    { vlan: 1, pvid: true, untagged: true },
    { vlan: 100, pvid: false, untagged: false },
    { vlan: 101, pvid: false, untagged: false },
    { vlan: 102, pvid: false, untagged: false },
  ]);
  t.same(link.tunnels, [
    { vlan: 50, vni: 5000 },
    { vlan: 100, vni: 1000 },
    { vlan: 101, vni: 1001 },
    { vlan: 102, vni: 1002 },
  ]);
});

interface BridgeFdb {
  mac: string;
  ifname: string;
  dst?: string;
  port?: number;
  vni?: number;
  src_vni?: number;
  vlan?: number;
  master?: string;
  flags: string[];
}

for (const [fixture, linkFixture] of [
  ['forwarding', 'links'],
  ['forwarding-vlans', 'bridge-vlans'],
] as const) {
  t.test(`${fixture}: entries as bridge fdb reads them`, { skip }, async (t) => {
    const name = nameIn(linkFixture);
    const decoded = neighbours(fixture, (record) => ({
      mac: printMac(record.mac),
      ifname: name(record.interfaceIndex),
      dst: record.destinationLength ? printIp(record.destination, 0, record.destinationLength) : undefined,
      port: record.port || undefined,
      vlan: record.vlan || undefined,
      vni: record.vni || undefined,
      src_vni: record.sourceVni || undefined,
      master: record.master ? name(record.master) : undefined,
      flags: [
        ...(record.flags & netlink.NTF_SELF ? ['self'] : []),
        ...(record.flags & netlink.NTF_EXT_LEARNED ? ['extern_learn'] : []),
        ...(record.flags & netlink.NTF_STICKY ? ['sticky'] : []),
      ],
    }));
    const expected = json<BridgeFdb>(fixture).map(
      ({ mac, ifname, dst, port, vlan, vni, src_vni, master, flags }) => ({
        mac,
        ifname,
        dst,
        port,
        vlan,
        vni,
        src_vni,
        master,
        flags,
      }),
    );
    t.same(decoded, expected);
  });
}

interface IpNeighbour {
  dst: string;
  dev: string;
  lladdr?: string;
  router?: null;
  extern_learn?: null;
  protocol?: string;
  state: string[];
}

t.test('ARP and ND entries, as ip neighbour reads them', { skip }, async (t) => {
  const decoded = neighbours('neighbours', (record) => ({
    dst: printIp(record.destinationBytes()!),
    dev: nameOf(record.interfaceIndex),
    lladdr: record.mac >= 0 ? printMac(record.mac) : undefined,
    router: (record.flags & netlink.NTF_ROUTER) !== 0,
    learned: (record.flags & netlink.NTF_EXT_LEARNED) !== 0,
    protocol: record.protocol ? `${record.protocol}` : undefined,
    noarp: (record.state & netlink.NUD_NOARP) !== 0,
    reachable: (record.state & netlink.NUD_REACHABLE) !== 0,
  }));
  const expected = json<IpNeighbour>('neighbours').map((entry) => ({
    dst: entry.dst,
    dev: entry.dev,
    lladdr: entry.lladdr,
    router: 'router' in entry,
    learned: 'extern_learn' in entry,
    protocol: entry.protocol,
    noarp: entry.state.includes('NOARP'),
    reachable: entry.state.includes('REACHABLE'),
  }));
  const order = (a: { dst: string; dev: string }, b: { dst: string; dev: string }): number =>
    `${a.dev} ${a.dst}`.localeCompare(`${b.dev} ${b.dst}`);
  t.same(decoded.sort(order), expected.sort(order));
  t.ok(decoded.some((entry) => entry.protocol === `${netlink.RTPROT_EVPND}`));
});

t.test('routes', { skip }, async (t) => {
  const routes = (name: string): Map<string, netlink.Route> =>
    new Map(
      messages(name).map(({ bytes, start, end }) => {
        const route = netlink.decodeRoute(bytes, start, end)!;
        return [printPrefix(route.destination), route];
      }),
    );
  const main = routes('routes');
  const expected = json<{ dst: string; gateway?: string; nexthops?: { gateway: string }[]; metric?: number }>(
    'routes',
  );
  t.same(
    [...main.values()].map((route) => ({
      dst: printPrefix(route.destination).replace('/32', ''),
      gateways: route.nextHops.flatMap((hop) => (hop.gateway ? [printIp(hop.gateway)] : [])),
      metric: route.metric || undefined,
    })),
    expected.map(({ dst, gateway, nexthops, metric }) => ({
      dst,
      gateways: gateway ? [gateway] : (nexthops ?? []).map((hop) => hop.gateway),
      metric,
    })),
  );
  t.equal(main.get('10.0.0.6/32')!.kind, 'blackhole');
  t.equal(main.get('10.0.0.5/32')!.protocol, 186);
  t.equal(main.get('10.0.0.3/32')!.table, 254);
  t.equal(printIp(routes('routes-ipv6').get('fd00:3::/64')!.nextHops[0]!.gateway!), 'fd00::3');

  const lookups = [...routes('route-lookups').values()];
  t.same(
    lookups.map((route) => route.kind),
    ['local', 'unicast', 'unicast', 'unicast'],
  );
  t.same(
    lookups.slice(1).map((route) => route.nextHops.map((hop) => nameOf(hop.interfaceIndex))),
    [['up0'], ['up0'], ['up0']],
    'a lookup answers the one next hop that would be taken',
  );
  t.equal(printIp(lookups[1]!.preferredSource!), '192.0.2.1');
});

t.test('interface addresses', { skip }, async (t) => {
  const decoded = messages('addresses').map(({ bytes, start, end }) => {
    const { interfaceIndex, address } = netlink.decodeAddress(bytes, start, end)!;
    return `${nameOf(interfaceIndex)} ${printIp(address.address)}/${address.length}`;
  });
  const expected = json<{ ifname: string; addr_info: { local: string; prefixlen: number }[] }>(
    'addresses',
  ).flatMap(({ ifname, addr_info }) =>
    addr_info.map(({ local, prefixlen }) => `${ifname} ${local}/${prefixlen}`),
  );
  t.same(decoded.sort(), expected.sort());
});

t.test('notifications tell what came and went', { skip }, async (t) => {
  const told = messages('notifications').map(({ type, bytes, start, end }) => {
    if (type === netlink.RTM_NEWLINK || type === netlink.RTM_DELLINK) {
      const link = netlink.decodeLink(bytes, start, end)!;
      const role = link.family === netlink.AF_BRIDGE ? ' port' : '';
      return `${type === netlink.RTM_NEWLINK ? '+' : '-'}${link.name}${role}`;
    }
    if (type === netlink.RTM_DELROUTE)
      return `-${printPrefix(netlink.decodeRoute(bytes, start, end)!.destination)}`;
    if (type === netlink.RTM_DELADDR)
      return `-${printIp(netlink.decodeAddress(bytes, start, end)!.address.address)}`;
    const record = new netlink.NeighbourRecord();
    if (type < netlink.RTM_NEWNEIGH || !netlink.decodeNeighbour(bytes, start, end, record)) return 'other';
    const what =
      record.family === netlink.AF_BRIDGE ? printMac(record.mac) : printIp(record.destinationBytes()!);
    const failed = record.state & netlink.NUD_FAILED ? ' failed' : '';
    return `${type === netlink.RTM_NEWNEIGH ? '+' : '-'}${what}${failed}`;
  });
  const wanted = [
    '+02:00:00:00:00:21',
    '-02:00:00:00:00:21',
    '+10.10.10.21',
    '+10.10.10.21 failed',
    '-10.10.10.21 failed',
    '-10.0.0.3/32',
    '-192.0.2.1',
    '-vxlan10 port',
    '-vxlan10',
  ];
  t.same(
    wanted.map((item) => told.includes(item)),
    wanted.map(() => true),
    told.join(' '),
  );
});

t.test('a refusal carries the errno and the words of the kernel, capped or not', { skip }, async (t) => {
  const answers = messages('refusals').map(({ bytes, start, end, flags }) => ({
    errno: errnoAt(bytes, start, end),
    text: extendedAcknowledgement(bytes, start, end, flags),
  }));
  const refused = { errno: 19, text: 'unknown ifindex' };
  const accepted = { errno: 0, text: undefined };
  t.same(answers, [refused, accepted, refused, accepted]);
  t.match(refusal('add a flood entry', 19, 'unknown ifindex'), {
    code: 'ENODEV',
    errno: 19,
    message: /^Cannot add a flood entry: the kernel answered ENODEV \(.*\): unknown ifindex$/,
  });
});

t.test('a message cut off anywhere does not make a decoder throw', { skip }, async (t) => {
  const record = new netlink.NeighbourRecord();
  let cuts = 0;
  for (const name of ['links', 'bridge-ports', 'forwarding', 'neighbours', 'routes', 'addresses']) {
    for (const { bytes, start, end } of messages(name)) {
      const whole = bytes.slice(start, end);
      for (let length = 0; length < whole.length; length++) {
        const cut = whole.slice(0, length);
        netlink.decodeLink(cut, 0, length);
        netlink.decodeRoute(cut, 0, length);
        netlink.decodeAddress(cut, 0, length);
        if (length < 12) t.notOk(netlink.decodeNeighbour(cut, 0, length, record));
        else netlink.decodeNeighbour(cut, 0, length, record);
        cuts++;
      }
    }
  }
  t.ok(cuts > 10_000);
});

t.test('an impossible message length is an error, not an endless loop', async (t) => {
  const octets = new Uint8Array(32);
  t.throws(() => netlink.walkMessages(octets, 32, () => undefined), { code: 'ERR_NETLINK_MALFORMED' });
  octets.fill(0xff);
  t.throws(() => netlink.walkMessages(octets, 32, () => undefined), /expected 16 to 32/);
});

t.test('what an encoder writes, the decoder reads', async (t) => {
  const mac = fc.integer({ min: 0, max: 0xffffffff }).map((low) => 0x0200_0000_0000 + low);
  const address = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  );
  const record = new netlink.NeighbourRecord();
  const writer = new netlink.MessageWriter(8192);
  const read = (): void => {
    netlink.walkMessages(writer.bytes, writer.length, (_type, bytes, start, end) => {
      netlink.decodeNeighbour(bytes, start, end, record);
    });
  };
  fc.assert(
    fc.property(
      mac,
      address,
      fc.nat(4094),
      fc.nat(0xffffff),
      fc.nat(100_000),
      (m, vtep, vlan, vni, index) => {
        writer.reset(1);
        netlink.encodeTunnelMac(writer, index, m, vtep, vni);
        read();
        t.equal(record.mac, m);
        t.same(record.destinationBytes(), vtep);
        t.equal(record.sourceVni, vni);
        t.equal(record.interfaceIndex, index);
        writer.reset(1);
        netlink.encodeBridgeMac(writer, index, m, vlan, false);
        read();
        t.equal(record.mac, m);
        t.equal(record.vlan, vlan);
        t.equal(record.destinationLength, 0);
        writer.reset(1);
        netlink.encodeRemoteNeighbour(writer, index, vtep, m, true);
        read();
        t.equal(record.family, vtep.length === 4 ? netlink.AF_INET : netlink.AF_INET6);
        t.same(record.destinationBytes(), vtep);
        t.equal(record.protocol, netlink.RTPROT_EVPND);
        t.ok(record.flags & netlink.NTF_ROUTER);
      },
    ),
    { numRuns: 50 },
  );
});

t.test('a message that does not fit is refused, not sent in part', async (t) => {
  const writer = new netlink.MessageWriter(64);
  writer.reset(1);
  netlink.encodeFlood(writer, 1, ip('10.0.0.1'), 0);
  t.throws(() => netlink.encodeFlood(writer, 1, ip('10.0.0.1'), 0), RangeError);
});

t.test(
  'sequence numbers count on within a batch, and only the last message asks for an acknowledgement',
  async (t) => {
    const writer = new netlink.MessageWriter(4096);
    writer.reset(41);
    for (let i = 0; i < 3; i++)
      netlink.encodeTunnelMac(writer, 3, parseMac('02:00:00:00:00:01')!, ip('10.0.0.3'), 0);
    writer.acknowledgeLast();
    const seen: (readonly [number, boolean])[] = [];
    netlink.walkMessages(writer.bytes, writer.length, (_type, _bytes, _start, _end, flags, sequence) => {
      seen.push([sequence, (flags & netlink.NLM_F_ACK) !== 0]);
    });
    t.same(seen, [
      [41, false],
      [42, false],
      [43, true],
    ]);
  },
);
