/**
 * An evpnd leaf in an FRR fabric: FRR spine as route reflector, leaf1 FRR, leaf2 evpnd. Types 2 and 3 both ways,
 * hosts ping, MAC and MAC+IP move between the two, and both survive the other's death.
 *
 *   h1 - leaf1 (FRR) - spine1 (FRR, reflector) - leaf2 (evpnd) - h2
 */
import {
  expectFrrRoute,
  expectFrrSessions,
  expectNoFrrRoute,
  expectSessions,
  imetPrefix,
  macIpPrefix,
} from '../lab/checks.ts';
import { expect } from '../lab/expect.ts';
import {
  addUnderlay,
  addVni,
  attachHost,
  attachRoamer,
  expectFloodList,
  expectLocalMac,
  expectNoRemoteMac,
  expectPing,
  expectRemoteMac,
  fdb,
  octet,
  roam,
} from '../lab/fabric.ts';
import type { Lab, LabContext } from '../lab/lab.ts';

const VNI = 10;
const H1 = { mac: '02:00:00:00:00:01', addresses: ['10.10.10.11/24', 'fd10:10::11/64'] };
const H3 = { mac: '02:00:00:00:00:03', addresses: ['10.10.10.13/24', 'fd10:10::13/64'] };
const H2 = { mac: '02:00:00:00:00:02', addresses: ['10.10.10.12/24', 'fd10:10::12/64'] };

async function build({ network }: LabContext): Promise<void> {
  await addUnderlay(network, 'spine1', '10.0.0.100', ['leaf1', 'leaf2']);
  for (const n of [1, 2]) {
    await addVni(network, `leaf${n}`, {
      vni: VNI,
      vtep: `10.0.0.${n}`,
      gateways: [`10.10.10.${n}/24`, `fd10:10::${n}/64`],
    });
    await network.addHost(`h${n}`);
    await attachHost(network, `leaf${n}`, 'swp1', `h${n}`, VNI, n === 1 ? H1 : H2);
  }
}

async function run(lab: LabContext): Promise<void> {
  const { network } = lab;
  lab.step('namespaces, links, bridges');
  await build(lab);
  lab.capture('spine1', 'swp2');

  lab.step('daemons');
  const spine = await lab.frr('spine1', lab.file('spine.frr.conf'));
  const leaf1 = await lab.frr('leaf1', lab.file('leaf.frr.conf', { n: 1 }));
  const leaf2 = await lab.evpnd('leaf2', lab.file('leaf.evpnd.yaml', { n: 2 }));

  lab.step('sessions');
  await expectFrrSessions(spine, ['10.0.0.1', '10.0.0.2']);
  await expectSessions(leaf2, ['10.0.0.100']);

  lab.step('type 3 both ways');
  await expectFrrRoute(leaf1, imetPrefix('10.0.0.2'), '10.0.0.2');
  await expectFloodList(network, 'leaf1', VNI, ['10.0.0.2']);
  await expectFloodList(network, 'leaf2', VNI, ['10.0.0.1']);

  lab.step('hosts ping, IPv4 and IPv6');
  await expectPing(network, 'h1', '10.10.10.12');
  await expectPing(network, 'h2', 'fd10:10::11');
  await expectPing(network, 'h1', '10.10.10.1', 1);
  await expectPing(network, 'h2', '10.10.10.2', 1);
  await expectPing(network, 'h2', 'fd10:10::2', 1);

  lab.step('type 2 both ways: routes and kernel');
  await expectFrrRoute(leaf1, macIpPrefix(H2.mac), '10.0.0.2');
  await expectFrrRoute(leaf1, macIpPrefix(H2.mac, '10.10.10.12'), '10.0.0.2');
  await expectFrrRoute(leaf1, macIpPrefix(H2.mac, 'fd10:10::12'), '10.0.0.2');
  await expectRemoteMac(network, 'leaf1', VNI, H2.mac, '10.0.0.2');
  await expectRemoteMac(network, 'leaf2', VNI, H1.mac, '10.0.0.1');
  const neighbours = await network.ip('leaf2', `neigh show dev br${VNI}`);
  expect(
    'leaf2 can answer ARP for h1',
    /10\.10\.10\.11 lladdr 02:00:00:00:00:01 .*extern_learn/.test(neighbours),
    neighbours,
  );

  lab.step('a host moves five times between the FRR leaf and ours');
  const places = [
    { leaf: 'leaf1', port: 'swp8', device: 'eth1' },
    { leaf: 'leaf2', port: 'swp9', device: 'eth2' },
  ] as const;
  await network.addHost('h3');
  await attachRoamer(network, 'h3', places, VNI);
  await roam(network, 'h3', undefined, places[0], H3);
  await expectRemoteMac(network, 'leaf2', VNI, H3.mac, '10.0.0.1');
  for (let move = 1; move <= 5; move++) {
    const [from, to] = [places[(move + 1) % 2]!, places[move % 2]!];
    await roam(network, 'h3', from, to, H3);
    await expectRemoteMac(network, from.leaf, VNI, H3.mac, `10.0.0.${octet(to.leaf)}`);
    await expectLocalMac(network, to.leaf, VNI, H3.mac, to.port);
    // FRR leaves its entry on the VXLAN device behind; we do not.
    if (to.leaf === 'leaf2') await expectNoRemoteMac(network, 'leaf2', VNI, H3.mac);
    await expectPing(network, 'h2', '10.10.10.13', 1);
  }
  const moved = await expectFrrRoute(spine, macIpPrefix(H3.mac), '10.0.0.2');
  expect(
    'the mobility sequence grew with the moves',
    /MM:5/.test(moved.extendedCommunity?.string ?? ''),
    moved,
  );

  lab.step('the host leaves: its routes and entries go');
  await network.ip('leaf2', 'link del swp9');
  await expectNoFrrRoute(leaf1, macIpPrefix(H3.mac), '10.0.0.2');
  await expectNoRemoteMac(network, 'leaf1', VNI, H3.mac);

  lab.step('our leaf restarts without losing its forwarding entries');
  await leaf2.stop('SIGKILL');
  await expectRemoteMac(network, 'leaf2', VNI, H1.mac, '10.0.0.1');
  await leaf2.start();
  await expectSessions(leaf2, ['10.0.0.100']);
  await expectPing(network, 'h1', '10.10.10.12');
  await expectRemoteMac(network, 'leaf2', VNI, H1.mac, '10.0.0.1');

  lab.step('a clean stop withdraws everything');
  await leaf2.stop();
  await expectNoFrrRoute(leaf1, imetPrefix('10.0.0.2'), '10.0.0.2');
  await expectFloodList(network, 'leaf1', VNI, []);
  const left = (await fdb(network, 'leaf2', `vxlan${VNI}`)).filter((line) => line.includes('dst'));
  expect('our leaf leaves no tunnel entry behind', left.length === 0, left);
}

export const lab: Omit<Lab, 'name'> = {
  title: 'evpnd leaf, FRR reflector, FRR leaf: types 2 and 3, moves, restarts',
  needs: ['bgpd', 'vtysh', 'tcpdump', 'ping', 'ip'],
  run,
};
