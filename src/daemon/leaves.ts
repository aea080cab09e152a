/**
 * The leaves of this daemon: what forwards, and the EVPN part that stands before it. There is one on a kernel or in memory, and
 * one for each hardware VTEP. Every switch is a leaf of its own, with its own tunnel address as next hop and in its route
 * distinguishers, and all of them share one RIB and its neighbours; so leaves of one daemon import from each other as they do
 * from anybody else.
 *
 * The rest of the daemon sees the leaves together, through the same calls that one leaf has.
 */
import type { IpBytes } from '../base/ip.ts';
import type { Mac } from '../base/mac.ts';
import type { Config } from '../config/index.ts';
import type { SwitchStatus } from '../dataplane/hardware-vtep/index.ts';
import type { Dataplane, DataplaneCounters, EntryView } from '../dataplane/interfaces.ts';
import type {
  Evpn,
  EvpnListener,
  EvpnViews,
  FloodView,
  ImportView,
  InstanceView,
  MacView,
  NeighbourView,
  VtepView,
} from '../evpn/index.ts';
import { REASON } from '../evpn/index.ts';

/** What of an EVPN part is read for show commands. */
export type LeafViews = Pick<
  EvpnViews,
  | 'duplicates'
  | 'macCount'
  | 'instances'
  | 'instance'
  | 'floods'
  | 'macs'
  | 'mac'
  | 'neighbours'
  | 'neighbour'
  | 'vteps'
  | 'import'
>;

export interface LeafEvpn {
  readonly views: LeafViews;
  watch(listener: EvpnListener): () => void;
  /** `clear evpn dup-addr`: of one MAC, of one VNI, or of all. Returns how many were duplicates. */
  clearDuplicates(vni?: number, mac?: Mac): number;
}

/** What of a dataplane is read for show commands. */
export type LeafDataplane = Pick<Dataplane, 'kind' | 'entries' | 'counters'>;

export interface Leaf {
  readonly evpn: LeafEvpn;
  readonly dataplane: LeafDataplane;
}

export interface Leaves extends Leaf {
  /** Each by itself. */
  readonly all: readonly Leaf[];
  /** Claims what is configured and opens what forwards. Rejects when that cannot work at all. */
  open(): Promise<void>;
  /** Resolves when all of them have told what is behind their ports. */
  readonly learned: Promise<void>;
  /** Takes over what a reload changed. */
  reconfigure(config: Config): void;
  pruneStale(): void;
  close(options: { readonly keepEntries: boolean }): Promise<void>;
  /** Of hardware VTEPs: how each is, in order of the configuration; undefined where there are none. */
  switches(): readonly SwitchStatus[] | undefined;
}

/** One leaf: what it says is what is said. */
export function singleLeaf(
  evpn: Evpn,
  dataplane: Dataplane,
  open: () => Promise<void>,
  reconfigure: (config: Config) => void,
): Leaves {
  let hasLearned = (): void => {};
  const learned = new Promise<void>((resolve) => {
    hasLearned = resolve;
  });
  return {
    evpn,
    dataplane,
    all: [{ evpn, dataplane }],
    learned,
    async open() {
      await open();
      hasLearned();
    },
    reconfigure,
    pruneStale: () => dataplane.pruneStale(),
    close(options) {
      evpn.close();
      return dataplane.close(options);
    },
    switches: () => undefined,
  };
}

/** The views of several leaves as if they were one: lists follow each other, grouped by VNI where they are long. */
export class JoinedViews implements LeafViews {
  readonly #leaves: () => readonly Leaf[];

  constructor(leaves: () => readonly Leaf[]) {
    this.#leaves = leaves;
  }

  get duplicates(): number {
    return this.#sum(({ duplicates }) => duplicates);
  }

  get macCount(): number {
    return this.#sum(({ macCount }) => macCount);
  }

  *instances(): IterableIterator<InstanceView> {
    const all = this.#views().flatMap((views) => [...views.instances()]);
    yield* all.sort((a, b) => a.vni - b.vni);
  }

