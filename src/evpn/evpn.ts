/**
 * EVPN on a leaf: the instances, what they import, what they announce. Stands between the RIB, whose changed routes it
 * pulls in slices, and the dataplane, whose events it takes as they come: a MAC that is learned is in the RIB when the
 * call returns.
 *
 * RFC 7432 (EVPN), RFC 8365 (VXLAN); each rule is cited where it is kept.
 */
import type { AddressId, AddressTable } from '../base/address-table.ts';
import type { Clock } from '../base/clock.ts';
import type { IpBytes } from '../base/ip.ts';
import type { Logger } from '../base/log.ts';
import type { Mac } from '../base/mac.ts';
import type { Dataplane, DataplaneEvents, ForwardingTable, InstanceState } from '../dataplane/interfaces.ts';
import type { Rib, RibConsumer, RouteId } from '../rib/index.ts';
import { ClaimWalk } from './claim-walk.ts';
import type { EvpnConfig } from './config.ts';
import { FloodTable } from './flooding.ts';
import { ImportDecisions } from './import-decisions.ts';
import { ImportIndex } from './import-index.ts';
import { Importer } from './importer.ts';
import { type Instance, InstanceTable } from './instance.ts';
import { Lifecycle } from './lifecycle.ts';
import { MacTable } from './mac-table.ts';
import { MacVrf } from './mac-vrf.ts';
import { MoveCounter } from './mobility.ts';
import { NeighbourTable } from './neighbour-table.ts';
import { Neighbours } from './neighbours.ts';
import { RibOriginator } from './originator.ts';
import { OwnVteps } from './own-vteps.ts';
import { NO_ROW, RemoteRoutes } from './remote-routes.ts';
import { type EvpnListener, type Problem, Reporter } from './reports.ts';
import { Resweep } from './resweep.ts';
import { EvpnViews } from './views.ts';
import { Vteps } from './vteps.ts';

/** What is needed of a dataplane. */
export type EvpnDataplane = ForwardingTable &
  Pick<Dataplane, 'ensure' | 'remove' | 'watchVtep' | 'unwatchVtep'>;

export interface EvpnParts {
  readonly config: EvpnConfig;
  readonly rib: Rib;
  readonly forwarding: EvpnDataplane;
  /** The one that the RIB and the dataplane have. */
  readonly addresses: AddressTable;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told of troubles that last; logged when absent. */
  readonly problem?: Problem;
  /** Whether the key of a route that was originated here is of this leaf; absent: all are. */
  readonly isOwnRoute?: (key: Uint8Array, start: number) => boolean;
}

/** Steps between two looks at the clock. */
const ROUTES_A_STEP = 256;
const SWEPT_A_STEP = 4096;

export class Evpn implements DataplaneEvents {
  /** For show commands. */
  readonly views: EvpnViews;
  readonly #rib: Rib;
  readonly #clock: Clock;
  /** Since there is an instance that may import something: a reflector without VNIs looks at no route. */
  #consumer: RibConsumer | undefined;
  readonly #instances = new InstanceTable();
  readonly #macs = new MacTable();
  readonly #vteps: Vteps;
  readonly #moves: MoveCounter;
  readonly #neighbours: Neighbours;
  readonly #macVrf: MacVrf;
  readonly #importer: Importer;
  readonly #resweep: Resweep;
  readonly #reporter: Reporter;
  readonly #walk: ClaimWalk;
  readonly #lifecycle: Lifecycle;
  readonly #moment = { seconds: 0 };
  readonly #work = (deadline: number): boolean => this.work(deadline);

