/**
 * The IP addresses of this leaf's own interfaces, of which only those of gateway interfaces matter: no host has them, whatever a
 * neighbour table or a route says. A dump replaces all but what notices tell while it runs.
 */
import { type IpBytes, printIp } from '../../base/ip.ts';
import type { InterfaceAddress } from '../../netlink/index.ts';

export class OwnAddresses {
  #known = new Map<number, IpBytes[]>();
  #dumped = new Map<number, IpBytes[]>();
  /** What notices told since the dump under way began: newer than what it shows. */
  #told: Map<string, { readonly address: InterfaceAddress; readonly gone: boolean }> | undefined;

  /** An interface has a few addresses, so that a list is searched faster than a text is made to look it up. */
  has(interfaceIndex: number, ip: IpBytes): boolean {
    const list = this.#known.get(interfaceIndex);
    if (list === undefined) return false;
    for (const own of list) if (isSame(own, ip)) return true;
    return false;
  }

  beginDump(): void {
    this.#dumped = new Map();
    this.#told = new Map();
  }

  dumped(address: InterfaceAddress): void {
    put(this.#dumped, address, false);
  }

  endDump(): void {
    for (const { address, gone } of this.#told?.values() ?? []) put(this.#dumped, address, gone);
    this.#known = this.#dumped;
    this.#told = undefined;
  }

  /** A notice of an address; `gone` for RTM_DELADDR. */
  heard(address: InterfaceAddress, gone: boolean): void {
    put(this.#known, address, gone);
    this.#told?.set(`${address.interfaceIndex} ${printIp(address.address.address)}`, { address, gone });
  }

  /** Every address known, of every interface. */
  *all(): IterableIterator<readonly [interfaceIndex: number, ip: IpBytes]> {
    for (const [index, list] of this.#known) for (const ip of list) yield [index, ip];
  }
}

function put(
  map: Map<number, IpBytes[]>,
  { interfaceIndex, address }: InterfaceAddress,
  gone: boolean,
): void {
  const own = address.address;
  const others = (map.get(interfaceIndex) ?? []).filter((other) => !isSame(other, own));
  if (!gone) others.push(own);
  if (others.length === 0) map.delete(interfaceIndex);
  else map.set(interfaceIndex, others);
}

function isSame(a: IpBytes, b: IpBytes): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
