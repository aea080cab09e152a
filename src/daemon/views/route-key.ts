/** An EVPN route key in the words of the control API: what identifies a destination (RFC 7432 section 7). */
import { type EvpnRoute, evpnRouteText } from 'bgp-protocol';
import type { RouteView } from '../../control/api.ts';

type KeyView = Omit<RouteView, 'paths' | 'imports' | 'advertisedTo' | 'rd'>;

const TYPE_NAMES: Readonly<Record<number, string>> = {
  1: 'ethernet-ad',
  2: 'mac-ip',
  3: 'inclusive-multicast',
  4: 'ethernet-segment',
  5: 'ip-prefix',
  6: 'smet',
  7: 'multicast-join-synch',
  8: 'multicast-leave-synch',
  9: 'per-region-i-pmsi',
  10: 's-pmsi',
  11: 'leaf-ad',
};

export function routeKeyView(route: EvpnRoute): KeyView {
  const common = {
    key: evpnRouteText(route),
    type: route.routeType,
    typeName: TYPE_NAMES[route.routeType] ?? `type-${route.routeType}`,
  };
  switch (route.routeType) {
    case 1:
      return { ...common, ethernetTag: route.ethernetTag, esi: route.esi };
    case 2:
      return { ...common, ethernetTag: route.ethernetTag, mac: route.mac, ip: route.ip };
    case 3:
      return { ...common, ethernetTag: route.ethernetTag, originator: route.originatorIp };
    case 4:
      return { ...common, esi: route.esi, originator: route.originatorIp };
    case 5:
      return { ...common, ethernetTag: route.ethernetTag, prefix: route.prefix };
    default:
      return common;
  }
}
