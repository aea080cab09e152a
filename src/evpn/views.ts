/**
 * What show commands read: views of instances, MACs, neighbours, VTEPs and imports, made on demand, one at a time.
 */
import { routeDistinguisherText } from 'bgp-protocol';
import type { AddressId, AddressTable } from '../base/address-table.ts';
import type { Clock } from '../base/clock.ts';
import { type IpBytes, printIp } from '../base/ip.ts';
import { type Mac, printMac } from '../base/mac.ts';
import { ENTRY_FLAG } from '../dataplane/interfaces.ts';
import { NONE, type Rib } from '../rib/index.ts';
import type { FloodTable } from './flooding.ts';
import type { Instance, InstanceTable } from './instance.ts';
import { MAC_STATE, type MacRow, type MacTable } from './mac-table.ts';
import type { MacVrf } from './mac-vrf.ts';
import { isImmovable, type MoveCounter } from './mobility.ts';
import type { NeighbourRow, NeighbourTable } from './neighbour-table.ts';
import { REASON, type Reason, reasonText } from './reasons.ts';
import { NO_ROW, type RemoteRoutes, type RouteRow, TAKEN_AS } from './remote-routes.ts';
import { printImportTarget, printRouteTarget } from './route-targets.ts';
import type { FloodView, ImportView, InstanceView, MacView, NeighbourView, VtepView } from './view-types.ts';
import type { Vteps } from './vteps.ts';

export interface ViewParts {
  readonly rib: Pick<Rib, 'best'>;
  readonly addresses: AddressTable;
  readonly clock: Clock;
  readonly instances: InstanceTable;
  readonly routes: RemoteRoutes;
  readonly macs: MacTable;
  readonly neighbours: NeighbourTable;
  readonly vteps: Vteps;
  readonly floods: FloodTable;
  readonly moves: MoveCounter;
  readonly macVrf: MacVrf;
}

const UNREACHABLE = 'its VTEP cannot be reached';
const UNANSWERED = 'whether its VTEP can be reached is not known yet';

export class EvpnViews {
  readonly #parts: ViewParts;

  constructor(parts: ViewParts) {
    this.#parts = parts;
  }

  get duplicates(): number {
    return this.#parts.moves.duplicates;
  }

  get macCount(): number {
    return this.#parts.macs.size;
  }

