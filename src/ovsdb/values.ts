/**
 * The values of columns: atoms, sets, maps and UUIDs as JSON has them, and the differences in which newer servers tell
 * changes.
 *
 * RFC 7047 section 5.1 (notation); ovsdb-server(7) "Update2 Notification" (differences).
 */

export type Uuid = string;
/** A row as it comes: column name to value. */
export type RawRow = Readonly<Record<string, unknown>>;

/** The members of a set; a single atom stands for the set of itself. */
export function setOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value[0] === 'set') return Array.isArray(value[1]) ? value[1] : [];
  return [value];
}

/** The pairs of a map. */
export function pairsOf(value: unknown): readonly (readonly [unknown, unknown])[] {
  if (!Array.isArray(value) || value[0] !== 'map' || !Array.isArray(value[1])) return [];
  return value[1].filter((pair): pair is [unknown, unknown] => Array.isArray(pair) && pair.length === 2);
}

/** `["uuid", "..."]` to its text; undefined when it is none. */
export function uuidOf(value: unknown): Uuid | undefined {
  return Array.isArray(value) && value[0] === 'uuid' && typeof value[1] === 'string' ? value[1] : undefined;
}

export const uuidSet = (value: unknown): readonly Uuid[] =>
  setOf(value).flatMap((each) => uuidOf(each) ?? []);

export const stringSet = (value: unknown): readonly string[] =>
  setOf(value).flatMap((each) => (typeof each === 'string' ? [each] : []));

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** An optional integer column: a number, or the empty set. */
export const integerOf = (value: unknown): number | undefined =>
  typeof value === 'number' ? value : undefined;

export function stringMap(value: unknown): ReadonlyMap<string, string> {
  const pairs = pairsOf(value).filter(([key, held]) => typeof key === 'string' && typeof held === 'string');
  return new Map(pairs as [string, string][]);
}

/** How a difference of a column is to be applied. */
export type ColumnShape = 'scalar' | 'set' | 'map';

interface SchemaColumn {
  readonly type?: unknown;
}

/** From a column of the schema (RFC 7047 section 3.2): a set of more than one, a map, or a value that is replaced whole. */
export function shapeOf(column: SchemaColumn): ColumnShape {
  const { type } = column;
  if (typeof type !== 'object' || type === null) return 'scalar';
  const { value, max } = type as { value?: unknown; max?: unknown };
  if (max === undefined || max === 1) return 'scalar';
  return value === undefined ? 'set' : 'map';
}

/** The value after a change told as a difference: members of a set change sides, pairs of a map come, go or are replaced. */
export function applyDifference(shape: ColumnShape, before: unknown, difference: unknown): unknown {
  if (shape === 'scalar') return difference;
  if (shape === 'set') {
    const members = new Map(setOf(before).map((each) => [JSON.stringify(each), each]));
    for (const each of setOf(difference)) {
      const name = JSON.stringify(each);
      if (!members.delete(name)) members.set(name, each);
    }
    return ['set', [...members.values()]];
  }
  const pairs = new Map(pairsOf(before).map(([key, value]) => [JSON.stringify(key), [key, value] as const]));
  for (const [key, value] of pairsOf(difference)) {
    const name = JSON.stringify(key);
    const known = pairs.get(name);
    if (known && JSON.stringify(known[1]) === JSON.stringify(value)) pairs.delete(name);
    else pairs.set(name, [key, value]);
  }
  return ['map', [...pairs.values()]];
}
