/**
 * Route type 10, S-PMSI A-D: the tunnel that carries one multicast flow, or a wildcard of them.
 *
 * RFC 9572 section 3.2.
 */
import type { BgpFault } from '../faults.ts';
import { routeDistinguisherText } from '../text/route-distinguisher.ts';
import type { Writer } from '../writer.ts';
import { EVPN_HEADER_OCTETS, u32At, writeRouteDistinguisher } from './fields.ts';
import {
  decodeMulticastAddresses,
  encodeMulticastAddresses,
  type MulticastAddresses,
  validateMulticast,
} from './multicast-fields.ts';

export interface SPmsiRoute extends MulticastAddresses {
  readonly routeType: 10;
  readonly rd: string;
  readonly ethernetTag: number;
}

/** From the start of the NLRI. */
const ADDRESSES_AT = 14;

export function validateSPmsi(bytes: Uint8Array, start: number, end: number): BgpFault | undefined {
  return validateMulticast('S-PMSI A-D', bytes, start, start + ADDRESSES_AT, end, 0);
}

export function decodeSPmsi(bytes: Uint8Array, start: number): SPmsiRoute {
  const at = start + EVPN_HEADER_OCTETS;
  return {
    routeType: 10,
    rd: routeDistinguisherText(bytes, at),
    ethernetTag: u32At(bytes, at + 8),
    ...decodeMulticastAddresses(bytes, start + ADDRESSES_AT),
  };
}

export function encodeSPmsi(route: SPmsiRoute, writer: Writer): void {
  writeRouteDistinguisher(writer, route.rd);
  writer.u32(route.ethernetTag);
  encodeMulticastAddresses(route, writer);
}
