/**
 * Our own routes: writes the key of a MAC/IP or inclusive multicast route, finds its attribute block, and gives both to
 * the RIB. A block is encoded once per instance, sequence number and flags, so a hundred thousand local MACs
 * encode one.
 *
 * RFC 7432 sections 7.2 and 7.3 (routes), 7.7 (MAC mobility), 7.8 (default gateway), 11.2 (PMSI tunnel);
 * RFC 8365 section 5.1.3 (VNI in the label field, encapsulation); RFC 9047 section 2 (ARP/ND flags).
 */
import {
  type Attribute,
  decodeExtendedCommunity,
  EVPN_KEY,
  EVPN_ROUTE_TYPE,
  type ExtendedCommunity,
  encodeAttributeBlock,
  FAMILY,
  ND_FLAG,
  PMSI_TUNNEL_TYPE,
  TUNNEL_TYPE,
} from 'bgp-protocol';
import type { AddressTable } from '../base/address-table.ts';
import type { IpBytes } from '../base/ip.ts';
import { type Mac, putMac } from '../base/mac.ts';
import { ENTRY_FLAG } from '../dataplane/interfaces.ts';
import { type AttributesId, LOCAL, type PayloadId, type Rib } from '../rib/index.ts';
import { type Instance, sameOctets } from './instance.ts';

/** Where the claims of this leaf go. */
export interface Originator {
  announceMac(instance: Instance, mac: Mac, sequence: number, flags: number): void;
  withdrawMac(instance: Instance, mac: Mac): void;
  announceNeighbour(instance: Instance, mac: Mac, ip: IpBytes, sequence: number, flags: number): void;
  withdrawNeighbour(instance: Instance, mac: Mac, ip: IpBytes): void;
}

const ESI_OCTETS = 10;
const LOCAL_PREFERENCE = 100;
/** A MAC moves once in a while: more blocks than this are those of sequence numbers long gone. */
const BLOCKS_KEPT = 64;

/** What is remembered for an instance until its next hop or route targets change. */
interface Prepared {
  /** ESI 0 and the VNI: the part of a type-2 route that is no key. Held with a reference. */
  readonly payload: PayloadId;
  /** By sequence number and flags; each held with a reference. */
  readonly blocks: Map<number, AttributesId>;
}

export class RibOriginator implements Originator {
  readonly #rib: Rib;
  readonly #addresses: AddressTable;
  readonly #prepared = new Map<Instance, Prepared>();
  /** The key of the inclusive multicast route that the RIB has, by instance. */
  readonly #flooding = new Map<Instance, Uint8Array>();
  /** Keys without IP, with IPv4 and with IPv6 address. */
  readonly #macKey = macIpKey(0);
  readonly #ipv4Key = macIpKey(4);
  readonly #ipv6Key = macIpKey(16);

  constructor(rib: Rib, addresses: AddressTable) {
    this.#rib = rib;
    this.#addresses = addresses;
  }

  announceMac(instance: Instance, mac: Mac, sequence: number, flags: number): void {
    this.#announce(instance, this.#key(instance, mac, undefined), sequence, flags);
  }

  withdrawMac(instance: Instance, mac: Mac): void {
    this.#rib.withdrawLocal(this.#key(instance, mac, undefined));
  }

  announceNeighbour(instance: Instance, mac: Mac, ip: IpBytes, sequence: number, flags: number): void {
    this.#announce(instance, this.#key(instance, mac, ip), sequence, flags);
  }

  withdrawNeighbour(instance: Instance, mac: Mac, ip: IpBytes): void {
    this.#rib.withdrawLocal(this.#key(instance, mac, ip));
  }

  /** Brings the inclusive multicast route in line with `instance.originating` and its address. */
  synchroniseFlooding(instance: Instance): void {
    const before = this.#flooding.get(instance);
    const after = instance.originating ? this.#floodKey(instance) : undefined;
    if (before !== undefined && (after === undefined || !sameOctets(before, after))) {
      this.#rib.withdrawLocal(before);
      this.#flooding.delete(instance);
    }
    if (after === undefined) return;
    this.#rib.originate(after, new Uint8Array(0), this.#floodBlock(instance));
    this.#flooding.set(instance, after);
  }

  /** The next hop or the route targets of `instance` have changed, or it is gone: its blocks are made anew. */
  forgetBlocks(instance: Instance): void {
    const prepared = this.#prepared.get(instance);
    if (prepared === undefined) return;
    this.#releaseBlocks(prepared);
    this.#rib.payloads.release(prepared.payload);
    this.#prepared.delete(instance);
  }

