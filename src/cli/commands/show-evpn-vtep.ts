/** `show evpn vtep`: the remote ends of the tunnels. */
import type { VtepView } from '../../control/index.ts';
import { showRows } from '../command.ts';
import { vtepTable } from '../render/evpn.ts';

export const showEvpnVtep = showRows<VtepView>({
  pattern: 'show evpn vtep',
  about: 'Remote VTEPs: can they be reached, and what is behind them',
  example: 'evpnctl show evpn vtep',
  learns: 'Entries for a VTEP without a route are held back until the route comes: column # Held.',
  request: () => ({ path: '/v1/evpn/vteps' }),
  table: vtepTable,
});
