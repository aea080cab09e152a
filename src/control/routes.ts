/**
 * The paths of the API as a table: method, path, what it is for, and how a backend answers. A reply is one object,
 * rows, or an event stream; the server knows how to send each.
 */
import { parseIp, printIp } from '../base/ip.ts';
import { parseMac, printMac } from '../base/mac.ts';
import {
  type ClearDuplicatesRequest,
  type ClearRequest,
  type ControlBackend,
  ControlError,
  type EntryQuery,
  type MacView,
  type RouteQuery,
  type RouteView,
  type Rows,
  type VniView,
  WATCH_SUBJECTS,
  type WatchSubject,
} from './api.ts';
import { explain } from './explain.ts';

export interface ControlRequest {
  /** Values of the `:name` parts of the path. */
  readonly parts: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The parsed body of a POST; undefined when it has none. */
  readonly body: unknown;
}

export type Reply =
  | { readonly kind: 'object'; readonly value: object }
  | { readonly kind: 'rows'; readonly rows: Rows<object> }
  | { readonly kind: 'watch'; readonly subjects: readonly WatchSubject[] };

export interface ControlRoute {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Query parameters that it knows; others are refused, so that a misspelt filter is no filter left out. */
  readonly parameters: readonly string[];
  readonly about: string;
  answer(backend: ControlBackend, request: ControlRequest): Reply | Promise<Reply>;
}

const object = (value: object): Reply => ({ kind: 'object', value });
const rows = (list: Rows<object>): Reply => ({ kind: 'rows', rows: list });

const ENTRY_PARAMETERS = ['vni', 'mac', 'ip', 'vtep', 'duplicate'] as const;

export const CONTROL_ROUTES: readonly ControlRoute[] = [
  get('/v1', 'This table', [], () => rows(CONTROL_ROUTES.map(({ answer: _, ...route }) => route))),
  get('/v1/version', 'What runs, since when', [], (backend) => object(backend.version())),
  get('/v1/running-config', 'The configuration in use', [], (backend) => object(backend.runningConfig())),
  get('/v1/bgp/summary', 'The router and a line per neighbour', [], (backend) =>
    object(backend.bgpSummary()),
  ),
  get('/v1/bgp/neighbors', 'Every neighbour in full', [], (backend) => rows(backend.neighbors())),
  get('/v1/bgp/neighbors/:address', 'One neighbour in full', [], (backend, { parts }) =>
    object(found(backend.neighbor(addressOf(parts)), `neighbor ${parts.address}`, knownNeighbors(backend))),
  ),
  get(
    '/v1/bgp/neighbors/:address/advertised-routes',
    'What the neighbour was told',
    [],
    (backend, { parts }) => {
      const list = backend.advertisedRoutes(addressOf(parts));
      return rows(found(list, `neighbor ${parts.address}`, knownNeighbors(backend)));
    },
  ),
  get(
    '/v1/bgp/neighbors/:address/received-routes',
    'What the neighbour told us',
    [],
    (backend, { parts }) => {
      const list = backend.receivedRoutes(addressOf(parts));
      return rows(found(list, `neighbor ${parts.address}`, knownNeighbors(backend)));
    },
  ),
  get(
    '/v1/bgp/evpn/routes',
    'The EVPN table',
    ['type', 'rd', 'vni', 'mac', 'ip', 'detail'],
    (backend, { query }) => rows(backend.routes(routeQuery(query))),
  ),
  get('/v1/bgp/rt-constraint', 'Route targets that are asked for', [], (backend) =>
    rows(backend.rtConstraint()),
  ),
  get('/v1/bgp/evpn/vnis', 'Each instance as BGP sees it', [], (backend) => rows(backend.bgpVnis())),
  get('/v1/bgp/evpn/vnis/:vni', 'One instance as BGP sees it', [], (backend, { parts }) =>
    object(found(backend.bgpVni(vniOf(parts.vni)), `VNI ${parts.vni}`)),
  ),
  get('/v1/evpn', 'Totals, dataplane counters, problems', [], (backend) => object(backend.evpn())),
  get('/v1/evpn/vnis', 'Each instance as the dataplane has it', [], (backend) => rows(backend.vnis())),
  get('/v1/evpn/vnis/:vni', 'One instance as the dataplane has it', [], (backend, { parts }) =>
    object(found(backend.vni(vniOf(parts.vni)), `VNI ${parts.vni}`)),
  ),
  get('/v1/evpn/macs', 'MAC tables', ENTRY_PARAMETERS, (backend, { query }) =>
    rows(backend.macs(entryQuery(backend, query))),
  ),
  get('/v1/evpn/neighbors', 'ARP and ND tables', ENTRY_PARAMETERS, (backend, { query }) =>
    rows(backend.arpCache(entryQuery(backend, query))),
  ),
  get('/v1/evpn/vteps', 'Remote VTEPs', [], (backend) => rows(backend.vteps())),
  get('/v1/hardware-vtep', 'Each switch that is a hardware VTEP', [], (backend) =>
    rows(backend.hardwareVteps()),
  ),
  get('/v1/hardware-vtep/:switch', 'One switch', [], (backend, { parts }) =>
    object(found(backend.hardwareVtep(parts.switch ?? ''), `switch ${parts.switch}`)),
  ),
  get('/v1/evpn/explain', 'Why a MAC is in the forwarding table, or not', ['mac', 'vni'], explainMac),
  get('/v1/watch', 'Events as they happen', ['subject'], (_, { query }) => ({
    kind: 'watch',
    subjects: watchSubjects(query.getAll('subject')),
  })),
  {
    method: 'POST',
    path: '/v1/clear',
    parameters: [],
    about: 'Reset sessions, or refresh their routes: { neighbor, soft? }',
    answer: async (backend, { body }) => object(await backend.clear(clearRequest(body))),
  },
  {
    method: 'POST',
    path: '/v1/clear-duplicates',
    parameters: [],
    about: 'Forget the moves of duplicate MACs: { vni?, mac? }',
    answer: async (backend, { body }) =>
      object(backend.clearDuplicates(clearDuplicatesRequest(backend, body))),
  },
  {
    method: 'POST',
    path: '/v1/reload',
    parameters: [],
    about: 'Read the configuration file again and apply what changed',
    answer: async (backend) => object(await backend.reload()),
  },
];

