/** EVPN routes: the table as FRR's people read it, and each route in full. Rows flow, so widths are fixed. Pure. */
import type { PathView, RouteView } from '../../control/index.ts';
import type { Table } from '../command.ts';
import { count, printDuration } from './text.ts';

const LEGEND = [
  'Status codes: * valid, > best, i internal, S stale',
  'Origin codes: i IGP, e EGP, ? incomplete',
  'EVPN type-1 prefix: [1]:[EthTag]:[ESI]',
  'EVPN type-2 prefix: [2]:[EthTag]:[MAClen]:[MAC]:[IPlen]:[IP]',
  'EVPN type-3 prefix: [3]:[EthTag]:[IPlen]:[OrigIP]',
  'EVPN type-4 prefix: [4]:[ESI]:[IPlen]:[OrigIP]',
  'EVPN type-5 prefix: [5]:[EthTag]:[IPlen]:[IP]',
  '',
  '   Network          Next Hop            Metric LocPrf Weight Path',
  '                    Extended Community',
];

export interface RouteTableOptions {
  /** Router ID and AS, for the first line. */
  readonly routerId: string;
  readonly localAs: number;
}

export function routeTable({ routerId, localAs }: RouteTableOptions): Table<RouteView> {
  let rd: string | undefined;
  let paths = 0;
  return {
    begin: () => [`Local router ID is ${routerId}, local AS is ${localAs}`, ...LEGEND],
    row(route) {
      const heading = route.rd === rd ? [] : [`Route Distinguisher: ${route.rd}`];
      rd = route.rd;
      paths += route.paths.length;
      return [...heading, ...route.paths.flatMap((path, index) => pathLines(route, path, index))];
    },
    end: (destinations) => [
      '',
      `Displayed ${count(destinations, 'prefix', 'prefixes')} (${count(paths, 'path')})`,
    ],
  };
}

/** The key has a line of its own above the first path; other paths of the same destination have none, as with FRR. */
function pathLines(route: RouteView, path: PathView, index: number): string[] {
  const status = `${path.stale ? 'S' : path.valid ? '*' : ' '}${path.best ? '>' : ' '}${path.source === 'ibgp' ? 'i' : ' '}`;
  const nextHop = path.peerHostName === undefined ? path.nextHop : `${path.nextHop}(${path.peerHostName})`;
  const numbers = [path.med, path.localPreference, path.weight].map((number) =>
    String(number ?? '').padStart(6),
  );
  const facts = `${nextHop.padEnd(19)} ${numbers.join(' ')} ${asPath(path)}`;
  return [
    ...(index === 0 ? [`${status}${route.key}`, INDENT + facts] : [status.padEnd(INDENT.length) + facts]),
    ...(path.extendedCommunities.length > 0 ? [INDENT + path.extendedCommunities.join(' ')] : []),
  ];
}

const INDENT = ' '.repeat(20);

const ORIGIN = { igp: 'i', egp: 'e', incomplete: '?' } as const;
const ORIGIN_NAME = { igp: 'IGP', egp: 'EGP', incomplete: 'incomplete' } as const;

const asPath = ({ asPath: text, origin }: PathView): string =>
  `${text === '' ? '' : `${text} `}${ORIGIN[origin]}`;

/** `detail`: every attribute, where it was sent, and what became of it in each VNI. */
export function routeDetail(): Table<RouteView> {
  let paths = 0;
  return {
    begin: () => [],
    row(route) {
      paths += route.paths.length;
      return [
        `BGP routing table entry for ${route.rd}:${route.key}`,
        `Paths: (${route.paths.length} available, ${bestNumber(route)})`,
        ...advertised(route),
        ...route.paths.flatMap((path) => pathDetail(path)),
        ...route.imports.map(({ vni, imported, reason }) =>
          imported
            ? `  Imported into VNI ${vni}${reason === undefined ? '' : ` (${reason})`}`
            : `  Not imported${vni === undefined ? '' : ` into VNI ${vni}`}: ${reason ?? 'no route target matches'}`,
        ),
        '',
      ];
    },
    end: (destinations) => [
      `Displayed ${count(destinations, 'prefix', 'prefixes')} (${count(paths, 'path')})`,
    ],
  };
}

/** A reason that only repeats that it is best says nothing. */
const verdict = ({ best, reason }: PathView): string => {
  if (!best) return `not best: ${reason}`;
  return reason === 'best' ? 'best' : `best (${reason})`;
};

function bestNumber({ paths }: RouteView): string {
  const index = paths.findIndex(({ best }) => best);
  return index < 0 ? 'no best path' : `best #${index + 1}`;
}

function advertised({ advertisedTo }: RouteView): string[] {
  if (advertisedTo === undefined) return [];
  return advertisedTo.length === 0
    ? ['  Not advertised to any peer']
    : ['  Advertised to peers:', `  ${advertisedTo.join(' ')}`];
}

function pathDetail(path: PathView): string[] {
  const peer =
    path.peer === undefined
      ? 'locally originated'
      : `from ${path.peerHostName === undefined ? path.peer : `${path.peerHostName}(${path.peer})`} (${path.peerRouterId ?? '0.0.0.0'})`;
  const reach = path.nextHopReachable === false ? ' (inaccessible)' : '';
  const facts = [
    `Origin ${ORIGIN_NAME[path.origin]}`,
    ...(path.med === undefined ? [] : [`metric ${path.med}`]),
    ...(path.localPreference === undefined ? [] : [`localpref ${path.localPreference}`]),
    ...(path.weight === 0 ? [] : [`weight ${path.weight}`]),
    path.valid ? 'valid' : 'invalid',
    path.source === 'local' ? 'sourced, local' : path.source === 'ibgp' ? 'internal' : 'external',
    ...(path.stale ? ['stale'] : []),
  ];
  return [
    `  ${path.asPath === '' ? 'Local' : path.asPath}`,
    `    ${path.nextHop}${reach} ${peer}`,
    `      ${facts.join(', ')}, ${verdict(path)}`,
    ...(path.esi === undefined ? [] : [`      ESI: ${path.esi}`]),
    ...(path.gatewayIp === undefined ? [] : [`      Gateway IP: ${path.gatewayIp}`]),
    ...(path.labels.length === 0 ? [] : [`      Label/VNI: ${path.labels.join(', ')}`]),
    ...(path.communities?.length ? [`      Community: ${path.communities.join(' ')}`] : []),
    ...(path.largeCommunities?.length ? [`      Large Community: ${path.largeCommunities.join(' ')}`] : []),
    ...(path.extendedCommunities.length > 0
      ? [`      Extended Community: ${path.extendedCommunities.join(' ')}`]
      : []),
    ...(path.originatorId === undefined
      ? []
      : [`      Originator: ${path.originatorId}, Cluster list: ${(path.clusterList ?? []).join(' ')}`]),
    ...(path.pmsiTunnel === undefined ? [] : [`      PMSI Tunnel Type: ${path.pmsiTunnel}`]),
    ...(path.unknownAttributes ?? []).map(({ code, hex }) => `      Unknown attribute ${code}: ${hex}`),
    ...(path.lastUpdate === undefined
      ? []
      : [`      Last update: ${path.lastUpdate} (${printDuration(path.ageSeconds)} ago)`]),
  ];
}
