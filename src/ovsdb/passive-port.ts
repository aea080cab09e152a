/**
 * A port that switches dial (the target of their Manager rows). Who has dialled is asked of the database itself: each stream goes
 * to the session that waits for a switch with the name in Physical_Switch.
 *
 * RFC 7047 section 4 (either side may open the connection).
 */
import type { Duplex } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { type OvsdbEndpoint, printEndpoint } from '../base/ovsdb-endpoint.ts';
import { errorText, OvsdbError } from './errors.ts';
import { JsonFraming } from './json-framing.ts';
import { type Listener, listen, type TlsFiles } from './transport.ts';

type Done = (stream: Duplex | undefined, error?: OvsdbError) => void;

interface Expected {
  done: Done | undefined;
  /** The stream in use is of an earlier life of the switch. */
  superseded: () => void;
  /** Dialled while nobody waited. */
  parked: Duplex | undefined;
}

/** So long may a switch take to say which one it is. */
const NAME_MILLISECONDS = 5000;
const WHO = JSON.stringify({
  method: 'transact',
  params: ['hardware_vtep', { op: 'select', table: 'Physical_Switch', where: [], columns: ['name'] }],
  id: 'who',
});

export class PassivePort {
  readonly name: string;
  readonly #endpoint: OvsdbEndpoint;
  readonly #files: TlsFiles | undefined;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #expected = new Map<string, Expected>();
  #listener: Promise<Listener> | undefined;

  constructor(endpoint: OvsdbEndpoint, files: TlsFiles | undefined, clock: Clock, log: Logger) {
    this.name = printEndpoint(endpoint);
    this.#endpoint = endpoint;
    this.#files = files;
    this.#clock = clock;
    this.#log = log;
  }

  /** Calls `done` with the next stream of that switch, or with an error when the port cannot be had. */
  wait(switchName: string, done: Done, superseded: () => void): () => void {
    const expected: Expected = this.#expected.get(switchName) ?? {
      done: undefined,
      superseded,
      parked: undefined,
    };
    this.#expected.set(switchName, expected);
    expected.superseded = superseded;
    const { parked } = expected;
    expected.parked = undefined;
    if (parked && !parked.destroyed) {
      done(parked);
      return () => {};
    }
    expected.done = done;
    this.#open().catch((error: unknown) => {
      this.#listener = undefined;
      this.#take(expected)?.(
        undefined,
        error instanceof OvsdbError ? error : new OvsdbError('disconnected', errorText(error)),
      );
    });
    return () => {
      if (expected.done === done) expected.done = undefined;
    };
  }

  /** No session waits for that switch any more; with the last one the port is closed. */
  forget(switchName: string): void {
    this.#expected.get(switchName)?.parked?.destroy();
    this.#expected.delete(switchName);
    if (this.#expected.size > 0) return;
    this.#listener?.then((listener) => listener.close()).catch(() => {});
    this.#listener = undefined;
  }

  /** The port that it listens on, which differs from the endpoint's when that was 0. */
  async port(): Promise<number> {
    return (await this.#open()).port;
  }

  #open(): Promise<Listener> {
    this.#listener ??= listen(
      this.#endpoint,
      this.#files,
      (stream, peer) => this.#identify(stream, peer),
      (error) => this.#log.warn({ endpoint: this.name }, `A switch was refused: ${error.message}`),
    );
    return this.#listener;
  }

  #identify(stream: Duplex, peer: string): void {
    const reject = (why: string): void => {
      timer.cancel();
      this.#log.warn({ endpoint: this.name, peer }, `A switch that dialled was sent away: ${why}`);
      stream.destroy();
    };
    const timer = this.#clock.after(NAME_MILLISECONDS, () => reject('it does not say which switch it is'));
    const framing = new JsonFraming((said) => {
      const message = said as { id?: unknown; method?: unknown; params?: unknown; result?: unknown };
      if (message.method === 'echo') {
        stream.write(JSON.stringify({ id: message.id, result: message.params, error: null }));
      } else if (message.id === 'who') {
        timer.cancel();
        stream.off('data', take);
        stream.pause();
        if (framing.held > 0) reject('it spoke before it was asked');
        else this.#handOver(stream, namesOf(message.result), reject);
      }
    });
    const take = (chunk: Uint8Array): void => {
      try {
        framing.push(chunk);
      } catch (error) {
        reject(errorText(error));
      }
    };
    stream.on('error', () => timer.cancel());
    stream.once('close', () => timer.cancel());
    stream.on('data', take);
    stream.write(WHO);
  }

  #handOver(stream: Duplex, names: readonly string[], reject: (why: string) => void): void {
    let name = names.find((each) => this.#expected.has(each));
    // A switch that was wiped has no name yet; alone on its port it can only be the one that is expected.
    if (name === undefined && names.length === 0 && this.#expected.size === 1) [name] = this.#expected.keys();
    const expected = name === undefined ? undefined : this.#expected.get(name)!;
    if (!expected) {
      reject(
        `it is ${names.join(', ') || 'without a name'}, expected ${[...this.#expected.keys()].join(', ')}`,
      );
      return;
    }
    const done = this.#take(expected);
    if (done) {
      done(stream);
      return;
    }
    expected.parked?.destroy();
    expected.parked = stream;
    expected.superseded();
  }

  #take(expected: Expected): Done | undefined {
    const { done } = expected;
    expected.done = undefined;
    return done;
  }
}

function namesOf(result: unknown): string[] {
  const rows = Array.isArray(result)
    ? (result[0] as { rows?: { name?: unknown }[] } | null)?.rows
    : undefined;
  return (rows ?? []).flatMap(({ name }) => (typeof name === 'string' ? [name] : []));
}
