/**
 * Which of the claims that other leaves have for a MAC is to be believed: among those whose VTEP can be reached, the best.
 *
 * RFC 7432 section 15 (mobility.ts compares), RFC 4271 section 9.1.2 (reachability).
 */
import type { AddressTable } from '../base/address-table.ts';
import type { MacRow, MacTable } from './mac-table.ts';
import { claimBeats, type MoveCounter, nextSequence } from './mobility.ts';
import { NO_ROW, type RemoteRoutes, type RouteRow } from './remote-routes.ts';
import type { Vteps } from './vteps.ts';

export interface MacClaimParts {
  readonly macs: MacTable;
  readonly routes: RemoteRoutes;
  readonly vteps: Vteps;
  readonly addresses: AddressTable;
  readonly moves: MoveCounter;
}

export class MacClaims {
  readonly #macs: MacTable;
  readonly #routes: RemoteRoutes;
  readonly #vteps: Vteps;
  readonly #addresses: AddressTable;
  readonly #moves: MoveCounter;

  constructor(parts: MacClaimParts) {
    this.#macs = parts.macs;
    this.#routes = parts.routes;
    this.#vteps = parts.vteps;
    this.#addresses = parts.addresses;
    this.#moves = parts.moves;
  }

  /** A frozen MAC stays at the VTEP that it is at, for as long as that one claims it. */
  frozenPlace(row: MacRow, best: RouteRow): RouteRow {
    const vtep = this.#macs.installedVtep[row];
    for (let route = this.#macs.firstRoute[row]; route !== NO_ROW; route = this.#routes.nextOfMac[route]) {
      if (this.#routes.vtep[route] === vtep && this.isEligible(route)) return route;
    }
    return best;
  }

  /** Whether its VTEP can be reached: RFC 4271 section 9.1.2. */
  isEligible(route: RouteRow): boolean {
    return this.#vteps.isReachable(this.#routes.vtep[route]);
  }

  /** Whether the claim of `a` is to be believed rather than that of `b`. */
  beats(a: RouteRow, b: RouteRow): boolean {
    const { sequence, flags, vtep } = this.#routes;
    return claimBeats(sequence[a], flags[a], vtep[a], sequence[b], flags[b], vtep[b], this.#addresses);
  }

  /** The claim to believe among those that other leaves have for the MAC in `row`, or NO_ROW. */
  findBest(row: MacRow): RouteRow {
    let best = NO_ROW;
    for (let route = this.#macs.firstRoute[row]; route !== NO_ROW; route = this.#routes.nextOfMac[route]) {
      if (this.isEligible(route) && (best === NO_ROW || this.beats(route, best))) best = route;
    }
    return best;
  }

  /** As findBest, when the best has just gone: an equal of it ends the search, and a host has many addresses. */
  findBestAfter(row: MacRow, gone: RouteRow): RouteRow {
    if (this.#moves.isFrozen(row)) return this.findBest(row);
    let best = NO_ROW;
    for (let route = this.#macs.firstRoute[row]; route !== NO_ROW; route = this.#routes.nextOfMac[route]) {
      if (!this.isEligible(route)) continue;
      if (!this.beats(gone, route)) return route;
      if (best === NO_ROW || this.beats(route, best)) best = route;
    }
    return best;
  }

  /** One more than the highest sequence number of all claims, those out of reach included; 0 when there is none. */
  nextSequence(row: MacRow): number {
    let sequence = 0;
    for (let route = this.#macs.firstRoute[row]; route !== NO_ROW; route = this.#routes.nextOfMac[route]) {
      sequence = Math.max(sequence, nextSequence(this.#routes.sequence[route]));
    }
    return sequence;
  }
}