function get(
  path: string,
  about: string,
  parameters: readonly string[],
  answer: ControlRoute['answer'],
): ControlRoute {
  return { method: 'GET', path, parameters, about, answer };
}

/** The route for a path, and the values of its parts; a ControlError when there is none. */
export function findRoute(
  method: string,
  path: string,
): { route: ControlRoute; parts: Record<string, string> } {
  const steps = path.replace(/(?<=.)\/$/, '').split('/');
  const matches = CONTROL_ROUTES.flatMap((route) => {
    const parts = partsOf(route.path.split('/'), steps);
    return parts ? [{ route, parts }] : [];
  });
  const match = matches.find(({ route }) => route.method === method);
  if (match) return match;
  if (matches.length > 0) {
    const allowed = matches.map(({ route }) => route.method).join(', ');
    throw new ControlError(405, 'method-not-allowed', `Cannot ${method} ${path}: expected ${allowed}`);
  }
  throw new ControlError(404, 'not-found', `There is no ${path}`, 'GET /v1 lists the paths that there are');
}

function partsOf(pattern: readonly string[], steps: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== steps.length) return undefined;
  const parts: Record<string, string> = {};
  for (const [index, name] of pattern.entries()) {
    const step = steps[index]!;
    if (name.startsWith(':')) parts[name.slice(1)] = decode(step);
    else if (name !== step) return undefined;
  }
  return parts;
}

function decode(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    throw badRequest('path', step, 'percent-encoded UTF-8');
  }
}

const badRequest = (name: string, seen: string, wanted: string): ControlError =>
  new ControlError(400, 'bad-request', `Cannot read ${name}: saw "${seen}", expected ${wanted}`);

function found<T>(value: T | undefined, what: string, known?: string): T {
  if (value !== undefined) return value;
  throw new ControlError(404, 'not-found', `There is no ${what}`, known);
}

function knownNeighbors(backend: ControlBackend): string {
  const all = backend.bgpSummary().neighbors.map(({ address }) => address);
  if (all.length === 0) return 'no neighbor is configured';
  return `neighbors are ${all.slice(0, 8).join(', ')}${all.length > 8 ? ', ...' : ''}`;
}

function addressOf(parts: Readonly<Record<string, string>>): string {
  const text = parts.address ?? '';
  return canonicalIp('neighbor', text);
}

