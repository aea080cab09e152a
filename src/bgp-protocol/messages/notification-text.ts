/**
 * Every registered error code and subcode in words, for logs and `show`.
 *
 * RFC 4271 section 4.5, RFC 4486, RFC 5492, RFC 6608, RFC 7313, RFC 8538, RFC 9003, RFC 9234, RFC 9384, RFC 9687.
 */
import { CEASE, ERROR } from '../iana.ts';
import { hexText } from '../text/hex.ts';
import type { NotificationMessage } from './notification.ts';
import { decodeShutdownCommunication, unwrapHardReset } from './notification.ts';

interface ErrorWords {
  readonly name: string;
  readonly subcodes: Readonly<Record<number, string>>;
}

export const ERROR_TEXT: Readonly<Record<number, ErrorWords>> = {
  1: {
    name: 'Message Header Error',
    subcodes: { 1: 'Connection Not Synchronized', 2: 'Bad Message Length', 3: 'Bad Message Type' },
  },
  2: {
    name: 'OPEN Message Error',
    subcodes: {
      1: 'Unsupported Version Number',
      2: 'Bad Peer AS',
      3: 'Bad BGP Identifier',
      4: 'Unsupported Optional Parameter',
      5: 'Authentication Failure (deprecated)',
      6: 'Unacceptable Hold Time',
      7: 'Unsupported Capability',
      11: 'Role Mismatch',
    },
  },
  3: {
    name: 'UPDATE Message Error',
    subcodes: {
      1: 'Malformed Attribute List',
      2: 'Unrecognized Well-known Attribute',
      3: 'Missing Well-known Attribute',
      4: 'Attribute Flags Error',
      5: 'Attribute Length Error',
      6: 'Invalid ORIGIN Attribute',
      7: 'AS Routing Loop (deprecated)',
      8: 'Invalid NEXT_HOP Attribute',
      9: 'Optional Attribute Error',
      10: 'Invalid Network Field',
      11: 'Malformed AS_PATH',
    },
  },
  4: { name: 'Hold Timer Expired', subcodes: {} },
  5: {
    name: 'Finite State Machine Error',
    subcodes: {
      1: 'Receive Unexpected Message in OpenSent State',
      2: 'Receive Unexpected Message in OpenConfirm State',
      3: 'Receive Unexpected Message in Established State',
    },
  },
  6: {
    name: 'Cease',
    subcodes: {
      1: 'Maximum Number of Prefixes Reached',
      2: 'Administrative Shutdown',
      3: 'Peer De-configured',
      4: 'Administrative Reset',
      5: 'Connection Rejected',
      6: 'Other Configuration Change',
      7: 'Connection Collision Resolution',
      8: 'Out of Resources',
      9: 'Hard Reset',
      10: 'BFD Down',
    },
  },
  7: { name: 'ROUTE-REFRESH Message Error', subcodes: { 1: 'Invalid Message Length' } },
  8: { name: 'Send Hold Timer Expired', subcodes: {} },
};

/**
 * `Cease / Administrative Shutdown: "maintenance"`; a hard reset says what it wraps; other data follows in hexadecimal.
 * Codes without a name keep their number: `Error 42 / subcode 7`.
 */
export function notificationText(
  code: number,
  subcode: number,
  data: Uint8Array = new Uint8Array(0),
): string {
  const words = ERROR_TEXT[code];
  let text = words?.name ?? `Error ${code}`;
  const subcodeText = words?.subcodes[subcode];
  if (subcodeText !== undefined) text += ` / ${subcodeText}`;
  else if (subcode !== 0) text += ` / subcode ${subcode}`;
  if (data.length === 0) return text;

  const message: NotificationMessage = { type: 'NOTIFICATION', code, subcode, data };
  const wrapped = unwrapHardReset(message);
  if (wrapped !== undefined)
    return `${text}: ${notificationText(wrapped.code, wrapped.subcode, wrapped.data)}`;
  if (code === ERROR.CEASE && hasCommunication(subcode)) {
    const communication = decodeShutdownCommunication(data);
    if (communication !== undefined) return `${text}: ${JSON.stringify(communication)}`;
  }
  return `${text} (data ${hexText(data)})`;
}

/** RFC 9003 section 2 names these two. */
function hasCommunication(subcode: number): boolean {
  return subcode === CEASE.ADMINISTRATIVE_SHUTDOWN || subcode === CEASE.ADMINISTRATIVE_RESET;
}
