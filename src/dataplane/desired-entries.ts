/**
 * What the control plane wants: takes its calls into the desired side of the tables, and asks for a write of each row that
 * changes by one. An entry of an earlier run that is wanted again is claimed, and needs no write.
 */
import type { AddressId } from '../base/address-table.ts';
import type { Clock } from '../base/clock.ts';
import type { IpBytes } from '../base/ip.ts';
import { type Mac, macHigh, macLow } from '../base/mac.ts';
import { KIND, PART } from './driver.ts';
import type { EntryStore } from './entry-store.ts';
import { type EntryTable, ROW } from './entry-table.ts';
import { heardAskedAgain } from './heard-in-flight.ts';
import type { ForwardingTable } from './interfaces.ts';
import type { LocalState } from './local-state.ts';
import type { EntryWriter } from './writer.ts';

export class DesiredEntries implements ForwardingTable {
  readonly #store: EntryStore;
  readonly #writer: EntryWriter;
  readonly #local: LocalState;
  readonly #clock: Clock;
  /** Entries that were there, as they should be, when they were asked for. */
  adopted = 0;

  constructor(store: EntryStore, writer: EntryWriter, local: LocalState, clock: Clock) {
    this.#store = store;
    this.#writer = writer;
    this.#local = local;
    this.#clock = clock;
  }

  setMac(vni: number, mac: Mac, vtep: AddressId, flags: number): void {
    const table = this.#store.tables[KIND.MAC]!;
    table.setMacKey(vni, macHigh(mac), macLow(mac));
    this.#want(table, vtep, 0, flags);
  }

  deleteMac(vni: number, mac: Mac): void {
    const table = this.#store.tables[KIND.MAC]!;
    table.setMacKey(vni, macHigh(mac), macLow(mac));
    const row = table.find();
    if (row < 0) return;
    const neverReplaced = !this.#store.isInstalled(table, row) && (table.state[row]! & ROW.YIELDED) === 0;
    this.#unwant(table, row);
    if (neverReplaced) this.#tellLocalAgain(vni, macHigh(mac), macLow(mac));
  }

  addFlood(vni: number, vtep: AddressId): void {
    const table = this.#store.tables[KIND.FLOOD]!;
    table.setFloodKey(vni, vtep);
    this.#want(table, vtep, 0, 0);
  }

  deleteFlood(vni: number, vtep: AddressId): void {
    const table = this.#store.tables[KIND.FLOOD]!;
    table.setFloodKey(vni, vtep);
    this.#unwant(table, table.find());
  }

  setNeighbour(vni: number, ip: IpBytes, mac: Mac, flags: number): void {
    const table = this.#store.tables[KIND.NEIGHBOUR]!;
    table.setIpKey(vni, ip);
    this.#want(table, macHigh(mac), macLow(mac), flags);
  }

  deleteNeighbour(vni: number, ip: IpBytes): void {
    const table = this.#store.tables[KIND.NEIGHBOUR]!;
    table.setIpKey(vni, ip);
    this.#unwant(table, table.find());
  }

  /** Of one VNI, or of all. */
  deleteAll(vni?: number): void {
    for (const table of this.#store.tables) {
      for (let row = 0; row < table.rowLimit; row++) {
        if (!table.keys.isUsed(row) || (vni !== undefined && table.vni(row) !== vni)) continue;
        this.#unwant(table, row);
      }
    }
  }

  /** Takes over an entry of an earlier run: what differs from now on is a foreign edit. */
  claim(table: EntryTable, row: number): void {
    if ((table.ours[row]! & PART.VALUE) === 0 || (table.state[row]! & ROW.CLAIMED) !== 0) return;
    table.state[row]! |= ROW.CLAIMED;
    if (this.#store.isInstalled(table, row)) this.adopted++;
  }

  /** Sets the desired value of the key in the table's scratch. */
  #want(table: EntryTable, a: number, b: number, flags: number): void {
    const row = table.insert();
    const state = table.state[row]!;
    const isSame =
      (state & ROW.DESIRED) !== 0 &&
      table.desiredA[row] === a &&
      table.desiredB[row] === b &&
      table.desiredFlags[row] === flags;
    if (isSame && (state & ROW.YIELDED) === 0) return;
    table.desiredA[row] = a;
    table.desiredB[row] = b;
    table.desiredFlags[row] = flags;
    table.state[row] = (state | ROW.DESIRED) & ~ROW.YIELDED;
    if ((state & ROW.YIELDED) !== 0) {
      table.state[row]! |= ROW.REWRITE;
      table.heard[row] = heardAskedAgain(table.heard[row]!);
    }
    if ((state & ROW.FAILED) !== 0) this.#writer.forgive(table, row);
    this.claim(table, row);
    this.#writer.enqueue(table, row);
  }

  /**
   * An entry that was to take the place of a local one is no longer wanted, and was never written: the host is where it was.
   * The control plane has forgotten that, and no notice will tell it, since nothing has changed.
   */
  #tellLocalAgain(vni: number, high: number, low: number): void {
    if (!this.#local.hasMac(vni, high, low)) return;
    this.#clock.soon(() => {
      const table = this.#store.tables[KIND.MAC]!;
      table.setMacKey(vni, high, low);
      const row = table.find();
      if (row < 0 || (table.state[row]! & ROW.DESIRED) === 0) this.#local.reportAgain(vni, high, low);
    });
  }

  #unwant(table: EntryTable, row: number): void {
    if (row < 0 || (table.state[row]! & ROW.DESIRED) === 0) return;
    table.state[row]! &= ~(ROW.DESIRED | ROW.YIELDED | ROW.REWRITE);
    this.#writer.forgive(table, row);
    this.#writer.enqueue(table, row);
  }
}
