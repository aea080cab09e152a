/**
 * The path attributes: registry, union, and the reading and writing of a well-formed list of them.
 *
 * "BGP Path Attributes" of IANA; RFC 4271 section 4.3.
 */

import { BgpFault } from '../faults.ts';
import { ATTRIBUTE_FLAG, UPDATE_ERROR } from '../iana.ts';
import { copyOctets } from '../octets.ts';
import { Reader } from '../reader.ts';
import { Writer } from '../writer.ts';
import { type Aggregator, type As4Aggregator, aggregator, as4Aggregator } from './aggregator.ts';
import { type Aigp, aigp } from './aigp.ts';
import { type As4Path, type AsPath, as4Path, asPath } from './as-path.ts';
import { type AtomicAggregate, atomicAggregate } from './atomic-aggregate.ts';
import { type AttrSet, attrSetCodec } from './attr-set.ts';
import { type BfdDiscriminator, bfdDiscriminator } from './bfd-discriminator.ts';
import { type ClusterList, clusterList } from './cluster-list.ts';
import { type AttributeCodec, CATEGORY_FLAGS } from './codec.ts';
import { type Communities, communities } from './communities.ts';
import { type DPath, dPath } from './d-path.ts';
import { type ExtendedCommunities, extendedCommunities } from './extended-communities.ts';
import { type Ipv6ExtendedCommunities, ipv6ExtendedCommunities } from './ipv6-extended-communities.ts';
import { type LargeCommunities, largeCommunities } from './large-communities.ts';
import { type LocalPref, localPref } from './local-pref.ts';
import { type MpReachNlri, mpReachNlri } from './mp-reach.ts';
import { type MpUnreachNlri, mpUnreachNlri } from './mp-unreach.ts';
import { type MultiExitDisc, multiExitDisc } from './multi-exit-disc.ts';
import { type NextHopAttribute, nextHop } from './next-hop.ts';
import { type OnlyToCustomer, onlyToCustomer } from './only-to-customer.ts';
import {
  bgpLs,
  bgpsecPath,
  bier,
  communityContainer,
  type OpaqueAttribute,
  peDistinguisherLabels,
  sfp,
  trafficEngineering,
} from './opaque.ts';
import { type Origin, origin } from './origin.ts';
import { type OriginatorId, originatorId } from './originator-id.ts';
import { type PmsiTunnel, pmsiTunnel } from './pmsi-tunnel.ts';
import { type PrefixSid, prefixSid } from './prefix-sid.ts';
import { type TunnelEncapsulation, tunnelEncapsulation } from './tunnel-encapsulation.ts';

/** Not in the registry: its octets and flags travel as they came, the Partial bit added by who passes it on. */
export interface UnknownAttribute {
  readonly type: 'unknown';
  readonly code: number;
  /** Optional, Transitive and Partial as received. */
  readonly flags: number;
  readonly value: Uint8Array;
}

export type KnownAttribute =
  | Origin
  | AsPath
  | NextHopAttribute
  | MultiExitDisc
  | LocalPref
  | AtomicAggregate
  | Aggregator
  | Communities
  | OriginatorId
  | ClusterList
  | MpReachNlri
  | MpUnreachNlri
  | ExtendedCommunities
  | As4Path
  | As4Aggregator
  | PmsiTunnel
  | TunnelEncapsulation
  | OpaqueAttribute<'TRAFFIC_ENGINEERING'>
  | Ipv6ExtendedCommunities
  | Aigp
  | OpaqueAttribute<'PE_DISTINGUISHER_LABELS'>
  | OpaqueAttribute<'BGP_LS'>
  | LargeCommunities
  | OpaqueAttribute<'BGPSEC_PATH'>
  | OpaqueAttribute<'COMMUNITY_CONTAINER'>
  | OnlyToCustomer
  | DPath
  | OpaqueAttribute<'SFP'>
  | BfdDiscriminator
  | PrefixSid
  | OpaqueAttribute<'BIER'>
  | AttrSet<Attribute>;

export type Attribute = KnownAttribute | UnknownAttribute;

export const ATTRIBUTES: readonly AttributeCodec<KnownAttribute>[] = [
  origin,
  asPath,
  nextHop,
  multiExitDisc,
  localPref,
  atomicAggregate,
  aggregator,
  communities,
  originatorId,
  clusterList,
  mpReachNlri,
  mpUnreachNlri,
  extendedCommunities,
  as4Path,
  as4Aggregator,
  pmsiTunnel,
  tunnelEncapsulation,
  trafficEngineering,
  ipv6ExtendedCommunities,
  aigp,
  peDistinguisherLabels,
  bgpLs,
  largeCommunities,
  bgpsecPath,
  communityContainer,
  onlyToCustomer,
  dPath,
  sfp,
  bfdDiscriminator,
  prefixSid,
  bier,
  attrSetCodec<Attribute>(decodeAttribute, encodeAttributes),
];

const BY_CODE: readonly (AttributeCodec<KnownAttribute> | undefined)[] = Array.from(
  { length: 256 },
  (_, code) => ATTRIBUTES.find((codec) => codec.code === code),
);
const BY_TYPE: ReadonlyMap<string, AttributeCodec<KnownAttribute>> = new Map(
  ATTRIBUTES.map((codec) => [codec.type, codec]),
);

/** The registry entry of a type code; undefined for an unknown one. */
export function attributeCodec(code: number): AttributeCodec<KnownAttribute> | undefined {
  return BY_CODE[code];
}

