/** The demo as root: namespaces, the Linux kernel, real frames. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Daemons } from '../lab/daemons.ts';
import { EVPNCTL, Evpnd } from '../lab/evpnd.ts';
import { eventually } from '../lab/expect.ts';
import { addVni, announce, attachRoamer, fdb, type HostAddresses, type Place, roam } from '../lab/fabric.ts';
import { Network } from '../lab/network.ts';
import { fill } from './configuration.ts';
import { announceStep, heading, indent } from './screen.ts';
import { newDirectory, PREFIX, remember } from './state.ts';
import { countUnderlay, type UnderlayCounts } from './underlay.ts';

const VNI = 10;
const SPINES = ['spine1', 'spine2'];
const LEAVES = [1, 2, 3];
const hostOf = (n: number): HostAddresses => ({
  mac: `02:00:00:00:00:0${n}`,
  addresses: [`10.10.10.1${n}/24`, `fd10:10::1${n}/64`],
});

/** Where host n is, and for h1 where it goes. */
function placesOf(n: number): Place[] {
  const home = { leaf: `leaf${n}`, port: 'swp1', device: 'eth0' };
  return n === 1 ? [home, { leaf: 'leaf3', port: 'swp2', device: 'eth1' }] : [home];
}

export async function kernelDemo(keep: boolean): Promise<void> {
  const directory = newDirectory();
  const network = new Network(PREFIX);
  const daemons = new Daemons({ outlive: keep });
  const remove = () => {
    daemons.kill();
    network.remove();
  };
  process.once('SIGINT', () => {
    remove();
    process.exit(130);
  });
  try {
    const leaves = await bringUp(network, daemons, directory);
    await pingEveryPair(network);
    await moveWhilePinging(network);
    await showTables(network, leaves);
    await showUnderlay(network, daemons, directory);
    if (keep) {
      remember(daemons.pids());
      tellHowToLook(leaves);
      daemons.release();
    }
  } finally {
    if (!keep) {
      await daemons.stop();
      network.remove();
      announceStep('everything removed again (KEEP=1 leaves it up)');
    }
  }
}

async function bringUp(network: Network, daemons: Daemons, directory: string): Promise<Evpnd[]> {
  announceStep('namespaces: 2 spines, 3 leaves, 3 hosts');
  for (const [index, spine] of SPINES.entries()) {
    await network.addNode(spine);
    await network.ip(spine, `addr add 10.0.0.${101 + index}/32 dev lo`);
  }
  for (const n of LEAVES) await addLeaf(network, n);
  for (const n of LEAVES) {
    await network.addHost(`h${n}`);
    await attachRoamer(network, `h${n}`, placesOf(n), VNI);
    await roam(network, `h${n}`, undefined, placesOf(n)[0]!, hostOf(n));
  }

  announceStep('5 evpnd daemons');
  const start = (node: string, template: string, loopback: string) =>
    Evpnd.start({ network, daemons, node, directory, configuration: fill(template, { node, loopback }) });
  const [, , ...leaves] = await Promise.all([
    ...SPINES.map((spine, index) => start(spine, 'spine.evpnd.yaml', `10.0.0.${101 + index}`)),
    ...LEAVES.map((n) => start(`leaf${n}`, 'leaf.evpnd.yaml', `10.0.0.${n}`)),
  ]);
  captureUplinks(network, daemons, directory);

  announceStep('waiting for the fabric: every leaf floods to the two others');
  for (const n of LEAVES) {
    await eventually(`leaf${n} knows both other VTEPs`, async () => {
      const lines = await fdb(network, `leaf${n}`, `vxlan${VNI}`);
      return lines.filter((line) => line.startsWith('00:00:00:00:00:00 dst')).length === 2;
    });
  }
  return leaves;
}

/** A leaf: a loopback that is its VTEP address, an uplink to each spine, the bridge of the VNI. */
async function addLeaf(network: Network, n: number): Promise<void> {
  const leaf = `leaf${n}`;
  await network.addNode(leaf);
  await network.ip(leaf, `addr add 10.0.0.${n}/32 dev lo`);
  for (const [index, spine] of SPINES.entries()) {
    const net = `10.${index + 1}.${n}`;
    await network.link(spine, `swp${n}`, leaf, `up${index + 1}`, 1600);
    await network.ip(spine, `addr add ${net}.0/31 dev swp${n}`);
    await network.ip(leaf, `addr add ${net}.1/31 dev up${index + 1}`);
    await network.ip(spine, `route add 10.0.0.${n}/32 via ${net}.1`);
    await network.ip(leaf, `route add 10.0.0.${101 + index}/32 via ${net}.0 src 10.0.0.${n}`);
  }
  const hops = SPINES.map((_, index) => `nexthop via 10.${index + 1}.${n}.0`).join(' ');
  await network.ip(leaf, `route add 10.0.0.0/24 src 10.0.0.${n} ${hops}`);
  await addVni(network, leaf, {
    vni: VNI,
    vtep: `10.0.0.${n}`,
    gateways: [`10.10.10.${n}/24`, `fd10:10::${n}/64`],
  });
}