  constructor(parts: EvpnParts) {
    const { config, rib, forwarding, addresses, clock, log } = parts;
    this.#rib = rib;
    this.#clock = clock;
    this.#vteps = new Vteps(forwarding);
    this.#moves = new MoveCounter(config.duplicateDetection);
    const { problem = (subject, text) => log.warn({ subject }, text ?? 'problem is over') } = parts;
    this.#reporter = new Reporter(log, addresses, problem);
    const index = new ImportIndex();
    const routes = new RemoteRoutes();
    const ownVteps = new OwnVteps();
    const originator = new RibOriginator(rib, addresses);
    const requestWork = (): void => this.#requestWork();
    const decisions = new ImportDecisions(rib.attributes, addresses, index);
    const floods = new FloodTable(forwarding, this.#vteps);
    const table = new NeighbourTable();
    const shared = {
      rib,
      addresses,
      clock,
      moment: this.#moment,
      forwarding,
      floods,
      decisions,
      table,
      index,
      macs: this.#macs,
      routes,
      instances: this.#instances,
      vteps: this.#vteps,
      moves: this.#moves,
      originator,
      reporter: this.#reporter,
    };
    const owner = {
      raiseSequence: (row: number, sequence: number) => this.#macVrf.raiseSequence(row, sequence),
      release: (row: number, instance: Instance) => this.#macVrf.release(row, instance),
    };
    this.#neighbours = new Neighbours({ ...shared, owner });
    this.#macVrf = new MacVrf({
      ...shared,
      neighbours: this.#neighbours,
      requestWork,
      placeFree: (instance) => this.#walk.begin(instance),
    });
    this.#importer = new Importer({
      ...shared,
      macVrf: this.#macVrf,
      isOwnVtep: (vtep) => ownVteps.has(vtep),
      isOwnRoute: parts.isOwnRoute,
    });
    this.#resweep = new Resweep(routes);
    this.#walk = new ClaimWalk(
      this.#macs,
      (row, instance) => this.#macVrf.synchronise(row, instance),
      requestWork,
    );
    this.#lifecycle = new Lifecycle(config, {
      ...shared,
      resweep: this.#resweep,
      walk: this.#walk,
      ownVteps,
      requestWork,
      judgeClaims: (instance, mac) => this.#judgeClaims(instance, mac),
    });
    this.views = new EvpnViews({
      ...shared,
      neighbours: table,
      macVrf: this.#macVrf,
    });
  }

  /** Claims the declared VNIs at the dataplane. Before or after it opens. */
  start(): void {
    this.#lifecycle.start();
  }

  /** Takes another configuration: instances that do not change are not touched. */
  reconfigure(config: EvpnConfig): void {
    this.#moves.configure(config.duplicateDetection);
    this.#lifecycle.reconfigure(config);
  }

  /** No more work; what the RIB and the dataplane have stays as it is. */
  close(): void {
    this.#lifecycle.close();
    this.#consumer?.close();
    this.#rib.slices.cancel(this.#work);
  }

  /** Live events, until the returned function is called. */
  watch(listener: EvpnListener): () => void {
    return this.#reporter.watch(listener);
  }

  /** `clear evpn dup-addr`: of one MAC, of one VNI, or of all. Returns how many were duplicates. */
  clearDuplicates(vni?: number, mac?: Mac): number {
    let cleared = 0;
    for (const instance of this.#instances.values()) {
      if (vni !== undefined && instance.vni !== vni) continue;
      for (let row = instance.firstMac; row !== NO_ROW; ) {
        const next = this.#macs.nextOfInstance(row);
        if (this.#moves.isDuplicate(row) && (mac === undefined || this.#macs.mac(row) === mac)) {
          this.#macVrf.clearDuplicate(row);
          cleared++;
        }
        row = next;
      }
    }
    return cleared;
  }

  // What the dataplane says

  instance(state: InstanceState): void {
    this.#lifecycle.found(state);
  }

  instanceGone(vni: number): void {
    this.#lifecycle.gone(vni);
  }

  localMac(vni: number, mac: Mac, flags: number, port: string): void {
    const instance = this.#instances.find(vni);
    if (instance === undefined) return;
    this.#readClock();
    this.#macVrf.learnLocal(instance, mac, flags, port);
  }

  localMacGone(vni: number, mac: Mac): void {
    const instance = this.#instances.find(vni);
    if (instance === undefined) return;
    this.#readClock();
    this.#macVrf.forgetLocal(instance, mac);
  }

  localNeighbour(vni: number, ip: IpBytes, mac: Mac, flags: number): void {
    const instance = this.#instances.find(vni);
    if (instance === undefined) return;
    this.#readClock();
    this.#neighbours.learnLocal(instance, ip, mac, flags);
  }

  localNeighbourGone(vni: number, ip: IpBytes): void {
    const instance = this.#instances.find(vni);
    if (instance === undefined) return;
    this.#readClock();
    this.#neighbours.forgetLocal(instance, ip);
  }

  vtepReachable(vtep: AddressId, reachable: boolean): void {
    const before = this.#vteps.reachability(vtep);
    const matters = this.#vteps.setReachable(vtep, reachable);
    if (this.#vteps.reachability(vtep) !== before) this.#reporter.vtep(vtep, reachable);
    if (!matters) return;
    this.#resweep.requestVtep(vtep);
    this.#requestWork();
  }

  /** Nothing waits for the end of a burst here: the RIB gathers what has changed. */
  settled(): void {}

  /** Kept, shown and logged by the daemon, which hears them first. */
  problem(): void {}

  // Work in slices

  /** Does what is to be done until `deadline` (of the clock). Returns whether there is more. */
  work(deadline: number): boolean {
    const visit: (route: RouteId) => void = this.#importer.visit;
    this.#lifecycle.askForTargets();
    if (this.#instances.size > 0) this.#consumer ??= this.#consume();
    do {
      this.#readClock();
      this.#consumer?.drain(ROUTES_A_STEP, visit);
      this.#walk.step(ROUTES_A_STEP, (instance) => this.#lifecycle.walked(instance));
      this.#macVrf.insist();
      if (!this.#resweep.isIdle) this.#resweep.step(SWEPT_A_STEP, visit);
      if (!this.#consumer?.dirty && this.#walk.isIdle && this.#resweep.isIdle) {
        this.#lifecycle.sayGoodbye();
        return false;
      }
    } while (this.#clock.now() < deadline);
    return true;
  }

  #consume(): RibConsumer {
    const consumer = this.#rib.consumer('evpn');
    consumer.onDirty = () => this.#requestWork();
    return consumer;
  }

  #readClock(): void {
    this.#moment.seconds = this.#clock.now() / 1000;
  }

  #requestWork(): void {
    this.#rib.slices.request(this.#work);
  }

  #judgeClaims(instance: Instance, mac: Mac): void {
    this.#readClock();
    for (const route of this.#macVrf.claims(instance, mac)) this.#importer.visit(route);
  }
}
