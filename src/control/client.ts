/** The daemon's API from the other end of the socket. What goes wrong comes as a ControlError, in words. */
import { type IncomingMessage, request } from 'node:http';
import { ControlError, type ErrorView } from './api.ts';
import { readRows } from './ndjson.ts';
import { errorCode } from './socket-file.ts';

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export class ControlClient {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** A reply that is one object. */
  async get<T>(path: string, query: Query = {}): Promise<T> {
    return this.#object<T>(await this.#request('GET', path + printQuery(query)));
  }

  async post<T>(path: string, body: object = {}): Promise<T> {
    return this.#object<T>(await this.#request('POST', path, JSON.stringify(body)));
  }

  /** A reply that is a list, or an event stream: its rows in batches, as they arrive. */
  async *rows<T>(path: string, query: Query = {}): AsyncGenerator<readonly T[], void> {
    const response = await this.#request('GET', path + printQuery(query));
    try {
      yield* readRows<T>(response);
    } catch (error) {
      throw this.#lost(error);
    } finally {
      response.destroy();
    }
  }

  async #object<T>(response: IncomingMessage): Promise<T> {
    try {
      return JSON.parse(await textOf(response)) as T;
    } catch (error) {
      throw this.#lost(error);
    }
  }

  async #request(method: string, path: string, body?: string): Promise<IncomingMessage> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = body === undefined ? {} : { 'content-type': 'application/json' };
      const sent = request({ socketPath: this.#socketPath, method, path, headers }, resolve);
      sent.on('error', (error) => reject(this.#unreachable(error)));
      sent.end(body);
    });
    if (response.statusCode === 200) return response;
    throw errorOf(response.statusCode ?? 500, await textOf(response));
  }

  #unreachable(error: unknown): ControlError {
    const path = this.#socketPath;
    const why: Readonly<Record<string, string>> = {
      ENOENT: `there is no socket at ${path}; is evpnd running?`,
      ECONNREFUSED: `nobody listens on ${path}; evpnd has stopped`,
      EACCES: `no permission to use ${path}; run as root or as a member of its group`,
      EPERM: `no permission to use ${path}; run as root or as a member of its group`,
      ENOTSOCK: `${path} is no socket`,
      ENOTDIR: `part of the path ${path} is a file, not a directory`,
      EINVAL: `${path} is no usable socket path`,
    };
    const code = errorCode(error);
    const text =
      why[code] ??
      (['ECONNRESET', 'EPIPE'].includes(code) ? `evpnd closed the connection on ${path}` : String(error));
    return new ControlError(0, 'unreachable', `Cannot reach evpnd: ${text}`);
  }

  #lost(error: unknown): unknown {
    if (error instanceof ControlError) return error;
    if (error instanceof SyntaxError)
      return new ControlError(0, 'bad-reply', `Cannot read the reply: ${error.message}`);
    if (errorCode(error) === 'ECONNRESET') {
      return new ControlError(
        0,
        'cut-off',
        'The reply is incomplete: evpnd closed the connection in the middle of it',
      );
    }
    return error;
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8');
  let text = '';
  for await (const chunk of response) text += chunk;
  return text;
}

function errorOf(status: number, body: string): ControlError {
  try {
    const { error } = JSON.parse(body) as { readonly error: ErrorView };
    return new ControlError(status, error.code, error.message, error.hint);
  } catch {
    return new ControlError(
      status,
      'bad-reply',
      `Cannot read the reply: status ${status}, and its body is no error`,
    );
  }
}

function printQuery(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === false) continue;
    for (const one of Array.isArray(value) ? value : [value]) parameters.append(name, String(one));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}
