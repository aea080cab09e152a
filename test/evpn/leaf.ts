/**
 * A leaf for tests: Evpn over a real RIB, a forwarding table that keeps what it is told, a manual clock. Routes of other
 * leaves are put into the RIB as a peer's; the leaf's own are read back from it as values.
 */
import {
  type Attribute,
  DEFAULT_CONTEXT,
  decodeEvpnRoute,
  type EvpnRoute,
  type ExtendedCommunity,
  encodeAttributeBlock,
  encodeEvpnRoute,
  FAMILY,
  Framer,
  joinEvpnNlri,
  keyLengthOf,
  MESSAGE_TYPE,
  payloadLengthOf,
  splitEvpnNlri,
} from 'bgp-protocol';
import { type AddressId, AddressTable } from '../../src/base/address-table.ts';
import { ManualClock } from '../../src/base/clock.ts';
import { type IpBytes, ip, printIp } from '../../src/base/ip.ts';
import { recordingLogger } from '../../src/base/log.ts';
import { type Mac, parseMac, printMac } from '../../src/base/mac.ts';
import type { InstanceState } from '../../src/dataplane/interfaces.ts';
import { EVPN_DEFAULTS, Evpn, type EvpnConfig, type EvpnDataplane } from '../../src/evpn/index.ts';
import { LOCAL, type OutPeer, Rib, type SourceId } from '../../src/rib/index.ts';

export const routerIdNumber = (text: string): number => new DataView(ip(text).buffer).getUint32(0);
export const mac = (text: string): Mac => parseMac(text)!;
export const M1 = mac('02:00:00:00:00:01');
export const M2 = mac('02:00:00:00:00:02');

/** Keeps what it is told; answers for VTEPs when told to. */
export class TableForwarding implements EvpnDataplane {
  readonly macs = new Map<string, string>();
  readonly floods = new Set<string>();
  readonly neighbours = new Map<string, string>();
  readonly log: string[] = [];
  readonly watched = new Set<AddressId>();
  readonly ensured = new Map<number, boolean>();
  operations = 0;
  /** Answers watchVtep at once; undefined: not at all. */
  answer: boolean | undefined = true;
  evpn: Evpn | undefined;
  /** An entry of ours takes the place of whatever the dataplane had for the MAC. */
  onSetMac: ((mac: Mac) => void) | undefined;
  readonly #addresses: AddressTable;

  constructor(addresses: AddressTable) {
    this.#addresses = addresses;
  }

  setMac(vni: number, address: Mac, vtep: AddressId, flags: number): void {
    const value = `${this.#addresses.text(vtep)}${flags === 0 ? '' : ` flags ${flags}`}`;
    this.#note(`set ${vni} ${printMac(address)} ${value}`);
    this.macs.set(`${vni} ${printMac(address)}`, value);
    this.onSetMac?.(address);
  }

  deleteMac(vni: number, address: Mac): void {
    this.#note(`delete ${vni} ${printMac(address)}`);
    if (!this.macs.delete(`${vni} ${printMac(address)}`)) throw new Error('deleted a MAC that was not set');
  }

  addFlood(vni: number, vtep: AddressId): void {
    const entry = `${vni} ${this.#addresses.text(vtep)}`;
    this.#note(`flood ${entry}`);
    if (this.floods.has(entry)) throw new Error('added a flood entry twice');
    this.floods.add(entry);
  }

  deleteFlood(vni: number, vtep: AddressId): void {
    const entry = `${vni} ${this.#addresses.text(vtep)}`;
    this.#note(`unflood ${entry}`);
    if (!this.floods.delete(entry)) throw new Error('deleted a flood entry that was not there');
  }

  setNeighbour(vni: number, address: IpBytes, at: Mac, flags: number): void {
    const value = `${printMac(at)}${flags === 0 ? '' : ` flags ${flags}`}`;
    this.#note(`neighbour ${vni} ${printIp(address)} ${value}`);
    this.neighbours.set(`${vni} ${printIp(address)}`, value);
  }

  deleteNeighbour(vni: number, address: IpBytes): void {
    this.#note(`unneighbour ${vni} ${printIp(address)}`);
    if (!this.neighbours.delete(`${vni} ${printIp(address)}`))
      throw new Error('deleted an unknown neighbour');
  }

  ensure(spec: { vni: number; correct: boolean }): void {
    this.ensured.set(spec.vni, spec.correct);
  }

  remove(vni: number): void {
    this.ensured.delete(vni);
  }

  watchVtep(vtep: AddressId): void {
    this.watched.add(vtep);
    if (this.answer !== undefined) this.evpn?.vtepReachable(vtep, this.answer);
  }

  unwatchVtep(vtep: AddressId): void {
    if (!this.watched.delete(vtep)) throw new Error('unwatched a VTEP that was not watched');
  }

  #note(line: string): void {
    this.operations++;
    this.log.push(line);
  }
}

export interface LeafOptions {
  readonly routerId?: string;
  readonly localAs?: number;
  readonly clock?: ManualClock;
  readonly config?: Partial<EvpnConfig>;
}

