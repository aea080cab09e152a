/**
 * AGGREGATOR and AS4_AGGREGATOR: who aggregated, AS number four octets wide here; two-octet ones are widened before
 * (as-width.ts).
 *
 * RFC 4271 sections 4.3 (g) and 5.1.7, RFC 6793 sections 3 and 6, RFC 7606 section 7.7, RFC 7607 section 2 (AS 0).
 */
import type { BgpFault } from '../faults.ts';
import { decodeFault } from '../faults.ts';
import { ATTRIBUTE, UPDATE_ERROR } from '../iana.ts';
import { readIpv4, writeIpv4 } from './address.ts';
import type { AttributeCodec, MaybePartial } from './codec.ts';
import { checkLength } from './codec.ts';

interface AggregatorFields extends MaybePartial {
  readonly autonomousSystem: number;
  readonly routerId: string;
}

export interface Aggregator extends AggregatorFields {
  readonly type: 'AGGREGATOR';
}

export interface As4Aggregator extends AggregatorFields {
  readonly type: 'AS4_AGGREGATOR';
}

/** `width` is that of the AS number, 2 or 4 octets. */
export function checkAggregator(
  bytes: Uint8Array,
  start: number,
  end: number,
  width: 2 | 4,
  name = 'AGGREGATOR',
): BgpFault | undefined {
  const fault = checkLength(name, start, end, width + 4);
  if (fault !== undefined) return fault;
  for (let i = 0; i < width; i++) if (bytes[start + i] !== 0) return undefined;
  return decodeFault(name, 'AS number', 0, 'any other', start, {
    subcode: UPDATE_ERROR.OPTIONAL_ATTRIBUTE_ERROR,
  });
}

export const aggregator: AttributeCodec<Aggregator> = {
  code: ATTRIBUTE.AGGREGATOR,
  type: 'AGGREGATOR',
  category: 'optional-transitive',
  rfc: 'RFC 4271 section 5.1.7, RFC 7606 section 7.7, RFC 7607',
  onFault: 'attribute-discard',
  check: (bytes, start, end) => checkAggregator(bytes, start, end, 4),
  decode: (value) => ({ type: 'AGGREGATOR', autonomousSystem: value.u32(), routerId: readIpv4(value) }),
  encode(attribute, out) {
    out.u32(attribute.autonomousSystem);
    writeIpv4(attribute.routerId, 'AGGREGATOR', out);
  },
};

/** Between speakers of 2-octet numbers only; merged into AGGREGATOR when received, so that no block holds one. */
export const as4Aggregator: AttributeCodec<As4Aggregator> = {
  code: ATTRIBUTE.AS4_AGGREGATOR,
  type: 'AS4_AGGREGATOR',
  category: 'optional-transitive',
  rfc: 'RFC 6793 sections 3 and 6',
  onFault: 'attribute-discard',
  check: (bytes, start, end) => checkAggregator(bytes, start, end, 4, 'AS4_AGGREGATOR'),
  decode: (value) => ({ type: 'AS4_AGGREGATOR', autonomousSystem: value.u32(), routerId: readIpv4(value) }),
  encode(attribute, out) {
    out.u32(attribute.autonomousSystem);
    writeIpv4(attribute.routerId, 'AS4_AGGREGATOR', out);
  },
};
