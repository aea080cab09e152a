/**
 * PMSI_TUNNEL: the tunnel that carries broadcast, unknown unicast and multicast of a type-3 (or multicast VPN) route.
 *
 * RFC 6514 section 5 (format, tunnel types 0 to 7), RFC 7432 section 11.2 and RFC 8365 section 5.1.3 (the label is a
 * VNI of 24 bits there), RFC 8556 section 2 (BIER), RFC 9574 section 4 (assisted replication), RFC 6388 section 2.2
 * (FEC element).
 */

import type { BgpFault } from '../faults.ts';
import { decodeFault } from '../faults.ts';
import { ATTRIBUTE, PMSI_TUNNEL_TYPE, UPDATE_ERROR } from '../iana.ts';
import { copyOctets } from '../octets.ts';
import { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import { readIp, writeIp } from './address.ts';
import type { AttributeCodec, MaybePartial } from './codec.ts';
import { checkByDecoding, lengthFault } from './codec.ts';

/** The tunnel identifier, for every type that is not just an endpoint. */
export type PmsiTunnelIdentifier =
  | {
      readonly kind: 'rsvp-te';
      readonly extendedTunnelId: string;
      readonly tunnelId: number;
      readonly p2mpId: number;
    }
  | {
      readonly kind: 'mldp';
      readonly fecType: number;
      readonly rootAddress: string;
      readonly opaque: Uint8Array;
    }
  | { readonly kind: 'pim'; readonly source: string; readonly group: string }
  | {
      readonly kind: 'bier';
      readonly subDomainId: number;
      readonly bfrId: number;
      readonly bfrPrefix: string;
    }
  | { readonly kind: 'opaque'; readonly value: Uint8Array };

export interface PmsiTunnel extends MaybePartial {
  readonly type: 'PMSI_TUNNEL';
  readonly leafInformationRequired: boolean;
  /** The other flag bits, when any is set (RFC 9574 section 4.1: T, BM, U; RFC 7902: E). */
  readonly otherFlags?: number;
  readonly tunnelType: number;
  /** All 24 bits: a VNI as it is, an MPLS label in the high 20. The encapsulation decides. */
  readonly label: number;
  /** Ingress and assisted replication: where the copies go. */
  readonly endpoint?: string;
  readonly identifier?: PmsiTunnelIdentifier;
}

const LEAF_INFORMATION_REQUIRED = 0x01;
const FIXED_LENGTH = 5;

function isReplication(tunnelType: number): boolean {
  return (
    tunnelType === PMSI_TUNNEL_TYPE.INGRESS_REPLICATION ||
    tunnelType === PMSI_TUNNEL_TYPE.ASSISTED_REPLICATION
  );
}

function decode(value: Reader): PmsiTunnel {
  const flags = value.u8();
  const tunnelType = value.u8();
  const label = value.u24();
  const otherFlags = flags & ~LEAF_INFORMATION_REQUIRED;
  const common = {
    type: 'PMSI_TUNNEL' as const,
    leafInformationRequired: (flags & LEAF_INFORMATION_REQUIRED) !== 0,
    ...(otherFlags === 0 ? {} : { otherFlags }),
    tunnelType,
    label,
  };
  if (isReplication(tunnelType)) return { ...common, endpoint: readIp(value, value.remaining) };
  if (value.done && !NEEDS_IDENTIFIER.has(tunnelType)) return common;
  return { ...common, identifier: decodeIdentifier(tunnelType, value) };
}

const NEEDS_IDENTIFIER: ReadonlySet<number> = new Set([
  PMSI_TUNNEL_TYPE.RSVP_TE_P2MP_LSP,
  PMSI_TUNNEL_TYPE.MLDP_P2MP_LSP,
  PMSI_TUNNEL_TYPE.PIM_SSM_TREE,
  PMSI_TUNNEL_TYPE.PIM_SM_TREE,
  PMSI_TUNNEL_TYPE.BIDIR_PIM_TREE,
  PMSI_TUNNEL_TYPE.MLDP_MP2MP_LSP,
  PMSI_TUNNEL_TYPE.BIER,
]);

function decodeIdentifier(tunnelType: number, value: Reader): PmsiTunnelIdentifier {
  switch (tunnelType) {
    case PMSI_TUNNEL_TYPE.RSVP_TE_P2MP_LSP: {
      const extendedTunnelId = readIp(value, identifierAddressLength(value, 8, 1));
      value.u16(); // Reserved.
      return { kind: 'rsvp-te', extendedTunnelId, tunnelId: value.u16(), p2mpId: value.u32() };
    }
    case PMSI_TUNNEL_TYPE.MLDP_P2MP_LSP:
    case PMSI_TUNNEL_TYPE.MLDP_MP2MP_LSP:
      return decodeFecElement(value);
    case PMSI_TUNNEL_TYPE.PIM_SSM_TREE:
    case PMSI_TUNNEL_TYPE.PIM_SM_TREE:
    case PMSI_TUNNEL_TYPE.BIDIR_PIM_TREE: {
      const length = identifierAddressLength(value, 0, 2);
      return { kind: 'pim', source: readIp(value, length), group: readIp(value, length) };
    }
    case PMSI_TUNNEL_TYPE.BIER: {
      const length = identifierAddressLength(value, 3, 1);
      return {
        kind: 'bier',
        subDomainId: value.u8(),
        bfrId: value.u16(),
        bfrPrefix: readIp(value, length),
      };
    }
    default:
      return { kind: 'opaque', value: copyOctets(value.rest()) };
  }
}

/** 4 or 16: the identifier is `fixed` octets and `addresses` addresses long. */
function identifierAddressLength(value: Reader, fixed: number, addresses: number): 4 | 16 {
  const length = value.remaining;
  if (length === fixed + 4 * addresses) return 4;
  if (length === fixed + 16 * addresses) return 16;
  const wanted = `${fixed + 4 * addresses} or ${fixed + 16 * addresses}`;
  throw decodeFault('PMSI_TUNNEL', 'tunnel identifier length', length, wanted, value.offset);
}

const AFI_LENGTH: Readonly<Record<number, 4 | 16>> = { 1: 4, 2: 16 };

function decodeFecElement(value: Reader): PmsiTunnelIdentifier {
  const fecType = value.u8();
  const family = value.u16();
  const length = value.u8();
  if (AFI_LENGTH[family] !== length) {
    throw decodeFault(
      'PMSI_TUNNEL',
      'root address length',
      length,
      '4 for IPv4, 16 for IPv6',
      value.offset - 1,
    );
  }
  const rootAddress = readIp(value, length);
  const opaque = copyOctets(value.bytesOf(value.u16()));
  return { kind: 'mldp', fecType, rootAddress, opaque };
}

/**
 * A tunnel type that is not defined makes the attribute malformed: RFC 6514 section 5, with the registry of RFC 7385
 * as it stands: 0 to 8, 10 to 13, experiments, and composite tunnels (RFC 8317 section 8) of those.
 */
function isDefined(tunnelType: number): boolean {
  if (tunnelType >= 0xfb) return true;
  const base = tunnelType & 0x7f;
  if (tunnelType < 0x80 && base >= 0x7b && base <= 0x7e) return true;
  return base <= 8 || (base >= 10 && base <= 13);
}

const checkRare = checkByDecoding(
  'PMSI_TUNNEL',
  decode,
  (bytes, start, end) => new Reader(bytes, start, end),
);

/** The form that every type-3 route has is checked without decoding it. */
function check(bytes: Uint8Array, start: number, end: number): BgpFault | undefined {
  const length = end - start;
  if (length < FIXED_LENGTH) return lengthFault('PMSI_TUNNEL', start, end, `at least ${FIXED_LENGTH}`);
  if (!isDefined(bytes[start + 1])) {
    return decodeFault('PMSI_TUNNEL', 'tunnel type', bytes[start + 1], 'a registered one', start + 1, {
      subcode: UPDATE_ERROR.OPTIONAL_ATTRIBUTE_ERROR,
    });
  }
  if (!isReplication(bytes[start + 1])) return checkRare(bytes, start, end);
  if (length === FIXED_LENGTH + 4 || length === FIXED_LENGTH + 16) return undefined;
  return decodeFault('PMSI_TUNNEL', 'endpoint length', length - FIXED_LENGTH, '4 or 16', start, {
    subcode: UPDATE_ERROR.OPTIONAL_ATTRIBUTE_ERROR,
  });
}

export const pmsiTunnel: AttributeCodec<PmsiTunnel> = {
  code: ATTRIBUTE.PMSI_TUNNEL,
  type: 'PMSI_TUNNEL',
  category: 'optional-transitive',
  rfc: 'RFC 6514 section 5, RFC 7606 section 8',
  onFault: 'treat-as-withdraw',
  check,
  decode,
  encode(attribute, out) {
    out.u8((attribute.leafInformationRequired ? LEAF_INFORMATION_REQUIRED : 0) | (attribute.otherFlags ?? 0));
    out.u8(attribute.tunnelType);
    out.u24(attribute.label);
    if (attribute.endpoint !== undefined) writeIp(attribute.endpoint, 'PMSI_TUNNEL', out);
    else if (attribute.identifier !== undefined) encodeIdentifier(attribute.identifier, out);
  },
};

function encodeIdentifier(identifier: PmsiTunnelIdentifier, out: Writer): void {
  switch (identifier.kind) {
    case 'rsvp-te':
      writeIp(identifier.extendedTunnelId, 'PMSI_TUNNEL', out);
      out.u16(0);
      out.u16(identifier.tunnelId);
      out.u32(identifier.p2mpId);
      return;
    case 'mldp': {
      out.u8(identifier.fecType);
      const at = out.length;
      out.u24(0);
      const length = writeIp(identifier.rootAddress, 'PMSI_TUNNEL', out);
      out.u16At(at, length === 4 ? 1 : 2);
      out.u8At(at + 2, length);
      out.u16(identifier.opaque.length);
      out.bytes(identifier.opaque);
      return;
    }
    case 'pim':
      writeIp(identifier.source, 'PMSI_TUNNEL', out);
      writeIp(identifier.group, 'PMSI_TUNNEL', out);
      return;
    case 'bier':
      out.u8(identifier.subDomainId);
      out.u16(identifier.bfrId);
      writeIp(identifier.bfrPrefix, 'PMSI_TUNNEL', out);
      return;
    case 'opaque':
      out.bytes(identifier.value);
  }
}
