/**
 * NLRI and next hops of the families besides EVPN: fixtures both ways, framing with and without path identifiers.
 */
import {
  BgpFault,
  DEFAULT_CONTEXT,
  decodeNextHop,
  decodeRoute,
  decodeUpdate,
  encodeNextHop,
  encodeRoute,
  FAMILY,
  type Family,
  hexText,
  isKnownFamily,
  NLRI_FAMILIES,
  nlriField,
  parseFamily,
  parseHex,
  routeNamedBy,
  routeText,
  validateNextHop,
  validateNlri,
  walkUpdate,
} from 'bgp-protocol';
import fc from 'fast-check';
import t from 'tap';
import { prefix, rd, u24, u32 } from '../arbitraries.ts';
import { bitFlips, type Fixture, plain, prefixes, readFixtures } from '../fixture-files.ts';

const GROUPS = ['rfc4760', 'rfc8277', 'rfc4364', 'rfc4659', 'rfc4684'];
const fixtures = GROUPS.flatMap((group) =>
  readFixtures(`${group}/nlri`).map((fixture) => ({ ...fixture, name: `${group} ${fixture.name}` })),
);
const familyOfFixture = (fixture: Fixture): Family => parseFamily(fixture.family ?? '') ?? -1;
/** Bits beyond the length read as zero. */
const NOT_CANONICAL = new Set(['rfc4760 ipv4-trailing-bits']);

t.test('every fixture decodes to its value, or to its fault', (t) => {
  for (const fixture of fixtures) {
    const { bytes, name, value, fault, action } = fixture;
    const family = familyOfFixture(fixture);
    if (fault === undefined) {
      const route = decodeRoute(family, bytes, 0, bytes.length);
      t.strictSame(plain(route), value, name);
      if (!NOT_CANONICAL.has(name))
        t.equal(hexText(encodeRoute(family, route)), hexText(bytes), `${name} back`);
    } else {
      t.throws(
        () => decodeRoute(family, bytes, 0, bytes.length),
        { name: 'BgpFault', message: fault, action },
        name,
      );
      t.equal(
        validateNlri(family, bytes, 0, bytes.length)?.message,
        fault,
        `${name} validates as it decodes`,
      );
    }
  }
  t.end();
});

t.test('a field is walked NLRI by NLRI; RFC 7911 section 3: each after its path identifier', (t) => {
  for (const { family } of NLRI_FAMILIES) {
    const some = fixtures.filter(
      (fixture) => fixture.fault === undefined && familyOfFixture(fixture) === family,
    );
    const nlri = some.length > 0 ? some.map(({ bytes }) => bytes) : sample(family);
    for (const addPath of [false, true]) {
      const parts = nlri.flatMap((bytes, i) => (addPath ? [0, 0, 1, i, ...bytes] : [...bytes]));
      const field = Uint8Array.from(parts);
      const seen: string[] = [];
      const fault = nlriField(family, field, 0, field.length, addPath, (start, end, pathId) =>
        seen.push(`${pathId} ${hexText(field, start, end)}`),
      );
      t.equal(fault, undefined);
      t.strictSame(
        seen,
        nlri.map((bytes, i) => `${addPath ? 256 + i : 0} ${hexText(bytes)}`),
        `${family} ${addPath}`,
      );
    }
  }
  t.end();
});

function sample(family: Family): readonly Uint8Array[] {
  const hex = family === FAMILY.L2VPN_EVPN ? 'c803010203' : '080a';
  return [parseHex(hex) ?? new Uint8Array()];
}

t.test('RFC 7606 section 5.3: an NLRI that overruns its field ends the walk with a session reset', (t) => {
  for (const fixture of fixtures) {
    const family = familyOfFixture(fixture);
    if (!isKnownFamily(family)) continue;
    for (const addPath of [false, true]) {
      const whole = addPath ? Uint8Array.of(0, 0, 0, 1, ...fixture.bytes) : fixture.bytes;
      for (const cut of prefixes(whole)) {
        if (cut.length === 0) continue;
        const fault = nlriField(family, cut, 0, cut.length, addPath, () =>
          t.fail(`${fixture.name} was given out`),
        );
        t.equal(fault?.action, 'session-reset');
      }
    }
  }
  t.end();
});

t.test('one flipped bit gives a value that encodes again, or a BgpFault', (t) => {
  for (const fixture of fixtures) {
    const family = familyOfFixture(fixture);
    for (const flipped of bitFlips(fixture.bytes)) {
      nlriField(family, flipped, 0, flipped.length, false, (start, end) => {
        try {
          const route = decodeRoute(family, flipped, start, end);
          const again = encodeRoute(family, route);
          t.strictSame(decodeRoute(family, again, 0, again.length), route);
          t.type(routeText(family, route), 'string');
        } catch (error) {
          if (!(error instanceof BgpFault)) throw error;
        }
      });
    }
  }
  t.end();
});