export class Leaf {
  readonly addresses = new AddressTable();
  readonly clock: ManualClock;
  readonly rib: Rib;
  readonly forwarding: TableForwarding;
  readonly log = recordingLogger();
  readonly evpn: Evpn;
  readonly routerId: string;
  readonly config: EvpnConfig;
  readonly peer: SourceId;

  constructor(options: LeafOptions = {}) {
    this.routerId = options.routerId ?? '10.0.0.1';
    const localAs = options.localAs ?? 65000;
    this.clock = options.clock ?? new ManualClock();
    this.config = {
      ...EVPN_DEFAULTS,
      advertiseAllVni: true,
      routerId: this.routerId,
      localAs,
      ...options.config,
    };
    this.rib = new Rib({
      localAs,
      routerId: routerIdNumber(this.routerId),
      clusterId: routerIdNumber(this.routerId),
      addresses: this.addresses,
      clock: this.clock,
    });
    this.peer = this.addPeer('10.0.0.100', localAs);
    this.forwarding = new TableForwarding(this.addresses);
    this.evpn = new Evpn({
      config: this.config,
      rib: this.rib,
      forwarding: this.forwarding,
      addresses: this.addresses,
      clock: this.clock,
      log: this.log,
    });
    this.forwarding.evpn = this.evpn;
    this.evpn.start();
  }

  addPeer(address: string, remoteAs: number, client = false): SourceId {
    return this.rib.addSource({
      kind: remoteAs === this.config.localAs ? 'ibgp' : 'ebgp',
      client,
      routerId: routerIdNumber(address),
      address,
      remoteAs,
    });
  }

  /** The dataplane has found a VNI, or something of it has changed. */
  vni(vni: number, state: Partial<InstanceState> = {}): void {
    this.evpn.instance({
      vni,
      vtep: ip(this.routerId),
      vxlanInterface: `vxlan${vni}`,
      bridge: `br${vni}`,
      sviInterface: `br${vni}`,
      vlan: undefined,
      up: true,
      mtu: 1450,
      ownMacs: [],
      warnings: [],
      ...state,
    });
    this.settle();
  }

  settle(): void {
    this.clock.settle();
  }

  /** A peer announces `route` with `attributes`. Returns its row. */
  announce(route: EvpnRoute, attributes: readonly Attribute[], source: SourceId = this.peer): number {
    const row = put(this.rib, source, route, attributes);
    this.settle();
    return row;
  }

  withdraw(route: EvpnRoute, source: SourceId = this.peer): void {
    const { key } = split(route);
    this.rib.withdraw(source, key, 0, key.length);
    this.settle();
  }

  /** What this leaf announces, as `[2] rd mac ip sequence sticky`, sorted. */
  announced(): string[] {
    return [...this.originated()].map(describe).sort();
  }

  *originated(): IterableIterator<{ route: EvpnRoute; attributes: readonly Attribute[] }> {
    for (const row of this.rib.routes()) {
      const path = this.rib.pathFrom(row, LOCAL);
      if (path < 0) continue;
      const out = new Uint8Array(512);
      const payload = this.rib.payloads.bytes(this.rib.payloadOf(path));
      const end = joinEvpnNlri(
        this.rib.keyBytes,
        this.rib.keyStart(row),
        this.rib.keyEnd(row),
        payload,
        0,
        payload.length,
        out,
        0,
      );
      yield {
        route: decodeEvpnRoute(out, 0, end),
        attributes: this.rib.attributes.attributes(this.rib.attributesOf(path)),
      };
    }
  }
}

/** Announces `route` for `source`. Returns its row. */
export function put(rib: Rib, source: SourceId, route: EvpnRoute, attributes: readonly Attribute[]): number {
  const { key, payload } = split(route);
  const block = rib.attributes.intern(encodeAttributeBlock([...attributes]));
  return rib.upsert(source, key, 0, key.length, rib.payloads.intern(payload), block);
}

function split(route: EvpnRoute): { key: Uint8Array; payload: Uint8Array } {
  const nlri = encodeEvpnRoute(route);
  const key = new Uint8Array(256);
  const payload = new Uint8Array(256);
  const lengths = splitEvpnNlri(nlri, 0, nlri.length, key, payload);
  return {
    key: key.subarray(0, keyLengthOf(lengths)),
    payload: payload.subarray(0, payloadLengthOf(lengths)),
  };
}

function describe({ route, attributes }: { route: EvpnRoute; attributes: readonly Attribute[] }): string {
  const mobility = communities(attributes).find((community) => community.type === 'mac-mobility');
  const seq =
    mobility?.type === 'mac-mobility' ? ` seq ${mobility.sequence}${mobility.sticky ? ' sticky' : ''}` : '';
  if (route.routeType === 2) return `[2] ${route.rd} ${route.mac}${route.ip ? ` ${route.ip}` : ''}${seq}`;
  if (route.routeType === 3) return `[3] ${route.rd} ${route.originatorIp}`;
  return `[${route.routeType}]`;
}

