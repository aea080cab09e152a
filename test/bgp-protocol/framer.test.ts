/**
 * The framer: RFC 4271 sections 4.1 and 6.1, RFC 8654.
 */
import { BgpFault, encodeKeepalive, Framer, hexText } from 'bgp-protocol';
import fc from 'fast-check';
import t from 'tap';

interface Taken {
  readonly type: number;
  readonly body: string;
}

function message(type: number, bodyLength: number): Uint8Array {
  const octets = new Uint8Array(19 + bodyLength).fill(0xff, 0, 16);
  octets[16] = octets.length >> 8;
  octets[17] = octets.length & 0xff;
  octets[18] = type;
  for (let i = 19; i < octets.length; i++) octets[i] = (i * 7) & 0xff;
  return octets;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const octets = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    octets.set(part, at);
    at += part.length;
  }
  return octets;
}

function framerInto(taken: Taken[], maxLength = 4096): Framer {
  return new Framer(
    (type, bytes, start, end) => void taken.push({ type, body: hexText(bytes, start, end) }),
    {
      maxLength,
    },
  );
}

const MESSAGES = [
  message(4, 0),
  message(2, 4),
  message(1, 10),
  message(2, 300),
  message(4, 0),
  message(3, 2),
];
const STREAM = concat(MESSAGES);
const WHOLE: readonly Taken[] = MESSAGES.map((octets) => ({ type: octets[18], body: hexText(octets, 19) }));

t.test('one octet at a time gives the messages that one chunk gives', (t) => {
  const taken: Taken[] = [];
  const framer = framerInto(taken);
  for (const octet of STREAM) framer.push(Uint8Array.of(octet));
  t.same(taken, WHOLE);
  t.equal(framer.held, 0);
  t.end();
});

t.test('every split in two gives the same messages', (t) => {
  for (let split = 0; split <= STREAM.length; split++) {
    const taken: Taken[] = [];
    const framer = framerInto(taken);
    framer.push(STREAM.subarray(0, split));
    framer.push(STREAM.subarray(split));
    t.same(taken, WHOLE, `split at ${split}`);
  }
  t.end();
});

t.test('every split in three gives the same messages', (t) => {
  const at = fc.integer({ min: 0, max: STREAM.length });
  fc.assert(
    fc.property(at, at, (a, b) => {
      const taken: Taken[] = [];
      const framer = framerInto(taken);
      framer.push(STREAM.subarray(0, Math.min(a, b)));
      framer.push(STREAM.subarray(Math.min(a, b), Math.max(a, b)));
      framer.push(STREAM.subarray(Math.max(a, b)));
      t.same(taken, WHOLE);
    }),
    { seed: 4271, numRuns: 500 },
  );
  t.end();
});

t.test('a chunk may be used again after the push: what is kept is copied', (t) => {
  const taken: Taken[] = [];
  const framer = framerInto(taken);
  const chunk = STREAM.slice(0, 50);
  framer.push(chunk);
  chunk.fill(0);
  framer.push(STREAM.subarray(50));
  t.same(taken, WHOLE);
  t.end();
});

t.test('header errors: RFC 4271 section 6.1', (t) => {
  const broken = (change: (octets: Uint8Array) => void, type = 2, body = 4) => {
    const octets = message(type, body);
    change(octets);
    return octets;
  };
  const cases: readonly (readonly [string, Uint8Array, number, string])[] = [
    ['marker', broken((octets) => (octets[3] = 0)), 1, ''],
    ['length 18', broken((octets) => octets.set([0, 18], 16)), 2, '0012'],
    ['length of an UPDATE of 22', broken((octets) => octets.set([0, 22], 16)), 2, '0016'],
    ['length of an OPEN of 28', broken((octets) => octets.set([0, 28], 16), 1, 10), 2, '001c'],
    ['length of a KEEPALIVE of 20', broken(() => undefined, 4, 1), 2, '0014'],
    ['length of a NOTIFICATION of 20', broken(() => undefined, 3, 1), 2, '0014'],
    ['length above the maximum', broken((octets) => octets.set([0x10, 0x01], 16)), 2, '1001'],
    ['type 0', broken((octets) => (octets[18] = 0)), 3, '00'],
    ['type 6', broken((octets) => (octets[18] = 6)), 3, '06'],
  ];
  for (const [name, octets, subcode, data] of cases) {
    for (const chunk of [octets.length, 1, 19]) {
      const framer = framerInto([]);
      const push = () => {
        for (let at = 0; at < octets.length; at += chunk) framer.push(octets.subarray(at, at + chunk));
      };
      t.throws(push, BgpFault, `${name}, ${chunk} at a time`);
      t.throws(push, { code: 1, subcode, action: 'session-reset' }, `${name} again`);
      try {
        push();
      } catch (fault) {
        t.equal(hexText((fault as BgpFault).data), data, `${name}: data`);
      }
    }
  }
  t.end();
});

t.test('a fault is found when the header is whole, not when the message is', (t) => {
  const octets = message(2, 4);
  octets.set([0xff, 0xff], 16);
  t.throws(() => framerInto([]).push(octets.subarray(0, 19)), { code: 1, subcode: 2 });
  t.end();
});

t.test('the messages before a fault are handed over first', (t) => {
  const taken: Taken[] = [];
  const octets = concat([encodeKeepalive(), new Uint8Array(19)]);
  t.throws(() => framerInto(taken).push(octets), { code: 1, subcode: 1 });
  t.equal(taken.length, 1);
  t.end();
});

t.test(
  'RFC 8654: setMaxLength takes effect with the next message, in the same chunk too; an OPEN stays within 4096',
  (t) => {
    const large = message(2, 40_000);
    for (const chunk of [1_000, 100_000]) {
      const taken: Taken[] = [];
      const framer: Framer = new Framer(
        (type, bytes, start, end) => {
          taken.push({ type, body: hexText(bytes, start, end) });
          framer.setMaxLength(65535);
        },
        { maxLength: 4096 },
      );
      const octets = concat([encodeKeepalive(), large, message(2, 4)]);
      for (let at = 0; at < octets.length; at += chunk) framer.push(octets.subarray(at, at + chunk));
      t.equal(taken.length, 3);
      t.equal(taken[1].body, hexText(large, 19));
    }
    t.throws(() => framerInto([], 65535).push(message(1, 4090)), { code: 1, subcode: 2 });
    t.end();
  },
);
