/**
 * A leaf's work: remote MACs from BGP into the kernel's forwarding table, and out again when the session is lost; the same
 * entries written by a C program; and how long a local MAC takes to be known at another leaf.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Network, run } from '../../../interop/lab/network.ts';
import { openFabric, SYSTEM } from './fabric.ts';
import type { FeedShape } from './feed.ts';
import type { Place, System } from './systems/system.ts';

export interface LeafFigures {
  readonly fillMilliseconds: number;
  /** Infinity: some entries stayed. */
  readonly flushMilliseconds: number;
  /** Of filling and flushing. */
  readonly processorSeconds: number;
  readonly peakMegabytes: number;
  readonly pauseMilliseconds: number | undefined;
}

const SOURCE = fileURLToPath(new URL('../fdb.c', import.meta.url));
const PATIENCE_MILLISECONDS = 40_000;

/** The C program, compiled into `directory`; undefined where there is no compiler. */
export function compileFdb(directory: string): string | undefined {
  const program = join(directory, 'fdb');
  const { status } = spawnSync('gcc', ['-O2', '-o', program, SOURCE], { stdio: 'ignore' });
  return status === 0 ? program : undefined;
}

/** VNI n is vxlan n in bridge n, for n from 1. */
async function addVnis(network: Network, node: string, vnis: number, local: string): Promise<void> {
  const lines: string[] = [];
  for (let vni = 1; vni <= vnis; vni++) {
    lines.push(`link add b${vni} type bridge`);
    lines.push(`link set b${vni} up`);
    lines.push(`link add v${vni} type vxlan id ${vni} local ${local} dstport 4789 nolearning`);
    lines.push(`link set v${vni} master b${vni} up`);
  }
  const options = { input: `${lines.join('\n')}\n`, timeoutSeconds: 120 };
  await run(['ip', '-n', network.namespace(node), '-batch', '-'], options);
}

/** The C program in the system's namespace, and the lines that it prints. */
class Fdb {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #wake: () => void = () => {};

