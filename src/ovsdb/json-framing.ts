/**
 * Finds the end of each JSON object in a stream of octets, however it is cut, without parsing it: an OVSDB connection is one
 * object after another with nothing between that would tell them apart. Depth and size are bounded, so that a peer cannot make
 * us hold or recurse without end.
 *
 * RFC 7047 section 4 (JSON-RPC 1.0 over a stream), RFC 8259 (JSON).
 */
import { OvsdbError } from './errors.ts';

export interface FramingLimits {
  readonly maxMessageOctets: number;
  readonly maxDepth: number;
}

/** A database of a million MACs is about 200 MB of initial state in one message. */
export const FRAMING_LIMITS: FramingLimits = { maxMessageOctets: 512 * 1024 * 1024, maxDepth: 64 };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

export class JsonFraming {
  readonly #limits: FramingLimits;
  readonly #deliver: (message: string) => void;
  /** Octets of the message under way that came in earlier pieces. */
  #pieces: Uint8Array[] = [];
  #octets = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  /** `deliver` gets the text of each complete object; it may throw, and then the stream is of no more use. */
  constructor(deliver: (message: string) => void, limits: FramingLimits = FRAMING_LIMITS) {
    this.#deliver = deliver;
    this.#limits = limits;
  }

  /** Octets held of a message that is not complete. */
  get held(): number {
    return this.#octets;
  }

  /** @throws OvsdbError `malformed` when what comes is no sequence of JSON objects, or breaks a limit */
  push(chunk: Uint8Array): void {
    let start = 0;
    let at = 0;
    if (this.#depth === 0) start = at = this.#skipSpace(chunk, 0);
    while (at < chunk.length) {
      if (this.#inString) {
        at = this.#skipString(chunk, at);
        continue;
      }
      const octet = chunk[at++]!;
      if (octet === QUOTE) this.#inString = true;
      else if (octet === OPEN_BRACE || octet === OPEN_BRACKET) this.#open();
      else if (octet === CLOSE_BRACE || octet === CLOSE_BRACKET) {
        if (--this.#depth > 0) continue;
        this.#keep(chunk, start, at);
        this.#complete();
        start = at = this.#skipSpace(chunk, at);
      }
    }
    if (start < at) this.#keep(chunk, start, at);
  }

  #open(): void {
    if (++this.#depth > this.#limits.maxDepth) {
      throw malformed(`nested deeper than ${this.#limits.maxDepth} levels`);
    }
  }

  /** Returns where the string ends, or the end of the chunk. */
  #skipString(chunk: Uint8Array, from: number): number {
    let at = from;
    for (; at < chunk.length; at++) {
      if (this.#escaped) this.#escaped = false;
      else if (chunk[at] === BACKSLASH) this.#escaped = true;
      else if (chunk[at] === QUOTE) {
        this.#inString = false;
        return at + 1;
      }
    }
    return at;
  }

  /** Between messages there is white space or nothing; a message is an object. */
  #skipSpace(chunk: Uint8Array, from: number): number {
    let at = from;
    while (at < chunk.length && (chunk[at] === 0x20 || (chunk[at]! >= 0x09 && chunk[at]! <= 0x0d))) at++;
    if (at < chunk.length && chunk[at] !== OPEN_BRACE) {
      throw malformed(
        `a message begins with octet 0x${chunk[at]!.toString(16).padStart(2, '0')}, expected "{"`,
      );
    }
    return at;
  }

  #keep(chunk: Uint8Array, start: number, end: number): void {
    this.#octets += end - start;
    if (this.#octets > this.#limits.maxMessageOctets) {
      throw malformed(`a message is longer than ${this.#limits.maxMessageOctets} octets`);
    }
    this.#pieces.push(chunk.subarray(start, end));
  }

  #complete(): void {
    const whole = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces, this.#octets);
    this.#pieces = [];
    this.#octets = 0;
    this.#deliver(Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength).toString('utf8'));
  }
}

const malformed = (what: string): OvsdbError =>
  new OvsdbError('malformed', `Cannot read what the switch sends: ${what}`);
