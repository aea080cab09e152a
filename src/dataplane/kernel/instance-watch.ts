/**
 * Which instances the kernel's interfaces amount to, told as they change: VXLAN devices in bridges come and go, up and down,
 * under other addresses.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import type { Link, NetlinkSocket } from '../../netlink/index.ts';
import type { DriverSink } from '../driver.ts';
import type { Corrections } from './corrections.ts';
import type { FloodLedger } from './flood-ledger.ts';
import type { Inventory, InventoryView, KernelInstance } from './inventory.ts';

/** Taking inventory costs time in proportion to the interfaces; for each millisecond of it this many go to other work. */
const INVENTORY_REST = 4;

export const NO_INSTANCES: InventoryView = {
  instances: new Map(),
  byVxlan: new Map(),
  bySvi: new Map(),
  byPlace: new Map(),
  unsupported: [],
};

export interface InstanceWatchParts {
  readonly inventory: Inventory;
  readonly sink: DriverSink;
  readonly clock: Clock;
  readonly ledger: FloodLedger;
  readonly corrections: Corrections;
  readonly requests: NetlinkSocket;
  /** Told of each view, before the instances that changed in it. */
  readonly viewed: (view: InventoryView) => void;
}

export class InstanceWatch {
  readonly #parts: InstanceWatchParts;
  #view = NO_INSTANCES;
  #linksChanged = false;
  #notBefore = 0;
  #timer: Timer | undefined;
  #closed = false;

  constructor(parts: InstanceWatchParts) {
    this.#parts = parts;
  }

  get view(): InventoryView {
    return this.#view;
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  heard(link: Link, gone: boolean): void {
    this.#parts.inventory.heard(link, gone);
    this.#linksChanged = true;
  }

  /** A burst of notices has ended. Tells what changed at once, as a rule; later while a script makes hundreds of devices one by one. */
  settled(): void {
    if (!this.#linksChanged || this.#timer) return;
    const { clock, sink } = this.#parts;
    const wait = this.#notBefore - clock.now();
    if (wait <= 0) {
      this.take(true);
      return;
    }
    this.#timer = clock.after(wait, () => {
      this.#timer = undefined;
      if (this.#closed || !this.#linksChanged) return;
      this.take(true);
      sink.settled();
    });
  }

  /** Tells what the links now amount to. By a notice, a new instance's tables have yet to be read. */
  take(byNotice: boolean): void {
    const { inventory, sink, clock, ledger, corrections, requests, viewed } = this.#parts;
    const began = clock.now();
    this.#linksChanged = false;
    const before = this.#view;
    const after = inventory.view();
    this.#view = after;
    viewed(after);
    for (const [vni, old] of before.instances) {
      const found = after.instances.get(vni);
      if (found && isSamePlace(old, found)) continue;
      ledger.forget(vni);
      sink.instanceGone(vni);
    }
    for (const [vni, found] of after.instances) {
      const old = before.instances.get(vni);
      const isNew = !old || !isSamePlace(old, found);
      if (isNew || !isSameState(old, found)) sink.instance(found.state);
      if (isNew && byNotice) sink.resync();
      corrections.apply(found, requests);
    }
    const unsupported = after.unsupported.join('; ');
    if (unsupported !== before.unsupported.join('; ')) {
      sink.problem('dataplane-unsupported', unsupported === '' ? undefined : unsupported);
    }
    const now = clock.now();
    this.#notBefore = now + (now - began) * INVENTORY_REST;
  }
}

/** Whether entries written for the one are still where the other looks. */
const isSamePlace = (a: KernelInstance, b: KernelInstance): boolean =>
  a.vxlanIndex === b.vxlanIndex &&
  a.bridgeIndex === b.bridgeIndex &&
  a.sviIndex === b.sviIndex &&
  a.vlan === b.vlan;

const isSameState = (a: KernelInstance, b: KernelInstance): boolean =>
  a.ownMacs.length === b.ownMacs.length &&
  a.ownMacs.every((mac, i) => mac === b.ownMacs[i]) &&
  JSON.stringify({ ...a.state, vtep: a.state.vtep?.join('.'), ownMacs: undefined }) ===
    JSON.stringify({ ...b.state, vtep: b.state.vtep?.join('.'), ownMacs: undefined });
