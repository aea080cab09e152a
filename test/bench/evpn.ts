/**
 * Cost of a leaf's EVPN part: UPDATEs through the RIB and Evpn into a forwarding table that does nothing; the loss of the
 * session; a hundred thousand MACs learned locally; and how long the event loop was kept in any of it.
 *
 * node --import=tsx --conditions=evpnd-source test/bench/evpn.ts [routes] [runs]
 */
import {
  DEFAULT_CONTEXT,
  encodeAttributeBlock,
  encodeEvpnRoute,
  FAMILY,
  Framer,
  UpdateWriter,
  Writer,
} from 'bgp-protocol';
import { AddressTable } from '../../src/base/address-table.ts';
import { systemClock } from '../../src/base/clock.ts';
import { ip } from '../../src/base/ip.ts';
import { silentLogger } from '../../src/base/log.ts';
import { printMac } from '../../src/base/mac.ts';
import { EVPN_DEFAULTS, Evpn, type EvpnDataplane } from '../../src/evpn/index.ts';
import { Rib } from '../../src/rib/index.ts';

const ROUTES = Number(process.argv[2] ?? 100_000);
const RUNS = Number(process.argv[3] ?? 5);
const LEAVES = 10;
const CONTEXT = { ...DEFAULT_CONTEXT, fourOctetAs: true, ibgp: true, families: new Set([FAMILY.L2VPN_EVPN]) };
const FIRST_MAC = 0x020000000000;

class NullForwarding implements EvpnDataplane {
  operations = 0;
  evpn: Evpn | undefined;
  setMac(): void {
    this.operations++;
  }
  deleteMac(): void {
    this.operations++;
  }
  addFlood(): void {}
  deleteFlood(): void {}
  setNeighbour(): void {
    this.operations++;
  }
  deleteNeighbour(): void {
    this.operations++;
  }
  ensure(): void {}
  remove(): void {}
  watchVtep(vtep: number): void {
    setImmediate(() => this.evpn?.vtepReachable(vtep, true));
  }
  unwatchVtep(): void {}
}

interface Bench {
  readonly rib: Rib;
  readonly evpn: Evpn;
  readonly forwarding: NullForwarding;
  readonly source: number;
}

function build(vnis: number): Bench {
  const addresses = new AddressTable();
  const rib = new Rib({
    localAs: 65000,
    routerId: 0x0a0000fe,
    clusterId: 0x0a0000fe,
    addresses,
    clock: systemClock,
  });
  const forwarding = new NullForwarding();
  const evpn = new Evpn({
    config: { ...EVPN_DEFAULTS, routerId: '10.0.0.254', localAs: 65000, advertiseAllVni: true },
    rib,
    forwarding,
    addresses,
    clock: systemClock,
    log: silentLogger,
  });
  forwarding.evpn = evpn;
  for (let vni = 1; vni <= vnis; vni++) {
    evpn.instance({
      vni,
      vtep: ip('10.0.0.254'),
      vxlanInterface: '',
      bridge: '',
      sviInterface: '',
      vlan: undefined,
      up: true,
      mtu: 1450,
      ownMacs: [],
      warnings: [],
    });
  }
  const source = rib.addSource({
    kind: 'ibgp',
    client: false,
    routerId: 0x0a000064,
    address: '10.0.0.100',
    remoteAs: 65000,
  });
  return { rib, evpn, forwarding, source };
}

/** The routes as a reflector would send them: packed by leaf and VNI. */
function updates(vnis: number, withIp: boolean): Uint8Array {
  const out = new Writer(1 << 20);
  const writer = new UpdateWriter(4096, out, CONTEXT);
  const perGroup = Math.max(1, Math.floor(ROUTES / vnis / LEAVES));
  let host = 0;
  for (let vni = 1; vni <= vnis; vni++) {
    for (let leaf = 1; leaf <= LEAVES && host < ROUTES; leaf++) {
      writer.begin(block(leaf, vni));
      for (let i = 0; i < perGroup && host < ROUTES; i++, host++) {
        const address = { ip: `10.${(host >> 16) & 255}.${(host >> 8) & 255}.${host & 255}` };
        const nlri = encodeEvpnRoute({
          routeType: 2,
          rd: `10.0.0.${leaf}:${vni}`,
          esi: '00:00:00:00:00:00:00:00:00:00',
          ethernetTag: 0,
          mac: printMac(FIRST_MAC + host),
          ...(withIp ? address : {}),
          labels: [vni],
        });
        writer.announce(nlri, 0, nlri.length);
      }
      writer.end();
    }
  }
  return out.finish();
}

