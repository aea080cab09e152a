/**
 * What is in a switch's database, as its monitor tells it: the few rows of structure whole, the many MAC rows in columns. Says
 * which entry a change is about; what follows from it is for others to say.
 */
import type { AddressId, AddressTable } from '../../base/address-table.ts';
import { parseIp } from '../../base/ip.ts';
import { macHigh, macLow, parseMac } from '../../base/mac.ts';
import {
  type MonitorSink,
  type RawRow,
  type SchemaInfo,
  TableReplica,
  textOf,
  type Uuid,
  uuidOf,
  uuidSet,
} from '../../ovsdb/index.ts';
import { Locators } from './locators.ts';
import { MAC_ROW, MacRows } from './mac-rows.ts';
import { type Referent, Referents } from './referents.ts';
import { TABLE, UNKNOWN_DST, vniOfRow, WANTED_TABLES } from './tables.ts';

export interface LogicalSwitchRow extends Referent {
  /** By its tunnel key, or by the name that evpnd gave it; 0 for none. */
  vni: number;
}

export interface PictureListener {
  /** Whether a row of that content is ours, when nobody knows it yet. */
  isOurMac(vni: number, macHigh: number, macLow: number, vtep: AddressId): boolean;
  isOurFlood(vni: number, vteps: readonly AddressId[]): boolean;
  /** Some row of Ucast_Macs_Remote with this key came, changed or went. */
  remoteMacChanged(logicalSwitch: LogicalSwitchRow, macHigh: number, macLow: number): void;
  /** An address that a row with this key had, and has no more. */
  remoteIpGone(logicalSwitch: LogicalSwitchRow, ip: Uint8Array): void;
  localMacChanged(logicalSwitch: LogicalSwitchRow, macHigh: number, macLow: number): void;
  localRowGone(uuid: Uuid): void;
  localIpGone(logicalSwitch: LogicalSwitchRow, ip: Uint8Array): void;
  floodChanged(logicalSwitch: Uuid): void;
  /** Something other than MAC rows changed. */
  structureChanged(): void;
  settled(): void;
}

/** A row of Mcast_Macs_Remote for `unknown-dst`. */
export interface FloodRow {
  readonly uuid: Uuid;
  readonly locatorSet: Uuid;
  readonly vteps: readonly AddressId[];
  readonly ours: boolean;
}

export class Picture implements MonitorSink {
  readonly tables: ReadonlyMap<string, TableReplica> = new Map(
    WANTED_TABLES.filter(({ name }) => name !== TABLE.UCAST_REMOTE && name !== TABLE.UCAST_LOCAL).map(
      ({ name }) => [name, new TableReplica()],
    ),
  );
  readonly remote = new MacRows();
  readonly local = new MacRows();
  readonly locators: Locators;
  readonly #listener: PictureListener;
  readonly #logicalSwitches = new Referents<LogicalSwitchRow>((uuid, slot) => ({ uuid, slot, vni: 0 }));
  /** Rows of Mcast_Macs_Remote by logical switch, and those of them that are ours. */
  readonly #floodRows = new Map<Uuid, Set<Uuid>>();
  readonly #ourFloodRows = new Set<Uuid>();
  /** Gone in the update under way; rows that still name them follow in it. */
  #leaving: { readonly table: string; readonly uuid: Uuid }[] = [];
  /** Whether locators have keys of their own: a column of newer schemas. */
  hasTunnelKeys = false;

  constructor(addresses: AddressTable, listener: PictureListener) {
    this.locators = new Locators(addresses);
    this.#listener = listener;
  }

  reset(schema: SchemaInfo): void {
    for (const [name, table] of this.tables) {
      table.clear();
      table.describe(name, schema);
    }
    this.#leaving = [];
    this.remote.clear();
    this.local.clear();
    this.#floodRows.clear();
    this.#ourFloodRows.clear();
    this.locators.clear();
    this.#logicalSwitches.clear();
    this.hasTunnelKeys = schema.columns.get(TABLE.LOCATOR)?.has('tunnel_key') ?? false;
    this.#listener.structureChanged();
  }

  insert(table: string, uuid: Uuid, row: RawRow): void {
    if (table === TABLE.UCAST_REMOTE) this.#putRemote(uuid, row);
    else if (table === TABLE.UCAST_LOCAL) this.#putLocal(uuid, row);
    else {
      this.#before(table, uuid);
      this.tables.get(table)!.insert(uuid, row);
      this.#after(table, uuid);
    }
  }

  replace(table: string, uuid: Uuid, row: RawRow): void {
    this.insert(table, uuid, row);
  }

  modify(table: string, uuid: Uuid, differences: RawRow): void {
    if (table === TABLE.UCAST_REMOTE) this.#putRemote(uuid, differences);
    else if (table === TABLE.UCAST_LOCAL) this.#putLocal(uuid, differences);
    else {
      this.#before(table, uuid);
      this.tables.get(table)!.modify(uuid, differences);
      this.#after(table, uuid);
    }
  }

