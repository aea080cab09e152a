/**
 * Route target membership: "send me only routes with this target". The NLRI is a prefix of origin AS and route target.
 *
 * RFC 4684 section 4: 0 bits (the default, every target), or 32 to 96.
 */
import { decodeExtendedCommunity, encodeExtendedCommunity } from '../communities/index.ts';
import { type BgpFault, decodeFault } from '../faults.ts';
import { ERROR, UPDATE_ERROR } from '../iana.ts';
import { hexText, parseHex } from '../text/hex.ts';
import { parseRouteTarget, routeTargetText } from '../text/route-target.ts';

export interface RtConstraintRoute {
  /** 0, or 32 to 96. */
  readonly lengthBits: number;
  /** Absent with length 0. */
  readonly originAutonomousSystem?: number;
  /** Absent with length 32 and less. `65000:10`; when the octets are no whole route target, `0x` and all eight of them, zero beyond the length. */
  readonly routeTarget?: string;
}

const AS_OCTETS = 4;
const TARGET_OCTETS = 8;
const MOST_BITS = 96;

export function validateRtConstraint(bytes: Uint8Array, start: number): BgpFault | undefined {
  const bits = bytes[start];
  if (bits === 0 || (bits >= 32 && bits <= MOST_BITS)) return undefined;
  return decodeFault('route target membership NLRI', 'length', bits, '0 or 32 to 96', start, {
    code: ERROR.UPDATE_MESSAGE,
    subcode: UPDATE_ERROR.OPTIONAL_ATTRIBUTE_ERROR,
    action: 'treat-as-withdraw',
  });
}

/** Of a validated NLRI. */
export function decodeRtConstraint(bytes: Uint8Array, start: number, end: number): RtConstraintRoute {
  const lengthBits = bytes[start];
  if (lengthBits === 0) return { lengthBits };
  const whole = new Uint8Array(AS_OCTETS + TARGET_OCTETS);
  whole.set(bytes.subarray(start + 1, end));
  if (lengthBits % 8 !== 0) whole[lengthBits >> 3] &= 0xff00 >> (lengthBits % 8);
  const originAutonomousSystem = new DataView(whole.buffer).getUint32(0);
  if (lengthBits === AS_OCTETS * 8) return { lengthBits, originAutonomousSystem };
  const target = decodeExtendedCommunity(whole, AS_OCTETS);
  const complete = lengthBits === MOST_BITS && target.type === 'route-target';
  const routeTarget = complete ? routeTargetText(target) : `0x${hexText(whole, AS_OCTETS)}`;
  return { lengthBits, originAutonomousSystem, routeTarget };
}

/** Throws a TypeError when a field is not of its form. */
export function encodeRtConstraint(route: RtConstraintRoute): Uint8Array {
  const octets = new Uint8Array(1 + ((route.lengthBits + 7) >> 3));
  octets[0] = route.lengthBits;
  if (route.lengthBits === 0) return octets;
  const whole = new Uint8Array(AS_OCTETS + TARGET_OCTETS);
  new DataView(whole.buffer).setUint32(0, route.originAutonomousSystem ?? 0);
  if (route.routeTarget !== undefined) whole.set(targetOctets(route.routeTarget), AS_OCTETS);
  octets.set(whole.subarray(0, octets.length - 1), 1);
  return octets;
}

function targetOctets(text: string): Uint8Array {
  const octets = /^0x[0-9a-f]{16}$/i.test(text) ? parseHex(text.slice(2)) : undefined;
  if (octets !== undefined) return octets;
  const target = parseRouteTarget(text);
  if (target === undefined) throw new TypeError(`Cannot encode route target membership NLRI: saw "${text}"`);
  return encodeExtendedCommunity(target);
}
