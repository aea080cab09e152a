/**
 * What must hold at rest: every leaf's forwarding table equals the truth, the RIBs agree, and nothing waits or has failed.
 * Each difference is a line of text.
 */
import { decodeEvpnKey, evpnRouteText, routeDistinguisherText } from 'bgp-protocol';
import { printIp } from '../../src/base/ip.ts';
import { printMac } from '../../src/base/mac.ts';
import { ENTRY_FLAG } from '../../src/dataplane/interfaces.ts';
import { LOCAL, NONE, type Rib, type RouteId } from '../../src/rib/index.ts';
import type { Fabric, Leaf } from './fabric.ts';
import type { Machine } from './machine.ts';
import { hostAddress } from './world.ts';

export function differences(fabric: Fabric): string[] {
  const found: string[] = [];
  for (const leaf of fabric.leaves) {
    const { name } = leaf.machine;
    compare(found, `${name}, forwarding`, tableOf(leaf), expectedTable(fabric, leaf));
    compare(found, `${name}, learned here`, learnedOf(leaf), expectedLearned(fabric, leaf));
  }
  for (const machine of fabric.machines)
    found.push(...troubles(machine), ...sessionDifferences(fabric, machine));
  found.push(...ribDifferences(fabric));
  return found;
}

/** Where the MACs of hosts that can be reached lead, while entries for others and for addresses have not aged out yet. */
export function macDifferences(fabric: Fabric): string[] {
  const reachable = new Set<string>();
  for (const { vni, mac, leaf } of fabric.world.hosts) {
    if (leaf !== undefined && fabric.takesPart(fabric.leaves[leaf]!, vni))
      reachable.add(`${vni} ${printMac(mac)}`);
  }
  const isOfHost = (line: string) => {
    const [kind, vni, mac] = line.split(' ');
    return kind === 'mac' && reachable.has(`${vni} ${mac}`);
  };
  const found: string[] = [];
  for (const leaf of fabric.leaves) {
    const [table, expected] = [tableOf(leaf), expectedTable(fabric, leaf)];
    compare(found, `${leaf.machine.name}, before ageing`, table.filter(isOfHost), expected.filter(isOfHost));
  }
  return found;
}

function compare(
  found: string[],
  where: string,
  actual: readonly string[],
  expected: readonly string[],
): void {
  const [has, wants] = [new Set(actual), new Set(expected)];
  for (const line of actual) if (!wants.has(line)) found.push(`${where}: has ${line}`);
  for (const line of expected) if (!has.has(line)) found.push(`${where}: lacks ${line}`);
}

function tableOf({ machine }: Leaf): string[] {
  return [...machine.tables.entries.values()].map(({ kind, vni, mac, ip, vtep, flags, ours }) => {
    const value = kind === 'neighbour' ? printMac(mac!) : machine.addresses.text(vtep);
    const key = kind === 'mac' ? ` ${printMac(mac!)}` : kind === 'neighbour' ? ` ${printIp(ip!)}` : '';
    return `${kind} ${vni}${key} ${value}${flags === 0 ? '' : ` flags ${flags}`}${ours ? '' : ' foreign'}`;
  });
}

function expectedTable(fabric: Fabric, leaf: Leaf): string[] {
  const lines: string[] = [];
  for (const vni of leaf.places.keys()) {
    if (!fabric.takesPart(leaf, vni)) continue;
    for (const other of fabric.leaves) {
      if (other !== leaf && fabric.takesPart(other, vni)) lines.push(`flood ${vni} ${fabric.vtep(other)}`);
    }
  }
  for (const host of fabric.world.hosts) {
    const { vni, mac, sticky } = host;
    const place = host.leaf === undefined ? undefined : fabric.leaves[host.leaf]!;
    if (!place || place === leaf || !fabric.takesPart(leaf, vni) || !fabric.takesPart(place, vni)) continue;
    const flags = sticky ? ` flags ${ENTRY_FLAG.STICKY}` : '';
    lines.push(`mac ${vni} ${printMac(mac)} ${fabric.vtep(place)}${flags}`);
    for (const address of host.addresses) {
      lines.push(`neighbour ${vni} ${printIp(hostAddress(vni, address))} ${printMac(mac)}`);
    }
  }
  return lines;
}

function learnedOf({ machine }: Leaf): string[] {
  const lines: string[] = [];
  for (const [vni, { macs, neighbours }] of machine.tables.instances) {
    for (const { mac } of macs.values()) lines.push(`${vni} ${printMac(mac)}`);
    for (const { ip, mac } of neighbours.values()) lines.push(`${vni} ${printIp(ip)} ${printMac(mac)}`);
  }
  return lines;
}

function expectedLearned(fabric: Fabric, leaf: Leaf): string[] {
  const lines: string[] = [];
  for (const { vni, mac, leaf: place, addresses } of fabric.world.hosts) {
    if (place !== leaf.index || !leaf.places.get(vni)!.present) continue;
    lines.push(`${vni} ${printMac(mac)}`);
    for (const address of addresses)
      lines.push(`${vni} ${printIp(hostAddress(vni, address))} ${printMac(mac)}`);
  }
  return lines;
}

