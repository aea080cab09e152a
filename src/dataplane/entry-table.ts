/**
 * Desired and actual state of the entries of one kind, side by side in typed columns, a row per key. The
 * reconciler's whole memory of an entry is about 60 octets; nothing here is an object per entry.
 *
 * Keys: flood (VNI, VTEP), MAC (VNI, upper 16 bits, lower 32), neighbour (VNI, IP length, four words).
 * Values (a, b): flood (VTEP, 0), MAC (VTEP, 0), neighbour (MAC upper, MAC lower).
 */
import type { IpBytes } from '../base/ip.ts';
import { KeyTable } from '../base/key-table.ts';
import { grownTo, KIND, type Kind, putWord, wordAt } from './driver.ts';

export const ROW = {
  /** The control plane wants it. */
  DESIRED: 1,
  /** Waits in the dirty queue; at most once. */
  QUEUED: 2,
  /** The last write was refused; waits for its time in the retry queue. */
  FAILED: 4,
  /** The dataplane learned the MAC at a local port: not ours to repair until the control plane decides again. */
  YIELDED: 8,
  /** Waits in the repair queue after a foreign edit. */
  SUSPECT: 16,
  /** Written, or adopted, by this run: what differs now is a foreign edit. */
  CLAIMED: 32,
  /** In the batch that is being written. */
  IN_FLIGHT: 64,
  /** Asked for again after it yielded: written even if it looks right, to take the MAC back. */
  REWRITE: 128,
} as const;

const WORDS_PER_KEY: Readonly<Record<Kind, number>> = { [KIND.FLOOD]: 2, [KIND.MAC]: 3, [KIND.NEIGHBOUR]: 6 };

export class EntryTable {
  readonly kind: Kind;
  readonly keys: KeyTable;
  /** The key that `find` and `insert` look at. */
  readonly scratch = new Int32Array(6);
  state = new Uint8Array(0);
  desiredA = new Int32Array(0);
  desiredB = new Int32Array(0);
  desiredFlags = new Uint8Array(0);
  actualA = new Int32Array(0);
  actualB = new Int32Array(0);
  actualFlags = new Uint8Array(0);
  /** PART bits that are there. */
  parts = new Uint8Array(0);
  /** PART bits that are there and ours. */
  ours = new Uint8Array(0);
  /** The dump in which `seen` counts, and the parts confirmed since it began. */
  stamp = new Uint16Array(0);
  seen = new Uint8Array(0);
  /** What was heard of the row while it is in flight (heard-in-flight.ts). */
  heard = new Uint16Array(0);
  /** Failures or foreign edits in a row, for backoff. */
  attempts = new Uint8Array(0);
  /** When a failed or suspect row is due, in milliseconds of the reconciler's clock (whole, since its start). */
  due = new Float64Array(0);
  /** Why it failed: a code of the reconciler's error texts. */
  error = new Int32Array(0);

  constructor(kind: Kind) {
    this.kind = kind;
    this.keys = new KeyTable(WORDS_PER_KEY[kind]);
    this.#grow();
  }

  get rowLimit(): number {
    return this.keys.rowLimit;
  }

  /** The row of the key in `scratch`, or -1. */
  find(): number {
    return this.keys.find(this.scratch);
  }

  /** The row of the key in `scratch`; a new one has every column zero. */
  insert(): number {
    const size = this.keys.size;
    const row = this.keys.insert(this.scratch);
    if (this.keys.size !== size) {
      if (row >= this.state.length) this.#grow();
      this.#clear(row);
    }
    return row;
  }

  remove(row: number): void {
    this.state[row] = 0;
    this.keys.removeRow(row);
  }

  vni(row: number): number {
    return this.keys.word(row, 0);
  }

  setFloodKey(vni: number, vtep: number): void {
    this.scratch[0] = vni;
    this.scratch[1] = vtep;
  }

  setMacKey(vni: number, macHigh: number, macLow: number): void {
    this.scratch[0] = vni;
    this.scratch[1] = macHigh;
    this.scratch[2] = macLow;
  }

  setIpKey(vni: number, ip: IpBytes): void {
    putIpKey(this.scratch, vni, ip);
  }

  #clear(row: number): void {
    this.state[row] = 0;
    this.parts[row] = 0;
    this.ours[row] = 0;
    this.stamp[row] = 0;
    this.seen[row] = 0;
    this.attempts[row] = 0;
    this.error[row] = 0;
  }

  #grow(): void {
    const length = this.keys.capacity;
    this.state = grownTo(this.state, length);
    this.desiredA = grownTo(this.desiredA, length);
    this.desiredB = grownTo(this.desiredB, length);
    this.desiredFlags = grownTo(this.desiredFlags, length);
    this.actualA = grownTo(this.actualA, length);
    this.actualB = grownTo(this.actualB, length);
    this.actualFlags = grownTo(this.actualFlags, length);
    this.parts = grownTo(this.parts, length);
    this.ours = grownTo(this.ours, length);
    this.stamp = grownTo(this.stamp, length);
    this.seen = grownTo(this.seen, length);
    this.heard = grownTo(this.heard, length);
    this.attempts = grownTo(this.attempts, length);
    this.due = grownTo(this.due, length);
    this.error = grownTo(this.error, length);
  }
}

/** Fills a neighbour key: VNI, length of the address, four words (IPv4 in the first). */
export function putIpKey(key: Int32Array, vni: number, ip: IpBytes): void {
  key[0] = vni;
  key[1] = ip.length;
  for (let i = 0; i < 4; i++) key[2 + i] = i * 4 < ip.length ? wordAt(ip, i * 4) : 0;
}

/** The address of a neighbour row, as octets. */
export function ipOfKey(keys: KeyTable, row: number): IpBytes {
  const ip = new Uint8Array(keys.word(row, 1));
  for (let i = 0; i * 4 < ip.length; i++) putWord(keys.word(row, 2 + i), ip, i * 4);
  return ip;
}
