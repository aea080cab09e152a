/** What the control API asks, answered from the parts of the daemon: views are made on demand and not kept. */
import { platform, release } from 'node:os';
import { parseMac } from '../base/mac.ts';
import { configDocument, printConfig } from '../config/index.ts';
import {
  API_VERSION,
  type ArpView,
  type BgpSummaryView,
  type BgpVniView,
  type ClearDuplicatesReply,
  type ClearDuplicatesRequest,
  type ClearReply,
  type ClearRequest,
  type ControlBackend,
  ControlError,
  type EntryQuery,
  type EvpnView,
  type HardwareVtepView,
  type MacView,
  type NeighborView,
  type ReloadReply,
  type RouteQuery,
  type RouteView,
  type RtConstraintView,
  type RunningConfigView,
  type VersionView,
  type VniView,
  type VtepView,
  type WatchEvent,
  type WatchSubject,
} from '../control/api.ts';
import type { Neighbour } from './neighbour.ts';
import type { Parts } from './parts.ts';
import { byAddress } from './peer-settings.ts';
import type { Reloader } from './reload.ts';
import { findRoutes } from './route-search.ts';
import { arpView, bgpVniView, macView, UnsettledEntries, vniView, vtepView } from './views/evpn.ts';
import { neighbourSummary, neighbourView } from './views/neighbour.ts';
import { advertisedView, receivedView } from './views/route.ts';
import { rtConstraintView } from './views/rt-constraint.ts';

/** Rows looked at between two turns of the event loop, when few of them match. */
const ROWS_A_TURN = 256;

export class Backend implements ControlBackend {
  readonly #parts: Parts;
  readonly #reloader: Reloader;

  constructor(parts: Parts, reloader: Reloader) {
    this.#parts = parts;
    this.#reloader = reloader;
  }

  version(): VersionView {
    const { version, identity, clock, startedAt, dataplane } = this.#parts;
    return {
      name: 'evpnd',
      version,
      apiVersion: API_VERSION,
      nodeVersion: process.version,
      operatingSystem: `${platform()} ${release()}`,
      pid: process.pid,
      hostName: identity.hostName,
      startedAt: new Date(startedAt).toISOString(),
      uptimeSeconds: Math.floor((clock.wallTime() - startedAt) / 1000),
      dataplane: dataplane.kind,
    };
  }

  runningConfig(): RunningConfigView {
    const { config, file, loadedAt } = this.#reloader;
    return {
      file,
      loadedAt: new Date(loadedAt).toISOString(),
      text: printConfig(config, { hideSecrets: true }),
      config: configDocument(config, { hideSecrets: true }),
    };
  }

