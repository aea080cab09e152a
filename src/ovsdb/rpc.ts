/**
 * JSON-RPC 1.0 over one connection: requests with their answers, notifications, and echo both ways. A peer that says nothing is
 * probed, and given up when it does not answer.
 *
 * RFC 7047 sections 4 and 4.1.11 (echo).
 */
import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../base/clock.ts';
import { connectionError, errorText, malformed, OvsdbError } from './errors.ts';
import { Inbox } from './inbox.ts';
import { FRAMING_LIMITS, type FramingLimits } from './json-framing.ts';

export interface RpcOptions {
  readonly stream: Duplex;
  readonly clock: Clock;
  /** Silence after which the peer is probed; after the same time again it is given up, while it gathers much later. 0: never. */
  readonly probeMilliseconds: number;
  readonly limits?: FramingLimits;
  /** Returns a promise when it cannot take all of it in at once; what the peer sends behind it waits. */
  notified(method: string, params: readonly unknown[]): Taken;
  /** Once, when the connection has ended, for whatever reason. */
  closed(error: OvsdbError): void;
}

/** Nothing when all is done, else a promise that it will be. */
type Taken = void | Promise<void>;

interface Pending {
  take(result: unknown): Taken;
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
  readonly #inbox: Inbox;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #lastHeard: number;
  #probed = false;
  /** Requests under way whose answer may be large. */
  #gathering = 0;
  #probe: Timer | undefined;
  #end: OvsdbError | undefined;

  constructor(options: RpcOptions) {
    const { stream, clock } = options;
    this.#options = options;
    this.#lastHeard = clock.now();
    stream.on('data', () => this.#heard());
    this.#inbox = new Inbox({
      stream,
      clock,
      limits: options.limits ?? FRAMING_LIMITS,
      take: (message) => this.#take(message as Message),
      failed: (error) => this.close(unreadable(error)),
    });
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
    return new Promise((resolve, reject) => this.#send(method, params, { take: resolve, reject }));
  }

  request(method: string, params: readonly unknown[]): Promise<unknown> {
    return this.requestText(method, JSON.stringify(params));
  }

  /** As `request`, for a result that must be taken in before anything is told that the peer sends behind it. */
  requestInto(method: string, params: readonly unknown[], takeIn: (result: unknown) => Taken): Promise<void> {
    this.#gathering++;
    const gathered = (): void => {
      this.#gathering--;
    };
    return new Promise<void>((resolve, reject) => {
      const take = async (result: unknown): Promise<void> => {
        try {
          await takeIn(result);
          resolve();
        } catch (error) {
          reject(unreadable(error));
          throw error;
        }
      };
      this.#send(method, JSON.stringify(params), { take, reject });
    }).finally(gathered);
  }

  close(error: OvsdbError = lost('closed here')): void {
    if (this.#end) return;
    this.#end = error;
    this.#probe?.cancel();
    this.#inbox.close();
    this.#options.stream.destroy();
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    this.#options.closed(error);
  }

  #send(method: string, params: string, pending: Pending): void {
    if (this.#end) {
      pending.reject(this.#end);
      return;
    }
    const id = this.#nextId++;
    this.#pending.set(id, pending);
    this.#options.stream.write(`{"method":"${method}","params":${params},"id":${id}}`);
  }

  #heard(): void {
    this.#lastHeard = this.#options.clock.now();
    this.#probed = false;
  }

  #take(message: Message): Taken {
    if (typeof message.method === 'string') return this.#takeCall(message.method, message);
    return this.#takeAnswer(message);
  }

  #takeCall(method: string, { params, id }: Message): Taken {
    if (!Array.isArray(params)) throw malformed(`the parameters of "${method}" are no list`);
    if (method === 'echo') {
      const reply = { id, result: params, error: null };
      if (id !== null && id !== undefined) this.#options.stream.write(JSON.stringify(reply));
    } else if (id === null || id === undefined) return this.#options.notified(method, params);
    else {
      const error = { error: 'unknown method', details: method };
      this.#options.stream.write(JSON.stringify({ id, result: null, error }));
    }
  }

  #takeAnswer({ id, result, error }: Message): Taken {
    const pending = typeof id === 'number' ? this.#pending.get(id) : undefined;
    // Answers to probes have no number of a request.
    if (!pending) return;
    this.#pending.delete(id as number);
    if (error === null || error === undefined) return pending.take(result);
    pending.reject(new OvsdbError('refused', `The switch answered: ${printRpcError(error)}`));
  }

  /** How many times the probe's silence is borne: a server that gathers a large answer does nothing else meanwhile. */
  get #patience(): number {
    return this.#gathering > 0 ? 6 : 2;
  }

  #scheduleProbe(): void {
    const { clock, probeMilliseconds } = this.#options;
    if (probeMilliseconds === 0) return;
    const due = this.#lastHeard + probeMilliseconds * (this.#probed ? this.#patience : 1);
    this.#probe = clock.after(Math.max(1, due - clock.now()), () => this.#probeNow());
  }

  #probeNow(): void {
    const { clock, probeMilliseconds, stream } = this.#options;
    if (this.#inbox.isBusy) this.#heard();
    const silence = clock.now() - this.#lastHeard;
    if (silence >= probeMilliseconds * this.#patience) {
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

/** Whatever a peer sends concerns its connection and nobody else's. */
const unreadable = (error: unknown): OvsdbError =>
  error instanceof OvsdbError ? error : malformed(errorText(error), error);

/** `{"error":"unknown database","details":...}` or a bare string. */
export function printRpcError(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { error: name, details } = error as { error?: unknown; details?: unknown };
  return details === undefined || details === '' || details === null ? String(name) : `${name}: ${details}`;
}

const lost = (what: string, cause?: unknown): OvsdbError => new OvsdbError('disconnected', what, { cause });
