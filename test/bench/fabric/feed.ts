/**
 * Feeds: UPDATEs of a fabric's leaves, encoded before anything is measured, so that sending them is only writing buffers.
 * Host n has MAC 02:00 followed by n in four octets, by which the receivers count.
 */
import {
  DEFAULT_CONTEXT,
  encodeAttributeBlock,
  FAMILY,
  MAX_MESSAGE_LENGTH,
  UpdateWriter,
  Writer,
} from 'bgp-protocol';

export interface FeedShape {
  /** The first host; hosts first to first + routes - 1 are announced. */
  readonly first: number;
  readonly routes: number;
  readonly leaves: number;
  readonly vnis: number;
  /** MAC+IPv4 routes, or MAC only. */
  readonly withIp: boolean;
  /** Routes in one UPDATE at most: 1 is the unpacked feed. */
  readonly perUpdate: number;
}

/** A feed as leaves send it: each announces its MACs of a VNI in a row, as many to an UPDATE as fit. */
export const packed = (routes: number, overrides: Partial<FeedShape> = {}): FeedShape => ({
  first: 0,
  routes,
  leaves: Math.max(10, Math.round(routes / 10_000)),
  vnis: 10,
  withIp: true,
  perUpdate: 1000,
  ...overrides,
});

export const LOCAL_AS = 65000;
const CONTEXT = { ...DEFAULT_CONTEXT, fourOctetAs: true, ibgp: true, families: new Set([FAMILY.L2VPN_EVPN]) };
const CHUNK_OCTETS = 65536;
/** Offsets in an NLRI of type 2. */
const AT = { rdLeaf: 4, rdVni: 8, macLength: 24, mac: 25, ipLength: 31 };

function block(leaf: number, vni: number): Uint8Array {
  return encodeAttributeBlock([
    {
      type: 'MP_REACH_NLRI',
      family: FAMILY.L2VPN_EVPN,
      nextHop: `10.1.${leaf >> 8}.${leaf & 255}`,
      nlri: new Uint8Array(0),
    },
    { type: 'ORIGIN', value: 'igp' },
    { type: 'AS_PATH', segments: [] },
    { type: 'LOCAL_PREF', value: 100 },
    {
      type: 'EXTENDED_COMMUNITIES',
      communities: [
        { type: 'encapsulation', tunnelType: 8 },
        { type: 'route-target', kind: 'two-octet-as', administrator: LOCAL_AS, assigned: vni },
      ],
    },
  ]);
}

/** One NLRI of type 2, in which leaf, VNI and host are replaced. RFC 7432 section 7.2. */
class MacIpNlri {
  readonly bytes: Uint8Array;
  readonly #withIp: boolean;

  constructor(withIp: boolean) {
    this.#withIp = withIp;
    this.bytes = new Uint8Array(withIp ? 39 : 35);
    this.bytes.set([2, this.bytes.length - 2, 0, 1, 10, 1]);
    this.bytes[AT.macLength] = 48;
    this.bytes[AT.mac] = 2;
    this.bytes[AT.ipLength] = withIp ? 32 : 0;
  }

  set(leaf: number, vni: number, host: number): void {
    const { bytes } = this;
    bytes[AT.rdLeaf + 2] = leaf >> 8;
    bytes[AT.rdLeaf + 3] = leaf;
    bytes[AT.rdVni] = vni >> 8;
    bytes[AT.rdVni + 1] = vni;
    for (let i = 0; i < 4; i++) bytes[AT.mac + 2 + i] = host >>> (24 - 8 * i);
    if (this.#withIp) {
      bytes[AT.ipLength + 1] = 10;
      for (let i = 0; i < 3; i++) bytes[AT.ipLength + 2 + i] = host >>> (16 - 8 * i);
    }
    const label = bytes.length - 3;
    bytes[label] = vni >> 16;
    bytes[label + 1] = vni >> 8;
    bytes[label + 2] = vni;
  }
}

/** Whole UPDATEs in chunks of about 64 KiB; hosts are spread evenly over leaves and VNIs. */
export function encodeFeed(shape: FeedShape, withdraw: boolean): Uint8Array[] {
  const { first, routes, leaves, vnis, withIp, perUpdate } = shape;
  const out = new Writer(CHUNK_OCTETS * 2);
  const writer = new UpdateWriter(MAX_MESSAGE_LENGTH, out, CONTEXT);
  const chunks: Uint8Array[] = [];
  const nlri = new MacIpNlri(withIp);
  const perGroup = Math.max(1, Math.ceil(routes / (leaves * vnis)));
  const flush = (): void => {
    writer.end();
    if (out.length > 0) chunks.push(out.finish());
    out.reset();
  };
  for (let n = 0; n < routes; ) {
    const group = Math.floor(n / perGroup);
    const leaf = 1 + (group % leaves);
    const vni = 1 + (Math.floor(group / leaves) % vnis);
    const groupEnd = Math.min(routes, (group + 1) * perGroup);
    const attributes = block(leaf, vni);
    while (n < groupEnd) {
      if (withdraw) writer.beginWithdraw(FAMILY.L2VPN_EVPN);
      else writer.begin(attributes);
      for (const stop = Math.min(groupEnd, n + perUpdate); n < stop; n++) {
        nlri.set(leaf, vni, first + n);
        if (withdraw) writer.withdraw(nlri.bytes, 0, nlri.bytes.length);
        else writer.announce(nlri.bytes, 0, nlri.bytes.length);
      }
      if (out.length >= CHUNK_OCTETS) flush();
    }
  }
  flush();
  return chunks;
}
