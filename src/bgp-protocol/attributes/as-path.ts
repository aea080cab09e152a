/**
 * AS_PATH and AS4_PATH: segments of AS numbers, four octets wide here; two-octet ones are widened before (as-width.ts).
 *
 * RFC 4271 sections 4.3 (b) and 5.1.2, RFC 5065 section 3 (confederations), RFC 6793 sections 3 and 6, RFC 7606 section
 * 7.2, RFC 7607 section 2 (AS 0 is malformed).
 */
import type { BgpFault } from '../faults.ts';
import { decodeFault } from '../faults.ts';
import { ATTRIBUTE, UPDATE_ERROR } from '../iana.ts';
import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import type { AttributeCodec, MaybePartial } from './codec.ts';

export type AsPathSegmentKind = 'set' | 'sequence' | 'confederation-sequence' | 'confederation-set';

export interface AsPathSegment {
  readonly kind: AsPathSegmentKind;
  readonly autonomousSystems: readonly number[];
}

export interface AsPath {
  readonly type: 'AS_PATH';
  readonly segments: readonly AsPathSegment[];
}

export interface As4Path extends MaybePartial {
  readonly type: 'AS4_PATH';
  readonly segments: readonly AsPathSegment[];
}

/** Segment types 1 to 4, in that order. */
const KINDS: readonly AsPathSegmentKind[] = [
  'set',
  'sequence',
  'confederation-sequence',
  'confederation-set',
];
const LONGEST_SEGMENT = 255;

/** Segments of AS numbers of `width` octets, 2 or 4, up to the end. The value has passed checkAsPath. */
export function readSegments(value: Reader, width: 2 | 4): AsPathSegment[] {
  const segments: AsPathSegment[] = [];
  while (!value.done) {
    const kind = KINDS[value.u8() - 1];
    const count = value.u8();
    const autonomousSystems: number[] = [];
    for (let i = 0; i < count; i++) autonomousSystems.push(width === 4 ? value.u32() : value.u16());
    segments.push({ kind, autonomousSystems });
  }
  return segments;
}

/** A segment that is too long for its one-octet count is cut in two: RFC 4271 section 5.1.2 (b). */
export function writeSegments(segments: readonly AsPathSegment[], out: Writer, width: 2 | 4): void {
  for (const { kind, autonomousSystems } of segments) {
    for (let from = 0; from < autonomousSystems.length; from += LONGEST_SEGMENT) {
      const part = autonomousSystems.slice(from, from + LONGEST_SEGMENT);
      out.u8(KINDS.indexOf(kind) + 1);
      out.u8(part.length);
      for (const autonomousSystem of part) {
        if (width === 4) out.u32(autonomousSystem);
        else out.u16(autonomousSystem);
      }
    }
  }
}

/** RFC 7606 section 7.2: type, count and size of each segment; RFC 7607: no AS 0. */
export function checkAsPath(
  bytes: Uint8Array,
  start: number,
  end: number,
  width: 2 | 4,
  name = 'AS_PATH',
): BgpFault | undefined {
  let offset = start;
  while (offset < end) {
    if (offset + 2 > end) return pathFault(name, 'rest of the segments', end - offset, 'at least 2', offset);
    const type = bytes[offset];
    const count = bytes[offset + 1];
    if (type < 1 || type > KINDS.length) return pathFault(name, 'segment type', type, '1 to 4', offset);
    if (count === 0) return pathFault(name, 'segment length', 0, 'at least 1', offset + 1);
    const next = offset + 2 + count * width;
    if (next > end) {
      return pathFault(name, 'segment length', count, Math.floor((end - offset - 2) / width), offset + 1);
    }
    for (let at = offset + 2; at < next; at += width) {
      if (bytes[at] !== 0 || bytes[at + 1] !== 0) continue;
      if (width === 2 || (bytes[at + 2] === 0 && bytes[at + 3] === 0)) {
        return pathFault(name, 'AS number', 0, 'any other', at);
      }
    }
    offset = next;
  }
  return undefined;
}

function pathFault(name: string, field: string, seen: number, wanted: string | number, at: number): BgpFault {
  return decodeFault(name, field, seen, wanted, at, { subcode: UPDATE_ERROR.MALFORMED_AS_PATH });
}

export const asPath: AttributeCodec<AsPath> = {
  code: ATTRIBUTE.AS_PATH,
  type: 'AS_PATH',
  category: 'well-known',
  rfc: 'RFC 4271 section 5.1.2, RFC 7606 section 7.2, RFC 7607',
  onFault: 'treat-as-withdraw',
  check: (bytes, start, end) => checkAsPath(bytes, start, end, 4),
  decode: (value) => ({ type: 'AS_PATH', segments: readSegments(value, 4) }),
  encode: (attribute, out) => writeSegments(attribute.segments, out, 4),
};

/** Between speakers of 2-octet numbers only; merged into AS_PATH when received, so that no block holds one. */
export const as4Path: AttributeCodec<As4Path> = {
  code: ATTRIBUTE.AS4_PATH,
  type: 'AS4_PATH',
  category: 'optional-transitive',
  rfc: 'RFC 6793 sections 3 and 6',
  onFault: 'attribute-discard',
  check: (bytes, start, end) => {
    // RFC 6793 section 6: less than one segment with one number is too small.
    if (end - start < 6) return pathFault('AS4_PATH', 'length', end - start, 'at least 6', start);
    return checkAsPath(bytes, start, end, 4, 'AS4_PATH');
  },
  decode: (value) => ({ type: 'AS4_PATH', segments: readSegments(value, 4) }),
  encode: (attribute, out) => writeSegments(attribute.segments, out, 4),
};
