/**
 * JSON-RPC 1.0 over one connection: requests with their answers, notifications, and echo both ways. A peer that says nothing is
 * probed, and given up when it does not answer.
 *
 * RFC 7047 sections 4 and 4.1.11 (echo).
 */
import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../base/clock.ts';
import { connectionError, errorText, OvsdbError } from './errors.ts';
import { FRAMING_LIMITS, type FramingLimits, JsonFraming } from './json-framing.ts';

export interface RpcOptions {
  readonly stream: Duplex;
  readonly clock: Clock;
  /** Silence after which the peer is probed; after the same time again it is given up. 0: never. */
  readonly probeMilliseconds: number;
  readonly limits?: FramingLimits;
  notified(method: string, params: readonly unknown[]): void;
  /** Once, when the connection has ended, for whatever reason. */
  closed(error: OvsdbError): void;
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: OvsdbError): void;
}

interface Message {
  readonly method?: unknown;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
  readonly id?: unknown;
}

export class RpcConnection {
  readonly #options: RpcOptions;
  readonly #framing: JsonFraming;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #lastHeard: number;
  #probed = false;
  #probe: Timer | undefined;
  #end: OvsdbError | undefined;

  constructor(options: RpcOptions) {
    const { stream, clock } = options;
    this.#options = options;
    this.#lastHeard = clock.now();
    this.#framing = new JsonFraming((text) => this.#take(text), options.limits ?? FRAMING_LIMITS);
    stream.on('data', (chunk: Uint8Array) => this.#heard(chunk));
    stream.on('error', (error) => this.close(connectionError(error)));
    stream.on('close', () => this.close(lost('the connection was closed')));
    stream.on('end', () => this.close(lost('the switch closed the connection')));
    // It may have been read from before, and paused.
    stream.resume();
    this.#scheduleProbe();
  }

  get isOpen(): boolean {
    return this.#end === undefined;
  }

  /** Sends a request whose parameters are JSON already. Rejects with `refused` when the server answers with an error. */
  requestText(method: string, params: string): Promise<unknown> {
    if (this.#end) return Promise.reject(this.#end);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#options.stream.write(`{"method":"${method}","params":${params},"id":${id}}`);
    });
  }

  request(method: string, params: readonly unknown[]): Promise<unknown> {
    return this.requestText(method, JSON.stringify(params));
  }

  close(error: OvsdbError = lost('closed here')): void {
    if (this.#end) return;
    this.#end = error;
    this.#probe?.cancel();
    this.#options.stream.destroy();
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    this.#options.closed(error);
  }

  #heard(chunk: Uint8Array): void {
    if (this.#end) return;
    this.#lastHeard = this.#options.clock.now();
    this.#probed = false;
    try {
      this.#framing.push(chunk);
    } catch (error) {
      if (!(error instanceof OvsdbError)) throw error;
      this.close(error);
    }
  }

  #take(text: string): void {
    if (this.#end) return;
    const message = parse(text);
    if (typeof message.method === 'string') this.#takeCall(message.method, message);
    else this.#takeAnswer(message);
  }

  #takeCall(method: string, { params, id }: Message): void {
    if (!Array.isArray(params)) throw malformed(`the parameters of "${method}" are no list`);
    if (method === 'echo') {
      const reply = { id, result: params, error: null };
      if (id !== null && id !== undefined) this.#options.stream.write(JSON.stringify(reply));
    } else if (id === null || id === undefined) this.#options.notified(method, params);
    else {
      const error = { error: 'unknown method', details: method };
      this.#options.stream.write(JSON.stringify({ id, result: null, error }));
    }
  }

  #takeAnswer({ id, result, error }: Message): void {
    const pending = typeof id === 'number' ? this.#pending.get(id) : undefined;
    // Answers to probes have no number of a request.
    if (!pending) return;
    this.#pending.delete(id as number);
    if (error === null || error === undefined) pending.resolve(result);
    else pending.reject(new OvsdbError('refused', `The switch answered: ${printRpcError(error)}`));
  }

  #scheduleProbe(): void {
    const { clock, probeMilliseconds } = this.#options;
    if (probeMilliseconds === 0) return;
    const due = this.#lastHeard + probeMilliseconds * (this.#probed ? 2 : 1);
    this.#probe = clock.after(Math.max(1, due - clock.now()), () => this.#probeNow());
  }

  #probeNow(): void {
    const { clock, probeMilliseconds, stream } = this.#options;
    const silence = clock.now() - this.#lastHeard;
    if (silence >= probeMilliseconds * 2) {
      this.close(new OvsdbError('silent', `The switch has not answered for ${Math.round(silence / 1000)} s`));
      return;
    }
    if (silence >= probeMilliseconds && !this.#probed) {
      this.#probed = true;
      stream.write('{"method":"echo","params":[],"id":"echo"}');
    }
    this.#scheduleProbe();
  }
}

function parse(text: string): Message {
  try {
    return JSON.parse(text) as Message;
  } catch (cause) {
    throw new OvsdbError('malformed', `Cannot read what the switch sends: ${errorText(cause)}`, { cause });
  }
}

/** `{"error":"unknown database","details":...}` or a bare string. */
export function printRpcError(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { error: name, details } = error as { error?: unknown; details?: unknown };
  return details === undefined || details === '' || details === null ? String(name) : `${name}: ${details}`;
}

const lost = (what: string, cause?: unknown): OvsdbError => new OvsdbError('disconnected', what, { cause });
const malformed = (what: string): OvsdbError =>
  new OvsdbError('malformed', `Cannot read what the switch sends: ${what}`);
