/**
 * Which rows of the database are ours. The schema has no column for a mark, so what evpnd means to write is written down here
 * first, and a row with just that content is taken for ours, in this run and in the next ones. What is not written down is somebody
 * else's and is left alone.
 *
 * The file is a list of records of 16 octets, appended before each transaction, so that even a killed daemon knows its rows
 * again: operation, VNI, MAC (zero for flooding), IPv4 address of the VTEP, check octets. It is written anew when it holds
 * much that no longer counts.
 */
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AddressId, AddressTable } from '../../base/address-table.ts';
import { KeyTable } from '../../base/key-table.ts';
import { grownTo, putWord, wordAt } from '../driver.ts';

const RECORD_OCTETS = 16;
const ADD = 1;
const REMOVE = 2;
const CHECK = 0xe7;
const BUFFERED_RECORDS = 1024;
/** Below this the file is never written anew. */
const SMALL_RECORDS = 4096;

export class RowLedger {
  readonly #path: string | undefined;
  readonly #addresses: AddressTable;
  readonly #problem: (text: string | undefined) => void;
  /** MACs: VNI and two words of MAC, with the VTEP. Flooding: VNI and VTEP. */
  readonly #macs = new KeyTable(3, 256);
  readonly #floods = new KeyTable(2);
  readonly #key = new Int32Array(3);
  #vtep = new Int32Array(0);
  readonly #buffer = new Uint8Array(BUFFERED_RECORDS * RECORD_OCTETS);
  #buffered = 0;
  #recorded = 0;
  #file: number | undefined;

  /** Without a path nothing outlives the daemon. */
  constructor(
    path: string | undefined,
    addresses: AddressTable,
    problem: (text: string | undefined) => void,
  ) {
    this.#path = path;
    this.#addresses = addresses;
    this.#problem = problem;
  }

