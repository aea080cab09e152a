/**
 * What a peer has asked for by route target membership: every route, or those with one of these targets. Targets are
 * words in a hash table: a set of them is matched without making anything.
 *
 * RFC 4684 sections 4 (the NLRI is a prefix of origin AS and route target) and 5 (which routes it lets through).
 */
import { grown, KeyTable } from '../base/key-table.ts';

/** A prefix of a target: rare, for most speakers ask for whole ones. */
interface TargetPrefix {
  readonly bits: number;
  readonly high: number;
  readonly low: number;
}

export const TARGET_OCTETS = 8;
/** Of the origin AS, which says nothing about routes. */
const ORIGIN_BITS = 32;
const WHOLE_BITS = 96;
/** Where the target begins in the NLRI, after its length and the origin AS. */
const TARGET_AT = 5;

export class Interest {
  /** Memberships without a target: RFC 4684 section 4, "the default route target". */
  #everything = 0;
  readonly #exact = new KeyTable(2, 8);
  /** Memberships with the same target and different origins. */
  #counts = new Int32Array(8);
  readonly #prefixes: TargetPrefix[] = [];
  readonly #key = new Int32Array(2);

  /** Adds a membership: a whole, valid NLRI, zero beyond its length. */
  add(nlri: Uint8Array): void {
    const bits = nlri[0]!;
    if (bits <= ORIGIN_BITS) this.#everything++;
    else if (bits < WHOLE_BITS) this.#prefixes.push(prefixOf(nlri));
    else {
      this.#setKey(nlri, TARGET_AT);
      const before = this.#exact.size;
      const row = this.#exact.insert(this.#key);
      if (row >= this.#counts.length) this.#counts = grown(this.#counts, this.#exact.capacity);
      if (this.#exact.size !== before) this.#counts[row] = 0;
      this.#counts[row]!++;
    }
  }

  /** Takes away a membership that was added. */
  remove(nlri: Uint8Array): void {
    const bits = nlri[0]!;
    if (bits <= ORIGIN_BITS) this.#everything--;
    else if (bits < WHOLE_BITS) {
      const gone = prefixOf(nlri);
      const same = (one: TargetPrefix) =>
        one.bits === gone.bits && one.high === gone.high && one.low === gone.low;
      this.#prefixes.splice(this.#prefixes.findIndex(same), 1);
    } else {
      this.#setKey(nlri, TARGET_AT);
      const row = this.#exact.find(this.#key);
      if (--this.#counts[row]! === 0) this.#exact.removeRow(row);
    }
  }

  /** Whether it asks for routes that have the targets in `bytes[start, end)`, eight octets each. */
  wants(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#everything > 0) return true;
    for (let at = start; at < end; at += TARGET_OCTETS) {
      this.#setKey(bytes, at);
      if (this.#exact.find(this.#key) >= 0 || this.#matchesPrefix()) return true;
    }
    return false;
  }

  #matchesPrefix(): boolean {
    for (const { bits, high, low } of this.#prefixes) {
      const other = cut(bits, this.#key[0]!, this.#key[1]!);
      if (other.high === high && other.low === low) return true;
    }
    return false;
  }

  #setKey(bytes: Uint8Array, at: number): void {
    this.#key[0] = word(bytes, at);
    this.#key[1] = word(bytes, at + 4);
  }
}

function prefixOf(nlri: Uint8Array): TargetPrefix {
  const whole = new Uint8Array(TARGET_AT + TARGET_OCTETS);
  whole.set(nlri);
  return cut(nlri[0]! - ORIGIN_BITS, word(whole, TARGET_AT), word(whole, TARGET_AT + 4));
}

/** The first `bits` of 64, 1 to 63. */
function cut(bits: number, high: number, low: number): TargetPrefix {
  if (bits <= 32) return { bits, high: high & (-1 << (32 - bits)), low: 0 };
  return { bits, high, low: low & (-1 << (64 - bits)) };
}

const word = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
