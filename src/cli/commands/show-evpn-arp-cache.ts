/** `show evpn arp-cache vni N|all`: neighbour tables, ARP and ND. */
import type { ArpView, VniView } from '../../control/index.ts';
import { type Command, showRows } from '../command.ts';
import { readAll } from '../read-all.ts';
import { arpDetail, arpTable } from '../render/entries.ts';

export const showEvpnArpCache: Command = showRows<ArpView>({
  pattern: 'show evpn arp-cache vni <VNI|all> [<ip IP|vtep VTEP|duplicate>]',
  about: 'Which IP is at which MAC, local and remote: what lets a leaf answer ARP and ND',
  example: 'evpnctl show evpn arp-cache vni 10',
  learns: 'A remote neighbour that is installed is answered for here, and its ARP is not flooded.',
  request: ({ VNI, IP, VTEP, duplicate }) => ({
    path: '/v1/evpn/neighbors',
    query: { vni: VNI, ip: IP, vtep: VTEP, duplicate },
  }),
  table: async ({ IP, VTEP, duplicate }, client) => {
    if (IP !== undefined) return arpDetail();
    const whole = VTEP === undefined && duplicate === undefined;
    return arpTable(whole ? await readAll<VniView>(client, '/v1/evpn/vnis') : []);
  },
});
