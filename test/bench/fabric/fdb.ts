/** test/bench/fdb.c: the kernel's forwarding table from the outside. Compiled, run in the system's namespace, and read line by line. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SYSTEM } from './fabric.ts';
import type { Place } from './systems/system.ts';

const SOURCE = fileURLToPath(new URL('../fdb.c', import.meta.url));
const PATIENCE_MILLISECONDS = 40_000;

/** The C program, compiled into `directory`; undefined where there is no compiler. */
export function compileFdb(directory: string): string | undefined {
  const program = join(directory, 'fdb');
  const { status } = spawnSync('gcc', ['-O2', '-o', program, SOURCE], { stdio: 'ignore' });
  return status === 0 ? program : undefined;
}

/** The C program in the system's namespace, and the lines that it prints. */
export class Fdb {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #wake: () => void = () => {};

  constructor(place: Place, program: string, words: readonly (string | number)[]) {
    const [file, ...args] = place.network!.command(SYSTEM, [program, ...words.map(String)]);
    this.#child = spawn(file!, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    let text = '';
    this.#child.stdout!.on('data', (chunk: Buffer) => {
      text += chunk;
      const parts = text.split('\n');
      text = parts.pop()!;
      this.#lines.push(...parts);
      this.#wake();
    });
  }

  /** The next line; undefined when there was none in time. */
  async next(): Promise<string | undefined> {
    const until = performance.now() + PATIENCE_MILLISECONDS;
    while (this.#lines.length === 0 && performance.now() < until) {
      await Promise.race([sleep(100), new Promise<void>((resolve) => (this.#wake = resolve))]);
    }
    return this.#lines.shift();
  }

  /** Ends its input. */
  go(): void {
    this.#child.stdin!.end();
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}
