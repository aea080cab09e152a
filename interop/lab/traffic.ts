/**
 * Watches what users feel while something happens to the control plane: hosts ping each other twenty times a second, and each
 * leaf's forwarding table is monitored for tunnel entries that go.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Daemon } from './daemons.ts';
import { eventually, expect, throughout } from './expect.ts';
import type { LabContext } from './lab.ts';

export interface Flow {
  readonly from: string;
  readonly to: string;
}

export interface Felt {
  readonly sent: number;
  readonly lost: number;
  /** Lines of `bridge monitor fdb` about tunnel entries that were deleted, by leaf. */
  readonly deleted: Readonly<Record<string, readonly string[]>>;
}

const INTERVAL = '0.05';

export class Traffic {
  readonly #pings: readonly Daemon[];
  readonly #monitors: ReadonlyMap<string, Daemon>;

  private constructor(pings: readonly Daemon[], monitors: ReadonlyMap<string, Daemon>) {
    this.#pings = pings;
    this.#monitors = monitors;
  }

  /** Resolves when answers come back. */
  static async start(lab: LabContext, flows: readonly Flow[], leaves: readonly string[]): Promise<Traffic> {
    const { network, daemons, directory } = lab;
    const log = (name: string) => join(directory, `${name}-${randomUUID().slice(0, 8)}.log`);
    const monitors = new Map(
      leaves.map((leaf) => {
        const command = network.command(leaf, ['bridge', 'monitor', 'fdb']);
        return [leaf, daemons.start('bridge monitor', command, log(`${leaf}-fdb`))];
      }),
    );
    const pings = flows.map(({ from, to }) => {
      const command = network.command(from, ['ping', '-i', INTERVAL, '-W', '1', to]);
      return daemons.start('ping', command, log(`${from}-ping`));
    });
    await eventually('pings are answered', () => pings.every((ping) => /icmp_seq=5 /.test(ping.log)));
    return new Traffic(pings, monitors);
  }

  /** Lines of `bridge monitor fdb` about tunnel entries that went, so far. */
  get deleted(): Record<string, readonly string[]> {
    return Object.fromEntries(
      [...this.#monitors].map(([leaf, { log }]) => [
        leaf,
        log.split('\n').filter((line) => /^Deleted .* dst /.test(line)),
      ]),
    );
  }

  async stop(): Promise<Felt> {
    await Promise.all(this.#pings.map((ping) => ping.stop('SIGINT')));
    await Promise.all([...this.#monitors.values()].map((monitor) => monitor.stop()));
    let [sent, lost] = [0, 0];
    for (const { log } of this.#pings) {
      const match = /(\d+) packets transmitted, (\d+) received/.exec(log);
      if (!match) throw new Error(`ping has not counted: ${log.slice(-300)}`);
      sent += Number(match[1]);
      // The last one may have been on its way.
      lost += Math.max(0, Number(match[1]) - Number(match[2]) - 1);
    }
    return { sent, lost, deleted: this.deleted };
  }
}

/** So long after the last End-of-RIB, what no route claims has been taken out. */
const PRUNED_SECONDS = 2;

/** Does the deed, and expects that no ping is lost by it, and no tunnel entry taken out of any leaf. */
export async function expectUnfelt(
  lab: LabContext,
  what: string,
  flows: readonly Flow[],
  leaves: readonly string[],
  deed: () => Promise<void>,
): Promise<void> {
  lab.step(what);
  const traffic = await Traffic.start(lab, flows, leaves);
  await deed();
  const isWhole = () => Object.values(traffic.deleted).flat().length === 0;
  await throughout(`${what}: no tunnel entry is taken out`, PRUNED_SECONDS, isWhole);
  const { sent, lost, deleted } = await traffic.stop();
  expect(`${what}: no tunnel entry is taken out`, Object.values(deleted).flat().length === 0, deleted);
  expect(`${what}: no ping is lost`, lost === 0, `${lost} of ${sent} lost`);
}
