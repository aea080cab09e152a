/**
 * A leaf or a reflector of the simulated fabric: the machine, whose forwarding tables and hosts outlive the evpnd that
 * runs on it, and the ways in which that process ends and begins.
 */
import { AddressTable } from '../../src/base/address-table.ts';
import type { Logger } from '../../src/base/log.ts';
import type { Config } from '../../src/config/index.ts';
import type { EarlierRun, RunRecord } from '../../src/daemon/run-record.ts';
import {
  createMemoryDataplane,
  MemoryDriver,
  type MemoryFaults,
  MemoryTables,
} from '../../src/dataplane/memory/index.ts';
import type { MemoryNetwork } from '../../src/session/index.ts';
import { ProcessClock, type SimulatedClock } from './clock.ts';
import { ProcessTransport } from './process-transport.ts';
import { Random } from './random.ts';
import { Speaker } from './speaker.ts';

/** stop: told to; crash: the process dies; power: the machine does, and nobody says goodbye. */
export type Ending = 'stop' | 'crash' | 'power';

export interface MachineOptions {
  readonly name: string;
  readonly address: string;
  readonly config: Config;
  readonly clock: SimulatedClock;
  readonly network: MemoryNetwork;
  readonly log: Logger;
  readonly seed: number;
  readonly isCut: (a: string, b: string) => boolean;
}

/** The run record of a machine: it outlives its processes, and not the machine. */
class MemoryRunRecord implements RunRecord {
  /** Somebody has emptied the forwarding tables since. */
  tablesLost = false;
  #peers: readonly string[] | undefined;

  load(): EarlierRun | undefined {
    const sameKernel = !this.tablesLost;
    this.tablesLost = false;
    return this.#peers && { peers: this.#peers, sameKernel };
  }

  save(peers: readonly string[]): void {
    this.#peers = peers;
  }

  remove(): void {
    this.#peers = undefined;
  }
}

interface Process {
  readonly clock: ProcessClock;
  readonly transport: ProcessTransport;
  readonly speaker: Speaker;
}

export class Machine {
  readonly name: string;
  readonly address: string;
  readonly tables = new MemoryTables();
  readonly addresses = new AddressTable();
  readonly faults: MemoryFaults = {
    refuse: undefined,
    loseNotices: false,
    unknownResults: undefined,
    failDump: false,
  };
  config: Config;
  readonly #options: MachineOptions;
  readonly #record = new MemoryRunRecord();
  #driver: MemoryDriver;
  #process: Process | undefined;
  #runs = 0;

  constructor(options: MachineOptions) {
    this.name = options.name;
    this.address = options.address;
    this.config = options.config;
    this.#options = options;
    this.#driver = this.#bareDriver();
  }

  /** The other side of the forwarding plane, also while no evpnd runs. */
  get hosts(): MemoryDriver {
    return this.#driver;
  }

  get speaker(): Speaker | undefined {
    return this.#process?.speaker;
  }

  start(): void {
    if (this.#process) return;
    const { name, clock, network, log, seed, isCut } = this.#options;
    const processClock = new ProcessClock(clock);
    const transport = new ProcessTransport(network, this.address, (other) => isCut(this.address, other));
    const { dataplane, hosts } = createMemoryDataplane({
      clock: processClock,
      addresses: this.addresses,
      log,
      tables: this.tables,
      auditMilliseconds: this.config.dataplane.auditIntervalSeconds * 1000,
    });
    this.#driver = hosts;
    this.applyFaults();
    const random = new Random(seed, this.#runs++).fraction;
    const { config, addresses } = this;
    const record = this.#record;
    const parts = { name, config, clock: processClock, log, addresses, dataplane, transport, record, random };
    const speaker = new Speaker(parts);
    this.#process = { clock: processClock, transport, speaker };
    void speaker.start();
  }

  /** `done` when the process is gone: at once, or after it has tidied up. */
  end(how: Ending, keepEntries: boolean, done: () => void): void {
    const process = this.#process;
    if (process && how === 'stop') {
      const finish = () => {
        this.#end(process, false);
        done();
      };
      process.clock.resume();
      void process.speaker.stop({ graceful: keepEntries }).then(finish);
      return;
    }
    if (process) {
      this.#end(process, how === 'power');
      if (how === 'power') this.#forgetEverything();
      else if (!keepEntries) {
        this.tables.entries.clear();
        this.#record.tablesLost = true;
      }
    }
    done();
  }

  reconfigure(config: Config): void {
    this.config = config;
    this.speaker?.reconfigure(config);
  }

  /** The process is stopped as by SIGSTOP, and continued. */
  hang(hanging: boolean): void {
    if (!this.#process) return;
    this.#process.transport.stall(hanging);
    if (hanging) this.#process.clock.pause();
    else this.#process.clock.resume();
  }

  /** Gives the driver of the present run the faults as they are set. */
  applyFaults(): void {
    Object.assign(this.#driver.faults, this.faults);
  }

  #end(process: Process, silently: boolean): void {
    if (this.#process !== process) return;
    process.clock.end();
    process.transport.end({ silently });
    this.#process = undefined;
    this.#driver = this.#bareDriver();
  }

  /** The machine begins again with its devices and nothing in them. */
  #forgetEverything(): void {
    this.#record.remove();
    this.tables.entries.clear();
    for (const instance of this.tables.instances.values()) {
      instance.macs.clear();
      instance.neighbours.clear();
    }
  }

  /** Changes the tables and tells nobody. */
  #bareDriver(): MemoryDriver {
    return new MemoryDriver(this.addresses, this.#options.clock, this.tables);
  }
}
