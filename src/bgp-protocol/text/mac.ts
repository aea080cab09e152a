/**
 * MAC addresses: a number of 48 bits inside (it fits a JavaScript number exactly), six pairs in text.
 */
import { OCTET_TEXT } from './hex.ts';

const TWO_32 = 2 ** 32;

/** Reads six octets at `offset`. */
export function macAt(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset] << 8) | bytes[offset + 1]) * TWO_32 +
    (((bytes[offset + 2] << 24) |
      (bytes[offset + 3] << 16) |
      (bytes[offset + 4] << 8) |
      bytes[offset + 5]) >>>
      0)
  );
}

/** Writes six octets at `offset`. */
export function putMac(mac: number, bytes: Uint8Array, offset: number): void {
  const high = (mac / TWO_32) | 0;
  const low = mac | 0;
  bytes[offset] = high >>> 8;
  bytes[offset + 1] = high;
  bytes[offset + 2] = low >>> 24;
  bytes[offset + 3] = low >>> 16;
  bytes[offset + 4] = low >>> 8;
  bytes[offset + 5] = low;
}

/** `02:00:00:00:00:0a`. */
export function macText(mac: number): string {
  const high = (mac / TWO_32) | 0;
  const low = mac | 0;
  return (
    `${OCTET_TEXT[(high >>> 8) & 0xff]}:${OCTET_TEXT[high & 0xff]}:${OCTET_TEXT[low >>> 24]}:` +
    `${OCTET_TEXT[(low >>> 16) & 0xff]}:${OCTET_TEXT[(low >>> 8) & 0xff]}:${OCTET_TEXT[low & 0xff]}`
  );
}

/** Six pairs joined by colons or hyphens, or three groups of four joined by dots; undefined when it is no MAC address. */
export function parseMac(text: string): number | undefined {
  const written = PAIRS.test(text) || GROUPS.test(text);
  return written ? Number.parseInt(text.replace(/[:.-]/g, ''), 16) : undefined;
}

const PAIRS = /^[0-9a-f]{2}(?:(?::[0-9a-f]{2}){5}|(?:-[0-9a-f]{2}){5})$/i;
const GROUPS = /^[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}$/i;
