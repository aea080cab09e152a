/**
 * Builds a large JSON value while its octets come, so that its text is never held as a whole nor parsed at one stroke: containers
 * near the root are put together here, and each value below them is parsed by itself. The result is what JSON.parse gives.
 *
 * RFC 8259.
 */
import { malformed } from './errors.ts';
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  isSpace,
  JsonExtent,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from './json-extent.ts';

/** Message, result, tables, rows: what lies deeper is a row or less. */
const ASSEMBLED_DEPTH = 4;
const COLON = 0x3a;

type Container = unknown[] | Record<string, unknown>;

/** What may come next; the `first` ones also allow the end of an empty container. */
type Expected = 'value' | 'first value' | 'key' | 'first key' | 'colon' | 'comma' | 'nothing';

export class JsonAssembly {
  /** Containers from the root to the one that is being filled, and the key under which each gets its next value. */
  readonly #open: Container[] = [];
  readonly #keys: string[] = [];
  #expected: Expected = 'value';
  #root: unknown;
  readonly #extent = new JsonExtent();
  /** A key or value is under way that is parsed by itself; what earlier chunks had of it. */
  #inLeaf = false;
  #pieces: Buffer[] = [];
  #held = 0;
  readonly #maxLeafOctets: number;

  constructor(maxLeafOctets: number) {
    this.#maxLeafOctets = maxLeafOctets;
  }

  /** @throws OvsdbError `malformed` */
  push(octets: Uint8Array): void {
    const chunk = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
    for (let at = 0; at < chunk.length; ) {
      if (!this.#inLeaf && !this.#beginsLeaf(chunk[at]!)) {
        at++;
        continue;
      }
      const end = this.#extent.end(chunk, at);
      if (end < 0) {
        this.#keep(chunk.subarray(at));
        return;
      }
      this.#endLeaf(this.#textOf(chunk, at, end));
      at = end;
    }
  }

  /** @throws OvsdbError `malformed` when it is not complete */
  get value(): unknown {
    if (this.#expected !== 'nothing') throw malformed(`a value ends where a ${this.#expected} is expected`);
    return this.#root;
  }

  /** Takes what is structure; a key or value that is parsed by itself is left to be read from this octet on. */
  #beginsLeaf(octet: number): boolean {
    if (isSpace(octet)) return false;
    switch (this.#expected) {
      case 'first value':
        if (octet === CLOSE_BRACKET) return this.#close();
        break;
      case 'first key':
        if (octet === CLOSE_BRACE) return this.#close();
        break;
      case 'colon':
        if (octet !== COLON) throw this.#unexpected(octet);
        this.#expected = 'value';
        return false;
      case 'comma':
        this.#separate(octet);
        return false;
      case 'nothing':
        throw this.#unexpected(octet);
    }
    const isKey = this.#expected === 'key' || this.#expected === 'first key';
    if (isKey && octet !== QUOTE) throw this.#unexpected(octet);
    if (!isKey && this.#open.length < ASSEMBLED_DEPTH) {
      if (octet === OPEN_BRACE) return this.#begin({}, 'first key');
      if (octet === OPEN_BRACKET) return this.#begin([], 'first value');
    }
    this.#inLeaf = true;
    this.#extent.begin();
    return true;
  }

  #begin(container: Container, expected: Expected): false {
    this.#put(container);
    this.#open.push(container);
    this.#expected = expected;
    return false;
  }

  #close(): false {
    this.#open.pop();
    this.#expected = this.#open.length === 0 ? 'nothing' : 'comma';
    return false;
  }

  #separate(octet: number): void {
    const isList = Array.isArray(this.#open.at(-1));
    if (octet === COMMA) this.#expected = isList ? 'value' : 'key';
    else if (octet === (isList ? CLOSE_BRACKET : CLOSE_BRACE)) this.#close();
    else throw this.#unexpected(octet);
  }

  #keep(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#held += piece.length;
    if (this.#held > this.#maxLeafOctets) {
      throw malformed(`a value in a message is longer than ${this.#maxLeafOctets} octets`);
    }
  }

  #textOf(chunk: Buffer, start: number, end: number): string {
    if (this.#pieces.length === 0) return chunk.toString('utf8', start, end);
    const whole = Buffer.concat([...this.#pieces, chunk.subarray(start, end)]);
    this.#pieces = [];
    this.#held = 0;
    return whole.toString('utf8');
  }

  #endLeaf(text: string): void {
    this.#inLeaf = false;
    const leaf = parseJson(text);
    if (this.#expected === 'key' || this.#expected === 'first key') {
      this.#keys[this.#open.length - 1] = leaf as string;
      this.#expected = 'colon';
    } else {
      this.#put(leaf);
      this.#expected = this.#open.length === 0 ? 'nothing' : 'comma';
    }
  }

  #put(value: unknown): void {
    const container = this.#open.at(-1);
    if (container === undefined) this.#root = value;
    else if (Array.isArray(container)) container.push(value);
    else {
      const key = this.#keys[this.#open.length - 1]!;
      // Assigned, this name would be the prototype.
      if (key === '__proto__')
        Object.defineProperty(container, key, {
          value,
          writable: true,
          enumerable: true,
          configurable: true,
        });
      else container[key] = value;
    }
  }

  #unexpected(octet: number): Error {
    return malformed(`octet 0x${octet.toString(16).padStart(2, '0')} where a ${this.#expected} is expected`);
  }
}

/** @throws OvsdbError `malformed` */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw malformed((cause as SyntaxError).message, cause);
  }
}
