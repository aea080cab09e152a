/**
 * MAC addresses as 48-bit integers: a JavaScript number holds 53 bits exactly, so a MAC fits in one
 * typed-array cell (Float64Array) or two words, and compares with `===`.
 */

export type Mac = number;

const TWO_32 = 2 ** 32;

/** The upper 16 bits. */
export const macHigh = (mac: Mac): number => (mac / TWO_32) | 0;
/** The lower 32 bits as a signed word, as an Int32Array stores it. */
export const macLow = (mac: Mac): number => mac | 0;
/** Rebuilds a MAC from `macHigh` and `macLow` (signed or unsigned). */
export const macOfWords = (high: number, low: number): Mac => (high & 0xffff) * TWO_32 + (low >>> 0);

/** Reads six octets. */
export function macAt(bytes: Uint8Array, offset: number): Mac {
  return (
    (bytes[offset]! * 256 + bytes[offset + 1]!) * TWO_32 +
    (((bytes[offset + 2]! << 24) |
      (bytes[offset + 3]! << 16) |
      (bytes[offset + 4]! << 8) |
      bytes[offset + 5]!) >>>
      0)
  );
}

/** Writes six octets. */
export function putMac(mac: Mac, bytes: Uint8Array, offset: number): void {
  const high = macHigh(mac);
  const low = macLow(mac);
  bytes[offset] = high >>> 8;
  bytes[offset + 1] = high;
  bytes[offset + 2] = low >>> 24;
  bytes[offset + 3] = low >>> 16;
  bytes[offset + 4] = low >>> 8;
  bytes[offset + 5] = low;
}

/** `02:00:00:00:00:01` */
export function printMac(mac: Mac): string {
  return mac
    .toString(16)
    .padStart(12, '0')
    .replace(/(..)(?=.)/g, '$1:');
}

/** Accepts colons, hyphens or dots between pairs (or groups of four); undefined when it is no MAC. */
export function parseMac(text: string): Mac | undefined {
  const pairs = /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(text);
  const quads = /^[0-9a-f]{4}([.][0-9a-f]{4}){2}$/i.test(text);
  return pairs || quads ? Number.parseInt(text.replace(/[:.-]/g, ''), 16) : undefined;
}

/** Group addresses (RFC 7042 section 2.1: the low bit of the first octet) never name a host. */
export const isGroupMac = (mac: Mac): boolean => (macHigh(mac) & 0x0100) !== 0;
