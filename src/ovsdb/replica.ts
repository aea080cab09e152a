/** Small tables kept as they are in the database, by UUID: the sink of a monitor for what is few. */
import type { SchemaInfo } from './schema.ts';
import { applyDifference, type ColumnShape, type RawRow, type Uuid } from './values.ts';

export class TableReplica {
  readonly rows = new Map<Uuid, RawRow>();
  #shapes: ReadonlyMap<string, ColumnShape> = new Map();

  /** Column shapes are known once the schema is. */
  describe(table: string, schema: SchemaInfo): void {
    this.#shapes = schema.columns.get(table) ?? new Map();
  }

  insert(uuid: Uuid, row: RawRow): void {
    this.rows.set(uuid, row);
  }

  modify(uuid: Uuid, differences: RawRow): void {
    const row: Record<string, unknown> = { ...this.rows.get(uuid) };
    for (const [column, difference] of Object.entries(differences)) {
      row[column] = applyDifference(this.#shapes.get(column) ?? 'scalar', row[column], difference);
    }
    this.rows.set(uuid, row);
  }

  remove(uuid: Uuid): void {
    this.rows.delete(uuid);
  }

  clear(): void {
    this.rows.clear();
  }
}
