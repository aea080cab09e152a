/** A speaker without dataplane or EVPN part: configured neighbours over a RIB, on a network in memory and a manual clock. */
import { encodeAttributeBlock, encodeEvpnRoute, FAMILY, keyLengthOf, splitEvpnNlri } from 'bgp-protocol';
import { AddressTable } from '../../src/base/address-table.ts';
import type { Clock } from '../../src/base/clock.ts';
import { recordingLogger } from '../../src/base/log.ts';
import { type Config, parseConfig } from '../../src/config/index.ts';
import { EventStream } from '../../src/daemon/events.ts';
import { GracefulRestart } from '../../src/daemon/graceful-restart.ts';
import { type Neighbour, routerIdNumber } from '../../src/daemon/neighbour.ts';
import { Neighbours } from '../../src/daemon/neighbours.ts';
import type { EarlierRun, RunRecord } from '../../src/daemon/run-record.ts';
import { Rib } from '../../src/rib/index.ts';
import type { MemoryNetwork } from '../../src/session/index.ts';

/** What is left of runs, in memory. */
export class Record implements RunRecord {
  left: EarlierRun | undefined;

  load(): EarlierRun | undefined {
    return this.left;
  }

  save(peers: readonly string[]): void {
    this.left = { peers, sameKernel: true };
  }

  remove(): void {
    this.left = undefined;
  }
}

export interface SpeakerOptions {
  readonly asn?: number;
  readonly record?: RunRecord;
}

export class Speaker {
  readonly rib: Rib;
  readonly neighbours: Neighbours;
  /** Subject to text of the troubles that last now. */
  readonly problems = new Map<string, string>();
  readonly clock: Clock;
  readonly restart: GracefulRestart;
  readonly log = recordingLogger();
  config: Config;

  constructor(
    address: string,
    yaml: string,
    network: MemoryNetwork,
    { asn = 65000, record = new Record() }: SpeakerOptions = {},
  ) {
    this.config = parsed(address, yaml, asn);
    const { router } = this.config;
    const { clock } = network;
    this.clock = clock;
    this.rib = new Rib({
      localAs: router.asn,
      routerId: routerIdNumber(router.routerId),
      clusterId: routerIdNumber(router.clusterId),
      addresses: new AddressTable(),
      clock,
    });
    this.restart = new GracefulRestart({
      config: this.config.gracefulRestart,
      record,
      inKernel: true,
      clock,
      log: this.log,
    });
    this.neighbours = new Neighbours(
      this.config.listen,
      { router, gracefulRestart: this.config.gracefulRestart, hostName: address, softwareVersion: 'test' },
      {
        rib: this.rib,
        clock,
        log: this.log,
        events: new EventStream(() => clock.wallTime()),
        transport: network.host(address),
        random: () => 0.5,
        restart: this.restart,
        progress: () => this.restart.update(),
        problem: (subject, text) =>
          text === undefined ? this.problems.delete(subject) : this.problems.set(subject, text),
      },
    );
  }

  /** `learned`: what is behind its ports is known from the beginning. */
  async start({ learned = true } = {}): Promise<void> {
    this.restart.load();
    await this.neighbours.open();
    this.neighbours.setRanges(this.config.listenRanges);
    for (const neighbor of this.config.neighbors) this.neighbours.add(neighbor);
    this.restart.begin(this.neighbours, this.rib);
    if (learned) this.restart.learned();
  }

  /** Takes another text for its first neighbour. */
  reconfigure(address: string, yaml: string): void {
    this.config = parsed(address, yaml);
    this.neighbours.change(this.config.neighbors[0]!);
  }

  neighbour(address: string): Neighbour {
    const found = this.neighbours.find(address);
    if (!found) throw new Error(`there is no neighbour ${address}`);
    return found;
  }

  /** Routes that `address` has announced. */
  receivedFrom(address: string): number {
    const source = this.neighbours.find(address)?.source;
    return source === undefined ? 0 : this.rib.counts(source).received;
  }

  /** Announces a type-2 route for host `n` of VNI `vni`. */
  announce(n: number, vni = 10): void {
    const { key, payload } = hostRoute(n, vni);
    this.rib.originate(key, payload, hostAttributes(vni));
  }

  withdraw(n: number, vni = 10): void {
    this.rib.withdrawLocal(hostRoute(n, vni).key);
  }
}

function parsed(address: string, yaml: string, asn = 65000): Config {
  const text = `router: { asn: ${asn}, router-id: ${address} }\nlisten: { addresses: [${address}] }\n${yaml}`;
  const { config, problems } = parseConfig(text, address);
  if (!config) throw new Error(JSON.stringify(problems));
  return config;
}

function hostRoute(n: number, vni: number): { readonly key: Uint8Array; readonly payload: Uint8Array } {
  const hex = n.toString(16).padStart(6, '0');
  const nlri = encodeEvpnRoute({
    routeType: 2,
    rd: `192.0.2.1:${vni & 0xffff}`,
    esi: '00:00:00:00:00:00:00:00:00:00',
    ethernetTag: 0,
    mac: `02:00:00:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4)}`,
    labels: [vni],
  });
  const key = new Uint8Array(64);
  const payload = new Uint8Array(64);
  const lengths = splitEvpnNlri(nlri, 0, nlri.length, key, payload);
  return { key: key.subarray(0, keyLengthOf(lengths)), payload: payload.subarray(0, 13) };
}

const hostAttributes = (vni: number): Uint8Array =>
  encodeAttributeBlock([
    {
      type: 'MP_REACH_NLRI',
      family: FAMILY.L2VPN_EVPN,
      nextHop: '192.0.2.1',
      nlri: new Uint8Array(0),
    },
    { type: 'ORIGIN', value: 'igp' },
    { type: 'AS_PATH', segments: [] },
    {
      type: 'EXTENDED_COMMUNITIES',
      communities: [{ type: 'route-target', kind: 'two-octet-as', administrator: 65000, assigned: vni }],
    },
  ]);
