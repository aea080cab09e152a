/**
 * From the route targets of a route to the instances that import it. Sets of targets are interned: a thousand
 * routes of one leaf and VNI share one set, whose answer is worked out once and again when instances change.
 *
 * RFC 7432 section 7.10: a route is imported where one of its targets is an import target.
 */
import type { Instance } from './instance.ts';
import { automaticAs, automaticVni, type ImportTarget, targetKey } from './route-targets.ts';

/** Number of an interned set of targets, from 1. */
export type TargetSetId = number;

interface TargetSet {
  /** The targets' keys, concatenated. */
  readonly key: string;
  readonly targets: readonly string[];
  references: number;
  /** VNIs that import it, in no order; undefined when to be worked out again. */
  vnis: readonly number[] | undefined;
}

export class ImportIndex {
  readonly #sets: (TargetSet | undefined)[] = [undefined];
  readonly #free: TargetSetId[] = [];
  readonly #idOfKey = new Map<string, TargetSetId>();
  /** Which sets hold a target, and which instances want it: both by its key, and by the VNI of its automatic form. */
  readonly #setsOfTarget = new Map<string, Set<TargetSetId>>();
  readonly #setsOfVni = new Map<number, Set<TargetSetId>>();
  readonly #exact = new Map<string, Set<Instance>>();
  readonly #automatic = new Map<number, Set<Instance>>();

  /** The set of the route targets in `targets`, one more reference to it. Release it when it is no longer remembered. */
  retain(targets: readonly string[]): TargetSetId {
    const sorted = [...new Set(targets)].sort();
    const key = sorted.join('');
    let id = this.#idOfKey.get(key);
    if (id === undefined) {
      id = this.#free.pop() ?? this.#sets.length;
      this.#sets[id] = { key, targets: sorted, references: 0, vnis: undefined };
      this.#idOfKey.set(key, id);
      for (const target of sorted) {
        member(this.#setsOfTarget, target).add(id);
        member(this.#setsOfVni, automaticVni(target)).add(id);
      }
    }
    this.#sets[id]!.references++;
    return id;
  }

  release(id: TargetSetId): void {
    const set = this.#sets[id]!;
    if (--set.references > 0) return;
    for (const target of set.targets) {
      remove(this.#setsOfTarget, target, id);
      remove(this.#setsOfVni, automaticVni(target), id);
    }
    this.#idOfKey.delete(set.key);
    this.#sets[id] = undefined;
    this.#free.push(id);
  }

  /** The VNIs that import routes with this set. */
  vnis(id: TargetSetId): readonly number[] {
    const set = this.#sets[id]!;
    set.vnis ??= this.#match(set);
    return set.vnis;
  }

  /** Enters the import rules of `instance`. Returns the sets whose answer may have changed. */
  add(instance: Instance): Set<TargetSetId> {
    for (const rule of instance.importTargets) {
      if (rule.kind === 'exact') member(this.#exact, targetKey(rule.target)).add(instance);
      else member(this.#automatic, rule.vni).add(instance);
    }
    return this.concerning(instance);
  }

  /** Takes them out again; call it before they change. */
  remove(instance: Instance): Set<TargetSetId> {
    for (const rule of instance.importTargets) {
      if (rule.kind === 'exact') remove(this.#exact, targetKey(rule.target), instance);
      else remove(this.#automatic, rule.vni, instance);
    }
    return this.concerning(instance);
  }

  /** The sets that the import rules of `instance` speak of; what was worked out for them is forgotten. */
  concerning(instance: Instance): Set<TargetSetId> {
    const concerned = new Set<TargetSetId>();
    for (const rule of instance.importTargets) for (const id of this.#setsOf(rule)) concerned.add(id);
    for (const id of concerned) this.#sets[id]!.vnis = undefined;
    return concerned;
  }

  #setsOf(rule: ImportTarget): Iterable<TargetSetId> {
    const sets =
      rule.kind === 'exact' ? this.#setsOfTarget.get(targetKey(rule.target)) : this.#setsOfVni.get(rule.vni);
    return sets ?? [];
  }

  #match(set: TargetSet): readonly number[] {
    const vnis = new Set<number>();
    for (const target of set.targets) {
      for (const instance of this.#exact.get(target) ?? []) vnis.add(instance.vni);
      for (const instance of this.#automatic.get(automaticVni(target)) ?? []) {
        if (wantsAs(instance, automaticAs(target))) vnis.add(instance.vni);
      }
    }
    return [...vnis];
  }
}

function wantsAs(instance: Instance, as: number): boolean {
  return instance.importTargets.some(
    (rule) => rule.kind === 'automatic' && (rule.localAs === undefined || rule.localAs === as),
  );
}

function member<Key, Value>(map: Map<Key, Set<Value>>, key: Key): Set<Value> {
  let set = map.get(key);
  if (set === undefined) {
    set = new Set();
    map.set(key, set);
  }
  return set;
}

function remove<Key, Value>(map: Map<Key, Set<Value>>, key: Key, value: Value): void {
  const set = map.get(key);
  if (set?.delete(value) && set.size === 0) map.delete(key);
}
