/**
 * What a lab is, and what it is given: a network, daemons, peers, a directory for logs and captures, and
 * `step`, which names what is being checked so that a failure says where it happened.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Daemons } from './daemons.ts';
import { Evpnd } from './evpnd.ts';
import { Frr } from './frr.ts';
import { Network } from './network.ts';
import { Bird, Exabgp, Gobgp } from './others.ts';

export interface Lab {
  /** Folder name under interop/. */
  readonly name: string;
  readonly title: string;
  /** Programs that must be on the PATH (or in the newer root), else the lab is skipped. */
  readonly needs: readonly string[];
  /** Needs the newer Debian root of `interop/setup --newer`. */
  readonly newer?: boolean;
  run(context: LabContext): Promise<void>;
}

export class LabContext {
  readonly network: Network;
  readonly daemons = new Daemons();
  /** Logs, captures, sockets, and configuration files as they were used. */
  readonly directory: string;
  /** The newer Debian root; set only for labs that ask for it. */
  readonly root: string | undefined;
  readonly #sources: string;
  readonly #onStep: (step: string) => void;
  /** Peers that need files outside of the lab's directory. */
  readonly #withFiles: { removeFiles(): void }[] = [];
  #step = 'set-up';

  constructor(options: {
    prefix: string;
    directory: string;
    sources: string;
    root?: string | undefined;
    onStep: (step: string) => void;
  }) {
    this.network = new Network(options.prefix);
    this.directory = options.directory;
    this.root = options.root;
    this.#sources = options.sources;
    this.#onStep = options.onStep;
  }

  get currentStep(): string {
    return this.#step;
  }

  /** Names what follows; it appears in progress lines and in the report of a failure. */
  step(what: string): void {
    this.#step = what;
    this.#onStep(what);
  }

  /** A file of the lab's folder, with `{{name}}` replaced from `values`. */
  file(name: string, values: Readonly<Record<string, string | number>> = {}): string {
    const text = readFileSync(join(this.#sources, name), 'utf8');
    return text.replace(/\{\{(\w+)\}\}/g, (_, key: string) => {
      if (!(key in values)) throw new Error(`${name}: no value for {{${key}}}`);
      return String(values[key]);
    });
  }

  async frr(node: string, configuration: string, root = this.root): Promise<Frr> {
    const { network, daemons, directory } = this;
    const frr = await Frr.start({ network, daemons, node, configuration, logDirectory: directory, root });
    this.#withFiles.push(frr);
    return frr;
  }

  async evpnd(node: string, configuration: string): Promise<Evpnd> {
    const { network, daemons, directory } = this;
    return Evpnd.start({ network, daemons, node, configuration, directory });
  }

  async gobgp(node: string, configuration: string): Promise<Gobgp> {
    const { network, daemons, directory } = this;
    return Gobgp.start({ network, daemons, node, configuration, directory });
  }

  exabgp(node: string, configuration: string): Exabgp {
    const { network, daemons, directory } = this;
    return new Exabgp({ network, daemons, node, configuration, directory });
  }

  async bird(node: string, configuration: string): Promise<Bird> {
    const { network, daemons, directory, root } = this;
    if (!root) throw new Error('BIRD with EVPN needs the newer root');
    const bird = await Bird.start({ network, daemons, node, configuration, directory, root });
    this.#withFiles.push(bird);
    return bird;
  }

  /** Captures BGP and VXLAN on an interface into the lab's directory, from now until the lab ends. */
  capture(node: string, device: string): void {
    const file = join(this.directory, `${node}-${device}.pcap`);
    const filter = 'tcp port 179 or udp port 4789';
    const command = ['tcpdump', '-Z', 'root', '-U', '-s0', '-i', device, '-w', file, filter];
    this.daemons.start('tcpdump', this.network.command(node, command), join(this.directory, 'tcpdump.log'));
  }

  /** Takes everything away. */
  async remove(): Promise<void> {
    await this.daemons.stop();
    for (const peer of this.#withFiles) peer.removeFiles();
    this.network.remove();
  }

  /** The same without waiting, for signals and crashes. */
  abandon(): void {
    this.daemons.kill();
    for (const peer of this.#withFiles) peer.removeFiles();
    this.network.remove();
  }
}
