/**
 * Performs a batch of entries as transactions: flooding one transaction a VNI, MACs and neighbours many rows a transaction and
 * several transactions on their way at once. A transaction is all or nothing; one that fails is made again without the row at
 * fault, or in halves until the row is found, so that each entry has a result of its own.
 *
 * What another controller changed meanwhile is not found, and is read again instead of being overwritten.
 *
 * RFC 7047 section 4.1.3 (transact).
 */
import type { AddressTable } from '../../base/address-table.ts';
import { failureOf, type OperationResult } from '../../ovsdb/index.ts';
import { type EntryBatch, KIND, OP, RESULT } from '../driver.ts';
import type { ErrorCodes } from './error-codes.ts';
import { buildFlood } from './flood-operations.ts';
import type { LogicalSwitch } from './inventory.ts';
import { buildMac, ourRows } from './mac-operations.ts';
import { NeighbourOperations } from './neighbour-operations.ts';
import { keyAt, Operations, SHARED } from './operations.ts';
import type { Picture } from './picture.ts';
import type { RowLedger } from './row-ledger.ts';

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
      if (!this.#picture.locators.find(batch.vtep[i]!, key)) makers.push(i);
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
    const neighbours = new NeighbourOperations(this.#picture, operations);
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
      else if (batch.kind[i] === KIND.MAC) buildMac(this.#picture, batch, i, logicalSwitch!, operations);
      else {
        const error = neighbours.build(batch, i, logicalSwitch!);
        if (error !== undefined) {
          this.#failed(batch, i, error);
          continue;
        }
      }
      sent.push(i);
    }
    if (floods.length > 0) {
      // All entries are of one VNI.
      const logicalSwitch = this.#parts.logicalSwitch(batch.vni[floods[0]!]!)!;
      buildFlood(this.#picture, batch, floods, logicalSwitch, operations);
    }
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
    const isNewTunnel = !this.#picture.locators.find(batch.vtep[i]!, keyAt(logicalSwitch));
    if (isNewTunnel && faults.includes(NO_MORE_TUNNELS)) return `the switch reports ${NO_MORE_TUNNELS}`;
    const isNewMac =
      batch.kind[i] === KIND.MAC && ourRows(this.#picture, logicalSwitch, batch, i).length === 0;
    return isNewMac && faults.includes(NO_MORE_MACS) ? `the switch reports ${NO_MORE_MACS}` : undefined;
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
      (!logicalSwitch || ourRows(this.#picture, logicalSwitch, batch, i).length === 0)
    ) {
      this.#ledger.removeMac(vni, batch.macHigh[i]!, batch.macLow[i]!);
    }
  }
}
