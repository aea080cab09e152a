/**
 * Keeps a sink told of what is in the database: asks for the initial state in the best way that the server knows, and for no more
 * than what has changed where the last picture can be continued. Large pictures are told in slices.
 *
 * RFC 7047 section 4.1.5 (monitor), 4.1.6 (update); ovsdb-server(7) sections 4.1.14 (monitor_cond_since), "Update3 Notification".
 */
import type { Clock } from '../base/clock.ts';
import { OvsdbError } from './errors.ts';
import type { RpcConnection } from './rpc.ts';
import type { SchemaInfo } from './schema.ts';
import { inSlices } from './slices.ts';
import { applyUpdate, type MonitorSink } from './updates.ts';

const NO_TRANSACTION = '00000000-0000-0000-0000-000000000000';

export class Monitor {
  readonly #database: string;
  readonly #name: string;
  readonly #sink: MonitorSink;
  readonly #clock: Clock;
  #method: 'monitor_cond_since' | 'monitor' = 'monitor_cond_since';
  #lastTransaction = NO_TRANSACTION;
  #schema: SchemaInfo | undefined;
  #rpc: RpcConnection | undefined;

  /** `name` tells this monitor from others of the same connection. */
  constructor(database: string, name: string, sink: MonitorSink, clock: Clock) {
    this.#database = database;
    this.#name = name;
    this.#sink = sink;
    this.#clock = clock;
  }

  get method(): string {
    return this.#method;
  }

  /** Resolves when the sink has the whole picture, or the connection is of no more use. */
  async begin(rpc: RpcConnection, schema: SchemaInfo): Promise<void> {
    this.#rpc = rpc;
    this.#schema = schema;
    const requests = [...schema.columns].map(
      ([table, columns]) => [table, { columns: [...columns.keys()] }] as const,
    );
    if (this.#method === 'monitor_cond_since') {
      const conditional = Object.fromEntries(requests.map(([table, each]) => [table, [each]]));
      try {
        const params = [this.#database, this.#name, conditional, this.#lastTransaction];
        await rpc.requestInto('monitor_cond_since', params, (result) => {
          const [continues, transaction, updates] = result as [boolean, string, unknown];
          if (continues !== true) this.#sink.reset(schema);
          return this.#apply('difference', updates, transaction);
        });
        return;
      } catch (error) {
        if (!(error instanceof OvsdbError) || error.code !== 'refused') throw error;
        this.#method = 'monitor';
      }
    }
    const params = [this.#database, this.#name, Object.fromEntries(requests)];
    await rpc.requestInto('monitor', params, (result) => {
      this.#sink.reset(schema);
      return this.#apply('whole', result, NO_TRANSACTION);
    });
  }

  /** A notification of the connection; nothing happens on those that are not for a monitor. */
  notified(method: string, params: readonly unknown[]): Promise<void> | undefined {
    if (method === 'update') return this.#apply('whole', params[1], NO_TRANSACTION);
    if (method === 'update3') return this.#apply('difference', params[2], String(params[1]));
    return undefined;
  }

  /** A picture of which only a part was applied cannot be continued: until it is whole, the last transaction is not known. */
  #apply(form: 'whole' | 'difference', updates: unknown, transaction: string): Promise<void> | undefined {
    const rpc = this.#rpc!;
    this.#lastTransaction = NO_TRANSACTION;
    const isCurrent = (): boolean => this.#rpc === rpc && rpc.isOpen;
    const applied = (): void => {
      if (isCurrent()) this.#lastTransaction = transaction;
    };
    const work = applyUpdate(form, updates, this.#schema!, this.#sink);
    const done = inSlices(work, this.#clock, isCurrent);
    if (done) return done.then(applied);
    applied();
    return undefined;
  }
}
