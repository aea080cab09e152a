/**
 * Looks at the local claims of instances again, in steps: because an instance comes up or goes down, or gets another route
 * distinguisher, tunnel address or limit.
 */
import type { Instance } from './instance.ts';
import type { MacRow, MacTable } from './mac-table.ts';
import { NO_ROW } from './remote-routes.ts';

export class ClaimWalk {
  readonly #macs: MacTable;
  readonly #synchronise: (row: MacRow, instance: Instance) => void;
  readonly #requestWork: () => void;
  readonly #under = new Set<Instance>();

  /** `synchronise` is called for each MAC of an instance that is walked. */
  constructor(
    macs: MacTable,
    synchronise: (row: MacRow, instance: Instance) => void,
    requestWork: () => void,
  ) {
    this.#macs = macs;
    this.#synchronise = synchronise;
    this.#requestWork = requestWork;
  }

  get isIdle(): boolean {
    return this.#under.size === 0;
  }

  has(instance: Instance): boolean {
    return this.#under.has(instance);
  }

  /** From the first MAC, also when a walk of the instance is under way. */
  begin(instance: Instance): void {
    instance.walk = instance.firstMac;
    this.#under.add(instance);
    this.#requestWork();
  }

  /** Looks at up to `max` MACs; `ended` is told of each instance that is through. */
  step(max: number, ended: (instance: Instance) => void): void {
    let left = max;
    for (const instance of this.#under) {
      for (; left > 0 && instance.walk !== NO_ROW; left--) {
        const row = instance.walk;
        instance.walk = this.#macs.nextOfInstance(row);
        this.#synchronise(row, instance);
      }
      if (instance.walk !== NO_ROW) return;
      this.#under.delete(instance);
      ended(instance);
    }
  }
}
