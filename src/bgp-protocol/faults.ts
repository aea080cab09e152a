/**
 * What malformed input is: a value that says where, what was seen, what was wanted, and what must follow from it.
 * A bug is an ordinary throw; a BgpFault is always the peer's doing.
 *
 * RFC 4271 section 6 (code, subcode and data of the NOTIFICATION), RFC 7606 section 2 (what a faulty UPDATE leads to).
 */

/** RFC 7606 section 2, from the mildest to the strongest. */
export type FaultAction = 'attribute-discard' | 'treat-as-withdraw' | 'afi-safi-disable' | 'session-reset';

const STRENGTH: Readonly<Record<FaultAction, number>> = {
  'attribute-discard': 1,
  'treat-as-withdraw': 2,
  'afi-safi-disable': 3,
  'session-reset': 4,
};

/** Of several faults in one message the strongest action applies: RFC 7606 section 3 (h). */
export function strongerAction(
  a: FaultAction | undefined,
  b: FaultAction | undefined,
): FaultAction | undefined {
  if (a === undefined) return b;
  if (b === undefined) return a;
  return STRENGTH[a] >= STRENGTH[b] ? a : b;
}

/** What a NOTIFICATION needs, and what RFC 7606 makes of it. */
export interface FaultContext {
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
  readonly action: FaultAction;
}

export interface FaultDetail extends Partial<FaultContext> {
  readonly offset?: number;
  readonly seen?: string;
  readonly wanted?: string;
}

const NO_DATA = new Uint8Array(0);

/** V8 and JavaScriptCore take it as the number of frames to capture. */
const errors: ErrorConstructor & { stackTraceLimit?: number | undefined } = Error;

/**
 * Malformed input. It says where in the input, not where in the code: without a stack it is made in half the time,
 * which a sender of thousands of malformed routes would make us pay. `code`, `subcode` and `data` are those of the
 * NOTIFICATION to send if `action` is a session reset; `offset` counts octets in the buffer that was being read.
 */
export class BgpFault extends Error implements FaultContext {
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
  readonly action: FaultAction;
  readonly offset?: number;
  readonly seen?: string;
  readonly wanted?: string;

  constructor(message: string, detail: FaultDetail = {}) {
    const limit = errors.stackTraceLimit;
    errors.stackTraceLimit = 0;
    super(message);
    errors.stackTraceLimit = limit;
    this.name = 'BgpFault';
    this.code = detail.code ?? 3;
    this.subcode = detail.subcode ?? 1;
    this.data = detail.data ?? NO_DATA;
    this.action = detail.action ?? 'session-reset';
    if (detail.offset !== undefined) this.offset = detail.offset;
    if (detail.seen !== undefined) this.seen = detail.seen;
    if (detail.wanted !== undefined) this.wanted = detail.wanted;
  }

  /** The same fault, told by a caller who knows what it means: an attribute loop, a message, a session. */
  within(context: Partial<FaultContext>, what?: string): BgpFault {
    const message = what === undefined ? this.message : `Cannot decode ${what}: ${this.message}`;
    return new BgpFault(message, { ...this.detail(), ...context });
  }

  private detail(): FaultDetail {
    return {
      code: this.code,
      subcode: this.subcode,
      data: this.data,
      action: this.action,
      ...(this.offset === undefined ? {} : { offset: this.offset }),
      ...(this.seen === undefined ? {} : { seen: this.seen }),
      ...(this.wanted === undefined ? {} : { wanted: this.wanted }),
    };
  }
}

/**
 * A fault in the usual words: `Cannot decode MAC/IP route: IP length is 24, expected 0, 32 or 128`.
 * `what` is the thing being decoded, `field` the field of it, `offset` where that field is.
 */
export function decodeFault(
  what: string,
  field: string,
  seen: string | number,
  wanted: string | number,
  offset?: number,
  context: Partial<FaultContext> = {},
): BgpFault {
  return new BgpFault(`Cannot decode ${what}: ${field} is ${seen}, expected ${wanted}`, {
    ...context,
    ...(offset === undefined ? {} : { offset }),
    seen: String(seen),
    wanted: String(wanted),
  });
}
