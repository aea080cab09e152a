/** FRR of this machine, with its `datacenter` defaults: bgpd and zebra are measured. */
import { Frr } from '../../../../interop/lab/frr.ts';
import { LOCAL_AS } from '../feed.ts';
import { MeasuredDaemons, Processes } from './processes.ts';
import type { NodeSetting, System } from './system.ts';
import { versionOf } from './version.ts';

export const frr: System = {
  name: 'FRR',
  /** What its `datacenter` defaults say. */
  holdTimeSeconds: 9,
  from: 'interop/setup',
  version: () => versionOf(['/usr/lib/frr/bgpd', '--version']),
  async start(setting, { network, directory }) {
    const daemons = new MeasuredDaemons();
    const running = await Frr.start({
      network: network!,
      daemons,
      node: setting.node,
      configuration: configurationOf(setting),
      logDirectory: directory,
    });
    return new Processes(daemons.named('bgpd', 'zebra'), async () => {
      await daemons.stop();
      running.removeFiles();
    });
  },
};

function configurationOf({ role, routerId, peers, neighbours = [] }: NodeSetting): string {
  const reflector = role === 'reflector';
  return `frr defaults datacenter
hostname bench
router bgp ${LOCAL_AS}
 bgp router-id ${routerId}
 no bgp default ipv4-unicast
 neighbor PEERS peer-group
 neighbor PEERS remote-as ${LOCAL_AS}
 neighbor PEERS timers connect 1
 bgp listen limit 500
 bgp listen range ${peers} peer-group PEERS
${neighbours.map((address) => ` neighbor ${address} peer-group PEERS\n neighbor ${address} update-source ${routerId}\n`).join('')} address-family l2vpn evpn
  neighbor PEERS activate
${reflector ? '  neighbor PEERS route-reflector-client\n' : '  advertise-all-vni\n'} exit-address-family
`;
}
