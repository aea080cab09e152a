/**
 * One bridged VNI of this leaf: what the configuration and the dataplane say of it, and the route
 * distinguisher and route targets that follow. There are thousands of these at most, so they are objects.
 *
 * RFC 7432 sections 7.9 and 7.10 (distinguisher and targets), RFC 8365 section 5.1.2.1 (automatic targets).
 */
import { type AddressId, NO_ADDRESS } from '../base/address-table.ts';
import type { Mac } from '../base/mac.ts';
import type { InstanceState } from '../dataplane/interfaces.ts';
import type { EvpnConfig, VniConfig } from './config.ts';
import { NO_ROW } from './remote-routes.ts';
import {
  automaticRouteTarget,
  type ImportTarget,
  routeDistinguisherOf,
  routeTargetOf,
} from './route-targets.ts';

/** What the configuration decides. */
export interface InstanceSettings {
  readonly rd: Uint8Array;
  readonly exportTargets: readonly Uint8Array[];
  readonly importTargets: readonly ImportTarget[];
}

export class Instance implements InstanceSettings {
  readonly vni: number;
  /** Its number while it exists; columns refer to it by this. */
  readonly slot: number;
  /** Of the automatic route distinguisher. */
  readonly index: number;
  declared: VniConfig | undefined;
  state: InstanceState | undefined;
  /** Our tunnel address in this VNI; NO_ADDRESS when there is none. */
  vtep: AddressId = NO_ADDRESS;
  /** Up, with a tunnel address: routes are imported. */
  importing = false;
  /** Local routes are announced: importing, and not in the middle of a change of route distinguisher. */
  originating = false;
  /** Announced routes are being withdrawn under the old distinguisher; then they get the new one. */
  renaming = false;
  rd: Uint8Array = new Uint8Array(8);
  exportTargets: readonly Uint8Array[] = [];
  importTargets: readonly ImportTarget[] = [];
  /** Head of its list in the MAC table, and their number, local claims or not. */
  firstMac = NO_ROW;
  macs = 0;
  /** Next row that the walk over its local claims will look at, or NO_ROW. */
  walk = NO_ROW;
  /** Local entries learned in an earlier epoch died with the device that they were learned on. */
  epoch = 0;
  /** MACs of the leaf itself there, which no route can claim. */
  ownMacs: ReadonlySet<Mac> = new Set();
  localMacs = 0;
  remoteMacs = 0;
  /** So many remote MACs are installed at most, and how many are not because of that. */
  maximumMacs = Number.POSITIVE_INFINITY;
  refusedMacs = 0;
  localNeighbours = 0;
  remoteNeighbours = 0;

  constructor(vni: number, slot: number, index: number) {
    this.vni = vni;
    this.slot = slot;
    this.index = index;
  }

  /** What the configuration makes of this VNI: as declared, or automatic. */
  settings(declared: VniConfig | undefined, config: EvpnConfig): InstanceSettings {
    return {
      rd: routeDistinguisherOf(declared?.rd, config.routerId, this.index),
      exportTargets: declared?.exportRouteTargets?.map(routeTargetOf) ?? [
        automaticRouteTarget(config.localAs, this.vni, config.autoRouteTarget),
      ],
      importTargets: declared?.importRouteTargets?.map((text) => ({
        kind: 'exact',
        target: routeTargetOf(text),
      })) ?? [
        {
          kind: 'automatic',
          vni: this.vni,
          localAs: config.importAnyAs ? undefined : config.localAs & 0xffff,
        },
      ],
    };
  }

  take(settings: InstanceSettings): void {
    this.rd = settings.rd;
    this.exportTargets = settings.exportTargets;
    this.importTargets = settings.importTargets;
  }

  has(settings: InstanceSettings): boolean {
    return (
      sameOctets(this.rd, settings.rd) &&
      sameItems(this.exportTargets, settings.exportTargets, sameOctets) &&
      sameItems(this.importTargets, settings.importTargets, sameRule)
    );
  }

  /** Why it neither imports nor announces, in words; undefined when it does. */
  get downReason(): string | undefined {
    if (this.importing) return undefined;
    if (this.state === undefined) return 'the dataplane has no such VNI';
    return this.state.up ? 'it has no tunnel address' : 'its tunnel device is down';
  }

  /** Nothing keeps it: not declared, not in the dataplane, no entry left. */
  get isIdle(): boolean {
    return this.declared === undefined && this.state === undefined && this.macs === 0;
  }
}

/** The instances by VNI and by slot. Gives each VNI the lowest free index, and the same one again when it returns. */
export class InstanceTable {
  readonly #byVni = new Map<number, Instance>();
  readonly #bySlot: (Instance | undefined)[] = [];
  readonly #indexOfVni = new Map<number, number>();
  readonly #vniOfIndex = new Map<number, number>();

  get size(): number {
    return this.#byVni.size;
  }

  find(vni: number): Instance | undefined {
    return this.#byVni.get(vni);
  }

  at(slot: number): Instance {
    return this.#bySlot[slot]!;
  }

  add(vni: number): Instance {
    let slot = this.#bySlot.indexOf(undefined);
    if (slot < 0) slot = this.#bySlot.length;
    const instance = new Instance(vni, slot, this.#takeIndex(vni));
    this.#bySlot[slot] = instance;
    this.#byVni.set(vni, instance);
    return instance;
  }

  remove(instance: Instance): void {
    this.#byVni.delete(instance.vni);
    this.#bySlot[instance.slot] = undefined;
  }

  /** In order of VNI. */
  sorted(): Instance[] {
    return [...this.#byVni.values()].sort((a, b) => a.vni - b.vni);
  }

  values(): IterableIterator<Instance> {
    return this.#byVni.values();
  }

  /** An index stays with its VNI after the VNI is gone, until indexes run out of the 16 bits that an RD has for them. */
  #takeIndex(vni: number): number {
    const known = this.#indexOfVni.get(vni);
    if (known !== undefined) return known;
    let index = this.#vniOfIndex.size + 1;
    if (index > 0xffff) index = this.#stealIndex();
    this.#indexOfVni.set(vni, index);
    this.#vniOfIndex.set(index, vni);
    return index;
  }

  #stealIndex(): number {
    for (const [index, vni] of this.#vniOfIndex) {
      if (this.#byVni.has(vni)) continue;
      this.#indexOfVni.delete(vni);
      return index;
    }
    throw new RangeError(
      'Cannot number VNI: 65535 are in use, which is as many as a route distinguisher can tell apart',
    );
  }
}

export const sameOctets = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((octet, index) => octet === b[index]);

function sameRule(a: ImportTarget, b: ImportTarget): boolean {
  if (a.kind === 'exact') return b.kind === 'exact' && sameOctets(a.target, b.target);
  return b.kind === 'automatic' && a.vni === b.vni && a.localAs === b.localAs;
}

function sameItems<Item>(
  a: readonly Item[],
  b: readonly Item[],
  same: (a: Item, b: Item) => boolean,
): boolean {
  return a.length === b.length && a.every((item, index) => same(item, b[index]));
}
