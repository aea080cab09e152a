/**
 * The text of one transaction, built operation by operation: which entry of the batch each is for, and which locators it makes on
 * the way. Text, since a hundred thousand rows as objects would cost more than all the rest.
 *
 * RFC 7047 section 5.2 (operations), section 5.1 (named-uuid).
 */
import type { AddressId, AddressTable } from '../../base/address-table.ts';
import type { OperationResult, Uuid } from '../../ovsdb/index.ts';
import type { LogicalSwitch } from './inventory.ts';
import type { Picture } from './picture.ts';
import { TABLE, VXLAN_OVER_IPV4 } from './tables.ts';

/** For operations that serve several entries. */
export const SHARED = -1;

export class Operations {
  readonly #picture: Picture;
  readonly #addresses: AddressTable;
  readonly #parts: string[] = [];
  /** By operation: the entry of the batch that it is for, or SHARED. */
  readonly entries: number[] = [];
  /** Whether an operation must have found its row. */
  readonly #guarded: boolean[] = [];
  readonly #made = new Map<string, string>();

  constructor(picture: Picture, addresses: AddressTable) {
    this.#picture = picture;
    this.#addresses = addresses;
  }

  get count(): number {
    return this.#parts.length;
  }

  get text(): string {
    return `[${this.#parts.join(',')}]`;
  }

  /** `guarded`: nothing found means that somebody else was faster, and the result is not known. */
  add(entry: number, text: string, guarded = false): void {
    this.#parts.push(text);
    this.entries.push(entry);
    this.#guarded.push(guarded);
  }

  /** Entries whose operation found no row. */
  *missed(results: readonly OperationResult[]): Iterable<number> {
    for (let i = 0; i < this.#parts.length; i++) {
      if (this.#guarded[i] && results[i]?.count === 0) yield this.entries[i]!;
    }
  }

  /** The reference to the locator of a VTEP, which is made by this transaction when there is none. */
  locator(vtep: AddressId, tunnelKey: number | undefined): string {
    const known = this.#picture.locators.find(vtep, tunnelKey);
    if (known) return uuidText(known.uuid);
    const name = `l${vtep}_${tunnelKey ?? ''}`;
    if (!this.#made.has(name)) {
      const key = tunnelKey === undefined ? '' : `,"tunnel_key":${tunnelKey}`;
      const row = `"encapsulation_type":"${VXLAN_OVER_IPV4}","dst_ip":"${this.#addresses.text(vtep)}"${key}`;
      this.add(SHARED, `{"op":"insert","table":"${TABLE.LOCATOR}","row":{${row}},"uuid-name":"${name}"}`);
      this.#made.set(name, `["named-uuid","${name}"]`);
    }
    return this.#made.get(name)!;
  }
}

export const uuidText = (uuid: Uuid): string => `["uuid","${uuid}"]`;

/** The tunnel key that locators of this logical switch carry. */
export const keyAt = ({ keyAtLocators, vni }: LogicalSwitch): number | undefined =>
  keyAtLocators ? vni : undefined;
