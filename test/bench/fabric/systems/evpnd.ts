/** evpnd itself, from dist/, with a measure of its event loop inside. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Daemon } from '../../../../interop/lab/daemons.ts';
import { EVPND } from '../../../../interop/lab/evpnd.ts';
import { eventually } from '../../../../interop/lab/expect.ts';
import { LOCAL_AS } from '../feed.ts';
import { MeasuredDaemons, Processes } from './processes.ts';
import type { NodeSetting, System } from './system.ts';

const LOOP_DELAY = fileURLToPath(new URL('../loop-delay.mjs', import.meta.url));
const PACKAGE = new URL('../../../../package.json', import.meta.url);
/** The shortest hold time there is, and it has to be kept. */
const HOLD_SECONDS = 3;

export const evpnd: System = {
  name: 'evpnd',
  holdTimeSeconds: HOLD_SECONDS,
  from: 'make',
  version: () => (JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }).version,
  async start(setting, { network, directory }) {
    const { node } = setting;
    const base = join(directory, `${node}-${process.hrtime.bigint()}`);
    const socket = `${base}.sock`;
    writeFileSync(`${base}.yaml`, configurationOf(setting, socket, network !== undefined));
    const loopDelay = `${base}.delay`;
    const nodeOptions = process.env.EVPND_NODE_OPTIONS?.split(' ') ?? [];
    const program = [process.execPath, ...nodeOptions, '--import', LOOP_DELAY, EVPND];
    const argv = ['env', `EVPND_LOOP_DELAY=${loopDelay}`, ...program, '--config', `${base}.yaml`];
    const daemons = new MeasuredDaemons();
    const daemon = daemons.start('evpnd', network?.command(node, argv) ?? argv, `${base}.log`);
    await eventually('evpnd opens its control socket', () => {
      if (!daemon.running) throw new Error(`evpnd ended ${daemon.ending}: ${daemon.log.slice(-800)}`);
      return existsSync(socket);
    });
    return new NodeProcess(daemon, loopDelay, () => daemons.stop());
  },
};

function configurationOf(setting: NodeSetting, socket: string, kernel: boolean): string {
  const { role, routerId, port, peers, neighbours = [] } = setting;
  const reflector = role === 'reflector';
  return `
router: { asn: ${LOCAL_AS}, router-id: ${routerId} }
peer-groups:
  PEERS:
    remote-as: internal
    route-reflector-client: ${reflector}
    timers: { hold: ${HOLD_SECONDS}, connect-retry: 1 }
neighbors: [${neighbours.map((address) => `{ address: ${address}, peer-group: PEERS, update-source: ${routerId} }`)}]
listen-ranges: [{ prefix: ${peers}, peer-group: PEERS, limit: 500 }]
listen: { addresses: [${kernel ? '0.0.0.0' : routerId}], port: ${port} }
dataplane: { type: ${kernel ? 'kernel' : 'memory'}, audit-interval: 0 }
control: { socket: ${socket} }
log: { level: warn }
`;
}

/** evpnd tells of its event loop when it is asked by a signal. */
class NodeProcess extends Processes {
  readonly #daemon: Daemon;
  readonly #loopDelay: string;

  constructor(daemon: Daemon, loopDelay: string, stop: () => Promise<void>) {
    super([daemon], stop);
    this.#daemon = daemon;
    this.#loopDelay = loopDelay;
  }

  override async longestPause(): Promise<number> {
    rmSync(this.#loopDelay, { force: true });
    this.#daemon.signal('SIGWINCH');
    for (let i = 0; i < 500 && !existsSync(this.#loopDelay); i++) await sleep(10);
    const text = readFileSync(this.#loopDelay, 'utf8');
    return (JSON.parse(text) as { longestMilliseconds: number }).longestMilliseconds;
  }
}
