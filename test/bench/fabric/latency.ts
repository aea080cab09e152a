/** How long a local MAC takes to be known at another leaf. */
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Network } from '../../../interop/lab/network.ts';
import { addVnis } from './leaf.ts';
import type { System } from './systems/system.ts';

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
