/**
 * Where an OVSDB server is, or where it is to dial us, in the words of Open vSwitch: `unix:PATH`, `tcp:HOST:PORT`,
 * `ssl:HOST:PORT`, and the passive `punix:PATH`, `ptcp:PORT[:HOST]`, `pssl:PORT[:HOST]` (ovsdb(7), "Connection Methods").
 */
import { isIP } from 'node:net';

export type OvsdbEndpoint =
  | { readonly kind: 'unix'; readonly passive: boolean; readonly path: string }
  | { readonly kind: 'tcp' | 'ssl'; readonly passive: boolean; readonly host: string; readonly port: number };

/** IANA's port for OVSDB. */
export const OVSDB_PORT = 6640;
const ANY_HOST = '0.0.0.0';

/** Undefined when `text` is none. */
export function parseEndpoint(text: string): OvsdbEndpoint | undefined {
  const match = /^(p?)(unix|tcp|ssl):(.+)$/.exec(text);
  if (!match) return undefined;
  const passive = match[1] === 'p';
  const kind = match[2] as OvsdbEndpoint['kind'];
  const rest = match[3]!;
  if (kind === 'unix') return rest.startsWith('/') ? { kind, passive, path: rest } : undefined;
  return passive ? parsePassive(kind, rest) : parseActive(kind, rest);
}

function parseActive(kind: 'tcp' | 'ssl', rest: string): OvsdbEndpoint | undefined {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+)(?::(\d+))?$/.exec(rest);
  if (!match) return undefined;
  const host = hostOf(match[1]!);
  const port = match[2] === undefined ? OVSDB_PORT : portOf(match[2]);
  return host === undefined || port === undefined ? undefined : { kind, passive: false, host, port };
}

function parsePassive(kind: 'tcp' | 'ssl', rest: string): OvsdbEndpoint | undefined {
  const match = /^(\d+)(?::(\[[0-9a-fA-F:.]+\]|[\d.]+))?$/.exec(rest);
  if (!match) return undefined;
  const port = portOf(match[1]!);
  const host = match[2] === undefined ? ANY_HOST : hostOf(match[2]);
  if (host === undefined || port === undefined || isIP(host) === 0) return undefined;
  return { kind, passive: true, host, port };
}

const portOf = (text: string): number | undefined =>
  Number(text) >= 1 && Number(text) <= 65535 ? Number(text) : undefined;

/** IPv6 in brackets, IPv4, or a host name. */
function hostOf(text: string): string | undefined {
  if (text.startsWith('[')) return isIP(text.slice(1, -1)) === 6 ? text.slice(1, -1) : undefined;
  if (/^[\d.]+$/.test(text)) return isIP(text) === 4 ? text : undefined;
  return /^[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?$/.test(text) ? text : undefined;
}

export function printEndpoint(endpoint: OvsdbEndpoint): string {
  const prefix = `${endpoint.passive ? 'p' : ''}${endpoint.kind}`;
  if (endpoint.kind === 'unix') return `${prefix}:${endpoint.path}`;
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host;
  if (!endpoint.passive) return `${prefix}:${host}:${endpoint.port}`;
  return endpoint.host === ANY_HOST ? `${prefix}:${endpoint.port}` : `${prefix}:${endpoint.port}:${host}`;
}
