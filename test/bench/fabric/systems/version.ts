/** The version that an installed program tells. */
import { spawnSync } from 'node:child_process';

/** Undefined where the program is not there. */
export function versionOf(command: readonly string[]): string | undefined {
  const [file, ...args] = command;
  const { stdout, stderr, status } = spawnSync(file!, args, { encoding: 'utf8' });
  return status === 0 ? /version (\S+)/.exec(stdout + stderr)?.[1] : undefined;
}