/** The type code of an attribute. */
export function attributeCode(attribute: Attribute): number {
  if (attribute.type === 'unknown') return attribute.code;
  return codecOf(attribute).code;
}

/**
 * Reads a list of attributes with 4-octet AS numbers, in whatever order they are. The list is to be well-formed: an
 * attribute block is. Throws the BgpFault of the first attribute that is not.
 */
export function decodeAttributes(bytes: Uint8Array, start = 0, end: number = bytes.length): Attribute[] {
  const reader = new Reader(bytes, start, end);
  const attributes: Attribute[] = [];
  while (!reader.done) attributes.push(decodeAttribute(reader));
  return attributes;
}

/** One attribute: flags, type, length, value. */
export function decodeAttribute(reader: Reader): Attribute {
  const flags = reader.u8();
  const code = reader.u8();
  const length = (flags & ATTRIBUTE_FLAG.EXTENDED_LENGTH) !== 0 ? reader.u16() : reader.u8();
  const value = reader.take(length);
  const codec = BY_CODE[code];
  if (codec === undefined) {
    return { type: 'unknown', code, flags: flags & KEPT_FLAGS, value: copyOctets(value.rest()) };
  }
  const fault = codec.check(value.bytes, value.offset, value.end);
  if (fault !== undefined) throw fault.within({ action: codec.onFault });
  const attribute = codec.decode(value);
  if (!value.done) {
    throw new BgpFault(`Cannot decode ${codec.type}: ${value.remaining} octets too many`, {
      subcode: UPDATE_ERROR.ATTRIBUTE_LENGTH_ERROR,
      action: codec.onFault,
      offset: value.offset,
    });
  }
  const partial = codec.category === 'optional-transitive' && (flags & ATTRIBUTE_FLAG.PARTIAL) !== 0;
  return partial ? ({ ...attribute, partial: true } as Attribute) : attribute;
}

const KEPT_FLAGS = ATTRIBUTE_FLAG.OPTIONAL | ATTRIBUTE_FLAG.TRANSITIVE | ATTRIBUTE_FLAG.PARTIAL;

/** Writes attributes in the order given, each in canonical form: extended length only above 255 octets. */
export function encodeAttributes(attributes: readonly Attribute[], out: Writer): void {
  for (const attribute of attributes) encodeAttribute(attribute, out);
}

/** Throws a TypeError or RangeError when a field of the attribute does not fit its form. */
export function encodeAttribute(attribute: Attribute, out: Writer): void {
  const value = new Writer(64);
  if (attribute.type === 'unknown') {
    value.bytes(attribute.value);
    writeAttribute(attribute.flags & KEPT_FLAGS, attribute.code, value.view(), out);
    return;
  }
  const codec = codecOf(attribute);
  codec.encode(attribute, value);
  const partial = 'partial' in attribute && attribute.partial ? ATTRIBUTE_FLAG.PARTIAL : 0;
  writeAttribute(CATEGORY_FLAGS[codec.category] | partial, codec.code, value.view(), out);
}

/** Flags, type, length, value. MP_REACH_NLRI and MP_UNREACH_NLRI always have the extended length. */
export function writeAttribute(flags: number, code: number, value: Uint8Array, out: Writer): void {
  if (value.length > 0xffff) {
    throw new RangeError(`Cannot encode attribute ${code}: length is ${value.length}, expected up to 65535`);
  }
  const extended = value.length > 255 || code === mpReachNlri.code || code === mpUnreachNlri.code;
  out.u8(flags | (extended ? ATTRIBUTE_FLAG.EXTENDED_LENGTH : 0));
  out.u8(code);
  if (extended) out.u16(value.length);
  else out.u8(value.length);
  out.bytes(value);
}

function codecOf(attribute: KnownAttribute): AttributeCodec<KnownAttribute> {
  const codec = BY_TYPE.get(attribute.type);
  if (codec === undefined) throw new TypeError(`Cannot encode attribute: type is ${attribute.type}`);
  return codec;
}

export { checkAggregator } from './aggregator.ts';
export type { AsPathSegment, AsPathSegmentKind } from './as-path.ts';
export { checkAsPath, readSegments, writeSegments } from './as-path.ts';
export type { AttributeCategory, AttributeCodec } from './codec.ts';
export { CATEGORY_FLAGS } from './codec.ts';
export type { PathDomain } from './d-path.ts';
export type { LargeCommunity } from './large-communities.ts';
export { mpReachNlriStart, NEXT_HOP_OFFSET } from './mp-reach.ts';
export type { OriginValue } from './origin.ts';
export type { PmsiTunnelIdentifier } from './pmsi-tunnel.ts';
export type { PrefixSidTlv } from './prefix-sid.ts';
export type { Tlv } from './tlv.ts';
export type { EncapsulatedTunnel } from './tunnel-encapsulation.ts';
export type { TunnelSubTlv } from './tunnel-sub-tlv.ts';
export type {
  Aggregator,
  Aigp,
  As4Aggregator,
  As4Path,
  AsPath,
  AtomicAggregate,
  AttrSet,
  BfdDiscriminator,
  ClusterList,
  Communities,
  DPath,
  ExtendedCommunities,
  Ipv6ExtendedCommunities,
  LargeCommunities,
  LocalPref,
  MpReachNlri,
  MpUnreachNlri,
  MultiExitDisc,
  NextHopAttribute,
  OnlyToCustomer,
  OpaqueAttribute,
  Origin,
  OriginatorId,
  PmsiTunnel,
  PrefixSid,
  TunnelEncapsulation,
};
