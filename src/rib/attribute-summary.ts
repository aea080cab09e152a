/**
 * What the decision process and the export rules need of an attribute block, read once when the block is
 * interned: numbers only, so that comparing two paths touches no object.
 *
 * RFC 4271 sections 4.3 and 5 (attributes), 9.1.2.2 (AS_PATH length, neighbour AS), RFC 5065 section 5.3
 * (confederation segments do not count), RFC 4456 section 8 (ORIGINATOR_ID, CLUSTER_LIST), RFC 1997 (communities),
 * RFC 7432 sections 7.7 (MAC mobility) and 7.8 (default gateway).
 */
import { ATTRIBUTE, ATTRIBUTE_FLAG } from 'bgp-protocol';

/** Who this speaker is: what makes a received path a loop. */
export interface RibIdentity {
  readonly localAs: number;
  /** The BGP identifier as an unsigned 32-bit number. */
  readonly routerId: number;
  /** RFC 4456 section 7; usually the router id. */
  readonly clusterId: number;
}

/** One bit each. */
export const SUMMARY_FLAG = {
  STICKY: 1,
  DEFAULT_GATEWAY: 4,
  NO_EXPORT: 8,
  NO_ADVERTISE: 16,
  HAS_ORIGINATOR: 32,
  HAS_LOCAL_PREFERENCE: 64,
  /** The path went through here before; the reason in the order the checks are made. */
  AS_PATH_LOOP: 128,
  ORIGINATOR_LOOP: 256,
  CLUSTER_LOOP: 512,
} as const;

export interface AttributeSummary {
  flags: number;
  localPreference: number;
  asPathLength: number;
  /** 0 IGP, 1 EGP, 2 INCOMPLETE: lower is better. */
  origin: number;
  /** RFC 4271 section 9.1.2.2 (c): a missing MED is the lowest. */
  med: number;
  /** The AS the path came in from; 0 for an empty AS_PATH. */
  neighbourAs: number;
  /** Unsigned; meaningful when HAS_ORIGINATOR is set. */
  originatorId: number;
  clusterListLength: number;
  mobilitySequence: number;
  /** Where the next hop is in the block; nextHopEnd === nextHopStart when there is none. */
  nextHopStart: number;
  nextHopEnd: number;
}

/** RFC 4271 section 9.1.1: what stands in for LOCAL_PREF on paths that carry none. */
export const DEFAULT_LOCAL_PREFERENCE = 100;

const NO_EXPORT = 0xffffff01;
const NO_ADVERTISE = 0xffffff02;
const NO_EXPORT_SUBCONFED = 0xffffff03;
const AS_SET = 1;
const AS_SEQUENCE = 2;
/** Type and sub-type of the extended communities of interest: RFC 7432 section 7.7, 7.8. */
const MAC_MOBILITY = 0x0600;
const DEFAULT_GATEWAY = 0x030d;
/** RFC 7432 section 7.7: the least significant bit of the flags octet is the sticky/static flag. */
const STICKY_FLAG = 0x01;

export function emptySummary(): AttributeSummary {
  return {
    flags: 0,
    localPreference: DEFAULT_LOCAL_PREFERENCE,
    asPathLength: 0,
    origin: 2,
    med: 0,
    neighbourAs: 0,
    originatorId: 0,
    clusterListLength: 0,
    mobilitySequence: 0,
    nextHopStart: 0,
    nextHopEnd: 0,
  };
}

/** Reads the canonical block at `start` to `end` into `into`. The block has passed the codec's checks. */
export function summariseAttributes(
  bytes: Uint8Array,
  start: number,
  end: number,
  identity: RibIdentity,
  into: AttributeSummary,
): void {
  Object.assign(into, BLANK);
  for (let at = start; at + 3 <= end; ) {
    const extended = (bytes[at]! & ATTRIBUTE_FLAG.EXTENDED_LENGTH) !== 0;
    const value = at + (extended ? 4 : 3);
    const length = extended ? (bytes[at + 2]! << 8) | bytes[at + 3]! : bytes[at + 2]!;
    readAttribute(bytes, bytes[at + 1]!, value, value + length, identity, into);
    at = value + length;
  }
}

const BLANK = emptySummary();

