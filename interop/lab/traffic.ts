/**
 * Watches what users feel while something happens to the control plane: hosts ping each other twenty times a second, and each
 * leaf's forwarding table is monitored for tunnel entries that go.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Daemon } from './daemons.ts';
import { eventually } from './expect.ts';
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
    const deleted = Object.fromEntries(
      [...this.#monitors].map(([leaf, { log }]) => [
        leaf,
        log.split('\n').filter((line) => /^Deleted .* dst /.test(line)),
      ]),
    );
    return { sent, lost, deleted };
  }
}
