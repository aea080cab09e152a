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
import { expectFloodList, expectPing, expectRemoteMac, roam } from '../lab/fabric.ts';
import type { Lab, LabContext } from '../lab/lab.ts';
import { Traffic } from '../lab/traffic.ts';
import { addRoamer, buildTwoLeaves, H1, H2, H3, PLACES, VNI } from '../lab/two-leaves.ts';

async function run(lab: LabContext): Promise<void> {
  const { network } = lab;
  lab.step('namespaces, links, bridges');
  await buildTwoLeaves(network);
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
  await expectPing(network, 'h1', H2.ip);
  await expectPing(network, 'h2', H1.ip6);
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
  await addRoamer(network);
  await roam(network, 'h3', undefined, PLACES[0], H3);
  await expectRemoteMac(network, 'leaf2', VNI, H3.mac, '10.0.0.1');
  await roam(network, 'h3', PLACES[0], PLACES[1], H3);
  await expectRemoteMac(network, 'leaf1', VNI, H3.mac, '10.0.0.2');

  lab.step(
    'our reflector is killed and comes back: it has its clients again, the configured and the dynamic one',
  );
  const traffic = await Traffic.start(lab, [{ from: 'h1', to: H2.ip }], []);
  await spine.stop('SIGKILL');
  await spine.start();
  await expectSessions(spine, ['10.0.0.1', '10.0.0.2']);
  await expectPing(network, 'h1', H2.ip);
  const { sent, lost } = await traffic.stop();
  // FRR 8.4 keeps no EVPN routes of a peer that restarts. Newer ones do: lab 08.
  console.log(`    FRR 8.4 leaves: ${lost} of ${sent} pings lost while the reflector restarts`);
  await expectFrrRoute(leaf2, macIpPrefix(H1.mac), '10.0.0.1');

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
