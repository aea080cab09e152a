/**
 * What route target constraint (RFC 4684) saves: a reflector of 100 leaves with 20 of 1,000 VNIs each, with and without it.
 * Counts the octets that it sends, what the routes take in the memory of one leaf, a process of its own, and the time
 * that a reflector with a full table has to spend when all leaves come back.
 *
 *   node --expose-gc --import=tsx --conditions=evpnd-source test/bench/rt-constraint.ts [MACS]
 *
 * MACS at each leaf in each of its VNIs, 50 unless said.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type CodecContext,
  DEFAULT_CONTEXT,
  encodeAttributeBlock,
  encodeEvpnRoute,
  encodeRoute,
  FAMILY,
  Framer,
  MAX_MESSAGE_LENGTH,
  MESSAGE_TYPE,
  UpdateWriter,
  Writer,
} from 'bgp-protocol';
import { AddressTable } from '../../src/base/address-table.ts';
import { ManualClock, systemClock } from '../../src/base/clock.ts';
import { ip } from '../../src/base/ip.ts';
import { recordingLogger } from '../../src/base/log.ts';
import { EVPN_DEFAULTS, Evpn, type EvpnDataplane } from '../../src/evpn/index.ts';
import { type OutPeer, Rib, type SourceId } from '../../src/rib/index.ts';

const LEAVES = 100;
const VNIS = 1000;
const VNIS_PER_LEAF = 20;
const AS = 65000;
const CONTEXT: CodecContext = { ...DEFAULT_CONTEXT, ibgp: true };

/** Each VNI is on two leaves, and never the same two for all of them. */
const vnisOf = (leaf: number): number[] =>
  Array.from({ length: VNIS_PER_LEAF }, (_, i) => 1 + ((leaf * (i < 10 ? 10 : 30) + i) % VNIS));
const addressOf = (leaf: number): string => `10.0.${leaf >> 8}.${leaf & 255}`;

function newRib(routerId: number): Rib {
  const clock = new ManualClock();
  return new Rib({ localAs: AS, routerId, clusterId: routerId, addresses: new AddressTable(), clock });
}

/** The UPDATEs of a leaf: its MACs with their addresses, and one flood route, of each of its VNIs. */
function announcements(leaf: number, macs: number): Uint8Array {
  const out = new Writer();
  const updates = new UpdateWriter(MAX_MESSAGE_LENGTH, out, CONTEXT);
  const nextHop = addressOf(leaf);
  for (const vni of vnisOf(leaf)) {
    const rd = `${nextHop}:${vni}`;
    updates.begin(block(nextHop, vni));
    for (let n = 0; n < macs; n++) {
      const mac = `02:${[vni >> 8, vni, leaf, n >> 8, n].map((o) => (o & 255).toString(16).padStart(2, '0')).join(':')}`;
      const address = `10.${vni & 255}.${leaf}.${n & 255}`;
      const route = {
        routeType: 2,
        rd,
        esi: NO_SEGMENT,
        ethernetTag: 0,
        mac,
        ip: address,
        labels: [vni],
      } as const;
      const nlri = encodeEvpnRoute(route);
      updates.announce(nlri, 0, nlri.length);
    }
    updates.end();
    updates.begin(block(nextHop, vni, true));
    const flood = encodeEvpnRoute({ routeType: 3, rd, ethernetTag: 0, originatorIp: nextHop });
    updates.announce(flood, 0, flood.length);
    updates.end();
  }
  return out.finish();
}

const NO_SEGMENT = '00:00:00:00:00:00:00:00:00:00';

const block = (nextHop: string, vni: number, flood = false): Uint8Array =>
  encodeAttributeBlock([
    { type: 'MP_REACH_NLRI', family: FAMILY.L2VPN_EVPN, nextHop, nlri: new Uint8Array(0) },
    { type: 'ORIGIN', value: 'igp' },
    { type: 'AS_PATH', segments: [] },
    { type: 'LOCAL_PREF', value: 100 },
    {
      type: 'EXTENDED_COMMUNITIES',
      communities: [
        { type: 'route-target', kind: 'two-octet-as', administrator: AS, assigned: vni },
        { type: 'encapsulation', tunnelType: 8 },
      ],
    },
    ...(flood
      ? [
          {
            type: 'PMSI_TUNNEL',
            leafInformationRequired: false,
            tunnelType: 6,
            label: vni,
            endpoint: nextHop,
          } as const,
        ]
      : []),
  ]);

