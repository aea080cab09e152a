/**
 * The attribute block: the path attributes of an UPDATE in one canonical form, so that equal attributes are equal octets.
 * It is what a daemon stores, compares and sends.
 *
 * First MP_REACH_NLRI without its NLRI (RFC 7606 section 5.1 wants it first), always with the extended length; then every
 * other attribute in ascending type order (RFC 4271 section 5), extended length only above 255 octets, AS numbers of four
 * octets (RFC 6793), unused flag bits zero, the Partial bit on unknown transitive attributes (RFC 4271 section 5).
 * MP_UNREACH_NLRI, AS4_PATH, AS4_AGGREGATOR and whatever RFC 7606 discards are not in it. Routes of the NLRI field have
 * NEXT_HOP instead of MP_REACH_NLRI.
 */

import { ignoresAs4, type ValueRange, widenAggregator, widenAsPath } from './as-width.ts';
import type { AttributeScan } from './attribute-scan.ts';
import type { Attribute } from './attributes/index.ts';
import {
  attributeCode,
  attributeCodec,
  CATEGORY_FLAGS,
  decodeAttributes,
  encodeAttribute,
  NEXT_HOP_OFFSET,
} from './attributes/index.ts';
import type { CodecContext } from './context.ts';
import type { Family } from './family.ts';
import { FAMILY, familyOf } from './family.ts';
import { ATTRIBUTE, ATTRIBUTE_FLAG } from './iana.ts';
import { Writer } from './writer.ts';

export type AttributeBlock = Uint8Array;

const MP_REACH_FLAGS = ATTRIBUTE_FLAG.OPTIONAL | ATTRIBUTE_FLAG.EXTENDED_LENGTH;
/** Flags, type and two octets of length. */
const MP_REACH_HEADER = 4;

/** Whether the block's routes are those of an MP_REACH_NLRI, not of the NLRI field. */
export function blockIsMultiprotocol(block: Uint8Array, start = 0): boolean {
  return block[start + 1] === ATTRIBUTE.MP_REACH_NLRI;
}

/** The end of the MP_REACH_NLRI that a block begins with; `start` when it has none. */
export function blockMpReachEnd(block: Uint8Array, start = 0): number {
  if (!blockIsMultiprotocol(block, start)) return start;
  return start + MP_REACH_HEADER + ((block[start + 2] << 8) | block[start + 3]);
}

/** The family of the block's routes. */
export function blockFamily(block: Uint8Array, start = 0): Family {
  if (!blockIsMultiprotocol(block, start)) return FAMILY.IPV4_UNICAST;
  const at = start + MP_REACH_HEADER;
  return familyOf((block[at] << 8) | block[at + 1], block[at + 2]);
}

/**
 * A view of the next hop's octets, 4 or 16; the first address where there are two (RFC 2545), without the route
 * distinguisher of a VPN next hop. Empty when there is none.
 */
export function blockNextHop(block: Uint8Array, start = 0, end: number = block.length): Uint8Array {
  if (!blockIsMultiprotocol(block, start)) {
    const range = blockAttribute(block, ATTRIBUTE.NEXT_HOP, start, end);
    return range === undefined ? block.subarray(0, 0) : block.subarray(range.start, range.end);
  }
  const at = start + MP_REACH_HEADER + NEXT_HOP_OFFSET;
  const length = block[at - 1];
  if (length === 12) return block.subarray(at + 8, at + 12);
  if (length === 24 || length === 48) return block.subarray(at + 8, at + 24);
  return block.subarray(at, at + Math.min(length, 16));
}

/** Where the value of an attribute is; undefined when the block has none of that type. Allocates the answer only. */
export function blockAttribute(
  block: Uint8Array,
  code: number,
  start = 0,
  end: number = block.length,
): { readonly start: number; readonly end: number } | undefined {
  let offset = start;
  while (offset < end) {
    const extended = (block[offset] & ATTRIBUTE_FLAG.EXTENDED_LENGTH) !== 0;
    const valueStart = offset + (extended ? 4 : 3);
    const length = extended ? (block[offset + 2] << 8) | block[offset + 3] : block[offset + 2];
    if (block[offset + 1] === code) return { start: valueStart, end: valueStart + length };
    offset = valueStart + length;
  }
  return undefined;
}

/** The attributes of a block, in its order. */
export function decodeAttributeBlock(block: Uint8Array, start = 0, end: number = block.length): Attribute[] {
  return decodeAttributes(block, start, end);
}

/** Lists that may not be empty on the wire: without values, the attribute is not there. */
function saysNothing(attribute: Attribute): boolean {
  switch (attribute.type) {
    case 'COMMUNITIES':
    case 'EXTENDED_COMMUNITIES':
    case 'LARGE_COMMUNITIES':
    case 'IPV6_EXTENDED_COMMUNITIES':
      return attribute.communities.length === 0;
    case 'CLUSTER_LIST':
      return attribute.clusterIds.length === 0;
    default:
      return false;
  }
}

/** Attributes of these types never are in a block: RFC 6793 merges two, and the third withdraws. */
const NOT_IN_BLOCK: readonly number[] = [
  ATTRIBUTE.MP_UNREACH_NLRI,
  ATTRIBUTE.AS4_PATH,
  ATTRIBUTE.AS4_AGGREGATOR,
];

