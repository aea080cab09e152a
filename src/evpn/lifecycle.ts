/**
 * Which instances there are, and what each of them does: an instance is made for a VNI that is declared or found, imports and
 * originates while its device is up with a tunnel address, follows changes of the configuration and of the device, and goes when
 * it is no longer wanted and nothing is left of it.
 *
 * RFC 7432 sections 7.9 and 7.10 (route distinguishers and targets), RFC 4684 (what peers are asked for).
 */
import { type AddressId, type AddressTable, NO_ADDRESS } from '../base/address-table.ts';
import { type IpBytes, ip as ipOf } from '../base/ip.ts';
import type { Mac } from '../base/mac.ts';
import type { Dataplane, InstanceState } from '../dataplane/interfaces.ts';
import type { Rib } from '../rib/index.ts';
import type { ClaimWalk } from './claim-walk.ts';
import type { EvpnConfig, VniConfig } from './config.ts';
import type { ImportIndex } from './import-index.ts';
import { type Instance, type InstanceTable, sameOctets } from './instance.ts';
import type { RibOriginator } from './originator.ts';
import type { OwnVteps } from './own-vteps.ts';
import { REASON } from './reasons.ts';
import type { Reporter } from './reports.ts';
import type { Resweep } from './resweep.ts';
import { targetsToAskFor } from './route-targets.ts';

export interface LifecycleParts {
  readonly rib: Rib;
  readonly forwarding: Pick<Dataplane, 'ensure' | 'remove'>;
  readonly addresses: AddressTable;
  readonly instances: InstanceTable;
  readonly index: ImportIndex;
  readonly originator: RibOriginator;
  readonly resweep: Resweep;
  readonly walk: ClaimWalk;
  readonly ownVteps: OwnVteps;
  readonly reporter: Reporter;
  readonly requestWork: () => void;
  /** Judges, now, the routes that claim the MAC. */
  readonly judgeClaims: (instance: Instance, mac: Mac) => void;
}

export class Lifecycle {
  readonly #parts: LifecycleParts;
  #config: EvpnConfig;
  #declared: ReadonlyMap<number, VniConfig>;
  /** What the dataplane has, ours or not. */
  readonly #found = new Map<number, InstanceState>();
  /** Instances that go when nothing is left of them. */
  readonly #leaving = new Set<Instance>();
  /** Of those, the ones whose entries the dataplane was told to forget: they begin anew if they are wanted again. */
  readonly #abandoned = new Set<Instance>();
  /** An instance may import something else than the last time that peers were asked. */
  #targetsChanged = false;

  constructor(config: EvpnConfig, parts: LifecycleParts) {
    this.#config = config;
    this.#declared = byVni(config);
    this.#parts = parts;
  }