function troubles({ name, speaker }: Machine): string[] {
  if (!speaker) return [`${name}: evpnd does not run`];
  const { pending, failed, desired } = speaker.dataplane.counters();
  const lines = speaker.problems.views.map(({ text }) => `${name}: problem: ${text}`);
  if (pending > 0 || failed > 0)
    lines.push(`${name}: of ${desired} entries ${pending} pending, ${failed} failed`);
  return lines;
}

/** What one end was told is what the other end has, no more and no less. */
function sessionDifferences(fabric: Fabric, machine: Machine): string[] {
  const lines: string[] = [];
  for (const neighbour of machine.speaker?.neighbours.all ?? []) {
    const far = fabric.machines.find(({ address }) => address === neighbour.address);
    const back = far?.speaker?.neighbours.find(machine.address);
    const session = `${machine.name} with ${far?.name ?? neighbour.address}`;
    if (!neighbour.attachment || back?.source === undefined) {
      lines.push(`${session}: ${neighbour.peer.state}, ${neighbour.peer.statistics.lastError ?? 'no error'}`);
      continue;
    }
    const { group, out } = neighbour.attachment;
    const told = group.advertisedCount(out);
    const { received } = far!.speaker!.rib.counts(back.source);
    if (told !== received) lines.push(`${session}: told ${told} routes, there are ${received}`);
    if (group.outOfStep > 0) lines.push(`${session}: ${group.outOfStep} peers out of step`);
    if (!neighbour.endOfRibSeen) lines.push(`${session}: no End-of-RIB`);
  }
  return lines;
}

/**
 * Every route that a leaf announces is the best path, as announced, with every leaf that takes part in its VNI; and with
 * the reflectors, if there is such a leaf. There are no others. Who does not take part may do without it (RFC 4684).
 */
function ribDifferences(fabric: Fabric): string[] {
  const announced = announcements(fabric);
  const found: string[] = [];
  for (const { machine } of fabric.leaves) {
    compareRib(found, machine, announced, ({ wanted }) => wanted.has(machine));
  }
  for (const machine of fabric.reflectors)
    compareRib(found, machine, announced, ({ wanted }) => wanted.size > 1);
  return found;
}

interface Announcement {
  readonly value: string;
  /** Leaves that take part in the VNI of the route. */
  readonly wanted: ReadonlySet<Machine>;
}

function announcements(fabric: Fabric): ReadonlyMap<string, Announcement> {
  const announced = new Map<string, Announcement>();
  for (const { machine } of fabric.leaves) {
    const rib = machine.speaker?.rib;
    if (!rib) continue;
    for (const route of rib.routes()) {
      const path = rib.pathFrom(route, LOCAL);
      if (path === NONE) continue;
      const vni = vniOf(rib, path);
      if (vni === undefined) throw new Error(`${machine.name}: ${keyText(rib, route)} has no route target`);
      const wanted = fabric.leaves.filter((leaf) => fabric.takesPart(leaf, vni)).map((leaf) => leaf.machine);
      announced.set(keyText(rib, route), { value: valueText(rib, path), wanted: new Set(wanted) });
    }
  }
  return announced;
}

function compareRib(
  found: string[],
  { name, speaker }: Machine,
  announced: ReadonlyMap<string, Announcement>,
  isNeeded: (announcement: Announcement) => boolean,
): void {
  if (!speaker) return;
  const { rib } = speaker;
  const table = new Map<string, string>();
  for (const route of rib.routes()) {
    const best = rib.best(route);
    table.set(keyText(rib, route), best === NONE ? ' without best path' : valueText(rib, best));
    for (const path of rib.paths(route)) {
      if (rib.isStale(path)) found.push(`${name}, RIB: stale path of ${keyText(rib, route)}`);
    }
  }
  for (const [key, value] of table) {
    if (announced.get(key)?.value !== value) found.push(`${name}, RIB: has ${key}${value}`);
  }
  for (const [key, announcement] of announced) {
    if (isNeeded(announcement) && !table.has(key))
      found.push(`${name}, RIB: lacks ${key}${announcement.value}`);
  }
}

/** The automatic route target ends in the VNI (RFC 8365 section 5.1.2.1). */
function vniOf(rib: Rib, path: number): number | undefined {
  for (const attribute of rib.attributes.attributes(rib.attributesOf(path))) {
    if (attribute.type !== 'EXTENDED_COMMUNITIES') continue;
    for (const community of attribute.communities)
      if (community.type === 'route-target') return community.assigned;
  }
  return undefined;
}

function keyText(rib: Rib, route: RouteId): string {
  const [start, end] = [rib.keyStart(route), rib.keyEnd(route)];
  return `${routeDistinguisherText(rib.keyBytes, start + 1)} ${evpnRouteText(decodeEvpnKey(rib.keyBytes, start, end))}`;
}

function valueText(rib: Rib, path: number): string {
  const { attributes } = rib;
  const id = rib.attributesOf(path);
  const payload = Buffer.from(rib.payloads.bytes(rib.payloadOf(path))).toString('hex');
  const sticky = attributes.sticky(id) ? ' sticky' : '';
  return ` via ${rib.addresses.text(attributes.nextHop(id))} sequence ${attributes.mobilitySequence(id)}${sticky} payload ${payload}`;
}
