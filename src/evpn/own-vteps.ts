/** The tunnel addresses of this leaf: those that its instances have. Routes with such a next hop are the leaf's own. */
import { type AddressId, NO_ADDRESS } from '../base/address-table.ts';

export class OwnVteps {
  /** How many instances have each. */
  readonly #instances = new Map<AddressId, number>();

  has(vtep: AddressId): boolean {
    return this.#instances.has(vtep);
  }

  /** An instance changes from one address to another, NO_ADDRESS for none. Returns whether an address came or went by that. */
  change(from: AddressId, to: AddressId): boolean {
    const gone = from !== NO_ADDRESS && this.#count(from, -1) === 0;
    const come = to !== NO_ADDRESS && this.#count(to, 1) === 1;
    return gone || come;
  }

  #count(vtep: AddressId, by: 1 | -1): number {
    const count = (this.#instances.get(vtep) ?? 0) + by;
    if (count > 0) this.#instances.set(vtep, count);
    else this.#instances.delete(vtep);
    return count;
  }
}
