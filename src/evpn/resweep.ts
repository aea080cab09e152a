/**
 * Routes to look at again because something other than themselves has changed: which instances import a set of route
 * targets, whether a VTEP can be reached, or what kept them out. Requests are gathered, and one pass over the routes in slices
 * answers them all; a route that none of them concerns costs two loads.
 */
import type { AddressId } from '../base/address-table.ts';
import type { TargetSetId } from './import-index.ts';
import type { Reason } from './reasons.ts';
import { type RemoteRoutes, type RouteRow, TAKEN_AS } from './remote-routes.ts';

export class Resweep {
  readonly #routes: RemoteRoutes;
  /** Asked for since the pass began. */
  #nextTargets = new Set<TargetSetId>();
  #nextVteps = new Set<AddressId>();
  #nextReasons = new Set<number>();
  /** Of the pass under way. */
  #targets = new Set<TargetSetId>();
  #vteps = new Set<AddressId>();
  #reasons = new Set<number>();
  #cursor = 0;
  #limit = 0;

  constructor(routes: RemoteRoutes) {
    this.#routes = routes;
  }

  requestTargets(sets: Iterable<TargetSetId>): void {
    for (const set of sets) this.#nextTargets.add(set);
  }

  requestVtep(vtep: AddressId): void {
    this.#nextVteps.add(vtep);
  }

  /** Routes that were not used, or not wholly, for `reason`. */
  requestReason(reason: Reason): void {
    this.#nextReasons.add(reason);
  }

  get isIdle(): boolean {
    const requests = this.#nextTargets.size + this.#nextVteps.size + this.#nextReasons.size;
    return this.#cursor >= this.#limit && requests === 0;
  }

  /** Looks at up to `max` routes and gives those concerned to `visit`. */
  step(max: number, visit: (route: RouteRow) => void): void {
    if (this.#cursor >= this.#limit) this.#begin();
    const { targets, vtep, takenAs, reason } = this.#routes;
    const end = Math.min(this.#limit, this.#cursor + max);
    for (let route = this.#cursor; route < end; route++) {
      if (targets[route] === 0) continue;
      const concerned =
        (takenAs[route] !== TAKEN_AS.NOTHING && this.#vteps.has(vtep[route])) ||
        (this.#targets.size > 0 && this.#targets.has(targets[route])) ||
        (this.#reasons.size > 0 && this.#reasons.has(reason[route]));
      if (concerned) visit(route);
    }
    this.#cursor = end;
  }

  #begin(): void {
    [this.#targets, this.#nextTargets] = [this.#nextTargets, new Set()];
    [this.#vteps, this.#nextVteps] = [this.#nextVteps, new Set()];
    [this.#reasons, this.#nextReasons] = [this.#nextReasons, new Set()];
    this.#cursor = 0;
    this.#limit = this.#routes.capacity;
  }
}
