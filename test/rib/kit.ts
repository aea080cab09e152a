/** What the tests of the table share: blocks and keys from values, a peer that reads what it is sent, a stepping clock. */
import {
  type Attribute,
  type CodecContext,
  DEFAULT_CONTEXT,
  decodeAttributeBlock,
  type EvpnRoute,
  type ExtendedCommunity,
  encodeAttributeBlock,
  encodeEvpnRoute,
  FAMILY,
  Framer,
  keyLengthOf,
  MAX_EXTENDED_MESSAGE_LENGTH,
  MAX_MESSAGE_LENGTH,
  MESSAGE_TYPE,
  payloadLengthOf,
  splitEvpnNlri,
  UpdateWriter,
  Writer,
  walkUpdate,
} from 'bgp-protocol';
import { AddressTable } from '../../src/base/address-table.ts';
import type { Clock, Timer } from '../../src/base/clock.ts';
import { ManualClock } from '../../src/base/clock.ts';
import {
  type Interest,
  type MembershipPeer,
  type OutPeer,
  Rib,
  type RibConfig,
  type SourceId,
  type SourceSpec,
} from '../../src/rib/index.ts';

export const LOCAL_AS = 65000;
export const ROUTER_ID = 0x0a000001;
export const CLUSTER_ID = 0x0a000001;

export function newRib(config: Partial<RibConfig> = {}): { rib: Rib; clock: ManualClock } {
  const clock = new ManualClock();
  const rib = new Rib({
    localAs: LOCAL_AS,
    routerId: ROUTER_ID,
    clusterId: CLUSTER_ID,
    addresses: new AddressTable(),
    clock,
    ...config,
  });
  return { rib, clock };
}

export const ibgp = (last: number, client = true): SourceSpec => ({
  kind: 'ibgp',
  client,
  routerId: 0x0a000000 + last,
  address: `10.0.0.${last}`,
  remoteAs: LOCAL_AS,
});

export const ebgp = (last: number, remoteAs = 65000 + last): SourceSpec => ({
  kind: 'ebgp',
  client: false,
  routerId: 0x0a000000 + last,
  address: `10.0.0.${last}`,
  remoteAs,
});

/** What a test says of attributes; the rest is as every EVPN route has it. */
export interface PathSpec {
  readonly nextHop?: string;
  readonly origin?: 'igp' | 'egp' | 'incomplete';
  readonly asPath?: readonly number[];
  readonly med?: number;
  readonly localPreference?: number;
  readonly originator?: string;
  readonly clusters?: readonly string[];
  readonly communities?: readonly number[];
  readonly sequence?: number;
  readonly sticky?: boolean;
  /** 10 unless said; for a segment's routes, or routes that say nothing of whom they are for, no number. */
  readonly routeTarget?: number | 'es-import' | 'none';
  readonly unknown?: { readonly code: number; readonly flags: number };
}

export function attributesOf(spec: PathSpec): Attribute[] {
  const attributes: Attribute[] = [
    {
      type: 'MP_REACH_NLRI',
      family: FAMILY.L2VPN_EVPN,
      nextHop: spec.nextHop ?? '192.0.2.1',
      nlri: new Uint8Array(0),
    },
    { type: 'ORIGIN', value: spec.origin ?? 'igp' },
    {
      type: 'AS_PATH',
      segments:
        spec.asPath === undefined || spec.asPath.length === 0
          ? []
          : [{ kind: 'sequence', autonomousSystems: spec.asPath }],
    },
  ];
  if (spec.med !== undefined) attributes.push({ type: 'MED', value: spec.med });
  if (spec.localPreference !== undefined) {
    attributes.push({ type: 'LOCAL_PREF', value: spec.localPreference });
  }
  if (spec.communities !== undefined) {
    attributes.push({ type: 'COMMUNITIES', communities: spec.communities });
  }
  if (spec.originator !== undefined) attributes.push({ type: 'ORIGINATOR_ID', routerId: spec.originator });
  if (spec.clusters !== undefined) attributes.push({ type: 'CLUSTER_LIST', clusterIds: spec.clusters });
  const communities: ExtendedCommunity[] = [...targetOf(spec.routeTarget ?? 10)];
  if (spec.sequence !== undefined || spec.sticky !== undefined) {
    communities.push({ type: 'mac-mobility', sequence: spec.sequence ?? 0, sticky: spec.sticky ?? false });
  }
  if (communities.length > 0) attributes.push({ type: 'EXTENDED_COMMUNITIES', communities });
  if (spec.unknown !== undefined) {
    attributes.push({ type: 'unknown', ...spec.unknown, value: Uint8Array.of(1, 2, 3) });
  }
  return attributes;
}

function targetOf(target: NonNullable<PathSpec['routeTarget']>): ExtendedCommunity[] {
  if (target === 'none') return [];
  if (target === 'es-import') return [{ type: 'es-import', mac: '02:00:00:00:00:01' }];
  return [{ type: 'route-target', kind: 'two-octet-as', administrator: 65000, assigned: target }];
}

