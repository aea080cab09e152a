/** `show evpn`: totals, the dataplane's counters, and whatever an operator should look at. */
import type { EvpnView } from '../../control/index.ts';
import { showOne } from '../command.ts';
import { evpn } from '../render/evpn.ts';

export const showEvpn = showOne<EvpnView>({
  pattern: 'show evpn',
  about: 'Totals, the state of the dataplane, and every problem there is now',
  example: 'evpnctl show evpn',
  learns: 'desired = installed and "Problems: none" means that the fabric knows what it should.',
  request: () => ({ path: '/v1/evpn' }),
  lines: evpn,
});
