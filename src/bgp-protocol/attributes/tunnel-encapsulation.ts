/**
 * Tunnel Encapsulation: the tunnels by which the routes of an UPDATE can be reached. RFC 9012 sections 2 and 13.
 */

import type { BgpFault } from '../faults.ts';
import { decodeFault } from '../faults.ts';
import { ATTRIBUTE, UPDATE_ERROR } from '../iana.ts';
import { copyOctets } from '../octets.ts';
import { Writer } from '../writer.ts';
import type { AttributeCodec, MaybePartial } from './codec.ts';
import { lengthFault } from './codec.ts';
import { checkTlvs } from './tlv.ts';
import { decodeSubTlv, encodeSubTlv, type TunnelSubTlv } from './tunnel-sub-tlv.ts';

export interface EncapsulatedTunnel {
  readonly tunnelType: number;
  readonly subTlvs: readonly TunnelSubTlv[];
}

export interface TunnelEncapsulation extends MaybePartial {
  readonly type: 'TUNNEL_ENCAPSULATION';
  readonly tunnels: readonly EncapsulatedTunnel[];
}

const NAME = 'TUNNEL_ENCAPSULATION';
/** From this sub-TLV type on the length has two octets: section 2. */
const FIRST_LONG_SUB_TYPE = 128;

/** The sub-TLVs must fill their tunnel exactly; a tunnel where they do not makes the routes withdrawn: section 13. */
function check(bytes: Uint8Array, start: number, end: number): BgpFault | undefined {
  if (end - start < 4) return lengthFault(NAME, start, end, 'at least 4');
  const fault = checkTlvs(NAME, bytes, start, end, { type: 2, length: 2 });
  if (fault !== undefined) return fault;
  for (let at = start; at < end; ) {
    const next = at + 4 + ((bytes[at + 2] << 8) | bytes[at + 3]);
    const wrong = checkSubTlvs(bytes, at + 4, next);
    if (wrong !== undefined) return wrong;
    at = next;
  }
  return undefined;
}

function checkSubTlvs(bytes: Uint8Array, start: number, end: number): BgpFault | undefined {
  for (let at = start; at < end; ) {
    const header = bytes[at] >= FIRST_LONG_SUB_TYPE ? 3 : 2;
    const length =
      at + header > end ? 0 : header === 3 ? (bytes[at + 1] << 8) | bytes[at + 2] : bytes[at + 1];
    const next = at + header + length;
    if (next > end) {
      return decodeFault(NAME, 'sub-TLV length', length, `to fit in ${end - at} octets`, at, {
        subcode: UPDATE_ERROR.OPTIONAL_ATTRIBUTE_ERROR,
      });
    }
    at = next;
  }
  return undefined;
}

export const tunnelEncapsulation: AttributeCodec<TunnelEncapsulation> = {
  code: ATTRIBUTE.TUNNEL_ENCAPSULATION,
  type: NAME,
  category: 'optional-transitive',
  rfc: 'RFC 9012 sections 2 and 13',
  onFault: 'treat-as-withdraw',
  check,
  decode(value) {
    const tunnels: EncapsulatedTunnel[] = [];
    while (!value.done) {
      const tunnelType = value.u16();
      const tunnel = value.take(value.u16());
      const subTlvs: TunnelSubTlv[] = [];
      while (!tunnel.done) {
        const subType = tunnel.u8();
        const length = subType >= FIRST_LONG_SUB_TYPE ? tunnel.u16() : tunnel.u8();
        subTlvs.push(decodeSubTlv(tunnelType, subType, copyOctets(tunnel.bytesOf(length))));
      }
      tunnels.push({ tunnelType, subTlvs });
    }
    return { type: NAME, tunnels };
  },
  encode(attribute, out) {
    for (const { tunnelType, subTlvs } of attribute.tunnels) {
      const tunnel = new Writer(64);
      for (const subTlv of subTlvs) {
        const { subType, value } = encodeSubTlv(subTlv);
        tunnel.u8(subType);
        if (subType >= FIRST_LONG_SUB_TYPE) tunnel.u16(value.length);
        else tunnel.u8(value.length);
        tunnel.bytes(value);
      }
      out.u16(tunnelType);
      out.u16(tunnel.length);
      out.bytes(tunnel.view());
    }
  },
};
