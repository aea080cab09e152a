/**
 * Rows that MAC rows refer to, by UUID and by a small number, their slot, which the columns of MAC rows hold. A slot may be given
 * before the row itself is known.
 */
import type { Uuid } from '../../ovsdb/index.ts';

export interface Referent {
  readonly uuid: Uuid;
  readonly slot: number;
}

export class Referents<T extends Referent> {
  readonly #make: (uuid: Uuid, slot: number) => T;
  readonly #byUuid = new Map<Uuid, T>();
  readonly #bySlot: (T | undefined)[] = [];

  constructor(make: (uuid: Uuid, slot: number) => T) {
    this.#make = make;
  }

  /** Made when it is not known yet. */
  of(uuid: Uuid): T {
    let known = this.#byUuid.get(uuid);
    if (!known) {
      const free = this.#bySlot.indexOf(undefined);
      known = this.#make(uuid, free < 0 ? this.#bySlot.length : free);
      this.#byUuid.set(uuid, known);
      this.#bySlot[known.slot] = known;
    }
    return known;
  }

  find(uuid: Uuid): T | undefined {
    return this.#byUuid.get(uuid);
  }

  at(slot: number): T {
    return this.#bySlot[slot]!;
  }

  all(): Iterable<T> {
    return this.#byUuid.values();
  }

  free(uuid: Uuid): void {
    const known = this.#byUuid.get(uuid);
    if (!known) return;
    this.#byUuid.delete(uuid);
    this.#bySlot[known.slot] = undefined;
  }

  clear(): void {
    this.#byUuid.clear();
    this.#bySlot.length = 0;
  }
}
