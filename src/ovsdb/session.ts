/**
 * A lasting session with one OVSDB server: connects again when the connection is lost, reads the schema, monitors the wanted
 * tables, holds a lock when asked to, and performs transactions while it is ready.
 *
 * RFC 7047 sections 4.1.2 (get_schema), 4.1.3 (transact), 4.1.8 (lock).
 */
import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { errorText, OvsdbError } from './errors.ts';
import type { FramingLimits } from './json-framing.ts';
import { Monitor } from './monitor.ts';
import { RpcConnection } from './rpc.ts';
import { checkSchema, type SchemaInfo, type WantedTables } from './schema.ts';
import type { StreamSource } from './stream-source.ts';
import type { OperationResult } from './transaction.ts';
import type { MonitorSink } from './updates.ts';

export interface SessionOptions {
  readonly source: StreamSource;
  readonly database: string;
  /** Tables and columns to monitor, in the order in which their changes are to be told. */
  readonly tables: WantedTables;
  readonly sink: MonitorSink;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1): spreads reconnects. */
  readonly random: () => number;
  /** Name of a lock without which nothing is written (RFC 7047 section 4.1.8). */
  readonly lock?: string | undefined;
  readonly probeMilliseconds?: number;
  readonly connectMilliseconds?: number;
  readonly limits?: FramingLimits;
  /** `lastError` is another one: an attempt or the connection has failed. */
  failed?(): void;
  /** Ready: the picture is complete (and the lock ours). Not ready: with the reason. */
  stateChanged(ready: boolean): void;
}

/** waiting: between attempts. syncing: connected, the picture is not complete. standby: another one has the lock. */
export type SessionState = 'waiting' | 'connecting' | 'syncing' | 'standby' | 'ready' | 'closed';

const FIRST_DELAY_MILLISECONDS = 100;
/** A switch that restarts is to be whole two seconds after its return, so nobody waits longer than this. */
const LONGEST_DELAY_MILLISECONDS = 1000;
const PROBE_MILLISECONDS = 5000;
const CONNECT_MILLISECONDS = 5000;

export class OvsdbSession {
  readonly #options: SessionOptions;
  #state: SessionState = 'closed';
  #rpc: RpcConnection | undefined;
  #abort: (() => void) | undefined;
  #timer: Timer | undefined;
  #failures = 0;
  #schema: SchemaInfo | undefined;
  readonly #monitor: Monitor;
  #locked = false;
  #synced = false;
  #lastError: OvsdbError | undefined;
  #connections = 0;

  constructor(options: SessionOptions) {
    const { database, source, sink, clock } = options;
    this.#options = options;
    this.#monitor = new Monitor(database, source.name, sink, clock);
  }

  get state(): SessionState {
    return this.#state;
  }

  get isReady(): boolean {
    return this.#state === 'ready';
  }

  /** Why the last attempt or connection ended; undefined while all is well. */
  get lastError(): OvsdbError | undefined {
    return this.#lastError;
  }

  get schemaVersion(): string | undefined {
    return this.#schema?.version;
  }

  get connections(): number {
    return this.#connections;
  }

  get monitorMethod(): string {
    return this.#monitor.method;
  }

