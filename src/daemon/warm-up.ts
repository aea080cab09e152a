/**
 * Runs made-up routes through a table of its own while the daemon waits for its first session. V8 compiles what runs often,
 * and a peer's first hundred thousand routes then meet compiled code: cold they take three times as long from wire to wire.
 * It costs about 400 ms of processor time, the compiler's threads included, and leaves nothing behind.
 *
 * Compiled code is thrown away as soon as it meets what it was not compiled for. So all that goes in has the form of what
 * comes later: Buffers that end within a message, a clock and a context made as the real ones are, two consumers, and
 * more rows than the columns begin with.
 */
import {
  type CodecContext,
  encodeAttributeBlock,
  FAMILY,
  Framer,
  MAX_MESSAGE_LENGTH,
  UpdateWriter,
  Writer,
} from 'bgp-protocol';
import { AddressTable } from '../base/address-table.ts';
import type { Clock } from '../base/clock.ts';
import { silentLogger } from '../base/log.ts';
import { EVPN_DEFAULTS, Evpn, type EvpnDataplane } from '../evpn/index.ts';
import { Rib, type SourceId } from '../rib/index.ts';

const BLOCKS = 10;
/** More than one buffer to a peer holds. */
const ROUTES_OF_BLOCK = 2000;
const CHUNK_OCTETS = 65536;
const LOCAL_AS = 65000;
/** Literally as negotiation makes it: objects with the same properties in the same order have the same form. */
const CONTEXT: CodecContext = {
  fourOctetAs: true,
  extendedMessage: false,
  addPathReceive: new Set(),
  addPathSend: new Set(),
  ibgp: true,
  families: new Set([FAMILY.L2VPN_EVPN]),
};

/** Begins in the next turn of the event loop, and takes a step in each, until `isBusy`: real routes teach better. */
export function warmUp(clock: Clock, isBusy: () => boolean): void {
  const steps = exercise();
  const step = (): void => {
    if (!isBusy() && !steps.next().done) clock.soon(step);
  };
  clock.soon(step);
}

/** Announces, packed and one by one, withdraws, and ends the source, two thousand routes between two yields. */
function* exercise(): Generator<void> {
  const { clock, settle } = standingClock();
  const addresses = new AddressTable();
  const rib = new Rib({ localAs: LOCAL_AS, routerId: 1, clusterId: 1, addresses, clock });
  const config = { ...EVPN_DEFAULTS, routerId: '10.0.0.1', localAs: LOCAL_AS };
  const evpn = new Evpn({ config, rib, forwarding: NOWHERE, addresses, clock, log: silentLogger });
  const peer = (n: number): SourceId =>
    rib.addSource({ kind: 'ibgp', client: true, routerId: n, address: `10.0.0.${n}`, remoteAs: LOCAL_AS });
  const source = peer(2);
  rib.group({ kind: 'ibgp', client: true }).join({ source: peer(3), context: CONTEXT, write: () => true });
  settle();
  const onFault = (fault: Error): void => {
    throw fault;
  };
  const framer = new Framer(
    (_type, bytes, start, end) => void rib.receive(source, bytes, start, end, CONTEXT, onFault),
    { maxLength: MAX_MESSAGE_LENGTH },
  );
  for (const withdraw of [false, true, false, true, false]) {
    for (let n = 0; n < BLOCKS; n++) {
      // One block of each pass comes with a route in each UPDATE.
      const octets = updates(n, withdraw, n === 0 ? 1 : ROUTES_OF_BLOCK);
      for (let at = 0; at < octets.length; at += CHUNK_OCTETS) {
        framer.push(octets.subarray(at, at + CHUNK_OCTETS));
      }
      settle();
      yield;
    }
  }
  rib.sourceDown(source);
  settle();
  evpn.close();
}

/** A clock whose time stands still: slices end by themselves. What is to run soon runs in `settle`, and timers never. */
function standingClock(): { readonly clock: Clock; settle(): void } {
  const queue: (() => void)[] = [];
  const clock: Clock = {
    now: () => 0,
    wallTime: () => 0,
    after: () => ({ cancel: () => undefined }),
    soon(action) {
      queue.push(action);
      return { cancel: () => undefined };
    },
  };
  const settle = (): void => {
    for (let next = queue.shift(); next; next = queue.shift()) next();
  };
  return { clock, settle };
}

/** No route is of an instance here: nothing gets this far. */
const NOWHERE: EvpnDataplane = {
  setMac: () => undefined,
  deleteMac: () => undefined,
  addFlood: () => undefined,
  deleteFlood: () => undefined,
  setNeighbour: () => undefined,
  deleteNeighbour: () => undefined,
  ensure: () => undefined,
  remove: () => undefined,
  watchVtep: () => undefined,
  unwatchVtep: () => undefined,
};

/** UPDATEs with the MAC+IP routes of one made-up leaf and VNI. */
function updates(leaf: number, withdraw: boolean, perUpdate: number): Buffer {
  const out = new Writer(1 << 16);
  const writer = new UpdateWriter(MAX_MESSAGE_LENGTH, out, CONTEXT);
  const block = encodeAttributeBlock([
    {
      type: 'MP_REACH_NLRI',
      family: FAMILY.L2VPN_EVPN,
      nextHop: `10.1.0.${leaf}`,
      nlri: new Uint8Array(0),
    },
    { type: 'ORIGIN', value: 'igp' },
    { type: 'AS_PATH', segments: [] },
    { type: 'LOCAL_PREF', value: 100 },
    {
      type: 'EXTENDED_COMMUNITIES',
      communities: [
        { type: 'encapsulation', tunnelType: 8 },
        { type: 'route-target', kind: 'two-octet-as', administrator: LOCAL_AS, assigned: leaf },
      ],
    },
  ]);
  // Type 2, 37 octets; RD 10.1.0.leaf:1; a MAC of 48 bits at octet 24; an IPv4 address at 31; a label at 36.
  const nlri = Uint8Array.of(2, 37, 0, 1, 10, 1, 0, leaf, 0, 1, ...new Uint8Array(29));
  nlri[24] = 48;
  nlri[25] = 2;
  nlri[31] = 32;
  nlri[38] = leaf;
  for (let n = 0; n < ROUTES_OF_BLOCK; n++) {
    if (n % perUpdate === 0) {
      if (withdraw) writer.beginWithdraw(FAMILY.L2VPN_EVPN);
      else writer.begin(block);
    }
    nlri[29] = nlri[34] = n >> 8;
    nlri[30] = nlri[35] = n;
    if (withdraw) writer.withdraw(nlri, 0, nlri.length);
    else writer.announce(nlri, 0, nlri.length);
  }
  writer.end();
  const octets = out.finish();
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length);
}
