/**
 * Speed of the codec: visiting packed type-2 UPDATEs, packing them, and building values of them for people; beside it, the
 * decoders of GoBGP and ExaBGP on the same octets.
 *
 * node --import=tsx --conditions=evpnd-source test/bench/codec.ts [--seconds PER-FIGURE] [--write FILE.md]
 */
import { writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import {
  type AttributeBlock,
  DEFAULT_CONTEXT,
  decodeUpdate,
  encodeAttributeBlock,
  encodeEvpnRoute,
  FAMILY,
  Framer,
  type UpdateVisitor,
  UpdateWriter,
  Writer,
  walkUpdate,
} from 'bgp-protocol';
import { measureOthers } from './codec-others.ts';

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '1' }, write: { type: 'string' } },
});
const SECONDS = Number(options.seconds);
const ROUTES = 50_000;

interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly perSecond: number;
  readonly wanted: number;
}

const block: AttributeBlock = encodeAttributeBlock([
  { type: 'MP_REACH_NLRI', family: FAMILY.L2VPN_EVPN, nextHop: '10.0.0.1', nlri: new Uint8Array(0) },
  { type: 'ORIGIN', value: 'igp' },
  { type: 'AS_PATH', segments: [] },
  { type: 'LOCAL_PREF', value: 100 },
  { type: 'ORIGINATOR_ID', routerId: '10.0.0.1' },
  { type: 'CLUSTER_LIST', clusterIds: ['10.0.0.100'] },
  {
    type: 'EXTENDED_COMMUNITIES',
    communities: [
      { type: 'encapsulation', tunnelType: 8 },
      { type: 'route-target', kind: 'two-octet-as', administrator: 65000, assigned: 10 },
    ],
  },
]);

function macText(n: number): string {
  return `02:00:${[24, 16, 8, 0].map((shift) => ((n >> shift) & 0xff).toString(16).padStart(2, '0')).join(':')}`;
}

const nlri: Uint8Array[] = Array.from({ length: ROUTES }, (_, n) =>
  encodeEvpnRoute({
    routeType: 2,
    rd: '10.0.0.1:2',
    esi: '00:00:00:00:00:00:00:00:00:00',
    ethernetTag: 0,
    mac: macText(n),
    ...(n % 2 === 0 ? { ip: `10.${(n >> 16) & 0xff}.${(n >> 8) & 0xff}.${n & 0xff}` } : {}),
    labels: [10],
  }),
);

/** Runs `work`, which handles `count` routes at a time, for the time asked for; the best of five slices counts. */
function measure(name: string, wanted: number, count: number, work: () => void): Figure {
  work();
  let best = 0;
  for (let slice = 0; slice < 5; slice++) {
    const began = process.hrtime.bigint();
    const until = began + BigInt(Math.round((SECONDS / 5) * 1e9));
    let done = 0;
    let now = began;
    do {
      work();
      done += count;
      now = process.hrtime.bigint();
    } while (now < until);
    best = Math.max(best, done / (Number(now - began) / 1e9));
  }
  return { name, unit: 'NLRI/s', perSecond: best, wanted };
}

function packAll(out: Writer): void {
  const writer = new UpdateWriter(4096, out, DEFAULT_CONTEXT);
  writer.begin(block);
  for (const octets of nlri) writer.announce(octets, 0, octets.length);
  writer.end();
}

class Counter implements UpdateVisitor {
  announced = 0;
  octets = 0;
  attributes(_block: Uint8Array, start: number, end: number): void {
    this.octets += end - start;
  }
  announce(_family: number, _bytes: Uint8Array, start: number, end: number): void {
    this.announced++;
    this.octets += end - start;
  }
  withdraw(): void {
    throw new Error('Cannot measure: a route came as a withdrawal');
  }
  endOfRib(): void {}
  fault(fault: Error): void {
    throw fault;
  }
}

const packed = new Writer(4 << 20);
packAll(packed);
const stream = packed.finish();

/** Each route in an UPDATE of its own: what an attribute block costs. */
const singles = new Writer(16 << 20);
const singleWriter = new UpdateWriter(4096, singles, DEFAULT_CONTEXT);
for (const octets of nlri) {
  singleWriter.begin(block);
  singleWriter.announce(octets, 0, octets.length);
}
singleWriter.end();
const singleStream = singles.finish();

function walkAll(octets: Uint8Array): void {
  const counter = new Counter();
  const framer = new Framer(
    (_type, bytes, start, end) => void walkUpdate(bytes, start, end, DEFAULT_CONTEXT, counter),
    { maxLength: 4096 },
  );
  framer.push(octets);
  if (counter.announced !== ROUTES) throw new Error(`Cannot measure: saw ${counter.announced} of ${ROUTES}`);
}

function decodeAll(): void {
  let routes = 0;
  const framer = new Framer(
    (_type, bytes, start, end) => {
      for (const { routes: list } of decodeUpdate(bytes, start, end).announced) routes += list.length;
    },
    { maxLength: 4096 },
  );
  framer.push(stream);
  if (routes !== ROUTES) throw new Error(`Cannot measure: saw ${routes} of ${ROUTES}`);
}

const out = new Writer(4 << 20);
const figures = [
  measure('visit packed type-2 UPDATEs', 8e6, ROUTES, () => walkAll(stream)),
  measure('pack type-2 UPDATEs', 4e6, ROUTES, () => {
    out.reset();
    packAll(out);
  }),
  measure('decode to values', 4e5, ROUTES, decodeAll),
  measure('visit UPDATEs of one route', 5e5, ROUTES, () => walkAll(singleStream)),
];
const lines = figures.map(({ name, unit, perSecond, wanted }) => {
  const verdict = perSecond >= wanted ? 'reached' : 'missed';
  return `${name.padEnd(32)} ${(perSecond / 1e6).toFixed(2).padStart(8)} M ${unit}  (${wanted / 1e6} M ${verdict})`;
});

const [visited, , values] = figures.map(({ perSecond }) => perSecond);
for (const { name, perSecond, reason } of measureOthers(stream, SECONDS)) {
  const times = (ours: number) => (ours / (perSecond ?? ours)).toFixed(1);
  const figure =
    perSecond === undefined
      ? `not measured: ${reason}`
      : `${(perSecond / 1e6).toFixed(3).padStart(8)} M NLRI/s  (our values ${times(values)} times, our visit ${times(visited)} times that)`;
  lines.push(`${name.padEnd(32)} ${figure}`);
}
console.log(lines.join('\n'));
if (options.write !== undefined) writeFileSync(options.write, report(lines));

function report(figures: readonly string[]): string {
  return `# Benchmarks of the codec

Written by \`make bench\` on ${new Date().toISOString().slice(0, 10)}: Node ${process.version}, Linux ${release()}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown processor'}.
The UPDATEs are of type 2, MAC and IPv4 address, as a leaf packs them, in one thread. GoBGP and ExaBGP decode the same octets in the same
run; both make values of every route, so "our values" is the like for like, and "our visit" is what the daemon does.

\`\`\`
${figures.join('\n')}
\`\`\`
`;
}
