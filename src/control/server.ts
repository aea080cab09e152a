/** The API of the daemon, served as HTTP on a unix socket, for `evpnctl` and for curl alike. */
import { chmodSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Clock, systemClock } from '../base/clock.ts';
import { type Logger, silentLogger } from '../base/log.ts';
import { type ControlBackend, ControlError } from './api.ts';
import { writeRows } from './ndjson.ts';
import { findRoute, type Reply } from './routes.ts';
import { claimSocketPath, errorCode, refused, words } from './socket-file.ts';
import { streamEvents } from './watch-stream.ts';

export interface ControlServerOptions {
  readonly backend: ControlBackend;
  readonly socketPath: string;
  /** Permission bits; who may write to the socket may do everything. 0660 unless given. */
  readonly mode?: number;
  readonly clock?: Clock;
  readonly log?: Logger;
}

const MAX_BODY_OCTETS = 64 * 1024;

export class ControlServer {
  readonly socketPath: string;
  readonly #backend: ControlBackend;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #server: Server;

  /** Listens, or throws a ControlError that says in words why it cannot. */
  static async listen(options: ControlServerOptions): Promise<ControlServer> {
    await claimSocketPath(options.socketPath);
    const server = new ControlServer(options);
    await server.#open(options.mode ?? 0o660);
    return server;
  }

  private constructor({
    backend,
    socketPath,
    clock = systemClock,
    log = silentLogger,
  }: ControlServerOptions) {
    this.socketPath = socketPath;
    this.#backend = backend;
    this.#clock = clock;
    this.#log = log;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  /** Ends every connection, event streams too, and removes the socket. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  #open(mode: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) => reject(refused(this.socketPath, words(errorCode(error)))));
      this.#server.listen(this.socketPath, () => {
        chmodSync(this.socketPath, mode);
        resolve();
      });
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#send(await this.#answer(request), response);
    } catch (error) {
      this.#fail(error, request, response);
    }
  }

  async #answer(request: IncomingMessage): Promise<Reply> {
    const url = readUrl(request.url ?? '/');
    const { route, parts } = findRoute(request.method ?? 'GET', url.pathname);
    for (const name of url.searchParams.keys()) {
      if (route.parameters.includes(name)) continue;
      const wanted = route.parameters.length > 0 ? `one of ${route.parameters.join(', ')}` : 'none';
      throw new ControlError(400, 'bad-request', `Cannot read query: saw "${name}", expected ${wanted}`);
    }
    return route.answer(this.#backend, { parts, query: url.searchParams, body: await readBody(request) });
  }

  async #send(reply: Reply, response: ServerResponse): Promise<void> {
    switch (reply.kind) {
      case 'object':
        response.setHeader('content-type', 'application/json');
        response.end(`${JSON.stringify(reply.value)}\n`);
        return;
      case 'rows':
        // Headers go with the first rows, so that a source that throws at once still gets a proper error reply.
        response.setHeader('content-type', 'application/x-ndjson');
        await writeRows(reply.rows, response, this.#clock);
        response.end();
        return;
      case 'watch':
        streamEvents(this.#backend, reply.subjects, response, this.#clock);
    }
  }

  #fail(error: unknown, request: IncomingMessage, response: ServerResponse): void {
    if (!(error instanceof ControlError)) {
      this.#log.error({ error, path: request.url }, 'control request failed');
    }
    // With rows already sent, a cut connection is the only way left to say that they are not all.
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const { status, code, message, hint } =
      error instanceof ControlError
        ? error
        : new ControlError(
            500,
            'internal',
            `evpnd failed to answer: ${error instanceof Error ? error.message : error}`,
          );
    response.statusCode = status;
    response.setHeader('content-type', 'application/json');
    response.end(`${JSON.stringify({ error: { code, message, hint } })}\n`);
  }
}

function readUrl(text: string): URL {
  try {
    return new URL(text, 'http://evpnd');
  } catch {
    throw new ControlError(400, 'bad-request', `Cannot read the request: saw "${text}", expected a path`);
  }
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const octets = await readOctets(request);
  if (octets.length === 0) return undefined;
  try {
    return JSON.parse(octets.toString('utf8'));
  } catch {
    throw new ControlError(400, 'bad-request', 'Cannot read the body: it is no JSON');
  }
}

async function readOctets(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request) {
      length += chunk.length;
      if (length > MAX_BODY_OCTETS)
        throw new ControlError(413, 'bad-request', 'The body is longer than 64 KiB');
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof ControlError) throw error;
    // The client has hung up, which is its own affair; nobody is left to read this.
    throw new ControlError(400, 'bad-request', 'The body ended before its length');
  }
  return Buffer.concat(chunks);
}
