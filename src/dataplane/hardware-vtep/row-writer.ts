/**
 * Performs a batch of entries as transactions: flooding one transaction a VNI, MACs and neighbours many rows a transaction and
 * several transactions on their way at once. A transaction is all or nothing; one that fails is made again without the row at
 * fault, or in halves until the row is found, so that each entry has a result of its own.
 *
 * Rows are addressed by UUID together with the value that we saw there: what another controller changed meanwhile is not found,
 * and is read again instead of being overwritten.
 *
 * vtep(5): Ucast_Macs_Remote, Mcast_Macs_Remote, Physical_Locator, Physical_Locator_Set.
 */
import type { AddressId, AddressTable } from '../../base/address-table.ts';
import { type IpBytes, printIp } from '../../base/ip.ts';
import { macOfWords, printMac } from '../../base/mac.ts';
import { failureOf, type OperationResult } from '../../ovsdb/index.ts';
import { type EntryBatch, KIND, OP, putWord, RESULT } from '../driver.ts';
import type { ErrorCodes } from './error-codes.ts';
import type { LogicalSwitch } from './inventory.ts';
import { MAC_ROW } from './mac-rows.ts';
import { Operations, SHARED, uuidText } from './operations.ts';
import type { Picture } from './picture.ts';
import type { RowLedger } from './row-ledger.ts';
import { TABLE, UNKNOWN_DST } from './tables.ts';

export interface RowWriterParts {
  readonly picture: Picture;
  readonly ledger: RowLedger;
  readonly addresses: AddressTable;
  readonly errors: ErrorCodes;
  readonly rowsPerTransaction: number;
  /** Rejects when it is not known whether it was done. */
  transact(operations: string): Promise<readonly OperationResult[]>;
  logicalSwitch(vni: number): LogicalSwitch | undefined;
  /** What the switch reports; some faults stop what they are about. */
  faults(): readonly string[];
  /** The MAC was put behind a tunnel. */
  macOverridden(logicalSwitch: LogicalSwitch, macHigh: number, macLow: number): void;
}

/** Faults of Physical_Switch.switch_fault_status (vtep(5)). */
const NO_MORE_MACS = 'mac_table_exhaustion';
const NO_MORE_TUNNELS = 'tunnel_exhaustion';

export class RowWriter {
  readonly #parts: RowWriterParts;
  readonly #picture: Picture;
  readonly #ledger: RowLedger;
  /** Of the batch under way: `uuid` of a row and the address that it is given, so that the next address takes a row of its own. */
  readonly #taken = new Map<string, string>();

  constructor(parts: RowWriterParts) {
    this.#parts = parts;
    this.#picture = parts.picture;
    this.#ledger = parts.ledger;
  }

  /** Fills `batch.result`. Never rejects. */
  async write(batch: EntryBatch): Promise<void> {
    const floods = new Map<number, number[]>();
    const macs: number[] = [];
    const neighbours: number[] = [];
    for (let i = 0; i < batch.length; i++) {
      batch.result[i] = RESULT.UNKNOWN;
      if (batch.kind[i] === KIND.MAC) macs.push(i);
      else if (batch.kind[i] === KIND.NEIGHBOUR) neighbours.push(i);
      else {
        const list = floods.get(batch.vni[i]!);
        if (list) list.push(i);
        else floods.set(batch.vni[i]!, [i]);
      }
    }
    this.#announce(batch);
    for (const list of floods.values()) await this.#perform(batch, list);
    // New locators first and alone: two transactions on their way must not both make the same one.
    const makers = this.#locatorMakers(batch, macs);
    if (makers.length > 0) await this.#perform(batch, makers);
    const first = new Set(makers);
    const rest = makers.length === 0 ? macs : macs.filter((i) => !first.has(i));
    const size = this.#parts.rowsPerTransaction;
    const running: Promise<void>[] = [];
    for (let at = 0; at < rest.length; at += size)
      running.push(this.#perform(batch, rest.slice(at, at + size)));
    await Promise.all(running);
    // Neighbours stand in the rows of their MACs, so those must be there.
    for (let at = 0; at < neighbours.length; at += size) {
      await this.#perform(batch, neighbours.slice(at, at + size));
    }
  }

  /** Everything that is to be ours is written down before any of it is sent. */
  #announce(batch: EntryBatch): void {
    for (let i = 0; i < batch.length; i++) {
      if (batch.op[i] !== OP.ENSURE) continue;
      const vni = batch.vni[i]!;
      if (batch.kind[i] === KIND.FLOOD) this.#ledger.addFlood(vni, batch.vtep[i]!);
      else if (batch.kind[i] === KIND.MAC) {
        this.#ledger.addMac(vni, batch.macHigh[i]!, batch.macLow[i]!, batch.vtep[i]!);
      }
    }
    this.#ledger.flush();
  }