function readAttribute(
  bytes: Uint8Array,
  code: number,
  at: number,
  end: number,
  identity: RibIdentity,
  into: AttributeSummary,
): void {
  switch (code) {
    case ATTRIBUTE.ORIGIN:
      into.origin = bytes[at]!;
      break;
    case ATTRIBUTE.AS_PATH:
      readAsPath(bytes, at, end, identity.localAs, into);
      break;
    case ATTRIBUTE.MULTI_EXIT_DISC:
      into.med = u32(bytes, at);
      break;
    case ATTRIBUTE.LOCAL_PREF:
      into.localPreference = u32(bytes, at);
      into.flags |= SUMMARY_FLAG.HAS_LOCAL_PREFERENCE;
      break;
    case ATTRIBUTE.COMMUNITIES:
      for (let i = at; i + 4 <= end; i += 4) into.flags |= wellKnown(u32(bytes, i));
      break;
    case ATTRIBUTE.ORIGINATOR_ID:
      into.originatorId = u32(bytes, at);
      into.flags |= SUMMARY_FLAG.HAS_ORIGINATOR;
      if (into.originatorId === identity.routerId) into.flags |= SUMMARY_FLAG.ORIGINATOR_LOOP;
      break;
    case ATTRIBUTE.CLUSTER_LIST:
      into.clusterListLength = (end - at) >>> 2;
      for (let i = at; i + 4 <= end; i += 4) {
        if (u32(bytes, i) === identity.clusterId) into.flags |= SUMMARY_FLAG.CLUSTER_LOOP;
      }
      break;
    case ATTRIBUTE.NEXT_HOP:
      into.nextHopStart = at;
      into.nextHopEnd = end;
      break;
    case ATTRIBUTE.MP_REACH_NLRI:
      // AFI, SAFI, next hop length; 32 octets are a global and a link-local address (RFC 2545 section 3).
      into.nextHopStart = at + 4;
      into.nextHopEnd = at + 4 + (bytes[at + 3] === 32 ? 16 : bytes[at + 3]!);
      break;
    case ATTRIBUTE.EXTENDED_COMMUNITIES:
      for (let i = at; i + 8 <= end; i += 8) readExtendedCommunity(bytes, i, into);
      break;
  }
}

/** RFC 4271 section 9.1.2.2 (a): an AS_SET counts as one; RFC 5065 section 5.3: confederation segments as none. */
function readAsPath(
  bytes: Uint8Array,
  start: number,
  end: number,
  localAs: number,
  into: AttributeSummary,
): void {
  for (let at = start; at + 2 <= end; ) {
    const type = bytes[at]!;
    const count = bytes[at + 1]!;
    const segmentEnd = at + 2 + count * 4;
    if (type === AS_SEQUENCE) into.asPathLength += count;
    if (type === AS_SET) into.asPathLength += 1;
    if (at === start && type === AS_SEQUENCE && count > 0) into.neighbourAs = u32(bytes, at + 2);
    for (let i = at + 2; i + 4 <= segmentEnd; i += 4) {
      if (u32(bytes, i) === localAs) into.flags |= SUMMARY_FLAG.AS_PATH_LOOP;
    }
    at = segmentEnd;
  }
}

function readExtendedCommunity(bytes: Uint8Array, at: number, into: AttributeSummary): void {
  const type = (bytes[at]! << 8) | bytes[at + 1]!;
  if (type === MAC_MOBILITY) {
    if ((bytes[at + 2]! & STICKY_FLAG) !== 0) into.flags |= SUMMARY_FLAG.STICKY;
    into.mobilitySequence = u32(bytes, at + 4);
  } else if (type === DEFAULT_GATEWAY) into.flags |= SUMMARY_FLAG.DEFAULT_GATEWAY;
}

/** RFC 1997. Without confederations NO_EXPORT_SUBCONFED means what NO_EXPORT means. */
function wellKnown(community: number): number {
  if (community === NO_ADVERTISE) return SUMMARY_FLAG.NO_ADVERTISE;
  return community === NO_EXPORT || community === NO_EXPORT_SUBCONFED ? SUMMARY_FLAG.NO_EXPORT : 0;
}

function u32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