/** The canonical block of attributes given in any order. Throws when a field of one does not fit its form. */
export function encodeAttributeBlock(attributes: readonly Attribute[]): AttributeBlock {
  const out = new Writer(256);
  const ordered = attributes
    .filter((attribute) => !saysNothing(attribute) && !NOT_IN_BLOCK.includes(attributeCode(attribute)))
    .sort((a, b) => blockRank(a) - blockRank(b));
  const multiprotocol = ordered[0]?.type === 'MP_REACH_NLRI';
  for (const attribute of ordered) {
    if (attribute.type === 'MP_REACH_NLRI') encodeAttribute({ ...attribute, nlri: new Uint8Array(0) }, out);
    else if (attribute.type !== 'NEXT_HOP' || !multiprotocol) encodeAttribute(attribute, out);
  }
  return out.finish();
}

function blockRank(attribute: Attribute): number {
  const code = attributeCode(attribute);
  return code === ATTRIBUTE.MP_REACH_NLRI ? -1 : code;
}

/** A block with its attributes changed: for policy and originating, not for the hot path. */
export function editAttributeBlock(
  block: AttributeBlock,
  edit: (attributes: Attribute[]) => readonly Attribute[],
): AttributeBlock {
  return encodeAttributeBlock(edit(decodeAttributeBlock(block)));
}

/**
 * Writes the block of the attributes that a scan found. `multiprotocol` says for which routes of the UPDATE: those of
 * MP_REACH_NLRI, or those of the NLRI field. `observe` leaves the Partial bit of unknown attributes as it came.
 */
export function writeScannedBlock(
  scan: AttributeScan,
  bytes: Uint8Array,
  ctx: CodecContext,
  multiprotocol: boolean,
  observe: boolean,
  out: Writer,
): void {
  if (multiprotocol) writeMpReach(scan, bytes, out);
  const narrow = ctx.fourOctetAs ? undefined : narrowAttributes(scan, bytes);
  for (let i = 0; i < scan.count; i++) {
    const code = scan.codes[i];
    if (!scan.has(code) || code === ATTRIBUTE.MP_REACH_NLRI || code === ATTRIBUTE.MP_UNREACH_NLRI) continue;
    // RFC 4760 section 3: NEXT_HOP says nothing of the routes in MP_REACH_NLRI.
    if (multiprotocol && code === ATTRIBUTE.NEXT_HOP) continue;
    if (code === ATTRIBUTE.AS4_PATH || code === ATTRIBUTE.AS4_AGGREGATOR) continue;
    const flags = canonicalFlags(code, scan.flags[code], observe);
    const widened = narrow?.get(code);
    if (widened === undefined) {
      writeRange(flags, code, bytes, scan.valueStart[code], scan.valueEnd[code], out);
    } else {
      writeRange(flags, code, widened, 0, widened.length, out);
    }
  }
}

function writeMpReach(scan: AttributeScan, bytes: Uint8Array, out: Writer): void {
  const start = scan.valueStart[ATTRIBUTE.MP_REACH_NLRI];
  const nextHopEnd = start + NEXT_HOP_OFFSET + bytes[start + 3];
  out.u8(MP_REACH_FLAGS);
  out.u8(ATTRIBUTE.MP_REACH_NLRI);
  out.u16(nextHopEnd - start + 1);
  out.range(bytes, start, nextHopEnd);
  out.u8(0);
}

function canonicalFlags(code: number, received: number, observe: boolean): number {
  const codec = attributeCodec(code);
  if (codec === undefined) {
    const kept = received & (ATTRIBUTE_FLAG.OPTIONAL | ATTRIBUTE_FLAG.TRANSITIVE | ATTRIBUTE_FLAG.PARTIAL);
    return observe ? kept : kept | ATTRIBUTE_FLAG.PARTIAL;
  }
  const flags = CATEGORY_FLAGS[codec.category];
  return codec.category === 'optional-transitive' ? flags | (received & ATTRIBUTE_FLAG.PARTIAL) : flags;
}

function writeRange(
  flags: number,
  code: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Writer,
): void {
  const length = end - start;
  if (length > 255) {
    out.u8(flags | ATTRIBUTE_FLAG.EXTENDED_LENGTH);
    out.u8(code);
    out.u16(length);
  } else {
    out.u8(flags);
    out.u8(code);
    out.u8(length);
  }
  out.range(bytes, start, end);
}

/** AS_PATH and AGGREGATOR of a speaker of 2-octet numbers, in four octets. */
function narrowAttributes(scan: AttributeScan, bytes: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const rangeOf = (code: number): ValueRange | undefined =>
    scan.has(code) ? { bytes, start: scan.valueStart[code], end: scan.valueEnd[code] } : undefined;
  const aggregator = rangeOf(ATTRIBUTE.AGGREGATOR);
  const as4Aggregator = rangeOf(ATTRIBUTE.AS4_AGGREGATOR);
  const ignore = ignoresAs4(aggregator, as4Aggregator);
  const widened = new Map<number, Uint8Array>();
  const asPath = rangeOf(ATTRIBUTE.AS_PATH);
  if (asPath !== undefined) {
    widened.set(ATTRIBUTE.AS_PATH, widenAsPath(asPath, ignore ? undefined : rangeOf(ATTRIBUTE.AS4_PATH)));
  }
  if (aggregator !== undefined) {
    widened.set(ATTRIBUTE.AGGREGATOR, widenAggregator(aggregator, ignore ? undefined : as4Aggregator));
  }
  return widened;
}
