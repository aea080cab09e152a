/** `show version`: what runs, on what, since when. */
import type { VersionView } from '../../control/index.ts';
import { showOne } from '../command.ts';
import { version } from '../render/evpn.ts';

export const showVersion = showOne<VersionView>({
  pattern: 'show version',
  about: 'Version of the daemon, and since when it runs',
  example: 'evpnctl show version',
  learns: 'evpnctl --version is about evpnctl itself.',
  request: () => ({ path: '/v1/version' }),
  lines: version,
});
