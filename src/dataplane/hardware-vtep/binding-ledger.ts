/**
 * Which VLAN bindings evpnd has made. They are written down before they are made, so that one that leaves the configuration while
 * evpnd is not running is taken out of the switch at the next start. Those that are not written down are somebody else's.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Binding } from './inventory.ts';

export class BindingLedger {
  readonly #path: string | undefined;
  readonly #problem: (text: string | undefined) => void;
  #written: string | undefined;
  #unwritable = false;

  /** Without a path nothing outlives the daemon. */
  constructor(path: string | undefined, problem: (text: string | undefined) => void) {
    this.#path = path;
    this.#problem = problem;
  }

  /** Of earlier runs. A missing file means none, and so does one that cannot be read; that is told, and stays told. */
  read(): readonly Binding[] {
    if (this.#path === undefined) return [];
    try {
      const text = readFileSync(this.#path, 'utf8');
      const bindings: unknown = JSON.parse(text);
      if (!Array.isArray(bindings) || !bindings.every(isBinding))
        throw new Error('it is no list of bindings');
      this.#written = text;
      return bindings;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#report('read', error);
      return [];
    }
  }

  write(bindings: readonly Binding[]): void {
    if (this.#path === undefined) return;
    const list = bindings.map(({ port, vlan, vni }) => JSON.stringify({ port, vlan, vni }));
    const text = `[${list.join(',\n ')}]\n`;
    if (text === this.#written) return;
    try {
      mkdirSync(dirname(this.#path), { recursive: true });
      writeFileSync(`${this.#path}.new`, text, { mode: 0o600 });
      renameSync(`${this.#path}.new`, this.#path);
      this.#written = text;
      if (this.#unwritable) this.#problem(undefined);
      this.#unwritable = false;
    } catch (error) {
      this.#unwritable = true;
      this.#report('write', error);
    }
  }

  #report(what: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#problem(
      `Cannot ${what} ${this.#path}: ${reason}; bindings that leave the configuration while evpnd is down may stay`,
    );
  }
}

function isBinding(value: unknown): value is Binding {
  const { port, vlan, vni } = (value ?? {}) as Partial<Record<keyof Binding, unknown>>;
  return typeof port === 'string' && typeof vlan === 'number' && typeof vni === 'number';
}
