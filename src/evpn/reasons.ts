/**
 * Why a route is or is not used on this leaf: a small code per route, and words for people.
 */

export const REASON = {
  /** No path, or never examined. */
  NONE: 0,
  IMPORTED: 1,
  OWN_ROUTE: 2,
  ROUTE_TYPE: 3,
  NO_ROUTE_TARGET: 4,
  VNI_MISMATCH: 5,
  ENCAPSULATION: 6,
  NEXT_HOP: 7,
  OWN_VTEP: 8,
  ETHERNET_SEGMENT: 9,
  ETHERNET_TAG: 10,
  NO_PMSI_TUNNEL: 11,
  TUNNEL_TYPE: 12,
  INSTANCE_DOWN: 13,
  VTEP_FAMILY: 14,
  MAC_ADDRESS: 15,
  OWN_MAC: 16,
  /** The only one with which a route is used: for its MAC. */
  IP_ADDRESS: 17,
} as const;
export type Reason = (typeof REASON)[keyof typeof REASON];

const TEXTS: Readonly<Record<Reason, string>> = {
  [REASON.NONE]: 'no usable path',
  [REASON.IMPORTED]: 'imported',
  [REASON.OWN_ROUTE]: 'our own route',
  [REASON.ROUTE_TYPE]: 'route type is not used by a bridged VNI',
  [REASON.NO_ROUTE_TARGET]: 'no VNI here imports its route targets',
  [REASON.VNI_MISMATCH]: 'its label is not the VNI that imports its route targets',
  [REASON.ENCAPSULATION]: 'its encapsulations do not include VXLAN',
  [REASON.NEXT_HOP]: 'its next hop cannot be a VTEP address',
  [REASON.OWN_VTEP]: 'its VTEP is this leaf',
  [REASON.ETHERNET_SEGMENT]: 'it is behind a multihomed Ethernet segment, which is not supported',
  [REASON.ETHERNET_TAG]: 'its Ethernet tag is not 0',
  [REASON.NO_PMSI_TUNNEL]: 'it has no PMSI tunnel attribute',
  [REASON.TUNNEL_TYPE]: 'its PMSI tunnel is not ingress replication',
  [REASON.INSTANCE_DOWN]: 'the VNI is down or has no tunnel address',
  [REASON.VTEP_FAMILY]: 'its VTEP is of another address family than ours',
  [REASON.MAC_ADDRESS]: 'its MAC address cannot be a host',
  [REASON.OWN_MAC]: "its MAC address is one of this leaf's own",
  [REASON.IP_ADDRESS]: 'its IP address cannot be a host: only its MAC address is used',
};

/** `its label is not the VNI that imports its route targets` */
export const reasonText = (reason: Reason): string => TEXTS[reason];
