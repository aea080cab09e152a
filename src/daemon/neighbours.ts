/** All neighbours of the daemon, configured and dynamic, and the listener at which they knock. */

import type { Clock } from '../base/clock.ts';
import { type IpPrefix, ip, parseIp, parsePrefix, prefixContains } from '../base/ip.ts';
import type { Logger } from '../base/log.ts';
import type { Config, ListenRangeConfig, NeighborConfig, SessionConfig } from '../config/index.ts';
import type { Rib } from '../rib/index.ts';
import {
  type ListenAddress,
  Listener,
  type Peer,
  ReadTurns,
  type RestartState,
  readTcpCounters,
  type Transport,
} from '../session/index.ts';
import type { EventStream } from './events.ts';
import { Neighbour, type NeighbourConfig, type NeighbourDependencies } from './neighbour.ts';
import type { Identity } from './peer-settings.ts';

export interface NeighboursDependencies {
  readonly rib: Rib;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: EventStream;
  readonly transport: Transport;
  readonly random: () => number;
  /** This speaker's own restart, for its OPENs. Absent: it has not restarted. */
  readonly restart?: RestartState | undefined;
  /** A trouble of a neighbour that lasts; undefined text: it is over. */
  readonly problem?: (subject: string, text: string | undefined) => void;
  /** A session came up or ended, or an End-of-RIB marker came. */
  readonly progress: () => void;
}

export class Neighbours {
  readonly #neighbourDeps: NeighbourDependencies;
  readonly #byAddress = new Map<string, Neighbour>();
  #identity: Identity;
  readonly #listener: Listener;
  #ranges: readonly ListenRangeConfig[] = [];
  /** Their prefixes. */
  #networks: readonly IpPrefix[] = [];

