/**
 * One run of evpnd, without a process: the parts that `src/daemon/daemon.ts` joins, joined the same way, on a simulated
 * clock, network and forwarding plane.
 */
import type { AddressTable } from '../../src/base/address-table.ts';
import type { Clock } from '../../src/base/clock.ts';
import type { Logger } from '../../src/base/log.ts';
import type { Config } from '../../src/config/index.ts';
import { EventStream } from '../../src/daemon/events.ts';
import { evpnSettings } from '../../src/daemon/evpn-settings.ts';
import { GracefulRestart } from '../../src/daemon/graceful-restart.ts';
import { routerIdNumber } from '../../src/daemon/neighbour.ts';
import { Neighbours } from '../../src/daemon/neighbours.ts';
import { Problems } from '../../src/daemon/problems.ts';
import type { RunRecord } from '../../src/daemon/run-record.ts';
import { progressOf, StaleEntries } from '../../src/daemon/stale-entries.ts';
import type { Reconciler } from '../../src/dataplane/reconciler.ts';
import { Evpn } from '../../src/evpn/index.ts';
import { Rib } from '../../src/rib/index.ts';
import type { Transport } from '../../src/session/index.ts';

export interface SpeakerOptions {
  readonly name: string;
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly addresses: AddressTable;
  readonly dataplane: Reconciler;
  readonly transport: Transport;
  /** What the run before has left. */
  readonly record: RunRecord;
  readonly random: () => number;
}

export class Speaker {
  readonly rib: Rib;
  readonly evpn: Evpn;
  readonly neighbours: Neighbours;
  readonly problems: Problems;
  readonly dataplane: Reconciler;
  readonly restart: GracefulRestart;
  #config: Config;
  readonly #clock: Clock;
  #stale: StaleEntries | undefined;

  constructor({ name, config, clock, log, addresses, dataplane, transport, record, random }: SpeakerOptions) {
    const { router } = config;
    this.#config = config;
    this.#clock = clock;
    this.dataplane = dataplane;
    const events = new EventStream(() => clock.wallTime());
    this.problems = new Problems(clock, log, events);
    this.rib = new Rib({
      localAs: router.asn,
      routerId: routerIdNumber(router.routerId),
      clusterId: routerIdNumber(router.clusterId),
      addresses,
      clock,
    });
    this.evpn = new Evpn({
      config: evpnSettings(config),
      rib: this.rib,
      forwarding: dataplane,
      addresses,
      clock,
      log,
    });
    const identity = {
      router,
      gracefulRestart: config.gracefulRestart,
      hostName: name,
      softwareVersion: 'evpnd/simulated',
    };
    this.restart = new GracefulRestart({
      config: config.gracefulRestart,
      record,
      inKernel: true,
      clock,
      log,
    });
    const progress = () => {
      this.restart.update();
      this.#stale?.update();
    };
    const deps = {
      rib: this.rib,
      clock,
      log,
      events,
      transport,
      random,
      restart: this.restart,
      progress,
    };
    this.neighbours = new Neighbours(config.listen, identity, deps);
  }

  get config(): Config {
    return this.#config;
  }

  async start(): Promise<void> {
    const { neighbours, evpn, dataplane } = this;
    this.restart.load();
    await neighbours.open();
    evpn.start();
    await dataplane.open(this.problems.forward(evpn));
    this.#stale = new StaleEntries(
      this.#clock,
      () => progressOf(neighbours.all),
      () => dataplane.pruneStale(),
    );
    neighbours.setRanges(this.#config.listenRanges);
    for (const neighbor of this.#config.neighbors) neighbours.add(neighbor);
    this.restart.begin(neighbours, this.rib);
    this.restart.learned();
  }

  /** As `evpnctl reload` does for what the simulator changes: the EVPN part and the settings of neighbours. */
  reconfigure(config: Config): void {
    const before = this.#config;
    this.#config = config;
    if (config.evpn !== before.evpn) this.evpn.reconfigure(evpnSettings(config));
    for (const neighbor of config.neighbors) {
      if (!before.neighbors.includes(neighbor)) this.neighbours.change(neighbor);
    }
  }

  async stop({ graceful }: { readonly graceful: boolean }): Promise<void> {
    this.#stale?.cancel();
    this.restart.close({ graceful });
    if (graceful) this.neighbours.abandon();
    else this.neighbours.close('evpnd stops');
    this.evpn.close();
    await this.dataplane.close({ keepEntries: graceful });
  }
}
