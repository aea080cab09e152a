/**
 * Cuts a stream of octets into JSON messages, however it is split: an OVSDB connection is one object after another with nothing
 * between that would tell them apart. Depth and size are bounded, so that a peer cannot make us hold or recurse without end, and
 * a large message is parsed while it comes, so that none stops the event loop.
 *
 * RFC 7047 section 4 (JSON-RPC 1.0 over a stream), RFC 8259 (JSON).
 */
import { malformed } from './errors.ts';
import { JsonAssembly, parseJson } from './json-assembly.ts';
import { isSpace, JsonExtent, OPEN_BRACE } from './json-extent.ts';

export interface FramingLimits {
  readonly maxMessageOctets: number;
  /** Of a single row, or of a text in it: so much is held until it can be parsed. */
  readonly maxRowOctets: number;
  readonly maxDepth: number;
}

/** A database of a million MACs is about 200 MB of initial state in one message. */
export const FRAMING_LIMITS: FramingLimits = {
  maxMessageOctets: 256 * 1024 * 1024,
  maxRowOctets: 16 * 1024 * 1024,
  maxDepth: 64,
};

/** A message up to this size is parsed at one stroke, which takes a millisecond or two. */
export const WHOLE_OCTETS = 256 * 1024;

export class JsonFraming {
  readonly #limits: FramingLimits;
  readonly #wholeOctets: number;
  readonly #deliver: (message: unknown) => void;
  readonly #extent = new JsonExtent();
  #inMessage = false;
  /** Octets of the message under way, all of them and those that are not parsed yet. */
  #octets = 0;
  #pieces: Uint8Array[] = [];
  #assembly: JsonAssembly | undefined;

  /** `deliver` gets each complete object; it may throw, and then the stream is of no more use. */
  constructor(
    deliver: (message: unknown) => void,
    limits: FramingLimits = FRAMING_LIMITS,
    wholeOctets: number = WHOLE_OCTETS,
  ) {
    this.#deliver = deliver;
    this.#limits = limits;
    this.#wholeOctets = wholeOctets;
  }

  /** Octets so far of a message that is not complete. */
  get held(): number {
    return this.#octets;
  }

  /** @throws OvsdbError `malformed` when what comes is no sequence of JSON objects, or breaks a limit */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      if (!this.#inMessage && !this.#begins(chunk[at]!)) {
        at++;
        continue;
      }
      const end = this.#extent.end(chunk, at);
      if (this.#extent.deepest > this.#limits.maxDepth) {
        throw malformed(`nested deeper than ${this.#limits.maxDepth} levels`);
      }
      const piece = chunk.subarray(at, end < 0 ? chunk.length : end);
      this.#keep(piece);
      at += piece.length;
      if (end >= 0) this.#complete();
    }
  }

  /** Between messages there is white space or nothing; a message is an object. */
  #begins(octet: number): boolean {
    if (isSpace(octet)) return false;
    if (octet !== OPEN_BRACE) {
      throw malformed(`a message begins with octet 0x${octet.toString(16).padStart(2, '0')}, expected "{"`);
    }
    this.#inMessage = true;
    this.#extent.begin();
    return true;
  }

  #keep(piece: Uint8Array): void {
    this.#octets += piece.length;
    if (this.#octets > this.#limits.maxMessageOctets) {
      throw malformed(`a message is longer than ${this.#limits.maxMessageOctets} octets`);
    }
    if (this.#assembly) this.#assembly.push(piece);
    else this.#pieces.push(piece);
    if (this.#assembly || this.#octets <= this.#wholeOctets) return;
    this.#assembly = new JsonAssembly(this.#limits.maxRowOctets);
    for (const each of this.#pieces) this.#assembly.push(each);
    this.#pieces = [];
  }

  #complete(): void {
    const message = this.#assembly
      ? this.#assembly.value
      : parseJson(Buffer.concat(this.#pieces, this.#octets).toString('utf8'));
    this.#inMessage = false;
    this.#octets = 0;
    this.#pieces = [];
    this.#assembly = undefined;
    this.#deliver(message);
  }
}
