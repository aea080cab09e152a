/**
 * The three entry tables with the rule that compares desired with actual: what, if anything, must be written for
 * a row. Pure state: no clock, no driver, no queue.
 */
import type { AddressId, AddressTable } from '../base/address-table.ts';
import { printIp } from '../base/ip.ts';
import { macOfWords, printMac } from '../base/mac.ts';
import { type Driver, type EntryBatch, KIND, type Kind, OP, PART } from './driver.ts';
import { EntryTable, ipOfKey, ROW } from './entry-table.ts';
import { ENTRY_FLAG, type EntryView, type InstanceState } from './interfaces.ts';

/** What `decide` answers beside OP codes. */
export const DECISION = {
  /** As it should be. */
  NONE: 0,
  /** Not now: the instance is not there, or the MAC is at a local port. */
  HELD: -1,
  /** Another program's entry with another value, or an address of the leaf itself, is in the way. */
  CONFLICT: -2,
} as const;

/** Kept as a row's error while nobody knows whether its last write was performed. Driver's codes are positive. */
export const ERROR_UNKNOWN = -3;

/** Where a VNI stands between the control plane (`ensured`) and the dataplane (`state`). */
export interface VniRecord {
  readonly vni: number;
  state: InstanceState | undefined;
  ensured: boolean;
  /** Was ensured: what is ours there goes. */
  removing: boolean;
  /** A dump that began after the instance appeared is complete: it is known what is there. */
  dumped: boolean;
  /** What an earlier run left there, and nobody has claimed since, goes. */
  prunable: boolean;
  /** How often the instance has gone. */
  departures: number;
}

export class EntryStore {
  readonly tables: readonly EntryTable[] = [
    new EntryTable(KIND.FLOOD),
    new EntryTable(KIND.MAC),
    new EntryTable(KIND.NEIGHBOUR),
  ];
  readonly vnis = new Map<number, VniRecord>();
  readonly #addresses: AddressTable;
  readonly #completeParts: Readonly<Record<Kind, number>>;
  readonly #visibleFlags: Readonly<Record<Kind, number>>;
  #lastVni = -1;
  #lastRecord: VniRecord | undefined;

  constructor(addresses: AddressTable, driver: Pick<Driver, 'completeParts' | 'visibleFlags'>) {
    this.#addresses = addresses;
    this.#completeParts = driver.completeParts;
    this.#visibleFlags = driver.visibleFlags;
  }

  completeParts(kind: Kind): number {
    return this.#completeParts[kind];
  }

