/**
 * What one record of the kernel's forwarding or neighbour tables means: a remote entry (ours or another's), a local
 * host, or nothing. The same reading serves dumps and notices. No object is made per record.
 *
 * A remote MAC is two records: in the VXLAN device's own table (NTF_SELF, with the VTEP) and in the bridge's, on the VXLAN port.
 * A record of the bridge on any other port is a local host; a permanent one, on whichever port, an address of the leaf itself.
 *
 * Only notices tell that something is missing: a dump shows that by its silence, and may be older than a notice.
 */
import type { AddressId, AddressTable } from '../../base/address-table.ts';
import { isGroupMac, macHigh, macLow } from '../../base/mac.ts';
import {
  AF_BRIDGE,
  type NeighbourRecord,
  NTF_EXT_LEARNED,
  NTF_ROUTER,
  NTF_SELF,
  NTF_STICKY,
  NUD_DELAY,
  NUD_NOARP,
  NUD_PERMANENT,
  NUD_PROBE,
  NUD_REACHABLE,
  NUD_STALE,
  RTPROT_EVPND,
} from '../../netlink/index.ts';
import { type DriverSink, ORIGIN, type Origin, PART, wordAt } from '../driver.ts';
import { ENTRY_FLAG } from '../interfaces.ts';
import type { FloodLedger } from './flood-ledger.ts';
import { type InventoryView, type KernelInstance, placeKey } from './inventory.ts';
import type { OwnAddresses } from './own-addresses.ts';

const ALL_ZEROES_MAC = 0;
/** States in which the kernel holds a host's address as true. */
const NUD_LOCAL = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT;

export class RecordReader {
  readonly #sink: DriverSink;
  readonly #addresses: AddressTable;
  readonly #ledger: FloodLedger;
  readonly #own: OwnAddresses;
  /** IPv4 VTEPs by their word, so that a dump of a hundred thousand records prints none. */
  readonly #ipv4Ids = new Map<number, AddressId>();
  readonly #ipv4 = new Uint8Array(4);
  readonly #ipv6 = new Uint8Array(16);
  view: InventoryView;

  constructor(
    sink: DriverSink,
    addresses: AddressTable,
    ledger: FloodLedger,
    own: OwnAddresses,
    view: InventoryView,
  ) {
    this.#sink = sink;
    this.#addresses = addresses;
    this.#ledger = ledger;
    this.#own = own;
    this.view = view;
  }

  /** `gone` for RTM_DELNEIGH. */
  read(record: NeighbourRecord, gone: boolean, origin: Origin): void {
    if (record.family === AF_BRIDGE) this.#readForwarding(record, gone, origin);
    else this.#readNeighbour(record, gone, origin);
  }

