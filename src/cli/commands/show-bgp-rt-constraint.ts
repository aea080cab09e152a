/** `show bgp rt-constraint`: which route targets are asked for, and by whom. */
import type { RtConstraintView } from '../../control/index.ts';
import { showRows } from '../command.ts';
import { rtConstraintTable } from '../render/rt-constraint.ts';

export const showBgpRtConstraint = showRows<RtConstraintView>({
  pattern: 'show bgp rt-constraint',
  about: 'Route targets that we and our neighbours ask for (RFC 4684)',
  example: 'evpnctl show bgp rt-constraint',
  learns: 'A neighbour is told only the routes of the targets that it asks for; `*` is every route.',
  request: () => ({ path: '/v1/bgp/rt-constraint' }),
  table: rtConstraintTable,
});
