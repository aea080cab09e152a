/** `clear evpn dup-addr vni N|all`: an operator has looked into duplicate MACs (RFC 7432 section 15.1). */
import type { ClearDuplicatesReply, ClearDuplicatesRequest } from '../../control/index.ts';
import type { Command } from '../command.ts';

export const clearEvpnDupAddr: Command = {
  pattern: 'clear evpn dup-addr vni <VNI|all> [mac MAC]',
  about: 'Forget how often a MAC has moved; one that was frozen goes where it is claimed to be',
  example: 'evpnctl clear evpn dup-addr vni 10 mac 02:00:00:00:00:01',
  learns:
    'A MAC that moves too often within the window is a duplicate: show evpn mac vni all duplicate lists them. Find out who has it twice before.',
  async run({ client, args, json, output }) {
    const { VNI, MAC } = args;
    const request: ClearDuplicatesRequest = {
      vni: VNI === undefined ? undefined : Number(VNI),
      mac: MAC === undefined ? undefined : String(MAC),
    };
    const reply = await client.post<ClearDuplicatesReply>('/v1/clear-duplicates', request);
    const words = reply.cleared === 1 ? '1 duplicate MAC' : `${reply.cleared} duplicate MACs`;
    await output.lines([json ? JSON.stringify(reply, null, 2) : `Cleared ${words}`]);
  },
};
