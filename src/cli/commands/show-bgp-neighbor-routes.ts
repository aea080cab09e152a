/** `show bgp neighbors X advertised-routes | routes`: what a neighbour was told, and what it told us. */
import type { BgpSummaryView, RouteView } from '../../control/index.ts';
import { type Command, showRows } from '../command.ts';
import { neighborPath } from '../neighbor-name.ts';
import { routeTable } from '../render/routes.ts';

const neighborRoutes = (word: string, path: string, about: string, learns: string): Command =>
  showRows<RouteView>({
    pattern: `show bgp [[l2vpn] evpn] neighbors NEIGHBOR ${word}`,
    about,
    example: `evpnctl show bgp neighbors 10.0.0.100 ${word}`,
    learns,
    request: async ({ NEIGHBOR }, client) => ({ path: `${await neighborPath(client, NEIGHBOR)}/${path}` }),
    table: async (_, client) => routeTable(await client.get<BgpSummaryView>('/v1/bgp/summary')),
  });

export const showBgpAdvertisedRoutes = neighborRoutes(
  'advertised-routes',
  'advertised-routes',
  'What the neighbour has been told (Adj-RIB-Out)',
  'Attributes are as they were sent, after reflection and the rules of eBGP.',
);

export const showBgpReceivedRoutes = neighborRoutes(
  'routes',
  'received-routes',
  'What the neighbour told us (Adj-RIB-In)',
  'Also routes that lost or were refused: those have no ">".',
);
