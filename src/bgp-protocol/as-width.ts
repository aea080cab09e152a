/**
 * AS numbers of two octets and of four: a speaker of the old kind gets and gives 2-octet AS_PATH and AGGREGATOR, with the
 * whole numbers beside them in AS4_PATH and AS4_AGGREGATOR. Inside there are 4-octet ones only.
 *
 * RFC 6793 sections 4.2.2 (sending) and 4.2.3 (receiving).
 */

import type { AsPathSegment } from './attributes/index.ts';
import { readSegments, writeSegments } from './attributes/index.ts';
import { AS_TRANS } from './iana.ts';
import { copyOctets } from './octets.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

const LARGEST_TWO_OCTET = 0xffff;

/** A value of an attribute inside a buffer. */
export interface ValueRange {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** The 4-octet AS_PATH of a received 2-octet one, with what AS4_PATH (4-octet) knows better. */
export function widenAsPath(asPath: ValueRange, as4Path: ValueRange | undefined): Uint8Array {
  const old = readSegments(new Reader(asPath.bytes, asPath.start, asPath.end), 2);
  const segments =
    as4Path === undefined
      ? old
      : mergePaths(old, readSegments(new Reader(as4Path.bytes, as4Path.start, as4Path.end), 4));
  const out = new Writer(64);
  writeSegments(segments, out, 4);
  return out.finish();
}

/** The 4-octet AGGREGATOR of a received 2-octet one. */
export function widenAggregator(aggregator: ValueRange, as4Aggregator: ValueRange | undefined): Uint8Array {
  const { bytes, start, end } = as4Aggregator ?? aggregator;
  if (as4Aggregator !== undefined) return copyOctets(bytes, start, end);
  const wide = new Uint8Array(8);
  wide.set(bytes.subarray(start, end), 2);
  return wide;
}

/**
 * RFC 6793 section 4.2.3: AS4_PATH and AS4_AGGREGATOR are of no use when an AGGREGATOR came whose AS number is not
 * AS_TRANS beside an AS4_AGGREGATOR: somebody in between aggregated anew.
 */
export function ignoresAs4(
  aggregator: ValueRange | undefined,
  as4Aggregator: ValueRange | undefined,
): boolean {
  if (aggregator === undefined || as4Aggregator === undefined) return false;
  const { bytes, start } = aggregator;
  return ((bytes[start] << 8) | bytes[start + 1]) !== AS_TRANS;
}

/** Confederation segments beside what is prepended go with it; they count nothing: RFC 5065 section 5.3. */
function mergePaths(old: readonly AsPathSegment[], as4: readonly AsPathSegment[]): readonly AsPathSegment[] {
  // Confederation segments have no place in AS4_PATH and are passed over: RFC 6793 section 6.
  const tail = as4.filter((segment) => !isConfederation(segment));
  let missing = pathLength(old) - pathLength(tail);
  if (missing < 0) return old;
  const merged: AsPathSegment[] = [];
  for (const segment of old) {
    if (isConfederation(segment)) {
      merged.push(segment);
      continue;
    }
    if (missing === 0) break;
    const length = segmentLength(segment);
    if (length <= missing) {
      merged.push(segment);
      missing -= length;
      continue;
    }
    merged.push({ kind: segment.kind, autonomousSystems: segment.autonomousSystems.slice(0, missing) });
    break;
  }
  return joinSequences([...merged, ...tail]);
}

/** One sequence that was cut by the merge is one again, as long as it fits. */
function joinSequences(segments: readonly AsPathSegment[]): AsPathSegment[] {
  const joined: AsPathSegment[] = [];
  for (const segment of segments) {
    const last = joined.at(-1);
    const both = last?.kind === 'sequence' && segment.kind === 'sequence';
    if (
      last !== undefined &&
      both &&
      last.autonomousSystems.length + segment.autonomousSystems.length <= 255
    ) {
      const autonomousSystems = [...last.autonomousSystems, ...segment.autonomousSystems];
      joined[joined.length - 1] = { kind: 'sequence', autonomousSystems };
    } else {
      joined.push(segment);
    }
  }
  return joined;
}

function isConfederation(segment: AsPathSegment): boolean {
  return segment.kind === 'confederation-sequence' || segment.kind === 'confederation-set';
}

/** RFC 4271 section 9.1.2.2 (a): "an AS_SET counts as 1, no matter how many ASes are in the set". */
function segmentLength(segment: AsPathSegment): number {
  return segment.kind === 'set' ? 1 : segment.autonomousSystems.length;
}

function pathLength(segments: readonly AsPathSegment[]): number {
  let length = 0;
  for (const segment of segments) if (!isConfederation(segment)) length += segmentLength(segment);
  return length;
}

export interface NarrowAsPath {
  readonly asPath: Uint8Array;
  /** Only when a number did not fit in two octets. */
  readonly as4Path?: Uint8Array;
}

/** RFC 6793 section 4.2.2, from a 4-octet AS_PATH. */
export function narrowAsPath(path: ValueRange): NarrowAsPath {
  const segments = readSegments(new Reader(path.bytes, path.start, path.end), 4);
  const narrow = new Writer(64);
  writeSegments(
    segments.map(({ kind, autonomousSystems }) => ({
      kind,
      autonomousSystems: autonomousSystems.map(narrowAs),
    })),
    narrow,
    2,
  );
  const outside = segments.filter((segment) => !isConfederation(segment));
  // When every number fits in two octets, AS4_PATH is not to be sent.
  if (!outside.some(({ autonomousSystems }) => autonomousSystems.some((as) => as > LARGEST_TWO_OCTET))) {
    return { asPath: narrow.finish() };
  }
  const wide = new Writer(64);
  writeSegments(outside, wide, 4);
  return { asPath: narrow.finish(), as4Path: wide.finish() };
}

export interface NarrowAggregator {
  readonly aggregator: Uint8Array;
  readonly as4Aggregator?: Uint8Array;
}

/** RFC 6793 section 4.2.2, from a 4-octet AGGREGATOR. */
export function narrowAggregator(value: ValueRange): NarrowAggregator {
  const reader = new Reader(value.bytes, value.start, value.end);
  const autonomousSystem = reader.u32();
  const narrow = new Writer(8);
  narrow.u16(narrowAs(autonomousSystem));
  narrow.bytes(reader.rest());
  if (autonomousSystem <= LARGEST_TWO_OCTET) return { aggregator: narrow.finish() };
  return { aggregator: narrow.finish(), as4Aggregator: copyOctets(value.bytes, value.start, value.end) };
}

function narrowAs(autonomousSystem: number): number {
  return autonomousSystem > LARGEST_TWO_OCTET ? AS_TRANS : autonomousSystem;
}
