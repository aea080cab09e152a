/**
 * Octets as hexadecimal text, for values whose meaning nobody has told us: two lower-case digits each, nothing between.
 */

/** `0a0b0c`. */
export function hexText(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  let text = '';
  for (let at = start; at < end; at++) text += OCTET_TEXT[bytes[at]];
  return text;
}

/** The reverse of hexText, upper case allowed; undefined when the text is not an even number of hexadecimal digits. */
export function parseHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(text.slice(at * 2, at * 2 + 2), 16);
  return bytes;
}

/** Every octet in two digits: a table is what makes a dump of a million routes cheap. */
export const OCTET_TEXT: readonly string[] = Array.from({ length: 256 }, (_, octet) =>
  octet.toString(16).padStart(2, '0'),
);
