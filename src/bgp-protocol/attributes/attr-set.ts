/**
 * ATTR_SET: the attributes of a customer's route, carried through a provider. RFC 6368 section 5, RFC 7606 section 7.16.
 */
import { decodeFault } from '../faults.ts';
import { ATTRIBUTE } from '../iana.ts';
import { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import type { AttributeCodec, MaybePartial } from './codec.ts';
import { checkByDecoding } from './codec.ts';

export interface AttrSet<A> extends MaybePartial {
  readonly type: 'ATTR_SET';
  readonly originAutonomousSystem: number;
  readonly attributes: readonly A[];
}

/**
 * The registry gives its own two functions, as an ATTR_SET holds attributes and is one. A set within a set is a fault: no
 * provider makes one, and its depth would be the sender's to choose.
 */
export function attrSetCodec<A extends { readonly type: string }>(
  decodeOne: (reader: Reader) => A,
  encodeAll: (attributes: readonly A[], out: Writer) => void,
): AttributeCodec<AttrSet<A>> {
  const decode = (value: Reader): AttrSet<A> => {
    const originAutonomousSystem = value.u32();
    const attributes: A[] = [];
    while (!value.done) {
      if (value.remaining > 1 && value.bytes[value.offset + 1] === ATTRIBUTE.ATTR_SET) {
        throw decodeFault('ATTR_SET', 'attribute', 'another ATTR_SET', 'any other', value.offset);
      }
      attributes.push(decodeOne(value));
    }
    return { type: 'ATTR_SET', originAutonomousSystem, attributes };
  };
  return {
    code: ATTRIBUTE.ATTR_SET,
    type: 'ATTR_SET',
    category: 'optional-transitive',
    rfc: 'RFC 6368 section 5, RFC 7606 section 7.16',
    onFault: 'treat-as-withdraw',
    check: checkByDecoding('ATTR_SET', decode, (bytes, start, end) => new Reader(bytes, start, end)),
    decode,
    encode(attribute, out) {
      out.u32(attribute.originAutonomousSystem);
      encodeAll(attribute.attributes, out);
    },
  };
}
