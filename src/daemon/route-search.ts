/** Looks through the RIB for the routes that a query asks for, grouped by route distinguisher, without holding it up. */
import { EVPN_KEY, parseMac, parseRouteDistinguisher, routeDistinguisherText } from 'bgp-protocol';
import { type IpBytes, parseIp } from '../base/ip.ts';
import { macAt } from '../base/mac.ts';
import type { RouteQuery, RouteView } from '../control/api.ts';
import type { Rib, RouteId } from '../rib/index.ts';
import type { Parts } from './parts.ts';
import { routeView } from './views/route.ts';

/** Rows looked at between two turns of the event loop. */
const ROWS_A_TURN = 1024;

export function* findRoutes(query: RouteQuery, parts: Parts): Generator<RouteView | undefined> {
  const { rib } = parts;
  const matches = matcher(query, rib);
  const byDistinguisher = new Map<string, RouteId[]>();
  let rows = 0;
  for (const route of rib.routes()) {
    if (++rows % ROWS_A_TURN === 0) yield undefined;
    if (!matches(route)) continue;
    const rd = routeDistinguisherText(rib.keyBytes, rib.keyStart(route) + EVPN_KEY.RD);
    const list = byDistinguisher.get(rd);
    if (list) list.push(route);
    else byDistinguisher.set(rd, [route]);
  }
  for (const routes of byDistinguisher.values()) {
    for (const route of routes) {
      // It may have gone while others were printed.
      if (rib.firstPath(route) < 0 || !matches(route)) continue;
      const view = routeView(route, parts, query.detail);
      yield query.vni === undefined || concerns(view, query.vni) ? view : undefined;
    }
  }
}

/** Whether the key of a route is what the query asks for; all but the VNI, which is not in the key. */
function matcher(query: RouteQuery, rib: Rib): (route: RouteId) => boolean {
  const rd = query.rd === undefined ? undefined : parseRouteDistinguisher(query.rd);
  const mac = query.mac === undefined ? undefined : parseMac(query.mac);
  const ip = query.ip === undefined ? undefined : parseIp(query.ip);
  return (route) => {
    const bytes = rib.keyBytes;
    const start = rib.keyStart(route);
    const type = bytes[start]!;
    if (query.type !== undefined && type !== query.type) return false;
    if (rd && !bytesAt(bytes, start + EVPN_KEY.RD, rd)) return false;
    if (query.mac !== undefined && (type !== 2 || macAt(bytes, start + EVPN_KEY.MAC_IP_MAC) !== mac))
      return false;
    return query.ip === undefined || (ip !== undefined && hasIp(bytes, start, rib.keyEnd(route), ip));
  };
}

function bytesAt(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  return wanted.every((octet, i) => bytes[at + i] === octet);
}

/** The address of a type-2, type-3 or type-4 key is its last field. */
function hasIp(bytes: Uint8Array, start: number, end: number, ip: IpBytes): boolean {
  const at = end - ip.length;
  return at > start && bytes[at - 1] === ip.length * 8 && bytesAt(bytes, at, ip);
}

/** The VNI originated it, imports it, or looked at it and refused. */
function concerns(view: RouteView, vni: number): boolean {
  return (
    view.imports.some((each) => each.vni === vni) ||
    view.paths.some((path) => path.labels.includes(vni) || path.pmsiTunnel?.includes(`label: ${vni}`))
  );
}
