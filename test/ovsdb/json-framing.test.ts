/** Messages in a stream of octets: found at every split, equal to what JSON.parse gives whether small or large, and bounded. */
import fc from 'fast-check';
import t from 'tap';
import { type FramingLimits, JsonFraming } from '../../src/ovsdb/index.ts';

const LIMITS: FramingLimits = { maxMessageOctets: 1e6, maxRowOctets: 1e6, maxDepth: 200 };
/** From here on a message is parsed while it comes. */
const ALWAYS = 0;
const NEVER = Number.POSITIVE_INFINITY;

function read(octets: Uint8Array, sizes: readonly number[], wholeOctets: number, limits = LIMITS): unknown[] {
  const seen: unknown[] = [];
  const framing = new JsonFraming((message) => seen.push(message), limits, wholeOctets);
  for (let at = 0, i = 0; at < octets.length; i++) {
    const size = sizes[i % sizes.length]!;
    framing.push(octets.subarray(at, at + size));
    at += size;
  }
  if (framing.held > 0) throw new Error(`${framing.held} octets of a message are left`);
  return seen;
}

/** Names and texts that look like structure, or that mean something to JavaScript. */
const awkward = fc.constantFrom('{', '}"', '\\"]', ',', ':', '\u{1f600}', '', '__proto__', 'toString', '1');
const text = fc.oneof(fc.string({ unit: 'binary' }), awkward);
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium' },
    fc.constantFrom(null, true, false, 0, -1.5e-7, 1e21),
    fc.integer(),
    text,
    fc.array(tie('value'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc.array(fc.tuple(text, tie('value')), { maxLength: 5 }).map((pairs) => Object.fromEntries(pairs)),
}));
const splits = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });

t.test(
  'RFC 7047 section 4: messages are found however the stream is cut, and are what JSON.parse makes of them',
  async (t) => {
    const law = () =>
      fc.assert(
        fc.property(
          fc.array(values.object, { maxLength: 6 }),
          splits,
          fc.constantFrom(ALWAYS, 20, NEVER),
          fc.constantFrom(undefined, ' ', '\t', '\r\n '),
          (messages, sizes, wholeOctets, indent) => {
            const texts = messages.map((message) => JSON.stringify(message, null, indent));
            const octets = Buffer.from(texts.join(indent ?? ''));
            const wanted = texts.map((each) => JSON.parse(each));
            // Texts, so that the order of names and a name like __proto__ count.
            return JSON.stringify(read(octets, sizes, wholeOctets)) === JSON.stringify(wanted);
          },
        ),
        { numRuns: 200 },
      );
    t.doesNotThrow(law);
  },
);

t.test('RFC 8259: what JSON.parse refuses is refused, also when it is parsed while it comes', async (t) => {
  // Valid JSON with a few octets replaced, dropped or put in: most of it is no JSON any more.
  const edits = fc.array(
    fc.tuple(fc.nat(), fc.constantFrom('', ',', ':', '"', '[', ']', '{', '}', '0', ' ', 'x', '\\')),
    { minLength: 1, maxLength: 3 },
  );
  const law = () =>
    fc.assert(
      fc.property(values.object, edits, fc.boolean(), splits, (message, changes, keep, sizes) => {
        let said = JSON.stringify(message);
        for (const [at, put] of changes) {
          const place = 1 + (at % said.length);
          said = said.slice(0, place) + put + said.slice(keep ? place : place + 1);
        }
        const parse = (wholeOctets: number): unknown => {
          try {
            return read(Buffer.from(said), sizes, wholeOctets);
          } catch {
            return 'refused';
          }
        };
        return JSON.stringify(parse(ALWAYS)) === JSON.stringify(parse(NEVER));
      }),
      { numRuns: 1000 },
    );
  t.doesNotThrow(law);
});

t.test('depth and size of a message are bounded, and it must be an object', async (t) => {
  const limits = { maxMessageOctets: 100, maxRowOctets: 100, maxDepth: 8 };
  for (const wholeOctets of [ALWAYS, NEVER]) {
    const push = (said: string) => () => read(Buffer.from(said), [said.length], wholeOctets, limits);
    t.throws(push('['), { code: 'malformed', message: /begins with octet 0x5b, expected "\{"/ });
    t.throws(push('{}x'), { code: 'malformed' });
    t.throws(push(`{"a":${'['.repeat(8)}`), { code: 'malformed', message: /deeper than 8 levels/ });
    const endless = new JsonFraming(() => {}, limits, wholeOctets);
    t.throws(
      () => {
        for (let i = 0; i < 100; i++) endless.push(Buffer.from('{"a":"aaaaaaaaaaaa'));
      },
      { code: 'malformed' },
    );
    const long = new JsonFraming(() => {}, limits, wholeOctets);
    long.push(Buffer.from('{"a":"'));
    t.throws(
      () => {
        for (let i = 0; i < 100; i++) long.push(Buffer.from('aaaaaaaaaaaa'));
      },
      { code: 'malformed', message: /longer than 100 octets/ },
    );
    t.ok(long.held <= 120, 'what is held stays bounded');
  }
  const row = new JsonFraming(() => {}, { ...LIMITS, maxRowOctets: 50 }, ALWAYS);
  row.push(Buffer.from(`{"a":"${'a'.repeat(40)}",`));
  t.throws(
    () => {
      for (let i = 0; i < 100; i++) row.push(Buffer.from('"aaaaaaaaaaaa'.slice(i === 0 ? 0 : 1)));
    },
    { code: 'malformed', message: /a value in a message is longer than 50 octets/ },
  );
});
