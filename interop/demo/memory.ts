/**
 * The demo without root: the same five daemons and three hosts, each daemon with an address of its own on loopback and
 * a memory dataplane whose hosts its configuration names. A host moves by editing two files and reloading.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Daemons } from '../lab/daemons.ts';
import { EVPNCTL, EVPND } from '../lab/evpnd.ts';
import { eventually } from '../lab/expect.ts';
import { run } from '../lab/network.ts';
import { fill } from './configuration.ts';
import { announceStep, heading, indent } from './screen.ts';
import { newDirectory, remember } from './state.ts';

const PORT = 17900;
const VNI = 10;
const LEAVES = [1, 2, 3];
const mac = (host: number): string => `02:00:00:00:00:0${host}`;

interface Node {
  readonly name: string;
  readonly socket: string;
  readonly file: string;
}

export async function memoryDemo(keep: boolean): Promise<void> {
  const directory = newDirectory();
  const daemons = new Daemons({ outlive: keep });
  const node = (name: string): Node => ({
    name,
    socket: join(directory, `${name}.sock`),
    file: join(directory, `${name}.yaml`),
  });
  const leaves = LEAVES.map((n) => node(`leaf${n}`));
  try {
    announceStep('5 evpnd daemons on 127.0.1.1-3 and 127.0.1.101-102, memory dataplanes');
    for (const [index, name] of ['spine1', 'spine2'].entries()) {
      start(
        daemons,
        directory,
        node(name),
        fill('spine.memory.yaml', { node: name, address: `127.0.1.${101 + index}`, port: PORT }),
      );
    }
    for (const n of LEAVES) start(daemons, directory, leaves[n - 1]!, leafConfiguration(n, [n]));

    announceStep('waiting for every leaf to know every host');
    for (const leaf of leaves) await expectHosts(leaf, ['1', '2', '3']);
    await expectPlace(leaves[1]!, mac(1), '10.0.0.1');

    announceStep('h1 moves from leaf1 to leaf3');
    const started = performance.now();
    writeFileSync(leaves[0]!.file, withLocal(leaves[0]!, leafConfiguration(1, [])));
    writeFileSync(leaves[2]!.file, withLocal(leaves[2]!, leafConfiguration(3, [3, 1])));
    await ctl(leaves[2]!, 'reload');
    await ctl(leaves[0]!, 'reload');
    await expectPlace(leaves[1]!, mac(1), '10.0.0.3');
    announceStep(
      `leaf2 forwards it to leaf3 after ${(performance.now() - started).toFixed(0)} ms, reloads included`,
    );

    for (const command of ['show bgp summary', 'show evpn vni', `show evpn mac vni ${VNI}`, 'show evpn']) {
      heading(`leaf2: evpnctl ${command}`);
      console.log(indent(await ctl(leaves[1]!, command)));
    }
    if (keep) {
      remember(daemons.pids());
      heading('It is still up. Look around:');
      console.log(
        indent(
          `${process.execPath} ${EVPNCTL} --socket ${leaves[0]!.socket} show bgp l2vpn evpn route\nmake demo-down`,
        ),
      );
      daemons.release();
    }
  } finally {
    if (!keep) {
      await daemons.stop();
      announceStep('everything stopped again (KEEP=1 leaves it up)');
    }
  }
}

/** Leaf n with hosts behind it. */
function leafConfiguration(n: number, hosts: readonly number[]): string {
  const list = hosts.map((host) => `    - { vni: ${VNI}, mac: "${mac(host)}", ip: 10.10.10.1${host} }`);
  return fill('leaf.memory.yaml', { n, port: PORT, hosts: list.length > 0 ? `\n${list.join('\n')}` : ' []' });
}

const withLocal = (node: Node, configuration: string): string =>
  `${configuration.trim()}\ncontrol: { socket: ${node.socket} }\n`;

function start(daemons: Daemons, directory: string, node: Node, configuration: string): void {
  writeFileSync(node.file, withLocal(node, configuration));
  const command = [process.execPath, EVPND, '--config', node.file];
  daemons.start(node.name, command, join(directory, `${node.name}.log`));
}

async function ctl(node: Node, command: string): Promise<string> {
  return run([process.execPath, EVPNCTL, '--socket', node.socket, ...command.split(' ')]);
}

async function expectHosts(leaf: Node, hosts: readonly string[]): Promise<void> {
  await eventually(`${leaf.name} knows all hosts`, async () => {
    const text = await ctl(leaf, `show evpn mac vni ${VNI}`);
    return hosts.every((host) => text.includes(`02:00:00:00:00:0${host}`));
  });
}

async function expectPlace(leaf: Node, address: string, vtep: string): Promise<void> {
  await eventually(`${leaf.name} forwards ${address} to ${vtep}`, async () => {
    const text = await ctl(leaf, `show evpn mac vni ${VNI}`);
    return text.split('\n').some((line) => line.includes(address) && line.includes(vtep));
  });
}