/** UPDATEs about memberships: what a leaf asks for. */
function memberships(vnis: readonly number[], leaf: number): Uint8Array {
  const out = new Writer();
  const updates = new UpdateWriter(MAX_MESSAGE_LENGTH, out, CONTEXT);
  updates.begin(
    encodeAttributeBlock([
      {
        type: 'MP_REACH_NLRI',
        family: FAMILY.RT_CONSTRAINT,
        nextHop: addressOf(leaf),
        nlri: new Uint8Array(0),
      },
      { type: 'ORIGIN', value: 'igp' },
      { type: 'AS_PATH', segments: [] },
      { type: 'LOCAL_PREF', value: 100 },
    ]),
  );
  for (const vni of vnis) {
    for (const assigned of [vni, 0x10000000 | vni]) {
      const nlri = encodeRoute(FAMILY.RT_CONSTRAINT, {
        lengthBits: 96,
        originAutonomousSystem: AS,
        routeTarget: `${AS}:${assigned}`,
      });
      updates.announce(nlri, 0, nlri.length);
    }
  }
  updates.end();
  return out.finish();
}

function feed(rib: Rib, source: SourceId, octets: Uint8Array): void {
  const framer = new Framer(
    (type, bytes, start, end) => {
      if (type !== MESSAGE_TYPE.UPDATE) return;
      rib.receive(source, bytes, start, end, CONTEXT, (fault) => {
        throw fault;
      });
    },
    { maxLength: MAX_MESSAGE_LENGTH },
  );
  framer.push(octets);
}

interface Reflected {
  readonly milliseconds: number;
  readonly octets: number;
  readonly routesPerLeaf: number;
  readonly memoryOctets: number;
  /** What leaf 0 was sent. */
  readonly stream: Uint8Array;
}

/** All leaves are there; then each announces, in turn, and the reflector tells the others as it goes. */
function reflect(constrained: boolean, feeds: readonly Uint8Array[]): Reflected {
  const rib = newRib(0x0a00fffe);
  const clock = rib.clock as ManualClock;
  const group = rib.group({ kind: 'ibgp', client: true, constrained });
  let octets = 0;
  const stream: Uint8Array[] = [];
  const peers = feeds.map((_, leaf): OutPeer => {
    const address = addressOf(leaf);
    const routerId = new DataView(ip(address).buffer).getUint32(0);
    const source = rib.addSource({ kind: 'ibgp', client: true, routerId, address, remoteAs: AS });
    if (constrained) feed(rib, source, memberships(vnisOf(leaf), leaf));
    const peer: OutPeer = {
      source,
      context: CONTEXT,
      ...(constrained ? { interest: rib.memberships.interest(source) } : {}),
      write(buffer) {
        octets += buffer.length;
        if (leaf === 0) stream.push(buffer);
        return true;
      },
    };
    group.join(peer);
    return peer;
  });
  clock.settle();
  const start = systemClock.now();
  for (const [leaf, updates] of feeds.entries()) {
    feed(rib, peers[leaf]!.source, updates);
    clock.settle();
  }
  const milliseconds = systemClock.now() - start;
  const told = peers.reduce((sum, peer) => sum + group.advertisedCount(peer), 0);
  return {
    milliseconds,
    octets,
    routesPerLeaf: told / peers.length,
    memoryOctets: Object.values(rib.memory()).reduce((sum, part) => sum + part, 0),
    stream: Buffer.concat(stream),
  };
}

/**
 * A reflector that has the routes of all leaves (from another one) when they come back, each in its turn: processor time
 * until each has been told what it wants; and until each has been told of one more VNI.
 */
function restart(feeds: readonly Uint8Array[]): { joining: number; asking: number; routesPerLeaf: number } {
  const rib = newRib(0x0a00fffe);
  const clock = rib.clock as ManualClock;
  const group = rib.group({ kind: 'ibgp', client: true, constrained: true });
  const add = (routerId: number, address: string): SourceId =>
    rib.addSource({ kind: 'ibgp', client: true, routerId, address, remoteAs: AS });
  const peerOf = (source: SourceId): OutPeer => ({
    source,
    context: CONTEXT,
    interest: rib.memberships.interest(source),
    write: () => true,
  });
  const reflector = add(1, '10.0.255.254');
  // One that wants nothing, so that the group is there.
  group.join(peerOf(add(2, '10.0.255.253')));
  for (const updates of feeds) feed(rib, reflector, updates);
  clock.settle();
  const processor = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
  const start = processor();
  const peers = feeds.map((_, leaf) => {
    const source = add(0x0a000000 + leaf, addressOf(leaf));
    feed(rib, source, memberships(vnisOf(leaf), leaf));
    const peer = peerOf(source);
    group.join(peer);
    clock.settle();
    return peer;
  });
  const joined = processor();
  for (const [leaf, peer] of peers.entries()) {
    feed(rib, peer.source, memberships([1 + ((leaf * 7 + 500) % VNIS)], leaf));
    group.interestChanged(peer);
    clock.settle();
  }
  const told = peers.reduce((sum, peer) => sum + group.advertisedCount(peer), 0);
  return {
    joining: joined - start,
    asking: processor() - joined,
    routesPerLeaf: told / peers.length,
  };
}