  remove(table: string, uuid: Uuid): void {
    if (table === TABLE.UCAST_REMOTE) this.#removeRemote(uuid);
    else if (table === TABLE.UCAST_LOCAL) this.#removeLocal(uuid);
    else {
      this.#before(table, uuid);
      this.tables.get(table)!.remove(uuid);
      if (table === TABLE.MCAST_REMOTE) this.#ourFloodRows.delete(uuid);
      else this.#listener.structureChanged();
      if (table === TABLE.LOCATOR) this.locators.forget(uuid);
      if (table === TABLE.LOCATOR || table === TABLE.LOGICAL_SWITCH) this.#leaving.push({ table, uuid });
    }
  }

  settled(): void {
    for (const { table, uuid } of this.#leaving) {
      if (table === TABLE.LOCATOR) this.locators.free(uuid);
      else this.#logicalSwitches.free(uuid);
    }
    this.#leaving = [];
    this.#listener.settled();
  }

  logicalSwitch(uuid: Uuid): LogicalSwitchRow {
    return this.#logicalSwitches.of(uuid);
  }

  logicalSwitchAt(slot: number): LogicalSwitchRow {
    return this.#logicalSwitches.at(slot);
  }

  floodRows(logicalSwitch: Uuid): FloodRow[] {
    return [...(this.#floodRows.get(logicalSwitch) ?? [])].map((uuid) => {
      const locatorSet = uuidOf(this.#mcast(uuid)?.locator_set) ?? '';
      return { uuid, locatorSet, vteps: this.#vtepsOf(locatorSet), ours: this.#ourFloodRows.has(uuid) };
    });
  }

  #mcast(uuid: Uuid): RawRow | undefined {
    return this.tables.get(TABLE.MCAST_REMOTE)!.rows.get(uuid);
  }

  #vtepsOf(locatorSet: Uuid): AddressId[] {
    const row = this.tables.get(TABLE.LOCATOR_SET)!.rows.get(locatorSet);
    return uuidSet(row?.locators).map((uuid) => this.locators.of(uuid).address);
  }

  /** A row of a small table is about to change: what it was about must be looked at again. */
  #before(table: string, uuid: Uuid): void {
    if (table !== TABLE.MCAST_REMOTE) return;
    const logicalSwitch = uuidOf(this.#mcast(uuid)?.logical_switch);
    if (logicalSwitch === undefined) return;
    this.#floodRows.get(logicalSwitch)?.delete(uuid);
    this.#listener.floodChanged(logicalSwitch);
  }

