/**
 * AIGP: the accumulated IGP metric. RFC 7311 section 3.
 */
import type { BgpFault } from '../faults.ts';
import { decodeFault } from '../faults.ts';
import { ATTRIBUTE, UPDATE_ERROR } from '../iana.ts';
import type { AttributeCodec } from './codec.ts';
import { lengthFault } from './codec.ts';
import { checkTlvs, readTlvs, type Tlv, type TlvForm, writeTlvs } from './tlv.ts';

export interface Aigp {
  readonly type: 'AIGP';
  /** 64 bits in decimal, which a number would not hold; undefined without an AIGP TLV. */
  readonly metric?: string;
  /** TLVs of other types, and of this type after the first: they are passed along, in their order. */
  readonly otherTlvs?: readonly Tlv[];
}

const FORM: TlvForm = { type: 1, length: 2, lengthCountsHeader: true };
const METRIC_TYPE = 1;
const METRIC_LENGTH = 11;

function check(bytes: Uint8Array, start: number, end: number): BgpFault | undefined {
  if (end - start < 3) return lengthFault('AIGP', start, end, 'at least 3');
  const fault = checkTlvs('AIGP', bytes, start, end, FORM);
  if (fault !== undefined) return fault;
  for (let at = start; at < end; ) {
    const length = (bytes[at + 1] << 8) | bytes[at + 2];
    if (bytes[at] === METRIC_TYPE && length !== METRIC_LENGTH) {
      return decodeFault('AIGP', 'AIGP TLV length', length, METRIC_LENGTH, at + 1, {
        subcode: UPDATE_ERROR.OPTIONAL_ATTRIBUTE_ERROR,
      });
    }
    at += length;
  }
  return undefined;
}

export const aigp: AttributeCodec<Aigp> = {
  code: ATTRIBUTE.AIGP,
  type: 'AIGP',
  category: 'optional-non-transitive',
  rfc: 'RFC 7311 section 3',
  onFault: 'attribute-discard',
  onFlagsFault: 'attribute-discard',
  check,
  decode(value) {
    const tlvs = readTlvs(value, FORM);
    const metric = tlvs.find(({ type }) => type === METRIC_TYPE);
    const otherTlvs = tlvs.filter((tlv) => tlv !== metric);
    return {
      type: 'AIGP',
      ...(metric === undefined ? {} : { metric: metricText(metric.value) }),
      ...(otherTlvs.length === 0 ? {} : { otherTlvs }),
    };
  },
  encode(attribute, out) {
    if (attribute.metric !== undefined) {
      out.u8(METRIC_TYPE);
      out.u16(METRIC_LENGTH);
      out.u64(BigInt(attribute.metric));
    }
    writeTlvs(attribute.otherTlvs ?? [], FORM, out);
  },
};

function metricText(octets: Uint8Array): string {
  return new DataView(octets.buffer, octets.byteOffset, octets.length).getBigUint64(0).toString();
}
