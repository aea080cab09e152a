/**
 * Extended communities as values: a union on `type`. What each one means is said in the file that decodes it.
 */
import type { AdministratorKind } from '../text/administrator.ts';

interface Administrator {
  readonly kind: AdministratorKind;
  /** An AS number, or a dotted IPv4 address for kind `ipv4`. */
  readonly administrator: number | string;
  /** 32 bits beside a 2-octet AS number, 16 bits beside the others. */
  readonly assigned: number;
}

export interface RouteTarget extends Administrator {
  readonly type: 'route-target';
}

/** Also known as site of origin. */
export interface RouteOrigin extends Administrator {
  readonly type: 'route-origin';
}

/** Any other sub-type of the AS-specific and IPv4-address-specific types. */
export interface AdministratorSpecific extends Administrator {
  readonly type: 'administrator-specific';
  readonly transitive: boolean;
  readonly subtype: number;
}

export interface LinkBandwidth {
  readonly type: 'link-bandwidth';
  readonly transitive: boolean;
  readonly autonomousSystem: number;
  readonly bytesPerSecond: number;
}

export interface Encapsulation {
  readonly type: 'encapsulation';
  /** TUNNEL_TYPE. */
  readonly tunnelType: number;
}

export interface Color {
  readonly type: 'color';
  readonly flags: number;
  readonly color: number;
}

export interface DefaultGateway {
  readonly type: 'default-gateway';
}

export interface LoadBalance {
  readonly type: 'load-balance';
  /** Which fields of a packet are hashed, one bit each. */
  readonly fields: number;
  readonly flags: number;
}

export interface OriginValidationState {
  readonly type: 'origin-validation-state';
  /** 0 valid, 1 not found, 2 invalid. */
  readonly state: number;
}

/** Any other sub-type of the opaque types. */
export interface OpaqueCommunity {
  readonly type: 'opaque';
  readonly transitive: boolean;
  readonly subtype: number;
  /** Six octets. */
  readonly value: Uint8Array;
}

export interface MacMobility {
  readonly type: 'mac-mobility';
  readonly sequence: number;
  readonly sticky: boolean;
}

export interface EsiLabel {
  readonly type: 'esi-label';
  /** ESI_LABEL_FLAG. */
  readonly flags: number;
  /** 24 raw bits. */
  readonly label: number;
}

export interface EsImport {
  readonly type: 'es-import';
  readonly mac: string;
}

export interface RouterMac {
  readonly type: 'router-mac';
  readonly mac: string;
}

export interface Layer2Attributes {
  readonly type: 'layer-2-attributes';
  /** LAYER_2_FLAG. */
  readonly flags: number;
  readonly mtu: number;
}

export interface ETree {
  readonly type: 'e-tree';
  /** E_TREE_FLAG. */
  readonly flags: number;
  /** 24 raw bits. */
  readonly leafLabel: number;
}

export interface DfElection {
  readonly type: 'df-election';
  /** DF_ALGORITHM. */
  readonly algorithm: number;
  /** DF_CAPABILITY. */
  readonly capabilities: number;
  /** Of the preference algorithms; zero with the others. */
  readonly preference: number;
}

export interface ISid {
  readonly type: 'i-sid';
  readonly baseISid: number;
  readonly bitmap: number;
}

export interface NdFlags {
  readonly type: 'nd-flags';
  /** ND_FLAG. */
  readonly flags: number;
}

export interface MulticastFlags {
  readonly type: 'multicast-flags';
  /** MULTICAST_CAPABILITY. */
  readonly flags: number;
}

/** The route target of an EVPN instance, for routes that a route target of their own keeps to one segment. */
export interface EviRouteTarget extends Administrator {
  readonly type: 'evi-route-target';
}

export interface ServiceCarvingTime {
  readonly type: 'service-carving-time';
  /** Seconds of the NTP era, RFC 5905 section 6. */
  readonly seconds: number;
  /** The upper 16 bits of NTP's fraction of a second. */
  readonly fraction: number;
}

export interface EvpnLinkBandwidth {
  readonly type: 'evpn-link-bandwidth';
  /** 0: megabits per second; 1: a weight without unit. */
  readonly units: number;
  readonly weight: number;
}

/** Any other sub-type of the EVPN type. */
export interface EvpnOpaqueCommunity {
  readonly type: 'evpn-opaque';
  readonly subtype: number;
  /** Six octets. */
  readonly value: Uint8Array;
}

/** Any other type. */
export interface UnknownCommunity {
  readonly type: 'unknown';
  /** All eight octets. */
  readonly value: Uint8Array;
}

export type ExtendedCommunity =
  | RouteTarget
  | RouteOrigin
  | AdministratorSpecific
  | LinkBandwidth
  | Encapsulation
  | Color
  | DefaultGateway
  | LoadBalance
  | OriginValidationState
  | OpaqueCommunity
  | MacMobility
  | EsiLabel
  | EsImport
  | RouterMac
  | Layer2Attributes
  | ETree
  | DfElection
  | ISid
  | NdFlags
  | MulticastFlags
  | EviRouteTarget
  | ServiceCarvingTime
  | EvpnLinkBandwidth
  | EvpnOpaqueCommunity
  | UnknownCommunity;

export type ExtendedCommunityType = ExtendedCommunity['type'];
