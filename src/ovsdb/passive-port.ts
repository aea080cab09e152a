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
import { errorText, OvsdbError, type OvsdbErrorCode } from './errors.ts';
import { type FramingLimits, JsonFraming } from './json-framing.ts';
import type { StreamAsker } from './stream-source.ts';
import { type Listener, listen, type TlsFiles } from './transport.ts';

interface Expected {
  asker: StreamAsker;
  /** The asker has no stream yet. */
  waits: boolean;
  /** Dialled while nobody waited. */
  parked: Duplex | undefined;
}

/** So long may a switch take to say which one it is. */
const NAME_MILLISECONDS = 5000;
/** Who has not said who it is has only the names of its switches to tell. */
const STRANGER_LIMITS: FramingLimits = { maxMessageOctets: 65536, maxRowOctets: 65536, maxDepth: 16 };
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
  #lastRefusal: string | undefined;

  constructor(endpoint: OvsdbEndpoint, files: TlsFiles | undefined, clock: Clock, log: Logger) {
    this.name = printEndpoint(endpoint);
    this.#endpoint = endpoint;
    this.#files = files;
    this.#clock = clock;
    this.#log = log;
  }

  /** Hands over the next stream of that switch, or an error when the port cannot be had. */
  wait(switchName: string, asker: StreamAsker): () => void {
    const expected: Expected = this.#expected.get(switchName) ?? { asker, waits: true, parked: undefined };
    this.#expected.set(switchName, expected);
    expected.asker = asker;
    const { parked } = expected;
    expected.parked = undefined;
    if (parked && !parked.destroyed) {
      expected.waits = false;
      asker.done(parked);
      return () => {};
    }
    expected.waits = true;
    this.#open().catch((error: unknown) => {
      this.#listener = undefined;
      if (!expected.waits || expected.asker !== asker) return;
      expected.waits = false;
      asker.done(
        undefined,
        error instanceof OvsdbError ? error : new OvsdbError('disconnected', errorText(error)),
      );
    });
    return () => {
      if (expected.asker === asker) expected.waits = false;
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
      (error) => this.#refuse(error),
    );
    return this.#listener;
  }

  /** Logged once in a row, since who is refused dials again and again. It may be the switch that somebody waits for. */
  #refuse(error: OvsdbError): void {
    if (this.#lastRefusal === error.message) return;
    this.#lastRefusal = error.message;
    this.#log.warn({ endpoint: this.name }, error.message);
    for (const { waits, asker } of this.#expected.values()) if (waits) asker.refused(error);
  }

  #identify(stream: Duplex, peer: string): void {
    const reject = (why: string, code: OvsdbErrorCode = 'malformed'): void => {
      timer.cancel();
      stream.destroy();
      this.#refuse(new OvsdbError(code, `A switch that dialled from ${peer} was sent away: ${why}`));
    };
    const timer = this.#clock.after(NAME_MILLISECONDS, () =>
      reject('it does not say which switch it is', 'silent'),
    );
    let names: readonly string[] | undefined;
    const framing = new JsonFraming((said) => {
      const message = said as { id?: unknown; method?: unknown; params?: unknown; result?: unknown };
      if (message.method === 'echo') {
        stream.write(JSON.stringify({ id: message.id, result: message.params, error: null }));
      } else if (message.id === 'who') names = namesOf(message.result);
    }, STRANGER_LIMITS);
    const take = (chunk: Uint8Array): void => {
      try {
        framing.push(chunk);
      } catch (error) {
        reject(errorText(error));
        return;
      }
      if (names === undefined) return;
      timer.cancel();
      stream.off('data', take);
      stream.pause();
      if (framing.held > 0) reject('it spoke before it was asked');
      else this.#handOver(stream, names, reject);
    };
    stream.on('error', () => timer.cancel());
    stream.once('close', () => timer.cancel());
    stream.on('data', take);
    stream.write(WHO);
  }

  #handOver(
    stream: Duplex,
    names: readonly string[],
    reject: (why: string, code: OvsdbErrorCode) => void,
  ): void {
    let name = names.find((each) => this.#expected.has(each));
    // A switch that was wiped has no name yet; alone on its port it can only be the one that is expected.
    if (name === undefined && names.length === 0 && this.#expected.size === 1) [name] = this.#expected.keys();
    const expected = name === undefined ? undefined : this.#expected.get(name)!;
    if (!expected) {
      reject(
        `it is ${names.join(', ') || 'without a name'}, expected ${[...this.#expected.keys()].join(', ')}`,
        'schema',
      );
      return;
    }
    this.#lastRefusal = undefined;
    if (expected.waits) {
      expected.waits = false;
      expected.asker.done(stream);
      return;
    }
    expected.parked?.destroy();
    expected.parked = stream;
    expected.asker.superseded();
  }
}

function namesOf(result: unknown): string[] {
  const rows = Array.isArray(result)
    ? (result[0] as { rows?: { name?: unknown }[] } | null)?.rows
    : undefined;
  return (rows ?? []).flatMap(({ name }) => (typeof name === 'string' ? [name] : []));
}
