/** Routes of the RIB in the words of the control API: a destination, its paths, and what became of it here. */
import { decodeEvpnRoute, type EvpnRoute, joinEvpnNlri } from 'bgp-protocol';
import type { ImportView, PathView, RouteView } from '../../control/api.ts';
import { REASON } from '../../evpn/index.ts';
import {
  LOCAL,
  type LoserReason,
  NONE,
  type PathId,
  type PayloadId,
  type Rib,
  type RouteId,
} from '../../rib/index.ts';
import type { Neighbour } from '../neighbour.ts';
import type { Parts } from '../parts.ts';
import { attributesView } from './attributes.ts';
import { routeKeyView } from './route-key.ts';

type Context = Pick<Parts, 'rib' | 'evpn' | 'neighbours' | 'clock'>;

/** Longest NLRI: two octets before 255 of value. */
const NLRI_OCTETS = 257;
/** What FRR shows for its own routes; ours are preferred by the decision process, not by a weight. */
const LOCAL_WEIGHT = 32768;

/** The route as a value: its key joined with the payload of one of its paths. */
export function decodeRoute(rib: Rib, route: RouteId, payload: PayloadId): EvpnRoute {
  const nlri = new Uint8Array(NLRI_OCTETS);
  const rest = rib.payloads.bytes(payload);
  const end = joinEvpnNlri(
    rib.keyBytes,
    rib.keyStart(route),
    rib.keyEnd(route),
    rest,
    0,
    rest.length,
    nlri,
    0,
  );
  return decodeEvpnRoute(nlri, 0, end);
}

/** One destination with all its paths. */
export function routeView(route: RouteId, context: Context, detail = false): RouteView {
  const { rib } = context;
  const value = decodeRoute(rib, route, rib.payloadOf(rib.firstPath(route)));
  const paths = [...rib.paths(route)].map((path) => pathView(route, path, context));
  return {
    rd: 'rd' in value ? value.rd : '',
    ...routeKeyView(value),
    paths,
    imports: importViews(route, context),
    advertisedTo: detail ? advertisedTo(route, context) : undefined,
  };
}

/** One destination with the one path that a neighbour was told, with the attributes it was told. */
export function advertisedView(
  { route, block }: { readonly route: RouteId; readonly block: number },
  neighbour: Neighbour,
  context: Context,
): RouteView | undefined {
  const { rib } = context;
  const { attachment } = neighbour;
  const best = rib.best(route);
  if (!attachment || best === NONE) return undefined;
  const value = decodeRoute(rib, route, rib.payloadOf(best));
  const path: PathView = {
    best: true,
    valid: true,
    reason: 'advertised',
    source: neighbour.peer.negotiated?.kind ?? 'ibgp',
    weight: 0,
    ...ageOf(best, context),
    ...payloadView(value),
    ...attributesView(attachment.group.attributes(block)),
  };
  return { rd: 'rd' in value ? value.rd : '', ...routeKeyView(value), paths: [path], imports: [] };
}

/** One destination with the one path that a neighbour announced; undefined when it announced none. */
export function receivedView(route: RouteId, neighbour: Neighbour, context: Context): RouteView | undefined {
  const { rib } = context;
  const path = neighbour.source === undefined ? NONE : rib.pathFrom(route, neighbour.source);
  if (path === NONE) return undefined;
  const value = decodeRoute(rib, route, rib.payloadOf(path));
  return {
    rd: 'rd' in value ? value.rd : '',
    ...routeKeyView(value),
    paths: [pathView(route, path, context)],
    imports: [],
  };
}

function pathView(route: RouteId, path: PathId, context: Context): PathView {
  const { rib, neighbours } = context;
  const reason = rib.loserReason(path);
  const source = rib.sourceOf(path);
  const neighbour = source === LOCAL ? undefined : neighbours.ofSource(source);
  const negotiated = neighbour?.peer.negotiated;
  return {
    best: reason === 'best',
    valid: !reason.startsWith('loop'),
    reason: REASON_WORDS[reason],
    source: source === LOCAL ? 'local' : (rib.sources.spec(source)?.kind ?? 'ibgp'),
    peer: source === LOCAL ? undefined : rib.sources.spec(source)?.address,
    peerHostName: negotiated?.hostName,
    peerRouterId: negotiated?.remoteRouterId,
    weight: source === LOCAL ? LOCAL_WEIGHT : 0,
    stale: rib.isStale(path) || undefined,
    ...ageOf(path, context),
    ...payloadView(decodeRoute(rib, route, rib.payloadOf(path))),
    ...attributesView(rib.attributes.attributes(rib.attributesOf(path))),
  };
}

/** The decision process's word for a loser, as people say it. */
const REASON_WORDS: Readonly<Record<LoserReason, string>> = {
  best: 'best',
  sticky: 'the best path is of a static (sticky) MAC',
  'mobility-sequence': 'lower MAC mobility sequence than the best path',
  'lowest-vtep': 'higher VTEP address than the best path',
  local: 'the best path is local',
  'local-preference': 'lower local preference than the best path',
  'as-path-length': 'longer AS path than the best path',
  origin: 'worse origin than the best path',
  med: 'higher MED than the best path',
  'ebgp-over-ibgp': 'internal, and the best path is external',
  'router-id': 'higher router id than the best path',
  'cluster-list': 'longer cluster list than the best path',
  'peer-address': 'higher peer address than the best path',
  'loop: as-path': 'refused: our AS is in its AS path',
  'loop: originator-id': 'refused: we are its originator',
  'loop: cluster-list': 'refused: our cluster is in its cluster list',
};

/** When the path last changed. */
function ageOf(path: PathId, { rib, clock }: Context): Pick<PathView, 'lastUpdate' | 'ageSeconds'> {
  const ageSeconds = Math.max(0, Math.floor(clock.now() / 1000) - rib.changedAtSeconds(path));
  return { lastUpdate: new Date(clock.wallTime() - ageSeconds * 1000).toISOString(), ageSeconds };
}

const ZERO_ESI = '00:00:00:00:00:00:00:00:00:00';

function payloadView(route: EvpnRoute): Pick<PathView, 'labels' | 'esi' | 'gatewayIp'> {
  const esi = 'esi' in route && route.esi !== ZERO_ESI ? route.esi : undefined;
  switch (route.routeType) {
    case 1:
    case 5:
      return { labels: [route.label], esi, gatewayIp: 'gatewayIp' in route ? route.gatewayIp : undefined };
    case 2:
      return { labels: route.labels, esi };
    default:
      return { labels: [], esi };
  }
}

/** What this leaf made of the best path. A reflector without instances looks at nothing. */
function importViews(route: RouteId, { evpn }: Context): ImportView[] {
  const { reason, text, vni, installed } = evpn.views.import(route);
  if (reason === REASON.NONE || reason === REASON.OWN_ROUTE) return [];
  if (vni === undefined) return [{ imported: false, reason: text }];
  return [{ vni, imported: true, reason: installed && reason === REASON.IMPORTED ? undefined : text }];
}

function advertisedTo(route: RouteId, { neighbours }: Context): string[] {
  const told: string[] = [];
  for (const { attachment, address } of neighbours.all) {
    if (attachment?.group.tells(attachment.out, route)) told.push(address);
  }
  return told;
}
