/**
 * What a capability must provide to be read and written. The loop over the optional parameters owns framing, unknown
 * codes and what a fault means.
 *
 * RFC 5492 section 4: code, length, value.
 */
import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';

export interface CapabilityCodec<C extends { readonly type: string }> {
  readonly code: number;
  readonly type: C['type'];
  readonly rfc: string;
  /**
   * A malformed one either makes the OPEN malformed (RFC 4271 section 6.2, subcode Unspecific), or, where it only
   * describes the speaker or has its own rule, is kept as an unknown one: octets in, octets out, no effect.
   */
  readonly onFault: 'session-reset' | 'keep-unknown';
  /** `value` ends where the capability ends; what is not read is a fault. */
  decode(value: Reader): C;
  encode(capability: C, out: Writer): void;
}