function canonicalIp(name: string, text: string): string {
  const address = parseIp(text);
  if (!address) throw badRequest(name, text, 'an IPv4 or IPv6 address');
  return printIp(address);
}

function canonicalMac(text: string): string {
  const mac = parseMac(text);
  if (mac === undefined) throw badRequest('mac', text, 'a MAC address such as 02:00:00:00:00:01');
  return printMac(mac);
}

function vniOf(text: string | undefined): number {
  const vni = /^\d{1,8}$/.test(text ?? '') ? Number(text) : 0;
  if (vni < 1 || vni > 0xffffff) throw badRequest('vni', text ?? '', 'a number from 1 to 16777215');
  return vni;
}

const optional = <T>(query: URLSearchParams, name: string, read: (text: string) => T): T | undefined => {
  const text = query.get(name);
  return text === null ? undefined : read(text);
};

/** `?detail`, `?detail=true` and `?detail=1` mean yes. */
const isSet = (query: URLSearchParams, name: string): boolean =>
  ['', 'true', '1'].includes(query.get(name) ?? 'no');

function routeQuery(query: URLSearchParams): RouteQuery {
  return {
    type: optional(query, 'type', (text) => {
      if (!/^\d{1,3}$/.test(text) || Number(text) > 255)
        throw badRequest('type', text, 'a route type, 0 to 255');
      return Number(text);
    }),
    rd: query.get('rd') ?? undefined,
    vni: optional(query, 'vni', vniOf),
    mac: optional(query, 'mac', canonicalMac),
    ip: optional(query, 'ip', (text) => canonicalIp('ip', text)),
    detail: isSet(query, 'detail'),
  };
}

/** Asking for the entries of a VNI that does not exist is a mistake, not an empty list. */
function entryQuery(backend: ControlBackend, query: URLSearchParams): EntryQuery {
  const vni = optional(query, 'vni', vniOf);
  if (vni !== undefined) found(backend.vni(vni), `VNI ${vni}`);
  return {
    vni,
    mac: optional(query, 'mac', canonicalMac),
    ip: optional(query, 'ip', (text) => canonicalIp('ip', text)),
    vtep: optional(query, 'vtep', (text) => canonicalIp('vtep', text)),
    duplicate: isSet(query, 'duplicate') || undefined,
  };
}

function watchSubjects(seen: readonly string[]): readonly WatchSubject[] {
  return seen.length === 0 ? WATCH_SUBJECTS : seen.map(watchSubject);
}

function watchSubject(text: string): WatchSubject {
  const subject = WATCH_SUBJECTS.find((known) => known === text);
  if (!subject) throw badRequest('subject', text, `one of ${WATCH_SUBJECTS.join(', ')}`);
  return subject;
}

function clearRequest(body: unknown): ClearRequest {
  const { neighbor, soft } = (typeof body === 'object' && body !== null ? body : {}) as Record<
    string,
    unknown
  >;
  if (typeof neighbor !== 'string')
    throw badRequest('neighbor', String(neighbor), 'an address, or * for all');
  if (soft !== undefined && soft !== 'in' && soft !== 'out' && soft !== 'both') {
    throw badRequest('soft', String(soft), 'in, out or both');
  }
  return { neighbor: neighbor === '*' ? '*' : canonicalIp('neighbor', neighbor), soft };
}

function clearDuplicatesRequest(backend: ControlBackend, body: unknown): ClearDuplicatesRequest {
  const { vni, mac } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const number = vni === undefined ? undefined : vniOf(String(vni));
  if (number !== undefined) found(backend.vni(number), `VNI ${number}`);
  return { vni: number, mac: mac === undefined ? undefined : canonicalMac(String(mac)) };
}

async function explainMac(backend: ControlBackend, { query }: ControlRequest): Promise<Reply> {
  const mac = canonicalMac(query.get('mac') ?? '');
  const vni = optional(query, 'vni', vniOf);
  const input = {
    mac,
    vni,
    macs: await all<MacView>(backend.macs({ mac, vni })),
    routes: await all<RouteView>(backend.routes({ mac, type: 2 })),
    vnis: await all<VniView>(backend.vnis()),
  };
  return rows(explain(input));
}

async function all<T>(list: Rows<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of list) if (item !== undefined) items.push(item);
  return items;
}
