/**
 * Where peers knock: listens, finds the peer by the address a connection comes from, or makes one for a listen range, and
 * refuses everyone else in words.
 *
 * RFC 4271 section 8.2.2 (a listener per speaker), RFC 4486 section 4 (Connection Rejected, Out of Resources),
 * RFC 2385 (the key is on the listener before the peer's first segment).
 */
import { CEASE } from 'bgp-protocol';
import { type IpPrefix, parseIp, parsePrefix, prefixContains, printPrefix } from '../base/ip.ts';
import type { LogFields, Logger } from '../base/log.ts';
import { refuseConnection } from './cease.ts';
import type { Peer } from './peer.ts';
import { TRAFFIC_CLASS_CS6 } from './peer-config.ts';
import type { AcceptedConnection, ListenSocket, SocketOptions, Transport } from './transport.ts';

export interface ListenAddress {
  /** `0.0.0.0` and `::` for all. */
  readonly address: string;
  readonly port: number;
  readonly device?: string | undefined;
}

/** Neighbours that need not be configured one by one. */
export interface ListenRange {
  /** "10.0.0.0/24"; where ranges overlap, the longest prefix counts. */
  readonly prefix: string;
  /** Peers at one time. */
  readonly limit: number;
  readonly password?: string | undefined;
  /**
   * Makes and starts a peer for this address, with a passive configuration unless it is `invited`; undefined refuses it. It counts
   * until it is removed: the owner stops and removes it when its state falls back to Idle.
   */
  create(address: string, invited: boolean): Peer | undefined;
}

/** A socket, and what it was asked to be. */
interface Place {
  readonly wanted: ListenAddress;
  readonly socket: ListenSocket;
}

interface Range extends ListenRange {
  readonly network: IpPrefix;
  readonly members: Set<Peer>;
}

export interface ListenerOptions {
  readonly transport: Transport;
  readonly log: Logger;
  readonly addresses: readonly ListenAddress[];
  readonly socketOptions?: SocketOptions | undefined;
}

/** RFC 5082 section 3 wants 255 from the first segment of an answer on, when it is not yet known who asks. */
const ANSWER_OPTIONS: SocketOptions = { ttl: 255, trafficClass: TRAFFIC_CLASS_CS6 };

const TOLD_LIMIT = 1000;