function captureUplinks(network: Network, daemons: Daemons, directory: string): void {
  for (const n of LEAVES) {
    for (const uplink of ['up1', 'up2']) {
      const file = join(directory, `leaf${n}-${uplink}.pcap`);
      // Inbound only: each frame counts once, at the leaf that gets it.
      const command = `tcpdump -Z root -U -s 128 -Q in -i ${uplink} -w ${file} udp port 4789`.split(' ');
      daemons.start('tcpdump', network.command(`leaf${n}`, command), join(directory, 'tcpdump.log'));
    }
  }
}

async function pingEveryPair(network: Network): Promise<void> {
  for (const n of LEAVES) await announce(network, `h${n}`, hostOf(n));
  for (const [from, to] of [
    ['h1', 2],
    ['h1', 3],
    ['h2', 3],
  ] as const) {
    for (const address of [`10.10.10.1${to}`, `fd10:10::1${to}`]) {
      await network.exec(from, ['ping', '-c', '1', '-W', '2', address]).catch(() => undefined);
      const out = await network.exec(from, ['ping', '-c', '5', '-i', '0.1', '-W', '1', address]);
      const [, loss] = /(\d+)% packet loss/.exec(out) ?? [];
      const [, round] = /= [\d.]+\/([\d.]+)\//.exec(out) ?? [];
      announceStep(`${from} pings h${to} ${address.padEnd(13)}  ${loss}% loss, ${round} ms`);
    }
  }
}

/** Moves h1 from leaf1 to leaf3 under a ping every 10 ms, and says how many answers were missing. */
async function moveWhilePinging(network: Network): Promise<void> {
  const [file, ...args] = network.command('h2', [
    'ping',
    '-i',
    '0.01',
    '-c',
    '300',
    '-W',
    '1',
    '10.10.10.11',
  ]);
  const ping = spawn(file!, args);
  let output = '';
  ping.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const ended = new Promise((resolve) => ping.once('exit', resolve));
  await eventually('the ping runs', () => output.includes('icmp_seq=50'));
  const [from, to] = placesOf(1) as [Place, Place];
  await roam(network, 'h1', from, to, hostOf(1));
  await ended;
  const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(output) ?? [];
  const lost = Number(sent) - Number(received);
  announceStep(`h1 moved from leaf1 to leaf3 while h2 pinged it every 10 ms: ${lost} of ${sent} lost`);
}

async function showTables(network: Network, leaves: readonly Evpnd[]): Promise<void> {
  const leaf2 = leaves[1]!;
  for (const command of [
    'show bgp summary',
    'show evpn vni',
    `show evpn mac vni ${VNI}`,
    `show evpn arp-cache vni ${VNI}`,
  ]) {
    heading(`leaf2: evpnctl ${command}`);
    console.log(indent(await leaf2.ctl(command)));
  }
  heading('leaf2: evpnctl show bgp l2vpn evpn route type multicast');
  console.log(indent(await leaf2.ctl('show bgp l2vpn evpn route type multicast')));
  heading(`leaf2: bridge fdb show dev vxlan${VNI}   (the kernel)`);
  const lines = (await fdb(network, 'leaf2', `vxlan${VNI}`)).filter(
    (line) => !line.includes('permanent') || line.includes('dst'),
  );
  console.log(indent(lines.join('\n')));
}

async function showUnderlay(network: Network, daemons: Daemons, directory: string): Promise<void> {
  await daemons.stopNamed(['tcpdump'], 'tcpdump');
  const counts: UnderlayCounts = {
    multicast: 0,
    broadcast: 0,
    unknownUnicast: 0,
    knownUnicast: 0,
    innerKinds: new Map(),
  };
  const bridges = new Map<string, Set<string>>();
  for (const n of LEAVES) {
    const text = await network.bridge(`leaf${n}`, `fdb show br br${VNI}`);
    bridges.set(`10.0.0.${n}`, new Set(text.split('\n').map((line) => line.slice(0, 17))));
  }
  // A leaf has an entry for every host, local or remote; a frame for anything else was flooded to it.
  const isKnown = (mac: string, vtep: string) => bridges.get(vtep)?.has(mac) ?? false;
  for (const n of LEAVES) {
    for (const uplink of ['up1', 'up2'])
      countUnderlay(join(directory, `leaf${n}-${uplink}.pcap`), counts, isKnown);
  }
  const kinds = [...counts.innerKinds].map(([kind, count]) => `${kind} ${count}`).join(', ');
  heading('What crossed the underlay');
  const row = (what: string, value: number, note = '') =>
    console.log(`  ${what.padEnd(52)} ${String(value).padStart(6)}${note ? `   ${note}` : ''}`);
  row('VXLAN packets to a multicast group', counts.multicast);
  row('unknown unicast frames delivered to leaves', counts.unknownUnicast);
  row('broadcast and multicast frames delivered to leaves', counts.broadcast, kinds);
  row('known unicast frames delivered to leaves', counts.knownUnicast);
}

function tellHowToLook(leaves: readonly Evpnd[]): void {
  const leaf = leaves[0]!;
  heading('It is still up. Look around:');
  const commands = [
    `alias leaf1='${process.execPath} ${EVPNCTL} --socket ${leaf.socket}'`,
    'leaf1 show bgp l2vpn evpn route',
    'leaf1 watch',
    `ip netns exec ${PREFIX}leaf1 bridge fdb show dev vxlan${VNI}`,
    `ip netns exec ${PREFIX}h2 ping 10.10.10.11`,
    'make demo-down',
  ];
  console.log(indent(commands.join('\n')));
}
