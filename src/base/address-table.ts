/**
 * Interned IP addresses: VTEPs and next hops are few and named by every route, so tables hold a small
 * number for them. Ids are never reused while the process lives.
 */
import { type IpBytes, printIp } from './ip.ts';

declare const brand: unique symbol;
/** The number of an interned address; 0 means none. */
export type AddressId = number & { readonly [brand]?: 'AddressId' };

export const NO_ADDRESS: AddressId = 0;

export class AddressTable {
  readonly #ids = new Map<string, AddressId>();
  readonly #bytes: IpBytes[] = [new Uint8Array(0)];
  readonly #texts: string[] = ['none'];

  /** The id of `address` (4 or 16 octets), made on first sight. The bytes are copied. */
  intern(address: IpBytes): AddressId {
    const text = printIp(address);
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    const id: AddressId = this.#bytes.length;
    this.#bytes.push(address.slice());
    this.#texts.push(text);
    this.#ids.set(text, id);
    return id;
  }

  bytes(id: AddressId): IpBytes {
    return this.#bytes[id]!;
  }

  text(id: AddressId): string {
    return this.#texts[id]!;
  }
}