  #after(table: string, uuid: Uuid): void {
    if (table === TABLE.MCAST_REMOTE) this.#takeFlood(uuid);
    else {
      this.#listener.structureChanged();
      if (table === TABLE.LOCATOR) this.locators.take(uuid, this.tables.get(table)!.rows.get(uuid)!);
      else if (table === TABLE.LOGICAL_SWITCH) {
        this.logicalSwitch(uuid).vni = vniOfRow(this.tables.get(table)!.rows.get(uuid)!);
      }
    }
  }

  #takeFlood(uuid: Uuid): void {
    const row = this.#mcast(uuid)!;
    const logicalSwitch = uuidOf(row.logical_switch);
    if (row.MAC !== UNKNOWN_DST || logicalSwitch === undefined) return;
    let rows = this.#floodRows.get(logicalSwitch);
    if (!rows) this.#floodRows.set(logicalSwitch, (rows = new Set()));
    rows.add(uuid);
    const hasOurs = [...rows].some((each) => this.#ourFloodRows.has(each));
    const vteps = this.#vtepsOf(uuidOf(row.locator_set) ?? '');
    const { vni } = this.logicalSwitch(logicalSwitch);
    if (!hasOurs && this.#listener.isOurFlood(vni, vteps)) this.#ourFloodRows.add(uuid);
    this.#listener.floodChanged(logicalSwitch);
  }

  /** Takes a whole row, or the columns that changed: each is a scalar, so both are the same. */
  #putRemote(uuid: Uuid, columns: RawRow): void {
    const rows = this.remote;
    const known = rows.find(uuid);
    const before = known < 0 ? undefined : this.logicalSwitchAt(rows.logicalSwitch(known));
    const row = this.#put(rows, uuid, known, columns, (ip) => this.#listener.remoteIpGone(before!, ip));
    if (row < 0) return;
    const logicalSwitch = this.logicalSwitchAt(rows.logicalSwitch(row));
    const [high, low] = [rows.macHigh(row), rows.macLow(row)];
    if (known < 0 && this.#isOurs(row, logicalSwitch, high, low)) rows.flags[row]! |= MAC_ROW.OURS;
    this.#listener.remoteMacChanged(logicalSwitch, high, low);
  }

  /** Of several rows with the same content one is ours, and the others are copies that somebody made. */
  #isOurs(row: number, logicalSwitch: LogicalSwitchRow, high: number, low: number): boolean {
    const rows = this.remote;
    const vtep = this.locators.at(rows.locator[row]!).address;
    if (!this.#listener.isOurMac(logicalSwitch.vni, high, low, vtep)) return false;
    const ip = rows.ip(row);
    for (let other = rows.first(logicalSwitch.slot, high, low); other >= 0; other = rows.next(other)) {
      if (other === row || (rows.flags[other]! & MAC_ROW.OURS) === 0) continue;
      if (ip === undefined ? rows.ip(other) === undefined : rows.hasIp(other, ip)) return false;
    }
    return true;
  }

  #removeRemote(uuid: Uuid): void {
    const rows = this.remote;
    const row = rows.find(uuid);
    if (row < 0) return;
    const logicalSwitch = this.logicalSwitchAt(rows.logicalSwitch(row));
    const [high, low, ip] = [rows.macHigh(row), rows.macLow(row), rows.ip(row)];
    rows.remove(row);
    if (ip) this.#listener.remoteIpGone(logicalSwitch, ip);
    this.#listener.remoteMacChanged(logicalSwitch, high, low);
  }

  #putLocal(uuid: Uuid, columns: RawRow): void {
    const rows = this.local;
    const known = rows.find(uuid);
    const before = known < 0 ? undefined : this.logicalSwitchAt(rows.logicalSwitch(known));
    const row = this.#put(rows, uuid, known, columns, (ip) => this.#listener.localIpGone(before!, ip));
    if (row < 0) return;
    // The switch says something about the MAC anew: it is here again.
    rows.flags[row]! &= ~MAC_ROW.OVERRIDDEN;
    const logicalSwitch = this.logicalSwitchAt(rows.logicalSwitch(row));
    this.#listener.localMacChanged(logicalSwitch, rows.macHigh(row), rows.macLow(row));
  }

  #removeLocal(uuid: Uuid): void {
    const rows = this.local;
    const row = rows.find(uuid);
    if (row < 0) return;
    this.#listener.localRowGone(uuid);
    const logicalSwitch = this.logicalSwitchAt(rows.logicalSwitch(row));
    const [high, low, ip] = [rows.macHigh(row), rows.macLow(row), rows.ip(row)];
    rows.remove(row);
    if (ip) this.#listener.localIpGone(logicalSwitch, ip);
    this.#listener.localMacChanged(logicalSwitch, high, low);
  }

  /** Returns the row, or -1 for one that is about no host: a MAC that is none is not ours to judge. */
  #put(rows: MacRows, uuid: Uuid, known: number, columns: RawRow, ipGone: (ip: Uint8Array) => void): number {
    const mac = columns.MAC === undefined ? undefined : parseMac(textOf(columns.MAC));
    const logicalSwitch = uuidOf(columns.logical_switch);
    const locator = uuidOf(columns.locator);
    let row = known;
    if (row < 0) {
      if (mac === undefined || logicalSwitch === undefined || locator === undefined) return -1;
      const { slot } = this.logicalSwitch(logicalSwitch);
      row = rows.insert(uuid, slot, macHigh(mac), macLow(mac), this.locators.of(locator).slot);
    } else {
      if (locator !== undefined) rows.locator[row] = this.locators.of(locator).slot;
      if (mac !== undefined || logicalSwitch !== undefined) this.#moveKey(rows, row, mac, logicalSwitch);
    }
    if (columns.ipaddr !== undefined) {
      const before = rows.ip(row);
      const ip = parseIp(textOf(columns.ipaddr));
      rows.setIp(row, ip);
      if (before && !(ip && rows.hasIp(row, before))) ipGone(before);
    }
    return row;
  }

  #moveKey(rows: MacRows, row: number, mac: number | undefined, logicalSwitch: Uuid | undefined): void {
    const slot =
      logicalSwitch === undefined ? rows.logicalSwitch(row) : this.logicalSwitch(logicalSwitch).slot;
    const high = mac === undefined ? rows.macHigh(row) : macHigh(mac);
    const low = mac === undefined ? rows.macLow(row) : macLow(mac);
    const [oldSlot, oldHigh, oldLow] = [rows.logicalSwitch(row), rows.macHigh(row), rows.macLow(row)];
    if (slot === oldSlot && high === oldHigh && low === oldLow) return;
    rows.move(row, slot, high, low);
    const before = this.logicalSwitchAt(oldSlot);
    if (rows === this.remote) this.#listener.remoteMacChanged(before, oldHigh, oldLow);
    else this.#listener.localMacChanged(before, oldHigh, oldLow);
  }
}
