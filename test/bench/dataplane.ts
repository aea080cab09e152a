/**
 * How fast the kernel dataplane takes a leaf's remote MACs, adopts them after a restart, reads them again and takes them out,
 * and how long it keeps the event loop. Run as root: node --import=tsx --conditions=evpnd-source test/bench/dataplane.ts [entries]
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { ip } from '../../src/base/ip.ts';
import { macOfWords } from '../../src/base/mac.ts';
import type { Dataplane } from '../../src/dataplane/interfaces.ts';
import { EventRecorder } from '../dataplane/contract.ts';
import { type KernelBench, kernelBench, kernelSkip } from '../dataplane/kernel-bench.ts';

const VNIS = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100];

async function timed(what: string, action: () => Promise<unknown>): Promise<void> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const cpu = process.cpuUsage();
  delay.enable();
  const began = performance.now();
  await action();
  const took = performance.now() - began;
  delay.disable();
  const used = process.cpuUsage(cpu);
  const processor = (used.user + used.system) / 1000;
  const pause = delay.max / 1e6;
  console.log(
    `${what.padEnd(34)} ${took.toFixed(0).padStart(6)} ms  ${processor.toFixed(0).padStart(6)} ms processor  ${pause.toFixed(1).padStart(6)} ms longest pause`,
  );
}

async function open(bench: KernelBench): Promise<Dataplane> {
  const dataplane = bench.create();
  await dataplane.open(new EventRecorder());
  for (const vni of VNIS) dataplane.ensure({ vni, correct: false });
  return dataplane;
}

async function run(bench: KernelBench, count: number): Promise<void> {
  for (const vni of VNIS) await bench.addInstance(vni);
  const vteps = Array.from({ length: 50 }, (_, i) => bench.addresses.intern(ip(`10.0.1.${i + 1}`)));
  const fill = (dataplane: Dataplane): Promise<void> => {
    for (let i = 0; i < count; i++) {
      dataplane.setMac(VNIS[i % VNIS.length]!, macOfWords(0x0200, i), vteps[i % vteps.length]!, 0);
    }
    return dataplane.idle();
  };
  const first = await open(bench);
  await first.idle();
  await timed(`${count} remote MACs in`, () => fill(first));
  await bench.quiet();
  await timed('and once more, unchanged', () => fill(first));
  await first.close({ keepEntries: true });
  let second: Dataplane | undefined;
  await timed('restart: read all', async () => {
    second = await open(bench);
    await second.idle();
  });
  await timed('restart: adopt all', () => fill(second!));
  const { written, adopted } = second!.counters();
  console.log(`  ${adopted} adopted, ${written} written`);
  await timed('all out', () => second!.close({ keepEntries: false }));
}

if (kernelSkip) console.log(`skipped: ${kernelSkip}`);
else {
  const bench = await kernelBench();
  try {
    await run(bench, Number(process.argv[2] ?? 100_000));
  } finally {
    await bench.close();
  }
}