export const blockOf = (spec: PathSpec): Uint8Array => encodeAttributeBlock(attributesOf(spec));

export interface KeyAndPayload {
  readonly nlri: Uint8Array;
  readonly key: Uint8Array;
  readonly payload: Uint8Array;
}

export function split(nlri: Uint8Array, start = 0, end = nlri.length): KeyAndPayload {
  const key = new Uint8Array(256);
  const payload = new Uint8Array(255);
  const lengths = splitEvpnNlri(nlri, start, end, key, payload);
  if (lengths < 0) throw new Error('Cannot split the NLRI of the test');
  return {
    nlri: nlri.slice(start, end),
    key: key.slice(0, keyLengthOf(lengths)),
    payload: payload.slice(0, payloadLengthOf(lengths)),
  };
}

export const routeOf = (route: EvpnRoute): KeyAndPayload => split(encodeEvpnRoute(route));

/** A type-2 route for host number `n`. */
export function macIp(n: number, ip?: string, label = 10): KeyAndPayload {
  const mac = `02:00:00:${[n >>> 16, n >>> 8, n].map((o) => (o & 255).toString(16).padStart(2, '0')).join(':')}`;
  return routeOf({
    routeType: 2,
    rd: '192.0.2.1:10',
    esi: '00:00:00:00:00:00:00:00:00:00',
    ethernetTag: 0,
    mac,
    ...(ip === undefined ? {} : { ip }),
    labels: [label],
  });
}

export const imet = (originatorIp: string): KeyAndPayload =>
  routeOf({ routeType: 3, rd: '192.0.2.1:10', ethernetTag: 0, originatorIp });

/** Whole UPDATE messages. */
export function updates(block: Uint8Array | undefined, nlri: readonly Uint8Array[]): Uint8Array {
  const out = new Writer();
  const writer = new UpdateWriter(MAX_MESSAGE_LENGTH, out, DEFAULT_CONTEXT);
  if (block === undefined) {
    writer.beginWithdraw(FAMILY.L2VPN_EVPN);
    for (const one of nlri) writer.withdraw(one, 0, one.length);
  } else {
    writer.begin(block);
    for (const one of nlri) writer.announce(one, 0, one.length);
  }
  writer.end();
  return out.finish();
}

/** Feeds whole messages to the table as the session does. */
export function feed(rib: Rib, source: SourceId, messages: Uint8Array, context = DEFAULT_CONTEXT): void {
  const framer = new Framer(
    (type, bytes, start, end) => {
      if (type === MESSAGE_TYPE.UPDATE) {
        rib.receive(source, bytes, start, end, context, (fault) => {
          throw fault;
        });
      }
    },
    { maxLength: MAX_EXTENDED_MESSAGE_LENGTH },
  );
  framer.push(messages);
}

export const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');

/** A peer that reads every octet it is given and keeps the table that a router would have. */
export class ReadingPeer implements OutPeer {
  readonly source: SourceId;
  readonly context: CodecContext;
  readonly enhancedRouteRefresh: boolean;
  /** Key in hex to what was said of it. */
  readonly routes = new Map<string, { block: string; payload: string }>();
  /** What happened, in order: `announce`, `withdraw`, `end-of-rib`, `refresh 1`, `refresh 2`. */
  readonly events: string[] = [];
  readonly buffers: Uint8Array[] = [];
  messages = 0;
  announced = 0;
  /** Announcements that said what had been said before. */
  repeated = 0;
  /** Withdrawals of what was never announced. */
  needless = 0;
  congested = false;
  readonly #framer: Framer;

  readonly interest?: Interest;

  constructor(
    source: SourceId,
    context: CodecContext = DEFAULT_CONTEXT,
    enhancedRouteRefresh = false,
    interest?: Interest,
  ) {
    if (interest !== undefined) this.interest = interest;
    this.source = source;
    this.context = context;
    this.enhancedRouteRefresh = enhancedRouteRefresh;
    this.#framer = new Framer((type, bytes, start, end) => this.#message(type, bytes, start, end), {
      maxLength: context.extendedMessage ? MAX_EXTENDED_MESSAGE_LENGTH : MAX_MESSAGE_LENGTH,
    });
  }

  write(buffer: Uint8Array): boolean {
    this.buffers.push(buffer);
    this.#framer.push(buffer);
    return !this.congested;
  }

  attributes(key: KeyAndPayload): Attribute[] {
    const known = this.routes.get(hex(key.key));
    if (known === undefined) throw new Error('The peer was not told of this route');
    return decodeAttributeBlock(Buffer.from(known.block, 'hex'));
  }

  #message(type: number, bytes: Uint8Array, start: number, end: number): void {
    this.messages++;
    if (type === MESSAGE_TYPE.ROUTE_REFRESH) this.events.push(`refresh ${bytes[start + 2]}`);
    if (type !== MESSAGE_TYPE.UPDATE) return;
    let block = '';
    walkUpdate(bytes, start, end, this.context, {
      attributes: (octets, from, to) => {
        block = hex(octets.subarray(from, to));
      },
      announce: (_family, octets, from, to) => {
        const { key, payload } = split(octets, from, to);
        const known = this.routes.get(hex(key));
        if (known?.block === block && known.payload === hex(payload)) this.repeated++;
        this.routes.set(hex(key), { block, payload: hex(payload) });
        this.announced++;
        this.events.push('announce');
      },
      withdraw: (_family, octets, from, to) => {
        if (!this.routes.delete(hex(split(octets, from, to).key))) this.needless++;
        this.events.push('withdraw');
      },
      endOfRib: () => this.events.push('end-of-rib'),
      fault: (fault) => {
        throw fault;
      },
    });
  }
}

