/**
 * Tunnel endpoints that the database names: found by slot, and by address and tunnel key, so that one locator is shared by all rows
 * that point there.
 *
 * vtep(5): Physical_Locator.
 */
import { type AddressId, type AddressTable, NO_ADDRESS } from '../../base/address-table.ts';
import { parseIp } from '../../base/ip.ts';
import { integerOf, type RawRow, textOf, type Uuid } from '../../ovsdb/index.ts';
import { type Referent, Referents } from './referents.ts';
import { VXLAN_OVER_IPV4 } from './tables.ts';

export interface Locator extends Referent {
  address: AddressId;
  tunnelKey: number | undefined;
}

export class Locators {
  readonly #addresses: AddressTable;
  readonly #referents = new Referents<Locator>((uuid, slot) => ({
    uuid,
    slot,
    address: NO_ADDRESS,
    tunnelKey: undefined,
  }));
  readonly #byContent = new Map<number, Locator>();

  constructor(addresses: AddressTable) {
    this.#addresses = addresses;
  }

  of(uuid: Uuid): Locator {
    return this.#referents.of(uuid);
  }

  at(slot: number): Locator {
    return this.#referents.at(slot);
  }

  all(): Iterable<Locator> {
    return this.#referents.all();
  }

  /** The locator of a VTEP with that tunnel key (none where logical switches have the keys). */
  find(address: AddressId, tunnelKey: number | undefined): Locator | undefined {
    return this.#byContent.get(contentKey(address, tunnelKey));
  }

  take(uuid: Uuid, row: RawRow): void {
    const address = row.encapsulation_type === VXLAN_OVER_IPV4 ? parseIp(textOf(row.dst_ip)) : undefined;
    const locator = this.of(uuid);
    locator.address = address ? this.#addresses.intern(address) : NO_ADDRESS;
    locator.tunnelKey = integerOf(row.tunnel_key);
    this.#byContent.set(contentKey(locator.address, locator.tunnelKey), locator);
  }

  /** Nothing new may refer to it. */
  forget(uuid: Uuid): void {
    const locator = this.#referents.find(uuid);
    if (!locator) return;
    const key = contentKey(locator.address, locator.tunnelKey);
    if (this.#byContent.get(key) === locator) this.#byContent.delete(key);
  }

  /** Nothing refers to it any more. */
  free(uuid: Uuid): void {
    this.forget(uuid);
    this.#referents.free(uuid);
  }

  clear(): void {
    this.#referents.clear();
    this.#byContent.clear();
  }
}

/** An address and a tunnel key, or none, in one number. */
const contentKey = (address: AddressId, tunnelKey: number | undefined): number =>
  address * 2 ** 25 + (tunnelKey === undefined ? 0 : tunnelKey + 1);
