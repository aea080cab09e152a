/**
 * Where each MAC is: takes what the dataplane learns and what other leaves claim, decides, and tells the dataplane and
 * the RIB what changes by it. A MAC is local or remote, never both: a local claim that loses is forgotten, because
 * the dataplane's entry for it is replaced; the host is learned anew when it speaks.
 *
 * RFC 7432 sections 10.2 (remote MACs), 15 (mobility), 15.1 (duplicates), 15.2 (sticky MACs).
 */
import type { AddressTable } from '../base/address-table.ts';
import type { Clock } from '../base/clock.ts';
import type { Mac } from '../base/mac.ts';
import { ENTRY_FLAG } from '../dataplane/interfaces.ts';
import { InstalledMacs, type InstalledMacsParts, MAC_FLAGS } from './installed-macs.ts';
import type { Instance } from './instance.ts';
import { MacClaims } from './mac-claims.ts';
import { MAC_STATE, type MacRow, type MacTable } from './mac-table.ts';
import { claimBeats, isImmovable, type MoveCounter } from './mobility.ts';
import type { MacOwner } from './neighbours.ts';
import type { Originator } from './originator.ts';
import { NO_ROW, type RemoteRoutes, type RouteRow, TAKEN_AS } from './remote-routes.ts';
import type { Vteps } from './vteps.ts';

export interface MacVrfParts extends InstalledMacsParts {
  readonly vteps: Vteps;
  readonly addresses: AddressTable;
  readonly originator: Originator;
  readonly moves: MoveCounter;
  readonly clock: Clock;
}

export class MacVrf implements MacOwner {
  readonly #parts: MacVrfParts;
  readonly #macs: MacTable;
  readonly #routes: RemoteRoutes;
  readonly #moves: MoveCounter;
  readonly #claims: MacClaims;
  readonly #installed: InstalledMacs;
  /** Names of the ports of local MACs, for people. */
  readonly #ports = new Map<MacRow, string>();

  constructor(parts: MacVrfParts) {
    this.#parts = parts;
    this.#macs = parts.macs;
    this.#routes = parts.routes;
    this.#moves = parts.moves;
    this.#claims = new MacClaims(parts);
    this.#installed = new InstalledMacs(parts);
  }

  /** Says again what the dataplane has replaced by entries of its own. */
  insist(): void {
    this.#installed.insist();
  }

  /** The port of a local MAC. */
  port(row: MacRow): string | undefined {
    return this.#ports.get(row);
  }

  /** The routes of other leaves that claim `mac`. */
  claims(instance: Instance, mac: Mac): RouteRow[] {
    const claims: RouteRow[] = [];
    const row = this.#macs.find(instance.vni, mac);
    if (row === NO_ROW) return claims;
    for (let route = this.#macs.firstRoute[row]; route !== NO_ROW; route = this.#routes.nextOfMac[route]) {
      claims.push(route);
    }
    return claims;
  }

  /** The dataplane has learned `mac` on a port of ours; or says so again, with another port or other flags. */
  learnLocal(instance: Instance, mac: Mac, flags: number, port: string): void {
    const macs = this.#macs;
    const row = macs.insert(instance, mac);
    const best = macs.isLocal(row) ? NO_ROW : this.#claims.findBest(row);
    if (best !== NO_ROW && !this.#mayMoveHere(row, instance, best, flags)) {
      this.#installed.insistSoon(row);
      return;
    }
    const before = macs.localFlags[row];
    macs.localFlags[row] = flags & MAC_FLAGS;
    macs.epoch[row] = instance.epoch;
    this.#ports.set(row, port);
    if (!macs.isLocal(row)) this.#becomeLocal(row, instance);
    else if (before !== macs.localFlags[row]) this.#changeFlags(row, instance);
    if (!macs.isLocal(row)) this.#installed.insistSoon(row);
  }

  forgetLocal(instance: Instance, mac: Mac): void {
    const row = this.#macs.find(instance.vni, mac);
    if (row !== NO_ROW) this.#forget(row, instance);
  }

