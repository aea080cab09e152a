/**
 * How fast a hardware VTEP's database is filled, and taken over again: `node --import=tsx test/bench/ovsdb.ts [MACs]`. Against an
 * ovsdb-server of its own with vtep.ovsschema and no switch behind it. The first runs choose the rows per transaction.
 */
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { AddressTable } from '../../src/base/address-table.ts';
import { systemClock } from '../../src/base/clock.ts';
import { ip } from '../../src/base/ip.ts';
import { silentLogger } from '../../src/base/log.ts';
import { HardwareVtepDataplane } from '../../src/dataplane/hardware-vtep/index.ts';
import { activeSource } from '../../src/ovsdb/index.ts';
import { EventRecorder } from '../dataplane/contract.ts';
import { SWITCH, TestSwitch } from '../dataplane/hardware-vtep/switch.ts';
import { OvsdbServer, skipWithoutServer } from '../ovsdb/server.ts';

const macs = Number(process.argv[2] ?? 100_000);
const VTEPS = 64;

if (skipWithoutServer) {
  process.stdout.write(`skipped: ${skipWithoutServer}\n`);
  process.exit(0);
}

for (const rows of [100, 300, 1000, 3000]) await fill(rows, Math.min(macs, 30_000));
await fill(1000, macs, true);

async function timed(name: string, count: number, work: () => Promise<unknown>): Promise<void> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const start = performance.now();
  const before = process.cpuUsage();
  await work();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  const cpu = ((user + system) / 1e6).toFixed(2);
  delay.disable();
  const memory = Math.round(process.memoryUsage().rss / 1e6);
  const rate = Math.round(count / seconds);
  process.stdout.write(
    `${name.padEnd(44)} ${count} in ${seconds.toFixed(2)} s, ${rate}/s; ${cpu} s CPU; longest slice ${(delay.max / 1e6).toFixed(0)} ms, ${memory} MB\n`,
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
    await dataplane.open(new EventRecorder());
    dataplane.ensure({ vni: 10, correct: false });
    return dataplane;
  };
  const want = (dataplane: HardwareVtepDataplane): void => {
    for (let i = 0; i < count; i++) dataplane.setMac(10, 0x020000000000 + i, vteps[i % VTEPS]!, 0);
  };
  try {
    const first = await make();
    await timed(`remote MACs, ${rowsPerTransaction} rows a transaction`, count, async () => {
      want(first);
      await first.idle();
    });
    await first.close({ keepEntries: true });
    if (!again) return;
    let second: HardwareVtepDataplane | undefined;
    await timed('taking over what is in place', count, async () => {
      second = await make();
      want(second);
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
