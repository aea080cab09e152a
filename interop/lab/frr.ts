/**
 * FRR in a namespace: its daemons run in the foreground as our children, with a path space of their own,
 * so that many routers share one machine. Also FRR of a newer Debian root, through chroot.
 */
import { chownSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Daemons } from './daemons.ts';
import { eventually } from './expect.ts';
import type { Network } from './network.ts';
import { run } from './network.ts';
import { inRoot } from './root.ts';

/**
 * As its package starts them (/etc/frr/daemons). zebra with a smaller buffer for the kernel's notifications ends itself
 * ("recvmsg overrun: No buffer space available", status 255) when it is slow to read those of 100,000 entries.
 */
const DAEMON_OPTIONS: Readonly<Record<string, readonly string[]>> = { zebra: ['-s', '90000000'] };

export interface FrrOptions {
  readonly network: Network;
  readonly daemons: Daemons;
  readonly node: string;
  /** The integrated configuration, as text. */
  readonly configuration: string;
  readonly logDirectory: string;
  /** A newer Debian root to run from; FRR of this machine unless given. */
  readonly root?: string | undefined;
}

export class Frr {
  readonly #network: Network;
  readonly #node: string;
  readonly #space: string;
  readonly #root: string | undefined;

  private constructor(options: FrrOptions) {
    this.#network = options.network;
    this.#node = options.node;
    this.#space = options.network.namespace(options.node);
    this.#root = options.root;
  }

  /** Starts zebra, staticd, bgpd and bfdd (and mgmtd first, in FRR 10), and loads the configuration. */
  static async start(options: FrrOptions): Promise<Frr> {
    const frr = new Frr(options);
    await frr.#writeConfiguration(options.configuration);
    const names = ['zebra', 'staticd', 'bgpd', 'bfdd'];
    if (options.root) names.unshift('mgmtd');
    for (const name of names) await frr.#startDaemon(name, options);
    await frr.#vtysh(['-b']);
    return frr;
  }

  /** Output of a vtysh command. */
  async show(command: string): Promise<string> {
    return this.#vtysh(['-c', command]);
  }

  async json<T = Record<string, unknown>>(command: string): Promise<T> {
    return JSON.parse((await this.show(`${command} json`)) || '{}') as T;
  }

  /** Configuration lines, entered from the top. */
  async configure(...lines: readonly string[]): Promise<void> {
    await this.#vtysh(['configure terminal', ...lines].flatMap((line) => ['-c', line]));
  }

  /** Removes the files of the path space. */
  removeFiles(): void {
    for (const directory of this.#directories()) rmSync(directory, { recursive: true, force: true });
  }

  #directories(): string[] {
    const base = this.#root ?? '';
    return [join(base, '/run/frr', this.#space), join(base, '/etc/frr', this.#space)];
  }

  async #writeConfiguration(configuration: string): Promise<void> {
    const base = this.#root ?? '/';
    const id = async (flag: string) => Number(await run(inRoot(this.#root, ['id', flag, 'frr'])));
    const [user, group] = [await id('-u'), await id('-g')];
    const [runDirectory, configurationDirectory] = this.#directories();
    for (const directory of [join(base, 'run/frr'), runDirectory!, configurationDirectory!]) {
      mkdirSync(directory, { recursive: true });
      chownSync(directory, user, group);
    }
    const files = { 'frr.conf': configuration, 'vtysh.conf': 'service integrated-vtysh-config\n' };
    for (const [name, text] of Object.entries(files)) {
      const file = join(configurationDirectory!, name);
      writeFileSync(file, text);
      chownSync(file, user, group);
    }
  }

  async #startDaemon(name: string, options: FrrOptions): Promise<void> {
    const daemon = [`/usr/lib/frr/${name}`, '-N', this.#space, '-A', '127.0.0.1', '--log', 'stdout'];
    daemon.push(...(DAEMON_OPTIONS[name] ?? []));
    // A UTS namespace of its own, so that the FQDN capability carries the node's name and not the machine's.
    const named = ['unshare', '-u', 'sh', '-c', 'hostname "$0"; exec "$@"', this.#node];
    const command = this.#network.command(this.#node, [...named, ...inRoot(this.#root, daemon)]);
    const child = options.daemons.start(
      name,
      command,
      join(options.logDirectory, `${this.#node}-${name}.log`),
    );
    const socket = join(this.#directories()[0]!, `${name}.vty`);
    await eventually(`${name} of ${this.#node} opens ${socket}`, () => {
      if (!child.running) throw new Error(`${name} ended: ${child.log.slice(-500)}`);
      return existsSync(socket);
    });
  }

  async #vtysh(args: readonly string[]): Promise<string> {
    const command = inRoot(this.#root, ['vtysh', '-N', this.#space, ...args]);
    return this.#network.exec(this.#node, command);
  }
}
