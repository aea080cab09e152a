/**
 * Octets out of hexadecimal text, in the ways that people copy it: bare digits with or without spaces, colons, commas, `0x`
 * or `\x` between them, or the dumps of tcpdump -x and -X, Wireshark, hexdump -C, xxd and od, whose lines begin with an
 * offset and may end with the characters.
 */
import { InputProblem } from './problem.ts';

/** Text that could be hexadecimal at all: printable, and digits or separators in the main. */
export function isText(head: Uint8Array): boolean {
  return (
    head.length > 0 &&
    head.every((octet) => octet === 9 || octet === 10 || octet === 13 || (octet >= 32 && octet < 127))
  );
}

/**
 * The octets of the text; of a dump with offsets, one part for each time that the offset starts at 0 again (a packet, as
 * tcpdump and Wireshark print it). Throws an InputProblem that names line and column of what is no digit.
 */
export function parseHexText(text: string): readonly Uint8Array[] {
  const lines = text.split(/\r\n|\r|\n/);
  return parseDump(lines) ?? [parseBare(lines)];
}

interface DumpLine {
  readonly offset: number;
  /** What follows the offset. */
  readonly rest: string;
}

/** undefined when the lines do not begin with offsets that count up. Lines without an offset are headings. */
function parseDump(lines: readonly string[]): readonly Uint8Array[] | undefined {
  const packets: DumpLine[][] = [];
  for (const line of lines) {
    const found = dumpLine(line);
    if (found === undefined) continue;
    if (found.offset === 0) packets.push([]);
    const packet = packets.at(-1);
    if (packet === undefined) return undefined;
    packet.push(found);
  }
  if (packets.length === 0) return undefined;
  const octets = packets.map(octetsOfPacket);
  return octets.every((packet) => packet !== undefined) ? octets : undefined;
}

function dumpLine(line: string): DumpLine | undefined {
  const match = /^\s*(?:0x)?([0-9a-f]{3,8})(:\s*|\s+)((?:[0-9a-f]{2})+(?:\s.*)?)$/i.exec(line);
  return match === null ? undefined : { offset: Number.parseInt(match[1], 16), rest: match[3] };
}

function octetsOfPacket(lines: readonly DumpLine[]): Uint8Array | undefined {
  const octets: number[] = [];
  let width = Number.POSITIVE_INFINITY;
  for (const [i, { offset, rest }] of lines.entries()) {
    if (offset !== octets.length) return undefined;
    const next = lines[i + 1];
    const wanted = next === undefined ? Number.POSITIVE_INFINITY : next.offset - offset;
    const read = readTokens(rest, wanted, width);
    if (read === undefined || (next !== undefined && read.octets.length !== wanted)) return undefined;
    // In full lines the digits end in the same column; what is right of it in the last line are characters.
    width = read.width;
    for (const octet of read.octets) octets.push(octet);
  }
  return Uint8Array.from(octets);
}

/** The octets at the beginning of a dump's line, at most `wanted`, within `width` columns. */
function readTokens(
  rest: string,
  wanted: number,
  width: number,
): { readonly octets: readonly number[]; readonly width: number } | undefined {
  const octets: number[] = [];
  const tokens = /([0-9a-f]+)(\s+|$)|(.)/giy;
  let end = 0;
  for (;;) {
    const match = tokens.exec(rest);
    if (match === null || match[1] === undefined || match[1].length % 2 !== 0) break;
    if (match.index + match[1].length > width) break;
    // Without a line below it, the last line's digits end where a wide gap does: two spaces, but for the one in the middle.
    for (let at = 0; at < match[1].length; at += 2)
      octets.push(Number.parseInt(match[1].slice(at, at + 2), 16));
    end = match.index + match[1].length;
    if (octets.length >= wanted || octets.length >= 16) break;
    if (match[2].length > 2) break;
  }
  if (octets.length === 0) return undefined;
  return {
    octets: octets.slice(0, Math.min(wanted, octets.length)),
    width: Math.max(end, width === Number.POSITIVE_INFINITY ? 0 : width),
  };
}

/** Digits in pairs, whatever is usual between them. A line that begins with `#` or `//` is a remark. */
function parseBare(lines: readonly string[]): Uint8Array {
  const octets: number[] = [];
  let high: number | undefined;
  for (const [index, line] of lines.entries()) {
    if (/^\s*(#|\/\/)/.test(line)) continue;
    const digits = line.replace(/0x|\\x/gi, (prefix) => ' '.repeat(prefix.length));
    for (let column = 0; column < digits.length; column++) {
      const character = digits[column];
      if (/[\s:,;."'-]/.test(character)) continue;
      const digit = Number.parseInt(character, 16);
      if (Number.isNaN(digit)) {
        throw new InputProblem(
          `Cannot read hexadecimal text: line ${index + 1}, column ${column + 1} is "${line[column]}", expected a digit`,
        );
      }
      if (high === undefined) high = digit;
      else {
        octets.push(high * 16 + digit);
        high = undefined;
      }
    }
  }
  if (high !== undefined) throw new InputProblem('Cannot read hexadecimal text: the number of digits is odd');
  return Uint8Array.from(octets);
}
