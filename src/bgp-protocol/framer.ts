/**
 * Cuts a TCP stream into BGP messages. A message that lies whole in one chunk is handed over where it lies; only what
 * straddles two chunks is copied.
 *
 * RFC 4271 section 4.1 (header), section 6.1 (header errors), RFC 8654 section 3 (which types may exceed 4096 octets).
 */
import { BgpFault } from './faults.ts';
import {
  ERROR,
  HEADER_LENGTH,
  MAX_EXTENDED_MESSAGE_LENGTH,
  MAX_MESSAGE_LENGTH,
  MESSAGE_HEADER_ERROR,
  MESSAGE_TYPE,
} from './iana.ts';

/** `start` and `end` delimit the message body, after the header, in `bytes`: valid during the call only. */
export type OnMessage = (type: number, bytes: Uint8Array, start: number, end: number) => void;

export interface FramerOptions {
  /** 4096, or 65535 once both speakers advertised Extended Message. */
  readonly maxLength: number;
}

/**
 * Minimum lengths, header included: RFC 4271 section 6.1. ROUTE-REFRESH has its own error for a bad length (RFC 7313
 * section 5), which is the decoder's to give.
 */
const MIN_LENGTH: Readonly<Record<number, number>> = {
  [MESSAGE_TYPE.OPEN]: 29,
  [MESSAGE_TYPE.UPDATE]: 23,
  [MESSAGE_TYPE.NOTIFICATION]: 21,
  [MESSAGE_TYPE.KEEPALIVE]: HEADER_LENGTH,
  [MESSAGE_TYPE.ROUTE_REFRESH]: HEADER_LENGTH,
};

/**
 * Checks the 19 octets at `at` and returns the length of the whole message. Throws a BgpFault 1/1 (marker), 1/2
 * (length; data is the length field) or 1/3 (type; data is the type octet).
 */
export function checkHeader(bytes: Uint8Array, at: number, maxLength: number): number {
  for (let i = at; i < at + 16; i++) {
    if (bytes[i] !== 0xff) {
      throw headerFault(
        MESSAGE_HEADER_ERROR.CONNECTION_NOT_SYNCHRONIZED,
        'marker octet',
        bytes[i],
        '255',
        i,
        [],
      );
    }
  }
  const type = bytes[at + 18];
  const length = (bytes[at + 16] << 8) | bytes[at + 17];
  const min = MIN_LENGTH[type];
  if (min === undefined) {
    throw headerFault(MESSAGE_HEADER_ERROR.BAD_MESSAGE_TYPE, 'type', type, '1 to 5', at + 18, [type]);
  }
  const max =
    type === MESSAGE_TYPE.KEEPALIVE
      ? HEADER_LENGTH
      : type === MESSAGE_TYPE.OPEN
        ? MAX_MESSAGE_LENGTH
        : Math.min(maxLength, MAX_EXTENDED_MESSAGE_LENGTH);
  if (length < min || length > max) {
    const wanted = min === max ? `${min}` : `${min} to ${max}`;
    const data = [length >>> 8, length & 0xff];
    throw headerFault(MESSAGE_HEADER_ERROR.BAD_MESSAGE_LENGTH, 'length', length, wanted, at + 16, data);
  }
  return length;
}

function headerFault(
  subcode: number,
  field: string,
  seen: number,
  wanted: string,
  offset: number,
  data: readonly number[],
): BgpFault {
  return new BgpFault(`Cannot decode message header: ${field} is ${seen}, expected ${wanted}`, {
    code: ERROR.MESSAGE_HEADER,
    subcode,
    data: Uint8Array.from(data),
    action: 'session-reset',
    offset,
    seen: String(seen),
    wanted,
  });
}

export class Framer {
  readonly #onMessage: OnMessage;
  #maxLength: number;
  /** The beginning of a message whose end has not arrived: `#held` octets of it. */
  #partial = new Uint8Array(MAX_MESSAGE_LENGTH);
  #held = 0;
  /** Length of the message in #partial; 0 while its header is not complete. */
  #wanted = 0;
  #fault: BgpFault | undefined;

  constructor(onMessage: OnMessage, options: FramerOptions) {
    this.#onMessage = onMessage;
    this.#maxLength = options.maxLength;
  }

  /** Takes effect with the next message header, also within the chunk being pushed. */
  setMaxLength(maxLength: number): void {
    this.#maxLength = maxLength;
  }

  /** Octets kept back because their message is not complete. */
  get held(): number {
    return this.#held;
  }

  /**
   * Calls onMessage for each message that `chunk` completes. Throws a BgpFault when the stream cannot be framed any
   * further, and again at every push after that: there is no way to find the next message.
   */
  push(chunk: Uint8Array): void {
    if (this.#fault !== undefined) throw this.#fault;
    let offset = 0;
    while (this.#held > 0) {
      offset = this.#complete(chunk, offset);
      if (offset === chunk.length) return;
    }
    while (chunk.length - offset >= HEADER_LENGTH) {
      const length = this.#check(chunk, offset);
      if (offset + length > chunk.length) break;
      const start = offset;
      offset += length;
      this.#onMessage(chunk[start + 18], chunk, start + HEADER_LENGTH, offset);
    }
    if (offset < chunk.length) this.#hold(chunk, offset);
  }

  /** Adds to the partial message; returns where the rest of the chunk begins. */
  #complete(chunk: Uint8Array, from: number): number {
    let offset = from;
    if (this.#wanted === 0) {
      offset = this.#copy(chunk, offset, HEADER_LENGTH);
      if (this.#held < HEADER_LENGTH) return offset;
      this.#want(this.#check(this.#partial, 0));
    }
    offset = this.#copy(chunk, offset, this.#wanted);
    if (this.#held === this.#wanted) {
      const end = this.#wanted;
      this.#held = 0;
      this.#wanted = 0;
      this.#onMessage(this.#partial[18], this.#partial, HEADER_LENGTH, end);
    }
    return offset;
  }

  #copy(chunk: Uint8Array, offset: number, upTo: number): number {
    const n = Math.min(upTo - this.#held, chunk.length - offset);
    this.#partial.set(chunk.subarray(offset, offset + n), this.#held);
    this.#held += n;
    return offset + n;
  }

  #hold(chunk: Uint8Array, offset: number): void {
    const n = chunk.length - offset;
    if (n >= HEADER_LENGTH) this.#want(this.#check(chunk, offset));
    this.#partial.set(chunk.subarray(offset), 0);
    this.#held = n;
  }

  #want(length: number): void {
    this.#wanted = length;
    if (length > this.#partial.length) {
      const larger = new Uint8Array(MAX_EXTENDED_MESSAGE_LENGTH);
      larger.set(this.#partial.subarray(0, this.#held));
      this.#partial = larger;
    }
  }

  #check(bytes: Uint8Array, at: number): number {
    try {
      return checkHeader(bytes, at, this.#maxLength);
    } catch (error) {
      if (error instanceof BgpFault) this.#fault = error;
      throw error;
    }
  }
}
