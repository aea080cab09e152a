/** The processes of a running system, and what /proc says of them; FRR's bgpd and zebra together are one. */
import { readFileSync } from 'node:fs';
import { type Daemon, Daemons } from '../../../../interop/lab/daemons.ts';
import type { Running } from './system.ts';

const TICKS_PER_SECOND = 100;
/** Characters of a log that go into an error. */
const LOG_TAIL = 1200;

/** Daemons that remember who they are, to be measured. */
export class MeasuredDaemons extends Daemons {
  readonly #all: Daemon[] = [];

  override start(name: string, command: readonly string[], logFile: string): Daemon {
    const daemon = super.start(name, command, logFile);
    this.#all.push(daemon);
    return daemon;
  }

  named(...names: readonly string[]): Daemon[] {
    return this.#all.filter(({ name }) => names.includes(name));
  }
}

export class Processes implements Running {
  readonly #daemons: readonly Daemon[];
  readonly #stop: () => Promise<void>;

  constructor(daemons: readonly Daemon[], stop: () => Promise<void>) {
    this.#daemons = daemons;
    this.#stop = stop;
  }

  peakMegabytes(): number {
    return this.#megabytes('VmHWM');
  }

  residentMegabytes(): number {
    return this.#megabytes('VmRSS');
  }

  #megabytes(field: string): number {
    const pattern = new RegExp(`${field}:\\s+(\\d+) kB`);
    return this.#sum((daemon) => Number(pattern.exec(read(daemon, 'status'))?.[1] ?? 0)) / 1024;
  }

  processorSeconds(): number {
    const ticks = this.#sum((daemon) => {
      const fields = read(daemon, 'stat').split(') ')[1]!.split(' ');
      return Number(fields[11]) + Number(fields[12]);
    });
    return ticks / TICKS_PER_SECOND;
  }

  #sum(value: (daemon: Daemon) => number): number {
    return this.#daemons.reduce((sum, daemon) => sum + value(daemon), 0);
  }

  async longestPause(): Promise<number | undefined> {
    return undefined;
  }

  assertRunning(): void {
    for (const daemon of this.#daemons) assertRunning(daemon);
  }

  stop(): Promise<void> {
    return this.#stop();
  }
}

/** A file of the daemon's directory in /proc. */
function read(daemon: Daemon, file: 'status' | 'stat'): string {
  assertRunning(daemon);
  return readFileSync(`/proc/${daemon.pid}/${file}`, 'utf8');
}

function assertRunning(daemon: Daemon): void {
  if (daemon.running) return;
  const log = daemon.log.slice(-LOG_TAIL);
  throw new Error(`${daemon.name} (pid ${daemon.pid}) ended ${daemon.ending}; the end of its log: ${log}`);
}
