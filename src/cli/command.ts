/**
 * A command as data: its grammar, what it is for, an example, and what it does. Most show one view or a table of rows;
 * `showOne` and `showRows` give these their `--json` form, so that every command has one.
 */
import type { ControlClient, Query } from '../control/index.ts';
import type { Output } from './output.ts';

/** Words of the line are true, values their canonical text. */
export type Args = Readonly<Record<string, string | true | undefined>>;

export interface CommandContext {
  readonly client: ControlClient;
  readonly args: Args;
  readonly json: boolean;
  readonly output: Output;
}

export interface Command {
  readonly pattern: string;
  /** One line. */
  readonly about: string;
  /** A line that works, and what one learns from it. */
  readonly example: string;
  readonly learns: string;
  run(context: CommandContext): Promise<void>;
}

type Text = Omit<Command, 'run'>;

export interface Request {
  readonly path: string;
  readonly query?: Query;
}

/** A table that flows: `begin` sees the first rows, so that it can fit its columns to them. */
export interface Table<T> {
  begin(first: readonly T[]): readonly string[];
  row(row: T): readonly string[];
  /** `count` rows were printed. */
  end(count: number): readonly string[];
}

export function showOne<T>(
  command: Text & {
    request(args: Args, client: ControlClient): Request | Promise<Request>;
    lines(view: T, args: Args): readonly string[];
  },
): Command {
  return {
    ...command,
    async run({ client, args, json, output }) {
      const { path, query } = await command.request(args, client);
      const view = await client.get<T>(path, query);
      await output.lines(json ? [JSON.stringify(view, null, 2)] : command.lines(view, args));
    },
  };
}

export function showRows<T>(
  command: Text & {
    request(args: Args, client: ControlClient): Request | Promise<Request>;
    table(args: Args, client: ControlClient): Table<T> | Promise<Table<T>>;
  },
): Command {
  return {
    ...command,
    async run({ client, args, json, output }) {
      const { path, query } = await command.request(args, client);
      await writeTable(
        client.rows<T>(path, query),
        json ? jsonTable() : await command.table(args, client),
        output,
      );
    },
  };
}

/** One valid JSON array, a row a line, so that it can be read whole or line by line. */
function jsonTable(): Table<unknown> {
  let separator = ' ';
  return {
    begin: () => ['['],
    row(row) {
      const line = `${separator}${JSON.stringify(row)}`;
      separator = ',';
      return [line];
    },
    end: () => [']'],
  };
}

export async function writeTable<T>(
  batches: AsyncIterable<readonly T[]>,
  table: Table<T>,
  output: Output,
): Promise<void> {
  let count = 0;
  let begun = false;
  for await (const batch of batches) {
    if (!begun) await output.lines(table.begin(batch));
    begun = true;
    count += batch.length;
    await output.lines(batch.flatMap((row) => table.row(row)));
  }
  if (!begun) await output.lines(table.begin([]));
  await output.lines(table.end(count));
}
