/**
 * The canonical one-line text of what EVPN routes are made of: print and parse. The `parse` functions return undefined for
 * what is not of the form; they never throw.
 */
export {
  type AdministratorAndNumber,
  type AdministratorKind,
  administratorText,
  parseAdministrator,
  parseAutonomousSystem,
} from './administrator.ts';
export {
  communityText,
  type LargeCommunityParts,
  largeCommunityText,
  parseCommunity,
  parseLargeCommunity,
  WELL_KNOWN_COMMUNITY,
} from './community.ts';
export { ESI_MAX, ESI_OCTETS, ESI_ZERO, esiText, parseEsi } from './ethernet-segment-identifier.ts';
export { evpnRouteText, parseEvpnRoute } from './evpn-route.ts';
export { hexText, parseHex } from './hex.ts';
export { ipText, ipv4Text, ipv6Text, parseIp, parseIpv4, parseIpv6 } from './ip.ts';
export { macAt, macText, parseMac, putMac } from './mac.ts';
export { type IpPrefix, parsePrefix, prefixText } from './prefix.ts';
export {
  parseRouteDistinguisher,
  ROUTE_DISTINGUISHER_OCTETS,
  routeDistinguisherText,
} from './route-distinguisher.ts';
export { parseRouteOrigin, parseRouteTarget, routeTargetText } from './route-target.ts';
