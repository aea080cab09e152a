/**
 * The API of the daemon, version 1: what `evpnctl` (or curl) asks over the unix socket, and what the daemon
 * answers. A reply about one thing is a JSON object; a reply that is a list is NDJSON, one object a line, so that
 * a million routes flow and are never one string. `routes.ts` holds the table of paths, `docs/evpnctl.md` shows it.
 */
import type {
  BgpSummaryView,
  BgpVniView,
  NeighborState,
  NeighborView,
  RouteQuery,
  RouteView,
  RtConstraintView,
} from './views-bgp.ts';
import type { ArpView, EntryQuery, EvpnView, MacView, VniView, VtepView } from './views-evpn.ts';
import type { HardwareVtepView } from './views-hardware-vtep.ts';

export type * from './views-bgp.ts';
export type * from './views-evpn.ts';
export type * from './views-hardware-vtep.ts';

/** Goes up only when a key changes its meaning or goes away; then the paths begin with `/v2`. */
export const API_VERSION = 1;
export const DEFAULT_SOCKET = '/run/evpnd/evpnd.sock';

/**
 * A list that may be long. The server takes one item at a time and only as fast as the client reads. A source that
 * searches without finding yields `undefined` every few hundred rows, so that other work gets its turn.
 */
export type Rows<T> = Iterable<T | undefined> | AsyncIterable<T | undefined>;

/** `GET /v1/version` */
export interface VersionView {
  readonly name: 'evpnd';
  readonly version: string;
  readonly apiVersion: number;
  readonly nodeVersion: string;
  readonly operatingSystem: string;
  readonly pid: number;
  readonly hostName: string;
  readonly startedAt: string;
  readonly uptimeSeconds: number;
  readonly dataplane: string;
}

/** `GET /v1/running-config`. Passwords are hidden in both forms. */
export interface RunningConfigView {
  /** The file that it was read from. */
  readonly file: string;
  readonly loadedAt: string;
  /** As it would be written by hand: YAML text. */
  readonly text: string;
  /** The same as an object, with the file's keys. */
  readonly config: unknown;
}

/** `POST /v1/clear` */
export interface ClearRequest {
  /** A neighbour's address, or `*` for all. */
  readonly neighbor: string;
  /** Left out: the session is reset. Soft: routes are asked for again (in), sent again (out), or both. */
  readonly soft?: 'in' | 'out' | 'both' | undefined;
}

export interface ClearReply {
  /** Neighbours that were acted on, as far as it was asked; none at all is an error reply (code `not-done`). */
  readonly neighbors: readonly string[];
  /** The others, with what could not be done in words: the session is down, or the peer has not offered route refresh. */
  readonly notes: readonly string[];
}

/** `POST /v1/clear-duplicates` */
export interface ClearDuplicatesRequest {
  /** One VNI, or left out: all. */
  readonly vni?: number | undefined;
  /** One MAC of it. */
  readonly mac?: string | undefined;
}

export interface ClearDuplicatesReply {
  /** MACs that were duplicates, and are not any more. */
  readonly cleared: number;
}

/** `POST /v1/reload`. A file with problems changes nothing and is an error reply (code `bad-config`). */
export interface ReloadReply {
  readonly file: string;
  /** What changed, a line each, in words; empty when nothing did. */
  readonly changes: readonly string[];
  /** Neighbours whose session had to be reset for it. */
  readonly resets: readonly string[];
}

export const WATCH_SUBJECTS = ['neighbor', 'route', 'mac', 'vni', 'vtep', 'problem', 'config'] as const;
export type WatchSubject = (typeof WATCH_SUBJECTS)[number];

interface WatchBase {
  readonly at: string;
}

