/**
 * Long-Lived Graceful Restart: families whose routes may be kept for hours or days. RFC 9494 section 3.
 */
import type { Family } from '../family.ts';
import { afiOf, familyOf, safiOf } from '../family.ts';
import { CAPABILITY } from '../iana.ts';
import type { CapabilityCodec } from './codec.ts';

export interface LongLivedGracefulRestartFamily {
  readonly family: Family;
  /** The F bit: the forwarding state was kept over the restart. */
  readonly forwardingPreserved: boolean;
  /** 24 bits. */
  readonly staleTimeSeconds: number;
}

export interface LongLivedGracefulRestart {
  readonly type: 'long-lived-graceful-restart';
  readonly families: readonly LongLivedGracefulRestartFamily[];
}

const FORWARDING_STATE = 0x80;

export const longLivedGracefulRestart: CapabilityCodec<LongLivedGracefulRestart> = {
  code: CAPABILITY.LONG_LIVED_GRACEFUL_RESTART,
  type: 'long-lived-graceful-restart',
  rfc: 'RFC 9494 section 3',
  onFault: 'keep-unknown',
  decode(value) {
    const families: LongLivedGracefulRestartFamily[] = [];
    while (!value.done) {
      const family = familyOf(value.u16(), value.u8());
      const forwardingPreserved = (value.u8() & FORWARDING_STATE) !== 0;
      families.push({ family, forwardingPreserved, staleTimeSeconds: value.u24() });
    }
    return { type: 'long-lived-graceful-restart', families };
  },
  encode(capability, out) {
    for (const { family, forwardingPreserved, staleTimeSeconds } of capability.families) {
      out.u16(afiOf(family));
      out.u8(safiOf(family));
      out.u8(forwardingPreserved ? FORWARDING_STATE : 0);
      out.u24(staleTimeSeconds);
    }
  },
};
