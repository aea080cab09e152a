/**
 * Fixtures of rfc-fixtures/: `name: octets` a line in the .hex file, what must come of them under the same name in the
 * .json file, why in the .md file beside them.
 */
import { readFileSync } from 'node:fs';
import { hexText, parseHex } from 'bgp-protocol';

const FOLDER = new URL('../../rfc-fixtures/', import.meta.url);

export interface Fixture {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Of the address families' fixtures. */
  readonly family?: string;
  /** What they decode to, octets as `0x..` text. */
  readonly value?: unknown;
  /** The message of the fault that they are. */
  readonly fault?: string;
  readonly action?: string;
  readonly offset?: number;
}

/** All fixtures of `rfc7432/evpn-nlri` and the like. */
export function readFixtures(path: string): readonly Fixture[] {
  const expected = JSON.parse(readFileSync(new URL(`${path}.json`, FOLDER), 'utf8'));
  const lines = readFileSync(new URL(`${path}.hex`, FOLDER), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((line) => {
    const [name, hex] = line.split(/:\s*/);
    const bytes = parseHex(hex);
    if (bytes === undefined || expected[name] === undefined)
      throw new Error(`${path}: ${line} is no fixture`);
    return { name, bytes, ...expected[name] };
  });
}

/** The value with its octets as text, to compare with JSON. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return `0x${hexText(value)}`;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]));
}

/** Every octet string that differs from `bytes` in one bit. */
export function* bitFlips(bytes: Uint8Array): Generator<Uint8Array> {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3] ^= 0x80 >> (bit & 7);
    yield flipped;
  }
}

/** Every octet string that `bytes` begins with, the whole excepted. */
export function* prefixes(bytes: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < bytes.length; length++) yield bytes.slice(0, length);
}
