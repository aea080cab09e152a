/**
 * A neighbour of the daemon: where its session and the RIB meet. While the session is up, what it announces enters the
 * RIB as a source, and what the RIB has for it leaves through the Adj-RIB-Out of its policy.
 */
import { type BgpFault, CEASE, FAMILY, type FaultAction, parseIp, ROUTE_REFRESH_SUBTYPE } from 'bgp-protocol';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { NeighborConfig, SessionConfig } from '../config/index.ts';
import type { AdjRibOut, MembershipPeer, OutPeer, Rib, SourceId } from '../rib/index.ts';
import {
  type Negotiated,
  Peer,
  type PeerDependencies,
  type PeerEvents,
  preserves,
  type SessionEnd,
} from '../session/index.ts';
import type { EventStream } from './events.ts';
import { MembershipExchange } from './membership-exchange.ts';
import { type Identity, peerSettings } from './peer-settings.ts';
import { PrefixLimit } from './prefix-limit.ts';
import { StalePaths } from './stale-paths.ts';

export type NeighbourConfig = SessionConfig & Pick<NeighborConfig, 'address' | 'peerGroup'>;

export interface NeighbourDependencies {
  readonly rib: Rib;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: EventStream;
  readonly peer: Omit<PeerDependencies, 'log' | 'clock'>;
  /** A trouble of this neighbour that lasts; undefined text: it is over. */
  readonly problem: (address: string, text: string | undefined) => void;
  /** Something that decides when stale forwarding entries go has changed. */
  readonly progress: () => void;
  /** A dynamic neighbour's session is over, and nobody configured it. */
  readonly finished: (neighbour: Neighbour) => void;
}

/** What an established session has in the RIB. */
interface Attachment {
  readonly group: AdjRibOut;
  readonly out: OutPeer;
  /** Route target memberships are exchanged (RFC 4684). */
  readonly membership: MembershipPeer | undefined;
  readonly exchange: MembershipExchange | undefined;
}

/** UPDATEs with a fault, by the strongest thing that was done (RFC 7606 section 2). */
export interface MalformedCounts {
  treatedAsWithdraw: number;
  attributeDiscarded: number;
  sessionReset: number;
}

export class Neighbour implements PeerEvents {
  readonly peer: Peer;
  readonly dynamic: boolean;
  /** The limit of what it may announce. */
  readonly limit: PrefixLimit;
  readonly malformed: MalformedCounts = { treatedAsWithdraw: 0, attributeDiscarded: 0, sessionReset: 0 };
  #config: NeighbourConfig;
  readonly #deps: NeighbourDependencies;
  readonly #log: Logger;
  #source: SourceId | undefined;
  /** A dynamic neighbour that had a session with the run before: this side connects, and does not give up yet. */
  #invited: boolean;
  #attachment: Attachment | undefined;
  readonly #staleRoutes: StalePaths;
  readonly #staleMemberships: StalePaths;
  #endOfRibSeen = false;
  /** The fault that the walk of the current UPDATE ended with. */
  #worst: BgpFault | undefined;
  readonly #onFault = (fault: BgpFault): void => this.#fault(fault);

  constructor(
    config: NeighbourConfig,
    identity: Identity,
    deps: NeighbourDependencies,
    { dynamic = false, invited = false }: { readonly dynamic?: boolean; readonly invited?: boolean } = {},
  ) {
    this.#config = config;
    this.dynamic = dynamic;
    this.#invited = invited;
    this.#deps = deps;
    this.#log = deps.log.child({ peer: config.address });
    this.#staleRoutes = new StalePaths(deps.clock, deps.rib);
    this.#staleMemberships = new StalePaths(deps.clock, deps.rib.memberships);
    this.limit = new PrefixLimit(config.maximumPrefix, deps.clock, {
      problem: (text) => deps.problem(config.address, text),
      exceeded: (data) => this.#overLimit(data),
      released: () => this.#limitReleased(),
    });
    this.peer = new Peer(
      peerSettings(config, identity, { dynamic, passive: dynamic && !invited }),
      { ...deps.peer, clock: deps.clock, log: deps.log },
      this,
    );
  }

  get address(): string {
    return this.#config.address;
  }

  get config(): NeighbourConfig {
    return this.#config;
  }

  get source(): SourceId | undefined {
    return this.#source;
  }

  get isEstablished(): boolean {
    return this.#attachment !== undefined;
  }

