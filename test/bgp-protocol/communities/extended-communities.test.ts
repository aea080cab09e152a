/**
 * Extended communities: fixtures both ways, and the laws that hold for every entry of the registry.
 */
import {
  BgpFault,
  decodeExtendedCommunity,
  decodeIpv6ExtendedCommunity,
  EXTENDED_COMMUNITIES,
  encodeExtendedCommunity,
  encodeIpv6ExtendedCommunity,
  extendedCommunityText,
  hexText,
  ipv6ExtendedCommunityText,
  isTransitiveCommunity,
} from 'bgp-protocol';
import fc from 'fast-check';
import t from 'tap';
import { extendedCommunity, octets } from '../arbitraries.ts';
import { bitFlips, plain, prefixes, readFixtures } from '../fixture-files.ts';

const GROUPS = [
  'rfc4360',
  'rfc5668',
  'rfc7432',
  'rfc8097',
  'rfc8214',
  'rfc8317',
  'rfc8584',
  'rfc9012',
  'rfc9047',
  'rfc9135',
  'rfc9251',
  'rfc9722',
  'rfc9785',
  'drafts',
];
const fixtures = GROUPS.flatMap((group) =>
  readFixtures(`${group}/extended-communities`).map((fixture) => ({
    ...fixture,
    name: `${group} ${fixture.name}`,
  })),
);
/** Reserved octets are sent as zero. */
const NOT_CANONICAL = new Set(['rfc9012 encapsulation-reserved-set']);

t.test('RFC 4360 section 2: every fixture decodes to its value and text, or to its fault', (t) => {
  for (const { name, bytes, value, fault, action } of fixtures) {
    if (fault === undefined) {
      const community = decodeExtendedCommunity(bytes);
      t.strictSame({ ...(plain(community) as object), text: extendedCommunityText(community) }, value, name);
    } else {
      t.throws(() => decodeExtendedCommunity(bytes), { name: 'BgpFault', message: fault, action }, name);
    }
  }
  t.end();
});

t.test('every fixture is encoded back to its octets', (t) => {
  for (const { name, bytes, fault } of fixtures) {
    if (fault !== undefined || NOT_CANONICAL.has(name)) continue;
    t.equal(hexText(encodeExtendedCommunity(decodeExtendedCommunity(bytes))), hexText(bytes), name);
  }
  t.end();
});

t.test('decode(encode(community)) is the community, for every entry of the registry', (t) => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(extendedCommunity, (community) => {
      seen.add(community.type);
      const bytes = encodeExtendedCommunity(community);
      t.strictSame(decodeExtendedCommunity(bytes), community);
      t.type(extendedCommunityText(community), 'string');
    }),
    { numRuns: 1000 },
  );
  for (const { type, name } of EXTENDED_COMMUNITIES) t.ok(seen.has(type), `${name} was generated`);
  t.end();
});

t.test('any eight octets are a community, and encoding it settles: unknown ones lose nothing', (t) => {
  fc.assert(
    fc.property(octets(8), (bytes) => {
      const community = decodeExtendedCommunity(bytes);
      const again = encodeExtendedCommunity(community);
      t.strictSame(decodeExtendedCommunity(again), community);
      if (community.type === 'unknown') t.equal(hexText(again), hexText(bytes));
      t.equal(isTransitiveCommunity(bytes), (bytes[0] & 0x40) === 0);
    }),
    { numRuns: 500 },
  );
  for (const { bytes, fault } of fixtures) {
    if (fault !== undefined) continue;
    for (const flipped of bitFlips(bytes)) {
      const community = decodeExtendedCommunity(flipped);
      t.strictSame(decodeExtendedCommunity(encodeExtendedCommunity(community)), community);
    }
  }
  t.end();
});

t.test('fewer than eight octets are a fault', (t) => {
  for (const cut of prefixes(fixtures[0].bytes)) t.throws(() => decodeExtendedCommunity(cut), BgpFault);
  t.throws(() => encodeExtendedCommunity({ type: 'router-mac', mac: 'x' }), {
    name: 'TypeError',
    message: /"x"/,
  });
  t.end();
});

t.test('RFC 5701 section 2: IPv6-address-specific communities both ways', (t) => {
  for (const { name, bytes, value, fault } of readFixtures('rfc5701/ipv6-extended-communities')) {
    if (fault !== undefined) {
      t.throws(() => decodeIpv6ExtendedCommunity(bytes), { name: 'BgpFault', message: fault }, name);
      continue;
    }
    const community = decodeIpv6ExtendedCommunity(bytes);
    t.strictSame({ ...community, text: ipv6ExtendedCommunityText(community) }, value, name);
    t.equal(hexText(encodeIpv6ExtendedCommunity(community)), hexText(bytes), `${name} back`);
  }
  fc.assert(
    fc.property(octets(20), (bytes) => {
      t.equal(hexText(encodeIpv6ExtendedCommunity(decodeIpv6ExtendedCommunity(bytes))), hexText(bytes));
    }),
  );
  t.end();
});
