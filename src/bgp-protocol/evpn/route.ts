/**
 * An EVPN route as a value for people and tests: a union on `routeType`.
 *
 * RFC 7432 section 7, "EVPN Route Types" of IANA. A type that is not known is opaque: kept, shown and sent on.
 */
import type { EthernetAdRoute } from './ethernet-ad.ts';
import type { EthernetSegmentRoute } from './ethernet-segment.ts';
import type { InclusiveMulticastRoute } from './inclusive-multicast.ts';
import type { IpPrefixRoute } from './ip-prefix.ts';
import type { LeafAdRoute } from './leaf-ad.ts';
import type { MacIpRoute } from './mac-ip.ts';
import type { MulticastLeaveSynchRoute, MulticastReportSynchRoute } from './multicast-synch.ts';
import type { PerRegionIPmsiRoute } from './per-region-i-pmsi.ts';
import type { SPmsiRoute } from './s-pmsi.ts';
import type { SelectiveMulticastRoute } from './selective-multicast.ts';

export type KnownEvpnRoute =
  | EthernetAdRoute
  | MacIpRoute
  | InclusiveMulticastRoute
  | EthernetSegmentRoute
  | IpPrefixRoute
  | SelectiveMulticastRoute
  | MulticastReportSynchRoute
  | MulticastLeaveSynchRoute
  | PerRegionIPmsiRoute
  | SPmsiRoute
  | LeafAdRoute;

export type KnownEvpnRouteType = KnownEvpnRoute['routeType'];

/** The numbers 0 to 255 one by one, so that a comparison of `routeType` narrows the union. */
type Octet<Seen extends readonly unknown[] = [], Union = never> = Seen['length'] extends 256
  ? Union
  : Octet<readonly [...Seen, 0], Union | Seen['length']>;

export interface OpaqueEvpnRoute {
  readonly routeType: Exclude<Octet, KnownEvpnRouteType>;
  readonly opaque: Uint8Array;
}

export type EvpnRoute = KnownEvpnRoute | OpaqueEvpnRoute;
