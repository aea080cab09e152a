/**
 * A leaf's work: remote MACs from BGP into the kernel's forwarding table, and out again when the session is lost; and the same
 * entries written by a C program.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Network, run } from '../../../interop/lab/network.ts';
import { openFabric, SYSTEM } from './fabric.ts';
import { Fdb } from './fdb.ts';
import type { FeedShape } from './feed.ts';
import type { System } from './systems/system.ts';

export interface LeafFigures {
  readonly fillMilliseconds: number;
  /** Infinity: some entries stayed. */
  readonly flushMilliseconds: number;
  /** Of filling and flushing. */
  readonly processorSeconds: number;
  readonly peakMegabytes: number;
  readonly pauseMilliseconds: number | undefined;
}

/** VNI n is vxlan n in bridge n, for n from 1. */
export async function addVnis(network: Network, node: string, vnis: number, local: string): Promise<void> {
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
