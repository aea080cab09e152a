/**
 * Which MAC an IP address answers at: takes what the dataplane learns and what MAC/IP routes of other leaves say, decides, and
 * tells the dataplane (so that it can answer ARP and ND) and the RIB. An address is announced while its MAC is
 * local in the same VNI, whichever of the two is learned first.
 *
 * RFC 7432 sections 10 (ARP and ND), 10.1 (gateways), 15 (mobility); RFC 9721 (an IP that moves to another MAC
 * carries the sequence number with it).
 */
import type { AddressTable } from '../base/address-table.ts';
import type { IpBytes } from '../base/ip.ts';
import type { Mac } from '../base/mac.ts';
import { ENTRY_FLAG, type ForwardingTable } from '../dataplane/interfaces.ts';
import type { Instance, InstanceTable } from './instance.ts';
import { MAC_STATE, type MacRow, type MacTable } from './mac-table.ts';
import { claimBeats, isImmovable, nextSequence } from './mobility.ts';
import type { NeighbourRow, NeighbourTable } from './neighbour-table.ts';
import type { Originator } from './originator.ts';
import { NO_ROW, type RemoteRoutes, type RouteRow } from './remote-routes.ts';
import type { Vteps } from './vteps.ts';

/** Flags of a neighbour, as against those of a MAC. */
const NEIGHBOUR_FLAGS = ENTRY_FLAG.ROUTER | ENTRY_FLAG.OVERRIDE | ENTRY_FLAG.GATEWAY;
const NO_MAC = -1;

export interface NeighbourParts {
  readonly table: NeighbourTable;
  readonly macs: MacTable;
  readonly routes: RemoteRoutes;
  readonly instances: InstanceTable;
  readonly vteps: Vteps;
  readonly addresses: AddressTable;
  readonly forwarding: ForwardingTable;
  readonly originator: Originator;
  readonly moment: Moment;
  readonly owner: MacOwner;
}

/** The clock's seconds, read once for each batch of routes: reading it for every entry is a twentieth of an import. */
export interface Moment {
  readonly seconds: number;
}

/** Who decides on MACs. */
export interface MacOwner {
  /** The local claim for the MAC in `row` needs at least this sequence number. */
  raiseSequence(row: MacRow, sequence: number): void;
  /** The row may be free now. */
  release(row: MacRow, instance: Instance): void;
}

export class Neighbours {
  readonly #parts: NeighbourParts;
  readonly #table: NeighbourTable;
  readonly #macs: MacTable;
  readonly #routes: RemoteRoutes;

  constructor(parts: NeighbourParts) {
    this.#parts = parts;
    this.#table = parts.table;
    this.#macs = parts.macs;
    this.#routes = parts.routes;
  }

