/**
 * BGP Prefix-SID: segment routing labels and SRv6 services of a route. RFC 8669 sections 3 and 6, RFC 9252 section 2 (the
 * SRv6 service TLVs 5 and 6, kept as octets).
 */
import type { BgpFault } from '../faults.ts';
import { decodeFault } from '../faults.ts';
import { ATTRIBUTE, UPDATE_ERROR } from '../iana.ts';
import { Reader } from '../reader.ts';
import { Writer } from '../writer.ts';
import type { AttributeCodec, MaybePartial } from './codec.ts';
import { lengthFault } from './codec.ts';
import { checkTlvs, readTlvs, type Tlv, type TlvForm, writeTlvs } from './tlv.ts';

export type PrefixSidTlv =
  | { readonly kind: 'label-index'; readonly flags: number; readonly labelIndex: number }
  | {
      readonly kind: 'originator-srgb';
      readonly flags: number;
      readonly ranges: readonly { readonly base: number; readonly count: number }[];
    }
  | { readonly kind: 'other'; readonly tlvType: number; readonly value: Uint8Array };

export interface PrefixSid extends MaybePartial {
  readonly type: 'PREFIX_SID';
  readonly tlvs: readonly PrefixSidTlv[];
}

const FORM: TlvForm = { type: 1, length: 2 };
const LABEL_INDEX = 1;
const ORIGINATOR_SRGB = 3;

/** The lengths that RFC 8669 sections 3.1 and 3.2 set. */
function check(bytes: Uint8Array, start: number, end: number): BgpFault | undefined {
  if (end - start < 3) return lengthFault('PREFIX_SID', start, end, 'at least 3');
  const fault = checkTlvs('PREFIX_SID', bytes, start, end, FORM);
  if (fault !== undefined) return fault;
  for (let at = start; at < end; ) {
    const type = bytes[at];
    const length = (bytes[at + 1] << 8) | bytes[at + 2];
    if (type === LABEL_INDEX && length !== 7) return tlvFault('Label-Index', length, '7', at + 1);
    if (type === ORIGINATOR_SRGB && (length < 8 || (length - 2) % 6 !== 0)) {
      return tlvFault('Originator SRGB', length, '2 and a non-zero multiple of 6', at + 1);
    }
    at += 3 + length;
  }
  return undefined;
}

function tlvFault(name: string, seen: number, wanted: string, offset: number): BgpFault {
  return decodeFault('PREFIX_SID', `${name} length`, seen, wanted, offset, {
    subcode: UPDATE_ERROR.OPTIONAL_ATTRIBUTE_ERROR,
  });
}

/** The TLVs of a value that passed the check. */
function decodePrefixSidTlvs(value: Reader): PrefixSidTlv[] {
  return readTlvs(value, FORM).map(decodeTlv);
}

function decodeTlv({ type, value }: Tlv): PrefixSidTlv {
  const reader = new Reader(value);
  if (type === LABEL_INDEX) {
    reader.u8(); // Reserved.
    return { kind: 'label-index', flags: reader.u16(), labelIndex: reader.u32() };
  }
  if (type === ORIGINATOR_SRGB) {
    const flags = reader.u16();
    const ranges: { base: number; count: number }[] = [];
    while (!reader.done) ranges.push({ base: reader.u24(), count: reader.u24() });
    return { kind: 'originator-srgb', flags, ranges };
  }
  return { kind: 'other', tlvType: type, value };
}

function encodeTlv(tlv: PrefixSidTlv): Tlv {
  if (tlv.kind === 'other') return { type: tlv.tlvType, value: tlv.value };
  const out = new Writer(16);
  if (tlv.kind === 'label-index') {
    out.u8(0);
    out.u16(tlv.flags);
    out.u32(tlv.labelIndex);
    return { type: LABEL_INDEX, value: out.finish() };
  }
  out.u16(tlv.flags);
  for (const { base, count } of tlv.ranges) {
    out.u24(base);
    out.u24(count);
  }
  return { type: ORIGINATOR_SRGB, value: out.finish() };
}

export const prefixSid: AttributeCodec<PrefixSid> = {
  code: ATTRIBUTE.PREFIX_SID,
  type: 'PREFIX_SID',
  category: 'optional-transitive',
  rfc: 'RFC 8669 sections 3 and 6',
  onFault: 'attribute-discard',
  check,
  decode: (value) => ({ type: 'PREFIX_SID', tlvs: decodePrefixSidTlvs(value) }),
  encode: (attribute, out) => writeTlvs(attribute.tlvs.map(encodeTlv), FORM, out),
};
