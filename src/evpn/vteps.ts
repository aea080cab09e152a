/**
 * The remote tunnel endpoints in use: how many routes name each, and whether the underlay has a route to it.
 * A route through an endpoint that cannot be reached is no candidate (RFC 4271 section 9.1.2: routes with
 * an unresolvable next hop are not eligible); it becomes one when the dataplane says so.
 */
import type { AddressId } from '../base/address-table.ts';
import { grown } from '../base/key-table.ts';

/** The part of a dataplane that follows reachability. */
export interface VtepWatcher {
  watchVtep(vtep: AddressId): void;
  unwatchVtep(vtep: AddressId): void;
}

const UNKNOWN = 0;
const REACHABLE = 1;
const UNREACHABLE = 2;

export class Vteps {
  readonly #watcher: VtepWatcher;
  #references = new Int32Array(64);
  #state = new Uint8Array(64);

  constructor(watcher: VtepWatcher) {
    this.#watcher = watcher;
  }

  /** One more route names `vtep`; the first makes the dataplane watch it. */
  retain(vtep: AddressId): void {
    if (vtep >= this.#state.length) this.#grow(vtep);
    if (this.#references[vtep]++ === 0) this.#watcher.watchVtep(vtep);
  }

  release(vtep: AddressId): void {
    if (--this.#references[vtep] > 0) return;
    this.#state[vtep] = UNKNOWN;
    this.#watcher.unwatchVtep(vtep);
  }

  /** Takes the dataplane's word. Returns whether that changes what may be installed. */
  setReachable(vtep: AddressId, reachable: boolean): boolean {
    if (vtep >= this.#state.length || this.#references[vtep] === 0) return false;
    const before = this.#state[vtep];
    this.#state[vtep] = reachable ? REACHABLE : UNREACHABLE;
    return (before === REACHABLE) !== reachable;
  }

  isReachable(vtep: AddressId): boolean {
    return this.#state[vtep] === REACHABLE;
  }

  /** Undefined until the dataplane has answered. */
  reachability(vtep: AddressId): boolean | undefined {
    const state = this.#state[vtep];
    return state === REACHABLE ? true : state === UNREACHABLE ? false : undefined;
  }

  /** How many routes name it. */
  references(vtep: AddressId): number {
    return this.#references[vtep] ?? 0;
  }

  *inUse(): IterableIterator<AddressId> {
    for (let vtep = 0; vtep < this.#references.length; vtep++) if (this.#references[vtep] > 0) yield vtep;
  }

  #grow(vtep: AddressId): void {
    const capacity = Math.max(this.#state.length * 2, vtep + 1);
    this.#references = grown(this.#references, capacity);
    this.#state = grown(this.#state, capacity);
  }
}
