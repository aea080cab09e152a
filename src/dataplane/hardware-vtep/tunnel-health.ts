/**
 * Whether the VTEPs at the other end can be reached, as far as a switch says so: by BFD on its tunnels, where somebody has
 * switched that on. Of every other VTEP the switch says nothing, and it counts as reachable.
 *
 * vtep(5): Tunnel.bfd_status.
 */
import type { AddressId, AddressTable } from '../../base/address-table.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { parseIp } from '../../base/ip.ts';
import { stringMap, textOf, uuidOf } from '../../ovsdb/index.ts';
import type { Picture } from './picture.ts';
import { TABLE } from './tables.ts';

/**
 * A switch drops a tunnel that no row uses, and its BFD with it. Without a pause, a dead VTEP would be tried, found dead and
 * dropped again and again.
 */
const PAUSE_MILLISECONDS = 30_000;

export class TunnelHealth {
  readonly #picture: Picture;
  readonly #addresses: AddressTable;
  readonly #clock: Clock;
  readonly #tell: (vtep: AddressId, reachable: boolean) => void;
  readonly #watched = new Map<AddressId, boolean | undefined>();
  readonly #pauses = new Map<AddressId, Timer>();
  #down: ReadonlySet<AddressId> = new Set();

  constructor(
    picture: Picture,
    addresses: AddressTable,
    clock: Clock,
    tell: (vtep: AddressId, reachable: boolean) => void,
  ) {
    this.#picture = picture;
    this.#addresses = addresses;
    this.#clock = clock;
    this.#tell = tell;
  }

  watch(vtep: AddressId): void {
    if (this.#watched.has(vtep)) return;
    this.#watched.set(vtep, undefined);
    this.#clock.soon(() => this.#judge(vtep));
  }

  unwatch(vtep: AddressId): void {
    this.#watched.delete(vtep);
    this.#pauses.get(vtep)?.cancel();
    this.#pauses.delete(vtep);
  }

  /** The rows of structure have changed. */
  refresh(): void {
    const { down, known } = this.#read();
    for (const vtep of this.#down) {
      if (!down.has(vtep) && !known.has(vtep) && this.#watched.has(vtep)) this.#pause(vtep);
    }
    for (const vtep of known) this.#endPause(vtep);
    this.#down = down;
    for (const vtep of [...this.#watched.keys()]) this.#judge(vtep);
  }

  close(): void {
    for (const timer of this.#pauses.values()) timer.cancel();
    this.#watched.clear();
  }

  #judge(vtep: AddressId): void {
    if (!this.#watched.has(vtep)) return;
    const reachable = !this.#down.has(vtep) && !this.#pauses.has(vtep);
    if (this.#watched.get(vtep) === reachable) return;
    this.#watched.set(vtep, reachable);
    this.#tell(vtep, reachable);
  }

  #pause(vtep: AddressId): void {
    this.#endPause(vtep);
    const timer = this.#clock.after(PAUSE_MILLISECONDS, () => {
      this.#pauses.delete(vtep);
      this.#judge(vtep);
    });
    this.#pauses.set(vtep, timer);
  }

  #endPause(vtep: AddressId): void {
    this.#pauses.get(vtep)?.cancel();
    this.#pauses.delete(vtep);
  }

  /** VTEPs with a tunnel on which BFD runs, and those of them to which it has failed. */
  #read(): { readonly down: ReadonlySet<AddressId>; readonly known: ReadonlySet<AddressId> } {
    const down = new Set<AddressId>();
    const known = new Set<AddressId>();
    const locators = this.#picture.tables.get(TABLE.LOCATOR)!.rows;
    for (const row of this.#picture.tables.get(TABLE.TUNNEL)!.rows.values()) {
      const status = stringMap(row.bfd_status);
      if (status.get('enabled') !== 'true') continue;
      const address = parseIp(textOf(locators.get(uuidOf(row.remote) ?? '')?.dst_ip));
      if (!address) continue;
      const vtep = this.#addresses.intern(address);
      known.add(vtep);
      if (status.get('forwarding') === 'false' || status.get('state') === 'down') down.add(vtep);
    }
    return { down, known };
  }
}