  /** Reads what earlier runs wrote down. A missing file means that nothing is ours. */
  open(): void {
    if (this.#path === undefined) return;
    try {
      mkdirSync(dirname(this.#path), { recursive: true });
      const isCompact = this.#read(this.#path);
      if (!isCompact) this.#rewrite(this.#path);
      else this.#file = openSync(this.#path, 'a');
      this.#problem(undefined);
    } catch (error) {
      this.#report(error);
    }
  }

  hasMac(vni: number, macHigh: number, macLow: number, vtep: AddressId): boolean {
    const row = this.#macs.find(this.#macKey(vni, macHigh, macLow));
    return row >= 0 && this.#vtep[row] === vtep;
  }

  addMac(vni: number, macHigh: number, macLow: number, vtep: AddressId): void {
    if (this.#putMac(vni, macHigh, macLow, vtep)) this.#record(ADD, vni, macHigh, macLow, vtep);
  }

  removeMac(vni: number, macHigh: number, macLow: number): void {
    if (this.#dropMac(vni, macHigh, macLow)) this.#record(REMOVE, vni, macHigh, macLow, 0);
  }

  hasFlood(vni: number, vtep: AddressId): boolean {
    return this.#floods.find(this.#floodKey(vni, vtep)) >= 0;
  }

  addFlood(vni: number, vtep: AddressId): void {
    if (this.#putFlood(vni, vtep)) this.#record(ADD, vni, 0, 0, vtep);
  }

  removeFlood(vni: number, vtep: AddressId): void {
    if (this.#dropFlood(vni, vtep)) this.#record(REMOVE, vni, 0, 0, vtep);
  }

  /** What was added must be in the file before it is in the database. */
  flush(): void {
    if (this.#buffered === 0) return;
    const octets = this.#buffered * RECORD_OCTETS;
    this.#buffered = 0;
    if (this.#file === undefined) return;
    try {
      writeSync(this.#file, this.#buffer, 0, octets);
      const live = this.#macs.size + this.#floods.size;
      if (this.#recorded > SMALL_RECORDS && this.#recorded > live * 3) this.#rewrite(this.#path!);
    } catch (error) {
      this.#report(error);
    }
  }

  close(): void {
    this.flush();
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  // Each returns whether it changed anything

  #putMac(vni: number, macHigh: number, macLow: number, vtep: AddressId): boolean {
    const row = this.#macs.insert(this.#macKey(vni, macHigh, macLow));
    if (row >= this.#vtep.length) this.#vtep = grownTo(this.#vtep, this.#macs.capacity);
    if (this.#vtep[row] === vtep) return false;
    this.#vtep[row] = vtep;
    return true;
  }

  #dropMac(vni: number, macHigh: number, macLow: number): boolean {
    const row = this.#macs.find(this.#macKey(vni, macHigh, macLow));
    if (row < 0) return false;
    this.#vtep[row] = 0;
    this.#macs.removeRow(row);
    return true;
  }

  #putFlood(vni: number, vtep: AddressId): boolean {
    const size = this.#floods.size;
    this.#floods.insert(this.#floodKey(vni, vtep));
    return this.#floods.size !== size;
  }

  #dropFlood(vni: number, vtep: AddressId): boolean {
    const row = this.#floods.find(this.#floodKey(vni, vtep));
    if (row >= 0) this.#floods.removeRow(row);
    return row >= 0;
  }

  #macKey(vni: number, macHigh: number, macLow: number): Int32Array {
    this.#key[0] = vni;
    this.#key[1] = macHigh;
    this.#key[2] = macLow;
    return this.#key;
  }

  #floodKey(vni: number, vtep: AddressId): Int32Array {
    this.#key[0] = vni;
    this.#key[1] = vtep;
    return this.#key;
  }

  #record(operation: number, vni: number, macHigh: number, macLow: number, vtep: AddressId): void {
    if (this.#buffered === BUFFERED_RECORDS) this.flush();
    putRecord(
      this.#buffer,
      this.#buffered++ * RECORD_OCTETS,
      operation,
      vni,
      macHigh,
      macLow,
      this.#ipv4(vtep),
    );
    this.#recorded++;
  }

  #ipv4(vtep: AddressId): number {
    const bytes = this.#addresses.bytes(vtep);
    return bytes.length === 4 ? wordAt(bytes, 0) : 0;
  }

  /** Stops at the first record that is not whole: the end of a write that was cut. Returns whether the file holds what counts and no more. */
  #read(path: string): boolean {
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
    const address = new Uint8Array(4);
    let at = 0;
    for (; at + RECORD_OCTETS <= bytes.length && isWhole(bytes, at); at += RECORD_OCTETS) {
      const vni = wordAt(bytes, at) & 0xffffff;
      const macHigh = (bytes[at + 4]! << 8) | bytes[at + 5]!;
      const macLow = wordAt(bytes, at + 6);
      address.set(bytes.subarray(at + 10, at + 14));
      const vtep = this.#addresses.intern(address);
      const isFlood = macHigh === 0 && macLow === 0;
      if (bytes[at] === ADD && isFlood) this.#putFlood(vni, vtep);
      else if (bytes[at] === ADD) this.#putMac(vni, macHigh, macLow, vtep);
      else if (isFlood) this.#dropFlood(vni, vtep);
      else this.#dropMac(vni, macHigh, macLow);
    }
    this.#recorded = at / RECORD_OCTETS;
    return at === bytes.length && this.#recorded === this.#macs.size + this.#floods.size;
  }

  /** Only what counts, into a new file that takes the place of the old one. */
  #rewrite(path: string): void {
    const bytes = new Uint8Array((this.#macs.size + this.#floods.size) * RECORD_OCTETS);
    let at = 0;
    const put = (vni: number, macHigh: number, macLow: number, vtep: AddressId): void => {
      putRecord(bytes, at, ADD, vni, macHigh, macLow, this.#ipv4(vtep));
      at += RECORD_OCTETS;
    };
    for (let row = 0; row < this.#macs.rowLimit; row++) {
      if (!this.#macs.isUsed(row)) continue;
      put(this.#macs.word(row, 0), this.#macs.word(row, 1), this.#macs.word(row, 2), this.#vtep[row]!);
    }
    for (let row = 0; row < this.#floods.rowLimit; row++) {
      if (this.#floods.isUsed(row)) put(this.#floods.word(row, 0), 0, 0, this.#floods.word(row, 1));
    }
    writeFileSync(`${path}.new`, bytes, { mode: 0o600 });
    renameSync(`${path}.new`, path);
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = openSync(path, 'a');
    this.#recorded = at / RECORD_OCTETS;
    this.#buffered = 0;
  }

  #report(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#problem(`Cannot keep ${this.#path}: ${reason}; after a restart evpnd may not know its rows again`);
  }
}

function putRecord(
  bytes: Uint8Array,
  at: number,
  operation: number,
  vni: number,
  macHigh: number,
  macLow: number,
  ipv4: number,
): void {
  putWord((operation << 24) | vni, bytes, at);
  bytes[at + 4] = macHigh >>> 8;
  bytes[at + 5] = macHigh;
  putWord(macLow, bytes, at + 6);
  putWord(ipv4, bytes, at + 10);
  bytes[at + 14] = CHECK;
  bytes[at + 15] = sumOf(bytes, at);
}

const isWhole = (bytes: Uint8Array, at: number): boolean =>
  (bytes[at] === ADD || bytes[at] === REMOVE) &&
  bytes[at + 14] === CHECK &&
  bytes[at + 15] === sumOf(bytes, at);

function sumOf(bytes: Uint8Array, at: number): number {
  let sum = 0;
  for (let i = at; i < at + RECORD_OCTETS - 1; i++) sum = (sum * 31 + bytes[i]!) & 0xff;
  return sum;
}
