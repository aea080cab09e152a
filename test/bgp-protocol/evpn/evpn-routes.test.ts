/**
 * EVPN routes: fixtures both ways, and the laws that hold for every type of the registry.
 */
import {
  BgpFault,
  decodeEsi,
  decodeEvpnKey,
  decodeEvpnRoute,
  EVPN_KEY,
  EVPN_ROUTES,
  type EvpnRoute,
  encodeEsi,
  encodeEvpnRoute,
  esiFieldsText,
  esiText,
  evpnRouteText,
  evpnRouteTypeName,
  hexText,
  joinEvpnNlri,
  keyLengthOf,
  labelKindOf,
  labelOfMpls,
  labelOfVni,
  labelText,
  MAX_EVPN_KEY_OCTETS,
  MAX_EVPN_PAYLOAD_OCTETS,
  macAt,
  macText,
  mplsOfLabel,
  parseEsiFields,
  parseEvpnRoute,
  parseHex,
  payloadLengthOf,
  routeDistinguisherText,
  splitEvpnNlri,
  TUNNEL_TYPE,
  validateEvpnNlri,
  vniOfLabel,
} from 'bgp-protocol';
import fc from 'fast-check';
import t from 'tap';
import { evpnRoute } from '../arbitraries.ts';
import { bitFlips, type Fixture, plain, prefixes, readFixtures } from '../fixture-files.ts';

const GROUPS = ['rfc7432/evpn-nlri', 'rfc9136/evpn-nlri', 'rfc9251/evpn-nlri', 'rfc9572/evpn-nlri'];
const fixtures: readonly Fixture[] = GROUPS.flatMap((group) =>
  readFixtures(group).map((fixture) => ({ ...fixture, name: `${group} ${fixture.name}` })),
);
const sound = fixtures.filter((fixture) => fixture.fault === undefined);

const key = new Uint8Array(MAX_EVPN_KEY_OCTETS);
const payload = new Uint8Array(MAX_EVPN_PAYLOAD_OCTETS);

function split(bytes: Uint8Array): { key: string; payload: string } | undefined {
  const lengths = splitEvpnNlri(bytes, 0, bytes.length, key, payload);
  if (lengths < 0) return undefined;
  return {
    key: hexText(key, 0, keyLengthOf(lengths)),
    payload: hexText(payload, 0, payloadLengthOf(lengths)),
  };
}

function faultOf(bytes: Uint8Array): BgpFault {
  try {
    decodeEvpnRoute(bytes);
  } catch (error) {
    if (error instanceof BgpFault) return error;
    throw error;
  }
  throw new Error(`${hexText(bytes)} is sound`);
}

t.test('RFC 7432 section 7: every fixture decodes to its value, or to its fault', (t) => {
  for (const fixture of fixtures) {
    const { bytes, name } = fixture;
    if (fixture.fault === undefined) {
      t.strictSame(plain(decodeEvpnRoute(bytes)), fixture.value, name);
      t.equal(validateEvpnNlri(bytes, 0, bytes.length), undefined, `${name} validates`);
    } else {
      const fault = faultOf(bytes);
      t.equal(fault.message, fixture.fault, name);
      t.equal(fault.action, fixture.action, `${name}: action`);
      t.equal(fault.offset, fixture.offset, `${name}: offset`);
      t.equal(
        validateEvpnNlri(bytes, 0, bytes.length)?.message,
        fixture.fault,
        `${name} validates as it decodes`,
      );
    }
  }
  t.end();
});

t.test('every sound fixture is encoded back to its octets', (t) => {
  for (const { bytes, name } of sound)
    t.equal(hexText(encodeEvpnRoute(decodeEvpnRoute(bytes))), hexText(bytes), name);
  t.end();
});

t.test('a fixture within other octets decodes as it does alone', (t) => {
  for (const { bytes, name } of sound) {
    const around = new Uint8Array(bytes.length + 7).fill(0xee);
    around.set(bytes, 3);
    t.strictSame(decodeEvpnRoute(around, 3, 3 + bytes.length), decodeEvpnRoute(bytes), name);
  }
  t.end();
});

