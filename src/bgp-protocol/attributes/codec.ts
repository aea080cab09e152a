/**
 * What a path attribute must provide to be checked, read and written. The loop over the attributes owns framing,
 * duplicates, flag conflicts, missing and unknown ones.
 *
 * RFC 4271 sections 4.3 and 6.3, RFC 7606.
 */
import type { FaultAction } from '../faults.ts';
import { BgpFault, decodeFault } from '../faults.ts';
import { ATTRIBUTE_FLAG, UPDATE_ERROR } from '../iana.ts';
import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';

export type AttributeCategory = 'well-known' | 'optional-transitive' | 'optional-non-transitive';

/** The Optional and Transitive bits that a category sets. */
export const CATEGORY_FLAGS: Readonly<Record<AttributeCategory, number>> = {
  'well-known': ATTRIBUTE_FLAG.TRANSITIVE,
  'optional-transitive': ATTRIBUTE_FLAG.OPTIONAL | ATTRIBUTE_FLAG.TRANSITIVE,
  'optional-non-transitive': ATTRIBUTE_FLAG.OPTIONAL,
};

export interface AttributeCodec<A extends { readonly type: string }> {
  readonly code: number;
  readonly type: A['type'];
  readonly category: AttributeCategory;
  /** Where the format is, and where what a fault leads to. */
  readonly rfc: string;
  /** RFC 7606 section 7, or the attribute's own RFC. */
  readonly onFault: FaultAction;
  /** Where the attribute's RFC does not leave conflicting flags at treat-as-withdraw: RFC 7606 section 3 (c). */
  readonly onFlagsFault?: FaultAction;
  /** From an external peer it is discarded, well-formed or not: RFC 7606 sections 7.5, 7.9, 7.10. */
  readonly internalOnly?: true;
  /** Whether the value is well-formed; allocates nothing when it is. AS numbers are four octets wide. */
  check(bytes: Uint8Array, start: number, end: number): BgpFault | undefined;
  /** Called with a value that passed the check. */
  decode(value: Reader): A;
  encode(attribute: A, out: Writer): void;
}

/** The Partial bit, kept on optional transitive attributes only: RFC 4271 section 4.3. */
export interface MaybePartial {
  readonly partial?: true;
}

/** A check for attributes that are too rare to need a second way of reading them. */
export function checkByDecoding(
  name: string,
  decode: (value: Reader) => unknown,
  readerOf: (bytes: Uint8Array, start: number, end: number) => Reader,
): (bytes: Uint8Array, start: number, end: number) => BgpFault | undefined {
  return (bytes, start, end) => {
    try {
      const reader = readerOf(bytes, start, end);
      decode(reader);
      if (reader.done) return undefined;
      return new BgpFault(`Cannot decode ${name}: ${reader.remaining} octets too many`, {
        subcode: UPDATE_ERROR.OPTIONAL_ATTRIBUTE_ERROR,
        offset: reader.offset,
      });
    } catch (error) {
      if (!(error instanceof BgpFault)) throw error;
      const what = error.message.startsWith('Cannot decode') ? undefined : name;
      return error.within({ subcode: UPDATE_ERROR.OPTIONAL_ATTRIBUTE_ERROR }, what);
    }
  };
}

/** Attribute Length Error: RFC 4271 section 6.3. */
export function lengthFault(name: string, start: number, end: number, wanted: string | number): BgpFault {
  return decodeFault(name, 'length', end - start, wanted, start, {
    subcode: UPDATE_ERROR.ATTRIBUTE_LENGTH_ERROR,
  });
}

/** The length is exactly `wanted`. */
export function checkLength(name: string, start: number, end: number, wanted: number): BgpFault | undefined {
  return end - start === wanted ? undefined : lengthFault(name, start, end, wanted);
}

/** The length is "a non-zero multiple of" `unit`: RFC 7606 sections 7.8, 7.10, 7.14, 7.15, RFC 8092 section 5. */
export function checkMultiple(name: string, start: number, end: number, unit: number): BgpFault | undefined {
  const length = end - start;
  if (length > 0 && length % unit === 0) return undefined;
  return lengthFault(name, start, end, `a non-zero multiple of ${unit}`);
}
