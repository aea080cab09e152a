/**
 * Attributes whose flags and error handling are known, and whose content is carried as octets: it says nothing to a speaker
 * of EVPN.
 *
 * Traffic Engineering (RFC 5543, RFC 7606 section 7.13), PE Distinguisher Labels (RFC 6514 section 8), BGP-LS (RFC 9552
 * section 5.3), BGPsec_Path (RFC 8205 section 3), BGP Community Container (draft-ietf-idr-wide-bgp-communities), SFP (RFC
 * 9015 section 3.2), BIER (RFC 9793).
 */

import type { BgpFault, FaultAction } from '../faults.ts';
import { ATTRIBUTE } from '../iana.ts';
import { copyOctets } from '../octets.ts';
import type { AttributeCategory, AttributeCodec, MaybePartial } from './codec.ts';
import { lengthFault } from './codec.ts';
import { checkTlvs, type TlvForm } from './tlv.ts';

type OpaqueType =
  | 'TRAFFIC_ENGINEERING'
  | 'PE_DISTINGUISHER_LABELS'
  | 'BGP_LS'
  | 'BGPSEC_PATH'
  | 'COMMUNITY_CONTAINER'
  | 'SFP'
  | 'BIER';

export interface OpaqueAttribute<T extends OpaqueType> extends MaybePartial {
  readonly type: T;
  readonly value: Uint8Array;
}

interface OpaqueForm<T extends OpaqueType> {
  readonly code: number;
  readonly type: T;
  readonly category: AttributeCategory;
  readonly rfc: string;
  readonly onFault: FaultAction;
  /** In octets; "a length of zero" is a fault where an RFC does not allow it (RFC 7606 section 4). */
  readonly shortest: number;
  readonly tlvs?: TlvForm;
}

function opaqueAttribute<T extends OpaqueType>(form: OpaqueForm<T>): AttributeCodec<OpaqueAttribute<T>> {
  const { code, type, category, rfc, onFault, shortest, tlvs } = form;
  return {
    code,
    type,
    category,
    rfc,
    onFault,
    check(bytes, start, end): BgpFault | undefined {
      if (end - start < shortest) return lengthFault(type, start, end, `at least ${shortest}`);
      return tlvs === undefined ? undefined : checkTlvs(type, bytes, start, end, tlvs);
    },
    decode: (value) => ({ type, value: copyOctets(value.rest()) }),
    encode: (attribute, out) => out.bytes(attribute.value),
  };
}

export const trafficEngineering = opaqueAttribute({
  code: ATTRIBUTE.TRAFFIC_ENGINEERING,
  type: 'TRAFFIC_ENGINEERING',
  category: 'optional-non-transitive',
  rfc: 'RFC 5543 section 3, RFC 7606 section 7.13',
  onFault: 'treat-as-withdraw',
  // Switching capability, encoding, two reserved octets, eight bandwidths.
  shortest: 36,
});

export const peDistinguisherLabels = opaqueAttribute({
  code: ATTRIBUTE.PE_DISTINGUISHER_LABELS,
  type: 'PE_DISTINGUISHER_LABELS',
  category: 'optional-transitive',
  rfc: 'RFC 6514 section 8',
  onFault: 'treat-as-withdraw',
  // One IPv4 address and one label.
  shortest: 7,
});

export const bgpLs = opaqueAttribute({
  code: ATTRIBUTE.BGP_LS,
  type: 'BGP_LS',
  category: 'optional-non-transitive',
  rfc: 'RFC 9552 sections 5.3 and 8.2.2',
  onFault: 'attribute-discard',
  shortest: 0,
  tlvs: { type: 2, length: 2 },
});

export const bgpsecPath = opaqueAttribute({
  code: ATTRIBUTE.BGPSEC_PATH,
  type: 'BGPSEC_PATH',
  category: 'optional-non-transitive',
  rfc: 'RFC 8205 sections 3 and 5.2',
  onFault: 'treat-as-withdraw',
  // A Secure_Path with one segment (2 + 6) and a Signature_Block without signatures (3).
  shortest: 11,
});

export const communityContainer = opaqueAttribute({
  code: ATTRIBUTE.COMMUNITY_CONTAINER,
  type: 'COMMUNITY_CONTAINER',
  category: 'optional-transitive',
  rfc: 'draft-ietf-idr-wide-bgp-communities',
  onFault: 'treat-as-withdraw',
  // The header of one container.
  shortest: 6,
});

export const sfp = opaqueAttribute({
  code: ATTRIBUTE.SFP,
  type: 'SFP',
  category: 'optional-transitive',
  rfc: 'RFC 9015 sections 3.2 and 6',
  onFault: 'treat-as-withdraw',
  shortest: 3,
  tlvs: { type: 1, length: 2 },
});

export const bier = opaqueAttribute({
  code: ATTRIBUTE.BIER,
  type: 'BIER',
  category: 'optional-transitive',
  rfc: 'RFC 9793',
  onFault: 'attribute-discard',
  shortest: 4,
  tlvs: { type: 2, length: 2 },
});
