/** `show bgp neighbors`: sessions in full. */
import type { NeighborView } from '../../control/index.ts';
import { type Command, showOne, showRows } from '../command.ts';
import { neighborPath } from '../neighbor-name.ts';
import { neighbor } from '../render/neighbor.ts';

export const showBgpNeighbors: Command = showRows<NeighborView>({
  pattern: 'show bgp [[l2vpn] evpn] neighbors',
  about: 'Every session in full',
  example: 'evpnctl show bgp neighbors',
  learns: 'Timers, capabilities, message counts, and the reason of the last reset, for each neighbour.',
  request: () => ({ path: '/v1/bgp/neighbors' }),
  table: () => ({
    begin: () => [],
    row: neighbor,
    end: (rows) => (rows === 0 ? ['No neighbor is configured'] : []),
  }),
});

export const showBgpNeighbor: Command = showOne<NeighborView>({
  pattern: 'show bgp [[l2vpn] evpn] neighbors NEIGHBOR',
  about: 'One session in full',
  example: 'evpnctl show bgp neighbors 10.0.0.100',
  learns: '"Not established:" says in words what is wrong: password, AS number, missing family, no route.',
  request: async ({ NEIGHBOR }, client) => ({ path: await neighborPath(client, NEIGHBOR) }),
  lines: neighbor,
});
