/** `reload`: the daemon reads its file again and applies the difference. */
import type { ReloadReply } from '../../control/index.ts';
import type { Command } from '../command.ts';

export const reload: Command = {
  pattern: 'reload',
  about: 'Read the configuration file again and apply what changed',
  example: 'evpnctl reload',
  learns:
    'Sessions that did not change are not touched; a file with a mistake changes nothing and shows every mistake.',
  async run({ client, json, output }) {
    const reply = await client.post<ReloadReply>('/v1/reload');
    if (json) return output.lines([JSON.stringify(reply, null, 2)]);
    const resets = reply.resets.length > 0 ? [`Sessions reset: ${reply.resets.join(', ')}`] : [];
    const changes = reply.changes.length > 0 ? reply.changes : ['Nothing changed'];
    await output.lines([`Loaded ${reply.file}`, ...changes, ...resets]);
  },
};
