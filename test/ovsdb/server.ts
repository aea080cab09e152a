/** A real ovsdb-server on a unix socket in a directory of its own, holding vtep.ovsschema, and gone afterwards. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { RpcConnection } from '../../src/ovsdb/rpc.ts';
import type { OperationResult } from '../../src/ovsdb/transaction.ts';

export const VTEP_SCHEMA = '/usr/share/openvswitch/vtep.ovsschema';

const PATH = `${process.env.PATH}:/usr/sbin:/usr/local/sbin`;
const env = { ...process.env, PATH };

/** Why tests with a real server must be skipped here; false when they can run. */
export const skipWithoutServer: string | false = (() => {
  if (spawnSync('ovsdb-server', ['--version'], { env }).status !== 0) return 'ovsdb-server is not installed';
  return existsSync(VTEP_SCHEMA)
    ? false
    : `${VTEP_SCHEMA} is not there (Debian package openvswitch-common or -vtep)`;
})();

export class OvsdbServer {
  readonly directory: string;
  readonly socket: string;
  readonly #database: string;
  readonly #remotes: readonly string[];
  readonly #extra: readonly string[];
  #child: ChildProcess | undefined;

  /** @param schema text of a schema in the place of the installed one */
  private constructor(remotes: readonly string[], extra: readonly string[], schema: string | undefined) {
    this.directory = mkdtempSync(join(tmpdir(), 'evpnd-ovsdb-'));
    this.socket = join(this.directory, 'db.sock');
    this.#database = join(this.directory, 'vtep.db');
    this.#remotes = remotes;
    this.#extra = extra;
    if (schema !== undefined) writeFileSync(this.schemaFile, schema);
    this.#schema = schema === undefined ? VTEP_SCHEMA : this.schemaFile;
    this.createDatabase();
  }

  readonly #schema: string;

  get schemaFile(): string {
    return join(this.directory, 'test.ovsschema');
  }

  static async start(
    options: { remotes?: readonly string[]; extra?: readonly string[]; schema?: string } = {},
  ): Promise<OvsdbServer> {
    const server = new OvsdbServer(options.remotes ?? [], options.extra ?? [], options.schema);
    await server.run();
    return server;
  }

  /** An empty database, in the place of the one that there was. */
  createDatabase(): void {
    rmSync(this.#database, { force: true });
    const made = spawnSync('ovsdb-tool', ['create', this.#database, this.#schema], { env, encoding: 'utf8' });
    if (made.status !== 0) throw new Error(made.stderr);
  }

  async run(): Promise<void> {
    const args = [
      ...['--no-chdir', `--remote=punix:${this.socket}`, `--unixctl=${join(this.directory, 'ctl')}`],
      ...this.#remotes.map((remote) => `--remote=${remote}`),
      ...this.#extra,
      ...['-vconsole:warn', this.#database],
    ];
    rmSync(this.socket, { force: true });
    this.#child = spawn('ovsdb-server', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    for (let i = 0; i < 200; i++) {
      if (this.#child.exitCode !== null) throw new Error('ovsdb-server ended at once');
      if (await answers(this.socket)) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error('ovsdb-server does not open its socket');
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** SIGSTOP: it accepts connections and never answers. */
  freeze(frozen: boolean): void {
    this.#child?.kill(frozen ? 'SIGSTOP' : 'SIGCONT');
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  connect(): Promise<OvsdbTester> {
    return OvsdbTester.connect(this.socket);
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

export type Row = Readonly<Record<string, unknown>>;

/** Another client of the database: the switch itself, another controller, or who looks at the result. */
export class OvsdbTester {
  readonly #rpc: RpcConnection;
  readonly #database: string;
  notified: (method: string, params: readonly unknown[]) => void = () => {};

  private constructor(socket: net.Socket, database: string) {
    this.#database = database;
    this.#rpc = new RpcConnection({
      stream: socket,
      clock: systemClock,
      probeMilliseconds: 0,
      notified: (method, params) => this.notified(method, params),
      closed: () => {},
    });
  }

  static connect(path: string, database = 'hardware_vtep'): Promise<OvsdbTester> {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ path }, () => resolve(new OvsdbTester(socket, database)));
      socket.once('error', reject);
    });
  }

  request(method: string, params: readonly unknown[]): Promise<unknown> {
    return this.#rpc.request(method, params);
  }

  /** Throws with what the server says when any of it fails. */
  async transact(...operations: readonly object[]): Promise<readonly OperationResult[]> {
    const results = (await this.#rpc.request('transact', [
      this.#database,
      ...operations,
    ])) as OperationResult[];
    const failed = results.find((result) => result?.error !== undefined);
    if (failed) throw new Error(`${failed.error}: ${failed.details} in ${JSON.stringify(operations)}`);
    return results;
  }

  async rows(table: string, where: readonly unknown[] = []): Promise<readonly Row[]> {
    const [result] = await this.transact({ op: 'select', table, where });
    return result!.rows as Row[];
  }

  close(): void {
    this.#rpc.close();
  }
}
