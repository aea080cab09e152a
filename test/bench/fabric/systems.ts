/** What is measured: evpnd and FRR as daemons in a namespace, and what /proc says about them. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Daemon, Daemons } from '../../../interop/lab/daemons.ts';
import { EVPND } from '../../../interop/lab/evpnd.ts';
import { eventually } from '../../../interop/lab/expect.ts';
import { Frr } from '../../../interop/lab/frr.ts';
import type { Network } from '../../../interop/lab/network.ts';
import { LOCAL_AS } from './feed.ts';

export interface NodeSetting {
  readonly node: string;
  readonly routerId: string;
  readonly port: number;
  /** Peers in this prefix are accepted. */
  readonly peers: string;
  /** They are clients of a reflector, or this is a leaf with VXLAN devices. */
  readonly role: 'reflector' | 'leaf';
  /** Peers to connect to, for fabrics made of several nodes. */
  readonly neighbours?: readonly string[];
}

/** One running system. */
export interface Running {
  /** Most memory ever resident, in MB, of all its processes. */
  peakMegabytes(): number;
  residentMegabytes(): number;
  /** Processor time used so far. */
  processorSeconds(): number;
  /** The longest pause of the event loop since the call before, where there is one to be measured. */
  longestPause(): Promise<number | undefined>;
  readonly running: boolean;
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

export interface System {
  readonly name: 'evpnd' | 'FRR';
  readonly holdTimeSeconds: number;
  start(setting: NodeSetting, place: Place): Promise<Running>;
}

/** Where daemons run: a network's namespaces, or (undefined) the machine as it is. */
export interface Place {
  readonly network: Network | undefined;
  readonly directory: string;
}

const LOOP_DELAY = fileURLToPath(new URL('./loop-delay.mjs', import.meta.url));
/** evpnd has to keep the shortest hold time there is. */
const SHORTEST_HOLD_SECONDS = 3;
/** What its `datacenter` defaults say. */
const FRR_HOLD_SECONDS = 9;

export const evpnd: System = {
  name: 'evpnd',
  holdTimeSeconds: SHORTEST_HOLD_SECONDS,
  async start(setting, place) {
    const { node } = setting;
    const base = join(place.directory, `${node}-${process.hrtime.bigint()}`);
    const socket = `${base}.sock`;
    writeFileSync(`${base}.yaml`, evpndConfiguration(setting, socket, place.network !== undefined));
    const loopDelay = `${base}.delay`;
    const program = [
      process.execPath,
      ...(process.env.EVPND_NODE_OPTIONS?.split(' ') ?? []),
      '--import',
      LOOP_DELAY,
      EVPND,
      '--config',
      `${base}.yaml`,
    ];
    const argv = ['env', `EVPND_LOOP_DELAY=${loopDelay}`, ...program];
    const daemons = new Daemons();
    const command = place.network?.command(node, argv) ?? argv;
    const daemon = daemons.start('evpnd', command, `${base}.log`);
    await eventually('evpnd opens its control socket', () => {
      if (!daemon.running) throw new Error(`evpnd ended: ${daemon.log.slice(-800)}`);
      return existsSync(socket);
    });
    return new Processes([daemon], loopDelay, () => daemons.stop());
  },
};

function evpndConfiguration(setting: NodeSetting, socket: string, kernel: boolean): string {
  const { role, routerId, port, peers, neighbours = [] } = setting;
  const reflector = role === 'reflector';
  return `
router: { asn: ${LOCAL_AS}, router-id: ${routerId} }
peer-groups:
  PEERS:
    remote-as: internal
    route-reflector-client: ${reflector}
    timers: { hold: ${SHORTEST_HOLD_SECONDS}, connect-retry: 1 }
neighbors: [${neighbours.map((address) => `{ address: ${address}, peer-group: PEERS, update-source: ${routerId} }`)}]
listen-ranges: [{ prefix: ${peers}, peer-group: PEERS, limit: 500 }]
listen: { addresses: [${kernel ? '0.0.0.0' : routerId}], port: ${port} }
dataplane: { type: ${kernel ? 'kernel' : 'memory'}, audit-interval: 0 }
control: { socket: ${socket} }
log: { level: warn }
`;
}

export const frr: System = {
  name: 'FRR',
  holdTimeSeconds: FRR_HOLD_SECONDS,
  async start(setting, { network, directory }) {
    const { node } = setting;
    const daemons = new RecordedDaemons();
    const running = await Frr.start({
      network: network!,
      daemons,
      node,
      configuration: frrConfiguration(setting),
      logDirectory: directory,
    });
    const measured = daemons.all.filter(({ name }) => name === 'bgpd' || name === 'zebra');
    return new Processes(measured, undefined, async () => {
      await daemons.stop();
      running.removeFiles();
    });
  },
};

class RecordedDaemons extends Daemons {
  readonly all: Daemon[] = [];
  override start(name: string, command: readonly string[], logFile: string): Daemon {
    const daemon = super.start(name, command, logFile);
    this.all.push(daemon);
    return daemon;
  }
}

function frrConfiguration({ role, routerId, peers, neighbours = [] }: NodeSetting): string {
  const reflector = role === 'reflector';
  return `frr defaults datacenter
hostname bench
router bgp ${LOCAL_AS}
 bgp router-id ${routerId}
 no bgp default ipv4-unicast
 neighbor PEERS peer-group
 neighbor PEERS remote-as ${LOCAL_AS}
 neighbor PEERS timers connect 1
 bgp listen limit 500
 bgp listen range ${peers} peer-group PEERS
${neighbours.map((address) => ` neighbor ${address} peer-group PEERS\n neighbor ${address} update-source ${routerId}\n`).join('')} address-family l2vpn evpn
  neighbor PEERS activate
${reflector ? '  neighbor PEERS route-reflector-client\n' : '  advertise-all-vni\n'} exit-address-family
`;
}

/** The processes of a system; bgpd and zebra together are one. */
class Processes implements Running {
  readonly #daemons: readonly Daemon[];
  readonly #loopDelay: string | undefined;
  readonly #stop: () => Promise<void>;

