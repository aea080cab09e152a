/**
 * What an attribute block means for import, read once per block and remembered beside the RIB's attribute
 * table: its set of route targets, its VTEP, mobility, flags and PMSI tunnel, and whether it can be used at all.
 *
 * RFC 7432 sections 7.7, 7.8, 7.10 and 11.2; RFC 8365 section 5.1.3 (encapsulation, VNI in the label field);
 * RFC 9047 section 2 (ARP/ND flags); RFC 6514 section 5 (PMSI tunnel attribute).
 */
import {
  ATTRIBUTE,
  ATTRIBUTE_FLAG,
  COMMUNITY_TYPE,
  ND_FLAG,
  PMSI_TUNNEL_TYPE,
  TUNNEL_TYPE,
} from 'bgp-protocol';
import { type AddressId, type AddressTable, NO_ADDRESS } from '../base/address-table.ts';
import { grown } from '../base/key-table.ts';
import { ENTRY_FLAG } from '../dataplane/interfaces.ts';
import type { ImportIndex, TargetSetId } from './import-index.ts';
import { REASON, type Reason } from './reasons.ts';
import { isRouteTarget, targetKey } from './route-targets.ts';

/** The part of the RIB's attribute table that is read here. */
export interface AttributeSource {
  generation(id: number): number;
  bytes(id: number): Uint8Array;
  nextHop(id: number): AddressId;
  mobilitySequence(id: number): number;
  sticky(id: number): boolean;
  defaultGateway(id: number): boolean;
}

/** Sub-types, with their type octet above them. */
const ENCAPSULATION = (COMMUNITY_TYPE.OPAQUE << 8) | 0x0c;
const ND_FLAGS = (COMMUNITY_TYPE.EVPN << 8) | 0x08;
/** RFC 6514 section 5: flags, tunnel type, three octets of label; then the tunnel identifier. */
const PMSI_TUNNEL_IDENTIFIER = 5;
/** In `#pmsiType`: the block has no PMSI tunnel attribute. */
const NO_TUNNEL = 255;

export class ImportDecisions {
  readonly #attributes: AttributeSource;
  readonly #addresses: AddressTable;
  readonly #index: ImportIndex;
  /** Generation of the block that a row was made from, plus one; 0: none. */
  #generation = new Float64Array(0);
  #targets = new Int32Array(0);
  #flags = new Uint8Array(0);
  #reason = new Uint8Array(0);
  #pmsiType = new Uint8Array(0);
  #pmsiLabel = new Int32Array(0);
  #pmsiEndpoint = new Int32Array(0);

  constructor(attributes: AttributeSource, addresses: AddressTable, index: ImportIndex) {
    this.#attributes = attributes;
    this.#addresses = addresses;
    this.#index = index;
  }

