/**
 * Capabilities that say all by being there: their value is empty.
 *
 * Route refresh (RFC 2918 section 2), extended message (RFC 8654 section 3), enhanced route refresh (RFC 7313 section
 * 3.1), BFD strict mode (draft-ietf-idr-bgp-bfd-strict-mode), link-local next hop (draft-ietf-idr-linklocal-capability).
 */
import { CAPABILITY } from '../iana.ts';
import type { CapabilityCodec } from './codec.ts';

type PresenceType =
  | 'route-refresh'
  | 'extended-message'
  | 'enhanced-route-refresh'
  | 'bfd-strict-mode'
  | 'link-local-next-hop';

export interface Presence<T extends PresenceType> {
  readonly type: T;
}

function presence<T extends PresenceType>(code: number, type: T, rfc: string): CapabilityCodec<Presence<T>> {
  return {
    code,
    type,
    rfc,
    onFault: 'session-reset',
    decode: () => ({ type }),
    encode: () => undefined,
  };
}

export const routeRefresh = presence(CAPABILITY.ROUTE_REFRESH, 'route-refresh', 'RFC 2918 section 2');
export const extendedMessage = presence(
  CAPABILITY.EXTENDED_MESSAGE,
  'extended-message',
  'RFC 8654 section 3',
);
export const enhancedRouteRefresh = presence(
  CAPABILITY.ENHANCED_ROUTE_REFRESH,
  'enhanced-route-refresh',
  'RFC 7313 section 3.1',
);
export const bfdStrictMode = presence(
  CAPABILITY.BFD_STRICT_MODE,
  'bfd-strict-mode',
  'draft-ietf-idr-bgp-bfd-strict-mode',
);
export const linkLocalNextHop = presence(
  CAPABILITY.LINK_LOCAL_NEXT_HOP,
  'link-local-next-hop',
  'draft-ietf-idr-linklocal-capability',
);
