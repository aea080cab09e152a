/**
 * Graceful Restart: how long the routes may be kept while the speaker restarts, and for which families it kept its
 * forwarding state. RFC 4724 section 3; the N bit is that of RFC 8538 section 2.
 */
import type { Family } from '../family.ts';
import { afiOf, familyOf, safiOf } from '../family.ts';
import { CAPABILITY } from '../iana.ts';
import type { CapabilityCodec } from './codec.ts';

export interface GracefulRestartFamily {
  readonly family: Family;
  /** The F bit: the forwarding state was kept over the restart. */
  readonly forwardingPreserved: boolean;
}

export interface GracefulRestart {
  readonly type: 'graceful-restart';
  /** The R bit: the speaker has restarted. */
  readonly restarting: boolean;
  /** The N bit: graceful restart also follows a NOTIFICATION (RFC 8538). */
  readonly notification: boolean;
  /** 12 bits. */
  readonly restartTimeSeconds: number;
  readonly families: readonly GracefulRestartFamily[];
}

const RESTART_STATE = 0x8000;
const NOTIFICATION = 0x4000;
const FORWARDING_STATE = 0x80;

export const gracefulRestart: CapabilityCodec<GracefulRestart> = {
  code: CAPABILITY.GRACEFUL_RESTART,
  type: 'graceful-restart',
  rfc: 'RFC 4724 section 3, RFC 8538 section 2',
  onFault: 'keep-unknown',
  decode(value) {
    const flagsAndTime = value.u16();
    const families: GracefulRestartFamily[] = [];
    while (!value.done) {
      const family = familyOf(value.u16(), value.u8());
      families.push({ family, forwardingPreserved: (value.u8() & FORWARDING_STATE) !== 0 });
    }
    return {
      type: 'graceful-restart',
      restarting: (flagsAndTime & RESTART_STATE) !== 0,
      notification: (flagsAndTime & NOTIFICATION) !== 0,
      restartTimeSeconds: flagsAndTime & 0xfff,
      families,
    };
  },
  encode(capability, out) {
    const flags = (capability.restarting ? RESTART_STATE : 0) | (capability.notification ? NOTIFICATION : 0);
    out.u16(flags | (capability.restartTimeSeconds & 0xfff));
    for (const { family, forwardingPreserved } of capability.families) {
      out.u16(afiOf(family));
      out.u8(safiOf(family));
      out.u8(forwardingPreserved ? FORWARDING_STATE : 0);
    }
  },
};
