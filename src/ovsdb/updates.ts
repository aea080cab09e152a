/**
 * What a monitor tells, in both forms: rows whole before and after (RFC 7047 section 4.1.6), or only what differs
 * (ovsdb-server(7), "Update2 Notification"). Tables come in the order in which they were wanted, whatever their order in
 * the message, so that a row is told after those that it refers to.
 */
import { malformed } from './errors.ts';
import type { SchemaInfo } from './schema.ts';
import type { RawRow, Uuid } from './values.ts';

export interface MonitorSink {
  /** A new picture begins, of this schema: what was told before no longer counts. */
  reset(schema: SchemaInfo): void;
  /** A row with its columns; those with their default value may be left out. */
  insert(table: string, uuid: Uuid, row: RawRow): void;
  /** A row that changed, with all its columns. */
  replace(table: string, uuid: Uuid, row: RawRow): void;
  /** A row that changed, with the differences of the columns that did; `applyDifference` applies them. */
  modify(table: string, uuid: Uuid, differences: RawRow): void;
  remove(table: string, uuid: Uuid): void;
  /** Ends what belongs together. */
  settled(): void;
}

type TableUpdates = Readonly<Record<string, Readonly<Record<Uuid, unknown>>>>;

interface WholeUpdate {
  readonly old?: RawRow;
  readonly new?: RawRow;
}

interface DifferenceUpdate {
  readonly initial?: RawRow;
  readonly insert?: RawRow;
  readonly modify?: RawRow;
  readonly delete?: RawRow | null;
}

/**
 * Tells the sink, a row a step, so that whoever runs it may stop in between.
 * @throws OvsdbError `malformed` when it is no table-updates object
 */
export function* applyUpdate(
  form: 'whole' | 'difference',
  updates: unknown,
  schema: SchemaInfo,
  sink: MonitorSink,
): Generator<void> {
  if (typeof updates !== 'object' || updates === null) {
    throw malformed('an update holds no tables');
  }
  for (const table of schema.columns.keys()) {
    const rows = (updates as TableUpdates)[table];
    if (rows === undefined) continue;
    for (const uuid in rows) {
      const update = rows[uuid];
      if (typeof update !== 'object' || update === null) continue;
      if (form === 'whole') applyWhole(table, uuid, update as WholeUpdate, sink);
      else applyDifferences(table, uuid, update as DifferenceUpdate, sink);
      yield;
    }
  }
  sink.settled();
}

function applyWhole(table: string, uuid: Uuid, update: WholeUpdate, sink: MonitorSink): void {
  if (!update.new) sink.remove(table, uuid);
  else if (update.old) sink.replace(table, uuid, update.new);
  else sink.insert(table, uuid, update.new);
}

function applyDifferences(table: string, uuid: Uuid, update: DifferenceUpdate, sink: MonitorSink): void {
  if (update.modify) sink.modify(table, uuid, update.modify);
  else if (update.delete !== undefined) sink.remove(table, uuid);
  else {
    const row = update.initial ?? update.insert;
    if (row) sink.insert(table, uuid, row);
  }
}