  bgpSummary(): BgpSummaryView {
    const { rib, neighbours, identity } = this.#parts;
    const { router } = identity;
    const memory = Object.values(rib.memory()).reduce((sum, octets) => sum + octets, 0);
    return {
      routerId: router.routerId,
      localAs: router.asn,
      clusterId: router.clusterId,
      hostName: identity.hostName,
      tableVersion: rib.version,
      destinations: rib.routeCount,
      paths: rib.pathCount,
      memoryOctets: memory,
      peerGroups: Object.keys(this.#reloader.config.peerGroups).length,
      neighbors: this.#sortedNeighbours().map((neighbour) => neighbourSummary(neighbour, this.#parts)),
      listenRanges: neighbours.ranges.map((range) => ({
        prefix: range.prefix,
        peerGroup: range.peerGroup,
        limit: range.limit,
        neighbors: neighbours.countIn(range),
      })),
    };
  }

  *neighbors(): Generator<NeighborView> {
    for (const neighbour of this.#sortedNeighbours()) yield neighbourView(neighbour, this.#parts);
  }

  neighbor(address: string): NeighborView | undefined {
    const neighbour = this.#parts.neighbours.find(address);
    return neighbour && neighbourView(neighbour, this.#parts);
  }

  routes(query: RouteQuery): Iterable<RouteView | undefined> {
    return findRoutes(query, this.#parts);
  }

  advertisedRoutes(address: string): Iterable<RouteView | undefined> | undefined {
    const neighbour = this.#parts.neighbours.find(address);
    return neighbour && this.#advertised(neighbour);
  }

  receivedRoutes(address: string): Iterable<RouteView | undefined> | undefined {
    const neighbour = this.#parts.neighbours.find(address);
    return neighbour && this.#received(neighbour);
  }

  *bgpVnis(): Generator<BgpVniView> {
    for (const instance of this.#parts.evpn.views.instances()) {
      yield bgpVniView(instance, this.#configuredVni(instance.vni));
    }
  }

  bgpVni(vni: number): BgpVniView | undefined {
    const instance = this.#parts.evpn.views.instance(vni);
    return instance && bgpVniView(instance, this.#configuredVni(vni));
  }

  evpn(): EvpnView {
    const { evpn, dataplane, problems } = this.#parts;
    const { config } = this.#reloader;
    const instances = [...evpn.views.instances()];
    const sum = (key: 'localMacs' | 'remoteMacs' | 'localNeighbours' | 'remoteNeighbours') =>
      instances.reduce((total, instance) => total + instance[key], 0);
    const vteps = evpn.views.vteps();
    return {
      l2Vnis: instances.length,
      l3Vnis: 0,
      advertiseAllVni: config.evpn.advertiseAllVni,
      localVtep: config.evpn.vtep ?? instances.find(({ vtep }) => vtep !== undefined)?.vtep,
      localMacs: sum('localMacs'),
      remoteMacs: sum('remoteMacs'),
      localNeighbors: sum('localNeighbours'),
      remoteNeighbors: sum('remoteNeighbours'),
      remoteVteps: vteps.length,
      duplicateDetection: { ...config.evpn.duplicateDetection, duplicates: evpn.views.duplicates },
      dataplane: {
        kind: dataplane.kind,
        status: this.#dataplaneStatus(),
        correct: config.dataplane.correct,
        held: vteps.reduce((total, { held }) => total + held, 0),
        ...dataplane.counters(),
      },
      problems: problems.views,
    };
  }

  *vnis(): Generator<VniView> {
    const unsettled = new UnsettledEntries(this.#parts);
    for (const instance of this.#parts.evpn.views.instances())
      yield vniView(instance, this.#parts, unsettled);
  }

  vni(vni: number): VniView | undefined {
    const instance = this.#parts.evpn.views.instance(vni);
    return instance && vniView(instance, this.#parts, new UnsettledEntries(this.#parts, vni));
  }

  *macs(query: EntryQuery): Generator<MacView | undefined> {
    const { evpn } = this.#parts;
    const unsettled = new UnsettledEntries(this.#parts, query.vni);
    const wanted = query.mac === undefined ? undefined : parseMac(query.mac);
    let rows = 0;
    for (const { vni } of this.#instances(query.vni)) {
      const one = wanted === undefined ? undefined : evpn.views.mac(vni, wanted);
      const macs = wanted === undefined ? evpn.views.macs(vni) : one ? [one] : [];
      for (const mac of macs) {
        if (++rows % ROWS_A_TURN === 0) yield undefined;
        if (query.vtep !== undefined && mac.vtep !== query.vtep) continue;
        if (query.duplicate !== undefined && mac.duplicate !== query.duplicate) continue;
        yield macView(mac, this.#parts, unsettled);
      }
    }
  }

  *arpCache(query: EntryQuery): Generator<ArpView | undefined> {
    const { evpn } = this.#parts;
    const unsettled = new UnsettledEntries(this.#parts, query.vni);
    let rows = 0;
    for (const { vni } of this.#instances(query.vni)) {
      for (const neighbour of evpn.views.neighbours(vni)) {
        if (++rows % ROWS_A_TURN === 0) yield undefined;
        if (query.ip !== undefined && neighbour.ip !== query.ip) continue;
        if (query.mac !== undefined && neighbour.mac !== query.mac) continue;
        if (query.vtep !== undefined && neighbour.vtep !== query.vtep) continue;
        if (query.duplicate !== undefined && neighbour.duplicate !== query.duplicate) continue;
        yield arpView(neighbour, unsettled);
      }
    }
  }

  *vteps(): Generator<VtepView> {
    for (const vtep of this.#parts.evpn.views.vteps()) yield vtepView(vtep);
  }

  *hardwareVteps(): Generator<HardwareVtepView> {
    yield* this.#parts.leaves.switches() ?? [];
  }

  hardwareVtep(name: string): HardwareVtepView | undefined {
    return this.#parts.leaves.switches()?.find((each) => each.name === name);
  }

  *rtConstraint(): Generator<RtConstraintView> {
    const { rib, neighbours } = this.#parts;
    for (const view of rib.memberships.views()) yield rtConstraintView(view, neighbours);
  }

  clear({ neighbor, soft }: ClearRequest): ClearReply {
    const { neighbours } = this.#parts;
    const chosen = neighbor === '*' ? this.#sortedNeighbours() : [neighbours.find(neighbor)];
    const done: string[] = [];
    const notes: string[] = [];
    for (const neighbour of chosen) {
      if (!neighbour) {
        throw new ControlError(
          404,
          'not-found',
          `Cannot clear: no neighbor ${neighbor}`,
          'show bgp summary lists them',
        );
      }
      const trouble = clearOne(neighbour, soft);
      if (trouble === undefined) done.push(neighbour.address);
      else notes.push(`${neighbour.address}: ${trouble}`);
    }
    if (done.length === 0 && notes.length > 0) throw new ControlError(409, 'not-done', notes.join('\n'));
    return { neighbors: done, notes };
  }

  clearDuplicates({ vni, mac }: ClearDuplicatesRequest): ClearDuplicatesReply {
    return {
      cleared: this.#parts.leaves.evpn.clearDuplicates(vni, mac === undefined ? undefined : parseMac(mac)),
    };
  }

  reload(): Promise<ReloadReply> {
    return this.#reloader.reload();
  }

  watch(subjects: readonly WatchSubject[], listener: (event: WatchEvent) => void): () => void {
    return this.#parts.events.watch(subjects, listener);
  }

  #sortedNeighbours(): Neighbour[] {
    return [...this.#parts.neighbours.all].sort(byAddress);
  }

  #instances(vni: number | undefined): Iterable<{ readonly vni: number }> {
    const { views } = this.#parts.evpn;
    // Several leaves may have the same VNI.
    if (vni === undefined) return new Map([...views.instances()].map((each) => [each.vni, each])).values();
    const instance = views.instance(vni);
    return instance ? [instance] : [];
  }

  #configuredVni(vni: number) {
    return this.#reloader.config.evpn.vnis.find((each) => each.vni === vni);
  }

  #dataplaneStatus(): EvpnView['dataplane']['status'] {
    const { dumps, failed, pending } = this.#parts.dataplane.counters();
    if (dumps === 0) return 'starting';
    if (failed > 0) return 'degraded';
    return pending > 0 ? 'working' : 'in-sync';
  }

  *#advertised(neighbour: Neighbour): Generator<RouteView | undefined> {
    const { attachment } = neighbour;
    if (!attachment) return;
    for (const told of attachment.group.advertised(attachment.out)) {
      yield advertisedView(told, neighbour, this.#parts);
    }
  }

  *#received(neighbour: Neighbour): Generator<RouteView | undefined> {
    let rows = 0;
    for (const route of this.#parts.rib.routes()) {
      const view = receivedView(route, neighbour, this.#parts);
      if (view || ++rows % ROWS_A_TURN === 0) yield view;
    }
  }
}

/** Resets or refreshes; what of it could not be done, in words. */
function clearOne(neighbour: Neighbour, soft: ClearRequest['soft']): string | undefined {
  if (soft === undefined) {
    neighbour.clear();
    return undefined;
  }
  if (!neighbour.isEstablished) return 'not refreshed, the session is not up';
  if (soft !== 'in') neighbour.refreshOut();
  if (soft === 'out' || neighbour.refreshIn()) return undefined;
  const sent = soft === 'both' ? 'was sent all routes again, but ' : '';
  return `${sent}cannot be asked for its own: it has no route refresh capability`;
}