export function communities(attributes: readonly Attribute[]): readonly ExtendedCommunity[] {
  for (const attribute of attributes)
    if (attribute.type === 'EXTENDED_COMMUNITIES') return attribute.communities;
  return [];
}

export interface HostOptions {
  readonly vni?: number;
  readonly leaf?: string;
  readonly ip?: string;
  readonly esi?: string;
  readonly ethernetTag?: number;
  readonly rd?: string;
}

/** The type-2 route of a leaf for a MAC. */
export function hostRoute(address: Mac, options: HostOptions = {}): EvpnRoute {
  const route = {
    routeType: 2 as const,
    rd: options.rd ?? `${options.leaf ?? '10.0.0.2'}:1`,
    esi: options.esi ?? '00:00:00:00:00:00:00:00:00:00',
    ethernetTag: options.ethernetTag ?? 0,
    mac: printMac(address),
    labels: [options.vni ?? 10],
  };
  return options.ip === undefined ? route : { ...route, ip: options.ip };
}

export function floodRoute(leaf = '10.0.0.2', rd = `${leaf}:1`): EvpnRoute {
  return { routeType: 3, rd, ethernetTag: 0, originatorIp: leaf };
}

export interface AttributeOptions {
  readonly leaf?: string;
  readonly vni?: number;
  readonly targets?: readonly ExtendedCommunity[];
  readonly encapsulations?: readonly number[];
  readonly sequence?: number;
  readonly sticky?: boolean;
  readonly more?: readonly ExtendedCommunity[];
  readonly attributes?: readonly Attribute[];
}

export const target = (administrator: number, assigned: number): ExtendedCommunity => ({
  type: 'route-target',
  kind: 'two-octet-as',
  administrator,
  assigned,
});

/** What an FRR leaf would send with its routes. */
export function attributesOf(options: AttributeOptions = {}): Attribute[] {
  const mobility: ExtendedCommunity[] =
    options.sequence === undefined && options.sticky === undefined
      ? []
      : [{ type: 'mac-mobility', sequence: options.sequence ?? 0, sticky: options.sticky ?? false }];
  const encapsulations = (options.encapsulations ?? [8]).map(
    (tunnelType): ExtendedCommunity => ({ type: 'encapsulation', tunnelType }),
  );
  return [
    {
      type: 'MP_REACH_NLRI',
      family: FAMILY.L2VPN_EVPN,
      nextHop: options.leaf ?? '10.0.0.2',
      nlri: new Uint8Array(0),
    },
    { type: 'ORIGIN', value: 'igp' },
    { type: 'AS_PATH', segments: [] },
    { type: 'LOCAL_PREF', value: 100 },
    {
      type: 'EXTENDED_COMMUNITIES',
      communities: [
        ...(options.targets ?? [target(65000, options.vni ?? 10)]),
        ...encapsulations,
        ...mobility,
        ...(options.more ?? []),
      ],
    },
    ...(options.attributes ?? []),
  ];
}

export function pmsi(label = 10, endpoint = '10.0.0.2', tunnelType = 6): Attribute {
  return { type: 'PMSI_TUNNEL', leafInformationRequired: false, tunnelType, label, endpoint };
}

/** Sessions between RIBs in memory: what one writes, the other receives when `deliver` is called. */
export class Wire {
  readonly #queues: { readonly buffers: Uint8Array[]; readonly framer: Framer }[] = [];

  /** From `from`, in whose table the far end is `farEnd`, to `to`, which knows it as `source`. */
  connect(from: Rib, farEnd: SourceId, to: Rib, source: SourceId, client: boolean): void {
    const buffers: Uint8Array[] = [];
    const framer = new Framer(
      (type, bytes, start, end) => {
        if (type !== MESSAGE_TYPE.UPDATE) return;
        to.receive(source, bytes, start, end, CONTEXT, (fault) => {
          throw fault;
        });
      },
      { maxLength: 4096 },
    );
    this.#queues.push({ buffers, framer });
    const peer: OutPeer = {
      source: farEnd,
      context: CONTEXT,
      write(buffer) {
        buffers.push(buffer);
        return true;
      },
    };
    from.group({ kind: 'ibgp', client }).join(peer);
  }

  get links(): number {
    return this.#queues.length;
  }

  /** Delivers one buffer on one link; false when it has none. */
  deliver(link: number): boolean {
    const { buffers, framer } = this.#queues[link];
    const buffer = buffers.shift();
    if (buffer === undefined) return false;
    framer.push(buffer);
    return true;
  }

  /** Delivers until nothing is under way. */
  deliverAll(clock: ManualClock): void {
    for (let moved = true; moved; ) {
      clock.settle();
      moved = false;
      for (let link = 0; link < this.links; link++) while (this.deliver(link)) moved = true;
    }
  }
}

const CONTEXT = { ...DEFAULT_CONTEXT, fourOctetAs: true, ibgp: true, families: new Set([FAMILY.L2VPN_EVPN]) };
