/**
 * Takes a driver's observations of entries into the actual side of the tables, and says when that side drifts from
 * the desired one. During a dump it also keeps what was confirmed, so that at its end the rest is known to be gone.
 */
import type { AddressId } from '../base/address-table.ts';
import type { IpBytes } from '../base/ip.ts';
import { KIND, ORIGIN, type Origin, PART } from './driver.ts';
import type { EntryStore } from './entry-store.ts';
import { type EntryTable, ROW } from './entry-table.ts';
import { hasSeen, heardMissing, heardSeen } from './heard-in-flight.ts';

export class EntryObserver {
  readonly #store: EntryStore;
  /** A row's actual side changed by another hand than the writer's. */
  readonly #changed: (table: EntryTable, row: number) => void;
  /** Number of the dump under way; 0 for none. Sixteen bits, never 0 while one runs. */
  dump = 0;
  #lastDump = 0;

  constructor(store: EntryStore, changed: (table: EntryTable, row: number) => void) {
    this.#store = store;
    this.#changed = changed;
  }

  beginDump(): void {
    this.#lastDump = (this.#lastDump % 0xffff) + 1;
    this.dump = this.#lastDump;
  }

  /** What the dump did not confirm is gone. */
  endDump(): void {
    for (const table of this.#store.tables) {
      for (let row = 0; row < table.rowLimit; row++) {
        if (!table.keys.isUsed(row)) continue;
        const confirmed = table.stamp[row] === this.dump ? table.seen[row]! : 0;
        const unseen = table.parts[row]! & ~confirmed;
        table.stamp[row] = 0;
        if (unseen !== 0) this.#takeOut(table, row, unseen);
      }
    }
    this.dump = 0;
  }

  /** A dump that failed proves nothing. Stamps are cleared since dump numbers come round again. */
  abandonDump(): void {
    for (const table of this.#store.tables) table.stamp.fill(0);
    this.dump = 0;
  }

  /** The writer wrote these parts: as good as a notice. */
  confirm(table: EntryTable, row: number, parts: number): void {
    if (this.dump === 0) return;
    if (table.stamp[row] !== this.dump) {
      table.stamp[row] = this.dump;
      table.seen[row] = 0;
    }
    table.seen[row]! |= parts;
  }

  floodSeen(vni: number, vtep: AddressId, ours: boolean, origin: Origin): void {
    const table = this.#store.tables[KIND.FLOOD]!;
    table.setFloodKey(vni, vtep);
    this.#seen(table, PART.VALUE, vtep, 0, 0, ours, origin);
  }

  macSeen(
    vni: number,
    macHigh: number,
    macLow: number,
    part: number,
    vtep: AddressId,
    flags: number,
    ours: boolean,
    origin: Origin,
  ): void {
    const table = this.#store.tables[KIND.MAC]!;
    table.setMacKey(vni, macHigh, macLow);
    this.#seen(table, part, vtep, 0, flags, ours, origin);
  }

  neighbourSeen(
    vni: number,
    ip: IpBytes,
    macHigh: number,
    macLow: number,
    flags: number,
    ours: boolean,
    origin: Origin,
  ): void {
    const table = this.#store.tables[KIND.NEIGHBOUR]!;
    table.setIpKey(vni, ip);
    this.#seen(table, PART.VALUE, macHigh, macLow, flags, ours, origin);
  }

  macBlocked(vni: number, macHigh: number, macLow: number, origin: Origin): void {
    const table = this.#store.tables[KIND.MAC]!;
    table.setMacKey(vni, macHigh, macLow);
    this.#seen(table, PART.OBSTACLE, 0, 0, 0, false, origin);
  }

  neighbourBlocked(vni: number, ip: IpBytes, origin: Origin): void {
    const table = this.#store.tables[KIND.NEIGHBOUR]!;
    table.setIpKey(vni, ip);
    this.#seen(table, PART.OBSTACLE, 0, 0, 0, false, origin);
  }

  neighbourUnblocked(vni: number, ip: IpBytes): void {
    const table = this.#store.tables[KIND.NEIGHBOUR]!;
    table.setIpKey(vni, ip);
    this.#missing(table, PART.OBSTACLE);
  }

  floodMissing(vni: number, vtep: AddressId): void {
    const table = this.#store.tables[KIND.FLOOD]!;
    table.setFloodKey(vni, vtep);
    this.#missing(table, PART.VALUE);
  }

  macMissing(vni: number, macHigh: number, macLow: number, part: number): void {
    const table = this.#store.tables[KIND.MAC]!;
    table.setMacKey(vni, macHigh, macLow);
    this.#missing(table, part);
  }

  neighbourMissing(vni: number, ip: IpBytes): void {
    const table = this.#store.tables[KIND.NEIGHBOUR]!;
    table.setIpKey(vni, ip);
    this.#missing(table, PART.VALUE);
  }

  #seen(
    table: EntryTable,
    part: number,
    a: number,
    b: number,
    flags: number,
    ours: boolean,
    origin: Origin,
  ): void {
    const row = table.insert();
    if (origin === ORIGIN.NOTICE)
      this.#hear(table, row, part, part !== PART.VALUE || isDesired(table, row, a, b));
    if (origin === ORIGIN.DUMP && table.stamp[row] === this.dump && (table.seen[row]! & part) !== 0) return;
    const excluded = excludedBy(part);
    this.confirm(table, row, part | excluded);
    const sameMarks =
      (table.parts[row]! & (part | excluded)) === part && ((table.ours[row]! & part) !== 0) === ours;
    const holdsFlags = part === this.#store.flagsPart(table.kind);
    const sameValue =
      (part !== PART.VALUE || (table.actualA[row] === a && table.actualB[row] === b)) &&
      (!holdsFlags || table.actualFlags[row] === flags);
    if (sameMarks && sameValue) return;
    table.parts[row]! = (table.parts[row]! & ~excluded) | part;
    table.ours[row]! &= ~excluded;
    if (ours) table.ours[row]! |= part;
    else table.ours[row]! &= ~part;
    if (part === PART.VALUE) {
      table.actualA[row] = a;
      table.actualB[row] = b;
    }
    if (holdsFlags) table.actualFlags[row] = flags;
    this.#changed(table, row);
  }

