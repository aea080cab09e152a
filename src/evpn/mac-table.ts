/**
 * The MAC addresses of all instances, as columns beside a hash table keyed (VNI, MAC). Storage and lists
 * only: what the entries mean is decided in mac-vrf.ts. About 75 octets a MAC.
 */
import { grown, KeyTable } from '../base/key-table.ts';
import { type Mac, macHigh, macLow, macOfWords } from '../base/mac.ts';
import type { Instance } from './instance.ts';
import { NO_ROW, type RemoteRoutes, type RouteRow } from './remote-routes.ts';

export type MacRow = number;

/** Bits of `MacTable.state`. */
export const MAC_STATE = {
  /** The dataplane has learned it on a port of ours. */
  LOCAL: 1,
  /** The RIB has our MAC-only route. */
  ANNOUNCED: 2,
  /** Said to be here and, sticky, elsewhere (RFC 7432 section 15.2). */
  CONFLICT: 4,
  /** Remote, and not installed because the VNI has as many as it may. */
  REFUSED: 8,
} as const;

export class MacTable {
  readonly #keys = new KeyTable(3, 1024);
  readonly #key = new Int32Array(3);
  #capacity = 0;
  state = new Uint8Array(0);
  /** Slot of its instance. */
  instance = new Int32Array(0);
  /** Claims of other leaves: a list through RemoteRoutes.nextOfMac; and the one believed among them, or NO_ROW. */
  firstRoute = new Int32Array(0);
  bestRoute = new Int32Array(0);
  /** The VTEP and flags that the dataplane was told; 0 when it was told nothing. */
  installedVtep = new Int32Array(0);
  installedFlags = new Uint8Array(0);
  /** Of the local claim: mobility sequence, ENTRY_FLAG bits, epoch of the instance. */
  sequence = new Uint32Array(0);
  localFlags = new Uint8Array(0);
  epoch = new Uint8Array(0);
  /** Neighbours that the dataplane has learned at this MAC: a list through NeighbourTable.nextOfMac. */
  firstNeighbour = new Int32Array(0);
  /** When what is above last changed: seconds of the monotonic clock. */
  since = new Uint32Array(0);
  #nextOfInstance = new Int32Array(0);
  #previousOfInstance = new Int32Array(0);

  get size(): number {
    return this.#keys.size;
  }

  find(vni: number, mac: Mac): MacRow {
    this.#setKey(vni, mac);
    return this.#keys.find(this.#key);
  }

  insert(instance: Instance, mac: Mac): MacRow {
    this.#setKey(instance.vni, mac);
    const before = this.#keys.size;
    const row = this.#keys.insert(this.#key);
    if (this.#keys.size !== before) this.#initialise(row, instance);
    return row;
  }

  vni(row: MacRow): number {
    return this.#keys.word(row, 0);
  }

  mac(row: MacRow): Mac {
    return macOfWords(this.#keys.word(row, 1), this.#keys.word(row, 2));
  }

  isLocal(row: MacRow): boolean {
    return (this.state[row] & MAC_STATE.LOCAL) !== 0;
  }

  /** The MACs of an instance: `firstMac`, then this until NO_ROW. */
  nextOfInstance(row: MacRow): MacRow {
    return this.#nextOfInstance[row];
  }

  /** Frees the row unless something still needs it. Returns whether it is gone. */
  release(row: MacRow, instance: Instance): boolean {
    if (this.firstRoute[row] !== NO_ROW || this.firstNeighbour[row] !== NO_ROW) return false;
    if (this.isLocal(row)) return false;
    const next = this.#nextOfInstance[row];
    const previous = this.#previousOfInstance[row];
    if (previous === NO_ROW) instance.firstMac = next;
    else this.#nextOfInstance[previous] = next;
    if (next !== NO_ROW) this.#previousOfInstance[next] = previous;
    if (instance.walk === row) instance.walk = next;
    instance.macs--;
    this.#keys.removeRow(row);
    return true;
  }

  /** Adds a claim at the head of the list. */
  linkRoute(row: MacRow, route: RouteRow, routes: RemoteRoutes): void {
    const next = this.firstRoute[row];
    routes.row[route] = row;
    routes.nextOfMac[route] = next;
    routes.previousOfMac[route] = NO_ROW;
    if (next !== NO_ROW) routes.previousOfMac[next] = route;
    this.firstRoute[row] = route;
  }

  unlinkRoute(row: MacRow, route: RouteRow, routes: RemoteRoutes): void {
    const next = routes.nextOfMac[route];
    const previous = routes.previousOfMac[route];
    if (previous === NO_ROW) this.firstRoute[row] = next;
    else routes.nextOfMac[previous] = next;
    if (next !== NO_ROW) routes.previousOfMac[next] = previous;
  }

  #setKey(vni: number, mac: Mac): void {
    this.#key[0] = vni;
    this.#key[1] = macHigh(mac);
    this.#key[2] = macLow(mac);
  }

  #initialise(row: MacRow, instance: Instance): void {
    if (row >= this.#capacity) this.#grow(this.#keys.capacity);
    this.state[row] = 0;
    this.instance[row] = instance.slot;
    this.firstRoute[row] = NO_ROW;
    this.bestRoute[row] = NO_ROW;
    this.installedVtep[row] = 0;
    this.installedFlags[row] = 0;
    this.sequence[row] = 0;
    this.localFlags[row] = 0;
    this.firstNeighbour[row] = NO_ROW;
    this.#nextOfInstance[row] = instance.firstMac;
    this.#previousOfInstance[row] = NO_ROW;
    if (instance.firstMac !== NO_ROW) this.#previousOfInstance[instance.firstMac] = row;
    instance.firstMac = row;
    instance.macs++;
  }

  #grow(capacity: number): void {
    this.#capacity = capacity;
    this.state = grown(this.state, capacity);
    this.instance = grown(this.instance, capacity);
    this.firstRoute = grown(this.firstRoute, capacity);
    this.bestRoute = grown(this.bestRoute, capacity);
    this.installedVtep = grown(this.installedVtep, capacity);
    this.installedFlags = grown(this.installedFlags, capacity);
    this.sequence = grown(this.sequence, capacity);
    this.localFlags = grown(this.localFlags, capacity);
    this.epoch = grown(this.epoch, capacity);
    this.firstNeighbour = grown(this.firstNeighbour, capacity);
    this.since = grown(this.since, capacity);
    this.#nextOfInstance = grown(this.#nextOfInstance, capacity);
    this.#previousOfInstance = grown(this.#previousOfInstance, capacity);
  }
}
