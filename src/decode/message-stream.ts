/**
 * BGP messages out of one direction of a connection, of which the beginning or some middle may be missing: messages are
 * found by their marker, and after a gap the search begins anew.
 *
 * RFC 4271 section 4.1.
 */
import { HEADER_LENGTH, MAX_EXTENDED_MESSAGE_LENGTH, MESSAGE_TYPE } from 'bgp-protocol';

const MARKER_OCTETS = 16;
const LAST_TYPE = MESSAGE_TYPE.ROUTE_REFRESH;

export class MessageStream {
  #held: Uint8Array = new Uint8Array(0);
  /** Octets given to push before the first held one. */
  #offset = 0;
  #skipped = 0;

  /** Octets that were passed over in search of a message, since the last time this was asked. */
  takeSkipped(): number {
    const skipped = this.#skipped;
    this.#skipped = 0;
    return skipped;
  }

  /** What waits for the rest of its message. */
  get heldOctets(): number {
    return this.#held.length;
  }

  /** Octets were lost: what is held will not be completed. */
  gap(): void {
    this.#skipped += this.#held.length;
    this.#offset += this.#held.length;
    this.#held = new Uint8Array(0);
  }

  /** The messages that `octets` complete, header included, with their place in the stream. */
  *push(octets: Uint8Array): Generator<{ readonly bytes: Uint8Array; readonly offset: number }> {
    this.#held = this.#held.length === 0 ? octets.slice() : joined(this.#held, octets);
    for (;;) {
      const length = messageLengthAt(this.#held, 0);
      if (length === 0) {
        this.#drop(nextCandidate(this.#held));
        if (this.#held.length < HEADER_LENGTH || messageLengthAt(this.#held, 0) === 0) return;
        continue;
      }
      if (length < 0 || this.#held.length < length) return;
      yield { bytes: this.#held.slice(0, length), offset: this.#offset };
      this.#held = this.#held.subarray(length);
      this.#offset += length;
    }
  }

  #drop(count: number): void {
    this.#held = this.#held.subarray(count);
    this.#offset += count;
    this.#skipped += count;
  }
}

/** The length in the header at `at`; 0 when no message begins there, -1 when that cannot be told yet. */
export function messageLengthAt(bytes: Uint8Array, at: number): number {
  const known = Math.min(MARKER_OCTETS, bytes.length - at);
  for (let i = 0; i < known; i++) if (bytes[at + i] !== 0xff) return 0;
  if (bytes.length - at < HEADER_LENGTH) return -1;
  const length = (bytes[at + 16] << 8) | bytes[at + 17];
  const type = bytes[at + 18];
  const sound =
    length >= HEADER_LENGTH && length <= MAX_EXTENDED_MESSAGE_LENGTH && type >= 1 && type <= LAST_TYPE;
  return sound ? length : 0;
}

/** How many octets to pass over to where a message may begin, at least 1. */
function nextCandidate(bytes: Uint8Array): number {
  for (let at = 1; at < bytes.length; at++) {
    if (messageLengthAt(bytes, at) !== 0) return at;
  }
  return bytes.length;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