/** Whole UPDATE messages about route target memberships, each as encodeRtConstraint gives it. */
export function membershipUpdates(
  announced: boolean,
  nlri: readonly Uint8Array[],
  more: readonly Attribute[] = [],
): Uint8Array {
  const out = new Writer();
  const writer = new UpdateWriter(MAX_MESSAGE_LENGTH, out, DEFAULT_CONTEXT);
  if (announced) {
    const family = FAMILY.RT_CONSTRAINT;
    writer.begin(
      encodeAttributeBlock([
        { type: 'MP_REACH_NLRI', family, nextHop: '192.0.2.1', nlri: new Uint8Array(0) },
        { type: 'ORIGIN', value: 'igp' },
        { type: 'AS_PATH', segments: [] },
        { type: 'LOCAL_PREF', value: 100 },
        ...more,
      ]),
    );
    for (const one of nlri) writer.announce(one, 0, one.length);
  } else {
    writer.beginWithdraw(FAMILY.RT_CONSTRAINT);
    for (const one of nlri) writer.withdraw(one, 0, one.length);
  }
  writer.end();
  return out.finish();
}

/** A peer that reads what it is asked for. */
export class AskedPeer implements MembershipPeer {
  readonly source: SourceId;
  readonly client: boolean;
  readonly context = DEFAULT_CONTEXT;
  readonly nextHop = '10.0.0.1';
  readonly enhancedRouteRefresh = false;
  /** NLRI in hex to the attributes it came with. */
  readonly asked = new Map<string, readonly Attribute[]>();
  readonly events: string[] = [];
  congested = false;
  onInterestChanged = (): void => {};
  onReady = (): void => {};
  readonly #framer = new Framer((type, bytes, start, end) => this.#message(type, bytes, start, end), {
    maxLength: MAX_MESSAGE_LENGTH,
  });

  constructor(source: SourceId, client: boolean) {
    this.source = source;
    this.client = client;
  }

  write(buffer: Uint8Array): boolean {
    this.#framer.push(buffer);
    return !this.congested;
  }

  interestChanged(): void {
    this.onInterestChanged();
  }

  ready(): void {
    this.onReady();
  }

  #message(type: number, bytes: Uint8Array, start: number, end: number): void {
    if (type !== MESSAGE_TYPE.UPDATE) return;
    let attributes: readonly Attribute[] = [];
    walkUpdate(bytes, start, end, this.context, {
      attributes: (octets, from, to) => {
        attributes = decodeAttributeBlock(octets.slice(from, to));
      },
      announce: (_family, octets, from, to) => {
        this.asked.set(hex(octets.subarray(from, to)), attributes);
        this.events.push('announce');
      },
      withdraw: (_family, octets, from, to) => {
        if (!this.asked.delete(hex(octets.subarray(from, to)))) throw new Error('withdrawn, never announced');
        this.events.push('withdraw');
      },
      endOfRib: () => this.events.push('end-of-rib'),
      fault: (fault) => {
        throw fault;
      },
    });
  }
}

/** Every look at this clock costs a millisecond, and queued work runs one piece at a time, when the test says so. */
export class StepClock implements Clock {
  #now = 0;
  #queue: { due: number; action: () => void }[] = [];

  now(): number {
    return this.#now++;
  }

  wallTime(): number {
    return this.#now;
  }

  after(milliseconds: number, action: () => void): Timer {
    const entry = { due: this.#now + milliseconds, action };
    this.#queue.push(entry);
    return {
      cancel: () => {
        this.#queue = this.#queue.filter((other) => other !== entry);
      },
    };
  }

  soon(action: () => void): Timer {
    return this.after(0, action);
  }

  /** Runs what is due first; false when nothing is queued. */
  step(): boolean {
    const next = this.#queue.reduce<{ due: number; action: () => void } | undefined>(
      (first, entry) => (first === undefined || entry.due < first.due ? entry : first),
      undefined,
    );
    if (next === undefined) return false;
    this.#queue = this.#queue.filter((entry) => entry !== next);
    this.#now = Math.max(this.#now, next.due);
    next.action();
    return true;
  }

  /** Runs everything that is queued and what that queues. */
  settle(): void {
    for (let steps = 0; this.step(); steps++) {
      if (steps > 1_000_000) throw new Error('The work never ends');
    }
  }
}