t.test(
  'a route cut off at any octet is a fault; with its length octet put right, a value or a fault',
  (t) => {
    for (const { bytes, name } of sound) {
      for (const cut of prefixes(bytes)) {
        faultOf(cut);
        if (cut.length >= 2) {
          cut[1] = cut.length - 2;
          valueOrFault(cut);
        }
      }
      t.pass(name);
    }
    t.end();
  },
);

t.test('one flipped bit gives a value that encodes again, or a BgpFault', (t) => {
  for (const { bytes, name } of fixtures) {
    for (const flipped of bitFlips(bytes)) valueOrFault(flipped);
    t.pass(name);
  }
  t.end();
});

function valueOrFault(bytes: Uint8Array): void {
  try {
    const again = encodeEvpnRoute(decodeEvpnRoute(bytes));
    const reserved = bytes[0] === 8;
    if (!reserved && hexText(again) !== hexText(bytes))
      throw new Error(`${hexText(bytes)} became ${hexText(again)}`);
  } catch (error) {
    if (!(error instanceof BgpFault)) throw error;
  }
}

t.test('RFC 9251 section 9.3: the reserved octets of a leave synch route are not read', (t) => {
  const [leave] = readFixtures('rfc9251/evpn-nlri').filter(({ name }) => name === 'type-8-source');
  const filled = leave.bytes.slice();
  filled.fill(0xff, filled.length - 6, filled.length - 2);
  t.strictSame(decodeEvpnRoute(filled), decodeEvpnRoute(leave.bytes));
  t.end();
});

t.test('decode(encode(route)) is the route, for every type', (t) => {
  const seen = new Set<number>();
  fc.assert(
    fc.property(evpnRoute, (route) => {
      seen.add(route.routeType);
      t.strictSame(decodeEvpnRoute(encodeEvpnRoute(route)), route);
    }),
    { numRuns: 500 },
  );
  for (const { routeType, name } of EVPN_ROUTES) t.ok(seen.has(routeType), `${name} was generated`);
  t.end();
});

t.test('join(split(nlri)) is the NLRI, for every type', (t) => {
  const out = new Uint8Array(300);
  fc.assert(
    fc.property(evpnRoute, (route) => {
      const bytes = encodeEvpnRoute(route);
      const lengths = splitEvpnNlri(bytes, 0, bytes.length, key, payload);
      t.ok(lengths > 0);
      const end = joinEvpnNlri(key, 0, keyLengthOf(lengths), payload, 0, payloadLengthOf(lengths), out, 5);
      t.equal(hexText(out, 5, end), hexText(bytes));
    }),
    { numRuns: 500 },
  );
  t.end();
});

t.test('RFC 7432 section 7.2: the key of a MAC/IP route holds neither ESI nor labels', (t) => {
  const esi = '03:44:38:39:ff:00:01:00:00:01';
  const one: EvpnRoute = {
    routeType: 2,
    rd: '10.0.0.1:7',
    esi: '00:00:00:00:00:00:00:00:00:00',
    ethernetTag: 9,
    mac: '02:00:00:00:00:03',
    ip: '10.10.10.13',
    labels: [10],
  };
  const bytes = encodeEvpnRoute(one);
  const same = split(encodeEvpnRoute({ ...one, esi, labels: [10, 4000] }));
  t.equal(split(bytes)?.key, same?.key);
  t.not(split(bytes)?.payload, same?.payload);
  for (const other of [
    { rd: '10.0.0.1:8' },
    { ethernetTag: 8 },
    { mac: '02:00:00:00:00:04' },
    { ip: '10.10.10.14' },
  ]) {
    t.not(split(encodeEvpnRoute({ ...one, ...other }))?.key, same?.key, JSON.stringify(other));
  }
  const { ip: _, ...macOnly } = one;
  t.not(split(encodeEvpnRoute(macOnly))?.key, same?.key, 'without IP');
  t.end();
});