  /** The part that shows an entry's flags. */
  flagsPart(kind: Kind): number {
    return (this.#completeParts[kind] & PART.COMPANION) !== 0 ? PART.COMPANION : PART.VALUE;
  }

  visibleFlags(kind: Kind): number {
    return this.#visibleFlags[kind];
  }

  /** The record of `vni`, made if need be. */
  vni(vni: number): VniRecord {
    if (vni === this.#lastVni) return this.#lastRecord!;
    let record = this.vnis.get(vni);
    if (!record) {
      record = {
        vni,
        state: undefined,
        ensured: false,
        removing: false,
        dumped: false,
        prunable: false,
        departures: 0,
      };
      this.vnis.set(vni, record);
    }
    this.#lastVni = vni;
    this.#lastRecord = record;
    return record;
  }

  sameValue(table: EntryTable, row: number): boolean {
    return table.desiredA[row] === table.actualA[row] && table.desiredB[row] === table.actualB[row];
  }

  sameFlags(table: EntryTable, row: number): boolean {
    return ((table.desiredFlags[row]! ^ table.actualFlags[row]!) & this.#visibleFlags[table.kind]) === 0;
  }

  /** An OP to perform, or a DECISION. */
  decide(table: EntryTable, row: number): number {
    const state = table.state[row]!;
    const record = this.vni(table.vni(row));
    const parts = table.parts[row]!;
    const ours = table.ours[row]!;
    if ((state & ROW.DESIRED) === 0) {
      if (ours === 0) return DECISION.NONE;
      if (!record.state) return DECISION.HELD;
      // Pruning also takes what an earlier run left in a VNI that is no longer ours.
      if (record.removing || record.prunable) return OP.REMOVE;
      return record.ensured && (state & ROW.CLAIMED) !== 0 ? OP.REMOVE : DECISION.HELD;
    }
    if (!record.ensured || !record.dumped || (state & ROW.YIELDED) !== 0) return DECISION.HELD;
    if ((parts & PART.OBSTACLE) !== 0) return ours === 0 ? DECISION.CONFLICT : OP.REMOVE;
    if ((parts & PART.VALUE) === 0) return OP.ENSURE;
    const isMarked = (ours & PART.VALUE) !== 0;
    if (!isMarked && (state & ROW.CLAIMED) !== 0) return OP.REINSTALL;
    if (!this.sameValue(table, row)) return isMarked ? OP.ENSURE : DECISION.CONFLICT;
    if ((state & ROW.REWRITE) !== 0) return OP.ENSURE;
    if (parts !== this.#completeParts[table.kind]) return OP.ENSURE;
    // An entry that is not ours but says the same serves as well; its flags are its owner's business.
    if (!isMarked || this.sameFlags(table, row)) return DECISION.NONE;
    return OP.REINSTALL;
  }

  isInstalled(table: EntryTable, row: number): boolean {
    return (
      (table.state[row]! & ROW.DESIRED) !== 0 &&
      table.parts[row] === this.#completeParts[table.kind] &&
      this.sameValue(table, row)
    );
  }

  /** Copies a row's key and value into the next place of the batch. */
  putInto(batch: EntryBatch, op: number, table: EntryTable, row: number): void {
    const i = batch.length++;
    const { keys } = table;
    batch.op[i] = op;
    batch.kind[i] = table.kind;
    batch.row[i] = row;
    batch.vni[i] = keys.word(row, 0);
    batch.ipLength[i] = 0;
    batch.flags[i] = op === OP.REMOVE ? table.actualFlags[row]! : table.desiredFlags[row]!;
    batch.parts[i] = op === OP.REMOVE ? table.ours[row]! : this.#completeParts[table.kind];
    const a = op === OP.REMOVE ? table.actualA[row]! : table.desiredA[row]!;
    const b = op === OP.REMOVE ? table.actualB[row]! : table.desiredB[row]!;
    if (table.kind === KIND.NEIGHBOUR) {
      batch.vtep[i] = 0;
      batch.macHigh[i] = a;
      batch.macLow[i] = b;
      batch.ipLength[i] = keys.word(row, 1);
      for (let word = 0; word < 4; word++) batch.ipWords[i * 4 + word] = keys.word(row, 2 + word);
      return;
    }
    batch.vtep[i] = a;
    batch.macHigh[i] = table.kind === KIND.MAC ? keys.word(row, 1) : 0;
    batch.macLow[i] = table.kind === KIND.MAC ? keys.word(row, 2) : 0;
  }

  /** `MAC 02:00:00:00:00:01 in VNI 10 behind 10.0.0.2` */
  describe(table: EntryTable, row: number): string {
    const view = this.view(table, row, 'pending', undefined);
    const place = `in VNI ${view.vni}`;
    if (view.kind === 'flood') return `flooding ${place} to ${view.vtep}`;
    if (view.kind === 'mac') return `MAC ${view.mac} ${place} behind ${view.vtep}`;
    return `neighbour ${view.ip} at ${view.mac} ${place}`;
  }

  /** The value that is there, in words. */
  describeActual(table: EntryTable, row: number): string {
    if (table.kind !== KIND.NEIGHBOUR) return this.#addresses.text(table.actualA[row] as AddressId);
    return printMac(macOfWords(table.actualA[row]!, table.actualB[row]!));
  }

  view(table: EntryTable, row: number, status: EntryView['status'], error: string | undefined): EntryView {
    const { keys } = table;
    const isDesired = (table.state[row]! & ROW.DESIRED) !== 0;
    const a = isDesired ? table.desiredA[row]! : table.actualA[row]!;
    const b = isDesired ? table.desiredB[row]! : table.actualB[row]!;
    const flags = isDesired ? table.desiredFlags[row]! : table.actualFlags[row]!;
    const common = { vni: keys.word(row, 0), sticky: (flags & ENTRY_FLAG.STICKY) !== 0, status, error };
    if (table.kind === KIND.NEIGHBOUR) {
      const mac = printMac(macOfWords(a, b));
      return { kind: 'neighbour', mac, ip: printIp(ipOfKey(keys, row)), vtep: undefined, ...common };
    }
    const vtep = this.#addresses.text(a as AddressId);
    if (table.kind === KIND.FLOOD) return { kind: 'flood', mac: undefined, ip: undefined, vtep, ...common };
    const mac = printMac(macOfWords(keys.word(row, 1), keys.word(row, 2)));
    return { kind: 'mac', mac, ip: undefined, vtep, ...common };
  }
}