  /** Makes sure that what is read below is of the present block `id`. */
  prepare(id: number): void {
    if (id >= this.#generation.length) this.#grow(id);
    const generation = this.#attributes.generation(id) + 1;
    if (this.#generation[id] === generation) return;
    const old = this.#targets[id];
    this.#read(id);
    if (old !== 0) this.#index.release(old);
    this.#generation[id] = generation;
  }

  targets(id: number): TargetSetId {
    return this.#targets[id];
  }

  /** IMPORTED, or why no route with this block is. */
  reason(id: number): Reason {
    return this.#reason[id] as Reason;
  }

  vtep(id: number): AddressId {
    return this.#attributes.nextHop(id);
  }

  sequence(id: number): number {
    return this.#attributes.mobilitySequence(id);
  }

  /** ENTRY_FLAG bits. */
  flags(id: number): number {
    return this.#flags[id];
  }

  /** Whether frames can be flooded with it: IMPORTED, NO_PMSI_TUNNEL or TUNNEL_TYPE. */
  floodReason(id: number): Reason {
    switch (this.#pmsiType[id]) {
      case PMSI_TUNNEL_TYPE.INGRESS_REPLICATION:
        return REASON.IMPORTED;
      case NO_TUNNEL:
        return REASON.NO_PMSI_TUNNEL;
      default:
        return REASON.TUNNEL_TYPE;
    }
  }

  /** The 24 raw bits of the PMSI label. */
  floodLabel(id: number): number {
    return this.#pmsiLabel[id];
  }

  /** RFC 7432 section 11.2: the tunnel identifier is the PE's address; the next hop where it is left out. */
  floodVtep(id: number): AddressId {
    const endpoint: AddressId = this.#pmsiEndpoint[id];
    return endpoint === NO_ADDRESS ? this.vtep(id) : endpoint;
  }

  #read(id: number): void {
    const bytes = this.#attributes.bytes(id);
    this.#pmsiType[id] = NO_TUNNEL;
    this.#pmsiEndpoint[id] = NO_ADDRESS;
    this.#flags[id] =
      (this.#attributes.sticky(id) ? ENTRY_FLAG.STICKY : 0) |
      (this.#attributes.defaultGateway(id) ? ENTRY_FLAG.GATEWAY : 0);
    const targets: string[] = [];
    let vxlan: boolean | undefined;
    for (let at = 0; at + 3 <= bytes.length; ) {
      const extended = (bytes[at] & ATTRIBUTE_FLAG.EXTENDED_LENGTH) !== 0;
      const value = at + (extended ? 4 : 3);
      const end = value + (extended ? (bytes[at + 2] << 8) | bytes[at + 3] : bytes[at + 2]);
      if (bytes[at + 1] === ATTRIBUTE.EXTENDED_COMMUNITIES) {
        vxlan = this.#readCommunities(id, bytes, value, end, targets);
      } else if (bytes[at + 1] === ATTRIBUTE.PMSI_TUNNEL) this.#readPmsi(id, bytes, value, end);
      at = end;
    }
    this.#targets[id] = this.#index.retain(targets);
    this.#reason[id] = this.#judge(id, vxlan);
  }

  /** Returns whether the encapsulations named include VXLAN; undefined when none is named. */
  #readCommunities(
    id: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    targets: string[],
  ): boolean | undefined {
    let vxlan: boolean | undefined;
    for (let at = start; at + 8 <= end; at += 8) {
      if (isRouteTarget(bytes, at)) {
        targets.push(targetKey(bytes, at));
        continue;
      }
      const code = (bytes[at] << 8) | bytes[at + 1];
      if (code === ENCAPSULATION) {
        vxlan = vxlan === true || ((bytes[at + 6] << 8) | bytes[at + 7]) === TUNNEL_TYPE.VXLAN;
      } else if (code === ND_FLAGS) {
        if ((bytes[at + 2] & ND_FLAG.ROUTER) !== 0) this.#flags[id] |= ENTRY_FLAG.ROUTER;
        if ((bytes[at + 2] & ND_FLAG.OVERRIDE) !== 0) this.#flags[id] |= ENTRY_FLAG.OVERRIDE;
      }
    }
    return vxlan;
  }

  #readPmsi(id: number, bytes: Uint8Array, start: number, end: number): void {
    if (end - start < PMSI_TUNNEL_IDENTIFIER) return;
    this.#pmsiType[id] = bytes[start + 1];
    this.#pmsiLabel[id] = (bytes[start + 2] << 16) | (bytes[start + 3] << 8) | bytes[start + 4];
    const identifier = bytes.subarray(start + PMSI_TUNNEL_IDENTIFIER, end);
    if (identifier.length !== 4 && identifier.length !== 16) return;
    const endpoint = this.#addresses.intern(identifier);
    if (isUnicast(identifier)) this.#pmsiEndpoint[id] = endpoint;
  }

  #judge(id: number, vxlan: boolean | undefined): Reason {
    // RFC 8365 section 5.1.3 takes MPLS when no encapsulation is named; peers that send VXLAN only leave it out, so VXLAN is taken.
    if (vxlan === false) return REASON.ENCAPSULATION;
    return isUnicast(this.#addresses.bytes(this.vtep(id))) ? REASON.IMPORTED : REASON.NEXT_HOP;
  }

  #grow(id: number): void {
    const capacity = Math.max(256, this.#generation.length * 2, id + 1);
    this.#generation = grown(this.#generation, capacity);
    this.#targets = grown(this.#targets, capacity);
    this.#flags = grown(this.#flags, capacity);
    this.#reason = grown(this.#reason, capacity);
    this.#pmsiType = grown(this.#pmsiType, capacity);
    this.#pmsiLabel = grown(this.#pmsiLabel, capacity);
    this.#pmsiEndpoint = grown(this.#pmsiEndpoint, capacity);
  }
}

/** Whether an address can be a tunnel endpoint: not unspecified, loopback, link-local IPv6, multicast or reserved. */
export function isUnicast(address: Uint8Array): boolean {
  if (address.length === 4) return address[0] !== 0 && address[0] !== 127 && address[0] < 224;
  if (address.length !== 16 || address[0] === 0xff) return false;
  if (address[0] === 0xfe && (address[1] & 0xc0) === 0x80) return false;
  return address.subarray(0, 15).some((octet) => octet !== 0) || address[15] > 1;
}
