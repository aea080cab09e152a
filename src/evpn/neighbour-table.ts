/**
 * The IP addresses of hosts, as columns beside a hash table keyed (VNI, address). Storage and lists only:
 * what the entries mean is decided in neighbours.ts.
 */
import type { IpBytes } from '../base/ip.ts';
import { grown, KeyTable } from '../base/key-table.ts';
import type { Instance } from './instance.ts';
import type { MacTable } from './mac-table.ts';
import { NO_ROW, type RemoteRoutes, type RouteRow } from './remote-routes.ts';

export type NeighbourRow = number;

/** A VNI has 24 bits; this one above them tells the key of an IPv6 address from that of an IPv4 one. */
const IPV6 = 1 << 24;

export class NeighbourTable {
  readonly #keys = new KeyTable(5, 1024);
  readonly #key = new Int32Array(5);
  readonly #ipv4 = new Uint8Array(4);
  readonly #ipv6 = new Uint8Array(16);
  #capacity = 0;
  /** Slot of its instance. */
  instance = new Int32Array(0);
  /** Claims of other leaves: a list through RemoteRoutes.nextOfNeighbour; and the one installed, or NO_ROW. */
  firstRoute = new Int32Array(0);
  bestRoute = new Int32Array(0);
  /** The MAC (-1: none) and flags that the dataplane was told. */
  installedMac = new Float64Array(0);
  installedFlags = new Uint8Array(0);
  /** Row of the MAC at which the dataplane has learned it, or NO_ROW; its flags; the epoch of the instance. */
  localMac = new Int32Array(0);
  localFlags = new Uint8Array(0);
  epoch = new Uint8Array(0);
  /** Whether the RIB has our MAC+IP route. */
  announced = new Uint8Array(0);
  since = new Uint32Array(0);
  nextOfMac = new Int32Array(0);
  #previousOfMac = new Int32Array(0);

  get size(): number {
    return this.#keys.size;
  }

  get rowLimit(): number {
    return this.#keys.rowLimit;
  }

  isUsed(row: NeighbourRow): boolean {
    return this.#keys.isUsed(row);
  }

  /** The row of the address in `bytes[start, end)` (4 or 16 octets), or -1. */
  find(vni: number, bytes: Uint8Array, start: number, end: number): NeighbourRow {
    this.#setKey(vni, bytes, start, end);
    return this.#keys.find(this.#key);
  }

  insert(instance: Instance, bytes: Uint8Array, start: number, end: number): NeighbourRow {
    this.#setKey(instance.vni, bytes, start, end);
    const before = this.#keys.size;
    const row = this.#keys.insert(this.#key);
    if (this.#keys.size !== before) this.#initialise(row, instance);
    return row;
  }

  vni(row: NeighbourRow): number {
    return this.#keys.word(row, 0) & ~IPV6;
  }

  isIpv6(row: NeighbourRow): boolean {
    return (this.#keys.word(row, 0) & IPV6) !== 0;
  }

  /** The address, in an array that the next call overwrites. */
  ip(row: NeighbourRow): IpBytes {
    const words = this.isIpv6(row) ? 4 : 1;
    const bytes = words === 4 ? this.#ipv6 : this.#ipv4;
    for (let i = 0; i < words; i++) {
      const word = this.#keys.word(row, 1 + i);
      bytes[i * 4] = word >>> 24;
      bytes[i * 4 + 1] = word >>> 16;
      bytes[i * 4 + 2] = word >>> 8;
      bytes[i * 4 + 3] = word;
    }
    return bytes;
  }

  /** Frees the row unless something still needs it. */
  release(row: NeighbourRow): void {
    if (this.firstRoute[row] === NO_ROW && this.localMac[row] === NO_ROW) this.#keys.removeRow(row);
  }

  linkRoute(row: NeighbourRow, route: RouteRow, routes: RemoteRoutes): void {
    const next = this.firstRoute[row];
    routes.neighbour[route] = row;
    routes.nextOfNeighbour[route] = next;
    routes.previousOfNeighbour[route] = NO_ROW;
    if (next !== NO_ROW) routes.previousOfNeighbour[next] = route;
    this.firstRoute[row] = route;
  }

  unlinkRoute(row: NeighbourRow, route: RouteRow, routes: RemoteRoutes): void {
    const next = routes.nextOfNeighbour[route];
    const previous = routes.previousOfNeighbour[route];
    if (previous === NO_ROW) this.firstRoute[row] = next;
    else routes.nextOfNeighbour[previous] = next;
    if (next !== NO_ROW) routes.previousOfNeighbour[next] = previous;
    routes.neighbour[route] = NO_ROW;
  }

  /** Puts the neighbour into the list of its MAC. */
  linkMac(row: NeighbourRow, mac: number, macs: MacTable): void {
    const next = macs.firstNeighbour[mac];
    this.localMac[row] = mac;
    this.nextOfMac[row] = next;
    this.#previousOfMac[row] = NO_ROW;
    if (next !== NO_ROW) this.#previousOfMac[next] = row;
    macs.firstNeighbour[mac] = row;
  }

  unlinkMac(row: NeighbourRow, macs: MacTable): void {
    const next = this.nextOfMac[row];
    const previous = this.#previousOfMac[row];
    if (previous === NO_ROW) macs.firstNeighbour[this.localMac[row]] = next;
    else this.nextOfMac[previous] = next;
    if (next !== NO_ROW) this.#previousOfMac[next] = previous;
    this.localMac[row] = NO_ROW;
  }

  #setKey(vni: number, bytes: Uint8Array, start: number, end: number): void {
    const key = this.#key;
    const words = (end - start) >> 2;
    key[0] = words === 4 ? vni | IPV6 : vni;
    for (let i = 0; i < 4; i++) {
      const at = start + i * 4;
      key[1 + i] =
        i < words ? (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3] : 0;
    }
  }

  #initialise(row: NeighbourRow, instance: Instance): void {
    if (row >= this.#capacity) this.#grow(this.#keys.capacity);
    this.instance[row] = instance.slot;
    this.firstRoute[row] = NO_ROW;
    this.bestRoute[row] = NO_ROW;
    this.installedMac[row] = -1;
    this.installedFlags[row] = 0;
    this.localMac[row] = NO_ROW;
    this.localFlags[row] = 0;
    this.announced[row] = 0;
  }

  #grow(capacity: number): void {
    this.#capacity = capacity;
    this.instance = grown(this.instance, capacity);
    this.firstRoute = grown(this.firstRoute, capacity);
    this.bestRoute = grown(this.bestRoute, capacity);
    this.installedMac = grown(this.installedMac, capacity);
    this.installedFlags = grown(this.installedFlags, capacity);
    this.localMac = grown(this.localMac, capacity);
    this.localFlags = grown(this.localFlags, capacity);
    this.epoch = grown(this.epoch, capacity);
    this.announced = grown(this.announced, capacity);
    this.since = grown(this.since, capacity);
    this.nextOfMac = grown(this.nextOfMac, capacity);
    this.#previousOfMac = grown(this.#previousOfMac, capacity);
  }
}
