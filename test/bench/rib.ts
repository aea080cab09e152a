/**
 * The table by itself, in memory: type-2 routes (MAC+IPv4, or MAC+IPv6 with `6`) fed as packed UPDATEs from one client,
 * reflected to others that count octets, then all withdrawn. Prints time, resident memory and the longest slice.
 *
 *   node --expose-gc --import=tsx --conditions=evpnd-source test/bench/rib.ts [routes] [peers] [4|6] [per UPDATE] [blocks]
 */
import {
  DEFAULT_CONTEXT,
  encodeAttributeBlock,
  FAMILY,
  Framer,
  MAX_MESSAGE_LENGTH,
  MESSAGE_TYPE,
  UpdateWriter,
  Writer,
} from 'bgp-protocol';
import { AddressTable } from '../../src/base/address-table.ts';
import type { Clock, Timer } from '../../src/base/clock.ts';
import { type OutPeer, Rib, type SourceId } from '../../src/rib/index.ts';

const [routes = 1_000_000, peers = 4, family = 4, perUpdate = 1000, blockCount = 100] = process.argv
  .slice(2)
  .map(Number);
const CHUNK = 65536;
const perBlock = Math.max(1, Math.ceil(routes / blockCount));

/** Real time, but queued work runs when the bench says so: between two chunks of input, as the event loop would. */
class BenchClock implements Clock {
  readonly #queue: (() => void)[] = [];
  now = (): number => performance.now();
  wallTime = (): number => Date.now();
  after(_milliseconds: number, action: () => void): Timer {
    this.#queue.push(action);
    return { cancel: () => {} };
  }
  soon(action: () => void): Timer {
    return this.after(0, action);
  }
  turn(): boolean {
    const action = this.#queue.shift();
    action?.();
    return action !== undefined;
  }
}

class CountingPeer implements OutPeer {
  readonly source: SourceId;
  readonly context = DEFAULT_CONTEXT;
  octets = 0;
  buffers = 0;
  constructor(source: SourceId) {
    this.source = source;
  }
  write(buffer: Uint8Array): boolean {
    this.octets += buffer.length;
    this.buffers++;
    return true;
  }
}

const blocks = Array.from({ length: blockCount }, (_, i) =>
  encodeAttributeBlock([
    {
      type: 'MP_REACH_NLRI',
      family: FAMILY.L2VPN_EVPN,
      nextHop: `10.${1 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`,
      nlri: new Uint8Array(0),
    },
    { type: 'ORIGIN', value: 'igp' },
    { type: 'AS_PATH', segments: [] },
    { type: 'LOCAL_PREF', value: 100 },
    {
      type: 'EXTENDED_COMMUNITIES',
      communities: [
        { type: 'route-target', kind: 'two-octet-as', administrator: 65000, assigned: 100 + (i % 10) },
        { type: 'encapsulation', tunnelType: 8 },
      ],
    },
  ]),
);

const ipOctets = family === 6 ? 16 : 4;
const nlri = new Uint8Array(35 + ipOctets);
nlri.set([2, 33 + ipOctets, 0, 1, 10, 0, 0, 1, 0, 100]);
nlri[24] = 48;
nlri[25] = 2;
nlri[31] = ipOctets * 8;
nlri[32] = 10;

function setHost(n: number): void {
  const block = Math.floor(n / perBlock);
  nlri[7] = block;
  nlri[28] = nlri[33] = n >>> 16;
  nlri[29] = nlri[34] = n >>> 8;
  nlri[30] = n;
  nlri[31 + ipOctets] = n;
  nlri[32 + ipOctets + 2] = 100 + (block % 10);
}

