/**
 * EVPN on a leaf: the instances, what they import, what they announce. Stands between the RIB, whose changed routes it
 * pulls in slices, and the dataplane, whose events it takes as they come: a MAC that is learned is in the RIB when the
 * call returns.
 *
 * RFC 7432 (EVPN), RFC 8365 (VXLAN); each rule is cited where it is kept.
 */
import { type AddressId, type AddressTable, NO_ADDRESS } from '../base/address-table.ts';
import type { Clock } from '../base/clock.ts';
import { type IpBytes, ip as ipOf } from '../base/ip.ts';
import type { Logger } from '../base/log.ts';
import type { Mac } from '../base/mac.ts';
import type { Dataplane, DataplaneEvents, ForwardingTable, InstanceState } from '../dataplane/interfaces.ts';
import type { Rib, RibConsumer, RouteId } from '../rib/index.ts';
import type { EvpnConfig, VniConfig } from './config.ts';
import { FloodTable } from './flooding.ts';
import { ImportDecisions } from './import-decisions.ts';
import { ImportIndex } from './import-index.ts';
import { Importer } from './importer.ts';
import { type Instance, InstanceTable, sameOctets } from './instance.ts';
import { MacTable } from './mac-table.ts';
import { MacVrf } from './mac-vrf.ts';
import { MoveCounter } from './mobility.ts';
import { NeighbourTable } from './neighbour-table.ts';
import { Neighbours } from './neighbours.ts';
import { RibOriginator } from './originator.ts';
import { REASON } from './reasons.ts';
import { NO_ROW, RemoteRoutes } from './remote-routes.ts';
import { type EvpnListener, type Problem, Reporter } from './reports.ts';
import { Resweep } from './resweep.ts';
import { targetsToAskFor } from './route-targets.ts';
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
  #config: EvpnConfig;
  #declared: ReadonlyMap<number, VniConfig>;
  readonly #rib: Rib;
  readonly #forwarding: EvpnDataplane;
  readonly #addresses: AddressTable;
  readonly #clock: Clock;
  readonly #consumer: RibConsumer;
  readonly #instances = new InstanceTable();
  /** What the dataplane has, ours or not. */
  readonly #found = new Map<number, InstanceState>();
  readonly #routes = new RemoteRoutes();
  readonly #macs = new MacTable();
  readonly #vteps: Vteps;
  readonly #index = new ImportIndex();
  readonly #moves: MoveCounter;
  readonly #originator: RibOriginator;
  readonly #neighbours: Neighbours;
  readonly #macVrf: MacVrf;
  readonly #importer: Importer;
  readonly #resweep: Resweep;
  readonly #reporter: Reporter;
  /** How many instances have each of our tunnel addresses. */
  readonly #ownVteps = new Map<AddressId, number>();
  /** Instances whose local claims are being looked at again; and those that go when nothing is left of them. */
  readonly #walking = new Set<Instance>();
  readonly #leaving = new Set<Instance>();
  /** Of those, the ones whose entries the dataplane was told to forget: they begin anew if they are wanted again. */
  readonly #abandoned = new Set<Instance>();
  readonly #moment = { seconds: 0 };
  /** An instance may import something else than the last time that peers were asked. */
  #targetsChanged = false;
  readonly #work = (deadline: number): boolean => this.work(deadline);

  constructor(parts: EvpnParts) {
    const { config, rib, forwarding, addresses, clock, log } = parts;
    this.#config = config;
    this.#declared = byVni(config);
    this.#rib = rib;
    this.#forwarding = forwarding;
    this.#addresses = addresses;
    this.#clock = clock;
    this.#vteps = new Vteps(forwarding);
    this.#moves = new MoveCounter(config.duplicateDetection);
    const { problem = (subject, text) => log.warn({ subject }, text ?? 'problem is over') } = parts;
    this.#reporter = new Reporter(log, addresses, problem);
    this.#originator = new RibOriginator(rib, addresses);
    const decisions = new ImportDecisions(rib.attributes, addresses, this.#index);
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
      index: this.#index,
      macs: this.#macs,
      routes: this.#routes,
      instances: this.#instances,
      vteps: this.#vteps,
      moves: this.#moves,
      originator: this.#originator,
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
      requestWork: () => this.#requestWork(),
      placeFree: (instance) => this.#walk(instance),
    });
    this.#importer = new Importer({
      ...shared,
      macVrf: this.#macVrf,
      isOwnVtep: (vtep) => this.#ownVteps.has(vtep),
      isOwnRoute: parts.isOwnRoute,
    });
    this.#resweep = new Resweep(this.#routes);
    this.views = new EvpnViews({
      ...shared,
      neighbours: table,
      macVrf: this.#macVrf,
    });
    this.#consumer = rib.consumer('evpn');
    this.#consumer.onDirty = () => this.#requestWork();
    if (this.#consumer.dirty > 0) this.#requestWork();
  }

  /** Claims the declared VNIs at the dataplane. Before or after it opens. */
  start(): void {
    for (const declared of this.#config.vnis) this.#ensure(declared.vni);
  }

  /** Takes another configuration: instances that do not change are not touched. */
  reconfigure(config: EvpnConfig): void {
    this.#config = config;
    this.#declared = byVni(config);
    this.#moves.configure(config.duplicateDetection);
    for (const instance of [...this.#instances.values()]) {
      if (this.#abandoned.has(instance)) continue;
      if (this.#isWanted(instance.vni)) this.#reconfigure(instance);
      else if (!this.#leaving.has(instance)) this.#abandon(instance);
    }
    for (const { vni } of config.vnis) this.#ensure(vni);
    if (config.advertiseAllVni) for (const vni of this.#found.keys()) this.#ensure(vni);
    this.#requestWork();
  }

  /** No more work; what the RIB and the dataplane have stays as it is. */
  close(): void {
    this.#rib.memberships.setOwn(this, []);
    this.#consumer.close();
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
    this.#found.set(state.vni, state);
    if (!this.#isWanted(state.vni)) return;
    const instance = this.#ensure(state.vni);
    if (this.#abandoned.has(instance)) return;
    instance.state = state;
    this.#refresh(instance);
  }

  instanceGone(vni: number): void {
    this.#found.delete(vni);
    const instance = this.#instances.find(vni);
    if (instance === undefined || instance.state === undefined) return;
    instance.state = undefined;
    instance.epoch = (instance.epoch + 1) & 0xff;
    this.#refresh(instance);
    this.#walk(instance);
    if (instance.declared === undefined) this.#leave(instance);
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
    if (this.#targetsChanged) this.#askForTargets();
    do {
      this.#readClock();
      this.#consumer.drain(ROUTES_A_STEP, visit);
      this.#walkOn(ROUTES_A_STEP);
      this.#macVrf.insist();
      if (!this.#resweep.isIdle) this.#resweep.step(SWEPT_A_STEP, visit);
      if (this.#consumer.dirty === 0 && this.#walking.size === 0 && this.#resweep.isIdle) {
        this.#sayGoodbye();
        return false;
      }
    } while (this.#clock.now() < deadline);
    return true;
  }

  /**
   * RFC 4684: peers are asked for the routes that the instances import, or will when they are up: a device that flaps finds the
   * routes still there.
   */
  #askForTargets(): void {
    this.#targetsChanged = false;
    const targets: Uint8Array[] = [];
    for (const instance of this.#instances.values()) {
      if (this.#leaving.has(instance)) continue;
      for (const rule of instance.importTargets) {
        targets.push(...targetsToAskFor(rule, this.#config.localAs));
      }
    }
    this.#rib.memberships.setOwn(this, targets);
  }

  #readClock(): void {
    this.#moment.seconds = this.#clock.now() / 1000;
  }

  #requestWork(): void {
    this.#rib.slices.request(this.#work);
  }

  /** Looks at the local claims of an instance again, from the first. */
  #walk(instance: Instance): void {
    instance.walk = instance.firstMac;
    this.#walking.add(instance);
    this.#requestWork();
  }

  #walkOn(max: number): void {
    for (const instance of this.#walking) {
      for (; max > 0 && instance.walk !== NO_ROW; max--) {
        const row = instance.walk;
        instance.walk = this.#macs.nextOfInstance(row);
        this.#macVrf.synchronise(row, instance);
      }
      if (instance.walk !== NO_ROW) return;
      this.#walking.delete(instance);
      if (instance.renaming) this.#apply(instance);
    }
  }

  #sayGoodbye(): void {
    for (const instance of this.#leaving) {
      this.#leaving.delete(instance);
      this.#abandoned.delete(instance);
      if (!instance.isIdle) continue;
      this.#index.remove(instance);
      this.#originator.forgetBlocks(instance);
      this.#instances.remove(instance);
      if (this.#isWanted(instance.vni)) this.#ensure(instance.vni);
    }
  }

  // Instances

  #declaration(vni: number): VniConfig | undefined {
    return this.#declared.get(vni);
  }

  #isWanted(vni: number): boolean {
    if (this.#declaration(vni) !== undefined) return true;
    return this.#config.advertiseAllVni && this.#found.has(vni);
  }

  /** The instance of a wanted VNI, made on first sight; or the abandoned one, which is made anew once it is gone. */
  #ensure(vni: number): Instance {
    const known = this.#instances.find(vni);
    if (known !== undefined && (!this.#leaving.has(known) || this.#abandoned.has(known))) return known;
    const instance = known ?? this.#instances.add(vni);
    this.#leaving.delete(instance);
    instance.state = this.#found.get(vni);
    this.#apply(instance);
    this.#forwarding.ensure({ vni, correct: this.#config.correct });
    return instance;
  }

  #abandon(instance: Instance): void {
    instance.renaming = false;
    instance.declared = undefined;
    instance.state = undefined;
    instance.epoch = (instance.epoch + 1) & 0xff;
    this.#refresh(instance);
    this.#walk(instance);
    this.#leave(instance);
    this.#abandoned.add(instance);
    this.#forwarding.remove(instance.vni);
  }

  /** It goes when nothing is left of it. */
  #leave(instance: Instance): void {
    this.#leaving.add(instance);
    this.#targetsChanged = true;
  }

  /** Under another route distinguisher, all routes are withdrawn before they are announced anew. */
  #reconfigure(instance: Instance): void {
    const wanted = instance.settings(this.#declaration(instance.vni), this.#config);
    if (instance.has(wanted)) {
      instance.declared = this.#declaration(instance.vni);
      this.#limit(instance);
      this.#refresh(instance);
    } else if (this.#mayHaveRoutes(instance) && !sameOctets(wanted.rd, instance.rd)) {
      instance.renaming = true;
      this.#refresh(instance);
    } else this.#apply(instance);
  }

  /** Routes are announced, or being withdrawn, under the distinguisher that the instance has. */
  #mayHaveRoutes(instance: Instance): boolean {
    return instance.originating || this.#walking.has(instance);
  }

  /** Gives the instance its distinguisher and targets, and acts on them. */
  #apply(instance: Instance): void {
    this.#resweep.requestTargets(this.#index.remove(instance));
    instance.declared = this.#declaration(instance.vni);
    instance.take(instance.settings(instance.declared, this.#config));
    this.#resweep.requestTargets(this.#index.add(instance));
    this.#limit(instance);
    this.#originator.forgetBlocks(instance);
    instance.renaming = false;
    this.#targetsChanged = true;
    this.#refresh(instance);
    this.#originator.synchroniseFlooding(instance);
    this.#walk(instance);
  }

  /** Gives the instance its limit of remote MACs; under another one, some may go or come. */
  #limit(instance: Instance): void {
    const before = instance.maximumMacs;
    instance.maximumMacs =
      instance.declared?.maximumMacs ?? this.#config.maximumMacs ?? Number.POSITIVE_INFINITY;
    if (instance.maximumMacs === before) return;
    this.#walk(instance);
    if (instance.refusedMacs > 0) this.#reporter.macLimit(instance);
  }

  /** Works out whether the instance imports and originates, and starts what a change of that asks for. */
  #refresh(instance: Instance): void {
    const { state } = instance;
    if (state !== undefined) this.#takeOwnMacs(instance, state.ownMacs);
    const address = state === undefined ? undefined : this.#vtepAddress(state);
    const vtep = address === undefined ? NO_ADDRESS : this.#addresses.intern(address);
    const importing = state?.up === true && vtep !== NO_ADDRESS;
    const originating = importing && !instance.renaming;
    const moved = vtep !== instance.vtep;
    const importChanged = moved || importing !== instance.importing;
    const originChanged = moved || originating !== instance.originating;
    if (moved) this.#changeVtep(instance, vtep);
    const wasUp = instance.importing;
    instance.importing = importing;
    instance.originating = originating;
    if (importChanged) {
      this.#resweep.requestTargets(this.#index.concerning(instance));
      this.#requestWork();
      if (importing) this.#reporter.vniUp(instance);
      else if (wasUp) this.#reporter.vniDown(instance, instance.downReason ?? 'unknown');
    }
    if (!originChanged) return;
    this.#originator.synchroniseFlooding(instance);
    this.#walk(instance);
  }

  /** Routes for a MAC that becomes one of the leaf's own, or ceases to be, are judged anew. */
  #takeOwnMacs(instance: Instance, macs: readonly Mac[]): void {
    const before = instance.ownMacs;
    const added = macs.filter((mac) => !before.has(mac));
    if (added.length === 0 && macs.length === before.size) return;
    instance.ownMacs = new Set(macs);
    this.#readClock();
    for (const mac of added) {
      for (const route of this.#macVrf.claims(instance, mac)) this.#importer.visit(route);
    }
    if (before.size === 0) return;
    this.#resweep.requestReason(REASON.OWN_MAC);
    this.#requestWork();
  }

  #vtepAddress(state: InstanceState): IpBytes | undefined {
    return this.#config.vtep === undefined ? state.vtep : ipOf(this.#config.vtep);
  }

  /** Routes of an address that becomes ours, or ceases to be, are judged anew wherever they are imported. */
  #changeVtep(instance: Instance, vtep: AddressId): void {
    const before = this.#ownVteps.size;
    const left = (this.#ownVteps.get(instance.vtep) ?? 0) - 1;
    if (left > 0) this.#ownVteps.set(instance.vtep, left);
    else this.#ownVteps.delete(instance.vtep);
    const gone = instance.vtep !== NO_ADDRESS && left <= 0;
    if (vtep !== NO_ADDRESS) this.#ownVteps.set(vtep, (this.#ownVteps.get(vtep) ?? 0) + 1);
    instance.vtep = vtep;
    this.#originator.forgetBlocks(instance);
    if (!gone && this.#ownVteps.size === before) return;
    for (const other of this.#instances.values()) {
      this.#resweep.requestTargets(this.#index.concerning(other));
    }
  }
}

const byVni = (config: EvpnConfig): ReadonlyMap<number, VniConfig> =>
  new Map(config.vnis.map((declared) => [declared.vni, declared]));
