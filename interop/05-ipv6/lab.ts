/**
 * IPv6: a session over IPv6 with FRR (the VTEPs stay IPv4, since FRR before 10.7 has no IPv6 VTEP and resets the session
 * on a 21-octet PMSI attribute), then a fabric whose underlay, sessions and VTEPs are IPv6 only, all evpnd.
 *
 *   h1 - leaf1 (FRR) - leaf2 (evpnd) - h2        h3 - leaf3 (evpnd) - spine1 (evpnd) - leaf4 (evpnd) - h4
 */
import { expectFrrRoute, expectFrrSessions, expectSessions, macIpPrefix } from '../lab/checks.ts';
import { addVni, attachHost, expectFloodList, expectPing, expectRemoteMac, octet } from '../lab/fabric.ts';
import type { Lab, LabContext } from '../lab/lab.ts';

const VNI = 10;
const host = (n: number) => ({
  mac: `02:00:00:00:00:0${n}`,
  addresses: [`10.10.10.1${n}/24`, `fd10:10::1${n}/64`],
});

async function sessionOverIpv6(lab: LabContext): Promise<void> {
  const { network } = lab;
  lab.step('a session over IPv6 with FRR, IPv4 VTEPs');
  for (const n of [1, 2]) await network.addNode(`leaf${n}`);
  await network.link('leaf1', 'eth0', 'leaf2', 'eth0', 1600);
  for (const n of [1, 2]) {
    const leaf = `leaf${n}`;
    await network.ip(leaf, `addr add fd09::${n}/64 dev eth0 nodad`);
    await network.ip(leaf, `addr add 10.9.0.${n}/24 dev eth0`);
    await network.ip(leaf, `addr add 10.0.0.${n}/32 dev lo`);
    await network.ip(leaf, `route add 10.0.0.${3 - n}/32 via 10.9.0.${3 - n}`);
    await addVni(network, leaf, { vni: VNI, vtep: `10.0.0.${n}`, gateways: [`10.10.10.${n}/24`] });
    await network.addHost(`h${n}`);
    await attachHost(network, leaf, 'swp1', `h${n}`, VNI, host(n));
  }
  lab.capture('leaf1', 'eth0');
  const leaf1 = await lab.frr('leaf1', lab.file('leaf.frr.conf'));
  const leaf2 = await lab.evpnd('leaf2', lab.file('leaf2.evpnd.yaml'));
  await expectFrrSessions(leaf1, ['fd09::2']);
  await expectSessions(leaf2, ['fd09::1']);
  await expectFloodList(network, 'leaf1', VNI, ['10.0.0.2']);
  await expectPing(network, 'h1', '10.10.10.12');
  await expectFrrRoute(leaf1, macIpPrefix(host(2).mac), '10.0.0.2');
}

async function ipv6Underlay(lab: LabContext): Promise<void> {
  const { network } = lab;
  lab.step('a fabric with an IPv6 underlay');
  const leaves = ['leaf3', 'leaf4'];
  await network.addNode('spine1');
  await network.ip('spine1', 'addr add fd00::100/128 dev lo');
  for (const leaf of leaves) {
    const n = octet(leaf);
    await network.addNode(leaf);
    await network.link('spine1', `swp${n}`, leaf, 'eth0', 1600);
    await network.ip(leaf, `addr add fd00::${n}/128 dev lo`);
    await network.ip(leaf, `addr add fd01:${n}::1/64 dev eth0 nodad`);
    await network.ip('spine1', `addr add fd01:${n}::100/64 dev swp${n} nodad`);
    await network.ip(leaf, `-6 route add fd00::/64 via fd01:${n}::100 src fd00::${n}`);
    await network.ip('spine1', `-6 route add fd00::${n}/128 via fd01:${n}::1`);
    await addVni(network, leaf, { vni: VNI, vtep: `fd00::${n}`, gateways: [`10.10.10.${n}/24`] });
    await network.addHost(`h${n}`);
    await attachHost(network, leaf, 'swp1', `h${n}`, VNI, host(n));
  }
  lab.capture('spine1', 'swp3');
  const spine = await lab.evpnd('spine1', lab.file('spine.evpnd.yaml'));
  for (const leaf of leaves) await lab.evpnd(leaf, lab.file('leaf.evpnd.yaml', { n: octet(leaf) }));

  lab.step('IPv6 VTEPs forward, both families inside');
  await expectSessions(spine, ['fd00::3', 'fd00::4']);
  await expectFloodList(network, 'leaf3', VNI, ['fd00::4']);
  await expectPing(network, 'h3', '10.10.10.14');
  await expectPing(network, 'h4', 'fd10:10::13');
  await expectRemoteMac(network, 'leaf3', VNI, host(4).mac, 'fd00::4');
  await expectRemoteMac(network, 'leaf4', VNI, host(3).mac, 'fd00::3');
}

async function run(lab: LabContext): Promise<void> {
  await sessionOverIpv6(lab);
  await ipv6Underlay(lab);
}

export const lab: Omit<Lab, 'name'> = {
  title: 'sessions over IPv6 with FRR; an IPv6 VTEP underlay between evpnd leaves',
  needs: ['bgpd', 'vtysh', 'tcpdump', 'ping', 'ip'],
  run,
};
