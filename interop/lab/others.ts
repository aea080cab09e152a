/** GoBGP, ExaBGP and BIRD in a namespace. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Daemon, Daemons } from './daemons.ts';
import { eventually } from './expect.ts';
import type { Network } from './network.ts';
import { inRoot } from './root.ts';

export interface PeerOptions {
  readonly network: Network;
  readonly daemons: Daemons;
  readonly node: string;
  readonly configuration: string;
  readonly directory: string;
}

const GOBGP_API = ['-u', '127.0.0.1', '-p', '50051'];

export class Gobgp {
  readonly #options: PeerOptions;

  private constructor(options: PeerOptions) {
    this.#options = options;
  }

  static async start(options: PeerOptions & { readonly logLevel?: string }): Promise<Gobgp> {
    const file = join(options.directory, `${options.node}.toml`);
    writeFileSync(file, options.configuration);
    const gobgp = new Gobgp(options);
    const level = options.logLevel ?? 'debug';
    const command = ['gobgpd', '-f', file, '--api-hosts', '127.0.0.1:50051', '-l', level, '-p'];
    const log = join(options.directory, `${options.node}-gobgpd.log`);
    options.daemons.start('gobgpd', options.network.command(options.node, command), log);
    await eventually('gobgpd answers', () => gobgp.command('global'));
    return gobgp;
  }

  /** Output of `gobgp WORDS`. */
  async command(words: string): Promise<string> {
    const { network, node } = this.#options;
    return network.exec(node, ['gobgp', ...GOBGP_API, ...words.trim().split(/\s+/)]);
  }

  /** Adds or deletes an EVPN route, in GoBGP's own words. */
  async rib(verb: 'add' | 'del', route: string): Promise<void> {
    await this.command(`global rib ${verb} -a evpn ${route}`);
  }
}

/** ExaBGP as a receiver: everything it gets is written to its log as JSON lines. */
export class Exabgp {
  readonly #daemon: Daemon;

  constructor(options: PeerOptions) {
    const file = join(options.directory, `${options.node}.exabgp.conf`);
    writeFileSync(file, options.configuration);
    const settings = ['exabgp.daemon.user=root', 'exabgp.daemon.drop=false', 'exabgp.api.cli=false'];
    const command = options.network.command(options.node, ['env', ...settings, 'exabgp', file]);
    const log = join(options.directory, `${options.node}-exabgp.log`);
    this.#daemon = options.daemons.start('exabgp', command, log);
  }

  get log(): string {
    return this.#daemon.log;
  }
}

export class Bird {
  readonly #options: PeerOptions & { readonly root: string };
  readonly #socket: string;
  /** As seen from inside the root. */
  readonly #file: string;

  private constructor(options: PeerOptions & { readonly root: string }) {
    this.#options = options;
    this.#file = `/tmp/${options.network.namespace(options.node)}.bird.conf`;
    this.#socket = `/run/bird/${options.network.namespace(options.node)}.ctl`;
  }

  static async start(options: PeerOptions & { readonly root: string }): Promise<Bird> {
    const bird = new Bird(options);
    writeFileSync(join(options.root, bird.#file), options.configuration);
    mkdirSync(join(options.root, 'run/bird'), { recursive: true });
    const command = inRoot(options.root, ['bird', '-f', '-c', bird.#file, '-s', bird.#socket]);
    const log = join(options.directory, `${options.node}-bird.log`);
    options.daemons.start('bird', options.network.command(options.node, command), log);
    await eventually('bird answers', () => bird.show('status'));
    return bird;
  }

  /** Output of `birdc show WORDS`. */
  async show(words: string): Promise<string> {
    const { network, node, root } = this.#options;
    const command = ['birdc', '-s', this.#socket, 'show', ...words.split(' ')];
    return network.exec(node, inRoot(root, command));
  }

  /** Removes what it needed inside the root. */
  removeFiles(): void {
    rmSync(join(this.#options.root, this.#file), { force: true });
  }
}
