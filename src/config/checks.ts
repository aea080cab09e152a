/**
 * What one value of the file has to do with another: unknown peer groups, duplicates, overlaps, timers that cannot
 * work. Reads the raw texts, and skips what is no value by itself, so that these problems show together with the
 * schema's and not only after them.
 */
import { parseIp, parsePrefix, prefixContains } from '../base/ip.ts';
import { suggest } from '../base/suggest.ts';
import { DATAPLANE_TYPES, DEFAULTS } from './config.ts';
import type { Path, Problem } from './problems.ts';
import { resolveTimers } from './resolve.ts';
import type { Source } from './source.ts';
import * as value from './values.ts';

type Tree = Readonly<Record<string, unknown>>;

const map = (node: unknown): Tree =>
  typeof node === 'object' && node !== null && !Array.isArray(node) ? (node as Tree) : {};
const list = (node: unknown): readonly unknown[] => (Array.isArray(node) ? node : []);
const read = <T>(type: value.ValueType<T>, node: unknown): T | undefined =>
  typeof node === 'string' ? type.parse(node) : undefined;

export function check(source: Source, tree: unknown): Problem[] {
  const root = map(tree);
  return [
    ...checkTimers(source, ['timers'], map(root.timers), undefined),
    ...Object.entries(map(root['peer-groups'])).flatMap(([name, group]) =>
      checkSession(source, ['peer-groups', name], map(group), {}, root),
    ),
    ...list(root.neighbors).flatMap((node, index) =>
      checkNeighbor(source, ['neighbors', index], map(node), root),
    ),
    ...duplicates(source, 'neighbors', 'address', value.address, root.neighbors),
    ...checkRanges(source, root),
    ...checkVnis(source, map(root.evpn)),
    ...checkHosts(source, map(root.dataplane)),
    ...checkSwitches(source, root),
  ];
}

function checkNeighbor(source: Source, path: Path, node: Tree, root: Tree): Problem[] {
  const group = map(map(root['peer-groups'])[String(node['peer-group'])]);
  const problems = [
    ...unknownGroup(source, path, node, root),
    ...checkSession(source, path, node, group, root),
  ];
  const name = node['peer-group'];
  const known = name === undefined || Object.hasOwn(map(root['peer-groups']), String(name));
  if (node['remote-as'] === undefined && group['remote-as'] === undefined && known) {
    const where = name === undefined ? '' : `, here or in peer group ${name}`;
    problems.push(source.problem([...path, 'remote-as'], 'nothing', `${value.remoteAs.wanted}${where}`));
  }
  const address = read(value.address, node.address);
  const from = read(value.updateSource, node['update-source'] ?? group['update-source']);
  const local = from === undefined ? undefined : parseIp(from);
  if (address !== undefined && local && local.length !== parseIp(address)!.length) {
    const wanted = `an address of the family of ${address}, or an interface`;
    problems.push(source.problem([...path, 'update-source'], `"${from}"`, wanted));
  } else if (address !== undefined && LINK_LOCAL.test(address) && (from === undefined || local)) {
    const wanted = `the interface on which ${address} is a neighbor: a link-local address needs one`;
    const seen = from === undefined ? 'nothing' : `"${from}"`;
    problems.push(source.problem([...path, 'update-source'], seen, wanted));
  }
  return problems;
}

/** fe80::/10, in canonical text: RFC 4291 section 2.5.6. */
const LINK_LOCAL = /^fe[89ab][0-9a-f]:/;

function unknownGroup(source: Source, path: Path, node: Tree, root: Tree): Problem[] {
  const name = node['peer-group'];
  const groups = Object.keys(map(root['peer-groups']));
  if (typeof name !== 'string' || name === '' || groups.includes(name)) return [];
  const wanted =
    groups.length > 0 ? `a peer group: ${groups.join(', ')}` : 'a peer group, and none is configured';
  return [source.problem([...path, 'peer-group'], `"${name}"`, wanted, suggest(name, groups))];
}