const block = (leaf: number, vni: number): Uint8Array =>
  encodeAttributeBlock([
    { type: 'MP_REACH_NLRI', family: FAMILY.L2VPN_EVPN, nextHop: `10.0.0.${leaf}`, nlri: new Uint8Array(0) },
    { type: 'ORIGIN', value: 'igp' },
    { type: 'AS_PATH', segments: [] },
    { type: 'LOCAL_PREF', value: 100 },
    { type: 'ORIGINATOR_ID', routerId: `10.0.0.${leaf}` },
    { type: 'CLUSTER_LIST', clusterIds: ['10.0.0.100'] },
    {
      type: 'EXTENDED_COMMUNITIES',
      communities: [
        { type: 'route-target', kind: 'two-octet-as', administrator: 65000, assigned: vni },
        { type: 'encapsulation', tunnelType: 8 },
      ],
    },
  ]);

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Milliseconds of processor time so far: what a shared machine does beside us does not count. */
const cpu = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Milliseconds from `start` until `done`, and the longest turn of the event loop meanwhile. */
async function until(start: number, done: () => boolean): Promise<{ total: number; pause: number }> {
  let pause = 0;
  for (let before = performance.now(); !done(); ) {
    await turn();
    const now = performance.now();
    pause = Math.max(pause, now - before);
    before = now;
  }
  return { total: performance.now() - start, pause };
}

async function importRun(vnis: number, withIp: boolean, bytes: Uint8Array): Promise<Record<string, number>> {
  const bench = build(vnis);
  await until(performance.now(), () => bench.rib.routeCount === vnis);
  await turn();
  const expected = withIp ? ROUTES * 2 : ROUTES;
  const cpuStart = cpu();
  const start = performance.now();
  const framer = new Framer(
    (_type, body, from, to) => {
      bench.rib.receive(bench.source, body, from, to, CONTEXT, (fault) => {
        throw fault;
      });
    },
    { maxLength: 4096 },
  );
  // Chunks as a socket gives them, a turn of the loop for each.
  let pause = 0;
  for (let at = 0; at < bytes.length; at += 65536) {
    const before = performance.now();
    framer.push(bytes.subarray(at, at + 65536));
    await turn();
    pause = Math.max(pause, performance.now() - before);
  }
  const imported = await until(start, () => bench.forwarding.operations >= expected);
  const cpuImported = cpu();
  const flushStart = performance.now();
  bench.rib.sourceDown(bench.source);
  const flushed = await until(flushStart, () => bench.forwarding.operations >= expected * 2);
  return {
    imported: imported.total,
    'of it processor': cpuImported - cpuStart,
    'longest pause': Math.max(pause, imported.pause),
    flushed: flushed.total,
    'of it processor ': cpu() - cpuImported,
    'longest pause ': flushed.pause,
  };
}

async function originateRun(vnis: number): Promise<Record<string, number>> {
  const bench = build(vnis);
  await until(performance.now(), () => bench.rib.routeCount === vnis);
  const cpuStart = cpu();
  const start = performance.now();
  for (let i = 0; i < ROUTES; i++) bench.evpn.localMac(1 + (i % vnis), FIRST_MAC + i, 0, 'swp1');
  const learned = performance.now() - start;
  const again = performance.now();
  for (let i = 0; i < ROUTES; i++) bench.evpn.localMacGone(1 + (i % vnis), FIRST_MAC + i);
  return { learned, gone: performance.now() - again, 'processor, both': cpu() - cpuStart };
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1];

async function report(name: string, run: () => Promise<Record<string, number>>): Promise<void> {
  const runs: Record<string, number>[] = [];
  for (let i = 0; i < RUNS; i++) runs.push(await run());
  const figures = Object.keys(runs[0]).map((key) => {
    return `${key.trim()} ${median(runs.map((one) => one[key])).toFixed(0)} ms`;
  });
  console.log(`${name}: ${figures.join(', ')}`);
}

for (const vnis of [10, 1000]) {
  for (const withIp of [false, true]) {
    const bytes = updates(vnis, withIp);
    await report(`${ROUTES} remote ${withIp ? 'MAC+IP' : 'MAC'} routes over ${vnis} VNIs`, () =>
      importRun(vnis, withIp, bytes),
    );
  }
  await report(`${ROUTES} local MACs over ${vnis} VNIs`, () => originateRun(vnis));
}
process.exit(0);
