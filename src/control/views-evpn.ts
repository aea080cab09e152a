/**
 * What the daemon says about EVPN instances and the forwarding table: VNIs, MACs, neighbours, VTEPs, problems.
 * These types are the JSON that `/v1/evpn...` sends and that `evpnctl --json` prints; within v1 keys are added,
 * never renamed or removed. A key without a value is left out.
 */

/**
 * Where an entry stands between us and the dataplane. `active`: local, learned from the dataplane itself.
 * Remote ones: `pending` (not yet written), `installed` (confirmed), `failed` (refused, retried), `held` (not
 * wanted now; the reason says what it waits for).
 */
export type EntryState = 'active' | 'pending' | 'installed' | 'failed' | 'held';

/** `GET /v1/evpn/vnis[/N]`: an L2 instance as the dataplane and the MAC table have it. */
export interface VniView {
  readonly vni: number;
  readonly type: 'L2' | 'L3';
  readonly up: boolean;
  /** Why it is not up (`declared in the configuration, no VXLAN device has it`); left out when it is up. */
  readonly reason?: string | undefined;
  readonly tenantVrf: string;
  readonly vxlanInterface?: string | undefined;
  readonly bridge?: string | undefined;
  readonly sviInterface?: string | undefined;
  readonly vlan?: number | undefined;
  readonly mtu?: number | undefined;
  readonly localVtep?: string | undefined;
  readonly remoteVteps: readonly FloodView[];
  readonly localMacs: number;
  readonly remoteMacs: number;
  /** Limit of the remote MACs, and how many are not installed because of it. */
  readonly maximumMacs?: number | undefined;
  readonly refusedMacs?: number | undefined;
  readonly localNeighbors: number;
  readonly remoteNeighbors: number;
  readonly duplicateMacs: number;
  /** Such as: learning is on, neighbour suppression is off. */
  readonly warnings: readonly string[];
}

/** One member of the head-end replication list of a VNI. */
export interface FloodView {
  readonly vtep: string;
  readonly state: EntryState;
  readonly reason?: string | undefined;
}

/** `GET /v1/evpn/macs?vni=N&mac=M` */
export interface MacView {
  readonly vni: number;
  readonly mac: string;
  /** `unknown`: a neighbour entry names it, but no port has it now, and no usable route. */
  readonly type: 'local' | 'remote' | 'unknown';
  /** Local: the port's name. */
  readonly port?: string | undefined;
  readonly vlan?: number | undefined;
  /** Remote: the VTEP behind which it is; or the segment, when it has one. */
  readonly vtep?: string | undefined;
  readonly esi?: string | undefined;
  /** MAC mobility sequence (RFC 7432 section 15) of ours, and of the best remote route. */
  readonly localSequence: number;
  readonly remoteSequence: number;
  readonly sticky: boolean;
  readonly gateway: boolean;
  /** Found moving too often (RFC 7432 section 15.1); since when, and how many moves were counted. */
  readonly duplicate: boolean;
  readonly moves?: number | undefined;
  readonly duplicateSince?: string | undefined;
  readonly state: EntryState;
  /** Why it is held or failed, in words. */
  readonly reason?: string | undefined;
  /** Other places that say they have it, and why they lost: `10.0.0.3: lower sequence 2`. */
  readonly alternatives?: readonly string[] | undefined;
  readonly neighbors: readonly string[];
  readonly ageSeconds?: number | undefined;
}

/** `GET /v1/evpn/neighbors?vni=N&ip=I`: an IP at a MAC, for ARP and ND suppression. */
export interface ArpView {
  readonly vni: number;
  readonly ip: string;
  readonly mac: string;
  readonly type: 'local' | 'remote';
  readonly vtep?: string | undefined;
  readonly localSequence: number;
  readonly remoteSequence: number;
  readonly router: boolean;
  readonly duplicate: boolean;
  readonly state: EntryState;
  readonly reason?: string | undefined;
  readonly ageSeconds?: number | undefined;
}

/** `GET /v1/evpn/vteps` */
export interface VtepView {
  readonly vtep: string;
  readonly reachable: boolean;
  /** Why not, in words. */
  readonly reason?: string | undefined;
  readonly vnis: readonly number[];
  readonly macs: number;
  readonly neighbors: number;
  /** Entries held back until it becomes reachable. */
  readonly held: number;
}

/** `GET /v1/evpn`: totals and troubles. */
export interface EvpnView {
  readonly l2Vnis: number;
  readonly l3Vnis: number;
  readonly advertiseAllVni: boolean;
  readonly localVtep?: string | undefined;
  readonly localMacs: number;
  readonly remoteMacs: number;
  readonly localNeighbors: number;
  readonly remoteNeighbors: number;
  readonly remoteVteps: number;
  readonly duplicateDetection: {
    readonly enabled: boolean;
    readonly maxMoves: number;
    readonly windowSeconds: number;
    readonly freeze: boolean;
    readonly duplicates: number;
  };
  readonly dataplane: {
    readonly kind: string;
    /** `starting` until the first dump; `degraded` while entries fail or the dataplane is away. */
    readonly status: 'starting' | 'in-sync' | 'working' | 'degraded';
    readonly correct: boolean;
    readonly desired: number;
    readonly installed: number;
    readonly pending: number;
    readonly failed: number;
    readonly held: number;
    readonly written: number;
    readonly repaired: number;
    readonly pruned: number;
    readonly adopted: number;
    readonly dumps: number;
    readonly overruns: number;
  };
  readonly problems: readonly ProblemView[];
}

export interface ProblemView {
  /** What it is about: `vni 10`, `dataplane`, `neighbor 10.0.0.1`. */
  readonly subject: string;
  readonly text: string;
  readonly since?: string | undefined;
}

/** One question on the way of a MAC into the forwarding table, and its answer. */
export interface ExplainStep {
  readonly question: string;
  readonly passed: boolean;
  readonly answer: string;
}

/** `GET /v1/evpn/explain?mac=M&vni=N`: a line per VNI that knows the MAC. */
export interface ExplainView {
  readonly mac: string;
  readonly vni?: number | undefined;
  /** Frames for it find their way: it is local, or installed towards its VTEP. */
  readonly forwarding: boolean;
  /** The answer in a sentence. */
  readonly summary: string;
  readonly steps: readonly ExplainStep[];
}

/** Query of `GET /v1/evpn/macs` and `/v1/evpn/neighbors`; every one given must match. */
export interface EntryQuery {
  readonly vni?: number | undefined;
  readonly mac?: string | undefined;
  readonly ip?: string | undefined;
  readonly vtep?: string | undefined;
  readonly duplicate?: boolean | undefined;
}
