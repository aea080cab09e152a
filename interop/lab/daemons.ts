/**
 * Daemons started inside namespaces: each is a direct child with its log in a file, ended by its own pid.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

export class Daemon {
  readonly name: string;
  readonly logFile: string;
  readonly #child: ChildProcess;
  #exited: Promise<void>;

  /**
   * Starts `command` (usually from `Network.command`) with output and errors in `logFile`.
   * @param outlive it may go on when we end: it is not in our process group
   */
  constructor(name: string, command: readonly string[], logFile: string, outlive = false) {
    this.name = name;
    this.logFile = logFile;
    const log = openSync(logFile, 'a');
    const [file, ...args] = command;
    this.#child = spawn(file!, args, {
      stdio: ['ignore', log, log],
      detached: outlive,
    });
    closeSync(log);
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', () => resolve());
      this.#child.once('error', () => resolve());
    });
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  /** How it ended, in words: `with status 1`, `by SIGSEGV`. */
  get ending(): string {
    const { exitCode, signalCode } = this.#child;
    if (signalCode !== null) return `by ${signalCode}`;
    return exitCode === null ? 'not yet' : `with status ${exitCode}`;
  }

  get log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  signal(signal: NodeJS.Signals): void {
    if (this.running) this.#child.kill(signal);
  }

  /** Asks it to end, insists after `graceSeconds`, and resolves when it has ended. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', graceSeconds = 5): Promise<void> {
    this.signal(signal);
    const insist = setTimeout(() => this.signal('SIGKILL'), graceSeconds * 1000);
    await this.#exited;
    clearTimeout(insist);
  }

  /** Stops waiting for it: our process may end while it goes on. */
  release(): void {
    this.#child.unref();
  }
}

/** The daemons of one lab, ended together, last started first. */
export class Daemons {
  readonly #all: Daemon[] = [];
  readonly #outlive: boolean;

  /** @param options.outlive they may be left running by `release` */
  constructor({ outlive = false }: { outlive?: boolean } = {}) {
    this.#outlive = outlive;
  }

  start(name: string, command: readonly string[], logFile: string): Daemon {
    const daemon = new Daemon(name, command, logFile, this.#outlive);
    this.#all.push(daemon);
    return daemon;
  }

  /** Processes that run now. */
  pids(): number[] {
    return this.#all.flatMap((daemon) => (daemon.running && daemon.pid ? [daemon.pid] : []));
  }

  /** Lets them go on without us. */
  release(): void {
    for (const daemon of this.#all.splice(0)) daemon.release();
  }

  /** Ends the daemons of these names whose log file belongs to `node`, and waits for it. */
  async stopNamed(names: readonly string[], node: string): Promise<void> {
    const chosen = this.#all.filter(
      ({ name, logFile }) => names.includes(name) && basename(logFile).startsWith(`${node}-`),
    );
    await Promise.all(chosen.map((daemon) => daemon.stop()));
  }

  async stop(): Promise<void> {
    for (const daemon of this.#all.splice(0).reverse()) await daemon.stop();
  }

  /** For exit handlers: no waiting. */
  kill(): void {
    for (const daemon of this.#all.splice(0)) daemon.signal('SIGKILL');
  }
}
