/** `show bgp l2vpn evpn route`: the EVPN table, whole or by type, RD, VNI, MAC or IP. */
import type { BgpSummaryView, RouteView } from '../../control/index.ts';
import { type Command, showRows } from '../command.ts';
import { routeDetail, routeTable } from '../render/routes.ts';

export const showBgpEvpnRoute: Command = showRows<RouteView>({
  pattern: 'show bgp [l2vpn] evpn [route [{type TYPE|rd <RD|all>|vni <VNI|all>|mac MAC|ip IP|detail}]]',
  about: 'The EVPN table; type, rd, vni, mac and ip choose, detail shows every attribute',
  example: 'evpnctl show bgp l2vpn evpn route type 2 vni 10 detail',
  learns: 'Each path says why it is best or why it lost; each VNI says whether it imported the route.',
  request: ({ TYPE, RD, VNI, MAC, IP, detail }) => ({
    path: '/v1/bgp/evpn/routes',
    query: { type: TYPE, rd: RD, vni: VNI, mac: MAC, ip: IP, detail: detail ?? MAC !== undefined },
  }),
  // A MAC has few routes, and who asks for one wants to know all about it: FRR shows these in full as well.
  table: async ({ MAC, detail }, client) =>
    detail || MAC !== undefined
      ? routeDetail()
      : routeTable(await client.get<BgpSummaryView>('/v1/bgp/summary')),
});
