/**
 * The run of three addresses that the multicast route types share: source, group and originating router, each with its
 * length in bits before it; source and group may be of length 0, which is the wildcard.
 *
 * RFC 9251 sections 9.1 to 9.3, RFC 9572 section 3.2.
 */
import type { BgpFault } from '../faults.ts';
import { EVPN_ROUTE_TYPE } from '../iana.ts';
import { ipText } from '../text/ip.ts';
import type { Writer } from '../writer.ts';
import { addressOctets, EVPN_HEADER_OCTETS, routeFault, writeAddress } from './fields.ts';

export interface MulticastAddresses {
  /** Undefined: any source. */
  readonly source?: string;
  /** Undefined: any group. */
  readonly group?: string;
  readonly originatorIp: string;
}

/**
 * Flags octet of types 6, 7 and 8: the protocol version of the members, and whether their filter excludes sources. With IPv6
 * groups VERSION_1 and VERSION_2 are those of MLD: RFC 9251 section 9.1.
 */
export const MULTICAST_FLAG = { VERSION_1: 1, VERSION_2: 2, VERSION_3: 4, EXCLUDE: 8 } as const;

const FIELD_NAMES = ['source length', 'group length', 'originator length'] as const;
const LEAST_BITS = [0, 0, 32] as const;

/** Where the run that begins at `at` ends; -1 when one of its lengths is none. */
export function multicastAddressesEndAt(bytes: Uint8Array, at: number, end: number): number {
  let from = at;
  for (let field = 0; field < 3; field++) {
    if (from >= end) return -1;
    const octets = fieldOctets(field, bytes[from]);
    if (octets < 0) return -1;
    from += 1 + octets;
  }
  return from > end ? -1 : from;
}

/** The fault of a route whose run begins at `at`, and which has `trailer` octets after it; undefined when it is sound. */
export function validateMulticast(
  what: string,
  bytes: Uint8Array,
  start: number,
  at: number,
  end: number,
  trailer: number,
): BgpFault | undefined {
  const addressesEnd = multicastAddressesEndAt(bytes, at, end);
  if (addressesEnd >= 0 && addressesEnd + trailer === end) return undefined;
  let from = at;
  let wanted = at - start - EVPN_HEADER_OCTETS + trailer;
  for (let field = 0; field < 3; field++) {
    const present = from < end;
    const octets = present ? fieldOctets(field, bytes[from]) : fieldOctets(field, LEAST_BITS[field]);
    if (octets < 0) {
      const lengths = field === 2 ? '32 or 128' : '0, 32 or 128';
      return routeFault(what, FIELD_NAMES[field], bytes[from], lengths, from);
    }
    from += 1 + octets;
    wanted += 1 + octets;
  }
  const orMore = addressesEnd < 0 ? ' or more' : '';
  return routeFault(what, 'length', end - start - EVPN_HEADER_OCTETS, `${wanted}${orMore}`, start + 1);
}

/** Of a validated route. */
export function decodeMulticastAddresses(bytes: Uint8Array, at: number): MulticastAddresses {
  const groupAt = at + 1 + bytes[at] / 8;
  const originatorAt = groupAt + 1 + bytes[groupAt] / 8;
  return {
    ...(bytes[at] === 0 ? {} : { source: ipText(bytes, at + 1, bytes[at] / 8) }),
    ...(bytes[groupAt] === 0 ? {} : { group: ipText(bytes, groupAt + 1, bytes[groupAt] / 8) }),
    originatorIp: ipText(bytes, originatorAt + 1, bytes[originatorAt] / 8),
  };
}

export function encodeMulticastAddresses(addresses: MulticastAddresses, writer: Writer): void {
  writeAddress(writer, addresses.source);
  writeAddress(writer, addresses.group);
  writeAddress(writer, addresses.originatorIp);
}

/**
 * Octets after the run of a type 6, 7 or 8 route, which are no part of its key; -1 when the run is malformed. For loops
 * over many routes.
 */
export function synchTrailerOctets(bytes: Uint8Array, start: number, end: number): number {
  const smet = bytes[start] === EVPN_ROUTE_TYPE.SELECTIVE_MULTICAST_ETHERNET_TAG;
  const addressesEnd = multicastAddressesEndAt(bytes, start + (smet ? 14 : 24), end);
  return addressesEnd < 0 ? -1 : end - addressesEnd;
}

function fieldOctets(field: number, bits: number): number {
  return bits === 0 && field < 2 ? 0 : addressOctets(bits);
}