  /**
   * Route `route` of another leaf says that `mac` is behind `vtep`; when `ipEnd > ipStart`, that the address in `key[ipStart, ipEnd)`
   * answers there. Also called when nothing but the VTEP's reachability has changed.
   */
  upsertRemote(
    route: RouteRow,
    instance: Instance,
    mac: Mac,
    vtep: number,
    sequence: number,
    flags: number,
    key: Uint8Array,
    ipStart: number,
    ipEnd: number,
  ): void {
    const routes = this.#routes;
    const macs = this.#macs;
    if (routes.takenAs[route] === TAKEN_AS.MAC && macs.instance[routes.row[route]] !== instance.slot) {
      this.removeRemote(route);
    }
    if (routes.takenAs[route] === TAKEN_AS.NOTHING) {
      macs.linkRoute(macs.insert(instance, mac), route, routes);
      routes.takenAs[route] = TAKEN_AS.MAC;
      this.#parts.vteps.retain(vtep);
    } else if (routes.vtep[route] !== vtep) {
      this.#parts.vteps.retain(vtep);
      this.#parts.vteps.release(routes.vtep[route]);
    }
    routes.vtep[route] = vtep;
    routes.sequence[route] = sequence;
    routes.flags[route] = flags;
    this.#reconsider(routes.row[route], route, instance);
    if (ipEnd > ipStart) this.#parts.neighbours.upsertRemote(route, instance, key, ipStart, ipEnd);
  }

  removeRemote(route: RouteRow): void {
    const macs = this.#macs;
    const row = this.#routes.row[route];
    const instance = this.#parts.instances.at(macs.instance[row]);
    this.#parts.neighbours.removeRemote(route, instance);
    macs.unlinkRoute(row, route, this.#routes);
    this.#routes.takenAs[route] = TAKEN_AS.NOTHING;
    if (macs.bestRoute[row] === route) this.#settle(row, instance, this.#claims.findBestAfter(row, route));
    this.#parts.vteps.release(this.#routes.vtep[route]);
    this.release(row, instance);
  }

  /** The instance has changed: forgets what was learned on a device that is gone, announces or withdraws the rest. */
  synchronise(row: MacRow, instance: Instance): void {
    const macs = this.#macs;
    this.#parts.neighbours.synchronise(row, instance);
    if (macs.epoch[row] !== instance.epoch) this.#forget(row, instance);
    else if (macs.isLocal(row)) this.#announce(row, instance);
    else if ((macs.state[row] & MAC_STATE.REFUSED) !== 0 || instance.remoteMacs > instance.maximumMacs) {
      this.#settle(row, instance, macs.bestRoute[row]);
    }
  }

  /** The local claim for the MAC in `row` shall have at least this sequence number. */
  raiseSequence(row: MacRow, sequence: number): void {
    const macs = this.#macs;
    if (!macs.isLocal(row) || isImmovable(macs.localFlags[row]) || macs.sequence[row] >= sequence) return;
    const instance = this.#parts.instances.at(macs.instance[row]);
    macs.sequence[row] = sequence;
    this.#announce(row, instance);
    this.#parts.neighbours.macChanged(row, instance);
  }

  /** Frees the row of a MAC of which nothing is known any more. */
  release(row: MacRow, instance: Instance): void {
    if (!this.#macs.release(row, instance)) return;
    this.#moves.clear(row);
    this.#installed.forget(row);
  }

  /** An operator has looked into a duplicate: its moves are forgotten, and a frozen one goes where it is claimed to be. */
  clearDuplicate(row: MacRow): void {
    this.#moves.clear(row);
    this.#settle(row, this.#parts.instances.at(this.#macs.instance[row]), this.#claims.findBest(row));
  }

  /** RFC 7432 section 15: "advertises the MAC address with a sequence number one greater than" the highest that it knows. */
  #nextSequence(row: MacRow): number {
    if (isImmovable(this.#macs.localFlags[row])) return 0;
    return Math.max(this.#parts.neighbours.leastSequence(row), this.#claims.nextSequence(row));
  }

  /** Whether a MAC that is at `best` may be learned here. Counts the move if so. */
  #mayMoveHere(row: MacRow, instance: Instance, best: RouteRow, flags: number): boolean {
    if (isImmovable(this.#routes.flags[best]) && !isImmovable(flags)) {
      this.#reportConflict(row, instance, best);
      return false;
    }
    return !this.#countMove(row, instance, true);
  }

  /** Counts a move. Returns whether it may not take place, because the MAC is a frozen duplicate. */
  #countMove(row: MacRow, instance: Instance, toHere: boolean): boolean {
    if (this.#moves.isFrozen(row)) return true;
    if (!this.#moves.note(row, toHere, this.#parts.clock.now())) return false;
    const frozen = this.#moves.isFrozen(row);
    this.#parts.reporter.duplicate(instance, this.#macs.mac(row), this.#moves.view(row)!.moves, frozen);
    return frozen;
  }

  #becomeLocal(row: MacRow, instance: Instance): void {
    const macs = this.#macs;
    macs.state[row] |= MAC_STATE.LOCAL;
    macs.sequence[row] = this.#nextSequence(row);
    macs.since[row] = this.#parts.moment.seconds;
    instance.localMacs++;
    this.#installed.install(row, instance, NO_ROW);
    this.#announce(row, instance);
    this.#parts.neighbours.macChanged(row, instance);
    this.#settle(row, instance, this.#claims.findBest(row));
    if (this.#parts.reporter.watched && macs.isLocal(row)) {
      this.#parts.reporter.macLocal(instance, macs.mac(row), this.#ports.get(row)!, macs.sequence[row]);
    }
  }

  #changeFlags(row: MacRow, instance: Instance): void {
    const macs = this.#macs;
    if (isImmovable(macs.localFlags[row])) macs.sequence[row] = 0;
    this.#announce(row, instance);
    this.#parts.neighbours.macChanged(row, instance);
    this.#settle(row, instance, macs.bestRoute[row]);
  }

  #forget(row: MacRow, instance: Instance): void {
    if (!this.#macs.isLocal(row)) return;
    this.#loseLocal(row, instance);
    this.#settle(row, instance, this.#claims.findBest(row));
    this.#parts.neighbours.macChanged(row, instance);
    if (this.#macs.installedVtep[row] === 0 && this.#parts.reporter.watched) {
      this.#parts.reporter.macGone(instance, this.#macs.mac(row));
    }
    this.release(row, instance);
  }

  #loseLocal(row: MacRow, instance: Instance): void {
    this.#macs.state[row] &= ~MAC_STATE.LOCAL;
    this.#ports.delete(row);
    instance.localMacs--;
    this.#withdraw(row, instance);
  }

  #reconsider(row: MacRow, route: RouteRow, instance: Instance): void {
    const best = this.#macs.bestRoute[row];
    if (best === route) this.#settle(row, instance, this.#claims.findBest(row));
    else if (this.#claims.isEligible(route) && (best === NO_ROW || this.#claims.beats(route, best))) {
      this.#settle(row, instance, route);
    }
  }

  /** Brings RIB and dataplane in line, when `best` is what the other leaves make of it. */
  #settle(row: MacRow, instance: Instance, best: RouteRow): void {
    const macs = this.#macs;
    const believed = this.#moves.isFrozen(row) ? this.#claims.frozenPlace(row, best) : best;
    macs.bestRoute[row] = believed;
    this.#noteConflict(row, instance, believed);
    if (!macs.isLocal(row)) {
      this.#installed.install(row, instance, believed);
      return;
    }
    if (believed === NO_ROW || !this.#losesTo(row, instance, believed)) return;
    if (this.#countMove(row, instance, false)) return;
    this.#loseLocal(row, instance);
    this.#installed.install(row, instance, believed);
    this.#parts.neighbours.macChanged(row, instance);
  }

  #losesTo(row: MacRow, instance: Instance, route: RouteRow): boolean {
    const { sequence, flags, vtep } = this.#routes;
    const macs = this.#macs;
    // RFC 7432 section 15.2: what is static here stays here, whoever claims it.
    if (isImmovable(macs.localFlags[row])) return false;
    return claimBeats(
      sequence[route],
      flags[route],
      vtep[route],
      macs.sequence[row],
      macs.localFlags[row],
      instance.vtep,
      this.#parts.addresses,
    );
  }

  #announce(row: MacRow, instance: Instance): void {
    const macs = this.#macs;
    if (!instance.originating) {
      this.#withdraw(row, instance);
      return;
    }
    macs.state[row] |= MAC_STATE.ANNOUNCED;
    this.#parts.originator.announceMac(instance, macs.mac(row), macs.sequence[row], macs.localFlags[row]);
  }

