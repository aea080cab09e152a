/**
 * The octets of one direction of a TCP connection in their order, out of segments that come twice, in pieces that overlap,
 * or out of order. What was not captured is a gap.
 *
 * RFC 9293 section 3.4 (sequence numbers are compared modulo 2^32).
 */

/** Segments ahead of their turn that are kept; beyond, what they wait for counts as lost. */
const MAX_WAITING_OCTETS = 4 * 1024 * 1024;

/** `octets` go on where the last ones ended; `gap`: between them and the last ones some are missing. */
export interface Piece {
  readonly octets: Uint8Array;
  readonly gapOctets: number;
}

interface Waiting {
  readonly sequence: number;
  readonly payload: Uint8Array;
}

export class TcpReassembly {
  #next: number | undefined;
  #waiting: Waiting[] = [];
  #waitingOctets = 0;

  /** A SYN: a connection begins, whatever was before it. */
  begin(sequence: number): void {
    this.#next = (sequence + 1) >>> 0;
    this.#waiting = [];
    this.#waitingOctets = 0;
  }

  /** A segment; yields what is now in order. */
  *push(sequence: number, payload: Uint8Array): Generator<Piece> {
    if (payload.length === 0) return;
    this.#next ??= sequence;
    if (ahead(sequence, this.#next) > 0) {
      this.#waiting.push({ sequence, payload });
      this.#waitingOctets += payload.length;
      if (this.#waitingOctets > MAX_WAITING_OCTETS) yield* this.flush();
      return;
    }
    yield* this.#deliver(sequence, payload, 0);
    yield* this.#deliverWaiting();
  }

  /** Nothing more will come, or too much waits: gives out what waits, gaps and all. */
  *flush(): Generator<Piece> {
    while (this.#waiting.length > 0 && this.#next !== undefined) {
      const next = this.#next;
      const { sequence } = this.#waiting.reduce((a, b) => (ahead(a.sequence, b.sequence) <= 0 ? a : b));
      const gap = Math.max(ahead(sequence, next), 0);
      this.#next = gap > 0 ? sequence : next;
      yield* this.#deliverWaiting(gap);
    }
  }

  *#deliverWaiting(gapOctets = 0): Generator<Piece> {
    let gap = gapOctets;
    for (;;) {
      const at = this.#waiting.findIndex(({ sequence }) => ahead(sequence, this.#next ?? 0) <= 0);
      if (at < 0) return;
      const [{ sequence, payload }] = this.#waiting.splice(at, 1);
      this.#waitingOctets -= payload.length;
      for (const piece of this.#deliver(sequence, payload, gap)) {
        gap = 0;
        yield piece;
      }
    }
  }

  *#deliver(sequence: number, payload: Uint8Array, gapOctets: number): Generator<Piece> {
    const seen = -ahead(sequence, this.#next ?? sequence);
    if (seen >= payload.length) return;
    const octets = payload.subarray(seen);
    this.#next = (sequence + payload.length) >>> 0;
    yield { octets, gapOctets };
  }
}

/** How far `a` is ahead of `b`, negative when behind. */
function ahead(a: number, b: number): number {
  return (a - b) | 0;
}
