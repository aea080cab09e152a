/**
 * One pass over the path attributes of an UPDATE: where each one is, and what is wrong with it. Keeps positions only,
 * in typed arrays that are used again for the next UPDATE.
 *
 * RFC 4271 section 6.3 (checks, subcodes, data), RFC 7606 sections 3, 4 and 7 (what each fault leads to), RFC 6793 section
 * 4.1 (AS4_PATH between speakers of 4-octet numbers).
 */

import { attributeCodec, CATEGORY_FLAGS, checkAggregator, checkAsPath } from './attributes/index.ts';
import type { CodecContext } from './context.ts';
import { type BgpFault, decodeFault, type FaultAction, type FaultContext, strongerAction } from './faults.ts';
import { ATTRIBUTE, ATTRIBUTE_FLAG, ERROR, UPDATE_ERROR } from './iana.ts';
import { copyOctets } from './octets.ts';

const KIND_FLAGS = ATTRIBUTE_FLAG.OPTIONAL | ATTRIBUTE_FLAG.TRANSITIVE;
/** What a NOTIFICATION of 4096 octets has room for. */
const MOST_DATA = 4096 - 21;

const NOT_SEEN = 0;
const SEEN = 1;
const SEEN_TWICE = 2;

export class AttributeScan {
  /** The type codes found, ascending; `count` of them. */
  readonly codes = new Uint8Array(256);
  count = 0;
  /** Flags and value of an attribute by its type code; valid where `has`. */
  readonly flags = new Uint8Array(256);
  readonly valueStart = new Int32Array(256);
  readonly valueEnd = new Int32Array(256);
  /** The strongest action that an attribute asked for. */
  action: FaultAction | undefined;

  readonly #present = new Uint8Array(256);
  /** Found, whether sound or discarded: the second one is a duplicate. */
  readonly #seen = new Uint8Array(256);
  readonly #seenCodes = new Uint8Array(256);
  #seenCount = 0;
  #report: (fault: BgpFault) => void = () => undefined;

  has(code: number): boolean {
    return this.#present[code] === 1;
  }

  /** Whether the attribute came at all, sound or not. */
  came(code: number): boolean {
    return this.#seen[code] !== NOT_SEEN;
  }

  /**
   * Reads the attributes between `start` and `end`. Every fault goes to `report`; `action` tells the worst of it.
   * `keepAll` also keeps unknown non-transitive ones, for showing them.
   */
  run(
    bytes: Uint8Array,
    start: number,
    end: number,
    ctx: CodecContext,
    keepAll: boolean,
    report: (fault: BgpFault) => void,
  ): void {
    this.#reset();
    this.#report = report;
    let offset = start;
    while (offset < end && this.action !== 'session-reset') {
      const flags = bytes[offset];
      const extended = (flags & ATTRIBUTE_FLAG.EXTENDED_LENGTH) !== 0;
      const valueStart = offset + (extended ? 4 : 3);
      if (valueStart > end) {
        this.#overrun(
          bytes,
          offset,
          end,
          'octets left',
          end - offset,
          extended ? 'at least 4' : 'at least 3',
        );
        return;
      }
      const code = bytes[offset + 1];
      const length = extended ? (bytes[offset + 2] << 8) | bytes[offset + 3] : bytes[offset + 2];
      const valueEnd = valueStart + length;
      if (valueEnd > end) {
        const name = attributeCodec(code)?.type ?? `attribute ${code}`;
        this.#overrun(bytes, offset, end, `length of ${name}`, length, `up to ${end - valueStart}`);
        return;
      }
      this.#one(bytes, offset, valueStart, valueEnd, ctx, keepAll);
      offset = valueEnd;
    }
  }

  #reset(): void {
    for (let i = 0; i < this.#seenCount; i++) {
      this.#seen[this.#seenCodes[i]] = NOT_SEEN;
      this.#present[this.#seenCodes[i]] = 0;
    }
    this.#seenCount = 0;
    this.count = 0;
    this.action = undefined;
  }

  #one(
    bytes: Uint8Array,
    offset: number,
    valueStart: number,
    valueEnd: number,
    ctx: CodecContext,
    keepAll: boolean,
  ): void {
    const code = bytes[offset + 1];
    const flags = bytes[offset];
    if (this.#seen[code] !== NOT_SEEN) {
      // The third and later ones are passed over in silence: a message has room for thousands.
      if (this.#seen[code] === SEEN) this.#duplicate(code, offset);
      this.#seen[code] = SEEN_TWICE;
      return;
    }
    this.#seen[code] = SEEN;
    this.#seenCodes[this.#seenCount++] = code;

    const codec = attributeCodec(code);
    if (codec === undefined) {
      this.#unknown(bytes, offset, valueStart, valueEnd, keepAll);
      return;
    }
    const fault = attributeFault(codec, bytes, offset, valueStart, valueEnd, ctx);
    if (fault === undefined) this.#keep(code, flags, valueStart, valueEnd);
    else this.#fault(fault, bytes, offset, valueEnd);
  }

  /** RFC 7606 section 3 (g). */
  #duplicate(code: number, offset: number): void {
    const name = attributeCodec(code)?.type ?? `attribute ${code}`;
    const multiprotocol = code === ATTRIBUTE.MP_REACH_NLRI || code === ATTRIBUTE.MP_UNREACH_NLRI;
    this.#tell(
      decodeFault('UPDATE', `number of ${name}`, 2, 1, offset, {
        code: ERROR.UPDATE_MESSAGE,
        subcode: UPDATE_ERROR.MALFORMED_ATTRIBUTE_LIST,
        action: multiprotocol ? 'session-reset' : 'attribute-discard',
      }),
    );
  }

  /** RFC 4271 sections 5 and 6.3: an unknown well-known one is an error; an unknown non-transitive one is ignored. */
  #unknown(bytes: Uint8Array, offset: number, valueStart: number, valueEnd: number, keepAll: boolean): void {
    const flags = bytes[offset];
    if ((flags & ATTRIBUTE_FLAG.OPTIONAL) === 0) {
      const seen = `well-known, type ${bytes[offset + 1]}`;
      const context: Partial<FaultContext> = {
        subcode: UPDATE_ERROR.UNRECOGNIZED_WELL_KNOWN_ATTRIBUTE,
        action: 'session-reset',
      };
      const fault = decodeFault('UPDATE', 'attribute', seen, 'a type that is known', offset, context);
      this.#fault(fault, bytes, offset, valueEnd);
    } else if (keepAll || (flags & ATTRIBUTE_FLAG.TRANSITIVE) !== 0) {
      this.#keep(bytes[offset + 1], flags, valueStart, valueEnd);
    }
  }

  /** Remembers an attribute, its code in ascending order: most senders already send them so. */
  #keep(code: number, flags: number, valueStart: number, valueEnd: number): void {
    this.#present[code] = 1;
    this.flags[code] = flags;
    this.valueStart[code] = valueStart;
    this.valueEnd[code] = valueEnd;
    const codes = this.codes;
    let at = this.count++;
    while (at > 0 && codes[at - 1] > code) {
      codes[at] = codes[at - 1];
      at--;
    }
    codes[at] = code;
  }

  /**
   * RFC 7606 section 4: "the 'treat-as-withdraw' approach MUST be used", as the Total Attribute Length still tells where
   * the NLRI are. What comes after cannot be read; the walker sees whether any NLRI are left.
   */
  #overrun(
    bytes: Uint8Array,
    offset: number,
    end: number,
    field: string,
    seen: number,
    wanted: string,
  ): void {
    const code = offset + 1 < end ? bytes[offset + 1] : 0;
    const multiprotocol = code === ATTRIBUTE.MP_REACH_NLRI || code === ATTRIBUTE.MP_UNREACH_NLRI;
    const context: Partial<FaultContext> = {
      subcode: UPDATE_ERROR.ATTRIBUTE_LENGTH_ERROR,
      action: multiprotocol ? 'session-reset' : 'treat-as-withdraw',
    };
    this.#fault(decodeFault('UPDATE', field, seen, wanted, offset, context), bytes, offset, end);
  }

  /** "The Data field MUST contain the erroneous attribute (type, length, and value)": RFC 4271 section 6.3. */
  #fault(fault: BgpFault, bytes: Uint8Array, offset: number, end: number): void {
    const data = copyOctets(bytes, offset, Math.min(end, offset + MOST_DATA));
    this.#tell(fault.within({ code: ERROR.UPDATE_MESSAGE, data }));
  }

  #tell(fault: BgpFault): void {
    this.action = strongerAction(this.action, fault.action);
    this.#report(fault);
  }
}