t.test('decode(encode(route)) is the route', (t) => {
  const labels = fc
    .array(u24, { minLength: 1, maxLength: 2 })
    .map((stack) => stack.map((label, i) => (i === stack.length - 1 ? label | 1 : (label & ~1) | 0x10)));
  fc.assert(
    fc.property(prefix, rd, labels, (prefix, rd, labels) => {
      const v6 = prefix.includes(':');
      const families: readonly [Family, object][] = [
        [v6 ? FAMILY.IPV6_UNICAST : FAMILY.IPV4_UNICAST, { prefix }],
        [v6 ? FAMILY.IPV6_LABELED_UNICAST : FAMILY.IPV4_LABELED_UNICAST, { prefix, labels }],
        [v6 ? FAMILY.VPNV6 : FAMILY.VPNV4, { prefix, labels: labels.slice(-1), rd }],
      ];
      for (const [family, route] of families) {
        const bytes = encodeRoute(family, route as never);
        const decoded = decodeRoute(family, bytes, 0, bytes.length);
        t.equal(hexText(encodeRoute(family, decoded)).length, bytes.length * 2);
        const masked = 'prefix' in decoded ? decoded.prefix : '';
        t.equal(masked.split('/')[1], prefix.split('/')[1]);
        t.strictSame(decoded, { ...route, prefix: masked });
      }
    }),
  );
  fc.assert(
    fc.property(u32, u32, (originAutonomousSystem, assigned) => {
      const route = { lengthBits: 96, originAutonomousSystem, routeTarget: `65000:${assigned}` };
      const bytes = encodeRoute(FAMILY.RT_CONSTRAINT, route);
      t.strictSame(decodeRoute(FAMILY.RT_CONSTRAINT, bytes, 0, bytes.length), route);
    }),
  );
  t.end();
});

t.test('RFC 8950 section 3, RFC 7606 section 7.11: next hops by family', (t) => {
  for (const fixture of readFixtures('rfc8950/next-hops')) {
    const { bytes, name, value, fault, action } = fixture;
    const family = familyOfFixture(fixture);
    const seen = validateNextHop(family, bytes.length, 0);
    t.equal(seen?.message, fault, name);
    if (fault !== undefined) {
      t.equal(seen?.action, action, `${name}: action`);
      continue;
    }
    const nextHop = decodeNextHop(family, bytes, 0, bytes.length);
    t.strictSame(nextHop, value, name);
    t.equal(hexText(encodeNextHop(family, nextHop)), hexText(bytes), `${name} back`);
  }
  t.end();
});

t.test('what cannot be encoded is a TypeError that names it', (t) => {
  t.throws(() => encodeRoute(FAMILY.IPV4_UNICAST, { prefix: '::/0' }), /prefix is "::\/0"/);
  t.throws(
    () => encodeRoute(FAMILY.VPNV4, { prefix: '10.0.0.0/8', labels: [1], rd: 'x' }),
    /distinguisher is "x"/,
  );
  t.throws(() => encodeRoute(FAMILY.VPNV4, { prefix: '10.0.0.0/8' }), /labels/);
  t.throws(() => encodeRoute(FAMILY.RT_CONSTRAINT, { lengthBits: 96, routeTarget: 'x' }), /saw "x"/);
  t.throws(() => encodeNextHop(FAMILY.IPV4_UNICAST, { address: 'x' }), /saw "x"/);
  t.end();
});

t.test(
  'RFC 7606 section 2: a malformed route is withdrawn where its key can be read, and only there',
  (t) => {
    const evpn = readFixtures('rfc7432/evpn-nlri').concat(readFixtures('rfc9136/evpn-nlri'));
    const named: Readonly<Record<string, object>> = {
      'type-2-no-label': { routeType: 2, rd: '10.0.0.1:7', mac: '02:00:00:00:00:03', ip: '10.10.10.13' },
      'type-2-half-label': { routeType: 2, mac: '02:00:00:00:00:03' },
      'type-2-three-labels': { routeType: 2, mac: '02:00:00:00:00:03' },
      'type-1-too-short': { routeType: 1, esi: '03:44:38:39:ff:00:01:00:00:01', ethernetTag: 0 },
      'type-1-too-long': { routeType: 1, ethernetTag: 0 },
      'gateway-and-esi': { routeType: 5, prefix: '172.16.0.0/16' },
    };
    const whole = encodeRoute(FAMILY.L2VPN_EVPN, {
      routeType: 3,
      rd: '10.0.0.1:2',
      ethernetTag: 0,
      originatorIp: '10.0.0.1',
    });
    for (const { name, bytes, fault } of evpn) {
      if (fault === undefined || name.startsWith('length-')) continue;
      const route = routeNamedBy(FAMILY.L2VPN_EVPN, bytes, 0, bytes.length);
      if (named[name] === undefined) t.equal(route, undefined, name);
      else t.match(route, named[name], name);
      const expected = named[name] === undefined ? ['announce 3'] : ['withdraw', 'announce 3'];
      t.strictSame(walked(Uint8Array.of(...bytes, ...whole)), expected, `${name} before a sound route`);
    }
    t.equal(routeNamedBy(FAMILY.IPV4_UNICAST, Uint8Array.of(33, 1, 2, 3, 4, 5), 0, 6), undefined);
    t.end();
  },
);

/** What a visitor is told of an UPDATE that announces these NLRI. */
function walked(nlri: Uint8Array): readonly string[] {
  const reach = Uint8Array.of(0, 25, 70, 4, 10, 0, 0, 1, 0, ...nlri);
  const attributes = Uint8Array.of(0x90, 14, 0, reach.length, ...reach, 0x40, 1, 1, 0, 0x40, 2, 0);
  const body = Uint8Array.of(0, 0, 0, attributes.length, ...attributes);
  const seen: string[] = [];
  const action = walkUpdate(body, 0, body.length, DEFAULT_CONTEXT, {
    attributes: () => undefined,
    announce: (_family, bytes, start) => seen.push(`announce ${bytes[start]}`),
    withdraw: () => seen.push('withdraw'),
    endOfRib: () => seen.push('end of RIB'),
    fault: () => undefined,
  });
  t.equal(action, 'treat-as-withdraw');
  const message = decodeUpdate(body);
  t.equal(message.withdrawn.length, seen.includes('withdraw') ? 1 : 0);
  return seen;
}
