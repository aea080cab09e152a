/**
 * IP addresses: 4 or 16 octets inside, text outside.
 *
 * RFC 5952 section 4 (the one way to print an IPv6 address) and section 5 (IPv4-mapped ones keep their dotted part),
 * RFC 4291 section 2.2 (the ways to write one).
 */

/** `10.0.0.1` from four octets, `fd00::1` from sixteen. Throws a RangeError for any other length: that is a bug. */
export function ipText(bytes: Uint8Array, start = 0, lengthOctets: number = bytes.length - start): string {
  if (lengthOctets === 4) return ipv4Text(bytes, start);
  if (lengthOctets === 16) return ipv6Text(bytes, start);
  throw new RangeError(`Cannot print IP address: length is ${lengthOctets} octets, expected 4 or 16`);
}

export function ipv4Text(bytes: Uint8Array, start = 0): string {
  return `${bytes[start]}.${bytes[start + 1]}.${bytes[start + 2]}.${bytes[start + 3]}`;
}

export function ipv6Text(bytes: Uint8Array, start = 0): string {
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[start + 2 * i] << 8) | bytes[start + 2 * i + 1]);
  if (isIpv4Mapped(groups)) return `::ffff:${ipv4Text(bytes, start + 12)}`;
  const gap = longestZeroRun(groups);
  const words = groups.map((group) => group.toString(16));
  if (gap.length < 2) return words.join(':');
  return `${words.slice(0, gap.start).join(':')}::${words.slice(gap.start + gap.length).join(':')}`;
}

/** The octets of an IPv4 or IPv6 address; undefined when the text is neither. No prefix length, no zone, no port. */
export function parseIp(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

/** Four decimal numbers without leading zeros, as they could be read as octal. */
export function parseIpv4(text: string): Uint8Array | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const bytes = new Uint8Array(4);
  for (let i = 0; i < 4; i++) {
    const word = match[i + 1];
    const octet = Number(word);
    if (octet > 255 || (word.length > 1 && word.startsWith('0'))) return undefined;
    bytes[i] = octet;
  }
  return bytes;
}

export function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0], halves.length === 1);
  const tail = halves.length === 2 ? groupsOf(halves[1], true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  // "::" stands for one group or more.
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const bytes = new Uint8Array(16);
  [...head, ...new Array<number>(missing).fill(0), ...tail].forEach((group, i) => {
    bytes[2 * i] = group >>> 8;
    bytes[2 * i + 1] = group;
  });
  return bytes;
}

/** The 16-bit groups between colons; the last may be a dotted IPv4 address where the text ends there. */
function groupsOf(text: string, mayEndDotted: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const words = text.split(':');
  for (const [i, word] of words.entries()) {
    if (mayEndDotted && i === words.length - 1 && word.includes('.')) {
      const dotted = parseIpv4(word);
      if (dotted === undefined) return undefined;
      groups.push((dotted[0] << 8) | dotted[1], (dotted[2] << 8) | dotted[3]);
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(word)) return undefined;
      groups.push(Number.parseInt(word, 16));
    }
  }
  return groups;
}

function isIpv4Mapped(groups: readonly number[]): boolean {
  return groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
}

/** "The longest run of consecutive 16-bit 0 fields MUST be shortened"; the first of equals: RFC 5952 section 4.2.3. */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  groups.forEach((group, i) => {
    if (group !== 0) start = i + 1;
    else if (i + 1 - start > best.length) best = { start, length: i + 1 - start };
  });
  return best;
}
