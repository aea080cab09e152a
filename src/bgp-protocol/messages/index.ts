/**
 * The five BGP messages, whole: header and body. RFC 4271 section 4, RFC 2918.
 */

import type { CodecContext } from '../context.ts';
import { DEFAULT_CONTEXT } from '../context.ts';
import { BgpFault } from '../faults.ts';
import { checkHeader } from '../framer.ts';
import {
  ERROR,
  HEADER_LENGTH,
  MAX_EXTENDED_MESSAGE_LENGTH,
  MAX_MESSAGE_LENGTH,
  MESSAGE_HEADER_ERROR,
  MESSAGE_TYPE,
} from '../iana.ts';
import { copyOctets } from '../octets.ts';
import { encodeKeepalive, type KeepaliveMessage } from './keepalive.ts';
import { decodeNotification, encodeNotification, type NotificationMessage } from './notification.ts';
import { decodeOpen, encodeOpen, type OpenMessage } from './open.ts';
import { decodeRouteRefresh, encodeRouteRefresh, type RouteRefreshMessage } from './route-refresh.ts';
import { decodeUpdate, encodeUpdates, type UpdateMessage } from './update.ts';

export type Message =
  | OpenMessage
  | UpdateMessage
  | NotificationMessage
  | KeepaliveMessage
  | RouteRefreshMessage;

/**
 * Reads one whole message, header included; `bytes` holds it and nothing after it. Throws a BgpFault when it is not
 * well-formed; for an UPDATE, when the fault asks for a session reset.
 */
export function decodeMessage(bytes: Uint8Array, ctx: CodecContext = DEFAULT_CONTEXT): Message {
  if (bytes.length < HEADER_LENGTH) throw shortFault(bytes, HEADER_LENGTH);
  const maxLength = ctx.extendedMessage ? MAX_EXTENDED_MESSAGE_LENGTH : MAX_MESSAGE_LENGTH;
  const length = checkHeader(bytes, 0, maxLength);
  if (length !== bytes.length) throw shortFault(bytes, length);
  return decodeBody(bytes[18], bytes, HEADER_LENGTH, length, ctx);
}

/** Reads the body of a message of `type`, as a Framer hands it over. */
export function decodeBody(
  type: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  ctx: CodecContext = DEFAULT_CONTEXT,
): Message {
  switch (type) {
    case MESSAGE_TYPE.OPEN:
      return decodeOpen(bytes, start, end);
    case MESSAGE_TYPE.UPDATE:
      return decodeUpdate(bytes, start, end, ctx);
    case MESSAGE_TYPE.NOTIFICATION:
      return decodeNotification(bytes, start, end);
    case MESSAGE_TYPE.KEEPALIVE:
      return { type: 'KEEPALIVE' };
    case MESSAGE_TYPE.ROUTE_REFRESH:
      return decodeRouteRefresh(bytes, start, end);
    default:
      throw new RangeError(`Cannot decode message: type is ${type}, expected 1 to 5`);
  }
}

/** The whole message; for an UPDATE that does not fit in one, several, one after the other. */
export function encodeMessage(message: Message, ctx: CodecContext = DEFAULT_CONTEXT): Uint8Array {
  switch (message.type) {
    case 'OPEN':
      return encodeOpen(message);
    case 'UPDATE':
      return encodeUpdates(message, ctx);
    case 'NOTIFICATION':
      return encodeNotification(message);
    case 'KEEPALIVE':
      return encodeKeepalive();
    case 'ROUTE-REFRESH':
      return encodeRouteRefresh(message);
  }
}

function shortFault(bytes: Uint8Array, wanted: number): BgpFault {
  return new BgpFault(`Cannot decode message: length is ${bytes.length}, expected ${wanted}`, {
    code: ERROR.MESSAGE_HEADER,
    subcode: MESSAGE_HEADER_ERROR.BAD_MESSAGE_LENGTH,
    data: copyOctets(bytes, 16, 18),
    offset: 0,
    seen: String(bytes.length),
    wanted: String(wanted),
  });
}

export * from './keepalive.ts';
export * from './notification.ts';
export * from './notification-text.ts';
export * from './open.ts';
export * from './route-refresh.ts';
export * from './update.ts';
