/**
 * IP prefixes as text: `10.1.0.0/16`, `fd00:10::/64`.
 */
import { ipText, parseIp } from './ip.ts';

export interface IpPrefix {
  /** 4 or 16 octets. */
  readonly address: Uint8Array;
  readonly lengthBits: number;
}

export function prefixText(address: Uint8Array, lengthBits: number): string {
  return `${ipText(address)}/${lengthBits}`;
}

/** The reverse of prefixText; undefined when it is no prefix. Bits beyond the length are kept as they are written. */
export function parsePrefix(text: string): IpPrefix | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const address = parseIp(match[1]);
  const lengthBits = Number(match[2]);
  if (address === undefined || lengthBits > address.length * 8) return undefined;
  return { address, lengthBits };
}
