/** `explain mac M [vni N]`: why a MAC is in the forwarding table, or why not. */
import type { ExplainView } from '../../control/index.ts';
import { showRows } from '../command.ts';
import { explainTable } from '../render/evpn.ts';

export const explain = showRows<ExplainView>({
  pattern: 'explain mac MAC [vni VNI]',
  about: 'Why a MAC is in the forwarding table, or why not',
  example: 'evpnctl explain mac 02:00:00:00:00:03 vni 10',
  learns:
    'The way of the route from the neighbour to the dataplane as questions; the first "--" is where it ends.',
  request: ({ MAC, VNI }) => ({ path: '/v1/evpn/explain', query: { mac: MAC, vni: VNI } }),
  table: explainTable,
});
