/**
 * Interned IP addresses: VTEPs and next hops are few and named by every route, so tables hold a small
 * number for them. Ids are never reused while the process lives, so an address costs little: some 40 octets, and its
 * octets and text as objects only once they are asked for.
 */
import { type IpBytes, printIp } from './ip.ts';
import { KeyTable } from './key-table.ts';

declare const brand: unique symbol;
/** The number of an interned address; 0 means none. */
export type AddressId = number & { readonly [brand]?: 'AddressId' };

export const NO_ADDRESS: AddressId = 0;

/** Length in octets, then the address, padded with zeros. */
const WORDS_PER_ADDRESS = 5;

export class AddressTable {
  readonly #table = new KeyTable(WORDS_PER_ADDRESS);
  readonly #key = new Int32Array(WORDS_PER_ADDRESS);
  readonly #bytes = new Map<AddressId, IpBytes>([[NO_ADDRESS, new Uint8Array(0)]]);
  readonly #texts = new Map<AddressId, string>([[NO_ADDRESS, 'none']]);

  /** The id of `address` (4 or 16 octets), made on first sight. The bytes are copied. */
  intern(address: IpBytes): AddressId {
    const key = this.#key.fill(0);
    key[0] = address.length;
    for (let i = 0; i < address.length; i++) key[1 + (i >> 2)]! |= address[i]! << (24 - 8 * (i & 3));
    return this.#table.insert(key) + 1;
  }

  /** The same array for the same id: not to be changed. */
  bytes(id: AddressId): IpBytes {
    let bytes = this.#bytes.get(id);
    if (bytes === undefined) {
      const row = id - 1;
      bytes = new Uint8Array(this.#table.word(row, 0));
      for (let i = 0; i < bytes.length; i++) {
        bytes[i] = this.#table.word(row, 1 + (i >> 2)) >>> (24 - 8 * (i & 3));
      }
      this.#bytes.set(id, bytes);
    }
    return bytes;
  }

  text(id: AddressId): string {
    let text = this.#texts.get(id);
    if (text === undefined) {
      text = printIp(this.bytes(id));
      this.#texts.set(id, text);
    }
    return text;
  }
}
