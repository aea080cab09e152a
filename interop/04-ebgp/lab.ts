/**
 * An eBGP fabric: every leaf in an AS of its own, the next hop unchanged across the spine (RFC 8365 section 5.1.3 needs
 * the VTEP there), auto route targets that differ in the AS and match in the VNI. First with an FRR spine, then with ours.
 *
 *   h1 - leaf1 (FRR, 65001) - spine1 (65100: FRR, then evpnd) - leaf2 (evpnd, 65002) - h2
 */
import { expectFrrRoute, expectFrrSessions, expectSessions, macIpPrefix } from '../lab/checks.ts';
import { expectFloodList, expectNoRemoteMac, expectPing, expectRemoteMac } from '../lab/fabric.ts';
import type { Lab, LabContext } from '../lab/lab.ts';
import { buildTwoLeaves, H1, H2, VNI } from '../lab/two-leaves.ts';

async function run(lab: LabContext): Promise<void> {
  const { network } = lab;
  lab.step('namespaces, links, bridges');
  await buildTwoLeaves(network);
  lab.capture('spine1', 'swp2');

  lab.step('an FRR spine');
  const spine = await lab.frr('spine1', lab.file('spine.frr.conf'));
  const leaf1 = await lab.frr('leaf1', lab.file('leaf.frr.conf', { n: 1 }));
  const leaf2 = await lab.evpnd('leaf2', lab.file('leaf.evpnd.yaml', { n: 2 }));
  await expectFrrSessions(spine, ['10.1.1.1', '10.1.2.1']);
  await expectSessions(leaf2, ['10.1.2.0']);
  await works(lab);
  await expectFrrRoute(leaf1, macIpPrefix(H2.mac), '10.0.0.2');

  lab.step('the FRR spine dies: everything learnt through it goes');
  await lab.daemons.stopNamed(['bgpd'], 'spine1');
  await expectNoRemoteMac(network, 'leaf2', VNI, H1.mac);
  await expectFloodList(network, 'leaf2', VNI, []);

  lab.step('an evpnd spine in its place');
  const ours = await lab.evpnd('spine1', lab.file('spine.evpnd.yaml'));
  await expectSessions(ours, ['10.1.1.1', '10.1.2.1']);
  await works(lab);
  await expectFrrRoute(leaf1, macIpPrefix(H2.mac), '10.0.0.2');
}

async function works({ network }: LabContext): Promise<void> {
  await expectFloodList(network, 'leaf1', VNI, ['10.0.0.2']);
  await expectFloodList(network, 'leaf2', VNI, ['10.0.0.1']);
  await expectPing(network, 'h1', H2.ip);
  await expectRemoteMac(network, 'leaf1', VNI, H2.mac, '10.0.0.2');
  await expectRemoteMac(network, 'leaf2', VNI, H1.mac, '10.0.0.1');
}

export const lab: Omit<Lab, 'name'> = {
  title: 'eBGP spine and leaves, next hop unchanged: FRR spine, then evpnd spine',
  needs: ['bgpd', 'vtysh', 'tcpdump', 'ping', 'ip'],
  run,
};
