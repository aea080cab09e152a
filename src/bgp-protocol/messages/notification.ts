/**
 * NOTIFICATION: why the session ends.
 *
 * RFC 4271 section 4.5, RFC 9003 section 2 (shutdown communication), RFC 8538 section 3 (hard reset wraps another one).
 */

import type { BgpFault } from '../faults.ts';
import { CEASE, ERROR, MAX_EXTENDED_MESSAGE_LENGTH, MESSAGE_TYPE } from '../iana.ts';
import { copyOctets } from '../octets.ts';
import { Reader } from '../reader.ts';
import { decodeUtf8Leniently, encodeUtf8 } from '../utf8.ts';
import { Writer } from '../writer.ts';
import { beginMessage, endMessage } from './header.ts';

export interface NotificationMessage {
  readonly type: 'NOTIFICATION';
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
}

/** Reads the body: two octets and data. A shorter one is the framer's fault to find. */
export function decodeNotification(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
): NotificationMessage {
  const reader = new Reader(bytes, start, end);
  const code = reader.u8();
  const subcode = reader.u8();
  return { type: 'NOTIFICATION', code, subcode, data: copyOctets(reader.rest()) };
}

export function encodeNotification(message: Omit<NotificationMessage, 'type'>): Uint8Array {
  const out = new Writer(64);
  const start = beginMessage(out, MESSAGE_TYPE.NOTIFICATION);
  out.u8(message.code);
  out.u8(message.subcode);
  out.bytes(message.data);
  endMessage(out, start, MAX_EXTENDED_MESSAGE_LENGTH);
  return out.finish();
}

/** The NOTIFICATION that a fault asks for. */
export function notificationOf(fault: BgpFault): NotificationMessage {
  return { type: 'NOTIFICATION', code: fault.code, subcode: fault.subcode, data: fault.data };
}

/** RFC 9003 section 2: length octet and up to 255 octets of UTF-8, as data of Cease 2 and 4. Empty text, empty data. */
export function encodeShutdownCommunication(text: string): Uint8Array {
  const octets = encodeUtf8(text, 255);
  if (octets.length === 0) return octets;
  const data = new Uint8Array(octets.length + 1);
  data[0] = octets.length;
  data.set(octets, 1);
  return data;
}

/** The text in the data of Cease 2 and 4; undefined when there is none. Octets that are not UTF-8 become U+FFFD. */
export function decodeShutdownCommunication(data: Uint8Array): string | undefined {
  if (data.length < 2 || data[0] === 0) return undefined;
  return decodeUtf8Leniently(data.subarray(1, 1 + Math.min(data[0], data.length - 1)));
}

/** RFC 8538 section 3.1: Cease/Hard Reset, whose data is the code, subcode and data that apply. */
export function wrapHardReset(message: NotificationMessage): NotificationMessage {
  const data = new Uint8Array(message.data.length + 2);
  data[0] = message.code;
  data[1] = message.subcode;
  data.set(message.data, 2);
  return { type: 'NOTIFICATION', code: ERROR.CEASE, subcode: CEASE.HARD_RESET, data };
}

/** What a hard reset wraps; undefined for any other NOTIFICATION, and for a hard reset that says nothing. */
export function unwrapHardReset(message: NotificationMessage): NotificationMessage | undefined {
  if (message.code !== ERROR.CEASE || message.subcode !== CEASE.HARD_RESET || message.data.length < 2) {
    return undefined;
  }
  return {
    type: 'NOTIFICATION',
    code: message.data[0],
    subcode: message.data[1],
    data: copyOctets(message.data, 2),
  };
}
