/** What both ends of a lab must show: FRR's own JSON, evpnd's own JSON. */
import type { Evpnd } from './evpnd.ts';
import { eventually } from './expect.ts';
import type { Frr } from './frr.ts';

interface FrrSummary {
  readonly peers?: Record<string, { readonly state: string }>;
}

/** FRR has an established EVPN session with each of `peers`. */
export async function expectFrrSessions(frr: Frr, peers: readonly string[]): Promise<void> {
  await eventually(
    `FRR is Established with ${peers.join(', ')}`,
    async () => {
      const summary = await frr.json<FrrSummary>('show bgp l2vpn evpn summary');
      const down = peers.filter((peer) => summary.peers?.[peer]?.state !== 'Established');
      if (down.length > 0) throw new Error(`not up: ${down.join(', ')}: ${JSON.stringify(summary.peers)}`);
      return true;
    },
    { seconds: 40 },
  );
}

export interface FrrPath {
  readonly valid?: boolean;
  readonly bestpath?: boolean;
  readonly nexthops: readonly { readonly ip: string }[];
  readonly extendedCommunity?: { readonly string: string };
}

/** The paths that FRR has for a route in its bracket form, under any RD. */
export async function frrPaths(frr: Frr, prefix: string): Promise<FrrPath[]> {
  const table =
    await frr.json<Record<string, Record<string, { paths?: FrrPath[][] }>>>('show bgp l2vpn evpn route');
  return Object.values(table).flatMap((rd) =>
    typeof rd === 'object' ? (rd[prefix]?.paths ?? []).flat() : [],
  );
}

/** FRR has a valid path for `prefix` with that next hop; resolves to it. */
export async function expectFrrRoute(frr: Frr, prefix: string, nextHop: string): Promise<FrrPath> {
  return eventually(`FRR has ${prefix} from ${nextHop}`, async () => {
    const paths = await frrPaths(frr, prefix);
    const path = paths.find((each) => each.valid && each.nexthops.some(({ ip }) => ip === nextHop));
    if (!path) throw new Error(JSON.stringify(paths));
    return path;
  });
}

export async function expectNoFrrRoute(frr: Frr, prefix: string, nextHop: string): Promise<void> {
  await eventually(`FRR has no ${prefix} from ${nextHop}`, async () => {
    const paths = await frrPaths(frr, prefix);
    if (paths.some((path) => path.nexthops.some(({ ip }) => ip === nextHop))) {
      throw new Error(JSON.stringify(paths));
    }
    return true;
  });
}

/** The bracket form of a type-2 route, as FRR prints it. */
export function macIpPrefix(mac: string, ip?: string): string {
  const address = ip === undefined ? '' : `:[${ip.includes(':') ? 128 : 32}]:[${ip}]`;
  return `[2]:[0]:[48]:[${mac}]${address}`;
}

/** The bracket form of a type-3 route. */
export const imetPrefix = (originator: string): string =>
  `[3]:[0]:[${originator.includes(':') ? 128 : 32}]:[${originator}]`;

/** evpnd has an established session with each of `peers`. */
export async function expectSessions(evpnd: Evpnd, peers: readonly string[]): Promise<void> {
  await eventually(
    `evpnd ${evpnd.node} is Established with ${peers.join(', ')}`,
    async () => {
      const text = await evpnd.ctl('show bgp summary --json');
      const { neighbors } = JSON.parse(text) as { neighbors: { address: string; state: string }[] };
      const up = new Set(
        neighbors.filter(({ state }) => state === 'Established').map(({ address }) => address),
      );
      if (!peers.every((peer) => up.has(peer))) throw new Error(text);
      return true;
    },
    { seconds: 40 },
  );
}