  /** In order of VNI. */
  *instances(): IterableIterator<InstanceView> {
    for (const instance of this.#parts.instances.sorted()) yield this.#instanceView(instance);
  }

  instance(vni: number): InstanceView | undefined {
    const instance = this.#parts.instances.find(vni);
    return instance && this.#instanceView(instance);
  }

  *floods(vni?: number): IterableIterator<FloodView> {
    const { floods } = this.#parts;
    for (const row of floods.rows()) {
      if (vni !== undefined && floods.vni(row) !== vni) continue;
      const wanted = floods.isInstalled(row);
      const vtep = floods.vtep(row);
      yield {
        vni: floods.vni(row),
        vtep: this.#parts.addresses.text(vtep),
        wanted,
        reason: wanted ? undefined : this.#heldReason(vtep),
      };
    }
  }

  /** Of one VNI, or grouped by VNI. The table may change between two of them. */
  *macs(vni?: number): IterableIterator<MacView> {
    for (const instance of this.#parts.instances.sorted()) {
      if (vni !== undefined && instance.vni !== vni) continue;
      const rows: MacRow[] = [];
      for (let row = instance.firstMac; row !== NO_ROW; row = this.#parts.macs.nextOfInstance(row))
        rows.push(row);
      const macs = rows.map((row) => this.#parts.macs.mac(row)).sort((a, b) => a - b);
      for (const mac of macs) {
        const view = this.mac(instance.vni, mac);
        if (view !== undefined) yield view;
      }
    }
  }

  mac(vni: number, mac: Mac): MacView | undefined {
    const row = this.#parts.macs.find(vni, mac);
    return row === NO_ROW ? undefined : this.#macView(row);
  }

  /** Of one VNI, or of all, in no order. The table may change between two of them. */
  *neighbours(vni?: number): IterableIterator<NeighbourView> {
    const { neighbours } = this.#parts;
    for (let row = 0; row < neighbours.rowLimit; row++) {
      if (!neighbours.isUsed(row) || (vni !== undefined && neighbours.vni(row) !== vni)) continue;
      const view = this.#neighbourView(row);
      if (view !== undefined) yield view;
    }
  }

  neighbour(vni: number, ip: IpBytes): NeighbourView | undefined {
    const row = this.#parts.neighbours.find(vni, ip, 0, ip.length);
    return row === NO_ROW ? undefined : this.#neighbourView(row);
  }

  /** Looks at every route once. */
  vteps(): VtepView[] {
    const { routes, vteps, addresses } = this.#parts;
    const found = new Map<
      AddressId,
      { vnis: Set<number>; macs: Set<number>; neighbours: number; routes: number }
    >();
    for (const vtep of vteps.inUse())
      found.set(vtep, { vnis: new Set(), macs: new Set(), neighbours: 0, routes: 0 });
    for (let route = 0; route < routes.capacity; route++) {
      if (routes.takenAs[route] === TAKEN_AS.NOTHING) continue;
      const entry = found.get(routes.vtep[route])!;
      const vni = this.#vniOf(route);
      entry.routes++;
      entry.vnis.add(vni);
      if (routes.takenAs[route] === TAKEN_AS.MAC) entry.macs.add(routes.row[route]);
      if (routes.neighbour[route] !== NO_ROW && routes.takenAs[route] === TAKEN_AS.MAC) entry.neighbours++;
    }
    return [...found].map(([vtep, entry]) => ({
      vtep: addresses.text(vtep),
      reachable: vteps.reachability(vtep),
      vnis: [...entry.vnis].sort((a, b) => a - b),
      macs: entry.macs.size,
      neighbours: entry.neighbours,
      held: vteps.isReachable(vtep) ? 0 : entry.routes,
    }));
  }

  /** What became of a route of the RIB on this leaf. */
  import(route: RouteRow): ImportView {
    const reason = this.#reasonOf(route);
    if (reason !== REASON.IMPORTED && reason !== REASON.IP_ADDRESS)
      return { reason, text: reasonText(reason), vni: undefined, installed: false };
    const why = this.#whyNotInstalled(route);
    return { reason, text: why ?? reasonText(reason), vni: this.#vniOf(route), installed: why === undefined };
  }

  /** Without an instance, routes are not even looked at. */
  #reasonOf(route: RouteRow): Reason {
    const { routes, instances, rib } = this.#parts;
    if (instances.size === 0 && rib.best(route) !== NONE) return REASON.NO_ROUTE_TARGET;
    return routes.reasonOf(route);
  }

  #vniOf(route: RouteRow): number {
    const { routes, macs, floods } = this.#parts;
    return routes.takenAs[route] === TAKEN_AS.MAC
      ? macs.vni(routes.row[route])
      : floods.vni(routes.row[route]);
  }

  #whyNotInstalled(route: RouteRow): string | undefined {
    const { routes, macs } = this.#parts;
    if (!this.#parts.vteps.isReachable(routes.vtep[route])) return this.#heldReason(routes.vtep[route]);
    if (routes.takenAs[route] === TAKEN_AS.FLOOD) return undefined;
    const row = routes.row[route];
    const installed = macs.installedVtep[row];
    return installed === routes.vtep[route] ? undefined : this.#whyNotBelieved(row, route);
  }

  /** Why the claim of `route` for the MAC in `row` is not the one believed. */
  #whyNotBelieved(row: MacRow, route: RouteRow): string {
    const { routes, macs, moves, vteps } = this.#parts;
    if (!vteps.isReachable(routes.vtep[route])) return this.#heldReason(routes.vtep[route]);
    const sequence = routes.sequence[route];
    const local = macs.isLocal(row);
    const best = macs.bestRoute[row];
    if (best === route && (macs.state[row] & MAC_STATE.REFUSED) !== 0) return this.#refusedReason(row);
    if (!local && best === NO_ROW) return 'being worked on';
    const winnerFlags = local ? macs.localFlags[row] : routes.flags[best];
    const winner = local ? macs.sequence[row] : routes.sequence[best];
    const place = local ? 'here' : `at ${this.#parts.addresses.text(routes.vtep[best])}`;
    if (isImmovable(winnerFlags)) return `static ${place}`;
    if (moves.isFrozen(row)) return `frozen as a duplicate ${place}`;
    if (sequence < winner) return `lower sequence ${sequence} than ${winner} ${place}`;
    return `same sequence ${sequence} and higher address than ${place}`;
  }

  #refusedReason(row: MacRow): string {
    const { instances, macs } = this.#parts;
    return `VNI ${macs.vni(row)} has ${instances.at(macs.instance[row]).maximumMacs} remote MACs, its maximum-macs`;
  }

