/**
 * How fast a hardware VTEP's database is filled, and taken over again: `node --import=tsx test/bench/ovsdb.ts [MACs]`. Against an
 * ovsdb-server of its own with vtep.ovsschema and no switch behind it. The first runs choose the rows per transaction.
 */
import { join } from 'node:path';
import { AddressTable } from '../../src/base/address-table.ts';
import { systemClock } from '../../src/base/clock.ts';
import { ip } from '../../src/base/ip.ts';
import { silentLogger } from '../../src/base/log.ts';
import { HardwareVtepDataplane } from '../../src/dataplane/hardware-vtep/index.ts';
import type { DataplaneEvents } from '../../src/dataplane/interfaces.ts';
import { activeSource } from '../../src/ovsdb/index.ts';
import { SWITCH, TestSwitch } from '../dataplane/hardware-vtep/switch.ts';
import { OvsdbServer, skipWithoutServer } from '../ovsdb/server.ts';

const macs = Number(process.argv[2] ?? 100_000);
const VTEPS = 64;
const MACS_A_TURN = 2000;
const nothing = (): void => {};
const deaf: DataplaneEvents = {
  instance: nothing,
  instanceGone: nothing,
  localMac: nothing,
  localMacGone: nothing,
  localNeighbour: nothing,
  localNeighbourGone: nothing,
  vtepReachable: nothing,
  settled: nothing,
  problem: nothing,
};

if (skipWithoutServer) {
  process.stdout.write(`skipped: ${skipWithoutServer}\n`);
  process.exit(0);
}

for (const rows of [100, 300, 1000, 3000]) await fill(rows, Math.min(macs, 30_000));
await fill(1000, macs, true);

/** CPU time of this process so far, in milliseconds. */
function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Pauses are told in wall-clock time and in CPU time: on a machine that others use, only the second is the program's own. */
async function timed(name: string, count: number, work: () => Promise<unknown>): Promise<void> {
  let [longest, longestCpu] = [0, 0];
  const start = performance.now();
  const startCpu = cpuMilliseconds();
  let [last, lastCpu] = [start, startCpu];
  const look = (): void => {
    const [now, nowCpu] = [performance.now(), cpuMilliseconds()];
    longest = Math.max(longest, now - last);
    longestCpu = Math.max(longestCpu, nowCpu - lastCpu);
    [last, lastCpu] = [now, nowCpu];
  };
  const timer = setInterval(look, 1);
  await work();
  look();
  clearInterval(timer);
  const seconds = (performance.now() - start) / 1000;
  const cpu = (cpuMilliseconds() - startCpu) / 1000;
  const memory = Math.round(process.memoryUsage().rss / 1e6);
  process.stdout.write(
    `${name.padEnd(44)} ${count} in ${seconds.toFixed(2)} s (${cpu.toFixed(2)} s CPU), ${Math.round(count / seconds)}/s; longest pause ${longest.toFixed(0)} ms (${longestCpu.toFixed(0)} ms CPU), ${memory} MB\n`,
  );
}

async function fill(rowsPerTransaction: number, count: number, again = false): Promise<void> {
  const server = await OvsdbServer.start();
  const device = await TestSwitch.start(server, { tunnelIp: '10.0.0.1', emulate: false });
  await device.addLogicalSwitch(10);
  const addresses = new AddressTable();
  const vteps = Array.from({ length: VTEPS }, (_, i) => addresses.intern(ip(`10.1.0.${i + 1}`)));
  const make = async () => {
    const dataplane = HardwareVtepDataplane.create({
      switchName: SWITCH,
      source: activeSource({ kind: 'unix', passive: false, path: server.socket }),
      bindings: [],
      ledgerFile: join(server.directory, 'bench.rows'),
      rowsPerTransaction,
      clock: systemClock,
      addresses,
      log: silentLogger,
      auditMilliseconds: 0,
    });
    await dataplane.open(deaf);
    dataplane.ensure({ vni: 10, correct: false });
    return dataplane;
  };
  // In turns, as EVPN does it: a loop over all of them would be a pause of the bench's own.
  const want = async (dataplane: HardwareVtepDataplane): Promise<void> => {
    for (let i = 0; i < count; i++) {
      if (i % MACS_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
      dataplane.setMac(10, 0x020000000000 + i, vteps[i % VTEPS]!, 0);
    }
  };
  try {
    const first = await make();
    await timed(`remote MACs, ${rowsPerTransaction} rows a transaction`, count, async () => {
      await want(first);
      await first.idle();
    });
    await first.close({ keepEntries: true });
    if (!again) return;
    let second: HardwareVtepDataplane | undefined;
    await timed('taking over what is in place', count, async () => {
      second = await make();
      await want(second);
      second.pruneStale();
      await second.idle();
    });
    const { written, installed, adopted } = second!.counters();
    process.stdout.write(`  ${written} written, ${installed} installed, ${adopted} adopted\n`);
    await timed('a lost connection: read again, compared', count, async () => {
      await server.stop();
      await server.run();
      await new Promise((resolve) => setTimeout(resolve, 50));
      await second!.idle();
    });
    process.stdout.write(`  ${second!.counters().written} written\n`);
    await timed('all of it taken out', count, async () => {
      await second!.close({ keepEntries: false });
    });
    const left = await server.connect();
    process.stdout.write(`  ${(await left.rows('Ucast_Macs_Remote')).length} rows left\n`);
    left.close();
  } finally {
    device.close();
    await server.remove();
  }
}