t.test('the keys of the other types leave out what their RFC leaves out', (t) => {
  const differ = (name: string, change: object) => {
    const found = fixtures.find((fixture) => fixture.name.endsWith(name));
    const route = decodeEvpnRoute(found?.bytes ?? new Uint8Array());
    return [
      split(encodeEvpnRoute(route))?.key,
      split(encodeEvpnRoute({ ...route, ...change } as EvpnRoute))?.key,
    ];
  };
  const same = (name: string, change: object) => {
    const [a, b] = differ(name, change);
    t.equal(a, b, `${name} ${JSON.stringify(change)}`);
  };
  const other = (name: string, change: object) => {
    const [a, b] = differ(name, change);
    t.not(a, b, `${name} ${JSON.stringify(change)}`);
  };
  const esi = '09:09:09:09:09:09:09:09:09:09';
  same('type-1-label', { label: 11 });
  other('type-1-label', { esi });
  other('type-1-label', { ethernetTag: 5 });
  other('type-3-ipv4', { originatorIp: '10.0.0.9' });
  other('type-4-ipv4', { esi });
  same('rfc9136/evpn-nlri ipv4', { esi, gatewayIp: '10.0.0.9', label: 1 });
  other('rfc9136/evpn-nlri ipv4', { prefix: '10.10.10.0/25' });
  same('type-6-source', { flags: 1 });
  other('type-6-source', { source: '192.0.2.9' });
  same('type-7-source', { flags: 1 });
  same('type-8-source', { flags: 1, maximumResponseTime: 3 });
  other('type-8-source', { group: '239.1.1.9' });
  t.end();
});

t.test('EVPN_KEY gives the places of the fields in a key', (t) => {
  const one = sound.find(({ name }) => name.endsWith('type-2-ipv4'))?.bytes ?? new Uint8Array();
  const length = keyLengthOf(splitEvpnNlri(one, 0, one.length, key, payload));
  t.equal(key[EVPN_KEY.TYPE], 2);
  t.equal(routeDistinguisherText(key, EVPN_KEY.RD), '10.0.0.2:2');
  t.equal(key[EVPN_KEY.MAC_IP_MAC_LENGTH], 48);
  t.equal(macText(macAt(key, EVPN_KEY.MAC_IP_MAC)), '02:00:00:00:00:02');
  t.equal(key[EVPN_KEY.MAC_IP_IP_LENGTH], 32);
  t.equal(hexText(key, EVPN_KEY.MAC_IP_IP, length), '0a0a0a0c');
  const three = sound.find(({ name }) => name.endsWith('type-3-ipv4'))?.bytes ?? new Uint8Array();
  splitEvpnNlri(three, 0, three.length, key, payload);
  t.equal(key[EVPN_KEY.INCLUSIVE_MULTICAST_IP_LENGTH], 32);
  t.equal(hexText(key, EVPN_KEY.INCLUSIVE_MULTICAST_IP, EVPN_KEY.INCLUSIVE_MULTICAST_IP + 4), '0a000001');
  t.end();
});

t.test(
  'a route that is faulty only after its key still splits, so that it can be treated as withdrawn',
  (t) => {
    const of = (name: string) =>
      fixtures.find((fixture) => fixture.name.endsWith(` ${name}`))?.bytes ?? new Uint8Array();
    const whole = parseHex('022500010a0000010007000000000000000000000000000030020000000003200a0a0a0d00000a');
    t.equal(split(of('type-2-no-label'))?.key, split(whole ?? new Uint8Array())?.key);
    t.ok(split(of('type-2-three-labels')));
    t.equal(split(of('type-2-mac-length-24')), undefined);
    t.equal(split(of('type-2-ip-length-24')), undefined);
    t.equal(split(of('type-3-ip-length-24')), undefined);
    t.equal(split(of('length-too-large')), undefined);
    t.end();
  },
);