  #heldReason(vtep: AddressId): string {
    return this.#parts.vteps.reachability(vtep) === false ? UNREACHABLE : UNANSWERED;
  }

  #instanceView(instance: Instance): InstanceView {
    const { addresses } = this.#parts;
    return {
      vni: instance.vni,
      declared: instance.declared !== undefined,
      state: instance.state,
      importing: instance.importing,
      reason: instance.downReason,
      rd: routeDistinguisherText(instance.rd),
      importRouteTargets: instance.importTargets.map(printImportTarget),
      exportRouteTargets: instance.exportTargets.map(printRouteTarget),
      vtep: instance.vtep === 0 ? undefined : addresses.text(instance.vtep),
      localMacs: instance.localMacs,
      remoteMacs: instance.remoteMacs,
      maximumMacs: Number.isFinite(instance.maximumMacs) ? instance.maximumMacs : undefined,
      refusedMacs: instance.refusedMacs,
      localNeighbours: instance.localNeighbours,
      remoteNeighbours: instance.remoteNeighbours,
    };
  }

  #macView(row: MacRow): MacView {
    const { macs, routes, addresses, moves, clock, macVrf } = this.#parts;
    const local = macs.isLocal(row);
    const claim = this.#shownClaim(row);
    const flags = local ? macs.localFlags[row] : claim === NO_ROW ? 0 : routes.flags[claim];
    const counted = moves.view(row);
    const wanted = local ? (macs.state[row] & MAC_STATE.ANNOUNCED) !== 0 : macs.installedVtep[row] !== 0;
    return {
      vni: macs.vni(row),
      mac: printMac(macs.mac(row)),
      type: local ? 'local' : claim === NO_ROW ? 'unknown' : 'remote',
      port: local ? macVrf.port(row) : undefined,
      vtep: local || claim === NO_ROW ? undefined : addresses.text(routes.vtep[claim]),
      localSequence: local ? macs.sequence[row] : 0,
      remoteSequence: claim === NO_ROW ? 0 : routes.sequence[claim],
      sticky: (flags & ENTRY_FLAG.STICKY) !== 0,
      gateway: (flags & ENTRY_FLAG.GATEWAY) !== 0,
      duplicate: moves.isDuplicate(row),
      moves: counted?.moves ?? 0,
      duplicateForSeconds:
        counted?.duplicateSince === undefined ? undefined : (clock.now() - counted.duplicateSince) / 1000,
      conflict: (macs.state[row] & MAC_STATE.CONFLICT) !== 0,
      wanted,
      reason: wanted ? undefined : this.#macReason(row, local, claim),
      alternatives: [...this.#alternatives(row, local ? NO_ROW : claim)],
      neighbours: this.#neighboursOf(row),
      ageSeconds: Math.max(0, clock.now() / 1000 - macs.since[row]),
    };
  }

  /** The believed claim of another leaf; when there is none, the first of those held back. */
  #shownClaim(row: MacRow): RouteRow {
    const best = this.#parts.macs.bestRoute[row];
    return best === NO_ROW ? this.#parts.macs.firstRoute[row] : best;
  }

  #macReason(row: MacRow, local: boolean, claim: RouteRow): string {
    const { instances, macs, routes } = this.#parts;
    if (local)
      return instances.at(macs.instance[row]).downReason ?? 'its route distinguisher is being changed';
    if (claim === NO_ROW) return 'known from a neighbour entry only: no port has learned it';
    if ((macs.state[row] & MAC_STATE.REFUSED) !== 0) return this.#refusedReason(row);
    return this.#heldReason(routes.vtep[claim]);
  }

  *#alternatives(row: MacRow, shown: RouteRow): IterableIterator<string> {
    const { routes, macs, addresses } = this.#parts;
    const told = new Set<AddressId>();
    if (shown !== NO_ROW) told.add(routes.vtep[shown]);
    for (let route = macs.firstRoute[row]; route !== NO_ROW; route = routes.nextOfMac[route]) {
      const vtep = routes.vtep[route];
      if (told.has(vtep)) continue;
      told.add(vtep);
      yield `${addresses.text(vtep)}: ${this.#whyNotBelieved(row, route)}`;
    }
  }

  #neighboursOf(row: MacRow): string[] {
    const { macs, neighbours, routes } = this.#parts;
    const rows = new Set<NeighbourRow>();
    for (let n = macs.firstNeighbour[row]; n !== NO_ROW; n = neighbours.nextOfMac[n]) rows.add(n);
    for (let route = macs.firstRoute[row]; route !== NO_ROW; route = routes.nextOfMac[route]) {
      if (routes.neighbour[route] !== NO_ROW) rows.add(routes.neighbour[route]);
    }
    return [...rows].map((n) => printIp(neighbours.ip(n)));
  }

  #neighbourView(row: NeighbourRow): NeighbourView | undefined {
    const { neighbours, macs, routes, addresses, moves, clock } = this.#parts;
    const localMac = neighbours.localMac[row];
    const installed = neighbours.installedMac[row] >= 0;
    const here = localMac !== NO_ROW && !installed;
    const best = neighbours.bestRoute[row];
    const claim = best === NO_ROW ? neighbours.firstRoute[row] : best;
    const macRow = here ? localMac : routes.row[claim];
    const wanted = here ? neighbours.announced[row] !== 0 : installed;
    const flags = here ? neighbours.localFlags[row] : routes.flags[claim];
    return {
      vni: neighbours.vni(row),
      ip: printIp(neighbours.ip(row)),
      mac: printMac(macs.mac(macRow)),
      type: here ? 'local' : 'remote',
      vtep: here ? undefined : addresses.text(routes.vtep[claim]),
      localSequence: localMac === NO_ROW ? 0 : macs.sequence[localMac],
      remoteSequence: claim === NO_ROW ? 0 : routes.sequence[claim],
      router: (flags & ENTRY_FLAG.ROUTER) !== 0,
      gateway: (flags & ENTRY_FLAG.GATEWAY) !== 0,
      duplicate: moves.isDuplicate(macRow),
      wanted,
      reason: wanted ? undefined : this.#neighbourReason(macRow, here, claim),
      ageSeconds: Math.max(0, clock.now() / 1000 - neighbours.since[row]),
    };
  }

  #neighbourReason(macRow: MacRow, here: boolean, claim: RouteRow): string {
    const { macs, instances, routes } = this.#parts;
    if (here && !macs.isLocal(macRow)) return 'its MAC is not local';
    if (here)
      return instances.at(macs.instance[macRow]).downReason ?? 'its route distinguisher is being changed';
    if ((macs.state[macRow] & MAC_STATE.REFUSED) !== 0) return this.#refusedReason(macRow);
    return macs.isLocal(macRow) ? 'its MAC is local' : this.#heldReason(routes.vtep[claim]);
  }
}