  #announce(instance: Instance, key: Uint8Array, sequence: number, flags: number): void {
    const prepared = this.#prepare(instance);
    const block = this.#block(instance, prepared, sequence, flags);
    this.#rib.upsert(LOCAL, key, 0, key.length, prepared.payload, block);
  }

  #prepare(instance: Instance): Prepared {
    let prepared = this.#prepared.get(instance);
    if (prepared === undefined) {
      const payload = new Uint8Array(ESI_OCTETS + 3);
      new DataView(payload.buffer).setUint32(ESI_OCTETS - 1, instance.vni);
      prepared = { payload: this.#rib.payloads.intern(payload), blocks: new Map() };
      this.#rib.payloads.retain(prepared.payload);
      this.#prepared.set(instance, prepared);
    }
    return prepared;
  }

  #key(instance: Instance, mac: Mac, ip: IpBytes | undefined): Uint8Array {
    const key = ip === undefined ? this.#macKey : ip.length === 4 ? this.#ipv4Key : this.#ipv6Key;
    key.set(instance.rd, EVPN_KEY.RD);
    putMac(mac, key, EVPN_KEY.MAC_IP_MAC);
    if (ip !== undefined) key.set(ip, EVPN_KEY.MAC_IP_IP);
    return key;
  }

  #floodKey(instance: Instance): Uint8Array {
    const address = this.#addresses.bytes(instance.vtep);
    const key = new Uint8Array(EVPN_KEY.INCLUSIVE_MULTICAST_IP + address.length);
    key[EVPN_KEY.TYPE] = EVPN_ROUTE_TYPE.INCLUSIVE_MULTICAST_ETHERNET_TAG;
    key.set(instance.rd, EVPN_KEY.RD);
    key[EVPN_KEY.INCLUSIVE_MULTICAST_IP_LENGTH] = address.length * 8;
    key.set(address, EVPN_KEY.INCLUSIVE_MULTICAST_IP);
    return key;
  }

  #block(instance: Instance, prepared: Prepared, sequence: number, flags: number): AttributesId {
    const key = sequence * 16 + flags;
    const known = prepared.blocks.get(key);
    if (known !== undefined) return known;
    if (prepared.blocks.size >= BLOCKS_KEPT) this.#releaseBlocks(prepared);
    const block = encodeAttributeBlock(this.#attributes(instance, hostCommunities(sequence, flags)));
    const id = this.#rib.attributes.intern(block);
    this.#rib.attributes.retain(id);
    prepared.blocks.set(key, id);
    return id;
  }

  #releaseBlocks(prepared: Prepared): void {
    for (const id of prepared.blocks.values()) this.#rib.attributes.release(id);
    prepared.blocks.clear();
  }

  #floodBlock(instance: Instance): Uint8Array {
    return encodeAttributeBlock([
      ...this.#attributes(instance, []),
      {
        type: 'PMSI_TUNNEL',
        leafInformationRequired: false,
        tunnelType: PMSI_TUNNEL_TYPE.INGRESS_REPLICATION,
        label: instance.vni,
        endpoint: this.#addresses.text(instance.vtep),
      },
    ]);
  }

  #attributes(instance: Instance, more: readonly ExtendedCommunity[]): Attribute[] {
    return [
      {
        type: 'MP_REACH_NLRI',
        family: FAMILY.L2VPN_EVPN,
        nextHop: this.#addresses.text(instance.vtep),
        nlri: new Uint8Array(0),
      },
      { type: 'ORIGIN', value: 'igp' },
      { type: 'AS_PATH', segments: [] },
      { type: 'LOCAL_PREF', value: LOCAL_PREFERENCE },
      {
        type: 'EXTENDED_COMMUNITIES',
        communities: [
          ...instance.exportTargets.map((target) => decodeExtendedCommunity(target)),
          { type: 'encapsulation', tunnelType: TUNNEL_TYPE.VXLAN },
          ...more,
        ],
      },
    ];
  }
}

function hostCommunities(sequence: number, flags: number): ExtendedCommunity[] {
  const communities: ExtendedCommunity[] = [];
  const sticky = (flags & ENTRY_FLAG.STICKY) !== 0;
  // RFC 7432 section 15: no community says sequence 0; 15.2: a sticky MAC has sequence 0.
  if (sticky || sequence > 0) communities.push({ type: 'mac-mobility', sequence, sticky });
  if ((flags & ENTRY_FLAG.GATEWAY) !== 0) communities.push({ type: 'default-gateway' });
  const nd =
    ((flags & ENTRY_FLAG.ROUTER) !== 0 ? ND_FLAG.ROUTER : 0) |
    ((flags & ENTRY_FLAG.OVERRIDE) !== 0 ? ND_FLAG.OVERRIDE : 0);
  if (nd !== 0) communities.push({ type: 'nd-flags', flags: nd });
  return communities;
}

/** A type-2 key with everything but RD, MAC and IP: they are written into it for each route. */
function macIpKey(ipOctets: number): Uint8Array {
  const key = new Uint8Array(EVPN_KEY.MAC_IP_IP + ipOctets);
  key[EVPN_KEY.TYPE] = EVPN_ROUTE_TYPE.MAC_IP_ADVERTISEMENT;
  key[EVPN_KEY.MAC_IP_MAC_LENGTH] = 48;
  key[EVPN_KEY.MAC_IP_IP_LENGTH] = ipOctets * 8;
  return key;
}
