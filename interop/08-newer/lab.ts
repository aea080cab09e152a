/**
 * Independent VTEPs from a newer Debian: BIRD 3.4, and FRR 10.7 over IPv4 and over IPv6 (FRR before 10.7 has no IPv6
 * VTEP). Each in a pair with an evpnd leaf.
 *
 *   h1 - NAMEa (evpnd) - NAMEb (BIRD or FRR) - h2
 *
 * And FRR 10.7 as the reflector of two evpnd leaves, and as the leaves of an evpnd reflector: whichever evpnd is killed and started
 * again, FRR keeps its routes meanwhile.
 *
 *   h1 - leaf1 - spine1 - leaf2 - h2
 */
import { expectFrrRoute, expectFrrSessions, expectSessions, macIpPrefix } from '../lab/checks.ts';
import { addVni, attachHost, expectFloodList, expectPing, expectRemoteMac } from '../lab/fabric.ts';
import type { Lab, LabContext } from '../lab/lab.ts';
import { expectUnfelt } from '../lab/traffic.ts';
import { buildTwoLeaves, H1, H2 } from '../lab/two-leaves.ts';

const VNI = 10;
const host = (n: number) => ({ mac: `02:00:00:00:00:0${n}`, addresses: [`10.10.10.1${n}/24`] });

interface Underlay {
  /** Address of node n on the link, with prefix length. */
  readonly link: (n: number) => string;
  /** VTEP and loopback address of node n. */
  readonly vtep: (n: number) => string;
}

const IPV4: Underlay = { link: (n) => `10.9.0.${n}/24`, vtep: (n) => `10.0.0.${n}` };
const IPV6: Underlay = { link: (n) => `fd09::${n}/64`, vtep: (n) => `fd00::${n}` };

const bare = (prefix: string): string => prefix.split('/')[0]!;

/** Two leaves, NAME1 and NAME2, joined by a link, each with a host. */
async function pair({ network }: LabContext, name: string, { link, vtep }: Underlay): Promise<void> {
  const [a, b] = [`${name}1`, `${name}2`];
  await network.addNode(a);
  await network.addNode(b);
  await network.link(a, 'eth0', b, 'eth0', 1600);
  for (const n of [1, 2]) {
    const node = `${name}${n}`;
    const family = vtep(n).includes(':') ? '-6 ' : '';
    await network.ip(node, `addr add ${link(n)} dev eth0${family ? ' nodad' : ''}`);
    await network.ip(node, `addr add ${vtep(n)} dev lo`);
    await network.ip(node, `${family}route add ${vtep(3 - n)} via ${bare(link(3 - n))}`);
    await addVni(network, node, { vni: VNI, vtep: vtep(n), gateways: [`10.10.10.${n}/24`] });
    await network.addHost(`${name}h${n}`);
    await attachHost(network, node, 'swp1', `${name}h${n}`, VNI, host(n));
  }
}

async function forwards({ network }: LabContext, name: string, { vtep }: Underlay): Promise<void> {
  await expectFloodList(network, `${name}1`, VNI, [vtep(2)]);
  await expectPing(network, `${name}h1`, '10.10.10.12');
  await expectPing(network, `${name}h2`, '10.10.10.11');
  await expectRemoteMac(network, `${name}1`, VNI, host(2).mac, vtep(2));
}

/** FRR is a helper unless told otherwise, from 10.x on for EVPN, too. */
async function restarts(lab: LabContext): Promise<void> {
  const { network } = lab;
  lab.step('two leaves and a spine: FRR 10.7 reflects between evpnd leaves');
  await buildTwoLeaves(network);
  const flows = [
    { from: 'h1', to: H2.ip },
    { from: 'h2', to: H1.ip6 },
  ];
  const reachable = async () => {
    await expectPing(network, 'h1', H2.ip);
    await expectPing(network, 'h2', H1.ip6);
  };
  await lab.frr('spine1', lab.file('spine.frr.conf'));
  const leaf1 = await lab.evpnd('leaf1', lab.file('client.evpnd.yaml', { n: 1 }));
  const leaf2 = await lab.evpnd('leaf2', lab.file('client.evpnd.yaml', { n: 2 }));
  await expectSessions(leaf1, ['10.0.0.100']);
  await expectSessions(leaf2, ['10.0.0.100']);
  await reachable();
  await expectUnfelt(
    lab,
    'a leaf of an FRR 10.7 reflector is killed',
    flows,
    ['leaf1', 'leaf2'],
    async () => {
      await leaf2.stop('SIGKILL');
      await leaf2.start();
      await expectSessions(leaf2, ['10.0.0.100']);
    },
  );
  await leaf1.stop();
  await leaf2.stop();
  await lab.daemons.stopNamed(['bgpd', 'zebra', 'mgmtd', 'staticd', 'bfdd'], 'spine1');

  lab.step('evpnd reflects between FRR 10.7 leaves');
  const spine = await lab.evpnd('spine1', lab.file('spine.evpnd.yaml'));
  const peers = [
    await lab.frr('leaf1', lab.file('client.frr.conf', { n: 1 })),
    await lab.frr('leaf2', lab.file('client.frr.conf', { n: 2 })),
  ];
  const up = async () => {
    for (const peer of peers) await expectFrrSessions(peer, ['10.0.0.100']);
  };
  await up();
  await reachable();
  await expectUnfelt(
    lab,
    'the reflector of FRR 10.7 leaves is killed',
    flows,
    ['leaf1', 'leaf2'],
    async () => {
      await spine.stop('SIGKILL');
      await spine.start();
      await up();
    },
  );
}

async function run(lab: LabContext): Promise<void> {
  lab.step('BIRD 3.4 as the other VTEP');
  await pair(lab, 'bird', IPV4);
  lab.capture('bird1', 'eth0');
  const birdPeer = await lab.evpnd('bird1', lab.file('leaf.evpnd.yaml', { neighbor: '10.9.0.2' }));
  await lab.bird('bird2', lab.file('bird.conf'));
  await expectSessions(birdPeer, ['10.9.0.2']);
  await forwards(lab, 'bird', IPV4);

  for (const [name, underlay] of [
    ['frr', IPV4],
    ['frrsix', IPV6],
  ] as const) {
    lab.step(`FRR 10.7 with ${name === 'frr' ? 'IPv4' : 'IPv6'} VTEPs`);
    await pair(lab, name, underlay);
    lab.capture(`${name}1`, 'eth0');
    const neighbor = bare(underlay.link(2));
    const ours = await lab.evpnd(`${name}1`, lab.file('leaf.evpnd.yaml', { neighbor }));
    const node = `${name}2`;
    const frr = await lab.frr(node, lab.file('peer.frr.conf', { node, neighbor: bare(underlay.link(1)) }));
    await expectSessions(ours, [neighbor]);
    await forwards(lab, name, underlay);
    await expectFrrRoute(frr, macIpPrefix(host(1).mac), underlay.vtep(1));
  }

  await restarts(lab);
}

export const lab: Omit<Lab, 'name'> = {
  title: 'BIRD 3.4 and FRR 10.7 (IPv4 and IPv6 VTEPs) from a newer Debian',
  needs: ['tcpdump', 'ping', 'ip'],
  newer: true,
  run,
};
