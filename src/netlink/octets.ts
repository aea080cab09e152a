/**
 * Integers in netlink messages. Headers and attribute values are in the host's byte order, a few (ports, VLAN
 * protocols) in network order. Plain functions over bytes: V8 inlines them, and no DataView is made per datagram.
 */
import { endianness } from 'node:os';

const LITTLE_ENDIAN = endianness() === 'LE';

export const hostU16 = (bytes: Uint8Array, at: number): number =>
  LITTLE_ENDIAN ? bytes[at]! | (bytes[at + 1]! << 8) : (bytes[at]! << 8) | bytes[at + 1]!;

export const hostU32 = (bytes: Uint8Array, at: number): number =>
  LITTLE_ENDIAN
    ? (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
    : ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;

export const hostI32 = (bytes: Uint8Array, at: number): number => hostU32(bytes, at) | 0;

export const networkU16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;

export function putHostU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[LITTLE_ENDIAN ? at : at + 1] = value;
  bytes[LITTLE_ENDIAN ? at + 1 : at] = value >>> 8;
}

export function putHostU32(bytes: Uint8Array, at: number, value: number): void {
  if (LITTLE_ENDIAN) {
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
  } else {
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
  }
}

/** Every message and attribute begins at a multiple of four octets. */
export const align4 = (length: number): number => (length + 3) & ~3;