  #missing(table: EntryTable, part: number): void {
    let row = table.find();
    if (row < 0) {
      // A tombstone, so that an older record of the dump under way does not bring the entry back.
      if (this.dump === 0) return;
      row = table.insert();
    }
    this.confirm(table, row, part);
    table.heard[row] = heardMissing(table.heard[row]!, part);
    if ((table.parts[row]! & part) !== 0) this.#takeOut(table, row, part);
  }

  /** Of a row in flight; of others it means nothing. An entry with another value in the place of ours counts as ours being gone. */
  #hear(table: EntryTable, row: number, part: number, isOurs: boolean): void {
    const heard = table.heard[row]!;
    const excluded = heardMissing(heard, excludedBy(part));
    if (isOurs) table.heard[row] = heardSeen(excluded, part);
    else if (hasSeen(heard, part)) table.heard[row] = heardMissing(excluded, part);
  }

  #takeOut(table: EntryTable, row: number, parts: number): void {
    table.parts[row]! &= ~parts;
    table.ours[row]! &= ~parts;
    this.#changed(table, row);
  }

  /** The instance went away, and every entry of it. */
  forgetInstance(vni: number): void {
    for (const table of this.#store.tables) {
      for (let row = 0; row < table.rowLimit; row++) {
        if (!table.keys.isUsed(row) || table.vni(row) !== vni) continue;
        table.parts[row] = 0;
        table.ours[row] = 0;
        table.state[row]! &= ~(ROW.CLAIMED | ROW.YIELDED);
      }
    }
  }
}

/** A removal wants no value: whatever is seen then has come back. */
const isDesired = (table: EntryTable, row: number, a: number, b: number): boolean =>
  (table.state[row]! & ROW.DESIRED) === 0 || (table.desiredA[row] === a && table.desiredB[row] === b);

/** Two parts that are the same place of the dataplane's: seeing the one there tells that the other is not. */
function excludedBy(part: number): number {
  if (part === PART.COMPANION) return PART.OBSTACLE;
  return part === PART.OBSTACLE ? PART.COMPANION : 0;
}