/** What is wrong with a recognised attribute, its subcode and action; undefined when it is sound. */
function attributeFault(
  codec: NonNullable<ReturnType<typeof attributeCodec>>,
  bytes: Uint8Array,
  offset: number,
  valueStart: number,
  valueEnd: number,
  ctx: CodecContext,
): BgpFault | undefined {
  const { code, type, category, onFault, onFlagsFault, internalOnly } = codec;
  // RFC 7606 sections 7.5, 7.9 and 7.10: discarded, whatever is in it.
  if (internalOnly && ctx.ibgp === false)
    return misplacedFault(type, 'an external peer', 'an internal one', offset);
  // RFC 6793 section 4.1 likewise.
  if (ctx.fourOctetAs && (code === ATTRIBUTE.AS4_PATH || code === ATTRIBUTE.AS4_AGGREGATOR)) {
    return misplacedFault(type, 'a speaker of 4-octet AS numbers', 'one of 2-octet numbers', offset);
  }
  const kind = bytes[offset] & KIND_FLAGS;
  const wanted = CATEGORY_FLAGS[category];
  if (kind !== wanted) {
    return decodeFault(type, 'flags', `0x${kind.toString(16)}`, `0x${wanted.toString(16)}`, offset, {
      subcode: UPDATE_ERROR.ATTRIBUTE_FLAGS_ERROR,
      action: onFlagsFault ?? 'treat-as-withdraw',
    });
  }
  return checkValue(code, bytes, valueStart, valueEnd, ctx.fourOctetAs)?.within({ action: onFault });
}

function misplacedFault(type: string, seen: string, wanted: string, offset: number): BgpFault {
  return decodeFault(type, 'sender', seen, wanted, offset, {
    subcode: UPDATE_ERROR.MALFORMED_ATTRIBUTE_LIST,
    action: 'attribute-discard',
  });
}

function checkValue(
  code: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  fourOctetAs: boolean,
): BgpFault | undefined {
  if (!fourOctetAs) {
    if (code === ATTRIBUTE.AS_PATH) return checkAsPath(bytes, start, end, 2);
    if (code === ATTRIBUTE.AGGREGATOR) return checkAggregator(bytes, start, end, 2);
  }
  return attributeCodec(code)?.check(bytes, start, end);
}
