/**
 * Route targets and route origins (sites of origin) as text: `65000:10`.
 *
 * RFC 4360 sections 4 and 5, RFC 5668 section 2 (4-octet AS numbers).
 */
import type { RouteOrigin, RouteTarget } from '../communities/values.ts';
import { administratorText, parseAdministrator } from './administrator.ts';

/** `65000:10`, `10.0.0.1:10`, `4200000000:10`, `65000L:10`. */
export function routeTargetText(community: RouteTarget | RouteOrigin): string {
  return administratorText(community);
}

/** The reverse of routeTargetText; undefined when the text is no route target. */
export function parseRouteTarget(text: string): RouteTarget | undefined {
  const value = parseAdministrator(text);
  return value === undefined ? undefined : { type: 'route-target', ...value };
}

/** As parseRouteTarget. */
export function parseRouteOrigin(text: string): RouteOrigin | undefined {
  const value = parseAdministrator(text);
  return value === undefined ? undefined : { type: 'route-origin', ...value };
}
