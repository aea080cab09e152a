/** `show bgp summary` and `show bgp l2vpn evpn summary`: which sessions are up, and why the others are not. */
import type { BgpSummaryView } from '../../control/index.ts';
import { showOne } from '../command.ts';
import { bgpSummary } from '../render/bgp-summary.ts';

export const showBgpSummary = showOne<BgpSummaryView>({
  pattern: 'show bgp summary',
  about: 'Every session in a line: is it up, since when, how many routes',
  example: 'evpnctl show bgp summary',
  learns: 'State/PfxRcd is a number when the session is up; below the table stands why the others are not.',
  request: () => ({ path: '/v1/bgp/summary' }),
  lines: (view) => bgpSummary(view),
});

export const showBgpEvpnSummary = showOne<BgpSummaryView>({
  pattern: 'show bgp [l2vpn] evpn summary',
  about: 'The same for the sessions that carry EVPN',
  example: 'evpnctl show bgp l2vpn evpn summary',
  learns: 'A session that is up but missing here has not agreed on the family l2vpn-evpn.',
  request: () => ({ path: '/v1/bgp/summary' }),
  lines: (view) => bgpSummary(view, 'l2vpn-evpn'),
});
