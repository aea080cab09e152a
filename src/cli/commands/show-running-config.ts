/** `show running-config`: the configuration in use, as one would write it. */
import type { RunningConfigView } from '../../control/index.ts';
import { showOne } from '../command.ts';

export const showRunningConfig = showOne<RunningConfigView>({
  pattern: 'show running-config',
  about: 'The configuration in use, as YAML without what is default',
  example: 'evpnctl show running-config',
  learns:
    'It may differ from the file when that was edited since; "evpnctl reload" applies it. Passwords are hidden.',
  request: () => ({ path: '/v1/running-config' }),
  lines: ({ file, loadedAt, text }) => [`# ${file}, loaded ${loadedAt}`, text.trimEnd()],
});
