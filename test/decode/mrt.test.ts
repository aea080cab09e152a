/**
 * MRT: dumps of FRR and GoBGP, and every kind of record that RFC 6396 and RFC 8050 define for BGP.
 */
import {
  decodeMessage,
  encodeKeepalive,
  encodeMessage,
  encodeRoute,
  FAMILY,
  type Family,
  hexText,
  parseHex,
  Writer,
} from 'bgp-protocol';
import t from 'tap';
import { messageJson } from '../../src/decode/index.ts';
import { type Collected, collect, fixtureOctets } from './collect.ts';

const updates = ({ messages }: Collected) =>
  messages.flatMap(({ bytes, ctx }) => {
    const message = decodeMessage(bytes, ctx);
    return message.type === 'UPDATE' ? [message] : [];
  });

t.test('FRR 8.4: BGP4MP messages with and without microseconds', async (t) => {
  const et = await collect(fixtureOctets('rfc6396/frr-8.4-all-et.mrt'), {}, 50);
  t.equal(et.messages.length, 8);
  t.strictSame(et.notices, ['9 MRT records of session states were passed over']);
  const { record, from, to, peerAutonomousSystem, timeNanoseconds } = et.messages[0].source;
  t.strictSame(
    { record, from, to, peerAutonomousSystem },
    { record: 5, from: '10.9.0.2', to: '10.9.0.1', peerAutonomousSystem: 65002 },
  );
  t.equal(timeNanoseconds, 1795227875306019000n);
  const plain = await collect(fixtureOctets('rfc6396/frr-8.4-updates.mrt'));
  t.strictSame(
    plain.messages.map(({ bytes }) => hexText(bytes)),
    et.messages.slice(2, 7).map(({ bytes }) => hexText(bytes)),
  );
  const evpn = updates(plain).flatMap(({ announced }) =>
    announced.filter(({ family }) => family === FAMILY.L2VPN_EVPN),
  );
  t.strictSame(
    evpn.map(({ routes }) => routes.map((route) => 'routeType' in route && route.routeType)),
    [[2], [3]],
  );
});

t.test('FRR 8.4: a table of IPv4 and IPv6 routes becomes the UPDATEs that would announce them', async (t) => {
  const table = await collect(fixtureOctets('rfc6396/frr-8.4-routes-mrt.mrt'));
  t.strictSame(
    table.messages.map(({ source }) => [source.from, source.peerAutonomousSystem, source.synthesized]),
    Array.from({ length: 3 }, () => ['10.9.0.2', 65002, true]),
  );
  t.strictSame(
    updates(table).map(({ announced, faults }) => [announced[0].nextHop, announced[0].routes, faults.length]),
    [
      ['10.9.0.2', [{ prefix: '192.0.2.0/24' }], 0],
      ['10.9.0.2', [{ prefix: '198.51.100.0/25' }], 0],
      ['2001:db8::2', [{ prefix: '2001:db8:9::/48' }], 0],
    ],
  );
});

t.test('GoBGP 3.10: a generic table with EVPN routes and path identifiers', async (t) => {
  const table = await collect(fixtureOctets('rfc6396/gobgp-3.10-table.mrt'));
  const seen = updates(table).map(({ announced: [{ family, routes }] }) => ({ family, route: routes[0] }));
  t.strictSame(
    seen.map(({ family }) => family),
    [FAMILY.L2VPN_EVPN, FAMILY.L2VPN_EVPN, FAMILY.IPV6_UNICAST, FAMILY.IPV4_UNICAST, FAMILY.IPV4_UNICAST],
  );
  t.ok(seen.every(({ route }) => route.pathId === 0));
  t.match(seen[0].route, { routeType: 2, mac: '02:00:00:00:bb:01', ip: '10.10.10.201' });
});

