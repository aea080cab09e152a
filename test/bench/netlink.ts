/**
 * How fast the kernel's forwarding table is written, read and heard: `node --import=tsx test/bench/netlink.ts [entries]`, as root.
 * Works in a network namespace of its own.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { ip } from '../../src/base/ip.ts';
import * as netlink from '../../src/netlink/index.ts';
import { LEAF, Namespace, skipWithoutNamespaces } from '../netlink/namespace.ts';

const entries = Number(process.argv[2] ?? 100_000);
if (skipWithoutNamespaces) {
  process.stdout.write(`skipped: ${skipWithoutNamespaces}\n`);
  process.exit(0);
}

const namespace = new Namespace('bench');
try {
  namespace.run(...LEAF);
  for (const batchMessages of [16, 64, 256]) await measure(batchMessages);
} finally {
  namespace.remove();
}

/** Runs `work` and prints its rate and how long the event loop stood still at most. */
async function timed(name: string, count: number, work: () => Promise<unknown>): Promise<void> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  delay.disable();
  const rate = Math.round(count / seconds / 1000);
  const longest = (delay.max / 1e6).toFixed(1);
  process.stdout.write(
    `${name.padEnd(34)} ${count} in ${seconds.toFixed(2)} s  ${`${rate}k`.padStart(5)}/s  longest slice ${longest} ms\n`,
  );
}

async function measure(batchMessages: number): Promise<void> {
  const socket = namespace.in(() => new netlink.NetlinkSocket({ batchMessages }));
  const vxlan = namespace.index('vxlan10');
  const bridge = namespace.index('br10');
  const vteps = Array.from({ length: 16 }, (_, i) => ip(`10.1.0.${i}`));
  const address = new Uint8Array([10, 0, 0, 0]);
  const mac = (i: number): number => 0x020000000000 + i;
  const refuse = (index: number, failure: netlink.EntryFailure): void => {
    throw new Error(`entry ${index}: ${failure.code}`);
  };
  const write = (
    name: string,
    encode: (writer: netlink.MessageWriter, index: number) => void,
  ): Promise<void> =>
    timed(`${name} (batch ${batchMessages})`, entries, () => socket.write(entries, encode, refuse));

  await write('tunnel MACs: add', (w, i) => netlink.encodeTunnelMac(w, vxlan, mac(i), vteps[i & 15]!, 0));
  if (batchMessages === 256) await measureDump(socket, bridge);
  await write('tunnel MACs: delete', (w, i) =>
    netlink.encodeTunnelMacRemoval(w, vxlan, mac(i), undefined, 0),
  );
  await write('bridge MACs: add', (w, i) => netlink.encodeBridgeMac(w, vxlan, mac(i), 0, false));
  await write('bridge MACs: delete', (w, i) => netlink.encodeBridgeMacRemoval(w, vxlan, mac(i), 0));
  if (batchMessages === 256) await measureNotifications(socket, vxlan, vteps[0]!);
  const addressOf = (i: number): Uint8Array => {
    address[1] = i >> 16;
    address[2] = i >> 8;
    address[3] = i;
    return address;
  };
  await write('neighbours: add', (w, i) =>
    netlink.encodeRemoteNeighbour(w, bridge, addressOf(i), mac(i), false),
  );
  await write('neighbours: delete', (w, i) => netlink.encodeNeighbourRemoval(w, bridge, addressOf(i)));
  await socket.close();
}

async function measureDump(socket: netlink.NetlinkSocket, bridge: number): Promise<void> {
  const record = new netlink.NeighbourRecord();
  let found = 0;
  let octets = 0;
  await timed('dump of one bridge', entries, () =>
    socket.dump(
      (w) => netlink.encodeForwardingDump(w, { bridge }),
      (_type, bytes, start, end) => {
        if (!netlink.decodeNeighbour(bytes, start, end, record)) return;
        octets += end - start + 16;
        if (record.flags & netlink.NTF_EXT_LEARNED) found++;
      },
      { action: 'dump the forwarding entries' },
    ),
  );
  if (found !== entries) throw new Error(`dump found ${found} of ${entries}`);
  process.stdout.write(`${''.padEnd(34)} ${(octets / 1e6).toFixed(1)} MB\n`);
}

/** Adds and hears as many, in bursts that fit the receive buffer. */
async function measureNotifications(
  socket: netlink.NetlinkSocket,
  vxlan: number,
  vtep: Uint8Array,
): Promise<void> {
  const record = new netlink.NeighbourRecord();
  let heard = 0;
  let overruns = 0;
  let finish!: () => void;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const monitor = namespace.in(
    () =>
      new netlink.NetlinkMonitor({
        groups: [netlink.RTNLGRP_NEIGH],
        receiveBufferOctets: 128 << 20,
        onOverrun: () => {
          overruns++;
          finish();
        },
        onMessage: (_type, bytes, start, end) => {
          netlink.decodeNeighbour(bytes, start, end, record);
          if (++heard === entries) finish();
        },
      }),
  );
  await monitor.ready;
  const cpu = process.cpuUsage();
  await timed('written and heard', entries, async () => {
    await socket.write(
      entries,
      (w, i) => netlink.encodeTunnelMac(w, vxlan, 0x020000000000 + i, vtep, 0),
      () => undefined,
    );
    await finished;
  });
  const { user, system } = process.cpuUsage(cpu);
  process.stdout.write(
    `${''.padEnd(34)} heard ${heard}, overruns ${overruns}, CPU ${((user + system) / 1e6).toFixed(2)} s\n`,
  );
  monitor.close();
  const remove = (w: netlink.MessageWriter, i: number): void =>
    netlink.encodeTunnelMacRemoval(w, vxlan, 0x020000000000 + i, undefined, 0);
  await socket.write(entries, remove, () => undefined);
}