  /** Of several leaves that have the VNI the first that is up. */
  instance(vni: number): InstanceView | undefined {
    const all = this.#views().flatMap((views) => views.instance(vni) ?? []);
    return all.find(({ importing }) => importing) ?? all.find(({ state }) => state !== undefined) ?? all[0];
  }

  *floods(vni?: number): IterableIterator<FloodView> {
    for (const views of this.#views()) yield* views.floods(vni);
  }

  *macs(vni?: number): IterableIterator<MacView> {
    for (const each of this.#vnis(vni)) for (const views of this.#views()) yield* views.macs(each);
  }

  mac(vni: number, mac: Mac): MacView | undefined {
    const all = this.#views().flatMap((views) => views.mac(vni, mac) ?? []);
    return all.find(({ type }) => type === 'local') ?? all[0];
  }

  *neighbours(vni?: number): IterableIterator<NeighbourView> {
    for (const each of this.#vnis(vni)) for (const views of this.#views()) yield* views.neighbours(each);
  }

  neighbour(vni: number, ip: IpBytes): NeighbourView | undefined {
    const all = this.#views().flatMap((views) => views.neighbour(vni, ip) ?? []);
    return all.find(({ type }) => type === 'local') ?? all[0];
  }

  /** A VTEP that several leaves use stands once. */
  vteps(): VtepView[] {
    const joined = new Map<string, VtepView>();
    for (const view of this.#views().flatMap((views) => views.vteps())) {
      const known = joined.get(view.vtep);
      joined.set(view.vtep, known ? joinVteps(known, view) : view);
    }
    return [...joined.values()];
  }

  /** One leaf that imports it is enough; else why the first one that had a look does not. */
  import(route: number): ImportView {
    const all = this.#views().map((views) => views.import(route));
    const none: ImportView = { reason: REASON.NONE, text: 'no leaf here', vni: undefined, installed: false };
    return (
      all.find(({ installed }) => installed) ??
      all.find(({ reason }) => reason === REASON.IMPORTED) ??
      all.find(({ reason }) => reason !== REASON.NONE && reason !== REASON.OWN_ROUTE) ??
      all[0] ??
      none
    );
  }

  #views(): readonly LeafViews[] {
    return this.#leaves().map(({ evpn }) => evpn.views);
  }

  #vnis(vni: number | undefined): readonly number[] {
    return vni === undefined ? [...new Set([...this.instances()].map((each) => each.vni))] : [vni];
  }

  #sum(of: (views: LeafViews) => number): number {
    return this.#views().reduce((total, views) => total + of(views), 0);
  }
}

function joinVteps(a: VtepView, b: VtepView): VtepView {
  return {
    vtep: a.vtep,
    reachable: a.reachable === false || b.reachable === false ? false : (a.reachable ?? b.reachable),
    vnis: [...new Set([...a.vnis, ...b.vnis])].sort((x, y) => x - y),
    macs: a.macs + b.macs,
    neighbours: a.neighbours + b.neighbours,
    held: a.held + b.held,
  };
}

const NO_COUNTERS: DataplaneCounters = {
  desired: 0,
  installed: 0,
  pending: 0,
  failed: 0,
  written: 0,
  repaired: 0,
  pruned: 0,
  adopted: 0,
  dumps: 0,
  overruns: 0,
};

/** The entries and counters of several dataplanes together. */
export class JoinedDataplanes implements LeafDataplane {
  readonly kind: Dataplane['kind'];
  readonly #leaves: () => readonly Leaf[];

  constructor(kind: Dataplane['kind'], leaves: () => readonly Leaf[]) {
    this.kind = kind;
    this.#leaves = leaves;
  }

  *entries(vni?: number): Iterable<EntryView> {
    for (const { dataplane } of this.#leaves()) yield* dataplane.entries(vni);
  }

  counters(): DataplaneCounters {
    const names = Object.keys(NO_COUNTERS) as (keyof DataplaneCounters)[];
    const all = this.#leaves().map(({ dataplane }) => dataplane.counters());
    const sums = names.map((name) => [name, all.reduce((sum, counters) => sum + counters[name], 0)] as const);
    return { ...NO_COUNTERS, ...Object.fromEntries(sums) };
  }
}