/** Header and body of a record. */
function record(type: number, subtype: number, body: (out: Writer) => void): Uint8Array {
  const inner = new Writer();
  body(inner);
  const out = new Writer();
  out.u32(1_700_000_000);
  out.u16(type);
  out.u16(subtype);
  out.u32(inner.length);
  out.bytes(inner.view());
  return out.finish();
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const ipv4 = (last: number) => Uint8Array.of(10, 0, 0, last);
const ipv6 = (last: number) => Uint8Array.of(0xfd, ...new Uint8Array(14), last);

function bgp4mp(subtype: number, message: Uint8Array, asOctets: 2 | 4, wide = false): Uint8Array {
  return record(16, subtype, (out) => {
    for (const number of [65001, 65002]) {
      if (asOctets === 4) out.u32(number);
      else out.u16(number);
    }
    out.u16(0);
    out.u16(wide ? 2 : 1);
    out.bytes(wide ? ipv6(1) : ipv4(1));
    out.bytes(wide ? ipv6(2) : ipv4(2));
    out.bytes(message);
  });
}

t.test(
  'RFC 6396 section 4.4, RFC 8050 section 3: the sub-type says how the message is to be read',
  async (t) => {
    const keepalive = encodeKeepalive();
    for (const [subtype, asOctets, addPath, sent] of [
      [1, 2, false, false],
      [4, 4, false, false],
      [6, 2, false, true],
      [7, 4, false, true],
      [8, 2, true, false],
      [9, 4, true, false],
      [10, 2, true, true],
      [11, 4, true, true],
    ] as const) {
      const { messages } = await collect(bgp4mp(subtype, keepalive, asOctets, subtype % 2 === 0));
      const [{ ctx, source, bytes }] = messages;
      t.equal(hexText(bytes), hexText(keepalive));
      t.equal(ctx.fourOctetAs, asOctets === 4);
      t.equal(ctx.addPathReceive.has(FAMILY.L2VPN_EVPN), addPath);
      const [peer, local] = subtype % 2 === 0 ? ['fd00::1', 'fd00::2'] : ['10.0.0.1', '10.0.0.2'];
      t.strictSame([source.from, source.to], sent ? [local, peer] : [peer, local], `sub-type ${subtype}`);
    }
  },
);

t.test('AS numbers of two octets are widened, and come back as they were', async (t) => {
  const list = parseHex('40010100' + '4002060202fde8fde9' + '4003040a000001') ?? new Uint8Array();
  const out = new Writer();
  out.fill(0xff, 16);
  out.u16(0);
  out.u8(2);
  out.u16(0);
  out.u16(list.length);
  out.bytes(list);
  out.bytes(Uint8Array.of(8, 10));
  out.u16At(16, out.length);
  const message = out.finish();
  const { messages } = await collect(bgp4mp(1, message, 2));
  const json = messageJson(messages[0]);
  t.match(json, {
    attributes: { AS_PATH: [{ kind: 'sequence', autonomousSystems: [65000, 65001] }] },
    announced: [{ family: 'ipv4-unicast', nextHop: '10.0.0.1', routes: [{ prefix: '10.0.0.0/8' }] }],
    context: { fourOctetAs: false },
  });
});

const peers = record(13, 1, (out) => {
  out.bytes(ipv4(9));
  out.u16(4);
  out.bytes(new TextEncoder().encode('view'));
  out.u16(2);
  out.u8(0); // IPv4, 2-octet AS.
  out.bytes(ipv4(1));
  out.bytes(ipv4(1));
  out.u16(65001);
  out.u8(3); // IPv6, 4-octet AS.
  out.bytes(ipv4(2));
  out.bytes(ipv6(2));
  out.u32(4_200_000_000);
});

function rib(
  subtype: number,
  family: Family | undefined,
  nlri: Uint8Array,
  attributes: Uint8Array,
  pathId?: number,
): Uint8Array {
  return record(13, subtype, (out) => {
    out.u32(1);
    if (family !== undefined) {
      out.u16(family >>> 8);
      out.u8(family & 0xff);
    }
    out.bytes(nlri);
    out.u16(1);
    out.u16(1);
    out.u32(1_600_000_000);
    if (pathId !== undefined) out.u32(pathId);
    out.u16(attributes.length);
    out.bytes(attributes);
  });
}

const ORIGIN_AND_PATH = parseHex('40010100' + '4002060201fa56ea00') ?? new Uint8Array();
/** RFC 6396 section 4.3.4: next hop length and next hop, no more. */
const nextHopOnly = (nextHop: Uint8Array) =>
  Uint8Array.of(0x80, 14, nextHop.length + 1, nextHop.length, ...nextHop);

t.test(
  'RFC 6396 section 4.3: generic entries of every known family, the next hop alone in MP_REACH_NLRI',
  async (t) => {
    const routes = [
      [
        FAMILY.L2VPN_EVPN,
        { routeType: 3, rd: '10.0.0.1:2', ethernetTag: 0, originatorIp: '10.0.0.1' },
        ipv4(1),
      ],
      [
        FAMILY.VPNV4,
        { rd: '10.0.0.1:7', labels: [1601], prefix: '10.0.0.0/8' },
        Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, ...ipv4(1)),
      ],
      [FAMILY.IPV6_UNICAST, { prefix: 'fd00::/8' }, ipv6(1)],
      [FAMILY.RT_CONSTRAINT, { lengthBits: 96, originAutonomousSystem: 1, routeTarget: '65000:10' }, ipv4(1)],
    ] as const;
    for (const [family, route, nextHop] of routes) {
      const attributes = joined(ORIGIN_AND_PATH, nextHopOnly(nextHop));
      for (const pathId of [undefined, 77]) {
        const subtype = pathId === undefined ? 6 : 12;
        const dump = joined(
          peers,
          rib(subtype, family, encodeRoute(family, route as never), attributes, pathId),
        );
        const found = await collect(dump);
        t.strictSame(found.notices, []);
        const [update] = updates(found);
        t.strictSame(update.announced[0].routes, [pathId === undefined ? route : { ...route, pathId }]);
        const { from, peerAutonomousSystem, timeNanoseconds } = found.messages[0].source;
        t.strictSame(
          { from, peerAutonomousSystem },
          { from: 'fd00::2', peerAutonomousSystem: 4_200_000_000 },
        );
        t.equal(timeNanoseconds, 1_600_000_000_000_000_000n);
      }
    }
  },
);

