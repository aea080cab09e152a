/**
 * GoBGP announces and withdraws routes of types 1 to 5 through an evpnd reflector to FRR: every one must arrive
 * with its attributes, and go again.
 *
 *   leaf2 (GoBGP) - spine1 (evpnd, reflector) - leaf1 (FRR)
 */
import { expectFrrSessions, expectSessions, frrPaths, imetPrefix, macIpPrefix } from '../lab/checks.ts';
import { eventually, expect } from '../lab/expect.ts';
import { addUnderlay, addVni } from '../lab/fabric.ts';
import type { Lab, LabContext } from '../lab/lab.ts';

const ESI = 'LACP 02:11:22:33:44:55 77';
const ESI_TEXT = '01:02:11:22:33:44:55:00:4d:00';
const COMMON = 'rt 65000:10 encap vxlan';

/** GoBGP's words for a route, and FRR's bracket form of it. */
const ROUTES = [
  [`a-d esi ${ESI} etag 0 label 10 rd 10.0.0.2:2 ${COMMON}`, `[1]:[0]:[${ESI_TEXT}]:[32]:[0.0.0.0]:[0]`],
  [
    `macadv 02:00:00:00:00:02 0.0.0.0 etag 0 label 10 rd 10.0.0.2:2 ${COMMON}`,
    macIpPrefix('02:00:00:00:00:02'),
  ],
  [
    `macadv 02:00:00:00:00:02 10.10.10.12 etag 0 label 10 rd 10.0.0.2:2 ${COMMON}`,
    macIpPrefix('02:00:00:00:00:02', '10.10.10.12'),
  ],
  [
    `macadv 02:00:00:00:00:02 fd10:10::12 etag 0 label 10 rd 10.0.0.2:2 ${COMMON}`,
    macIpPrefix('02:00:00:00:00:02', 'fd10:10::12'),
  ],
  [`multicast 10.0.0.2 etag 0 rd 10.0.0.2:2 ${COMMON} pmsi ingress-repl 10 10.0.0.2`, imetPrefix('10.0.0.2')],
  [`esi 10.0.0.2 esi ${ESI} rd 10.0.0.2:1 rt 65000:10 encap vxlan`, `[4]:[${ESI_TEXT}]:[32]:[10.0.0.2]`],
  [
    'prefix 192.0.2.0/24 gw 0.0.0.0 etag 0 label 4000 rd 10.0.0.2:4000 rt 65000:4000 encap vxlan router-mac 02:aa:00:00:40:02',
    '[5]:[0]:[24]:[192.0.2.0]',
  ],
] as const;

async function run(lab: LabContext): Promise<void> {
  const { network } = lab;
  lab.step('namespaces, links, bridges');
  await addUnderlay(network, 'spine1', '10.0.0.100', ['leaf1', 'leaf2']);
  await addVni(network, 'leaf1', { vni: 10, vtep: '10.0.0.1', gateways: ['10.10.10.1/24'] });
  lab.capture('spine1', 'swp2');

  lab.step('daemons');
  const spine = await lab.evpnd('spine1', lab.file('spine.evpnd.yaml'));
  const leaf1 = await lab.frr('leaf1', lab.file('leaf.frr.conf', { n: 1 }));
  const leaf2 = await lab.gobgp('leaf2', lab.file('leaf.gobgp.toml'));
  await expectSessions(spine, ['10.0.0.1', '10.0.0.2']);
  await expectFrrSessions(leaf1, ['10.0.0.100']);

  for (const [words, prefix] of ROUTES) {
    lab.step(`announce ${prefix}`);
    await leaf2.rib('add', words);
    await eventually(`FRR has ${prefix}`, async () => (await frrPaths(leaf1, prefix)).length > 0);
  }

  lab.step('attributes arrive unharmed');
  const detail = await leaf1.show('show bgp l2vpn evpn route detail');
  for (const wanted of [
    'RT:65000:10',
    'RT:65000:4000',
    'ET:8',
    'Rmac:02:aa:00:00:40:02',
    'Originator: 10.0.0.2',
  ]) {
    expect(`FRR shows ${wanted}`, detail.includes(wanted), detail.slice(0, 3000));
  }

  for (const [words, prefix] of ROUTES) {
    lab.step(`withdraw ${prefix}`);
    await leaf2.rib('del', words);
    await eventually(`FRR has no ${prefix}`, async () => (await frrPaths(leaf1, prefix)).length === 0);
  }
}

export const lab: Omit<Lab, 'name'> = {
  title: 'GoBGP announces types 1-5 through an evpnd reflector to FRR',
  needs: ['bgpd', 'vtysh', 'gobgpd', 'gobgp', 'tcpdump', 'ip'],
  run,
};