const ABSENT: EvpnDataplane = {
  setMac: () => {},
  deleteMac: () => {},
  addFlood: () => {},
  deleteFlood: () => {},
  setNeighbour: () => {},
  deleteNeighbour: () => {},
  ensure: () => {},
  remove: () => {},
  watchVtep: () => {},
  unwatchVtep: () => {},
};

/** In a process of its own: a leaf that takes the stream. Prints what that made it grow by. */
function runLeaf(file: string): void {
  const rib = newRib(0x0a000000);
  const clock = rib.clock as ManualClock;
  const source = rib.addSource({
    kind: 'ibgp',
    client: false,
    routerId: 1,
    address: '10.0.255.254',
    remoteAs: AS,
  });
  const { addresses } = rib;
  const evpn: Evpn = new Evpn({
    config: { ...EVPN_DEFAULTS, advertiseAllVni: true, routerId: '10.0.0.0', localAs: AS },
    rib,
    forwarding: { ...ABSENT, watchVtep: (vtep) => evpn.vtepReachable(vtep, true) },
    addresses,
    clock,
    log: recordingLogger(),
  });
  for (const vni of vnisOf(0)) {
    evpn.instance({
      vni,
      vtep: ip('10.0.0.0'),
      vxlanInterface: `vxlan${vni}`,
      bridge: `br${vni}`,
      sviInterface: `br${vni}`,
      vlan: undefined,
      up: true,
      mtu: 1450,
      warnings: [],
      ownMacs: [],
    });
  }
  clock.settle();
  const octets = readFileSync(file);
  globalThis.gc?.();
  const before = residentOctets();
  const cpu = process.cpuUsage();
  for (let at = 0; at < octets.length; ) at = feedChunk(rib, source, octets, at);
  clock.settle();
  const { user, system } = process.cpuUsage(cpu);
  globalThis.gc?.();
  const result = {
    routes: rib.routeCount,
    macs: evpn.views.macCount,
    residentOctets: residentOctets() - before,
    milliseconds: (user + system) / 1000,
  };
  console.log(JSON.stringify(result));
}

/** As a socket would give it: about 64 KiB of whole messages. */
function feedChunk(rib: Rib, source: SourceId, octets: Uint8Array, at: number): number {
  let end = at;
  while (end < octets.length && end - at < 65536) end += (octets[end + 16]! << 8) | octets[end + 17]!;
  feed(rib, source, octets.subarray(at, end));
  (rib.clock as ManualClock).settle();
  return end;
}

const residentOctets = (): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;

function inProcess(stream: Uint8Array): Record<string, number> {
  const directory = mkdtempSync(join(tmpdir(), 'evpnd-bench-'));
  try {
    const file = join(directory, 'stream');
    writeFileSync(file, stream);
    const command = [
      '--expose-gc',
      '--import=tsx',
      '--conditions=evpnd-source',
      fileURLToPath(import.meta.url),
    ];
    return JSON.parse(execFileSync(process.execPath, [...command, '--leaf', file], { encoding: 'utf8' }));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function main(macs: number): void {
  const feeds = Array.from({ length: LEAVES }, (_, leaf) => announcements(leaf, macs));
  const total = LEAVES * VNIS_PER_LEAF * (macs + 1);
  console.log(
    `${VNIS} VNIs, ${LEAVES} leaves with ${VNIS_PER_LEAF} each, ${macs} MACs there in each: ${total} routes`,
  );
  const { joining, asking, routesPerLeaf } = restart(feeds);
  console.log(
    `restart: ${LEAVES} leaves join a full table, ${routesPerLeaf.toFixed(0)} routes for each, in ${joining.toFixed(0)} ms of processor time; each asks for one VNI more in ${asking.toFixed(0)} ms`,
  );
  // The first round warms the code up, and is not shown.
  for (const shown of [false, true]) {
    for (const constrained of [false, true]) {
      const reflected = reflect(constrained, feeds);
      if (!shown) continue;
      const leaf = inProcess(reflected.stream);
      const mebibytes = (octets: number): string => (octets / 2 ** 20).toFixed(1);
      console.log(
        [
          constrained ? 'with:   ' : 'without:',
          `reflector sends ${mebibytes(reflected.octets)} MiB in ${reflected.milliseconds.toFixed(0)} ms,`,
          `its tables ${mebibytes(reflected.memoryOctets)} MiB;`,
          `a leaf gets ${reflected.routesPerLeaf.toFixed(0)} routes, ${(reflected.stream.length / 1024).toFixed(0)} KiB,`,
          `grows by ${mebibytes(leaf.residentOctets!)} MiB, takes ${leaf.milliseconds!.toFixed(0)} ms for them, has ${leaf.macs} MACs`,
        ].join(' '),
      );
    }
  }
}

const [first, second] = process.argv.slice(2);
if (first === '--leaf') runLeaf(second!);
else main(Number(first ?? 50));