export class Listener {
  readonly #options: ListenerOptions;
  readonly #log: Logger;
  readonly #peers = new Map<string, Peer>();
  #ranges: readonly Range[] = [];
  #places: readonly Place[] = [];
  /** Keys as they are on the sockets, by prefix. */
  #passwords = new Map<string, string>();
  #refused = 0;
  /** Addresses whose refusal has been logged. */
  readonly #told = new Set<string>();

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#log = options.log;
  }

  /** Connections from addresses that no peer and no range has, and over the limit of a range. */
  get refused(): number {
    return this.#refused;
  }

  /** Where it listens, with the ports in use. */
  get addresses(): readonly { readonly address: string; readonly port: number }[] {
    return this.#sockets.map(({ address, port }) => ({ address, port }));
  }

  get #sockets(): readonly ListenSocket[] {
    return this.#places.map(({ socket }) => socket);
  }

  /** Rejects when an address cannot be bound; nothing stays open then. */
  async open(): Promise<void> {
    this.#places = await this.#bind(this.#options.addresses);
  }

  /** Listens there from now on; peers and ranges stay. Rejects when that is not possible, and listens where it did then. */
  async move(addresses: readonly ListenAddress[]): Promise<void> {
    const isIn = (list: readonly ListenAddress[], one: ListenAddress) => list.some((each) => same(each, one));
    const kept = this.#places.filter(({ wanted }) => isIn(addresses, wanted));
    const left = this.#places.filter((place) => !kept.includes(place));
    const keptPlaces = kept.map(({ wanted }) => wanted);
    const added = addresses.filter((address) => !isIn(keptPlaces, address));
    let bound: readonly Place[];
    try {
      bound = await this.#bind(added);
    } catch (error) {
      if (left.length === 0) throw error;
      // What is to be left may be in the way: 0.0.0.0 and one of its addresses exclude each other.
      bound = await this.#bindInstead(added, left, kept);
    }
    closeAll(left);
    this.#places = [...kept, ...bound];
  }

  close(): void {
    closeAll(this.#places);
    this.#places = [];
  }

  async #bindInstead(
    added: readonly ListenAddress[],
    left: readonly Place[],
    kept: readonly Place[],
  ): Promise<readonly Place[]> {
    closeAll(left);
    this.#places = kept;
    try {
      return await this.#bind(added);
    } catch (error) {
      this.#places = [...kept, ...(await this.#bind(left.map(inUse)))];
      throw error;
    }
  }

  /** All of them or, rejecting, none. */
  async #bind(addresses: readonly ListenAddress[]): Promise<readonly Place[]> {
    const { transport, socketOptions } = this.#options;
    const places: Place[] = [];
    try {
      for (const wanted of addresses) {
        const options = { ...ANSWER_OPTIONS, ...socketOptions, ...wanted };
        const socket = await transport.listen(options, (connection) => this.#accept(connection));
        places.push({ wanted, socket });
        for (const [prefix, password] of this.#passwords) this.#setPassword(socket, prefix, password);
      }
    } catch (error) {
      closeAll(places);
      throw error;
    }
    return places;
  }

  /** Connections from the peer's address are its own from now on. Call it again after a new configuration. */
  add(peer: Peer): void {
    this.#peers.set(placeOf(peer), peer);
    this.#updatePasswords();
  }

  /** Makes a peer of a range before it knocks, so that this side connects; undefined where there is one, or no range has room. */
  invite(address: string): Peer | undefined {
    return this.#peers.has(address) ? undefined : this.#createPeer(address, true);
  }

  /** The peer is no longer known; its session is not touched. */
  remove(peer: Peer): void {
    if (this.#peers.get(placeOf(peer)) === peer) this.#peers.delete(placeOf(peer));
    for (const range of this.#ranges) range.members.delete(peer);
    this.#updatePasswords();
  }

  /** Replaces the ranges. Peers made by one that stays, by its prefix, still count for it. Throws TypeError on a bad prefix. */
  setRanges(ranges: readonly ListenRange[]): void {
    const before = new Map(this.#ranges.map((range) => [printPrefix(range.network), range.members]));
    this.#ranges = ranges
      .map((range) => {
        const network = parsePrefix(range.prefix);
        if (!network)
          throw new TypeError(`Cannot listen for range: saw "${range.prefix}", expected a prefix`);
        const { prefix, limit, password, create } = range;
        const members = before.get(printPrefix(network)) ?? new Set<Peer>();
        return { prefix, limit, password, create, network, members };
      })
      .sort((a, b) => b.network.length - a.network.length);
    this.#updatePasswords();
  }

  #accept(connection: AcceptedConnection): void {
    const { address, zone } = connection.remote;
    const onLink = zone === undefined ? undefined : this.#peers.get(`${address}%${zone}`);
    const peer = onLink ?? this.#peers.get(address) ?? this.#createPeer(address);
    if (peer) {
      peer.accept(connection);
      return;
    }
    this.#refused++;
    refuseConnection(connection, CEASE.CONNECTION_REJECTED);
  }

  #createPeer(address: string, invited = false): Peer | undefined {
    const octets = parseIp(address);
    const range = octets && this.#ranges.find(({ network }) => prefixContains(network, octets));
    if (!range) {
      this.#refusal({ address }, 'refused a connection: no neighbor and no listen range has this address');
      return undefined;
    }
    if (range.members.size >= range.limit) {
      const { prefix, limit } = range;
      this.#refusal(
        { address, prefix, limit },
        'refused a connection: the listen range has reached its limit',
      );
      return undefined;
    }
    const peer = range.create(address, invited);
    if (!peer) return undefined;
    range.members.add(peer);
    this.#peers.set(placeOf(peer), peer);
    return peer;
  }

  /** Once per address: a stranger that tries every second must not fill the log. */
  #refusal(fields: LogFields & { readonly address: string }, message: string): void {
    const isNews = !this.#told.has(fields.address);
    if (this.#told.size >= TOLD_LIMIT) this.#told.clear();
    this.#told.add(fields.address);
    this.#log[isNews ? 'warn' : 'debug'](fields, message);
  }

  /** Brings the keys on the sockets in line with peers and ranges. */
  #updatePasswords(): void {
    const wanted = new Map<string, string>();
    for (const { network, password } of this.#ranges) {
      if (password !== undefined) wanted.set(printPrefix(network), password);
    }
    for (const { config } of this.#peers.values()) {
      const host = parsePrefix(config.address);
      if (host && config.password !== undefined && !config.dynamic)
        wanted.set(printPrefix(host), config.password);
    }
    for (const socket of this.#sockets) {
      for (const prefix of this.#passwords.keys()) {
        if (!wanted.has(prefix)) this.#setPassword(socket, prefix, undefined);
      }
      for (const [prefix, password] of wanted) {
        if (this.#passwords.get(prefix) !== password) this.#setPassword(socket, prefix, password);
      }
    }
    this.#passwords = wanted;
  }

  /** A key for a family that the socket does not have is none of its business. */
  #setPassword(socket: ListenSocket, prefix: string, password: string | undefined): void {
    if (socket.address.includes(':') !== prefix.includes(':')) return;
    try {
      socket.setPassword(prefix, password);
    } catch (error) {
      this.#log.error({ error, prefix }, `cannot set the TCP MD5 password for ${prefix}`);
    }
  }
}

function closeAll(places: readonly Place[]): void {
  for (const { socket } of places) socket.close();
}

/** With the port that the kernel chose, where it was to choose. */
const inUse = ({ wanted, socket }: Place): ListenAddress => ({ ...wanted, port: socket.port });

const same = (a: ListenAddress, b: ListenAddress): boolean =>
  a.address === b.address && a.port === b.port && a.device === b.device;

/** The same link-local address may be a different neighbour on each interface. */
function placeOf(peer: Peer): string {
  const { address, device } = peer.config;
  return device !== undefined && /^fe[89ab]/.test(address) ? `${address}%${device}` : address;
}
