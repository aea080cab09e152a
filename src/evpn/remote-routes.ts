/**
 * What each imported route says, as columns beside the RIB's rows: its place in the list of claims for its
 * MAC and its neighbour, its VTEP, mobility sequence and flags. Copies, so that they still hold when
 * the RIB has already replaced the attributes that they came from. About 40 octets a route.
 */
import { type AddressId, NO_ADDRESS } from '../base/address-table.ts';
import { grown } from '../base/key-table.ts';
import { REASON, type Reason } from './reasons.ts';

/** A row of the RIB's route table. */
export type RouteRow = number;
export const NO_ROW = -1;

/** What a route was taken up as. */
export const TAKEN_AS = { NOTHING: 0, MAC: 1, FLOOD: 2 } as const;
export type TakenAs = (typeof TAKEN_AS)[keyof typeof TAKEN_AS];

export class RemoteRoutes {
  #capacity = 0;
  takenAs = new Uint8Array(0);
  /** Row of the MAC table, or of the flood table. */
  row = new Int32Array(0);
  nextOfMac = new Int32Array(0);
  previousOfMac = new Int32Array(0);
  /** Row of the neighbour table, or NO_ROW. */
  neighbour = new Int32Array(0);
  nextOfNeighbour = new Int32Array(0);
  previousOfNeighbour = new Int32Array(0);
  vtep = new Int32Array(0);
  sequence = new Uint32Array(0);
  /** ENTRY_FLAG bits. */
  flags = new Uint8Array(0);
  reason = new Uint8Array(0);
  /** Number of the set of route targets that it came with; 0 when it has no path from another leaf. */
  targets = new Int32Array(0);

  get capacity(): number {
    return this.#capacity;
  }

  /** Makes room for `route`. */
  ensure(route: RouteRow): void {
    if (route < this.#capacity) return;
    const capacity = Math.max(1024, this.#capacity * 2, route + 1);
    this.takenAs = grown(this.takenAs, capacity);
    this.row = grown(this.row, capacity);
    this.nextOfMac = grown(this.nextOfMac, capacity);
    this.previousOfMac = grown(this.previousOfMac, capacity);
    this.neighbour = grown(this.neighbour, capacity);
    this.nextOfNeighbour = grown(this.nextOfNeighbour, capacity);
    this.previousOfNeighbour = grown(this.previousOfNeighbour, capacity);
    this.vtep = grown(this.vtep, capacity);
    this.sequence = grown(this.sequence, capacity);
    this.flags = grown(this.flags, capacity);
    this.reason = grown(this.reason, capacity);
    this.targets = grown(this.targets, capacity);
    this.neighbour.fill(NO_ROW, this.#capacity);
    this.#capacity = capacity;
  }

  vtepOf(route: RouteRow): AddressId {
    return route === NO_ROW ? NO_ADDRESS : this.vtep[route];
  }

  reasonOf(route: RouteRow): Reason {
    return route < this.#capacity ? (this.reason[route] as Reason) : REASON.NONE;
  }
}
