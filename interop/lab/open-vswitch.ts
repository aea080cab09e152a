/**
 * Open vSwitch in a namespace, forwarding in userspace (no kernel module), with the ovs-vtep emulator that makes a hardware VTEP of
 * it: a bridge whose ports are the switch's, a bridge with the underlay, and an OVSDB server with both databases.
 */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Daemon, Daemons } from './daemons.ts';
import { eventually } from './expect.ts';
import type { Network } from './network.ts';

const SHARE = '/usr/share/openvswitch';
const PATIENCE = { seconds: 60 };

export interface OpenVswitchOptions {
  readonly network: Network;
  readonly daemons: Daemons;
  readonly node: string;
  readonly directory: string;
  /** `ptcp:6640:192.168.5.5`, `pssl:...`, beside the unix socket. */
  readonly remotes: readonly string[];
  /** For `pssl`: CA certificate, certificate and private key. */
  readonly tls?: { readonly ca: string; readonly certificate: string; readonly key: string };
}

/** What a hardware VTEP is called and where its tunnels end. */
export interface Vtep {
  /** Name of the bridge and of the Physical_Switch. */
  readonly name: string;
  readonly tunnelIp: string;
  readonly ports: readonly string[];
}

export class OpenVswitch {
  readonly #options: OpenVswitchOptions;
  readonly #directory: string;
  #running: Daemon[] = [];

  constructor(options: OpenVswitchOptions) {
    this.#options = options;
    this.#directory = join(options.directory, `${options.node}-ovs`);
    for (const name of ['run', 'db', 'log', 'etc/openvswitch']) {
      mkdirSync(join(this.#directory, name), { recursive: true });
    }
  }

  get socket(): string {
    return join(this.#directory, 'run/db.sock');
  }

  /** Starts the server on fresh databases, or on those that are there, and the forwarding process. */
  async start({ fresh = true }: { fresh?: boolean } = {}): Promise<void> {
    const { remotes, tls } = this.#options;
    for (const [name, schema] of [
      ['conf', 'vswitch'],
      ['vtep', 'vtep'],
    ] as const) {
      const file = join(this.#directory, `db/${name}.db`);
      if (fresh) rmSync(file, { force: true });
      if (!existsSync(file)) await this.exec('ovsdb-tool', 'create', file, `${SHARE}/${schema}.ovsschema`);
    }
    rmSync(this.socket, { force: true });
    this.#spawn('ovsdb-server', [
      'ovsdb-server',
      ...[`--remote=punix:${this.socket}`, ...remotes.map((remote) => `--remote=${remote}`)],
      ...['--remote=db:hardware_vtep,Global,managers'],
      ...(tls ? [`--ca-cert=${tls.ca}`, `--certificate=${tls.certificate}`, `--private-key=${tls.key}`] : []),
      join(this.#directory, 'db/conf.db'),
      join(this.#directory, 'db/vtep.db'),
    ]);
    await eventually('ovsdb-server opens its socket', () => existsSync(this.socket), PATIENCE);
    await this.vsctl('--no-wait init');
    this.#spawn('ovs-vswitchd', ['ovs-vswitchd', `unix:${this.socket}`]);
  }

  /** As if the power went: processes and the devices that they made. */
  async stop(): Promise<void> {
    for (const daemon of this.#running.splice(0).reverse()) await daemon.stop('SIGKILL');
    const { network, node } = this.#options;
    const devices = (await network.ip(node, '-o tuntap list'))
      .split('\n')
      .flatMap((line) => line.split(':')[0] || []);
    for (const device of devices) await network.ip(node, `link del ${device}`);
  }

  /** A bridge of its own for the underlay: a tunnel address on the switch's bridge does not work in userspace. */
  async addUnderlay(port: string, address: string, gateway: string): Promise<void> {
    const { network, node } = this.#options;
    await this.vsctl('add-br br-phy -- set Bridge br-phy datapath_type=netdev');
    await this.vsctl(`add-port br-phy ${port}`);
    await eventually('br-phy is there', () => network.ip(node, 'link show br-phy'), PATIENCE);
    await network.ip(node, `addr add ${address} dev br-phy`);
    await network.ip(node, 'link set br-phy up');
    await network.ip(node, `route add 10.0.0.0/8 via ${gateway}`);
  }

  async addVtep(vtep: Vtep): Promise<void> {
    await this.addPorts(vtep);
    await this.announce(vtep);
  }

  /** The bridge with the switch's ports, of which the hardware_vtep database knows nothing yet. */
  async addPorts({ name, ports }: Vtep): Promise<void> {
    await this.vsctl(`add-br ${name} -- set Bridge ${name} datapath_type=netdev`);
    for (const port of ports) await this.vsctl(`add-port ${name} ${port}`);
  }

  /** The switch says in the hardware_vtep database what it is, as its own agent would. */
  async announce({ name, tunnelIp }: Vtep): Promise<void> {
    await this.vtepctl(`add-ps ${name} -- set Physical_Switch ${name} tunnel_ips=${tunnelIp}`);
    this.#spawn('ovs-vtep', [`${SHARE}/scripts/ovs-vtep`, name]);
  }

  async vsctl(command: string): Promise<string> {
    return this.exec('ovs-vsctl', `--db=unix:${this.socket}`, ...command.split(' '));
  }

  async vtepctl(command: string): Promise<string> {
    return this.exec('vtep-ctl', `--db=unix:${this.socket}`, ...command.split(' '));
  }

  async exec(...command: readonly string[]): Promise<string> {
    const { network, node } = this.#options;
    return network.exec(node, this.#within(command));
  }

  /** Remote MACs of a logical switch, with what is flooded, as vtep-ctl prints them. */
  async remoteMacs(logicalSwitch: string): Promise<string> {
    return this.vtepctl(`list-remote-macs ${logicalSwitch}`);
  }

  #within(command: readonly string[]): string[] {
    const environment = { RUNDIR: 'run', LOGDIR: 'log', DBDIR: 'db', SYSCONFDIR: 'etc' };
    const settings = Object.entries(environment).map(
      ([key, at]) => `OVS_${key}=${join(this.#directory, at)}`,
    );
    return ['env', ...settings, ...command];
  }

  #spawn(name: string, command: readonly string[]): void {
    const { network, daemons, node, directory } = this.#options;
    const log = join(directory, `${node}-${name}.log`);
    this.#running.push(daemons.start(name, network.command(node, this.#within(command)), log));
  }
}
