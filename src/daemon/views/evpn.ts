/** EVPN in the words of the control API: what the EVPN part believes, joined with what the dataplane has written. */
import type {
  ArpView,
  BgpVniView,
  EntryState,
  FloodView,
  MacView,
  VniView,
  VtepView,
} from '../../control/api.ts';
import type { EntryKind, EntryView } from '../../dataplane/interfaces.ts';
import type {
  MacView as EvpnMac,
  NeighbourView as EvpnNeighbour,
  VtepView as EvpnVtep,
  InstanceView,
} from '../../evpn/index.ts';
import type { Parts } from '../parts.ts';

type Context = Pick<Parts, 'evpn' | 'dataplane' | 'clock'>;

/** Entries of the dataplane that are not in place yet, or cannot be: by kind, VNI and what they are about. */
export class UnsettledEntries {
  readonly #entries = new Map<string, EntryView>();

  constructor({ dataplane }: Pick<Parts, 'dataplane'>, vni?: number) {
    const { pending, failed } = dataplane.counters();
    if (pending + failed === 0) return;
    for (const entry of dataplane.entries(vni)) {
      if (entry.status !== 'installed')
        this.#entries.set(keyOf(entry.kind, entry.vni, subjectOf(entry)), entry);
    }
  }

  /** State and reason of an entry that the dataplane was told (`wanted`), or was not for `reason`. */
  state(kind: EntryKind, vni: number, subject: string, wanted: boolean, reason: string | undefined) {
    if (!wanted) return { state: 'held' as EntryState, reason };
    const entry = this.#entries.get(keyOf(kind, vni, subject));
    if (!entry) return { state: 'installed' as EntryState, reason: undefined };
    return { state: entry.status as EntryState, reason: entry.error };
  }
}

const keyOf = (kind: EntryKind, vni: number, subject: string): string => `${kind} ${vni} ${subject}`;

function subjectOf({ kind, mac, ip, vtep }: EntryView): string {
  if (kind === 'mac') return mac ?? '';
  return (kind === 'flood' ? vtep : ip) ?? '';
}

export function vniView(instance: InstanceView, context: Context, unsettled: UnsettledEntries): VniView {
  const { vni, state } = instance;
  return {
    vni,
    type: 'L2',
    up: instance.importing,
    reason: instance.reason,
    tenantVrf: 'default',
    vxlanInterface: state?.vxlanInterface,
    bridge: state?.bridge,
    sviInterface: state?.sviInterface,
    vlan: state?.vlan,
    mtu: state?.mtu,
    localVtep: instance.vtep,
    remoteVteps: floodViews(vni, context, unsettled),
    localMacs: instance.localMacs,
    remoteMacs: instance.remoteMacs,
    maximumMacs: instance.maximumMacs,
    refusedMacs: instance.refusedMacs || undefined,
    localNeighbors: instance.localNeighbours,
    remoteNeighbors: instance.remoteNeighbours,
    duplicateMacs: countDuplicates(vni, context),
    warnings: state?.warnings ?? [],
  };
}

function floodViews(vni: number, { evpn }: Context, unsettled: UnsettledEntries): FloodView[] {
  return [...evpn.views.floods(vni)].map(({ vtep, wanted, reason }) => ({
    vtep,
    ...unsettled.state('flood', vni, vtep, wanted, reason),
  }));
}

function countDuplicates(vni: number, { evpn }: Context): number {
  if (evpn.views.duplicates === 0) return 0;
  let count = 0;
  for (const mac of evpn.views.macs(vni)) if (mac.duplicate) count++;
  return count;
}

export function bgpVniView(
  instance: InstanceView,
  configured: {
    readonly rd?: string | undefined;
    readonly importRouteTargets?: readonly string[] | undefined;
    readonly exportRouteTargets?: readonly string[] | undefined;
  } = {},
): BgpVniView {
  const { vni, state } = instance;
  return {
    vni,
    type: 'L2',
    inDataplane: state !== undefined,
    configured: instance.declared,
    rd: instance.rd,
    rdAuto: configured.rd === undefined,
    importRouteTargets: instance.importRouteTargets,
    exportRouteTargets: instance.exportRouteTargets,
    importAuto: configured.importRouteTargets === undefined,
    exportAuto: configured.exportRouteTargets === undefined,
    originator: instance.vtep,
    sviInterface: state?.sviInterface,
    tenantVrf: 'default',
    routesOriginated: (instance.importing ? 1 : 0) + instance.localMacs + instance.localNeighbours,
    routesImported: instance.remoteMacs + instance.remoteNeighbours,
    warnings: state?.warnings ?? [],
  };
}

export function macView(mac: EvpnMac, { clock }: Context, unsettled: UnsettledEntries): MacView {
  const local = mac.type === 'local';
  const settled = local
    ? { state: 'active' as EntryState, reason: mac.reason }
    : unsettled.state('mac', mac.vni, mac.mac, mac.wanted, mac.reason);
  const since =
    mac.duplicateForSeconds === undefined
      ? undefined
      : new Date(clock.wallTime() - mac.duplicateForSeconds * 1000).toISOString();
  return {
    vni: mac.vni,
    mac: mac.mac,
    type: mac.type,
    port: mac.port,
    vtep: mac.vtep,
    localSequence: mac.localSequence,
    remoteSequence: mac.remoteSequence,
    sticky: mac.sticky,
    gateway: mac.gateway,
    duplicate: mac.duplicate,
    moves: mac.moves,
    duplicateSince: since,
    ...settled,
    alternatives: mac.alternatives,
    neighbors: mac.neighbours,
    ageSeconds: Math.floor(mac.ageSeconds),
  };
}

export function arpView(neighbour: EvpnNeighbour, unsettled: UnsettledEntries): ArpView {
  const { vni, ip } = neighbour;
  const local = neighbour.type === 'local';
  const settled = local
    ? { state: 'active' as EntryState, reason: neighbour.reason }
    : unsettled.state('neighbour', vni, ip, neighbour.wanted, neighbour.reason);
  return {
    vni,
    ip,
    mac: neighbour.mac,
    type: local ? 'local' : 'remote',
    vtep: neighbour.vtep,
    localSequence: neighbour.localSequence,
    remoteSequence: neighbour.remoteSequence,
    router: neighbour.router,
    duplicate: neighbour.duplicate,
    ...settled,
    ageSeconds: Math.floor(neighbour.ageSeconds),
  };
}

export function vtepView(vtep: EvpnVtep): VtepView {
  return {
    vtep: vtep.vtep,
    reachable: vtep.reachable === true,
    reason: reachabilityReason(vtep.reachable),
    vnis: vtep.vnis,
    macs: vtep.macs,
    neighbors: vtep.neighbours,
    held: vtep.held,
  };
}

function reachabilityReason(reachable: boolean | undefined): string | undefined {
  if (reachable === undefined) return 'the dataplane has not answered yet';
  return reachable ? undefined : 'the dataplane has no route to it';
}
