/**
 * Laws of the codec for generated values: decode and encode undo each other, every prefix of a message is a fault, one flipped
 * bit gives a value or a fault, and a block says what its attributes say.
 */
import {
  type Attribute,
  attributeCode,
  BgpFault,
  decodeAttribute,
  decodeAttributeBlock,
  decodeCapability,
  decodeMessage,
  encodeAttribute,
  encodeAttributeBlock,
  encodeCapability,
  encodeMessage,
  FAMILY,
  familyOf,
  familyText,
  hexText,
  parseFamily,
  Reader,
  Writer,
} from 'bgp-protocol';
import fc from 'fast-check';
import t from 'tap';
import { u8, u16, u32 } from './arbitraries.ts';
import { attribute, blockAttribute, capability, family, message } from './attribute-arbitraries.ts';
import { plain, prefixes } from './fixture-files.ts';

const RUNS = { seed: 7606, numRuns: 300 };

function encoded<T>(encode: (value: T, out: Writer) => void, value: T): Uint8Array {
  const out = new Writer();
  encode(value, out);
  return out.finish();
}

function sameValue(seen: unknown, wanted: unknown): void {
  const [a, b] = [JSON.stringify(sorted(plain(seen))), JSON.stringify(sorted(plain(wanted)))];
  if (a !== b) throw new Error(`saw ${a}, wanted ${b}`);
}

/** Keys in one order, so that values compare as text. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, sorted(part)]),
  );
}

t.test('attributes: decode(encode(x)) = x and encode(decode(b)) = b', (t) => {
  fc.assert(
    fc.property(attribute, (value) => {
      const octets = encoded(encodeAttribute, value);
      const decoded = decodeAttribute(new Reader(octets));
      sameValue(decoded, value);
      return hexText(encoded(encodeAttribute, decoded)) === hexText(octets);
    }),
    { ...RUNS, numRuns: 2000 },
  );
  t.end();
});

t.test('capabilities: decode(encode(x)) = x and encode(decode(b)) = b', (t) => {
  fc.assert(
    fc.property(capability, (value) => {
      const octets = encoded(encodeCapability, value);
      const decoded = decodeCapability(new Reader(octets));
      sameValue(decoded, value);
      return hexText(encoded(encodeCapability, decoded)) === hexText(octets);
    }),
    { ...RUNS, numRuns: 1500 },
  );
  t.end();
});

t.test('messages: decode(encode(x)) = x, up to the order of attributes', (t) => {
  const ordered = (value: object) =>
    'attributes' in value
      ? {
          ...value,
          attributes: [...(value.attributes as Attribute[])].sort(
            (a, b) => attributeCode(a) - attributeCode(b),
          ),
        }
      : value;
  fc.assert(
    fc.property(message, (value) => {
      const octets = encodeMessage(value);
      const decoded = decodeMessage(octets);
      sameValue(decoded, ordered(value));
      return hexText(encodeMessage(decoded)) === hexText(octets);
    }),
    RUNS,
  );
  t.end();
});

t.test('every prefix of a message is a BgpFault', (t) => {
  fc.assert(
    fc.property(message, (value) => {
      for (const prefix of prefixes(encodeMessage(value))) {
        try {
          decodeMessage(prefix);
        } catch (error) {
          if (error instanceof BgpFault) continue;
          throw error;
        }
        throw new Error(`a value from ${hexText(prefix)}`);
      }
    }),
    { ...RUNS, numRuns: 60 },
  );
  t.end();
});

t.test(
  'a message with one bit flipped, its length kept, is a value that can be encoded, or a BgpFault',
  (t) => {
    fc.assert(
      fc.property(message, fc.nat(), (value, at) => {
        const octets = encodeMessage(value);
        const bit = at % (octets.length * 8);
        octets[bit >> 3] ^= 1 << (bit & 7);
        try {
          const decoded = decodeMessage(octets);
          encodeMessage(decoded);
        } catch (error) {
          // A RangeError is the honest answer where the canonical form is longer than the message was.
          if (!(error instanceof BgpFault) && !(error instanceof RangeError)) throw error;
        }
      }),
      { ...RUNS, numRuns: 3000 },
    );
    t.end();
  },
);

t.test('a block does not depend on the order of its attributes, and says what they say', (t) => {
  const several = fc.uniqueArray(blockAttribute, { selector: attributeCode, maxLength: 8 });
  fc.assert(
    fc.property(several, fc.nat(), (attributes, turn) => {
      const block = encodeAttributeBlock(attributes);
      const turned = attributes
        .slice(turn % (attributes.length || 1))
        .concat(attributes.slice(0, turn % (attributes.length || 1)));
      sameValue(hexText(encodeAttributeBlock(turned.reverse())), hexText(block));
      const byCode = [...attributes].sort((a, b) => attributeCode(a) - attributeCode(b));
      sameValue(decodeAttributeBlock(block), byCode);
    }),
    RUNS,
  );
  t.end();
});

t.test('Reader and Writer agree on every width', (t) => {
  fc.assert(
    fc.property(u8, u16, u32, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (a, b, c, d) => {
      const out = new Writer(1);
      out.u8(a);
      out.u16(b);
      out.u24(c >>> 8);
      out.u32(c);
      out.u64(d);
      const reader = new Reader(out.finish());
      sameValue(
        [reader.u8(), reader.u16(), reader.u24(), reader.u32(), String(reader.u64()), reader.done],
        [a, b, c >>> 8, c, String(d), true],
      );
    }),
    RUNS,
  );
  t.end();
});

t.test('a child reader cannot read past its end, a reader not past the buffer', (t) => {
  const reader = new Reader(Uint8Array.of(1, 2, 3, 4));
  const child = reader.take(2);
  t.equal(child.u8(), 1);
  t.throws(() => child.u16(), BgpFault);
  t.equal(child.u8(), 2);
  t.throws(() => child.skip(1), { message: /0 octets left/ });
  t.equal(reader.u16(), 0x0304);
  t.throws(() => new Reader(Uint8Array.of(1), 0, 2), RangeError);
  t.end();
});

t.test('family text is read back', (t) => {
  fc.assert(
    fc.property(
      fc.oneof(
        family,
        fc.tuple(u16, u8).map(([afi, safi]) => familyOf(afi, safi)),
      ),
      (value) => {
        return parseFamily(familyText(value)) === value;
      },
    ),
    RUNS,
  );
  t.equal(familyText(FAMILY.L2VPN_EVPN), 'l2vpn-evpn');
  t.equal(parseFamily('l2vpn'), undefined);
  t.equal(parseFamily('afi-1-safi-999'), undefined);
  t.end();
});