  constructor(listen: Config['listen'], identity: Identity, deps: NeighboursDependencies) {
    this.#identity = identity;
    const { rib, clock, log, events, transport, random, restart, problem, progress } = deps;
    this.#neighbourDeps = {
      rib,
      clock,
      log,
      events,
      problem: (address, text) => problem?.(`neighbor ${address}`, text),
      progress,
      peer: { transport, random, turns: new ReadTurns(clock), readTcpCounters, restart },
      finished: (neighbour) => this.#finished(neighbour),
    };
    this.#listener = new Listener({ transport, log, addresses: placesOf(listen) });
  }

  /** Starts to listen. Rejects when an address cannot be bound. */
  async open(): Promise<void> {
    await this.#listener.open();
  }

  /** Listens elsewhere; sessions go on. Rejects when it cannot, and listens where it did then. */
  async relisten(listen: Config['listen']): Promise<void> {
    await this.#listener.move(placesOf(listen));
  }

  get all(): Iterable<Neighbour> {
    return this.#byAddress.values();
  }

  get ranges(): readonly ListenRangeConfig[] {
    return this.#ranges;
  }

  find(address: string): Neighbour | undefined {
    return this.#byAddress.get(address);
  }

  ofSource(source: number): Neighbour | undefined {
    for (const neighbour of this.#byAddress.values()) if (neighbour.source === source) return neighbour;
    return undefined;
  }

  /** Dynamic neighbours of a listen range that exist now. */
  countIn(range: ListenRangeConfig): number {
    const prefix = parsePrefix(range.prefix)!;
    let count = 0;
    for (const neighbour of this.#byAddress.values()) {
      if (neighbour.dynamic && prefixContains(prefix, ip(neighbour.address))) count++;
    }
    return count;
  }

  add(config: NeighborConfig): void {
    // A dynamic neighbour that is configured now begins anew as what it is configured to be.
    if (this.#byAddress.has(config.address)) this.remove(config.address, 'now configured');
    const neighbour = new Neighbour(config, this.#identity, this.#neighbourDeps);
    this.#byAddress.set(config.address, neighbour);
    this.#listener.add(neighbour.peer);
    neighbour.peer.start();
  }

  remove(address: string, message?: string): void {
    const neighbour = this.#byAddress.get(address);
    if (!neighbour) return;
    this.#byAddress.delete(address);
    this.#listener.remove(neighbour.peer);
    neighbour.remove(message);
  }

  /** Applies a changed configuration; true when the session was reset for it. */
  change(config: NeighborConfig): boolean {
    const neighbour = this.#byAddress.get(config.address);
    if (!neighbour) return false;
    const needsReset = neighbour.reconfigure(config, this.#identity);
    this.#listener.add(neighbour.peer);
    if (needsReset) neighbour.resetForConfiguration();
    return needsReset;
  }

  setRanges(ranges: readonly ListenRangeConfig[]): void {
    this.#ranges = ranges;
    this.#networks = ranges.map(({ prefix }) => parsePrefix(prefix)!);
    this.#listener.setRanges(
      ranges.map((range) => ({
        prefix: range.prefix,
        limit: range.limit,
        password: range.session.password,
        create: (address, invited) => this.#createDynamic(address, range, invited),
      })),
    );
  }

  /** Ends the dynamic neighbours of a range that went away or changed; they may come back at once. */
  resetRange({ prefix }: ListenRangeConfig): string[] {
    const network = parsePrefix(prefix)!;
    const members = [...this.all].filter(
      ({ dynamic, address }) => dynamic && prefixContains(network, ip(address)),
    );
    for (const { address } of members) this.remove(address, 'configuration changed');
    return members.map(({ address }) => address);
  }

  /** Whether routes of some peers are told to others, now or when a peer comes: reflector clients and external peers. */
  get passesOn(): boolean {
    const { asn } = this.#identity.router;
    const passes = ({ routeReflectorClient, remoteAs }: SessionConfig): boolean =>
      routeReflectorClient || (remoteAs !== 'internal' && remoteAs !== asn);
    return (
      this.#ranges.some(({ session }) => passes(session)) ||
      [...this.#byAddress.values()].some(({ config }) => passes(config))
    );
  }

  /** Whether a peer with this address is configured and not shut down, or would be accepted. */
  mayCome(address: string): boolean {
    const configured = this.#byAddress.get(address);
    if (configured) return configured.config.shutdown === undefined;
    const octets = parseIp(address);
    return octets !== undefined && this.#networks.some((network) => prefixContains(network, octets));
  }

  /**
   * Connects to a peer of a listen range, which had a session with the run before. It may be waiting for us: a helper of FRR does
   * not connect to a peer that restarts.
   */
  invite(address: string): void {
    this.#listener.invite(address);
  }

  /** Peers that have not come are not waited for any more. */
  endInvitations(): void {
    for (const neighbour of [...this.#byAddress.values()]) neighbour.endInvitation();
  }

  /** Ends every session without a word, to come back: RFC 4724. */
  abandon(): void {
    this.#listener.close();
    for (const neighbour of this.#byAddress.values()) neighbour.abandon();
    this.#byAddress.clear();
  }

  close(message?: string): void {
    this.#listener.close();
    for (const address of [...this.#byAddress.keys()]) this.remove(address, message);
  }

  #createDynamic(address: string, range: ListenRangeConfig, invited: boolean): Peer {
    const config: NeighbourConfig = { ...range.session, address, peerGroup: range.peerGroup };
    const neighbour = new Neighbour(config, this.#identity, this.#neighbourDeps, {
      dynamic: true,
      invited,
    });
    this.#byAddress.set(address, neighbour);
    neighbour.peer.start();
    return neighbour.peer;
  }

  /** A dynamic neighbour lives as long as its session: it makes room for the next one. */
  #finished(neighbour: Neighbour): void {
    if (this.#byAddress.get(neighbour.address) === neighbour) this.remove(neighbour.address);
  }
}

const placesOf = ({ addresses, port }: Config['listen']): ListenAddress[] =>
  addresses.map((address) => ({ address, port }));
