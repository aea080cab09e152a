/**
 * evpnd as the spine between two FRR leaves: leaf1 is a configured neighbour, leaf2 comes from a listen range.
 *
 *   h1 - leaf1 (FRR) - spine1 (evpnd, reflector) - leaf2 (FRR) - h2
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
  expectPing,
  expectRemoteMac,
  roam,
} from '../lab/fabric.ts';
import type { Lab, LabContext } from '../lab/lab.ts';

const VNI = 10;
const H1 = { mac: '02:00:00:00:00:01', addresses: ['10.10.10.11/24', 'fd10:10::11/64'] };
const H3 = { mac: '02:00:00:00:00:03', addresses: ['10.10.10.13/24', 'fd10:10::13/64'] };
const H2 = { mac: '02:00:00:00:00:02', addresses: ['10.10.10.12/24', 'fd10:10::12/64'] };

async function run(lab: LabContext): Promise<void> {
  const { network } = lab;
  lab.step('namespaces, links, bridges');
  await addUnderlay(network, 'spine1', '10.0.0.100', ['leaf1', 'leaf2']);
  for (const n of [1, 2]) {
    const gateways = [`10.10.10.${n}/24`, `fd10:10::${n}/64`];
    await addVni(network, `leaf${n}`, { vni: VNI, vtep: `10.0.0.${n}`, gateways });
    await network.addHost(`h${n}`);
    await attachHost(network, `leaf${n}`, 'swp1', `h${n}`, VNI, n === 1 ? H1 : H2);
  }
  lab.capture('spine1', 'swp1');

  lab.step('daemons');
  const spine = await lab.evpnd('spine1', lab.file('spine.evpnd.yaml'));
  const leaf1 = await lab.frr('leaf1', lab.file('leaf.frr.conf', { n: 1 }));
  const leaf2 = await lab.frr('leaf2', lab.file('leaf.frr.conf', { n: 2 }));

  lab.step('sessions, one configured and one dynamic');
  await expectSessions(spine, ['10.0.0.1', '10.0.0.2']);
  await expectFrrSessions(leaf1, ['10.0.0.100']);
  await expectFrrSessions(leaf2, ['10.0.0.100']);

  lab.step('routes are reflected unharmed');
  await expectFloodList(network, 'leaf1', VNI, ['10.0.0.2']);
  await expectFloodList(network, 'leaf2', VNI, ['10.0.0.1']);
  await expectPing(network, 'h1', '10.10.10.12');
  await expectPing(network, 'h2', 'fd10:10::11');
  await expectPing(network, 'h1', '10.10.10.1', 1);
  await expectFrrRoute(leaf2, macIpPrefix(H1.mac), '10.0.0.1');
  await expectFrrRoute(leaf2, macIpPrefix(H1.mac, '10.10.10.11'), '10.0.0.1');
  await expectRemoteMac(network, 'leaf2', VNI, H1.mac, '10.0.0.1');
  await expectRemoteMac(network, 'leaf1', VNI, H2.mac, '10.0.0.2');

  lab.step('originator and cluster list are there (RFC 4456)');
  const detail = await leaf2.show('show bgp l2vpn evpn route detail');
  expect('originator 10.0.0.1', /Originator: 10\.0\.0\.1/.test(detail), detail.slice(0, 1500));
  expect('cluster list 10.0.0.100', /Cluster list: 10\.0\.0\.100/.test(detail), detail.slice(0, 1500));

  lab.step('a host moves through our reflector');
  const places = [
    { leaf: 'leaf1', port: 'swp8', device: 'eth1' },
    { leaf: 'leaf2', port: 'swp9', device: 'eth2' },
  ] as const;
  await network.addHost('h3');
  await attachRoamer(network, 'h3', places, VNI);
  await roam(network, 'h3', undefined, places[0], H3);
  await expectRemoteMac(network, 'leaf2', VNI, H3.mac, '10.0.0.1');
  await roam(network, 'h3', places[0], places[1], H3);
  await expectRemoteMac(network, 'leaf1', VNI, H3.mac, '10.0.0.2');

  lab.step('clear soft re-sends, a withdrawn VTEP goes everywhere');
  await leaf1.show('clear bgp l2vpn evpn 10.0.0.100 soft in');
  await expectFrrRoute(leaf1, imetPrefix('10.0.0.2'), '10.0.0.2');
  await network.ip('leaf2', `link set vxlan${VNI} down`);
  await expectNoFrrRoute(leaf1, imetPrefix('10.0.0.2'), '10.0.0.2');
  await expectFloodList(network, 'leaf1', VNI, []);
  await network.ip('leaf2', `link set vxlan${VNI} up`);
  await expectFloodList(network, 'leaf1', VNI, ['10.0.0.2']);
}

export const lab: Omit<Lab, 'name'> = {
  title: 'evpnd as route reflector between FRR leaves',
  needs: ['bgpd', 'vtysh', 'tcpdump', 'ping', 'ip'],
  run,
};
