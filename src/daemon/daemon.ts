/**
 * The whole daemon: makes every part, joins them, and takes them down in order. The only place, with the other files of
 * this folder, that knows everyone. `start` either returns a daemon that runs or leaves nothing behind.
 */
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { AddressTable } from '../base/address-table.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import type { Config } from '../config/index.ts';
import type { ReloadReply } from '../control/api.ts';
import { ControlServer } from '../control/index.ts';
import { Rib } from '../rib/index.ts';
import { tcpConnectionsEnded, tcpTransport } from '../session/index.ts';
import { Backend } from './backend.ts';
import { createLeaves } from './dataplanes.ts';
import { evpnEvents, routeEvents } from './event-sources.ts';
import { EventStream } from './events.ts';
import { GracefulRestart } from './graceful-restart.ts';
import type { DaemonLogger } from './logger.ts';
import { routerIdNumber } from './neighbour.ts';
import { Neighbours } from './neighbours.ts';
import type { Parts } from './parts.ts';
import type { Identity } from './peer-settings.ts';
import { Problems } from './problems.ts';
import { Reloader } from './reload.ts';
import { RunFile } from './run-record.ts';
import { progressOf, StaleEntries } from './stale-entries.ts';
import { warmUp } from './warm-up.ts';

export interface DaemonOptions {
  readonly config: Config;
  /** The file that it came from, which `reload` reads again. */
  readonly file: string;
  readonly log: DaemonLogger;
  readonly version: string;
}

export class Daemon {
  readonly #parts: Parts;
  readonly #reloader: Reloader;
  readonly #control: ControlServer;
  readonly #stale: StaleEntries;
  #stopped: Promise<void> | undefined;

  private constructor(parts: Parts, reloader: Reloader, control: ControlServer, stale: StaleEntries) {
    this.#parts = parts;
    this.#reloader = reloader;
    this.#control = control;
    this.#stale = stale;
  }

  /** @throws Error in words when the socket, the listener or the dataplane cannot be had; nothing is left open then. */
  static async start({ config, file, log, version }: DaemonOptions): Promise<Daemon> {
    const clock = systemClock;
    let stale: StaleEntries | undefined;
    const parts = composeParts(config, log, version, clock, () => {
      parts.restart.update();
      stale?.update();
    });
    const { neighbours, leaves, restart } = parts;
    let running = () => {};
    const started = new Promise<void>((resolve) => {
      running = resolve;
    });
    const reloader = new Reloader(config, file, parts, started);
    const backend = new Backend(parts, reloader);
    // First, so that a second daemon on the same socket ends before it touches anything.
    const { socket, mode } = config.control;
    const control = await ControlServer.listen({ backend, socketPath: socket, mode, clock, log });
    restart.load();
    try {
      await neighbours.open();
      await leaves.open();
    } catch (error) {
      neighbours.close();
      await leaves.close({ keepEntries: true });
      await control.close();
      throw error;
    }
    stale = new StaleEntries(
      clock,
      () => progressOf(neighbours.all),
      () => leaves.pruneStale(),
    );
    neighbours.setRanges(config.listenRanges);
    for (const neighbor of config.neighbors) neighbours.add(neighbor);
    restart.begin(neighbours, parts.rib);
    void leaves.learned.then(() => restart.learned());
    warmUp(clock, () => [...neighbours.all].some(({ peer }) => peer.statistics.received.updates > 0));
    log.info(
      { routerId: config.router.routerId, as: config.router.asn, dataplane: parts.dataplane.kind, version },
      'evpnd is running',
    );
    running();
    return new Daemon(parts, reloader, control, stale);
  }

  /** Reads the configuration file again and applies the difference. Rejects with every problem; nothing changed then. */
  reload(): Promise<ReloadReply> {
    return this.#reloader.reload();
  }

  /**
   * Closes everything. For good: says goodbye to the peers and takes the forwarding entries out. `graceful`, to come back: goes
   * without a word, so that the peers keep our routes, and leaves the entries. What was asked first holds.
   */
  stop({ graceful = this.#reloader.config.dataplane.keepOnExit } = {}): Promise<void> {
    return (this.#stopped ??= this.#stop(graceful));
  }

  async #stop(graceful: boolean): Promise<void> {
    const { neighbours, leaves, restart, log } = this.#parts;
    this.#stale.cancel();
    restart.close({ graceful });
    if (graceful) neighbours.abandon();
    else neighbours.close('evpnd stops');
    await leaves.close({ keepEntries: graceful });
    await this.#control.close();
    // The peers have to take our last NOTIFICATION before the process may go.
    await tcpConnectionsEnded();
    log.info({}, 'evpnd has stopped');
  }
}

function composeParts(
  config: Config,
  log: DaemonLogger,
  version: string,
  clock: Clock,
  progress: () => void,
): Parts {
  const { router } = config;
  const addresses = new AddressTable();
  const events = new EventStream(() => clock.wallTime());
  const problems = new Problems(clock, log, events);
  const rib = new Rib({
    localAs: router.asn,
    routerId: routerIdNumber(router.routerId),
    clusterId: routerIdNumber(router.clusterId),
    addresses,
    clock,
  });
  const restart = new GracefulRestart({
    config: config.gracefulRestart,
    record: new RunFile(runFileOf(config), (text) => problems.set('run-file', text)),
    inKernel: config.dataplane.type === 'kernel',
    clock,
    log,
  });
  const leaves = createLeaves(config, { clock, addresses, log, rib, problems });
  const { dataplane, evpn } = leaves;
  events.add(['route'], routeEvents(rib));
  events.add(['mac', 'vni', 'vtep', 'problem'], evpnEvents(evpn));
  const identity: Identity = {
    router,
    gracefulRestart: config.gracefulRestart,
    hostName: router.hostName ?? hostname(),
    softwareVersion: `evpnd/${version}`,
  };
  const neighbours = new Neighbours(config.listen, identity, {
    rib,
    clock,
    log,
    events,
    transport: tcpTransport,
    random: Math.random,
    restart,
    problem: (subject, text) => problems.set(subject, text),
    progress,
  });
  const startedAt = clock.wallTime();
  return {
    clock,
    log,
    addresses,
    rib,
    leaves,
    dataplane,
    evpn,
    neighbours,
    restart,
    events,
    problems,
    identity,
    version,
    startedAt,
  };
}

/**
 * Beside the control socket, in the run directory, which lasts as long as the kernel's tables; what switches forward outlives the
 * machine that drives them, and so does what is known of them.
 */
function runFileOf({ control, dataplane, router }: Config): string {
  if (dataplane.type === 'hardware-vtep')
    return join(dataplane.stateDirectory, `${router.routerId}.run.json`);
  return join(dirname(control.socket), `${basename(control.socket, '.sock')}.run.json`);
}
