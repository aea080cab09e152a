/**
 * Whether the kernel has a route to each watched VTEP. Any change of routes, addresses or links makes it ask again for
 * all of them, once per burst and ten times a second at most: a lookup costs microseconds, and following the FIB's rules by
 * hand would be guessing.
 */
import type { AddressId, AddressTable } from '../../base/address-table.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { decodeRoute, encodeRouteLookup, type NetlinkSocket } from '../../netlink/index.ts';

/** A routing daemon writes its routes one by one; asking between them would only cost. */
const BURST_MILLISECONDS = 10;
/** While routes keep changing, rounds over all VTEPs begin no closer to each other than this. */
const ROUND_MILLISECONDS = 100;
/** A slice of a round; a thousand lookups take longer than keepalives may wait. */
const SLICE_MILLISECONDS = 8;

export interface RouteWatchEvents {
  reachable(vtep: AddressId, reachable: boolean): void;
  settled(): void;
}

export class RouteWatch {
  readonly #socket: Pick<NetlinkSocket, 'request'>;
  readonly #clock: Clock;
  readonly #addresses: AddressTable;
  readonly #events: RouteWatchEvents;
  readonly #log: Logger;
  readonly #known = new Map<AddressId, boolean | undefined>();
  /** To be asked for in the round under way, or in one that begins at once. */
  readonly #unasked = new Set<AddressId>();
  /** When to ask for all again; never while no route has changed. */
  #allDue = Number.POSITIVE_INFINITY;
  #lastRound = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;
  #asking = false;
  #closed = false;

  constructor(
    socket: Pick<NetlinkSocket, 'request'>,
    clock: Clock,
    addresses: AddressTable,
    events: RouteWatchEvents,
    log: Logger,
  ) {
    this.#socket = socket;
    this.#clock = clock;
    this.#addresses = addresses;
    this.#events = events;
    this.#log = log;
  }

  watch(vtep: AddressId): void {
    if (this.#known.has(vtep)) return;
    this.#known.set(vtep, undefined);
    this.#unasked.add(vtep);
    this.#schedule();
  }

  unwatch(vtep: AddressId): void {
    this.#known.delete(vtep);
    this.#unasked.delete(vtep);
  }

  /** Routes, addresses or links changed. */
  routesChanged(): void {
    if (this.#known.size === 0 || this.#allDue !== Number.POSITIVE_INFINITY) return;
    this.#allDue = Math.max(this.#clock.now() + BURST_MILLISECONDS, this.#lastRound + ROUND_MILLISECONDS);
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#asking || this.#closed) return;
    const due = this.#unasked.size > 0 ? 0 : this.#allDue - this.#clock.now();
    if (due !== Number.POSITIVE_INFINITY)
      this.#timer = this.#clock.after(Math.max(0, due), () => this.#wake());
  }

  #wake(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    if (now >= this.#allDue) {
      this.#allDue = Number.POSITIVE_INFINITY;
      this.#lastRound = now;
      for (const vtep of this.#known.keys()) this.#unasked.add(vtep);
    }
    this.#asking = true;
    this.#ask()
      .catch((error: unknown) => this.#log.error({ error }, 'cannot tell which VTEPs can be reached'))
      .finally(() => {
        this.#asking = false;
        this.#schedule();
      });
  }

  /** Asks for what is unasked, also for what becomes so meanwhile. */
  async #ask(): Promise<void> {
    let end = this.#clock.now() + SLICE_MILLISECONDS;
    let changed = false;
    for (const vtep of this.#unasked) {
      this.#unasked.delete(vtep);
      const reachable = await this.#lookUp(vtep);
      if (this.#closed) return;
      if (reachable !== undefined && this.#known.has(vtep) && this.#known.get(vtep) !== reachable) {
        this.#known.set(vtep, reachable);
        this.#events.reachable(vtep, reachable);
        changed = true;
      }
      if (this.#clock.now() < end) continue;
      if (changed) this.#events.settled();
      changed = false;
      await new Promise<void>((resume) => this.#clock.soon(resume));
      if (this.#closed) return;
      end = this.#clock.now() + SLICE_MILLISECONDS;
    }
    if (changed) this.#events.settled();
  }

  /** Undefined when the kernel gave no usable answer. */
  async #lookUp(vtep: AddressId): Promise<boolean | undefined> {
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