  #locatorMakers(batch: EntryBatch, rows: readonly number[]): number[] {
    const makers: number[] = [];
    const seen = new Set<string>();
    for (const i of rows) {
      if (batch.kind[i] !== KIND.MAC || batch.op[i] !== OP.ENSURE) continue;
      const logicalSwitch = this.#parts.logicalSwitch(batch.vni[i]!);
      if (!logicalSwitch) continue;
      const key = keyAt(logicalSwitch);
      const name = `${batch.vtep[i]} ${key}`;
      if (seen.has(name)) continue;
      seen.add(name);
      if (!this.#picture.findLocator(batch.vtep[i]!, key)) makers.push(i);
    }
    return makers;
  }

  /** Performs these entries in one transaction, and again in smaller ones where it fails. */
  async #perform(batch: EntryBatch, entries: readonly number[]): Promise<void> {
    const operations = new Operations(this.#picture, this.#parts.addresses);
    const sent = this.#build(batch, entries, operations);
    if (sent.length === 0) return;
    let results: readonly OperationResult[];
    try {
      results = operations.count === 0 ? [] : await this.#parts.transact(operations.text);
    } catch {
      // Lost on the way: done or not, the next picture tells.
      return;
    }
    const failure = failureOf(results, operations.count);
    if (!failure) {
      for (const i of sent) this.#succeeded(batch, i);
      for (const i of operations.missed(results)) batch.result[i] = RESULT.UNKNOWN;
      return;
    }
    const culprit = failure.operation === undefined ? SHARED : operations.entries[failure.operation]!;
    if (sent.length === 1) this.#failed(batch, sent[0]!, failure.text);
    else if (culprit !== SHARED && batch.kind[culprit] !== KIND.FLOOD) {
      this.#failed(batch, culprit, failure.text);
      await this.#perform(
        batch,
        sent.filter((i) => i !== culprit),
      );
    } else {
      const middle = sent.length >> 1;
      await this.#perform(batch, sent.slice(0, middle));
      await this.#perform(batch, sent.slice(middle));
    }
  }

  /** Returns the entries that the transaction is about; the others have their result already. */
  #build(batch: EntryBatch, entries: readonly number[], operations: Operations): number[] {
    this.#taken.clear();
    const sent: number[] = [];
    const floods: number[] = [];
    for (const i of entries) {
      const logicalSwitch = this.#parts.logicalSwitch(batch.vni[i]!);
      const refusal = logicalSwitch
        ? this.#refusal(batch, i, logicalSwitch)
        : 'the switch has no logical switch for it';
      if (refusal !== undefined) {
        this.#failed(batch, i, refusal);
        continue;
      }
      if (batch.kind[i] === KIND.FLOOD) floods.push(i);
      else if (batch.kind[i] === KIND.MAC) this.#buildMac(batch, i, logicalSwitch!, operations);
      else {
        const error = this.#buildNeighbour(batch, i, logicalSwitch!, operations);
        if (error !== undefined) {
          this.#failed(batch, i, error);
          continue;
        }
      }
      sent.push(i);
    }
    if (floods.length > 0) this.#buildFlood(batch, floods, operations);
    return sent;
  }

  /** Why an entry is not even sent. */
  #refusal(batch: EntryBatch, i: number, logicalSwitch: LogicalSwitch): string | undefined {
    if (batch.op[i] === OP.REMOVE) return undefined;
    if (batch.op[i] === OP.REINSTALL)
      return "another controller's row has taken its place; evpnd leaves it alone";
    if (batch.kind[i] === KIND.NEIGHBOUR) return undefined;
    if (this.#parts.addresses.bytes(batch.vtep[i]!).length !== 4) {
      return 'the VTEP is IPv6, and hardware_vtep knows VXLAN over IPv4 only';
    }
    const faults = this.#parts.faults();
    if (faults.length === 0) return undefined;
    const isNewTunnel = !this.#picture.findLocator(batch.vtep[i]!, keyAt(logicalSwitch));
    if (isNewTunnel && faults.includes(NO_MORE_TUNNELS)) return `the switch reports ${NO_MORE_TUNNELS}`;
    const isNewMac = batch.kind[i] === KIND.MAC && this.#ourRows(logicalSwitch, batch, i).length === 0;
    return isNewMac && faults.includes(NO_MORE_MACS) ? `the switch reports ${NO_MORE_MACS}` : undefined;
  }

  // MACs

  #ourRows(logicalSwitch: LogicalSwitch, batch: EntryBatch, i: number): number[] {
    const rows = this.#picture.remote;
    const { slot } = this.#picture.logicalSwitch(logicalSwitch.uuid);
    const ours: number[] = [];
    for (let row = rows.first(slot, batch.macHigh[i]!, batch.macLow[i]!); row >= 0; row = rows.next(row)) {
      if ((rows.flags[row]! & MAC_ROW.OURS) !== 0) ours.push(row);
    }
    return ours;
  }

  #buildMac(batch: EntryBatch, i: number, logicalSwitch: LogicalSwitch, operations: Operations): void {
    const ours = this.#ourRows(logicalSwitch, batch, i);
    if (batch.op[i] === OP.REMOVE) {
      for (const row of ours) operations.add(i, this.#deletion(row));
      return;
    }
    const mac = macText(batch, i);
    const locator = operations.locator(batch.vtep[i]!, keyAt(logicalSwitch));
    if (ours.length === 0) {
      operations.add(i, insertion(mac, logicalSwitch, locator, ''));
      return;
    }
    const again = this.#isLocal(logicalSwitch, batch.macHigh[i]!, batch.macLow[i]!);
    const { remote } = this.#picture;
    for (const row of ours) {
      if (again) {
        // The same row again would be no news to the switch, which has found the MAC at a port of its own.
        const ip = remote.ip(row);
        operations.add(i, this.#deletion(row), true);
        operations.add(i, insertion(mac, logicalSwitch, locator, ip ? printIp(ip) : ''));
      } else if (this.#picture.locatorAt(remote.locator[row]!).address !== batch.vtep[i]) {
        const where = this.#whereSeen(row);
        operations.add(
          i,
          `{"op":"update","table":"${TABLE.UCAST_REMOTE}",${where},"row":{"locator":${locator}}}`,
          true,
        );
      }
    }
  }

  #isLocal(logicalSwitch: LogicalSwitch, macHigh: number, macLow: number): boolean {
    const { local } = this.#picture;
    const { slot } = this.#picture.logicalSwitch(logicalSwitch.uuid);
    for (let row = local.first(slot, macHigh, macLow); row >= 0; row = local.next(row)) {
      if ((local.flags[row]! & MAC_ROW.OVERRIDDEN) === 0) return true;
    }
    return false;
  }

  /** The row, as long as it says what we saw. */
  #whereSeen(row: number): string {
    const { remote } = this.#picture;
    const locator = this.#picture.locatorAt(remote.locator[row]!).uuid;
    return `"where":[["_uuid","==",${uuidText(remote.uuid(row))}],["locator","==",${uuidText(locator)}]]`;
  }

  #deletion(row: number): string {
    return `{"op":"delete","table":"${TABLE.UCAST_REMOTE}",${this.#whereSeen(row)}}`;
  }

  // Neighbours: the first address stands in the row of its MAC, each further one in a row of its own

  /** Returns why it cannot be. */
  #buildNeighbour(
    batch: EntryBatch,
    i: number,
    logicalSwitch: LogicalSwitch,
    operations: Operations,
  ): string | undefined {
    const { remote } = this.#picture;
    const ours = this.#ourRows(logicalSwitch, batch, i);
    const ip = ipOf(batch, i);
    const holder = ours.find((row) => remote.hasIp(row, ip));
    if (batch.op[i] === OP.REMOVE) {
      if (holder !== undefined) this.#releaseIp(i, holder, ours, operations);
      return undefined;
    }
    if (holder !== undefined) return undefined;
    if (ours.length === 0) return 'its MAC is not in the switch';
    this.#takeFromOther(i, logicalSwitch, ip, operations);
    const text = printIp(ip);
    const free = ours.find((row) => remote.ip(row) === undefined && !this.#taken.has(remote.uuid(row)));
    if (free !== undefined) {
      this.#taken.set(remote.uuid(free), text);
      const row = `"row":{"ipaddr":"${text}"}`;
      operations.add(
        i,
        `{"op":"update","table":"${TABLE.UCAST_REMOTE}",${this.#whereSeen(free)},${row}}`,
        true,
      );
    } else {
      const locator = uuidText(this.#picture.locatorAt(remote.locator[ours[0]!]!).uuid);
      operations.add(i, insertion(macText(batch, i), logicalSwitch, locator, text));
    }
    return undefined;
  }

  /** An address is at one MAC: the row of ours that had it at another gives it up. */
  #takeFromOther(i: number, logicalSwitch: LogicalSwitch, ip: IpBytes, operations: Operations): void {
    const { remote } = this.#picture;
    const { slot } = this.#picture.logicalSwitch(logicalSwitch.uuid);
    const row = remote.ofIp(slot, ip);
    if (row < 0 || (remote.flags[row]! & MAC_ROW.OURS) === 0) return;
    const ours: number[] = [];
    for (
      let each = remote.first(slot, remote.macHigh(row), remote.macLow(row));
      each >= 0;
      each = remote.next(each)
    ) {
      if ((remote.flags[each]! & MAC_ROW.OURS) !== 0) ours.push(each);
    }
    this.#releaseIp(i, row, ours, operations);
  }

  #releaseIp(i: number, holder: number, ours: readonly number[], operations: Operations): void {
    const { remote } = this.#picture;
    const others = ours.filter((row) => row !== holder && this.#taken.get(remote.uuid(row)) !== 'gone');
    if (others.length > 0) {
      this.#taken.set(remote.uuid(holder), 'gone');
      operations.add(i, this.#deletion(holder));
      return;
    }
    const text = `{"op":"update","table":"${TABLE.UCAST_REMOTE}",${this.#whereSeen(holder)},"row":{"ipaddr":""}}`;
    operations.add(i, text);
  }

  // Flooding

  /** All entries are of one VNI. The set of a row cannot be changed, so the row gets another one. */
  #buildFlood(batch: EntryBatch, entries: readonly number[], operations: Operations): void {
    const logicalSwitch = this.#parts.logicalSwitch(batch.vni[entries[0]!]!)!;
    const row = this.#picture.floodRows(logicalSwitch.uuid).find(({ ours }) => ours);
    const before = new Set<AddressId>(row?.vteps ?? []);
    const after = new Set(before);
    for (const i of entries) {
      if (batch.op[i] === OP.REMOVE) after.delete(batch.vtep[i]!);
      else after.add(batch.vtep[i]!);
    }
    if (after.size === before.size && [...after].every((vtep) => before.has(vtep))) return;
    const table = `"table":"${TABLE.MCAST_REMOTE}"`;
    const where = row
      ? `"where":[["_uuid","==",${uuidText(row.uuid)}],["locator_set","==",${uuidText(row.locatorSet)}]]`
      : '';
    const entry = entries[0]!;
    if (after.size === 0) {
      operations.add(entry, `{"op":"delete",${table},${where}}`, true);
      return;
    }
    const key = keyAt(logicalSwitch);
    const locators = [...after].map((vtep) => operations.locator(vtep, key)).join(',');
    const set = `"row":{"locators":["set",[${locators}]]},"uuid-name":"s"`;
    operations.add(SHARED, `{"op":"insert","table":"${TABLE.LOCATOR_SET}",${set}}`);
    const reference = '["named-uuid","s"]';
    if (row)
      operations.add(entry, `{"op":"update",${table},${where},"row":{"locator_set":${reference}}}`, true);
    else {
      const content = `"MAC":"${UNKNOWN_DST}","logical_switch":${uuidText(logicalSwitch.uuid)},"locator_set":${reference}`;
      operations.add(entry, `{"op":"insert",${table},"row":{${content},"ipaddr":""}}`);
    }
  }

  // Results

  #succeeded(batch: EntryBatch, i: number): void {
    batch.result[i] = RESULT.OK;
    const vni = batch.vni[i]!;
    const isRemoval = batch.op[i] === OP.REMOVE;
    if (batch.kind[i] === KIND.FLOOD) {
      if (isRemoval) this.#ledger.removeFlood(vni, batch.vtep[i]!);
    } else if (batch.kind[i] === KIND.MAC) {
      if (isRemoval) this.#ledger.removeMac(vni, batch.macHigh[i]!, batch.macLow[i]!);
      else {
        const logicalSwitch = this.#parts.logicalSwitch(vni);
        if (logicalSwitch) this.#parts.macOverridden(logicalSwitch, batch.macHigh[i]!, batch.macLow[i]!);
      }
    }
  }

  #failed(batch: EntryBatch, i: number, text: string): void {
    batch.result[i] = this.#parts.errors.of(text);
    if (batch.op[i] === OP.REMOVE) return;
    const vni = batch.vni[i]!;
    const logicalSwitch = this.#parts.logicalSwitch(vni);
    if (batch.kind[i] === KIND.FLOOD) {
      const row = logicalSwitch && this.#picture.floodRows(logicalSwitch.uuid).find(({ ours }) => ours);
      if (!row?.vteps.includes(batch.vtep[i]!)) this.#ledger.removeFlood(vni, batch.vtep[i]!);
    } else if (
      batch.kind[i] === KIND.MAC &&
      (!logicalSwitch || this.#ourRows(logicalSwitch, batch, i).length === 0)
    ) {
      this.#ledger.removeMac(vni, batch.macHigh[i]!, batch.macLow[i]!);
    }
  }
}

/** The tunnel key that locators of this logical switch carry. */
const keyAt = ({ keyAtLocators, vni }: LogicalSwitch): number | undefined =>
  keyAtLocators ? vni : undefined;

const macText = (batch: EntryBatch, i: number): string =>
  printMac(macOfWords(batch.macHigh[i]!, batch.macLow[i]!));

function insertion(mac: string, { uuid }: LogicalSwitch, locator: string, ip: string): string {
  const row = `"MAC":"${mac}","logical_switch":${uuidText(uuid)},"locator":${locator},"ipaddr":"${ip}"`;
  return `{"op":"insert","table":"${TABLE.UCAST_REMOTE}","row":{${row}}}`;
}

function ipOf(batch: EntryBatch, i: number): IpBytes {
  const ip = new Uint8Array(batch.ipLength[i]!);
  for (let word = 0; word * 4 < ip.length; word++) putWord(batch.ipWords[i * 4 + word]!, ip, word * 4);
  return ip;
}