/** Whole UPDATEs, about 64 KiB at a time. */
function* feedOf(withdraw: boolean): Generator<Uint8Array> {
  const out = new Writer(CHUNK * 2);
  const writer = new UpdateWriter(MAX_MESSAGE_LENGTH, out, DEFAULT_CONTEXT);
  for (let n = 0; n < routes; ) {
    if (withdraw) writer.beginWithdraw(FAMILY.L2VPN_EVPN);
    else writer.begin(blocks[Math.floor(n / perBlock)]!);
    const stop = Math.min(routes, n + perUpdate, (Math.floor(n / perBlock) + 1) * perBlock);
    for (; n < stop && out.length < CHUNK; n++) {
      setHost(n);
      if (withdraw) writer.withdraw(nlri, 0, nlri.length);
      else writer.announce(nlri, 0, nlri.length);
    }
    writer.end();
    if (out.length < CHUNK && n < routes) continue;
    yield out.view();
    out.reset();
  }
}

const clock = new BenchClock();
const rib = new Rib({ localAs: 65000, routerId: 1, clusterId: 1, addresses: new AddressTable(), clock });
const source = (n: number): SourceId =>
  rib.addSource({ kind: 'ibgp', client: true, routerId: n, address: `10.0.0.${n}`, remoteAs: 65000 });
const feeder = source(2);
const second = source(199);
const out = Array.from({ length: peers }, (_, i) => new CountingPeer(source(3 + i)));
const group = rib.group({ kind: 'ibgp', client: true });
for (const peer of out) group.join(peer);
while (clock.turn());

const rss = (): number => Math.round(process.memoryUsage.rss() / 1e6);
let peak = rss();
const base = peak;

function run(what: string, withdraw: boolean, from = feeder): void {
  let spent = 0;
  let processor = 0;
  let longest = 0;
  let framed = 0;
  const timed = (work: () => void): void => {
    const before = process.cpuUsage();
    const start = performance.now();
    work();
    const took = performance.now() - start;
    const used = process.cpuUsage(before);
    spent += took;
    processor += (used.user + used.system) / 1000;
    longest = Math.max(longest, took);
  };
  const framer = new Framer(
    (type, bytes, start, end) => {
      if (type !== MESSAGE_TYPE.UPDATE) return;
      framed++;
      rib.receive(from, bytes, start, end, DEFAULT_CONTEXT, (fault) => {
        throw fault;
      });
    },
    { maxLength: MAX_MESSAGE_LENGTH },
  );
  for (const chunk of feedOf(withdraw)) {
    timed(() => framer.push(chunk));
    timed(() => clock.turn());
    peak = Math.max(peak, rss());
  }
  for (let more = true; more; ) timed(() => (more = clock.turn()));
  report(what, spent, longest, `${processor.toFixed(0)} ms of processor, ${framed} UPDATEs in`);
}

function report(what: string, spent: number, longest: number, note: string): void {
  const octets = `${out[0]?.octets} octets each`;
  console.log(
    `${what.padEnd(12)} ${spent.toFixed(0).padStart(6)} ms  longest ${longest.toFixed(1).padStart(5)} ms  rss ${rss()} MB  peak ${peak} MB  ${note}, out ${octets}`,
  );
}

console.log(
  `${routes} routes (MAC+IPv${family}), ${peers} peers, ${perUpdate} per UPDATE, ${blockCount} blocks; rss ${base} MB before`,
);
run('announce', false);
console.log('memory', rib.memory(), 'routes', rib.routeCount);
run('again', false);
run('second path', false, second);
run('second gone', true, second);
run('withdraw', true);
console.log('routes', rib.routeCount, 'rows', rib.table.keys.size);
run('announce', false);
{
  // A late joiner, then the feeder's session dies.
  const late = new CountingPeer(source(200));
  group.join(late);
  out.push(late);
  let start = performance.now();
  while (clock.turn()) peak = Math.max(peak, rss());
  report('late join', performance.now() - start, rib.slices.longestMilliseconds, 'slices');
  start = performance.now();
  rib.sourceDown(feeder);
  while (clock.turn()) peak = Math.max(peak, rss());
  report('source down', performance.now() - start, rib.slices.longestMilliseconds, 'slices');
}
globalThis.gc?.();
console.log(`rss after collection ${rss()} MB; routes ${rib.routeCount}`);