  /** The dataplane has learned that `ip` answers at `mac`. */
  learnLocal(instance: Instance, ip: IpBytes, mac: Mac, flags: number): void {
    const table = this.#table;
    const macRow = this.#macs.insert(instance, mac);
    const row = table.insert(instance, ip, 0, ip.length);
    const before = table.localMac[row];
    const isNew = before !== macRow || table.epoch[row] !== instance.epoch;
    if (before !== macRow) {
      if (before !== NO_ROW) this.#leaveMac(row, instance);
      table.linkMac(row, macRow, this.#macs);
      instance.localNeighbours++;
      table.since[row] = this.#parts.moment.seconds;
    }
    table.localFlags[row] = flags & NEIGHBOUR_FLAGS;
    table.epoch[row] = instance.epoch;
    if (isNew && this.#macs.isLocal(macRow)) {
      const least = this.#leastSequence(row, macRow);
      if (least > this.#macs.sequence[macRow]) this.#parts.owner.raiseSequence(macRow, least);
    }
    this.#settle(row, instance);
  }

  forgetLocal(instance: Instance, ip: IpBytes): void {
    const row = this.#table.find(instance.vni, ip, 0, ip.length);
    if (row !== NO_ROW && this.#table.localMac[row] !== NO_ROW) this.#forget(row, instance);
  }

  /** `route`, already in the list of its MAC, says that the address in `bytes[start, end)` answers there. */
  upsertRemote(route: RouteRow, instance: Instance, bytes: Uint8Array, start: number, end: number): void {
    let row = this.#routes.neighbour[route];
    if (row === NO_ROW) {
      row = this.#table.insert(instance, bytes, start, end);
      this.#table.linkRoute(row, route, this.#routes);
    }
    this.#reconsider(row, route, instance);
  }

  removeRemote(route: RouteRow, instance: Instance): void {
    const table = this.#table;
    const row = this.#routes.neighbour[route];
    if (row === NO_ROW) return;
    table.unlinkRoute(row, route, this.#routes);
    if (table.bestRoute[row] === route) {
      table.bestRoute[row] = this.#findBest(row);
      this.#settle(row, instance);
    }
    table.release(row);
  }

  /** The MAC in `row` has become local, or is no longer, or has another sequence number. */
  macChanged(macRow: MacRow, instance: Instance): void {
    for (let row = this.#macs.firstNeighbour[macRow]; row !== NO_ROW; row = this.#table.nextOfMac[row]) {
      this.#settle(row, instance);
    }
    for (let route = this.#macs.firstRoute[macRow]; route !== NO_ROW; route = this.#routes.nextOfMac[route]) {
      const row = this.#routes.neighbour[route];
      if (row !== NO_ROW) this.#reconsider(row, route, instance);
    }
  }

  /** The instance has changed: forgets what was learned on a device that is gone, announces or withdraws the rest. */
  synchronise(macRow: MacRow, instance: Instance): void {
    for (let row = this.#macs.firstNeighbour[macRow]; row !== NO_ROW; ) {
      const next = this.#table.nextOfMac[row];
      if (this.#table.epoch[row] !== instance.epoch) this.#forget(row, instance);
      else this.#settle(row, instance);
      row = next;
    }
  }

  /**
   * The sequence number that a MAC needs because of the addresses that were learned at it: above that of any other MAC that
   * another leaf claims for one of them.
   */
  leastSequence(macRow: MacRow): number {
    let least = 0;
    for (let row = this.#macs.firstNeighbour[macRow]; row !== NO_ROW; row = this.#table.nextOfMac[row]) {
      least = Math.max(least, this.#leastSequence(row, macRow));
    }
    return least;
  }

  #leastSequence(row: NeighbourRow, macRow: MacRow): number {
    const best = this.#table.bestRoute[row];
    if (best === NO_ROW || this.#routes.row[best] === macRow) return 0;
    return nextSequence(this.#routes.sequence[best]);
  }

  #forget(row: NeighbourRow, instance: Instance): void {
    this.#leaveMac(row, instance);
    this.#settle(row, instance);
    this.#table.release(row);
  }

  #leaveMac(row: NeighbourRow, instance: Instance): void {
    const macRow = this.#table.localMac[row];
    this.#withdraw(row, instance);
    this.#table.unlinkMac(row, this.#macs);
    instance.localNeighbours--;
    this.#parts.owner.release(macRow, instance);
  }

  #reconsider(row: NeighbourRow, route: RouteRow, instance: Instance): void {
    const table = this.#table;
    const best = table.bestRoute[row];
    if (best === route) table.bestRoute[row] = this.#findBest(row);
    else if (this.#isEligible(route) && (best === NO_ROW || this.#beats(route, best))) {
      table.bestRoute[row] = route;
    }
    this.#settle(row, instance);
  }

  #findBest(row: NeighbourRow): RouteRow {
    let best = NO_ROW;
    for (
      let route = this.#table.firstRoute[row];
      route !== NO_ROW;
      route = this.#routes.nextOfNeighbour[route]
    ) {
      if (this.#isEligible(route) && (best === NO_ROW || this.#beats(route, best))) best = route;
    }
    return best;
  }

  /**
   * A claim for a MAC that is local here has nothing to say: the host is here, and its addresses are learned here. One for
   * a MAC that has no place in its VNI would answer for a host that frames do not find.
   */
  #isEligible(route: RouteRow): boolean {
    const state = this.#macs.state[this.#routes.row[route]];
    return (
      (state & (MAC_STATE.LOCAL | MAC_STATE.REFUSED)) === 0 &&
      this.#parts.vteps.isReachable(this.#routes.vtep[route])
    );
  }

  #beats(a: RouteRow, b: RouteRow): boolean {
    const { sequence, flags, vtep } = this.#routes;
    return claimBeats(sequence[a], flags[a], vtep[a], sequence[b], flags[b], vtep[b], this.#parts.addresses);
  }

  /** Brings the RIB and the dataplane in line with the claims. */
  #settle(row: NeighbourRow, instance: Instance): void {
    const best = this.#table.bestRoute[row];
    if (this.#isHere(row, best)) {
      this.#install(row, instance, NO_ROW);
      if (instance.originating) this.#announce(row, instance);
      else this.#withdraw(row, instance);
    } else {
      this.#withdraw(row, instance);
      this.#install(row, instance, best);
    }
  }

  #isHere(row: NeighbourRow, best: RouteRow): boolean {
    const macRow = this.#table.localMac[row];
    if (macRow === NO_ROW || !this.#macs.isLocal(macRow)) return false;
    if (best === NO_ROW || isImmovable(this.#macs.localFlags[macRow])) return true;
    // RFC 9721: the newer of two bindings to different MACs; ours where they are equally old.
    return this.#routes.sequence[best] <= this.#macs.sequence[macRow];
  }

  #announce(row: NeighbourRow, instance: Instance): void {
    const macRow = this.#table.localMac[row];
    this.#table.announced[row] = 1;
    this.#parts.originator.announceNeighbour(
      instance,
      this.#macs.mac(macRow),
      this.#table.ip(row),
      this.#macs.sequence[macRow],
      this.#table.localFlags[row] | (this.#macs.localFlags[macRow] & ENTRY_FLAG.STICKY),
    );
  }

  #withdraw(row: NeighbourRow, instance: Instance): void {
    if (this.#table.announced[row] === 0) return;
    this.#table.announced[row] = 0;
    const mac = this.#macs.mac(this.#table.localMac[row]);
    this.#parts.originator.withdrawNeighbour(instance, mac, this.#table.ip(row));
  }

  #install(row: NeighbourRow, instance: Instance, best: RouteRow): void {
    const table = this.#table;
    const mac = best === NO_ROW ? NO_MAC : this.#macs.mac(this.#routes.row[best]);
    const flags = best === NO_ROW ? 0 : this.#routes.flags[best] & NEIGHBOUR_FLAGS;
    const before = table.installedMac[row];
    if (mac === before && flags === table.installedFlags[row]) return;
    table.installedMac[row] = mac;
    table.installedFlags[row] = flags;
    table.since[row] = this.#parts.moment.seconds;
    if (mac === NO_MAC) {
      instance.remoteNeighbours--;
      this.#parts.forwarding.deleteNeighbour(instance.vni, table.ip(row));
    } else {
      if (before === NO_MAC) instance.remoteNeighbours++;
      this.#parts.forwarding.setNeighbour(instance.vni, table.ip(row), mac, flags);
    }
  }
}
