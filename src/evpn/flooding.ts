/**
 * Head-end replication lists: to which VTEPs a leaf copies the broadcast, unknown-unicast and multicast frames
 * of a VNI. A VTEP is on the list while at least one inclusive multicast route asks for it and it can be reached.
 *
 * RFC 7432 section 11.2, RFC 8365 section 5.1.3 and 9 (ingress replication).
 */
import type { AddressId } from '../base/address-table.ts';
import { grown, KeyTable } from '../base/key-table.ts';
import type { ForwardingTable } from '../dataplane/interfaces.ts';
import type { Instance } from './instance.ts';
import type { Vteps } from './vteps.ts';

export type FloodRow = number;

export class FloodTable {
  readonly #keys = new KeyTable(2, 256);
  readonly #key = new Int32Array(2);
  readonly #forwarding: ForwardingTable;
  readonly #vteps: Vteps;
  #references = new Int32Array(0);
  #installed = new Uint8Array(0);

  constructor(forwarding: ForwardingTable, vteps: Vteps) {
    this.#forwarding = forwarding;
    this.#vteps = vteps;
  }

  /** One more route wants frames of `instance` at `vtep`. Returns the row to release later. */
  retain(instance: Instance, vtep: AddressId): FloodRow {
    this.#key[0] = instance.vni;
    this.#key[1] = vtep;
    const before = this.#keys.size;
    const row = this.#keys.insert(this.#key);
    if (this.#keys.size !== before) {
      if (row >= this.#references.length) {
        this.#references = grown(this.#references, this.#keys.capacity);
        this.#installed = grown(this.#installed, this.#keys.capacity);
      }
      this.#references[row] = 0;
      this.#installed[row] = 0;
    }
    this.#references[row]++;
    this.refresh(row);
    return row;
  }

  release(row: FloodRow): void {
    if (--this.#references[row] > 0) return;
    if (this.#installed[row] !== 0) this.#forwarding.deleteFlood(this.vni(row), this.vtep(row));
    this.#keys.removeRow(row);
  }

  /** Acts on what is now known of the VTEP. */
  refresh(row: FloodRow): void {
    const wanted = this.#vteps.isReachable(this.vtep(row)) ? 1 : 0;
    if (wanted === this.#installed[row]) return;
    this.#installed[row] = wanted;
    if (wanted !== 0) this.#forwarding.addFlood(this.vni(row), this.vtep(row));
    else this.#forwarding.deleteFlood(this.vni(row), this.vtep(row));
  }

  vni(row: FloodRow): number {
    return this.#keys.word(row, 0);
  }

  vtep(row: FloodRow): AddressId {
    return this.#keys.word(row, 1);
  }

  isInstalled(row: FloodRow): boolean {
    return this.#installed[row] !== 0;
  }

  get size(): number {
    return this.#keys.size;
  }

  /** Every (VNI, VTEP) that is wanted, installed or held back. */
  *rows(): IterableIterator<FloodRow> {
    for (let row = 0; row < this.#keys.rowLimit; row++) if (this.#keys.isUsed(row)) yield row;
  }
}