/** What holds for a session's settings wherever they stand; `group` gives what `node` does not. */
function checkSession(source: Source, path: Path, node: Tree, group: Tree, root: Tree): Problem[] {
  const problems = checkTimers(source, [...path, 'timers'], map(node.timers), [
    map(root.timers),
    map(group.timers),
  ]);
  const both = (key: string): unknown => node[key] ?? group[key];
  const at = (key: string): Path => [...path, key];
  if (both('ttl-security-hops') !== undefined && both('ebgp-multihop') !== undefined) {
    const key = node['ebgp-multihop'] === undefined ? 'ttl-security-hops' : 'ebgp-multihop';
    if (node[key] !== undefined) {
      const wanted = 'ttl-security-hops or ebgp-multihop, not both: they set the same TTL';
      problems.push(source.problem(at(key), `"${node[key]}"`, wanted));
    }
  }
  const families = list(node.families);
  if (families.length > 0 && !families.includes('l2vpn-evpn')) {
    const wanted = 'l2vpn-evpn among the families: nothing else is routed';
    problems.push(source.problem(at('families'), families.join(', '), wanted));
  }
  const ours = read(value.asNumber, map(root.router).asn);
  const theirs = read(value.remoteAs, both('remote-as'));
  const external =
    theirs === 'external' || (typeof theirs === 'number' && ours !== undefined && theirs !== ours);
  const client = read(value.flag, both('route-reflector-client'));
  if (external && client && (node['route-reflector-client'] ?? node['remote-as']) !== undefined) {
    const wanted = 'an internal peer: route reflection is between peers of one AS (RFC 4456)';
    problems.push(source.problem(at('route-reflector-client'), `remote-as ${both('remote-as')}`, wanted));
  }
  return problems;
}

/** `inherited` holds the outer levels, outermost first; undefined for the defaults of the file themselves. */
function checkTimers(
  source: Source,
  path: Path,
  own: Tree,
  inherited: readonly Tree[] | undefined,
): Problem[] {
  if (own.hold === undefined && own.keepalive === undefined) return [];
  const levels = [...(inherited ?? []), own];
  const timers = levels.reduce<typeof DEFAULTS.timers | ReturnType<typeof resolveTimers>>((outer, level) => {
    const hold = read(value.holdTime, level.hold);
    const keepalive = read(value.integer(0, 21845, ''), level.keepalive);
    return resolveTimers(outer, {
      ...(hold === undefined ? {} : { hold }),
      ...(keepalive === undefined ? {} : { keepalive }),
    });
  }, DEFAULTS.timers);
  const { holdSeconds: hold, keepaliveSeconds: keepalive } = timers;
  const key = own.keepalive === undefined ? 'hold' : 'keepalive';
  if (hold === 0 && keepalive !== 0) {
    return [
      source.problem([...path, key], `"${keepalive}"`, 'no keepalive, for hold is 0 (RFC 4271 section 4.4)'),
    ];
  }
  if (hold !== 0 && keepalive >= hold) {
    const wanted = `a keepalive below the hold time, which is ${hold} (a third of it is usual)`;
    return [source.problem([...path, key], `"${keepalive}"`, wanted)];
  }
  if (hold !== 0 && keepalive === 0 && own.keepalive !== undefined) {
    return [
      source.problem([...path, key], '"0"', `1 to ${hold - 1}: the peer needs keepalives as hold is ${hold}`),
    ];
  }
  return [];
}

function checkRanges(source: Source, root: Tree): Problem[] {
  const problems: Problem[] = [];
  const earlier: { readonly index: number; readonly text: string }[] = [];
  for (const [index, node] of list(root['listen-ranges']).entries()) {
    const range = map(node);
    const path: Path = ['listen-ranges', index];
    problems.push(...unknownGroup(source, path, range, root));
    const group = map(root['peer-groups'])[String(range['peer-group'])];
    if (group !== undefined && map(group)['remote-as'] === undefined) {
      const wanted = `a peer group with remote-as; ${range['peer-group']} has none`;
      problems.push(source.problem([...path, 'peer-group'], `"${range['peer-group']}"`, wanted));
    }
    const text = read(value.prefix, range.prefix);
    if (text === undefined) continue;
    const overlapping = earlier.find((other) => overlap(other.text, text));
    if (overlapping) {
      const wanted = `a prefix apart from listen-ranges[${overlapping.index}], which is ${overlapping.text}`;
      problems.push(source.problem([...path, 'prefix'], `"${range.prefix}"`, wanted));
    }
    earlier.push({ index, text });
  }
  return problems;
}

function overlap(a: string, b: string): boolean {
  const [one, other] = [parsePrefix(a)!, parsePrefix(b)!];
  return prefixContains(one, other.address) || prefixContains(other, one.address);
}

function checkVnis(source: Source, evpn: Tree): Problem[] {
  const vni = value.integer(1, 0xffffff, 'a VNI');
  return [
    ...duplicates(source, 'vnis', 'vni', vni, evpn.vnis, ['evpn']),
    ...duplicates(source, 'vnis', 'rd', value.routeDistinguisher, evpn.vnis, ['evpn']),
  ];
}

