/**
 * The same UPDATEs through the decoders of GoBGP (Go) and ExaBGP (Python), where they are installed: routes per second, as values.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface OtherFigure {
  readonly name: string;
  /** Undefined when it is not installed. */
  readonly perSecond?: number;
  readonly reason?: string;
}

const FOLDER = fileURLToPath(new URL('others/', import.meta.url));

/** `stream` is whole messages, one after the other; each decoder runs for `seconds`. */
export function measureOthers(stream: Uint8Array, seconds: number): OtherFigure[] {
  const temporary = mkdtempSync(join(tmpdir(), 'evpnd-bench-'));
  try {
    const file = join(temporary, 'updates');
    writeFileSync(file, stream);
    return [gobgp(temporary, file, seconds), exabgp(file, seconds)];
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

function gobgp(temporary: string, file: string, seconds: number): OtherFigure {
  const name = 'GoBGP 3.10 (Go)';
  const program = join(temporary, 'gobgp');
  const built = spawnSync('go', ['build', '-o', program, '.'], {
    cwd: join(FOLDER, 'gobgp'),
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/local/go/bin` },
  });
  if (built.status !== 0) return { name, reason: reasonOf(built, 'go') };
  return { name, ...figureOf(spawnSync(program, [file, String(seconds)], { encoding: 'utf8' }), 'gobgp') };
}

function exabgp(file: string, seconds: number): OtherFigure {
  const name = 'ExaBGP (Python)';
  let figure: Omit<OtherFigure, 'name'> = {};
  for (const python of ['/usr/bin/python3', 'python3']) {
    const decoder = join(FOLDER, 'exabgp_decode.py');
    figure = figureOf(spawnSync(python, [decoder, file, String(seconds)], { encoding: 'utf8' }), python);
    if (figure.perSecond !== undefined) break;
  }
  return { name, ...figure };
}

type Ran = ReturnType<typeof spawnSync> & { readonly stdout: string; readonly stderr: string };

function figureOf(ran: Ran, program: string): Omit<OtherFigure, 'name'> {
  const perSecond = Number(ran.stdout);
  return ran.status === 0 && perSecond > 0 ? { perSecond } : { reason: reasonOf(ran, program) };
}

function reasonOf({ stderr, error }: Ran, program: string): string {
  return error === undefined ? (stderr.trim().split('\n').at(-1) ?? '') : `${program} is not installed`;
}
