/** docs/benchmarks.md: what was done, on what, and how it is measured, around the tables. */
import { cpus, release, totalmem } from 'node:os';
import type { Results } from './conduct.ts';
import { pauseRow } from './pauses.ts';
import type { Row } from './row.ts';
import { median, quantile } from './statistics.ts';
import type { System } from './systems/system.ts';
import { printSpread, printTable, round, SECTIONS } from './tables.ts';
import { isQuiet, type Weather } from './weather.ts';
import { plural } from './work.ts';

export interface Circumstances {
  /** Those that are there, and those that are not. */
  readonly systems: readonly System[];
  /** Of each contestant, unless a work says that it does fewer. */
  readonly runs: number;
  readonly weather: Weather;
}

export function printReport(results: Results, circumstances: Circumstances): string {
  return `# Benchmarks

${printMachine(circumstances)}

${printWeather(results, circumstances)}

What holds back what is missed, and figures of quiet minutes: [findings](benchmark-findings.md). The codec by itself:
[benchmarks of the codec](benchmarks-codec.md).

## Medians

A dash: not measured there. Where some runs failed, the cell says how many ended.

${printMedians(results)}## Growth

![Time against routes](benchmarks-time.svg)
![Memory against routes](benchmarks-memory.svg)

## Spread: number of runs, lowest and highest value

${printSpread(rowsOf(results))}
## Longest pauses of evpnd's event loop, in ms

${printPauses(results)}
${METHOD}`;
}

/** The tables alone, where nothing is written. */
export const printTables = (results: Results): string =>
  `${printMedians(results)}\nSpread:\n\n${printSpread(rowsOf(results))}`;

function printMedians(results: Results): string {
  return SECTIONS.map((section) => printTable(section, rowsOf(results))).join('') + printFailures(results);
}

const rowsOf = ({ rows, pauses }: Results): Row[] => [...rows, pauseRow(pauses)];

function printMachine({ systems }: Circumstances): string {
  const versions = systems.map(({ name, version }) => `${name} ${version() ?? 'was not there'}`).join(', ');
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`;
  return `Written by \`make bench\` on ${new Date().toISOString().slice(0, 10)}: ${versions}; Node ${process.version},
Linux ${release()}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown processor'}, ${memory}.`;
}

/** Whether the figures are the systems' own, or others had a part in them. */
function printWeather(results: Results, { runs, weather }: Circumstances): string {
  const { attempts, failures, seconds, calibrations } = results;
  const quiet = isQuiet(weather, calibrations) ? 'quiet' : 'not quiet: only ratios count';
  const [quickest, middle, slow] = [0, 0.5, 0.9].map((share) => round(quantile(calibrations, share)));
  return `${plural(attempts, 'run')} in ${Math.round(seconds / 60)} minutes, ${failures.length} of which failed: ${plural(runs, 'run')} of each system, fewer of what takes
long (the number stands beside the spread). The systems ran in turn, so that all met the same weather. **The machine was
${quiet}**: before the start others used ${round(weather.coresInUse)} cores (load average ${round(weather.load)}), and a fixed piece of work, done before
each run, took ${middle} ms (the quickest ${quickest} ms, nine of ten below ${slow} ms).`;
}

function printPauses({ pauses }: Results): string {
  const lines = [...pauses].map(
    ([work, values]) => `| ${work} | ${round(median(values))} | ${round(Math.max(...values))} |`,
  );
  return `| Work | Median of the runs | Worst run |
| --- | --- | --- |
${lines.join('\n')}
`;
}

function printFailures({ failures }: Results): string {
  if (failures.length === 0) return '';
  const lines = failures.map((text) => `- ${text.replaceAll(/\s+/g, ' ')}`);
  return `### Runs that failed\n\nThey count in no median.\n\n${lines.join('\n')}\n\n`;
}

const METHOD = `## How it is measured

- The system measured runs in a network namespace of its own, the load generator in another, joined by a veth pair. The
  generator (test/bench/fabric) is no router: it encodes all UPDATEs beforehand and writes buffers; its receivers keep a bit
  per host, so "complete" means that every client has every route, and each once.
- Time of announcing and withdrawing: from the first octet written by the source to the last route seen by the last client;
  "never" where that took more than 30 s. "Cold" is a process that has just started and has seen no route. The source's session
  dies by a TCP reset.
- Routes are of type 2. Packed: as many as fit into 4,096 octets, 100 MACs or more of a leaf and VNI in a row, as a leaf
  sends them; unpacked: one per UPDATE.
- Memory is VmHWM of the process; for FRR of bgpd and zebra together, and so is processor time.
- FRR runs with its \`datacenter\` defaults and the options of its package (zebra: \`-s 90000000\`; with a smaller buffer it ends
  itself when notifications overrun it), BIRD and GoBGP with their defaults. FRR gathers changes for a while before it
  announces them, which is most of its time where there are few routes. GoBGP takes part in one row only: its time
  grows with the square of the type-2 routes.
- Times in the kernel come from a C program (test/bench/fdb.c) that listens to the kernel's notifications, and counts
  entries of the VXLAN devices. The C programs that evpnd is compared with are the same file: 256 requests in a
  system call, and no BGP. A remote MAC is two entries, one of the bridge and one of the VXLAN device; two messages
  write them, or one with the flags of both. The entries are the same (test/bench/fdb.test.ts).
- evpnd keeps a hold time of 3 s throughout, the others 9 s.
- The event loop's longest pause is monitorEventLoopDelay of perf_hooks inside evpnd (test/bench/fabric/loop-delay.mjs). It
  counts the time that the machine gave to others, too.
`;