function checkHosts(source: Source, dataplane: Tree): Problem[] {
  const type = dataplane.type === undefined ? 'kernel' : read(value.word(DATAPLANE_TYPES), dataplane.type);
  if (list(dataplane.hosts).length === 0 || type === undefined || type === 'memory') return [];
  const wanted = 'hosts only with type memory: every other dataplane learns its own';
  return [source.problem(['dataplane', 'hosts'], `dataplane type ${type}`, wanted)];
}

/** What a hardware VTEP needs, and what has no meaning with it. */
function checkSwitches(source: Source, root: Tree): Problem[] {
  const dataplane = map(root.dataplane);
  const switches = list(dataplane.switches);
  if (dataplane.type !== 'hardware-vtep') {
    if (switches.length === 0) return [];
    const wanted = 'switches only with type hardware-vtep';
    return [
      source.problem(['dataplane', 'switches'], `dataplane type ${dataplane.type ?? 'kernel'}`, wanted),
    ];
  }
  const problems = duplicates(source, 'switches', 'name', value.switchName, dataplane.switches, [
    'dataplane',
  ]);
  if (switches.length === 0) {
    problems.push(
      source.problem(['dataplane', 'switches'], 'nothing', 'the switches to drive, at least one'),
    );
  }
  for (const index of switches.keys()) problems.push(...checkSwitch(source, dataplane, index));
  const evpn = map(root.evpn);
  if (evpn.vtep !== undefined) {
    const wanted = 'no vtep with type hardware-vtep: each switch has its own, in tunnel_ips';
    problems.push(source.problem(['evpn', 'vtep'], `"${evpn.vtep}"`, wanted));
  }
  for (const [index, node] of list(evpn.vnis).entries()) {
    const { rd } = map(node);
    if (rd === undefined) continue;
    const wanted = 'no rd with type hardware-vtep: each switch has its own, of its tunnel address';
    problems.push(source.problem(['evpn', 'vnis', index, 'rd'], `"${rd}"`, wanted));
  }
  return problems;
}

function checkSwitch(source: Source, dataplane: Tree, index: number): Problem[] {
  const switches = list(dataplane.switches);
  const node = map(switches[index]);
  const path: Path = ['dataplane', 'switches', index];
  const connection = read(value.ovsdbConnection, node.connection);
  const problems = checkBindings(source, path, node);
  if (connection === undefined) return problems;
  if (/^p?ssl:/.test(connection) && !(node.tls ?? dataplane.tls)) {
    const wanted = 'tls with ca, certificate and private-key, here or in dataplane';
    problems.push(source.problem([...path, 'connection'], `"${connection}" without tls`, wanted));
  }
  const same = (other: unknown): boolean => read(value.ovsdbConnection, map(other).connection) === connection;
  const earlier = switches.slice(0, index).findIndex(same);
  // Only a port that switches dial serves several.
  if (earlier >= 0 && !connection.startsWith('p')) {
    const wanted = `a connection of its own: switches[${earlier}] has this one, and a database is one VTEP`;
    problems.push(source.problem([...path, 'connection'], `"${connection}"`, wanted));
  }
  return problems;
}

/** A VLAN of a port belongs to one VNI. */
function checkBindings(source: Source, path: Path, node: Tree): Problem[] {
  const seen = new Map<string, number>();
  return list(node.bindings).flatMap((each, index) => {
    const { port, vlan } = map(each);
    const key = `${port} ${vlan}`;
    const earlier = seen.get(key);
    if (earlier === undefined) {
      seen.set(key, index);
      return [];
    }
    const wanted = `each VLAN of a port once; bindings[${earlier}] has VLAN ${vlan} of ${port} already`;
    return [source.problem([...path, 'bindings', index, 'vlan'], `"${vlan}"`, wanted)];
  });
}

/** Each value of `key` once in the list. */
function duplicates<T>(
  source: Source,
  name: string,
  key: string,
  type: value.ValueType<T>,
  nodes: unknown,
  base: Path = [],
): Problem[] {
  const first = new Map<T, number>();
  return list(nodes).flatMap((node, index) => {
    const seen = read(type, map(node)[key]);
    if (seen === undefined) return [];
    const earlier = first.get(seen);
    if (earlier === undefined) {
      first.set(seen, index);
      return [];
    }
    const wanted = `each ${key} once; ${name}[${earlier}] has it already`;
    return [source.problem([...base, name, index, key], `"${seen}"`, wanted)];
  });
}