t.test('validate and split agree: what validates splits', (t) => {
  for (const { bytes, name } of fixtures) {
    for (const flipped of bitFlips(bytes)) {
      if (validateEvpnNlri(flipped, 0, flipped.length) === undefined && split(flipped) === undefined) {
        t.fail(`${name}: ${hexText(flipped)} validates and does not split`);
      }
    }
  }
  t.end();
});

t.test('decodeEvpnKey gives the key fields, and zero for the rest', (t) => {
  fc.assert(
    fc.property(evpnRoute, (route) => {
      const bytes = encodeEvpnRoute(route);
      const length = keyLengthOf(splitEvpnNlri(bytes, 0, bytes.length, key, payload));
      const shown = decodeEvpnKey(key, 0, length);
      t.equal(evpnRouteText(shown), evpnRouteText(route));
      t.equal(split(encodeEvpnRoute(shown))?.key, hexText(key, 0, length));
    }),
  );
  t.throws(() => decodeEvpnKey(Uint8Array.of(2, 0)), BgpFault);
  t.end();
});

t.test('the text of a route, read again, names the route with the same key', (t) => {
  fc.assert(
    fc.property(evpnRoute, (route) => {
      const rd = 'rd' in route ? route.rd : undefined;
      const again = parseEvpnRoute(evpnRouteText(route), rd);
      t.ok(again, evpnRouteText(route));
      if (again !== undefined)
        t.equal(split(encodeEvpnRoute(again))?.key, split(encodeEvpnRoute(route))?.key);
    }),
    { numRuns: 300 },
  );
  t.end();
});

t.test('text in the brackets that FRR 8.4 and 10 print', (t) => {
  const ESI = '03:44:38:39:ff:00:01:00:00:01';
  for (const text of [
    '[2]:[0]:[48]:[02:00:00:00:00:03]',
    '[2]:[0]:[48]:[02:00:00:00:00:03]:[32]:[10.10.10.13]',
    '[2]:[0]:[48]:[02:00:00:00:00:03]:[128]:[fe80::ff:fe00:3]',
    '[3]:[0]:[32]:[10.0.0.1]',
    `[4]:[${ESI}]:[32]:[10.0.0.1]`,
    '[5]:[0]:[24]:[10.10.10.0]',
    '[6]:[0]:[0]:[*]:[32]:[239.1.1.1]:[32]:[10.0.0.1]',
    `[1]:[4294967295]:[${ESI}]`,
  ]) {
    const route = parseEvpnRoute(text);
    t.equal(route && evpnRouteText(route), text);
  }
  const long = parseEvpnRoute(`[1]:[0]:[${ESI}]:[32]:[0.0.0.0]:[0]`);
  t.equal(
    long && evpnRouteText(long),
    `[1]:[0]:[${ESI}]`,
    'the VTEP and fragment that FRR adds are read over',
  );
  t.end();
});

t.test('text that is no route is undefined', (t) => {
  for (const text of [
    '',
    '2',
    '[2]',
    '[2]:[0]:[48]',
    '[2]:[0]:[47]:[02:00:00:00:00:03]',
    '[2]:[0]:[48]:[02:00:00:00:00]',
    '[2]:[0]:[48]:[02:00:00:00:00:03]:[32]',
    '[2]:[0]:[48]:[02:00:00:00:00:03]:[128]:[10.0.0.1]',
    '[2]:[0]:[48]:[02:00:00:00:00:03]:[32]:[10.0.0.1]:[0]',
    '[2]:[4294967296]:[48]:[02:00:00:00:00:03]',
    '[3]:[0]:[0]:[*]',
    '[5]:[0]:[33]:[10.0.0.0]',
    '[9]:[0]:[00]',
    '[256]:[00]',
    '[12]:[0]',
    'x[3]:[0]:[32]:[10.0.0.1]',
  ]) {
    t.equal(parseEvpnRoute(text), undefined, text);
  }
  t.end();
});

