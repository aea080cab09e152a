/** Laws of the small values that every part shares: MAC and IP addresses, prefixes, interned addresses. */
import fc from 'fast-check';
import t from 'tap';
import { AddressTable, NO_ADDRESS } from '../../src/base/address-table.ts';
import {
  compareIp,
  ip,
  parseIp,
  parsePrefix,
  prefixContains,
  printIp,
  printPrefix,
} from '../../src/base/ip.ts';
import {
  isGroupMac,
  macAt,
  macHigh,
  macLow,
  macOfWords,
  parseMac,
  printMac,
  putMac,
} from '../../src/base/mac.ts';

const anyMac = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const anyIp = fc
  .oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  .map((bytes) => Uint8Array.from(bytes));

t.test('a MAC survives text, octets and two words', async (t) => {
  fc.assert(
    fc.property(anyMac, (mac) => {
      const octets = new Uint8Array(8);
      putMac(mac, octets, 1);
      return (
        parseMac(printMac(mac)) === mac &&
        macAt(octets, 1) === mac &&
        macOfWords(macHigh(mac), macLow(mac)) === mac
      );
    }),
  );
  t.equal(printMac(0x020000000001), '02:00:00:00:00:01');
  t.equal(parseMac('0200.0000.0001'), 0x020000000001);
  t.equal(parseMac('02-00-00-00-00-0a'), 0x02000000000a);
  for (const bad of ['', '02:00:00:00:00', '02:00:00:00:00:0x', '02:00:00:00:00:01:02', '20000000001']) {
    t.equal(parseMac(bad), undefined, `"${bad}" is no MAC`);
  }
});

t.test('the group bit names no host (RFC 7042 section 2.1)', async (t) => {
  t.ok(isGroupMac(0xffffffffffff));
  t.ok(isGroupMac(0x01005e000001));
  t.notOk(isGroupMac(0x020000000001));
});

t.test('an IP address survives text (RFC 5952)', async (t) => {
  fc.assert(fc.property(anyIp, (address) => compareIp(parseIp(printIp(address))!, address) === 0));
  t.equal(printIp(ip('2001:DB8:0:0:0:0:0:1')), '2001:db8::1');
  for (const bad of ['', '10.0.0', '10.0.0.256', '10.0.0.1/32', 'fe80::1%eth0', ':::', 'host']) {
    t.equal(parseIp(bad), undefined, `"${bad}" is no address`);
  }
  t.throws(() => ip('nonsense'), { message: /saw "nonsense"/ });
});

t.test('addresses are ordered: IPv4 first, then by octets', async (t) => {
  t.ok(compareIp(ip('10.0.0.2'), ip('10.0.0.10')) < 0);
  t.ok(compareIp(ip('255.0.0.1'), ip('::1')) < 0);
  t.equal(compareIp(ip('fd00::1'), ip('fd00:0::1')), 0);
});

t.test('a prefix contains exactly the addresses that share its leading bits', async (t) => {
  fc.assert(
    fc.property(anyIp, fc.nat(128), anyIp, (address, bits, other) => {
      const length = Math.min(bits, address.length * 8);
      const prefix = parsePrefix(`${printIp(address)}/${length}`)!;
      const same = (count: number) =>
        Array.from({ length: count }, (_, i) => i).every(
          (i) => ((address[i >> 3]! ^ other[i >> 3]!) & (0x80 >> (i & 7))) === 0,
        );
      const expected = address.length === other.length && same(length);
      return prefixContains(prefix, address) && prefixContains(prefix, other) === expected;
    }),
  );
  t.equal(printPrefix(parsePrefix('10.0.0.77/24')!), '10.0.0.0/24', 'host bits are cleared');
  t.equal(printPrefix(parsePrefix('fd00::1')!), 'fd00::1/128', 'a bare address is a host prefix');
  for (const bad of ['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/x', 'x/8', 'fd00::/129']) {
    t.equal(parsePrefix(bad), undefined, `"${bad}" is no prefix`);
  }
});

t.test('equal addresses have one id, which is never that of none', async (t) => {
  const table = new AddressTable();
  const a = table.intern(ip('10.0.0.1'));
  const b = table.intern(ip('fd00::1'));
  t.equal(table.intern(ip('10.0.0.1')), a);
  t.not(a, b);
  t.not(a, NO_ADDRESS);
  t.equal(table.text(b), 'fd00::1');
  t.strictSame([...table.bytes(a)], [10, 0, 0, 1]);
  t.equal(table.text(NO_ADDRESS), 'none');
});

t.test('every address keeps its id, octets and text among many', async (t) => {
  const table = new AddressTable();
  fc.assert(
    fc.property(anyIp, (address) => {
      const id = table.intern(address);
      return (
        table.intern(address.slice()) === id &&
        compareIp(table.bytes(id), address) === 0 &&
        table.text(id) === printIp(address)
      );
    }),
  );
  t.not(table.intern(ip('0.0.0.0')), table.intern(ip('::')), 'the families are told apart');
});