  start(): void {
    if (this.#state === 'closed') this.#connect();
  }

  close(): void {
    this.#timer?.cancel();
    this.#abort?.();
    const rpc = this.#rpc;
    this.#rpc = undefined;
    this.#setState('closed');
    rpc?.close();
    this.#options.source.close();
  }

  /** `operations` is the JSON of a list of operations. Rejects when the connection ends before the answer. */
  async transact(operations: string): Promise<readonly OperationResult[]> {
    const { database, lock } = this.#options;
    if (!this.#rpc || !this.isReady) throw new OvsdbError('disconnected', this.#notReadyText());
    const guard = lock === undefined ? '' : `{"op":"assert","lock":${JSON.stringify(lock)}}`;
    const parts = [JSON.stringify(database), guard, operations.slice(1, -1)];
    const params = `[${parts.filter((part) => part !== '').join(',')}]`;
    const results = (await this.#rpc.requestText('transact', params)) as OperationResult[];
    if (!Array.isArray(results)) throw new OvsdbError('malformed', 'The answer to a transaction is no list');
    return lock === undefined ? results : results.slice(1);
  }

  /** Takes the lock from whoever has it (RFC 7047 section 4.1.9). */
  async steal(): Promise<void> {
    const { lock } = this.#options;
    if (lock === undefined || !this.#rpc) return;
    await this.#rpc.request('steal', [lock]);
    this.#locked = true;
    this.#settleState();
  }

  #notReadyText(): string {
    if (this.#state === 'standby') return 'another controller has the lock';
    return this.#lastError?.message ?? 'not connected';
  }

  #setState(state: SessionState): void {
    if (this.#state === state) return;
    const wasReady = this.#state === 'ready';
    this.#state = state;
    if (wasReady !== (state === 'ready')) this.#options.stateChanged(state === 'ready');
  }

  #connect(): void {
    const { source, clock, connectMilliseconds = CONNECT_MILLISECONDS } = this.#options;
    this.#timer = undefined;
    this.#setState('connecting');
    let giveUp: Timer | undefined;
    let over = false;
    const abort = source.connect({
      done: (stream, error) => {
        over = true;
        giveUp?.cancel();
        this.#abort = undefined;
        if (stream) this.#begin(stream);
        else this.#failed(error!);
      },
      superseded: () => this.#rpc?.close(new OvsdbError('disconnected', 'the switch has dialled anew')),
      refused: (error) => {
        if (!this.isReady) this.#note(error);
      },
    });
    if (over) return;
    this.#abort = abort;
    if (source.waits) return;
    giveUp = clock.after(connectMilliseconds, () => {
      abort();
      this.#abort = undefined;
      this.#failed(new OvsdbError('disconnected', `No connection within ${connectMilliseconds / 1000} s`));
    });
  }

  #failed(error: OvsdbError): void {
    if (this.#state === 'closed') return;
    const { clock, random } = this.#options;
    this.#setState('waiting');
    this.#note(error);
    const longest = Math.min(LONGEST_DELAY_MILLISECONDS, FIRST_DELAY_MILLISECONDS * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 10);
    this.#timer = clock.after(longest * (0.75 + random() / 4), () => this.#connect());
  }

  /** Logged and told when it is news. */
  #note(error: OvsdbError): void {
    const { log, source } = this.#options;
    const isNews = this.#lastError?.message !== error.message;
    this.#lastError = error;
    if (!isNews) return;
    log.warn({ endpoint: source.name, code: error.code }, `OVSDB ${source.name}: ${error.message}`);
    this.#options.failed?.();
  }

  #begin(stream: Duplex): void {
    const { clock, probeMilliseconds = PROBE_MILLISECONDS, limits } = this.#options;
    this.#setState('syncing');
    this.#synced = false;
    this.#locked = false;
    const rpc: RpcConnection = new RpcConnection({
      stream,
      clock,
      probeMilliseconds,
      ...(limits ? { limits } : {}),
      notified: (method, params) => this.#notified(rpc, method, params),
      closed: (error) => {
        if (this.#rpc !== rpc) return;
        this.#rpc = undefined;
        this.#failed(error);
      },
    });
    this.#rpc = rpc;
    this.#synchronise(rpc).catch((error: unknown) => {
      const known =
        error instanceof OvsdbError ? error : new OvsdbError('malformed', errorText(error), { cause: error });
      rpc.close(known);
    });
  }

  async #synchronise(rpc: RpcConnection): Promise<void> {
    const { database, tables, lock } = this.#options;
    let answer: unknown;
    try {
      answer = await rpc.request('get_schema', [database]);
    } catch (error) {
      if (!(error instanceof OvsdbError) || error.code !== 'refused') throw error;
      throw new OvsdbError('schema', `The server has no database ${database} (${error.message})`, {
        cause: error,
      });
    }
    const schema = checkSchema(answer, database, tables);
    this.#schema = schema;
    if (lock !== undefined) await this.#askForLock(rpc, lock);
    await this.#monitor.begin(rpc, schema);
    if (this.#rpc !== rpc) return;
    this.#synced = true;
    this.#connections++;
    this.#settleState();
  }

  async #askForLock(rpc: RpcConnection, lock: string): Promise<void> {
    const answer = (await rpc.request('lock', [lock])) as { locked?: unknown };
    if (answer.locked === true) this.#locked = true;
  }

  #notified(rpc: RpcConnection, method: string, params: readonly unknown[]): Promise<void> | undefined {
    if (this.#rpc !== rpc || !this.#schema) return undefined;
    if (method !== 'locked' && method !== 'stolen') return this.#monitor.notified(method, params);
    if (params[0] === this.#options.lock) {
      this.#locked = method === 'locked';
      this.#settleState();
    }
    return undefined;
  }

  #settleState(): void {
    if (!this.#synced || !this.#rpc) return;
    if (this.#options.lock !== undefined && !this.#locked) {
      this.#setState('standby');
      return;
    }
    this.#failures = 0;
    this.#lastError = undefined;
    this.#setState('ready');
  }
}
