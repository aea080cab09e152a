/**
 * The rows of Ucast_Macs_Remote or Ucast_Macs_Local, of which there may be a hundred thousand, in typed columns: found by UUID,
 * and by logical switch and MAC. About 110 octets a row, hash slots included.
 */
import type { IpBytes } from '../../base/ip.ts';
import { KeyTable } from '../../base/key-table.ts';
import type { Uuid } from '../../ovsdb/index.ts';
import { grownTo, putWord, wordAt } from '../driver.ts';
import { putIpKey } from '../entry-table.ts';

export const MAC_ROW = {
  /** Written by evpnd, in this run or an earlier one. */
  OURS: 1,
  /** A local row whose MAC has since been put behind a tunnel: the switch will take it out. */
  OVERRIDDEN: 2,
} as const;

const NONE = -1;

export class MacRows {
  #byUuid = new KeyTable(4, 256);
  #byMac = new KeyTable(3, 256);
  /** Logical switch and address, for rows that have one. */
  #byIp = new KeyTable(6);
  readonly #ipKey = new Int32Array(6);
  #rowOfIp = new Int32Array(0);
  readonly #uuid = new Int32Array(4);
  readonly #mac = new Int32Array(3);
  /** By row of #byMac: the first of its rows. */
  #first = new Int32Array(0);
  #next = new Int32Array(0);
  #key = new Int32Array(0);
  #ip = new Int32Array(0);
  #ipLength = new Uint8Array(0);
  /** By row: slot of the locator, and MAC_ROW bits. */
  locator = new Int32Array(0);
  flags = new Uint8Array(0);

  get size(): number {
    return this.#byUuid.size;
  }

  get rowLimit(): number {
    return this.#byUuid.rowLimit;
  }

  isUsed(row: number): boolean {
    return this.#byUuid.isUsed(row);
  }

