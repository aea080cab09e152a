/**
 * Whether a database is one that we can work with: its name, its version, and the tables and columns that are needed.
 *
 * RFC 7047 section 3.2 (schema), section 3.1 (version).
 */
import { OvsdbError } from './errors.ts';
import { type ColumnShape, shapeOf } from './values.ts';

export interface WantedTable {
  readonly name: string;
  readonly columns: readonly string[];
  /** Columns and tables of newer schemas: used where they are there. */
  readonly optionalColumns?: readonly string[];
  readonly optional?: boolean;
}

export type WantedTables = readonly WantedTable[];

export interface SchemaInfo {
  readonly version: string;
  /** Of the tables that are wanted and there: the shape of each wanted column, in the order wanted. */
  readonly columns: ReadonlyMap<string, ReadonlyMap<string, ColumnShape>>;
}

type Tables = Readonly<Record<string, { readonly columns?: Readonly<Record<string, object>> }>>;

/** @throws OvsdbError `schema` that names what is missing */
export function checkSchema(answer: unknown, database: string, wanted: WantedTables): SchemaInfo {
  const { name, version, tables } = (answer ?? {}) as { name?: unknown; version?: unknown; tables?: Tables };
  if (name !== database || typeof tables !== 'object') {
    throw new OvsdbError(
      'schema',
      `Cannot use the schema: its name is ${JSON.stringify(name)}, expected "${database}"`,
    );
  }
  const missing: string[] = [];
  const columns = new Map<string, ReadonlyMap<string, ColumnShape>>();
  for (const table of wanted) {
    const found = tables[table.name]?.columns;
    if (!found) {
      if (!table.optional) missing.push(`table ${table.name}`);
      continue;
    }
    missing.push(
      ...table.columns.filter((column) => !found[column]).map((column) => `${table.name}.${column}`),
    );
    const all = [...table.columns, ...(table.optionalColumns ?? [])];
    columns.set(
      table.name,
      new Map(all.flatMap((column) => (found[column] ? [[column, shapeOf(found[column])] as const] : []))),
    );
  }
  if (missing.length > 0) {
    const text = `Cannot use schema ${database} ${String(version)}: it has no ${missing.join(', ')}`;
    throw new OvsdbError('schema', text);
  }
  return { version: typeof version === 'string' ? version : 'unknown', columns };
}
