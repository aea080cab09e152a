/**
 * BFD Discriminator: the BFD session that watches a multicast sender. RFC 9026 section 3.1.6.
 */
import type { BgpFault } from '../faults.ts';
import { ATTRIBUTE } from '../iana.ts';
import type { AttributeCodec, MaybePartial } from './codec.ts';
import { lengthFault } from './codec.ts';
import { checkTlvs, readTlvs, type Tlv, type TlvForm, writeTlvs } from './tlv.ts';

export interface BfdDiscriminator extends MaybePartial {
  readonly type: 'BFD_DISCRIMINATOR';
  /** 1 is the point-to-multipoint session of RFC 9026; others are kept. */
  readonly mode: number;
  readonly discriminator: number;
  /** Type 1 is the source IP address. */
  readonly tlvs: readonly Tlv[];
}

const FORM: TlvForm = { type: 1, length: 1 };
const FIXED = 5;
/** The fixed part and a source IP address TLV with an IPv4 address. */
const SHORTEST = 11;

function check(bytes: Uint8Array, start: number, end: number): BgpFault | undefined {
  if (end - start < SHORTEST) return lengthFault('BFD_DISCRIMINATOR', start, end, `at least ${SHORTEST}`);
  return checkTlvs('BFD_DISCRIMINATOR', bytes, start + FIXED, end, FORM);
}

export const bfdDiscriminator: AttributeCodec<BfdDiscriminator> = {
  code: ATTRIBUTE.BFD_DISCRIMINATOR,
  type: 'BFD_DISCRIMINATOR',
  category: 'optional-transitive',
  rfc: 'RFC 9026 section 3.1.6',
  onFault: 'attribute-discard',
  check,
  decode: (value) => ({
    type: 'BFD_DISCRIMINATOR',
    mode: value.u8(),
    discriminator: value.u32(),
    tlvs: readTlvs(value, FORM),
  }),
  encode(attribute, out) {
    out.u8(attribute.mode);
    out.u32(attribute.discriminator);
    writeTlvs(attribute.tlvs, FORM, out);
  },
};