t.test('records that cannot be used are said, and the ones after them are read', async (t) => {
  const attributes = joined(ORIGIN_AND_PATH, nextHopOnly(ipv4(1)));
  const good = bgp4mp(4, encodeKeepalive(), 4);
  const { messages, notices } = await collect(
    joined(
      good,
      rib(6, 99 * 256 + 99, Uint8Array.of(1, 2, 3), attributes),
      rib(2, undefined, Uint8Array.of(255), attributes),
      rib(4, undefined, Uint8Array.of(0), ORIGIN_AND_PATH),
      bgp4mp(4, Uint8Array.of(1, 2, 3), 4),
      record(16, 4, (out) => out.u32(1)),
      record(12, 1, (out) => out.u32(1)),
      record(12, 1, (out) => out.u32(1)),
      record(16, 5, (out) => out.u32(1)),
      good,
    ),
  );
  t.equal(messages.length, 2);
  t.strictSame(
    notices.map((text) => text.replace(/^MRT record (\d+) at offset \d+/, '$1')),
    [
      '2: the NLRI of family 99/99 cannot be told from its entries',
      '3: the NLRI overruns its record',
      '4: a route without MP_REACH_NLRI',
      '5: 3 octets that are no BGP message',
      '6: truncated: 0 octets left, expected 4',
      '2 MRT records of type 12/1 were passed over',
      '1 MRT records of session states were passed over',
    ],
  );
});

t.test('a record of a message can be encoded again', async (t) => {
  const open = encodeMessage({
    type: 'OPEN',
    version: 4,
    autonomousSystem: 65000,
    holdTimeSeconds: 90,
    routerId: '10.0.0.1',
    capabilities: [],
  });
  const { messages } = await collect(bgp4mp(4, open, 4));
  t.equal(hexText(messages[0].bytes), hexText(open));
});