  constructor(place: Place, program: string, words: readonly (string | number)[]) {
    const [file, ...args] = place.network!.command(SYSTEM, [program, ...words.map(String)]);
    this.#child = spawn(file!, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    let text = '';
    this.#child.stdout!.on('data', (chunk: Buffer) => {
      text += chunk;
      const parts = text.split('\n');
      text = parts.pop()!;
      this.#lines.push(...parts);
      this.#wake();
    });
  }

  /** The next line; undefined when there was none in time. */
  async next(): Promise<string | undefined> {
    const until = performance.now() + PATIENCE_MILLISECONDS;
    while (this.#lines.length === 0 && performance.now() < until) {
      await Promise.race([sleep(100), new Promise<void>((resolve) => (this.#wake = resolve))]);
    }
    return this.#lines.shift();
  }

  /** Ends its input. */
  go(): void {
    this.#child.stdin!.end();
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}

export async function leaf(system: System, feed: FeedShape, program: string): Promise<LeafFigures> {
  const fabric = await openFabric();
  const { place, source, setting, sourceAddress } = fabric;
  const watch = new Fdb(place, program, ['watch', feed.routes, 0]);
  try {
    await addVnis(place.network!, SYSTEM, feed.vnis, setting.routerId);
    await source.load(feed);
    const running = await system.start({ ...setting, role: 'leaf' }, place);
    try {
      const { routerId: host, port } = setting;
      const target = { host, port, holdTimeSeconds: system.holdTimeSeconds };
      await source.connect(target, [sourceAddress], 1);
      // Its own IMET routes, one per VNI, are out.
      await sleep(1000);
      await watch.next();
      await running.longestPause();
      const processor = running.processorSeconds();
      const began = (await source.ask({ type: 'announce' })).at;
      const filled = await watch.next();
      running.assertRunning();
      if (filled === undefined) throw new Error(`${system.name}: not all MACs came into the kernel`);
      await sleep(500);
      const lost = (await source.ask({ type: 'die' })).at;
      const flushed = await watch.next();
      running.assertRunning();
      return {
        fillMilliseconds: Number(filled) - began,
        flushMilliseconds: flushed === undefined ? Number.POSITIVE_INFINITY : Number(flushed) - lost,
        processorSeconds: running.processorSeconds() - processor,
        peakMegabytes: running.peakMegabytes(),
        pauseMilliseconds: await running.longestPause(),
      };
    } finally {
      await running.stop();
    }
  } finally {
    watch.stop();
    fabric.close();
  }
}

export type PlainFigures = Pick<LeafFigures, 'fillMilliseconds' | 'flushMilliseconds' | 'processorSeconds'>;

/**
 * What the C program takes to write so many entries over so many devices, and to take them out, by the same
 * measure: until they are all told of to whoever listens.
 * @param messages in how many messages it writes a MAC
 */
export async function plainC(
  routes: number,
  vnis: number,
  program: string,
  messages: 1 | 2,
): Promise<PlainFigures> {
  const { place, setting, close } = await openFabric();
  const watch = new Fdb(place, program, ['watch', routes, 0]);
  try {
    await addVnis(place.network!, SYSTEM, vnis, setting.routerId);
    const devices = Array.from({ length: vnis }, (_, i) => `v${i + 1}`);
    await watch.next();
    const writer = new Fdb(place, program, ['write', messages, routes, ...devices]);
    const began = Number(await writer.next());
    const filled = Number(await watch.next());
    await writer.next();
    await sleep(500);
    writer.go();
    const removing = Number(await writer.next());
    const flushed = Number(await watch.next());
    await writer.next();
    const processorSeconds = Number(await writer.next()) / 1000;
    if (Number.isNaN(flushed)) throw new Error('the C program did not write what it should');
    return {
      fillMilliseconds: filled - began,
      flushMilliseconds: flushed - removing,
      processorSeconds,
    };
  } finally {
    watch.stop();
    close();
  }
}

/** Microseconds from a local MAC at one leaf to the entry at another, through a reflector; three nodes of one system. */
export async function latency(
  system: System,
  samples: number,
  program: string,
  directory: string,
): Promise<number[]> {
  const network = new Network(`evb${process.pid}l-`);
  const place = { network, directory };
  const stops: (() => Promise<void>)[] = [];
  try {
    for (const node of ['leaf1', 'leaf2', 'spine']) await network.addNode(node);
    for (const n of [1, 2]) {
      await network.link(`leaf${n}`, 'up0', 'spine', `down${n}`);
      await network.ip(`leaf${n}`, `address add 10.98.${n}.1/24 dev up0`);
      await network.ip('spine', `address add 10.98.${n}.254/24 dev down${n}`);
      await network.ip(`leaf${n}`, `address add 10.97.0.${n}/32 dev lo`);
      await network.ip(`leaf${n}`, `route add 10.97.0.0/24 via 10.98.${n}.254`);
      await network.ip('spine', `route add 10.97.0.${n}/32 via 10.98.${n}.1`);
      await addVnis(network, `leaf${n}`, 1, `10.97.0.${n}`);
      await network.ip(`leaf${n}`, 'link add p1 type veth peer name p1h');
      await network.ip(`leaf${n}`, 'link set p1 master b1 up');
      await network.ip(`leaf${n}`, 'link set p1h up');
    }
    await network.ip('spine', 'address add 10.97.0.100/32 dev lo');
    const start = async (node: string, routerId: string, role: 'leaf' | 'reflector'): Promise<void> => {
      const neighbours = role === 'leaf' ? ['10.97.0.100'] : [];
      const setting = { node, routerId, port: 179, peers: '10.97.0.0/26', role, neighbours };
      const running = await system.start(setting, place);
      stops.push(() => running.stop());
    };
    await start('spine', '10.97.0.100', 'reflector');
    await start('leaf1', '10.97.0.1', 'leaf');
    await start('leaf2', '10.97.0.2', 'leaf');
    await sleep(8000);
    const [from, to] = [network.namespace('leaf1'), network.namespace('leaf2')];
    const text = execFileSync(program, ['latency', String(samples), from, 'p1', to], {
      encoding: 'utf8',
      timeout: 180_000,
    });
    const values = text.trim().split('\n').map(Number);
    return values.map((value) => (value < 0 ? Number.POSITIVE_INFINITY : value));
  } finally {
    for (const stop of stops) await stop();
    network.remove();
  }
}
