/**
 * Whether the kernel has a route to each watched VTEP. Any change of routes, addresses or links makes it ask again for
 * all of them, once per burst: a lookup costs microseconds, and following the FIB's rules by hand would be guessing.
 */
import type { AddressId, AddressTable } from '../../base/address-table.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { decodeRoute, encodeRouteLookup, type NetlinkSocket } from '../../netlink/index.ts';

/** A routing daemon writes its routes one by one; asking between them would only cost. */
const BURST_MILLISECONDS = 10;

export interface RouteWatchEvents {
  reachable(vtep: AddressId, reachable: boolean): void;
  settled(): void;
}

export class RouteWatch {
  readonly #socket: NetlinkSocket;
  readonly #clock: Clock;
  readonly #addresses: AddressTable;
  readonly #events: RouteWatchEvents;
  readonly #known = new Map<AddressId, boolean | undefined>();
  readonly #unasked = new Set<AddressId>();
  #timer: Timer | undefined;
  #asking = false;
  #again = false;
  #closed = false;

  constructor(socket: NetlinkSocket, clock: Clock, addresses: AddressTable, events: RouteWatchEvents) {
    this.#socket = socket;
    this.#clock = clock;
    this.#addresses = addresses;
    this.#events = events;
  }

  watch(vtep: AddressId): void {
    if (this.#known.has(vtep)) return;
    this.#known.set(vtep, undefined);
    this.#unasked.add(vtep);
    this.#schedule(0);
  }

  unwatch(vtep: AddressId): void {
    this.#known.delete(vtep);
    this.#unasked.delete(vtep);
  }

  /** Routes, addresses or links changed. */
  routesChanged(): void {
    if (this.#known.size === 0) return;
    for (const vtep of this.#known.keys()) this.#unasked.add(vtep);
    this.#schedule(BURST_MILLISECONDS);
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #schedule(milliseconds: number): void {
    if (this.#asking) {
      this.#again = true;
      return;
    }
    if (this.#timer || this.#closed) return;
    this.#timer = this.#clock.after(milliseconds, () => {
      this.#timer = undefined;
      this.#asking = true;
      this.#askAll().finally(() => {
        this.#asking = false;
        if (this.#again || this.#unasked.size > 0) this.#schedule(BURST_MILLISECONDS);
        this.#again = false;
      });
    });
  }

  async #askAll(): Promise<void> {
    const vteps = [...this.#unasked];
    this.#unasked.clear();
    let changed = false;
    for (const vtep of vteps) {
      const reachable = await this.#ask(vtep);
      if (this.#closed) return;
      if (reachable === undefined || !this.#known.has(vtep) || this.#known.get(vtep) === reachable) continue;
      this.#known.set(vtep, reachable);
      this.#events.reachable(vtep, reachable);
      changed = true;
    }
    if (changed) this.#events.settled();
  }

  /** Undefined when the kernel gave no usable answer. */
  async #ask(vtep: AddressId): Promise<boolean | undefined> {
    const address = this.#addresses.bytes(vtep);
    let reachable: boolean | undefined;
    try {
      await this.#socket.request(
        `look up the route to ${this.#addresses.text(vtep)}`,
        (writer) => encodeRouteLookup(writer, address),
        (_type, bytes, start, end) => {
          const kind = decodeRoute(bytes, start, end)?.kind;
          reachable = kind === 'unicast' || kind === 'local';
        },
      );
      return reachable;
    } catch {
      // No route, and unreachable, prohibit and blackhole routes, come as refusals (ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL).
      return this.#closed ? undefined : false;
    }
  }
}
