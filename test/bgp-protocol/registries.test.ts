/**
 * Every attribute, capability and message of the registries against its fixture: both directions, cut at every octet, every
 * bit flipped.
 */
import { readdirSync } from 'node:fs';
import {
  ATTRIBUTES,
  type Attribute,
  attributeText,
  BgpFault,
  CAPABILITIES,
  capabilityText,
  decodeAttribute,
  decodeCapability,
  decodeMessage,
  encodeAttribute,
  encodeCapability,
  encodeMessage,
  hexText,
  Reader,
  Writer,
} from 'bgp-protocol';
import t from 'tap';
import { bitFlips, type Fixture, plain, prefixes, readFixtures } from './fixture-files.ts';

const ROOT = new URL('../../rfc-fixtures/', import.meta.url);

/** The fixtures of that kind in every folder. */
function fixturesOf(kind: string): readonly Fixture[] {
  return readdirSync(ROOT, { withFileTypes: true })
    .filter(
      (entry) => entry.isDirectory() && readdirSync(new URL(`${entry.name}/`, ROOT)).includes(`${kind}.json`),
    )
    .flatMap((entry) => readFixtures(`${entry.name}/${kind}`));
}

interface Subject {
  readonly decode: (bytes: Uint8Array) => unknown;
  readonly encode: (value: never) => Uint8Array;
}

const SUBJECTS: Readonly<Record<string, Subject>> = {
  attributes: {
    decode: (bytes) => decodeAttribute(new Reader(bytes)),
    encode: (value) => {
      const out = new Writer();
      encodeAttribute(value, out);
      return out.finish();
    },
  },
  capabilities: {
    decode: (bytes) => decodeCapability(new Reader(bytes)),
    encode: (value) => {
      const out = new Writer();
      encodeCapability(value, out);
      return out.finish();
    },
  },
  messages: { decode: (bytes) => decodeMessage(bytes), encode: (value) => encodeMessage(value) },
};

/** Two messages out of one: a withdrawal and an announcement that came together (RFC 7606 section 5.1 parts them). */
const NOT_CANONICAL = new Set(['update-ipv4']);

for (const [kind, { decode, encode }] of Object.entries(SUBJECTS)) {
  const fixtures = fixturesOf(kind);

  t.test(`${kind}: decode gives the value, encode gives the octets back`, (t) => {
    for (const { name, bytes, value } of fixtures) {
      const decoded = decode(bytes);
      t.same(plain(decoded), value, `${name} decodes`);
      if (NOT_CANONICAL.has(name)) continue;
      t.equal(hexText(encode(decoded as never)), hexText(bytes), `${name} encodes`);
    }
    t.end();
  });

  t.test(`${kind}: cut at any octet they are a BgpFault`, (t) => {
    for (const { name, bytes } of fixtures) {
      for (const prefix of prefixes(bytes)) {
        t.throws(() => decode(prefix), BgpFault, `${name}, first ${prefix.length} octets`);
      }
    }
    t.end();
  });

  t.test(
    `${kind}: with any bit flipped they are a value or a BgpFault, and the value can be encoded`,
    (t) => {
      for (const { name, bytes } of fixtures) {
        for (const flipped of bitFlips(bytes)) {
          let value: unknown;
          try {
            value = decode(flipped);
          } catch (error) {
            if (error instanceof BgpFault) continue;
            t.fail(`${name} as ${hexText(flipped)}: ${error}`);
            continue;
          }
          encode(value as never);
        }
      }
      t.pass();
      t.end();
    },
  );
}

t.test('every attribute and capability in the registry has a fixture', (t) => {
  const attributes = new Set(fixturesOf('attributes').map(({ value }) => (value as { type: string }).type));
  for (const { type } of ATTRIBUTES) t.ok(attributes.has(type), type);
  const capabilities = new Set(
    fixturesOf('capabilities').map(({ value }) => (value as { type: string }).type),
  );
  for (const { type } of CAPABILITIES) t.ok(capabilities.has(type), type);
  t.end();
});

t.test('a capability says in words what it is', (t) => {
  const words = fixturesOf('capabilities').map(({ bytes }) =>
    capabilityText(decodeCapability(new Reader(bytes))),
  );
  const of = (name: string) => words.find((each) => each.name === name)?.detail;
  t.equal(of('multiprotocol l2vpn-evpn'), '');
  t.equal(
    of('graceful-restart'),
    '120 s, restarting, notification, l2vpn-evpn, forwarding kept for l2vpn-evpn',
  );
  t.equal(of('add-path'), 'l2vpn-evpn both');
  t.equal(of('outbound-route-filtering'), 'ipv4-unicast type 64 both and type 65 receive');
  t.equal(of('fqdn'), 'leaf1.lab');
  t.equal(of('capability 222'), '0102');
  for (const { name, detail } of words) t.ok(name !== '' && detail !== undefined, name);
  t.end();
});

t.test('an attribute says on one line what its value is', (t) => {
  const fixtures = fixturesOf('attributes');
  const text = (wanted: string) => {
    const { bytes } = fixtures.find(({ name }) => name === wanted) as Fixture;
    return attributeText(decodeAttribute(new Reader(bytes)) as Attribute);
  };
  const wanted: Readonly<Record<string, string>> = {
    'origin-incomplete': 'incomplete',
    'as-path-empty': '',
    'as-path-sequence-set': '65001 65002 {1 4294967294}',
    'as-path-confederation': '(64512) [64513 64514] 65001',
    aggregator: 'AS 65537 10.0.0.1',
    communities: 'no-export 65000:10',
    'cluster-list': '10.0.0.100 10.0.0.101',
    'large-communities': '65000:1:4294967295',
    'mp-reach-ipv6-link-local': 'ipv6-unicast next hop fd00::1 and fe80::1, 9 octets of NLRI',
    'mp-unreach-end-of-rib': 'l2vpn-evpn, 0 octets of NLRI',
    'pmsi-ingress-replication-ipv4': 'ingress replication to 10.0.0.1 VNI 10',
    'pmsi-no-tunnel': 'no tunnel information VNI 0 leaf information required',
    'pmsi-pim-ssm': 'pim ssm tree (10.0.0.1, 232.0.0.1) VNI 0',
    'pmsi-composite': 'tunnel type 134 0000140a000001 VNI 10',
    'tunnel-encapsulation-vxlan':
      'VXLAN encapsulation VNI 10 MAC 02:00:00:00:00:01 endpoint 10.0.0.1 UDP port 4789 color 100',
    aigp: '18446744073709551615',
    'aigp-other-tlv': '10 TLV 2 ff',
    'only-to-customer': 'AS 65001',
    'd-path': '65000:1/70 65001:2/128',
    'bfd-discriminator': 'mode 1 42 TLV 1 0a000001',
    'prefix-sid': 'label index 10, SRGB 16000+8000, TLV 5 beef',
    'attr-set': 'AS 65001: ORIGIN igp, MED 10',
    'unknown-optional-transitive': 'type 99 flags 0xe0 cafe',
    bier: '000100020102',
  };
  for (const [name, line] of Object.entries(wanted)) t.equal(text(name), line, name);
  for (const { name } of fixtures) t.notMatch(text(name), /undefined|object|\n/, name);
  const mpls = decodeAttribute(
    new Reader((fixtures.find(({ name }) => name === 'pmsi-rsvp-te') as Fixture).bytes),
  );
  t.equal(attributeText(mpls, 'mpls'), 'rsvp te p2mp lsp P2MP 42 tunnel 7 of 10.0.0.1 MPLS label 100');
  t.end();
});
