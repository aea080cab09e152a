/** Route target memberships in the words of the control API. */
import { decodeRoute, FAMILY, type RtConstraintRoute } from 'bgp-protocol';
import type { RtConstraintView } from '../../control/api.ts';
import type { MembershipView } from '../../rib/index.ts';
import type { Neighbours } from '../neighbours.ts';

export function rtConstraintView(
  { nlri, own, sources }: MembershipView,
  neighbours: Pick<Neighbours, 'ofSource'>,
): RtConstraintView {
  const route = decodeRoute(FAMILY.RT_CONSTRAINT, nlri, 0, nlri.length) as RtConstraintRoute;
  return {
    lengthBits: route.lengthBits,
    originAs: route.originAutonomousSystem,
    routeTarget: route.routeTarget,
    own,
    neighbors: sources.flatMap((source) => neighbours.ofSource(source)?.address ?? []),
  };
}
