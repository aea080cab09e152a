/**
 * Keeps logical switches and VLAN bindings as configured: finds out what is to be done, does it step by step, and tries again
 * after a while what the server has refused.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { failureOf, type OperationResult } from '../../ovsdb/index.ts';
import type { BindingLedger } from './binding-ledger.ts';
import { type Binding, type BindingState, bindingStates, type Inventory } from './inventory.ts';
import type { Picture } from './picture.ts';
import { retireSteps, type StructureStep, structureSteps } from './structure.ts';

export interface StructureWriterParts {
  readonly switchName: string;
  readonly picture: Picture;
  readonly bindings: readonly Binding[];
  readonly ledger: BindingLedger;
  readonly keyAtLocators: boolean;
  readonly clock: Clock;
  readonly log: Logger;
  inventory(): Inventory;
  canWrite(): boolean;
  /** Rejects when it is not known whether it was done. */
  transact(operations: string): Promise<readonly OperationResult[]>;
  /** Something was done, or could not be. */
  progressed(): void;
}

const RETRY_MILLISECONDS = 2000;

export class StructureWriter {
  readonly #parts: StructureWriterParts;
  #configured: readonly Binding[];
  /** Bindings that evpnd has made, in this run or an earlier one, and that are not configured any more. */
  #retired: readonly Binding[] = [];
  #busy = false;
  #retry: Timer | undefined;
  readonly #failures = new Map<string, string>();

  constructor(parts: StructureWriterParts) {
    this.#parts = parts;
    this.#configured = parts.bindings;
  }

  get configured(): readonly Binding[] {
    return this.#configured;
  }

  /** What could not be written, and why. */
  get failures(): ReadonlyMap<string, string> {
    return this.#failures;
  }

  bindingStates(): BindingState[] {
    return bindingStates(this.#parts.inventory(), this.#configured);
  }

  /** Bindings of earlier runs count as ours. */
  open(): void {
    this.#retired = this.#parts.ledger.read();
    this.rebind(this.#configured);
  }

  /** Takes other bindings; those that go are taken out of the switch. */
  rebind(bindings: readonly Binding[]): void {
    const kept = new Set(bindings.map(nameOf));
    this.#retired = [...this.#retired, ...this.#configured].filter((binding) => !kept.has(nameOf(binding)));
    this.#configured = bindings;
    this.#writeDown();
  }

  /** Does what is to be done now. */
  build(): void {
    const { picture, inventory, canWrite, keyAtLocators, progressed } = this.#parts;
    if (this.#busy || !canWrite()) return;
    this.#forgetRetired(inventory());
    const steps = [
      ...structureSteps(inventory(), {
        configured: this.#configured,
        retired: this.#retired,
        keyAtLocators: keyAtLocators && picture.hasTunnelKeys,
      }),
      ...retireSteps(inventory(), picture),
    ].filter(({ about }) => !this.#failures.has(about));
    if (steps.length === 0) return;
    this.#busy = true;
    this.#perform(steps).finally(() => {
      this.#busy = false;
      this.build();
      progressed();
    });
  }

  close(): void {
    this.#retry?.cancel();
  }

  /** One that is out of the switch is no concern of ours any more, even when somebody makes it anew. */
  #forgetRetired(inventory: Inventory): void {
    if (inventory.uuid === undefined || this.#retired.length === 0) return;
    this.#retired = this.#retired.filter(({ port: name, vlan, vni }) => {
      const held = inventory.ports.find((port) => port.name === name)?.bindings.get(vlan);
      return held !== undefined && inventory.logicalSwitches.get(held)?.vni === vni;
    });
    this.#writeDown();
  }

  #writeDown(): void {
    this.#parts.ledger.write([...this.#configured, ...this.#retired]);
  }

  async #perform(steps: readonly StructureStep[]): Promise<void> {
    const { log, switchName, transact } = this.#parts;
    for (const [index, { about, operations }] of steps.entries()) {
      try {
        const results = await transact(JSON.stringify(operations));
        const failure = failureOf(results, operations.length);
        if (failure) this.#failed(about, inWords(failure.text));
        else if (steps[index + 1]?.about !== about) log.info({ switch: switchName }, `${about}: written`);
      } catch {
        // The connection is gone; with the next one all of it is looked at again.
        return;
      }
    }
  }

  /** Tried again after a while, whatever has changed by then. */
  #failed(about: string, text: string): void {
    const { log, clock, switchName } = this.#parts;
    log.warn({ switch: switchName }, `Cannot write ${about}: ${text}`);
    this.#failures.set(about, text);
    this.#retry ??= clock.after(RETRY_MILLISECONDS, () => {
      this.#retry = undefined;
      this.#failures.clear();
      this.build();
    });
  }
}

const nameOf = ({ port, vlan, vni }: Binding): string => `${port} ${vlan} ${vni}`;

/** A guard that does not hold is a wait without time (RFC 7047 section 5.2.6). */
const inWords = (text: string): string =>
  text.startsWith('timed out') ? `somebody else has changed it meanwhile (${text})` : text;
