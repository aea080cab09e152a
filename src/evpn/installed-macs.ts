/**
 * The MACs that are installed in the dataplane behind VTEPs: within each instance's limit, said again where the dataplane has
 * put an entry of its own in their place.
 *
 * RFC 7432 section 10.2 (remote MACs), RFC 8365 section 5.
 */
import { type AddressId, NO_ADDRESS } from '../base/address-table.ts';
import { ENTRY_FLAG, type ForwardingTable } from '../dataplane/interfaces.ts';
import type { Instance, InstanceTable } from './instance.ts';
import { MAC_STATE, type MacRow, type MacTable } from './mac-table.ts';
import type { Moment, Neighbours } from './neighbours.ts';
import type { RemoteRoutes, RouteRow } from './remote-routes.ts';
import type { Reporter } from './reports.ts';

/** Flags of a MAC, as against those of a neighbour. */
export const MAC_FLAGS = ENTRY_FLAG.STICKY | ENTRY_FLAG.GATEWAY;

export interface InstalledMacsParts {
  readonly macs: MacTable;
  readonly routes: RemoteRoutes;
  readonly instances: InstanceTable;
  readonly neighbours: Neighbours;
  readonly forwarding: ForwardingTable;
  readonly moment: Moment;
  readonly reporter: Reporter;
  /** Asks for a call of `insist` in the next slice of work. */
  readonly requestWork: () => void;
  /** A MAC of the instance has gone while others wait for a place: asks for `synchronise` of all its rows. */
  readonly placeFree: (instance: Instance) => void;
}

export class InstalledMacs {
  readonly #parts: InstalledMacsParts;
  /** MACs that the dataplane has learned here, though they stay elsewhere. */
  readonly #insisting = new Set<MacRow>();

  constructor(parts: InstalledMacsParts) {
    this.#parts = parts;
  }

  /**
   * The dataplane's own entries have taken the place of those wanted: says again where these MACs are. Not from within the
   * call that tells of the learning, for until that returns the dataplane holds its hand.
   */
  insist(): void {
    const { macs } = this.#parts;
    for (const row of this.#insisting) {
      if (macs.installedVtep[row] !== 0) this.#setMac(row, this.#parts.instances.at(macs.instance[row]));
    }
    this.#insisting.clear();
  }

  /** Lets `insist` say again where this MAC is. */
  insistSoon(row: MacRow): void {
    this.#insisting.add(row);
    this.#parts.requestWork();
  }

  /** Of a MAC whose row goes. */
  forget(row: MacRow): void {
    this.#insisting.delete(row);
  }

  /** Puts the MAC behind the VTEP of `best`; NO_ROW takes it out. */
  install(row: MacRow, instance: Instance, best: RouteRow): void {
    const { macs } = this.#parts;
    const before = macs.installedVtep[row];
    const refused = this.#isRefused(instance, this.#parts.routes.vtepOf(best), before);
    this.#noteRefusal(row, instance, refused);
    const vtep = refused ? 0 : this.#parts.routes.vtepOf(best);
    const flags = vtep === 0 ? 0 : this.#parts.routes.flags[best] & MAC_FLAGS;
    if (vtep === before && flags === macs.installedFlags[row]) return;
    macs.installedVtep[row] = vtep;
    macs.installedFlags[row] = flags;
    macs.since[row] = this.#parts.moment.seconds;
    if (vtep === 0) {
      instance.remoteMacs--;
      this.#parts.forwarding.deleteMac(instance.vni, macs.mac(row));
      if (instance.refusedMacs > 0 && !refused) this.#parts.placeFree(instance);
    } else {
      if (before === 0) instance.remoteMacs++;
      this.#setMac(row, instance);
    }
    const { reporter } = this.#parts;
    if (!reporter.watched) return;
    if (vtep !== 0) reporter.macRemote(instance, macs.mac(row), vtep, this.#parts.routes.sequence[best]);
    else if (!macs.isLocal(row)) reporter.macGone(instance, macs.mac(row));
  }

  #isRefused(instance: Instance, vtep: AddressId, before: AddressId): boolean {
    if (vtep === NO_ADDRESS) return false;
    const others = before === NO_ADDRESS ? instance.remoteMacs : instance.remoteMacs - 1;
    return others >= instance.maximumMacs;
  }

  /** Remembers what has no place, for people, and so that its neighbours are not installed either. */
  #noteRefusal(row: MacRow, instance: Instance, refused: boolean): void {
    const { macs } = this.#parts;
    if (refused === ((macs.state[row] & MAC_STATE.REFUSED) !== 0)) return;
    macs.state[row] ^= MAC_STATE.REFUSED;
    const before = instance.refusedMacs;
    instance.refusedMacs += refused ? 1 : -1;
    if (before === 0 || instance.refusedMacs === 0) this.#parts.reporter.macLimit(instance);
    this.#parts.neighbours.macChanged(row, instance);
  }

  #setMac(row: MacRow, instance: Instance): void {
    const { macs } = this.#parts;
    const vtep = macs.installedVtep[row];
    this.#parts.forwarding.setMac(instance.vni, macs.mac(row), vtep, macs.installedFlags[row]);
  }
}