  constructor(daemons: readonly Daemon[], loopDelay: string | undefined, stop: () => Promise<void>) {
    this.#daemons = daemons;
    this.#loopDelay = loopDelay;
    this.#stop = stop;
  }

  get pids(): readonly number[] {
    return this.#daemons.flatMap(({ pid }) => pid ?? []);
  }

  get running(): boolean {
    return this.#daemons.every((daemon) => daemon.running);
  }

  peakMegabytes(): number {
    return this.#status('VmHWM');
  }

  residentMegabytes(): number {
    return this.#status('VmRSS');
  }

  #status(field: string): number {
    const values = this.pids.map((pid) => {
      const text = readFileSync(`/proc/${pid}/status`, 'utf8');
      return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(text)?.[1] ?? 0);
    });
    return values.reduce((sum, kilobytes) => sum + kilobytes, 0) / 1024;
  }

  processorSeconds(): number {
    const ticks = this.pids.map((pid) => {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
      return Number(fields[11]) + Number(fields[12]);
    });
    return ticks.reduce((sum, each) => sum + each, 0) / 100;
  }

  async longestPause(): Promise<number | undefined> {
    if (this.#loopDelay === undefined) return undefined;
    rmSync(this.#loopDelay, { force: true });
    this.#daemons[0]!.signal('SIGUSR2');
    for (let i = 0; i < 500 && !existsSync(this.#loopDelay); i++) await sleep(10);
    const text = readFileSync(this.#loopDelay, 'utf8');
    return (JSON.parse(text) as { longestMilliseconds: number }).longestMilliseconds;
  }

  stop(): Promise<void> {
    return this.#stop();
  }
}

export function ensureDirectory(directory: string): string {
  mkdirSync(directory, { recursive: true });
  return directory;
}