  /** The End-of-RIB marker of this session has come (RFC 4724 section 2). */
  get endOfRibSeen(): boolean {
    return this.#source !== undefined && this.#deps.rib.endOfRibSeen(this.#source);
  }

  /** How long its routes of a session before are kept; undefined when there are none. */
  get staleSeconds(): number | undefined {
    return this.#staleRoutes.remainingSeconds;
  }

  get attachment(): Attachment | undefined {
    return this.#attachment;
  }

  /** The same of its route target memberships; also when it exchanges none. */
  get membershipsEnded(): boolean {
    return this.#attachment?.exchange?.hasEnded ?? true;
  }

  /** Takes a changed configuration; true when the session must be reset for it to count. */
  reconfigure(config: NeighbourConfig, identity: Identity): boolean {
    const { routeReflectorClient, enforceFirstAs } = this.#config;
    this.#config = config;
    const outcome = this.peer.reconfigure(
      peerSettings(config, identity, { dynamic: this.dynamic, passive: this.dynamic }),
    );
    this.limit.configure(config.maximumPrefix, this.#received);
    if (!config.shutdown && !this.limit.holds) this.peer.start();
    const isOther =
      routeReflectorClient !== config.routeReflectorClient || enforceFirstAs !== config.enforceFirstAs;
    return outcome === 'needs reset' || (this.isEstablished && isOther);
  }

  /** Asks the peer for its routes again; false when it cannot. */
  refreshIn(): boolean {
    this.peer.sendRouteRefresh(FAMILY.RT_CONSTRAINT);
    return this.peer.sendRouteRefresh(FAMILY.L2VPN_EVPN);
  }

  /** Sends the peer everything again. */
  refreshOut(): void {
    if (!this.#attachment) return;
    const { group, out, membership } = this.#attachment;
    group.refresh(out);
    if (membership) this.#deps.rib.memberships.refresh(membership);
  }

  /** An operator wants the session to begin anew, also when the limit keeps it down. */
  clear(): void {
    if (this.limit.holds) this.limit.release();
    else this.peer.reset();
  }

  /** RFC 4486 section 4: Other Configuration Change. */
  resetForConfiguration(): void {
    this.peer.reset(CEASE.OTHER_CONFIGURATION_CHANGE);
  }

  /** Ends the session without a word, as the end of the process would: the peer keeps our routes. Nothing changes here. */
  abandon(): void {
    this.#detach(true);
    this.#forgetStale();
    this.limit.close();
    this.#source = undefined;
    this.peer.abandon();
  }

  /** Ends it for good: its routes are swept and its source is given back. */
  remove(message?: string): void {
    this.peer.stop({ message });
    this.#detach(false);
    this.#forgetStale();
    this.limit.close();
    if (this.#source !== undefined) this.#deps.rib.removeSource(this.#source);
    this.#source = undefined;
  }

  // PeerEvents

  established(_peer: Peer, negotiated: Negotiated): void {
    const { rib } = this.#deps;
    const client = this.#config.routeReflectorClient && negotiated.kind === 'ibgp';
    const source = this.#takeSource(negotiated, client);
    this.#staleRoutes.returned(source, preserves(negotiated, FAMILY.L2VPN_EVPN));
    this.#staleMemberships.returned(source, preserves(negotiated, FAMILY.RT_CONSTRAINT));
    const constrained = negotiated.families.includes(FAMILY.RT_CONSTRAINT);
    const out: OutPeer = {
      ...(constrained ? { interest: rib.memberships.interest(source) } : {}),
      source,
      context: negotiated.context,
      enhancedRouteRefresh: negotiated.enhancedRefresh,
      write: (buffer) => this.peer.write(buffer),
    };
    const group = rib.group({ kind: negotiated.kind, client, constrained });
    const exchange = constrained ? this.#exchange(negotiated, client, source) : undefined;
    this.#attachment = { group, out, exchange, membership: exchange?.peer };
    this.#endOfRibSeen = false;
    if (exchange) exchange.begin();
    else {
      rib.memberships.forget(source);
      if (client || negotiated.kind === 'ebgp') rib.memberships.admit(source);
      group.join(out);
    }
    this.#deps.progress();
  }

  #exchange(negotiated: Negotiated, client: boolean, source: SourceId): MembershipExchange {
    const { rib, clock } = this.#deps;
    const session = {
      source,
      context: negotiated.context,
      client,
      nextHop: negotiated.local.address.split('%')[0]!,
      enhancedRouteRefresh: negotiated.enhancedRefresh,
      write: (buffer: Uint8Array) => this.peer.write(buffer),
    };
    return new MembershipExchange(session, {
      memberships: rib.memberships,
      clock,
      log: this.#log,
      settled: () => this.#sendRoutes(),
      changed: () => this.#attachment?.group.interestChanged(this.#attachment.out),
      ended: () => this.#deps.progress(),
    });
  }

  /** It has said which ones it wants. */
  #sendRoutes(): void {
    if (!this.#attachment) return;
    this.#staleMemberships.endOfRib(this.#attachment.out.source);
    this.#attachment.group.join(this.#attachment.out);
  }

  update(_peer: Peer, bytes: Uint8Array, start: number, end: number): BgpFault | undefined {
    const { rib } = this.#deps;
    const { attachment } = this;
    if (!attachment || this.#source === undefined) return undefined;
    this.#worst = undefined;
    const action = rib.receive(this.#source, bytes, start, end, attachment.out.context, this.#onFault);
    if (action !== undefined) this.#count(action);
    if (!this.#endOfRibSeen && this.endOfRibSeen) this.#endOfRib();
    this.limit.count(this.#received);
    return this.#worst;
  }

  routeRefresh(_peer: Peer, family: number, subtype: number): void {
    if (this.#source === undefined) return;
    if (family === FAMILY.RT_CONSTRAINT) this.#membershipRefresh(this.#source, subtype);
    else if (subtype === ROUTE_REFRESH_SUBTYPE.BEGIN) this.#staleRoutes.beginRefresh(this.#source);
    else if (subtype === ROUTE_REFRESH_SUBTYPE.END) this.#staleRoutes.endRefresh(this.#source);
    else if (this.#attachment) this.#attachment.group.refresh(this.#attachment.out);
  }

  #membershipRefresh(source: SourceId, subtype: number): void {
    const { memberships } = this.#deps.rib;
    const membership = this.#attachment?.membership;
    if (subtype === ROUTE_REFRESH_SUBTYPE.BEGIN) this.#staleMemberships.beginRefresh(source);
    else if (subtype === ROUTE_REFRESH_SUBTYPE.END) this.#staleMemberships.endRefresh(source);
    else if (membership) memberships.refresh(membership);
  }

  writable(): void {
    if (!this.#attachment) return;
    const { group, out, membership } = this.#attachment;
    group.resume(out);
    if (membership) this.#deps.rib.memberships.resume(membership);
  }

  closed(_peer: Peer, reason: SessionEnd): void {
    const { families = [], seconds = 0 } = reason.keepStale ?? {};
    const keepsRoutes = families.includes(FAMILY.L2VPN_EVPN);
    // What a peer has asked for is of no use without its routes.
    const keepsMemberships = keepsRoutes && families.includes(FAMILY.RT_CONSTRAINT);
    if (this.#source !== undefined) this.#dropStale(this.#source);
    this.#detach(keepsMemberships);
    if (this.#source === undefined) return;
    if (keepsMemberships) this.#staleMemberships.keep(this.#source, seconds);
    if (keepsRoutes) this.#keepStale(this.#source, seconds);
    else this.#deps.rib.sourceDown(this.#source);
    this.#deps.progress();
    this.#finishIfDynamic();
  }

  stateChanged(peer: Peer, from: Peer['state'], to: Peer['state']): void {
    this.#deps.events.emit({
      type: 'neighbor',
      address: this.address,
      hostName: peer.negotiated?.hostName,
      from,
      to,
      reason: to === 'Established' ? undefined : peer.statistics.lastError,
    });
    // A dynamic neighbour exists as long as its connection: it knocks again when it comes back. `closed` is still to come.
    if (to === 'Idle') this.#finishIfDynamic();
  }

  /** The source of the session before, when its routes wait for it to come back as who it was. */
  #takeSource(negotiated: Negotiated, client: boolean): SourceId {
    const { rib } = this.#deps;
    const spec = {
      kind: negotiated.kind,
      client,
      routerId: routerIdNumber(negotiated.remoteRouterId),
      address: this.peer.address,
      remoteAs: negotiated.remoteAs,
      enforceFirstAs: negotiated.kind === 'ebgp' && this.#config.enforceFirstAs,
    };
    const before = this.#source;
    if (before !== undefined && this.#staleRoutes.kept && sameSource(rib.sources.spec(before), spec))
      return before;
    this.#forgetStale();
    if (before !== undefined) rib.removeSource(before);
    return (this.#source = rib.addSource(spec));
  }

  /** RFC 4724 section 4.2: the routes of a restarting peer stay until it has sent them again, or the time is up. */
  #keepStale(source: SourceId, seconds: number): void {
    this.#deps.rib.keepStale(source);
    this.#log.info({ seconds }, 'keeps the routes of the restarting peer as stale');
    this.#staleRoutes.keep(source, seconds, () => this.#finishIfDynamic());
  }

  /**
   * What of an earlier restart has not been announced again. RFC 4724 section 4.2: "To deal with possible consecutive restarts, a
   * route (from the peer) previously marked as stale MUST be deleted."
   */
  #dropStale(source: SourceId): void {
    const { rib } = this.#deps;
    if (this.#staleRoutes.kept) rib.sweepStale(source);
    if (this.#staleMemberships.kept) rib.memberships.sweepStale(source);
    this.#forgetStale();
  }

  #forgetStale(): void {
    this.#staleRoutes.forget();
    this.#staleMemberships.forget();
  }

  /** It is a dynamic neighbour like any other from now on, and goes when it has no connection. */
  endInvitation(): void {
    if (!this.#invited) return;
    this.#invited = false;
    if (CONNECTING.has(this.peer.state)) this.#finishIfDynamic();
  }

  /** Nothing keeps a dynamic neighbour without a session, but for stale routes, a limit that keeps it down, or an invitation. */
  #finishIfDynamic(): void {
    const isKept = this.#staleRoutes.kept || this.limit.holds || this.#invited;
    if (this.dynamic && !this.isEstablished && !isKept) this.#deps.finished(this);
  }

  get #received(): number {
    return this.#source === undefined ? 0 : this.#deps.rib.counts(this.#source).received;
  }

  #overLimit(data: Uint8Array): void {
    const message = `more routes than its maximum-prefix of ${this.#config.maximumPrefix?.limit}`;
    this.peer.stop({ subcode: CEASE.MAXIMUM_NUMBER_OF_PREFIXES_REACHED, message, data });
  }

  #limitReleased(): void {
    if (this.dynamic) this.#finishIfDynamic();
    else if (!this.#config.shutdown) this.peer.start();
  }

  #endOfRib(): void {
    this.#endOfRibSeen = true;
    this.#log.debug({}, 'has received End-of-RIB');
    this.#staleRoutes.endOfRib(this.#source!);
    this.#deps.progress();
  }

  /** `keepMemberships`: what the peer has asked for stays, as stale. */
  #detach(keepMemberships: boolean): void {
    if (!this.#attachment) return;
    const { group, out, exchange } = this.#attachment;
    group.leave(out);
    if (exchange) exchange.end(keepMemberships);
    else this.#deps.rib.memberships.dismiss(out.source);
    this.#attachment = undefined;
  }

  #fault(fault: BgpFault): void {
    if (this.#worst === undefined || rank(fault.action) > rank(this.#worst.action)) this.#worst = fault;
  }

  #count(action: FaultAction): void {
    if (action === 'attribute-discard') this.malformed.attributeDiscarded++;
    else if (action === 'treat-as-withdraw') this.malformed.treatedAsWithdraw++;
    else this.malformed.sessionReset++;
  }
}

/** Before the first OPEN is sent. */
const CONNECTING: ReadonlySet<Peer['state']> = new Set<Peer['state']>(['Idle', 'Connect', 'Active']);

/** RFC 7606 section 2, from the weakest. */
const ACTIONS: readonly FaultAction[] = [
  'attribute-discard',
  'treat-as-withdraw',
  'afi-safi-disable',
  'session-reset',
];
const rank = (action: FaultAction): number => ACTIONS.indexOf(action);

/** A BGP identifier as an unsigned number. */
export function routerIdNumber(text: string): number {
  const bytes = parseIp(text);
  if (bytes?.length !== 4) throw new TypeError(`Cannot read router id: saw "${text}", expected dotted quad`);
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

function sameSource(a: object | undefined, b: object): boolean {
  return a !== undefined && JSON.stringify(a) === JSON.stringify(b);
}
