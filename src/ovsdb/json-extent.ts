/**
 * Finds where a JSON value ends in a stream of octets, however it is cut, without parsing it: brackets are counted, strings are
 * passed over. Whether the value is well-formed is for a parser to say.
 *
 * RFC 8259 sections 2 and 7.
 */

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;
export const OPEN_BRACKET = 0x5b;
export const CLOSE_BRACKET = 0x5d;
const BACKSLASH = 0x5c;

/** RFC 8259 section 2: space, tab, line feed, carriage return. */
export const isSpace = (octet: number): boolean =>
  octet === 0x20 || octet === 0x0a || octet === 0x0d || octet === 0x09;

export class JsonExtent {
  #depth = 0;
  #deepest = 0;
  #inString = false;
  #escaped = false;

  /** The most brackets that were open at once since `begin`. */
  get deepest(): number {
    return this.#deepest;
  }

  /** The next octet is the first of a value. */
  begin(): void {
    this.#depth = 0;
    this.#deepest = 0;
    this.#inString = false;
    this.#escaped = false;
  }

  /** Where the value ends that goes on at `from`, or -1 when it does not end in this chunk. */
  end(chunk: Uint8Array, from: number): number {
    let depth = this.#depth;
    let inString = this.#inString;
    let escaped = this.#escaped;
    let end = -1;
    for (let at = from; at < chunk.length && end < 0; at++) {
      const octet = chunk[at]!;
      if (inString) {
        if (escaped) escaped = false;
        else if (octet === BACKSLASH) escaped = true;
        else if (octet === QUOTE) {
          inString = false;
          if (depth === 0) end = at + 1;
        }
      } else if (octet === QUOTE) inString = true;
      else if (octet === OPEN_BRACE || octet === OPEN_BRACKET) {
        if (++depth > this.#deepest) this.#deepest = depth;
      } else if (octet === CLOSE_BRACE || octet === CLOSE_BRACKET) {
        // A number or a literal ends before what its container ends with.
        if (depth === 0) end = at;
        else if (--depth === 0) end = at + 1;
      } else if (depth === 0 && (octet === COMMA || isSpace(octet))) end = at;
    }
    this.#depth = depth;
    this.#inString = inString;
    this.#escaped = escaped;
    return end;
  }
}
