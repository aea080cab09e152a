/**
 * The table of EVPN routes: Adj-RIB-In, Loc-RIB, decision process, Adj-RIB-Out and reflection.
 *
 * Storage is columns of typed arrays behind the Rib's methods; nothing on the way of a route is an object, a string or
 * a closure. Octets per MAC+IPv4 route with one path, told to one group of peers:
 *
 *   key slot       28   (25 octets of key; 40 for a MAC+IPv6 key of 37)
 *   hash slots      8   to 16 (4 octets each, at most half in use)
 *   route row       4   first path
 *   path row       24   route, next, attributes, payload, source, state, generation, time of the last change
 *   Adj-RIB-Out    10   outbound block, payload, source; 8 more in a constrained group, for the list of its set of targets
 *   bitmaps         0.13 per consumer and group; 0.26 for each peer that is out of step, while it is
 *
 * that is 74 to 82; doubling columns leave up to as much again reserved, but untouched pages take no memory. A second path of a
 * route takes 24. Attribute blocks and payloads are shared: a distinct block takes its octets and 50 more.
 *
 * Measured by test/bench/rib.ts (Node 20, two busy cores): a million such routes from packed UPDATEs to four peers take
 * 0.5 s of processor time once the code is compiled, and 120 MB above the empty process; the same again 0.28 s, to
 * withdraw them 0.43 s.
 */
export { AdjRibOut } from './adj-rib-out.ts';
export type { AttributeTable } from './attribute-table.ts';
export type { LoserReason } from './best-path.ts';
export { RibConsumer } from './consumer.ts';
export type { ExportPolicy } from './export-policy.ts';
export {
  type AttributesId,
  LOCAL,
  NONE,
  type PathId,
  type PayloadId,
  type RouteId,
  type SourceId,
} from './ids.ts';
export type { Interest } from './interest.ts';
export type { MembershipPeer } from './membership-out.ts';
export type { Memberships, MembershipView } from './memberships.ts';
export type { OutPeer } from './out-peer.ts';
export type { PayloadTable } from './payload-table.ts';
export { Rib, type RibConfig } from './rib.ts';
export type { SourceCounts, SourceSpec } from './source-table.ts';
