/**
 * Files that are damaged in any way give messages and notices, or end with an InputProblem: nothing else, and in bounded
 * time.
 */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { InputProblem, messageJson, messageText } from '../../src/decode/index.ts';
import { collect, fixtureOctets } from './collect.ts';
import { framesOf, pcapngFile } from './frames.ts';

const pcap = fixtureOctets('captures/frr84-mh-type1-4-5-vrf-leaf1.pcap').subarray(0, 6000);
const small = fixtureOctets('captures/type2-mac-ipv4.pcap');
const INPUTS: Readonly<Record<string, Uint8Array>> = {
  pcap,
  pcapng: pcapngFile(framesOf(small), { littleEndian: true, resolution: 6 }),
  'MRT messages': fixtureOctets('rfc6396/frr-8.4-all-et.mrt'),
  'MRT table': fixtureOctets('rfc6396/gobgp-3.10-table.mrt'),
  'tcpdump -X': fixtureOctets('hex-dumps/tcpdump-X.txt'),
  'tshark -x': fixtureOctets('hex-dumps/tshark-x.txt'),
  'xxd -p': fixtureOctets('hex-dumps/xxd-p.txt'),
  gzip: new Uint8Array(gzipSync(small)),
};

const damage = fc.record({
  changes: fc.array(
    fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.integer({ min: 0, max: 255 })),
    {
      maxLength: 6,
    },
  ),
  keep: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
});

for (const [name, input] of Object.entries(INPUTS)) {
  t.test(`${name}: octets changed and the end cut off`, async (t) => {
    await fc.assert(
      fc.asyncProperty(damage, async ({ changes, keep }) => {
        const bytes = input.slice();
        for (const [place, octet] of changes) bytes[Math.floor(place * bytes.length)] = octet;
        try {
          const { messages } = await collect(bytes.subarray(0, Math.floor(keep * bytes.length)), {}, 997);
          for (const message of messages) {
            messageJson(message);
            messageText(message);
          }
        } catch (error) {
          if (!(error instanceof InputProblem)) throw error;
        }
      }),
      { numRuns: 150 },
    );
    t.end();
  });
}

t.test('a file that promises more than there is takes no more memory than there is', async (t) => {
  const header = small.slice(0, 40);
  new DataView(header.buffer).setUint32(32, 0xffffff, true);
  await t.rejects(collect(header), { name: 'InputProblem', message: /is cut off/ });
  new DataView(header.buffer).setUint32(32, 0x7fffffff, true);
  await t.rejects(collect(header), { name: 'InputProblem', message: /says 2147483647 octets/ });
});

t.test('noise after a marker is searched in linear time', async (t) => {
  const noise = new Uint8Array(2_000_000).fill(0xff);
  noise.set([0, 19, 4], 16);
  const begin = performance.now();
  const { messages } = await collect(noise, {}, 65536);
  t.equal(messages.length, 1);
  t.ok(performance.now() - begin < 5000);
});
