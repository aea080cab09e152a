/** A session against a server that says what the test tells it to. */
import { once } from 'node:events';
import net from 'node:net';
import type { Test } from 'tap';
import { ManualClock } from '../../src/base/clock.ts';
import { recordingLogger } from '../../src/base/log.ts';
import {
  activeSource,
  JsonFraming,
  type MonitorSink,
  OvsdbSession,
  parseEndpoint,
  type RawRow,
  type SessionOptions,
  type WantedTables,
} from '../../src/ovsdb/index.ts';

const TABLES: WantedTables = [{ name: 'T', columns: ['name', 'members'] }];
export const SCHEMA = {
  name: 'db',
  version: '1.2.3',
  tables: {
    T: {
      columns: { name: { type: 'string' }, members: { type: { key: 'string', min: 0, max: 'unlimited' } } },
    },
  },
};

export interface Call {
  readonly method: string;
  readonly params: unknown[];
  readonly id: unknown;
}

export class ScriptedServer {
  readonly server = net.createServer((socket) => this.#accept(socket));
  readonly calls: Call[] = [];
  readonly sockets: net.Socket[] = [];
  /** Undefined: no answer. */
  answer: (call: Call) => { result?: unknown; error?: unknown } | undefined;
  #waiting: { method: string; resolve: (call: Call) => void }[] = [];

  constructor(answer: ScriptedServer['answer']) {
    this.answer = answer;
  }

  async start(t: Test): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    t.teardown(() => {
      for (const socket of this.sockets) socket.destroy();
      this.server.close();
    });
    return `tcp:127.0.0.1:${(this.server.address() as net.AddressInfo).port}`;
  }

  send(message: object): void {
    this.sockets.at(-1)!.write(JSON.stringify(message));
  }

  /** Resolves with the next call of that method that has not been waited for. */
  call(method: string): Promise<Call> {
    const at = this.calls.findIndex((each) => each.method === method);
    if (at >= 0) return Promise.resolve(this.calls.splice(at, 1)[0]!);
    return new Promise((resolve) => this.#waiting.push({ method, resolve }));
  }

  #accept(socket: net.Socket): void {
    this.sockets.push(socket);
    socket.on('error', () => {});
    const framing = new JsonFraming((said) => {
      const message = said as Call & { result?: unknown };
      const call = { ...message, method: message.method ?? 'reply' };
      const reply = this.answer(call);
      if (reply) socket.write(JSON.stringify({ id: call.id, result: null, error: null, ...reply }));
      const at = this.#waiting.findIndex(({ method }) => method === call.method);
      if (at >= 0) this.#waiting.splice(at, 1)[0]!.resolve(call);
      else this.calls.push(call);
    });
    socket.on('data', (chunk) => framing.push(chunk));
  }
}

/** Answers as an ovsdb-server that knows `monitor` only. */
export const plain = (call: Call): { result?: unknown; error?: unknown } | undefined => {
  if (call.method === 'get_schema') return { result: SCHEMA };
  if (call.method === 'monitor')
    return { result: { T: { u1: { new: { name: 'one', members: ['set', []] } } } } };
  if (call.method === 'lock' || call.method === 'steal')
    return { result: { locked: call.method === 'steal' } };
  if (call.method === 'transact') return { result: [{ count: 1 }, { count: 2 }] };
  return { error: { error: 'unknown method', details: call.method } };
};

export class RowSink implements MonitorSink {
  readonly rows = new Map<string, RawRow>();
  readonly lines: string[] = [];
  reset(): void {
    this.rows.clear();
    this.lines.push('reset');
  }
  insert(_table: string, uuid: string, row: RawRow): void {
    this.rows.set(uuid, row);
  }
  replace(table: string, uuid: string, row: RawRow): void {
    this.lines.push(`replace ${uuid}`);
    this.insert(table, uuid, row);
  }
  modify(_table: string, uuid: string, row: RawRow): void {
    this.lines.push(`modify ${uuid} ${JSON.stringify(row)}`);
  }
  remove(_table: string, uuid: string): void {
    this.rows.delete(uuid);
  }
  settled(): void {
    this.lines.push('settled');
  }
}

export async function begin(t: Test, server: ScriptedServer, options: Partial<SessionOptions> = {}) {
  const endpoint = await server.start(t);
  const clock = new ManualClock();
  const sink = new RowSink();
  const states: boolean[] = [];
  let changed: () => void = () => {};
  const session = new OvsdbSession({
    source: activeSource(parseEndpoint(endpoint)!),
    database: 'db',
    tables: TABLES,
    sink,
    clock,
    log: recordingLogger(),
    random: () => 0,
    stateChanged: (ready) => {
      states.push(ready);
      changed();
    },
    ...options,
  });
  t.teardown(() => session.close());
  session.start();
  /** Resolves when the session has become ready, or has ceased to be, once more. */
  const change = (): Promise<void> =>
    new Promise((resolve) => {
      changed = resolve;
    });
  return { session, sink, clock, states, change };
}

/** Turns of the event loop until `condition` holds: events of sockets only, no time. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = Date.now() + 10_000;
  while (Date.now() < end) {
    if (condition()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`it did not come about that ${what}`);
}