  find(uuid: Uuid): number {
    putUuid(uuid, this.#uuid);
    return this.#byUuid.find(this.#uuid);
  }

  /** A new row; its flags are 0. */
  insert(uuid: Uuid, logicalSwitch: number, macHigh: number, macLow: number, locator: number): number {
    putUuid(uuid, this.#uuid);
    const row = this.#byUuid.insert(this.#uuid);
    if (row >= this.#next.length) this.#grow();
    this.locator[row] = locator;
    this.flags[row] = 0;
    this.#ipLength[row] = 0;
    this.#chain(row, logicalSwitch, macHigh, macLow);
    return row;
  }

  remove(row: number): void {
    this.#dropIp(row);
    this.#unchain(row);
    this.#byUuid.removeRow(row);
  }

  /** New tables: to take out row after row would stop the event loop. The columns are written with each row. */
  clear(): void {
    this.#byUuid = new KeyTable(4, 256);
    this.#byMac = new KeyTable(3, 256);
    this.#byIp = new KeyTable(6);
  }

  /** Puts the row under another key. */
  move(row: number, logicalSwitch: number, macHigh: number, macLow: number): void {
    const ip = this.ip(row);
    this.#dropIp(row);
    this.#unchain(row);
    this.#chain(row, logicalSwitch, macHigh, macLow);
    if (ip) this.setIp(row, ip);
  }

  /** The first row of a MAC, or -1; `next` gives the others. */
  first(logicalSwitch: number, macHigh: number, macLow: number): number {
    this.#mac[0] = logicalSwitch;
    this.#mac[1] = macHigh;
    this.#mac[2] = macLow;
    const key = this.#byMac.find(this.#mac);
    return key < 0 ? NONE : this.#first[key]!;
  }

  next(row: number): number {
    return this.#next[row]!;
  }

  /** The rows of a MAC that are ours. */
  ours(logicalSwitch: number, macHigh: number, macLow: number): number[] {
    const ours: number[] = [];
    for (let row = this.first(logicalSwitch, macHigh, macLow); row >= 0; row = this.next(row)) {
      if ((this.flags[row]! & MAC_ROW.OURS) !== 0) ours.push(row);
    }
    return ours;
  }

  uuid(row: number): Uuid {
    return uuidText(this.#byUuid, row);
  }

  logicalSwitch(row: number): number {
    return this.#byMac.word(this.#key[row]!, 0);
  }

  macHigh(row: number): number {
    return this.#byMac.word(this.#key[row]!, 1);
  }

  macLow(row: number): number {
    return this.#byMac.word(this.#key[row]!, 2);
  }

  setIp(row: number, ip: IpBytes | undefined): void {
    this.#dropIp(row);
    this.#ipLength[row] = ip === undefined ? 0 : ip.length;
    if (ip === undefined) return;
    for (let word = 0; word * 4 < ip.length; word++) this.#ip[row * 4 + word] = wordAt(ip, word * 4);
    putIpKey(this.#ipKey, this.logicalSwitch(row), ip);
    const key = this.#byIp.insert(this.#ipKey);
    if (key >= this.#rowOfIp.length) this.#rowOfIp = grownTo(this.#rowOfIp, this.#byIp.capacity);
    this.#rowOfIp[key] = row;
  }

  /** A row with that address, or -1; of several, the last that got it. */
  ofIp(logicalSwitch: number, ip: IpBytes): number {
    putIpKey(this.#ipKey, logicalSwitch, ip);
    const key = this.#byIp.find(this.#ipKey);
    return key < 0 ? NONE : this.#rowOfIp[key]!;
  }

  #dropIp(row: number): void {
    const ip = this.ip(row);
    if (ip === undefined) return;
    putIpKey(this.#ipKey, this.logicalSwitch(row), ip);
    const key = this.#byIp.find(this.#ipKey);
    if (key >= 0 && this.#rowOfIp[key] === row) this.#byIp.removeRow(key);
  }

  /** Undefined when the row names none. */
  ip(row: number): IpBytes | undefined {
    const length = this.#ipLength[row]!;
    if (length === 0) return undefined;
    const ip = new Uint8Array(length);
    for (let word = 0; word * 4 < length; word++) putWord(this.#ip[row * 4 + word]!, ip, word * 4);
    return ip;
  }

  hasIp(row: number, ip: IpBytes): boolean {
    if (this.#ipLength[row] !== ip.length) return false;
    for (let word = 0; word * 4 < ip.length; word++) {
      if (this.#ip[row * 4 + word] !== wordAt(ip, word * 4)) return false;
    }
    return true;
  }

  #chain(row: number, logicalSwitch: number, macHigh: number, macLow: number): void {
    this.#mac[0] = logicalSwitch;
    this.#mac[1] = macHigh;
    this.#mac[2] = macLow;
    const size = this.#byMac.size;
    const key = this.#byMac.insert(this.#mac);
    if (key >= this.#first.length) this.#first = grownTo(this.#first, this.#byMac.capacity);
    this.#next[row] = this.#byMac.size === size ? this.#first[key]! : NONE;
    this.#first[key] = row;
    this.#key[row] = key;
  }

  #unchain(row: number): void {
    const key = this.#key[row]!;
    const next = this.#next[row]!;
    if (this.#first[key] === row) {
      if (next === NONE) this.#byMac.removeRow(key);
      else this.#first[key] = next;
      return;
    }
    let before = this.#first[key]!;
    while (this.#next[before] !== row) before = this.#next[before]!;
    this.#next[before] = next;
  }

  #grow(): void {
    const length = this.#byUuid.capacity;
    this.#next = grownTo(this.#next, length);
    this.#key = grownTo(this.#key, length);
    this.#ip = grownTo(this.#ip, length * 4);
    this.#ipLength = grownTo(this.#ipLength, length);
    this.locator = grownTo(this.locator, length);
    this.flags = grownTo(this.flags, length);
  }
}

/** `550e8400-e29b-41d4-a716-446655440000` as four words. */
function putUuid(uuid: Uuid, words: Int32Array): void {
  words[0] = Number.parseInt(uuid.slice(0, 8), 16);
  words[1] = Number.parseInt(uuid.slice(9, 13) + uuid.slice(14, 18), 16);
  words[2] = Number.parseInt(uuid.slice(19, 23) + uuid.slice(24, 28), 16);
  words[3] = Number.parseInt(uuid.slice(28, 36), 16);
}

function uuidText(table: KeyTable, row: number): Uuid {
  const hex = (word: number): string => (table.word(row, word) >>> 0).toString(16).padStart(8, '0');
  const [a, b, c, d] = [hex(0), hex(1), hex(2), hex(3)];
  return `${a}-${b.slice(0, 4)}-${b.slice(4)}-${c.slice(0, 4)}-${c.slice(4)}${d}`;
}
