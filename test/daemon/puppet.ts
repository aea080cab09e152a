/** A peer that says only what the test says, over a network in memory. */
import { type Capability, encodeMessage, FAMILY, type Message } from 'bgp-protocol';
import type { ManualClock } from '../../src/base/clock.ts';
import type { Connection, MemoryNetwork } from '../../src/session/index.ts';

const CONTEXT = {
  fourOctetAs: true,
  extendedMessage: false,
  addPathReceive: new Set<number>(),
  addPathSend: new Set<number>(),
  ibgp: true,
};

/** The graceful-restart capability (RFC 4724 section 3) with or without the F bit; 'absent' leaves the family out. */
export function gracefulRestart(forwarding: boolean | 'absent'): Capability {
  return {
    type: 'graceful-restart',
    restarting: true,
    notification: false,
    restartTimeSeconds: 60,
    families: forwarding === 'absent' ? [] : [{ family: FAMILY.L2VPN_EVPN, forwardingPreserved: forwarding }],
  };
}

export interface PuppetOptions {
  readonly asn?: number;
  /** Besides those that every peer has. */
  readonly capabilities?: readonly Capability[];
}

export class Puppet {
  readonly connection: Connection;
  readonly #received: Uint8Array[] = [];
  readonly #clock: ManualClock;

  /** Connects from the first address to the second and sends what brings the session up. */
  constructor(
    network: MemoryNetwork,
    clock: ManualClock,
    [here, there]: readonly [string, string],
    { asn = 65000, capabilities = [] }: PuppetOptions = {},
  ) {
    this.#clock = clock;
    this.connection = network.host(here).connect(
      { address: there, port: 179 },
      {
        connected() {},
        data: (chunk) => this.#received.push(chunk.slice()),
        progress() {},
        writable() {},
        closed() {},
      },
    );
    this.#send({
      type: 'OPEN',
      version: 4,
      autonomousSystem: asn,
      // No keepalives: the session lasts until somebody ends it.
      holdTimeSeconds: 0,
      routerId: here,
      capabilities: [
        { type: 'multiprotocol', family: FAMILY.L2VPN_EVPN },
        { type: 'route-refresh' },
        ...capabilities,
        { type: 'four-octet-as', autonomousSystem: asn },
        { type: 'enhanced-route-refresh' },
      ],
    });
    this.#send({ type: 'KEEPALIVE' });
  }

  /** Types of the messages received, in order. */
  get heard(): number[] {
    const all = Buffer.concat(this.#received);
    const heard: number[] = [];
    for (let at = 0; at < all.length; at += all.readUInt16BE(at + 16)) heard.push(all[at + 18]!);
    return heard;
  }

  /** RFC 4724 section 2: an UPDATE with nothing but an MP_UNREACH_NLRI of the family. */
  get endOfRibHeard(): boolean {
    return Buffer.concat(this.#received).includes(Buffer.from('0200000006800f03001946', 'hex'));
  }

  /** Announces a type-2 route for each of these hosts of VNI 10. */
  announce(hosts: readonly number[], asPath: readonly number[] = []): void {
    const routes = hosts.map((host) => ({
      routeType: 2 as const,
      rd: '192.0.2.1:10',
      esi: '00:00:00:00:00:00:00:00:00:00',
      ethernetTag: 0,
      mac: `02:00:00:00:00:${host.toString(16).padStart(2, '0')}`,
      labels: [10],
    }));
    this.#send({
      type: 'UPDATE',
      attributes: [
        { type: 'ORIGIN', value: 'igp' },
        {
          type: 'AS_PATH',
          segments: asPath.length === 0 ? [] : [{ kind: 'sequence', autonomousSystems: asPath }],
        },
        { type: 'LOCAL_PREF', value: 100 },
      ],
      announced: [{ family: FAMILY.L2VPN_EVPN, nextHop: '192.0.2.1', routes }],
      withdrawn: [],
      faults: [],
    });
  }

  /** RFC 4724 section 2. */
  endOfRib(): void {
    const withdrawn = [{ family: FAMILY.L2VPN_EVPN, routes: [] }];
    this.#send({ type: 'UPDATE', attributes: [], announced: [], withdrawn, faults: [] });
  }

  refresh(subtype: number): void {
    this.#send({ type: 'ROUTE-REFRESH', family: FAMILY.L2VPN_EVPN, subtype });
  }

  #send(message: Message): void {
    this.connection.write(encodeMessage(message, CONTEXT));
    this.#clock.advance(10);
  }
}