t.test('RFC 7432 section 5: every ESI fixture reads and writes its fields', (t) => {
  for (const { name, bytes, value } of readFixtures('rfc7432/esi')) {
    const esi = decodeEsi(bytes);
    t.strictSame({ text: esiText(bytes), ...esi }, value, name);
    t.equal(hexText(encodeEsi(esi)), hexText(bytes), `${name} back`);
    t.strictSame(parseEsiFields(esiFieldsText(esi)), esi, `${name} by its text`);
  }
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 10, maxLength: 10 }), (bytes) => {
      bytes[0] %= 7;
      t.equal(hexText(encodeEsi(decodeEsi(bytes))), hexText(bytes));
    }),
  );
  t.throws(() => encodeEsi({ type: 1, kind: 'lacp', systemMac: 'x', portKey: 0 }), TypeError);
  t.throws(() => encodeEsi({ type: 0, kind: 'arbitrary', value: '00' }), TypeError);
  t.end();
});

t.test('RFC 8365 section 5.1.3: the encapsulation decides what a label field holds', (t) => {
  t.equal(vniOfLabel(labelOfVni(0xffffff)), 0xffffff);
  t.equal(mplsOfLabel(labelOfMpls(100)), 100);
  t.equal(labelOfMpls(100), 1601, 'bottom of stack');
  t.equal(labelOfMpls(100, false), 1600);
  t.equal(labelKindOf(TUNNEL_TYPE.VXLAN), 'vni');
  t.equal(labelKindOf(TUNNEL_TYPE.GENEVE), 'vni');
  t.equal(labelKindOf(TUNNEL_TYPE.MPLS), 'mpls');
  t.equal(labelKindOf(undefined), 'mpls', 'without an encapsulation community MPLS is assumed');
  t.equal(labelText(1601, 'vni'), 'VNI 1601');
  t.equal(labelText(1601, 'mpls'), 'MPLS label 100');
  t.end();
});

t.test('what cannot be encoded is a TypeError that names it', (t) => {
  const macIp: EvpnRoute = {
    routeType: 2,
    rd: '10.0.0.1:7',
    esi: '0',
    ethernetTag: 0,
    mac: '02:00:00:00:00:03',
    labels: [10],
  };
  t.throws(() => encodeEvpnRoute({ ...macIp, rd: 'x' }), {
    name: 'TypeError',
    message: /route distinguisher is "x"/,
  });
  t.throws(() => encodeEvpnRoute({ ...macIp, mac: '02' }), {
    name: 'TypeError',
    message: /MAC address is "02"/,
  });
  t.throws(() => encodeEvpnRoute({ ...macIp, ip: '10.0.0' }), {
    name: 'TypeError',
    message: /IP address is "10.0.0"/,
  });
  t.throws(() => encodeEvpnRoute({ ...macIp, labels: [] }), {
    name: 'TypeError',
    message: /number of labels is "0"/,
  });
  t.throws(() => encodeEvpnRoute({ ...macIp, esi: '01' }), { name: 'TypeError', message: /ESI is "01"/ });
  t.throws(() => encodeEvpnRoute({ routeType: 99, opaque: new Uint8Array(256) }), /length is "256"/);
  t.throws(() => encodeEvpnRoute({ routeType: 11, routeKey: '02ff', originatorIp: '10.0.0.1' }), /route key/);
  t.throws(
    () =>
      encodeEvpnRoute({
        routeType: 5,
        rd: '0:0',
        esi: '0',
        ethernetTag: 0,
        prefix: '10.0.0.0/8',
        gatewayIp: '::',
        label: 0,
      }),
    /gateway of 10.0.0.0\/8 is "::"/,
  );
  t.equal(evpnRouteTypeName(2), 'MAC/IP Advertisement');
  t.equal(evpnRouteTypeName(99), undefined);
  t.end();
});
