/** `show bgp l2vpn evpn vni [N]`: the instances as BGP sees them. */
import type { BgpVniView } from '../../control/index.ts';
import { type Command, showOne, showRows } from '../command.ts';
import { bgpVni, bgpVniTable } from '../render/bgp-vni.ts';

export const showBgpEvpnVnis: Command = showRows<BgpVniView>({
  pattern: 'show bgp [l2vpn] evpn vni',
  about: 'Each VNI with its route distinguisher and route targets',
  example: 'evpnctl show bgp l2vpn evpn vni',
  learns: 'Two leaves exchange a VNI when the export RT of one is an import RT of the other.',
  request: () => ({ path: '/v1/bgp/evpn/vnis' }),
  table: bgpVniTable,
});

export const showBgpEvpnVni: Command = showOne<BgpVniView>({
  pattern: 'show bgp [l2vpn] evpn vni VNI',
  about: 'One VNI as BGP sees it',
  example: 'evpnctl show bgp l2vpn evpn vni 10',
  learns: 'Which RD and RTs are automatic, and how many routes it sent and took in.',
  request: ({ VNI }) => ({ path: `/v1/bgp/evpn/vnis/${VNI}` }),
  lines: bgpVni,
});
