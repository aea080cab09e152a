/**
 * The part of an NLRI that is no key (RFC 7432 section 7.2: ESI and labels of a type-2 route), interned: all
 * routes of a VNI with the same ESI share one.
 */
import { ByteTable } from './byte-table.ts';
import type { PayloadId } from './ids.ts';

export class PayloadTable {
  readonly #table = new ByteTable();
  /** Routes of one VNI come together: the last payload is most often the next one. */
  #last: PayloadId = 0;

  get size(): number {
    return this.#table.size;
  }

  get octets(): number {
    return this.#table.octets;
  }

  /** The id of these octets, from 1; without a reference if new. */
  intern(bytes: Uint8Array, start = 0, end = bytes.length): PayloadId {
    if (this.#last !== 0 && this.#table.equals(this.#last, bytes, start, end)) return this.#last;
    this.#last = this.#table.intern(bytes, start, end);
    return this.#last;
  }

  retain(id: PayloadId): void {
    this.#table.retain(id);
  }

  release(id: PayloadId): void {
    this.#table.release(id);
  }

  references(id: PayloadId): number {
    return this.#table.references(id);
  }

  generation(id: PayloadId): number {
    return this.#table.generation(id);
  }

  /** The memory of all payloads; `start` and `end` are offsets into it. Replaced when it grows. */
  get arena(): Uint8Array {
    return this.#table.arena;
  }

  /** A view of `arena`. */
  get view(): DataView {
    return this.#table.view;
  }

  start(id: PayloadId): number {
    return this.#table.start(id);
  }

  end(id: PayloadId): number {
    return this.#table.end(id);
  }

  /** A view, good until the next intern. */
  bytes(id: PayloadId): Uint8Array {
    return this.#table.bytes(id);
  }
}
