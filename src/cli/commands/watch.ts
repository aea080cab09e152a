/** `watch`: events as they happen, until interrupted. */
import { WATCH_SUBJECTS, type WatchEvent } from '../../control/index.ts';
import type { Command } from '../command.ts';
import { event } from '../render/events.ts';

export const watch: Command = {
  pattern: `watch [{${WATCH_SUBJECTS.join('|')}}]`,
  about: 'Events as they happen: sessions, routes, MACs, VNIs, VTEPs, problems',
  example: 'evpnctl watch neighbor mac',
  learns: 'Move a host while this runs, and see its MAC change place. With --json one object a line.',
  async run({ client, args, json, output }) {
    const subjects = WATCH_SUBJECTS.filter((subject) => args[subject]);
    for await (const events of client.rows<WatchEvent>('/v1/watch', { subject: subjects })) {
      await output.lines(events.map((one) => (json ? JSON.stringify(one) : event(one))));
    }
  },
};