/** `GET /v1/watch?subject=S&subject=S`: events as they happen, one a line, until the client goes. */
export type WatchEvent =
  | (WatchBase & {
      readonly type: 'neighbor';
      readonly address: string;
      readonly hostName?: string | undefined;
      readonly from: NeighborState;
      readonly to: NeighborState;
      readonly reason?: string | undefined;
    })
  | (WatchBase & {
      readonly type: 'route';
      readonly action: 'upsert' | 'withdraw';
      readonly rd: string;
      readonly key: string;
      readonly nextHop?: string | undefined;
      readonly peer?: string | undefined;
    })
  | (WatchBase & {
      readonly type: 'mac';
      readonly action: 'upsert' | 'withdraw';
      readonly vni: number;
      readonly mac: string;
      readonly place: 'local' | 'remote';
      readonly port?: string | undefined;
      readonly vtep?: string | undefined;
      readonly sequence?: number | undefined;
    })
  | (WatchBase & { readonly type: 'vni'; readonly vni: number; readonly up: boolean; readonly text: string })
  | (WatchBase & { readonly type: 'vtep'; readonly vtep: string; readonly reachable: boolean })
  | (WatchBase & {
      readonly type: 'problem';
      readonly subject: string;
      /** Left out: the problem is over. */
      readonly text?: string | undefined;
    })
  | (WatchBase & { readonly type: 'config'; readonly changes: readonly string[] })
  /** The client reads too slowly, and this many events were left out before the next one. */
  | (WatchBase & { readonly type: 'dropped'; readonly count: number });

export interface ErrorView {
  /** Stable: `not-found`, `bad-request`, `bad-config`, `method-not-allowed`, `internal`. */
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** An error reply: its body is `{ error: { code, message, hint } }`. Thrown by backends and by the client. */
export class ControlError extends Error {
  readonly code: string;
  readonly status: number;
  readonly hint: string | undefined;

  constructor(status: number, code: string, message: string, hint?: string) {
    super(message);
    this.name = 'ControlError';
    this.status = status;
    this.code = code;
    this.hint = hint;
  }
}

/**
 * What the daemon implements. Methods make plain values on demand and keep nothing. A method about a neighbour or a
 * VNI that does not exist returns undefined, and the server answers 404 with the names that do exist.
 */
export interface ControlBackend {
  version(): VersionView;
  runningConfig(): RunningConfigView;
  bgpSummary(): BgpSummaryView;
  neighbors(): Rows<NeighborView>;
  neighbor(address: string): NeighborView | undefined;
  /** Grouped by RD: rows of one RD follow each other. */
  routes(query: RouteQuery): Rows<RouteView>;
  /** What a neighbour has been told, and what it told us (Adj-RIB-Out, Adj-RIB-In); one path a route. */
  advertisedRoutes(address: string): Rows<RouteView> | undefined;
  receivedRoutes(address: string): Rows<RouteView> | undefined;
  bgpVnis(): Rows<BgpVniView>;
  bgpVni(vni: number): BgpVniView | undefined;
  evpn(): EvpnView;
  vnis(): Rows<VniView>;
  vni(vni: number): VniView | undefined;
  /** Grouped by VNI: rows of one VNI follow each other. */
  macs(query: EntryQuery): Rows<MacView>;
  arpCache(query: EntryQuery): Rows<ArpView>;
  vteps(): Rows<VtepView>;
  rtConstraint(): Rows<RtConstraintView>;
  /** None where the dataplane is another one. */
  hardwareVteps(): Rows<HardwareVtepView>;
  hardwareVtep(name: string): HardwareVtepView | undefined;
  /** Throws a ControlError with code `not-found` for a neighbour that is none. */
  clear(request: ClearRequest): ClearReply | Promise<ClearReply>;
  clearDuplicates(request: ClearDuplicatesRequest): ClearDuplicatesReply;
  /** Throws a ControlError with code `bad-config` whose message holds every problem, a line each. */
  reload(): Promise<ReloadReply>;
  /** Calls `listener` for every event of the subjects until the returned function is called. */
  watch(subjects: readonly WatchSubject[], listener: (event: WatchEvent) => void): () => void;
}
