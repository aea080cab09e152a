/**
 * EVPN on a leaf: instances, import, MAC mobility, flooding and origination, between the RIB and a dataplane.
 *
 * Calls on Evpn come from the dataplane (DataplaneEvents) and, in slices, from the RIB; everything that follows from one is done
 * when it returns, but for what concerns whole instances or VTEPs, which is done in slices.
 *
 * Octets per remote MAC+IP route: 40 of columns, 75 for its MAC and 75 for its neighbour, and 16 to 32 of hash slots.
 */
export { type DuplicateDetectionConfig, EVPN_DEFAULTS, type EvpnConfig, type VniConfig } from './config.ts';
export { Evpn, type EvpnDataplane, type EvpnParts } from './evpn.ts';
export { REASON, type Reason, reasonText } from './reasons.ts';
export type { EvpnEvent, EvpnListener } from './reports.ts';
export type {
  FloodView,
  ImportView,
  InstanceView,
  MacView,
  NeighbourView,
  VtepView,
} from './view-types.ts';
export type { EvpnViews } from './views.ts';