  /** Claims the declared VNIs at the dataplane. */
  start(): void {
    for (const declared of this.#config.vnis) this.#ensure(declared.vni);
  }

  /** Takes another configuration: instances that do not change are not touched. */
  reconfigure(config: EvpnConfig): void {
    this.#config = config;
    this.#declared = byVni(config);
    for (const instance of [...this.#parts.instances.values()]) {
      if (this.#abandoned.has(instance)) continue;
      if (this.#isWanted(instance.vni)) this.#reconfigure(instance);
      else if (!this.#leaving.has(instance)) this.#abandon(instance);
    }
    for (const { vni } of config.vnis) this.#ensure(vni);
    if (config.advertiseAllVni) for (const vni of this.#found.keys()) this.#ensure(vni);
    this.#parts.requestWork();
  }

  found(state: InstanceState): void {
    this.#found.set(state.vni, state);
    if (!this.#isWanted(state.vni)) return;
    const instance = this.#ensure(state.vni);
    if (this.#abandoned.has(instance)) return;
    instance.state = state;
    this.#refresh(instance);
  }

  gone(vni: number): void {
    this.#found.delete(vni);
    const instance = this.#parts.instances.find(vni);
    if (instance === undefined || instance.state === undefined) return;
    instance.state = undefined;
    instance.epoch = (instance.epoch + 1) & 0xff;
    this.#refresh(instance);
    this.#parts.walk.begin(instance);
    if (instance.declared === undefined) this.#leave(instance);
  }

  /** The local claims of the instance have all been looked at: if it is to have another distinguisher, it has no routes now. */
  walked(instance: Instance): void {
    if (instance.renaming) this.#apply(instance);
  }

  /**
   * RFC 4684: peers are asked for the routes that the instances import, or will when they are up: a device that flaps finds the
   * routes still there.
   */
  askForTargets(): void {
    if (!this.#targetsChanged) return;
    this.#targetsChanged = false;
    const targets: Uint8Array[] = [];
    for (const instance of this.#parts.instances.values()) {
      if (this.#leaving.has(instance)) continue;
      for (const rule of instance.importTargets) {
        targets.push(...targetsToAskFor(rule, this.#config.localAs));
      }
    }
    this.#parts.rib.memberships.setOwn(this, targets);
  }

  /** Nothing is asked for any more. */
  close(): void {
    this.#parts.rib.memberships.setOwn(this, []);
  }

  /** Removes the instances of which nothing is left, now that all work is done. */
  sayGoodbye(): void {
    const { instances, index, originator } = this.#parts;
    for (const instance of this.#leaving) {
      this.#leaving.delete(instance);
      this.#abandoned.delete(instance);
      if (!instance.isIdle) continue;
      index.remove(instance);
      originator.forgetBlocks(instance);
      instances.remove(instance);
      if (this.#isWanted(instance.vni)) this.#ensure(instance.vni);
    }
  }

  #isWanted(vni: number): boolean {
    if (this.#declared.get(vni) !== undefined) return true;
    return this.#config.advertiseAllVni && this.#found.has(vni);
  }

  /** The instance of a wanted VNI, made on first sight; or the abandoned one, which is made anew once it is gone. */
  #ensure(vni: number): Instance {
    const known = this.#parts.instances.find(vni);
    if (known !== undefined && (!this.#leaving.has(known) || this.#abandoned.has(known))) return known;
    const instance = known ?? this.#parts.instances.add(vni);
    this.#leaving.delete(instance);
    instance.state = this.#found.get(vni);
    this.#apply(instance);
    this.#parts.forwarding.ensure({ vni, correct: this.#config.correct });
    return instance;
  }

  #abandon(instance: Instance): void {
    instance.renaming = false;
    instance.declared = undefined;
    instance.state = undefined;
    instance.epoch = (instance.epoch + 1) & 0xff;
    this.#refresh(instance);
    this.#parts.walk.begin(instance);
    this.#leave(instance);
    this.#abandoned.add(instance);
    this.#parts.forwarding.remove(instance.vni);
  }

  /** It goes when nothing is left of it. */
  #leave(instance: Instance): void {
    this.#leaving.add(instance);
    this.#targetsChanged = true;
  }

  /** Under another route distinguisher, all routes are withdrawn before they are announced anew. */
  #reconfigure(instance: Instance): void {
    const wanted = instance.settings(this.#declared.get(instance.vni), this.#config);
    if (instance.has(wanted)) {
      instance.declared = this.#declared.get(instance.vni);
      this.#limit(instance);
      this.#refresh(instance);
    } else if (this.#mayHaveRoutes(instance) && !sameOctets(wanted.rd, instance.rd)) {
      instance.renaming = true;
      this.#refresh(instance);
    } else this.#apply(instance);
  }

  /** Routes are announced, or being withdrawn, under the distinguisher that the instance has. */
  #mayHaveRoutes(instance: Instance): boolean {
    return instance.originating || this.#parts.walk.has(instance);
  }

  /** Gives the instance its distinguisher and targets, and acts on them. */
  #apply(instance: Instance): void {
    this.#parts.resweep.requestTargets(this.#parts.index.remove(instance));
    instance.declared = this.#declared.get(instance.vni);
    instance.take(instance.settings(instance.declared, this.#config));
    this.#parts.resweep.requestTargets(this.#parts.index.add(instance));
    this.#limit(instance);
    this.#parts.originator.forgetBlocks(instance);
    instance.renaming = false;
    this.#targetsChanged = true;
    this.#refresh(instance);
    this.#parts.originator.synchroniseFlooding(instance);
    this.#parts.walk.begin(instance);
  }

  /** Gives the instance its limit of remote MACs; under another one, some may go or come. */
  #limit(instance: Instance): void {
    const before = instance.maximumMacs;
    instance.maximumMacs =
      instance.declared?.maximumMacs ?? this.#config.maximumMacs ?? Number.POSITIVE_INFINITY;
    if (instance.maximumMacs === before) return;
    this.#parts.walk.begin(instance);
    if (instance.refusedMacs > 0) this.#parts.reporter.macLimit(instance);
  }

  /** Works out whether the instance imports and originates, and starts what a change of that asks for. */
  #refresh(instance: Instance): void {
    const { state } = instance;
    if (state !== undefined) this.#takeOwnMacs(instance, state.ownMacs);
    const address = state === undefined ? undefined : this.#vtepAddress(state);
    const vtep = address === undefined ? NO_ADDRESS : this.#parts.addresses.intern(address);
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
      this.#parts.resweep.requestTargets(this.#parts.index.concerning(instance));
      this.#parts.requestWork();
      if (importing) this.#parts.reporter.vniUp(instance);
      else if (wasUp) this.#parts.reporter.vniDown(instance, instance.downReason ?? 'unknown');
    }
    if (!originChanged) return;
    this.#parts.originator.synchroniseFlooding(instance);
    this.#parts.walk.begin(instance);
  }

  /** Routes for a MAC that becomes one of the leaf's own, or ceases to be, are judged anew. */
  #takeOwnMacs(instance: Instance, macs: readonly Mac[]): void {
    const before = instance.ownMacs;
    const added = macs.filter((mac) => !before.has(mac));
    if (added.length === 0 && macs.length === before.size) return;
    instance.ownMacs = new Set(macs);
    for (const mac of added) this.#parts.judgeClaims(instance, mac);
    if (before.size === 0) return;
    this.#parts.resweep.requestReason(REASON.OWN_MAC);
    this.#parts.requestWork();
  }

  #vtepAddress(state: InstanceState): IpBytes | undefined {
    return this.#config.vtep === undefined ? state.vtep : ipOf(this.#config.vtep);
  }

  /** Routes of an address that becomes ours, or ceases to be, are judged anew wherever they are imported. */
  #changeVtep(instance: Instance, vtep: AddressId): void {
    const changed = this.#parts.ownVteps.change(instance.vtep, vtep);
    instance.vtep = vtep;
    this.#parts.originator.forgetBlocks(instance);
    if (!changed) return;
    for (const other of this.#parts.instances.values()) {
      this.#parts.resweep.requestTargets(this.#parts.index.concerning(other));
    }
  }
}

const byVni = (config: EvpnConfig): ReadonlyMap<number, VniConfig> =>
  new Map(config.vnis.map((declared) => [declared.vni, declared]));