  #readForwarding(record: NeighbourRecord, gone: boolean, origin: Origin): void {
    const instance = this.view.byVxlan.get(record.interfaceIndex);
    if ((record.flags & NTF_SELF) !== 0) {
      if (!instance) return;
      if (record.mac === ALL_ZEROES_MAC) this.#readFlood(instance, record, gone, origin);
      else this.#readTunnelMac(instance, record, gone, origin);
      return;
    }
    if (record.mac <= 0 || isGroupMac(record.mac)) return;
    if (instance) this.#readOnVxlanPort(instance, record, gone, origin);
    else this.#readOnLocalPort(record, gone, origin);
  }

  #readFlood(instance: KernelInstance, record: NeighbourRecord, gone: boolean, origin: Origin): void {
    if (record.destinationLength === 0 || isFixedRemote(instance, record)) return;
    const { vni } = instance;
    const vtep = this.#vtepId(record);
    if (gone) {
      this.#sink.floodMissing(vni, vtep);
      return;
    }
    const ours = (record.flags & NTF_EXT_LEARNED) !== 0 || this.#ledger.has(vni, vtep);
    if (ours) this.#ledger.add(vni, vtep);
    else this.#ledger.mix(vni);
    this.#sink.floodSeen(vni, vtep, ours, origin);
  }

  #readTunnelMac(instance: KernelInstance, record: NeighbourRecord, gone: boolean, origin: Origin): void {
    if (record.mac < 0 || isGroupMac(record.mac)) return;
    // Linux 6.1 repeats each write of the device's table as a notice that names neither VTEP nor mark.
    if (record.destinationLength === 0 && record.nextHopId === 0) return;
    const high = macHigh(record.mac);
    const low = macLow(record.mac);
    const isMarked = (record.flags & NTF_EXT_LEARNED) !== 0;
    // Learned from frames: may be overwritten, so it does not count as there.
    const isLearned = !isMarked && (record.state & (NUD_NOARP | NUD_PERMANENT)) === 0;
    if (gone || isLearned) {
      if (origin === ORIGIN.NOTICE) this.#sink.macMissing(instance.vni, high, low, PART.VALUE);
      return;
    }
    const vtep = record.destinationLength === 0 ? 0 : this.#vtepId(record);
    this.#sink.macSeen(instance.vni, high, low, PART.VALUE, vtep, 0, isMarked, origin);
  }

  #readOnVxlanPort(instance: KernelInstance, record: NeighbourRecord, gone: boolean, origin: Origin): void {
    if (record.vlan !== instance.vlan) return;
    const { vni } = instance;
    const high = macHigh(record.mac);
    const low = macLow(record.mac);
    if ((record.state & NUD_PERMANENT) !== 0) {
      this.#readPermanent(vni, high, low, gone, origin);
      return;
    }
    const isMarked = (record.flags & NTF_EXT_LEARNED) !== 0;
    // Wherever it was before, it is here now, and at no local port.
    if (origin === ORIGIN.NOTICE) this.#sink.localMacGone(vni, high, low);
    if (gone || (!isMarked && (record.state & NUD_NOARP) === 0)) {
      if (origin === ORIGIN.NOTICE) this.#sink.macMissing(vni, high, low, PART.COMPANION | PART.OBSTACLE);
      return;
    }
    const flags = record.flags & NTF_STICKY ? ENTRY_FLAG.STICKY : 0;
    this.#sink.macSeen(vni, high, low, PART.COMPANION, 0, flags, isMarked, origin);
  }

  #readOnLocalPort(record: NeighbourRecord, gone: boolean, origin: Origin): void {
    const instance = this.view.byPlace.get(placeKey(record.master, record.vlan));
    if (!instance) return;
    const { vni } = instance;
    const high = macHigh(record.mac);
    const low = macLow(record.mac);
    if ((record.state & NUD_PERMANENT) !== 0) {
      this.#readPermanent(vni, high, low, gone, origin);
      return;
    }
    if (record.interfaceIndex === instance.bridgeIndex) return;
    if (gone) {
      this.#sink.localMacGone(vni, high, low);
      return;
    }
    const isSticky = (record.state & NUD_NOARP) !== 0 || (record.flags & NTF_STICKY) !== 0;
    const flags = isSticky ? ENTRY_FLAG.STICKY : 0;
    this.#sink.localMac(vni, high, low, flags, record.interfaceIndex, origin);
    if (origin === ORIGIN.NOTICE) this.#sink.macMissing(vni, high, low, PART.COMPANION | PART.OBSTACLE);
  }

  /** The addresses of the bridge and of its ports, and what an operator added to them. */
  #readPermanent(vni: number, high: number, low: number, gone: boolean, origin: Origin): void {
    if (origin === ORIGIN.NOTICE) this.#sink.localMacGone(vni, high, low);
    if (!gone) this.#sink.macBlocked(vni, high, low, origin);
    else if (origin === ORIGIN.NOTICE) {
      this.#sink.macMissing(vni, high, low, PART.COMPANION | PART.OBSTACLE);
    }
  }

  #readNeighbour(record: NeighbourRecord, gone: boolean, origin: Origin): void {
    const instance = this.view.bySvi.get(record.interfaceIndex);
    if (!instance || record.destinationLength === 0 || isGroupAddress(record)) return;
    const { vni } = instance;
    const ip = this.#ip(record);
    const hasMac = !gone && record.mac > 0 && !isGroupMac(record.mac);
    const isMarked = (record.flags & NTF_EXT_LEARNED) !== 0;
    const isOwn = this.#own.has(record.interfaceIndex, ip);
    const isLocal = hasMac && !isMarked && !isOwn && (record.state & NUD_LOCAL) !== 0;
    const isFixed = hasMac && (isMarked || (record.state & NUD_PERMANENT) !== 0);
    const high = hasMac ? macHigh(record.mac) : 0;
    const low = hasMac ? macLow(record.mac) : 0;
    const flags = record.flags & NTF_ROUTER ? ENTRY_FLAG.ROUTER : 0;
    if (isFixed) {
      const ours = isMarked && record.protocol === RTPROT_EVPND;
      this.#sink.neighbourSeen(vni, ip, high, low, flags, ours, origin);
    } else if (origin === ORIGIN.NOTICE) this.#sink.neighbourMissing(vni, ip);
    if (isLocal) this.#sink.localNeighbour(vni, ip, high, low, flags, origin);
    else if (origin === ORIGIN.NOTICE) this.#sink.localNeighbourGone(vni, ip);
  }

  #vtepId(record: NeighbourRecord): AddressId {
    if (record.destinationLength !== 4) return this.#addresses.intern(record.destination.subarray(0, 16));
    const word = wordAt(record.destination, 0);
    let id = this.#ipv4Ids.get(word);
    if (id === undefined) {
      id = this.#addresses.intern(record.destination.subarray(0, 4));
      this.#ipv4Ids.set(word, id);
    }
    return id;
  }

  /** The record's address in a buffer of its length, valid until the next call. */
  #ip(record: NeighbourRecord): Uint8Array {
    const ip = record.destinationLength === 4 ? this.#ipv4 : this.#ipv6;
    for (let i = 0; i < ip.length; i++) ip[i] = record.destination[i]!;
    return ip;
  }
}

function isFixedRemote(instance: KernelInstance, record: NeighbourRecord): boolean {
  const { fixedRemote } = instance;
  if (fixedRemote?.length !== record.destinationLength) return false;
  return fixedRemote.every((octet, i) => octet === record.destination[i]);
}

/** IPv4 224.0.0.0/3 (multicast, reserved, broadcast) and IPv6 ff00::/8: the kernel keeps neighbours for those, too. */
function isGroupAddress(record: NeighbourRecord): boolean {
  const first = record.destination[0]!;
  return record.destinationLength === 4 ? first >= 224 : first === 0xff;
}
