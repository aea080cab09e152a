/** Two speakers on a network in memory and a clock that stands still, with everything that happens to them written down. */
import { FAMILY } from 'bgp-protocol';
import { ManualClock } from '../../src/base/clock.ts';
import { recordingLogger } from '../../src/base/log.ts';
import {
  Listener,
  MemoryNetwork,
  type MemoryNetworkOptions,
  Peer,
  type PeerConfig,
  type PeerDependencies,
  type PeerEvents,
  type SessionEnd,
} from '../../src/session/index.ts';

export const A = '10.0.0.1';
export const B = '10.0.0.2';

export interface Recorded {
  established: number;
  readonly updates: string[];
  readonly refreshes: { family: number; subtype: number }[];
  readonly closed: SessionEnd[];
  readonly states: string[];
  writable: number;
}

export interface Speaker {
  readonly peer: Peer;
  readonly listener: Listener;
  readonly seen: Recorded;
  readonly log: ReturnType<typeof recordingLogger>;
}

export function recorder(update?: PeerEvents['update']): { events: PeerEvents; seen: Recorded } {
  const seen: Recorded = { established: 0, updates: [], refreshes: [], closed: [], states: [], writable: 0 };
  const events: PeerEvents = {
    established: () => seen.established++,
    update: (peer, bytes, start, end) => {
      seen.updates.push(Buffer.from(bytes.subarray(start, end)).toString('hex'));
      return update?.(peer, bytes, start, end);
    },
    routeRefresh: (_peer, family, subtype) => seen.refreshes.push({ family, subtype }),
    writable: () => seen.writable++,
    closed: (_peer, reason) => seen.closed.push(reason),
    stateChanged: (_peer, from, to) => seen.states.push(`${from}>${to}`),
  };
  return { events, seen };
}

export function baseConfig(local: string, remote: string): PeerConfig {
  return {
    address: remote,
    localAs: 65000,
    remoteAs: 65000,
    routerId: local,
    families: [FAMILY.L2VPN_EVPN],
    holdTimeSeconds: 9,
  };
}

export interface WorldOptions extends MemoryNetworkOptions {
  readonly seed?: number;
  readonly random?: () => number;
}

export class World {
  readonly clock = new ManualClock(1_700_000_000_000);
  readonly network: MemoryNetwork;
  readonly #random: () => number;

  constructor(options: WorldOptions = {}) {
    this.network = new MemoryNetwork(this.clock, options);
    this.#random = options.random ?? pseudoRandom(options.seed ?? 1);
  }

  /** A speaker with one neighbour, its listener open; the peer is not started. */
  async speaker(
    local: string,
    remote: string,
    config: Partial<PeerConfig> = {},
    more: { update?: PeerEvents['update']; deps?: Partial<PeerDependencies> } = {},
  ): Promise<Speaker> {
    const log = recordingLogger();
    const { events, seen } = recorder(more.update);
    const transport = this.network.host(local);
    const deps = { clock: this.clock, log, random: this.#random, transport, ...more.deps };
    const peer = new Peer({ ...baseConfig(local, remote), ...config }, deps, events);
    const listener = new Listener({ transport, log, addresses: [{ address: local, port: 179 }] });
    await listener.open();
    listener.add(peer);
    return { peer, listener, seen, log };
  }

  /** The two of them; `start` starts both at the same instant. */
  async pair(
    a: Partial<PeerConfig> = {},
    b: Partial<PeerConfig> = {},
    start = true,
  ): Promise<{ a: Speaker; b: Speaker }> {
    const speakers = { a: await this.speaker(A, B, a), b: await this.speaker(B, A, b) };
    if (start) {
      speakers.a.peer.start();
      speakers.b.peer.start();
    }
    return speakers;
  }
}

/** Mulberry32: the same numbers for the same seed. */
export function pseudoRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
