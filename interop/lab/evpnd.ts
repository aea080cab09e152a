/** evpnd in a namespace, driven through evpnctl as an operator would. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Daemon, Daemons } from './daemons.ts';
import { eventually } from './expect.ts';
import { type Network, run } from './network.ts';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
export const EVPND = join(dist, 'daemon/main.js');
export const EVPNCTL = join(dist, 'cli/main.js');

export interface EvpndOptions {
  readonly network: Network;
  readonly daemons: Daemons;
  readonly node: string;
  /** YAML without the control and log sections, which the lab adds. */
  readonly configuration: string;
  readonly directory: string;
}

export class Evpnd {
  readonly node: string;
  readonly socket: string;
  readonly configurationFile: string;
  readonly #options: EvpndOptions;
  #daemon: Daemon;

  private constructor(options: EvpndOptions) {
    this.#options = options;
    this.node = options.node;
    this.socket = join(options.directory, `${options.node}.sock`);
    this.configurationFile = join(options.directory, `${options.node}.yaml`);
    this.writeConfiguration(options.configuration);
    this.#daemon = this.#spawn();
  }

  static async start(options: EvpndOptions): Promise<Evpnd> {
    const evpnd = new Evpnd(options);
    await evpnd.ready();
    return evpnd;
  }

  writeConfiguration(configuration: string): void {
    const local = `control: { socket: ${this.socket} }\nlog: { level: debug }\n`;
    writeFileSync(this.configurationFile, `${configuration.trim()}\n${local}`);
  }

  /** Resolves when it answers on its control socket. */
  async ready(): Promise<void> {
    await eventually(`evpnd of ${this.node} answers`, async () => {
      if (!this.#daemon.running) throw new Error(`evpnd ended: ${this.#daemon.log.slice(-1000)}`);
      return this.ctl('show version');
    });
  }

  get daemon(): Daemon {
    return this.#daemon;
  }

  /** Output of an evpnctl command. */
  async ctl(command: string): Promise<string> {
    return run([process.execPath, EVPNCTL, '--socket', this.socket, ...command.split(/\s+/)]);
  }

  async json<T>(command: string): Promise<T> {
    return JSON.parse(await this.ctl(`${command} --json`)) as T;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#daemon.stop(signal);
  }

  /** Starts it again after `stop`, with the configuration file as it is now. */
  async start(): Promise<void> {
    this.#daemon = this.#spawn();
    await this.ready();
  }

  #spawn(): Daemon {
    const { network, daemons, node, directory } = this.#options;
    const command = network.command(node, [process.execPath, EVPND, '--config', this.configurationFile]);
    return daemons.start(`evpnd ${node}`, command, join(directory, `${node}-evpnd.log`));
  }
}