  #withdraw(row: MacRow, instance: Instance): void {
    const macs = this.#macs;
    if ((macs.state[row] & MAC_STATE.ANNOUNCED) === 0) return;
    macs.state[row] &= ~MAC_STATE.ANNOUNCED;
    this.#parts.originator.withdrawMac(instance, macs.mac(row));
  }

  /** RFC 7432 section 15.2: a sticky MAC that is also learned here "MUST alert the operator". Once, until it is resolved. */
  #noteConflict(row: MacRow, instance: Instance, best: RouteRow): void {
    if (best === NO_ROW || (this.#routes.flags[best] & ENTRY_FLAG.STICKY) === 0) {
      this.#macs.state[row] &= ~MAC_STATE.CONFLICT;
    } else if (this.#macs.isLocal(row)) this.#reportConflict(row, instance, best);
  }

  #reportConflict(row: MacRow, instance: Instance, best: RouteRow): void {
    const macs = this.#macs;
    if ((macs.state[row] & MAC_STATE.CONFLICT) !== 0) return;
    if ((this.#routes.flags[best] & ENTRY_FLAG.STICKY) === 0) return;
    macs.state[row] |= MAC_STATE.CONFLICT;
    this.#parts.reporter.conflict(instance, macs.mac(row), this.#routes.vtep[best]);
  }
}
