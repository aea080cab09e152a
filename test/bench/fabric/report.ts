/** docs/benchmarks.md: the table with medians and spread, and what it was made on. */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { type Bench, median, type Row } from './rows.ts';

export function printReport(bench: Bench, version: string): string {
  const lines = bench.rows.map((row) => `| ${cells(row).join(' | ')} |`);
  const pauses = [...bench.pauses].map(
    ([work, values]) => `| ${work} | ${round(median(values))} | ${round(Math.max(...values))} |`,
  );
  return `# Benchmarks

Written by \`make bench\` on ${new Date().toISOString().slice(0, 10)}: evpnd ${version} on Node ${process.version}, ${frrVersion()},
Linux ${release()}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GB. Medians, with the smallest and the
largest value in brackets where there was more than one run. **Only ratios count**: the machine is shared, and evpnd
and FRR ran in turn so that both met the same weather: a load average of ${round(loadavg()[2]!)} when it ended. What holds back what is missed, and figures of
quiet minutes: [findings](benchmark-findings.md). The codec by itself: [benchmarks of the codec](benchmarks-codec.md).

| Work | Goal | FRR | evpnd | FRR : evpnd | Reached |
|---|---|---|---|---|---|
${lines.join('\n')}

![Time against routes](benchmarks-time.svg)
![Memory against routes](benchmarks-memory.svg)

## Longest pauses of evpnd's event loop, in ms

| Work | Median of the runs | Worst run |
|---|---|---|
${pauses.join('\n')}
${printFailures(bench.failures)}
## How it is measured

- The system measured runs in a network namespace of its own, the load generator in another, joined by a veth pair. The
  generator (test/bench/fabric) is no router: it encodes all UPDATEs beforehand and writes buffers; its receivers keep a bit
  per host, so "complete" means that every client has every route, and each once.
- Time of announcing and withdrawing: from the first octet written by the source to the last route seen by the last client.
  "Cold" is a process that has just started and has seen no route. The source's session dies by a TCP reset.
- Routes are of type 2. Packed: as many as fit into 4,096 octets, 100 MACs or more of a leaf and VNI in a row, as a leaf
  sends them; unpacked: one per UPDATE.
- Memory is VmHWM of the process; for FRR of bgpd and zebra together. FRR runs with its \`datacenter\` defaults.
- Times in the kernel come from a C program (test/bench/fdb.c) that listens to the kernel's notifications, and counts
  entries of the VXLAN devices. The C program that evpnd is compared with is the same file: 256 requests in a
  system call, and no BGP.
- evpnd keeps a hold time of 3 s throughout, FRR the 9 s of its defaults.
- The event loop's longest pause is monitorEventLoopDelay of perf_hooks inside evpnd (test/bench/fabric/loop-delay.mjs). It
  counts the time that the machine gave to others, too.
`;
}

function printFailures(failures: readonly string[]): string {
  if (failures.length === 0) return '';
  const lines = failures.map((text) => `- ${text}`);
  return `\n## Runs that did not end\n\nThey count in no median.\n\n${lines.join('\n')}\n`;
}

function frrVersion(): string {
  try {
    const text = execFileSync('/usr/lib/frr/bgpd', ['--version'], { encoding: 'utf8' });
    return `FRR ${/version (\S+)/.exec(text)?.[1] ?? ''}`;
  } catch {
    return 'no FRR';
  }
}

/** Whether the goal is reached; undefined when there is none, or nothing to judge by. */
export function isReached({ evpnd, frr, timesFaster, atMost }: Row): boolean | undefined {
  if (evpnd.length === 0) return undefined;
  if (timesFaster !== undefined) {
    return frr.length === 0 ? undefined : median(frr) / median(evpnd) >= timesFaster;
  }
  return atMost === undefined ? undefined : median(evpnd) <= atMost;
}

function cells(row: Row): string[] {
  const { work, goal, unit, frr, evpnd, note } = row;
  const reached = isReached(row);
  const isRatio = unit !== '' && frr.length > 0 && evpnd.length > 0 && median(evpnd) > 0;
  return [
    note ? `${work} (${note})` : work,
    goal,
    printValues(frr, unit),
    printValues(evpnd, unit),
    isRatio && median(frr) > 0 ? `${round(median(frr) / median(evpnd))}` : '',
    reached === undefined ? '' : reached ? 'yes' : '**no**',
  ];
}

function printValues(values: readonly number[], unit: string): string {
  if (values.length === 0) return '';
  const spread = values.length > 1 ? ` (${round(Math.min(...values))}–${round(Math.max(...values))})` : '';
  return `${round(median(values))}${unit === '' ? '' : ` ${unit}`}${spread}`;
}

function round(value: number): string {
  if (!Number.isFinite(value)) return 'never';
  const digits = Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  return String(Number(value.toFixed(digits)));
}
