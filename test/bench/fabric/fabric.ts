/**
 * Where the bench takes place: the system measured in one namespace, the load generator in another, a veth pair between.
 * Without root: all on loopback addresses, with FRR and the kernel's forwarding table left out.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Network, removeLeftovers } from '../../../interop/lab/network.ts';
import { WorkerProcess } from './generator.ts';
import type { NodeSetting, Place } from './systems/system.ts';

const STEM = 'evb';
export const SYSTEM = 'sut';
export const GENERATOR = 'gen';

/** A system's place, and the load generator around it. */
export interface Fabric {
  readonly place: Place;
  /** Announces; receives nothing. */
  readonly source: WorkerProcess;
  /** Receives, with as many sessions as asked for. */
  readonly sink: WorkerProcess;
  readonly setting: NodeSetting;
  readonly sourceAddress: string;
  receiverAddress(n: number): string;
  close(): void;
}

export const isRoot = process.getuid?.() === 0;

export async function openFabric(): Promise<Fabric> {
  const directory = mkdtempSync(join(tmpdir(), 'evpnd-bench-'));
  const network = isRoot ? await openNetwork() : undefined;
  const place = { network, directory };
  const source = new WorkerProcess(place, GENERATOR);
  const sink = new WorkerProcess(place, GENERATOR);
  const close = (): void => {
    source.stop();
    sink.stop();
    network?.remove();
    rmSync(directory, { recursive: true, force: true });
  };
  const setting = network
    ? { node: SYSTEM, routerId: '10.99.0.1', port: 179, peers: '10.99.128.0/17', role: 'reflector' as const }
    : {
        node: SYSTEM,
        routerId: '127.0.99.1',
        port: 17900,
        peers: '127.99.128.0/17',
        role: 'reflector' as const,
      };
  const prefix = network ? '10.99' : '127.99';
  return {
    place,
    source,
    sink,
    setting,
    sourceAddress: `${prefix}.128.1`,
    receiverAddress: (n) => `${prefix}.129.${n + 1}`,
    close,
  };
}

async function openNetwork(): Promise<Network> {
  removeLeftovers(STEM);
  const network = new Network(`${STEM}${process.pid}-`);
  await network.addNode(SYSTEM);
  await network.addNode(GENERATOR);
  await network.link(SYSTEM, 'up0', GENERATOR, 'up0', 9000);
  await network.ip(SYSTEM, 'address add 10.99.0.1/16 dev up0');
  // Next hops of the feeds: reachable, nobody there.
  await network.ip(SYSTEM, 'route add 10.1.0.0/16 via 10.99.0.2');
  await network.ip(GENERATOR, 'address add 10.99.0.2/16 dev up0');
  // Every address of the range is the generator's.
  await network.ip(GENERATOR, 'route add local 10.99.128.0/17 dev lo');
  return network;
}
