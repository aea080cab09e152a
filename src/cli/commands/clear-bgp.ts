/** `clear bgp X|* [soft [in|out]]`: bring a session down and up, or only its routes. */
import type { ClearReply, ClearRequest } from '../../control/index.ts';
import type { Args, Command } from '../command.ts';
import { neighborAddress } from '../neighbor-name.ts';

export const clearBgp: Command = {
  pattern: 'clear bgp [[l2vpn] evpn] <NEIGHBOR|*> [soft [<in|out>]]',
  about: 'Reset a session or all; soft asks for routes again (in) or sends them again (out)',
  example: 'evpnctl clear bgp 10.0.0.100 soft in',
  learns:
    'Without soft the session goes down and its routes with it. Soft in needs a peer that offers route refresh.',
  async run({ client, args, json, output }) {
    const neighbor = args.NEIGHBOR === undefined ? '*' : await neighborAddress(client, args.NEIGHBOR);
    const request: ClearRequest = { neighbor, soft: softOf(args) };
    const reply = await client.post<ClearReply>('/v1/clear', request);
    if (json) return output.lines([JSON.stringify(reply, null, 2)]);
    const done = request.soft === undefined ? 'Reset' : 'Refreshed';
    await output.lines([...reply.neighbors.map((address) => `${done} ${address}`), ...reply.notes]);
  },
};

function softOf({ soft, in: inbound, out }: Args): ClearRequest['soft'] {
  if (!soft) return undefined;
  return inbound ? 'in' : out ? 'out' : 'both';
}
