/**
 * What one run of evpnd leaves for the next: that it has been, who may be keeping its routes, and on which kernel. A run that takes its
 * leave removes it; so whoever finds one follows a run that was killed, crashed, or stopped to come back, and whose peers
 * may be keeping its routes (RFC 4724 section 4.1).
 *
 * It lies in the run directory, which a reboot empties: after that nothing was forwarded all the while, and nothing is claimed.
 */
import { mkdirSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseIp } from '../base/ip.ts';

export interface EarlierRun {
  /** Addresses of the peers that it had sessions with at its end, or shortly before. */
  readonly peers: readonly string[];
  /** Its kernel is this one, and its interfaces are these. */
  readonly sameKernel: boolean;
}

/** Where it is kept; another one in the simulator. */
export interface RunRecord {
  /** undefined: the run before took its leave, or there was none. */
  load(): EarlierRun | undefined;
  save(peers: readonly string[]): void;
  remove(): void;
}

interface Content {
  readonly version: 1;
  readonly kernel: string;
  readonly peers: readonly string[];
}

export class RunFile implements RunRecord {
  readonly #path: string;
  readonly #problem: (text: string | undefined) => void;
  #written: string | undefined;

  /** @param problem told in words what keeps it from being read or written; undefined: nothing does any more */
  constructor(path: string, problem: (text: string | undefined) => void) {
    this.#path = path;
    this.#problem = problem;
  }

  /** A file that cannot be understood proves nothing: this is a first start then. */
  load(): EarlierRun | undefined {
    try {
      const { kernel, peers } = contentOf(JSON.parse(readFileSync(this.#path, 'utf8')));
      return { peers, sameKernel: kernel !== '' && kernel === thisKernel() };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#report('read', error);
      return undefined;
    }
  }

  /** Writes the file whole and swaps it in: a kill at any moment leaves the old one or the new one. */
  save(peers: readonly string[]): void {
    const content: Content = { version: 1, kernel: thisKernel(), peers };
    const text = `${JSON.stringify(content)}\n`;
    if (text === this.#written) return;
    try {
      mkdirSync(dirname(this.#path), { recursive: true });
      writeFileSync(`${this.#path}.new`, text, { mode: 0o600 });
      renameSync(`${this.#path}.new`, this.#path);
      this.#written = text;
      this.#problem(undefined);
    } catch (error) {
      this.#report('write', error);
    }
  }

  remove(): void {
    this.#written = undefined;
    try {
      rmSync(this.#path, { force: true });
    } catch (error) {
      this.#report('remove', error);
    }
  }

  #report(action: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#problem(`Cannot ${action} ${this.#path}: ${reason}; the next start may not be a graceful restart`);
  }
}

function contentOf(value: unknown): Content {
  const { version, kernel, peers } = value as Partial<Content>;
  if (version !== 1) throw new TypeError(`version is ${JSON.stringify(version)}, expected 1`);
  if (typeof kernel !== 'string') throw new TypeError('it has no kernel');
  if (!Array.isArray(peers)) throw new TypeError('it has no list of peers');
  const other = peers.find((peer: unknown) => typeof peer !== 'string' || !parseIp(peer));
  if (other !== undefined) throw new TypeError(`a peer is ${JSON.stringify(other)}, expected an IP address`);
  return { version, kernel, peers };
}

/**
 * This boot of this machine and, of its network namespaces, ours: forwarding entries live as long as both. The number of a namespace
 * that is gone is given to another one: a record that outlives its namespace may be taken for one of the next.
 */
function thisKernel(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/net')}`;
  } catch {
    // Without /proc nothing can be said of it.
    return '';
  }
}
