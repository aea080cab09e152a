/** Commands inside a newer Debian root (made by `interop/setup --newer`), or as they are where there is none. */
import { fileURLToPath } from 'node:url';

export const NEWER_ROOT =
  process.env.EVPND_NEWER_ROOT ?? fileURLToPath(new URL('../../.cache/interop/sid-root', import.meta.url));

/**
 * `ip netns exec` has already given the command a private mount namespace, so what is mounted here vanishes
 * with the process.
 */
const ENTER = 'R="$0"; mount -t proc proc "$R/proc"; mount --bind /dev "$R/dev"; exec chroot "$R" "$@"';

export function inRoot(root: string | undefined, command: readonly string[]): string[] {
  return root === undefined ? [...command] : ['unshare', '-m', 'sh', '-c', ENTER, root, ...command];
}
