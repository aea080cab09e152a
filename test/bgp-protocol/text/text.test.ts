/**
 * The canonical text of addresses, identifiers and communities: print and parse, one to one.
 */
import {
  communityText,
  esiText,
  hexText,
  ipText,
  largeCommunityText,
  macAt,
  macText,
  parseAutonomousSystem,
  parseCommunity,
  parseEsi,
  parseHex,
  parseIp,
  parseLargeCommunity,
  parseMac,
  parsePrefix,
  parseRouteDistinguisher,
  parseRouteOrigin,
  parseRouteTarget,
  prefixText,
  putMac,
  routeDistinguisherText,
  routeTargetText,
} from 'bgp-protocol';
import fc from 'fast-check';
import t from 'tap';
import { administrator, octets, u32 } from '../arbitraries.ts';

t.test('RFC 5952 section 4: one text for each IPv6 address', (t) => {
  for (const [written, canonical] of [
    ['2001:0db8::0001', '2001:db8::1'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:DB8::ABCD', '2001:db8::abcd'],
    ['::ffff:c000:201', '::ffff:192.0.2.1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
  ]) {
    const bytes = parseIp(written);
    t.equal(bytes && ipText(bytes), canonical, written);
  }
  t.end();
});

t.test('what is no address is undefined', (t) => {
  for (const text of [
    '',
    '1',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.01',
    '10.0.0.0.1',
    ' 10.0.0.1',
    ':',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '1:2:3:4:5:6:7::8:9',
    '1:2:3:4::5:6:7:8',
    '12345::',
    'fe80::1%eth0',
    '::10.0.0.256',
    '10.0.0.1::',
    'g::',
  ]) {
    t.equal(parseIp(text), undefined, `"${text}"`);
  }
  for (const text of [
    '10.0.0.0',
    '10.0.0.0/',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/8/8',
    '/8',
    '10.0.0.0/-1',
  ]) {
    t.equal(parsePrefix(text), undefined, text);
  }
  t.throws(() => ipText(new Uint8Array(5)), RangeError);
  t.end();
});

t.test('parse(print(x)) is x', (t) => {
  const same = (bytes: Uint8Array, again: Uint8Array | undefined, text: string) =>
    t.equal(again && hexText(again), hexText(bytes), text);
  fc.assert(fc.property(fc.oneof(octets(4), octets(16)), (b) => same(b, parseIp(ipText(b)), ipText(b))));
  fc.assert(fc.property(octets(10), (b) => same(b, parseEsi(esiText(b)), esiText(b))));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (b) => same(b, parseHex(hexText(b)), hexText(b))));
  fc.assert(
    fc.property(fc.constantFrom(0, 1, 2, 3, 255), octets(7), (type, rest) => {
      const bytes = Uint8Array.of(0, type, ...rest.slice(1));
      const text = routeDistinguisherText(bytes);
      same(bytes, parseRouteDistinguisher(text), text);
    }),
  );
  fc.assert(
    fc.property(octets(6), (bytes) => {
      const mac = macAt(bytes, 0);
      const again = new Uint8Array(8);
      putMac(mac, again, 1);
      t.equal(hexText(again, 1, 7), hexText(bytes));
      t.equal(parseMac(macText(mac)), mac);
    }),
  );
  fc.assert(
    fc.property(administrator, (value) => {
      const text = routeTargetText({ type: 'route-target', ...value });
      t.strictSame(parseRouteTarget(text), { type: 'route-target', ...value });
      t.strictSame(parseRouteOrigin(text), { type: 'route-origin', ...value });
    }),
  );
  fc.assert(
    fc.property(fc.oneof(u32, fc.integer({ min: 0xffff0000, max: 0xffff0010 })), (community) => {
      t.equal(parseCommunity(communityText(community)), community);
    }),
  );
  fc.assert(
    fc.property(u32, u32, u32, (globalAdministrator, localData1, localData2) => {
      const parts = { globalAdministrator, localData1, localData2 };
      t.strictSame(parseLargeCommunity(largeCommunityText(parts)), parts);
    }),
  );
  fc.assert(
    fc.property(octets(4), fc.integer({ min: 0, max: 32 }), (address, lengthBits) => {
      const again = parsePrefix(prefixText(address, lengthBits));
      t.equal(again?.lengthBits, lengthBits);
      same(address, again?.address, prefixText(address, lengthBits));
    }),
  );
  t.end();
});

t.test('RFC 4364 section 4.2: the type of a route distinguisher follows from its text', (t) => {
  for (const [text, hex, canonical] of [
    ['65000:10', '0000fde80000000a'],
    ['65535:4294967295', '0000ffffffffffff'],
    ['10.0.0.1:7', '00010a0000010007'],
    ['4200000000:7', '0002fa56ea000007'],
    ['65000L:7', '00020000fde80007'],
    ['1.10:7', '00020001000a0007', '65546:7'],
    ['0.65000:7', '00020000fde80007', '65000L:7'],
    ['0x0003010203040506', '0003010203040506'],
  ]) {
    const bytes = parseRouteDistinguisher(text);
    t.equal(bytes && hexText(bytes), hex, text);
    t.equal(bytes && routeDistinguisherText(bytes), canonical ?? text);
  }
  const wrong = [
    '',
    '10',
    ':10',
    '10:',
    '65536:65536',
    '10.0.0.1:65536',
    '10.0.0.256:1',
    '4294967296:1',
    '10.0.0.1L:1',
  ];
  for (const text of [...wrong, '65000:4294967296', '-1:1', '1.2.3:4', '65536.1:1', '0x00', 'a:b']) {
    t.equal(parseRouteDistinguisher(text), undefined, `"${text}"`);
    t.equal(parseRouteTarget(text), undefined, `"${text}"`);
  }
  t.equal(parseAutonomousSystem('1.10'), 65546);
  t.equal(parseAutonomousSystem('4294967296'), undefined);
  t.end();
});

t.test('MAC addresses and ESIs in the ways that they are written', (t) => {
  for (const text of ['02:00:00:00:00:0A', '02-00-00-00-00-0a', '0200.0000.000a']) {
    t.equal(parseMac(text), 0x02000000000a, text);
  }
  for (const text of [
    '',
    '02:00:00:00:00',
    '02:00:00:00:00:0g',
    '02:00-00:00:00:0a',
    '0200.0000.00',
    '2:0:0:0:0:a',
  ]) {
    t.equal(parseMac(text), undefined, `"${text}"`);
  }
  t.equal(macText(0xffffffffffff), 'ff:ff:ff:ff:ff:ff');
  t.equal(hexText(parseEsi('0') ?? new Uint8Array()), '0'.repeat(20));
  t.equal(parseEsi('00:00'), undefined);
  t.equal(parseHex('0'), undefined);
  t.equal(parseHex('0g'), undefined);
  t.end();
});

t.test('RFC 1997, RFC 8092: communities', (t) => {
  t.equal(communityText(0xfde8000a), '65000:10');
  t.equal(communityText(0xffffff01), 'no-export');
  t.equal(parseCommunity('65535:65281'), 0xffffff01);
  for (const text of ['', '1', '65536:1', '1:65536', 'no-such', '1:2:3'])
    t.equal(parseCommunity(text), undefined, text);
  t.equal(
    largeCommunityText({ globalAdministrator: 64496, localData1: 4294967295, localData2: 2 }),
    '64496:4294967295:2',
  );
  for (const text of ['', '1:2', '1:2:4294967296', '1:2:3:4', 'a:b:c', '1.1:2:3']) {
    t.equal(parseLargeCommunity(text), undefined, text);
  }
  t.end();
});
