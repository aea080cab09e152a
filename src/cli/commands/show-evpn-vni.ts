/** `show evpn vni [N]`: the instances as the dataplane has them. */
import type { VniView } from '../../control/index.ts';
import { type Command, showOne, showRows } from '../command.ts';
import { vni, vniTable } from '../render/vni.ts';

export const showEvpnVnis: Command = showRows<VniView>({
  pattern: 'show evpn vni',
  about: 'Each VNI with its VXLAN interface, and how much it knows',
  example: 'evpnctl show evpn vni',
  learns: 'A VNI that is down, or set up in a way that floods, says so below the table.',
  request: () => ({ path: '/v1/evpn/vnis' }),
  table: vniTable,
});

export const showEvpnVni: Command = showOne<VniView>({
  pattern: 'show evpn vni VNI',
  about: 'One VNI as the dataplane has it',
  example: 'evpnctl show evpn vni 10',
  learns: 'The head-end replication list: to which VTEPs broadcast and unknown frames are copied.',
  request: ({ VNI }) => ({ path: `/v1/evpn/vnis/${VNI}` }),
  lines: vni,
});
