/**
 * ROUTE-REFRESH: a request to send all routes of a family again, and the marks around the answer.
 *
 * RFC 2918 section 3, RFC 7313 sections 3.2 and 5. A body of more than four octets carries ORF entries (RFC 5291),
 * which are kept as they are.
 */

import type { Family } from '../family.ts';
import { afiOf, familyOf, safiOf } from '../family.ts';
import { BgpFault } from '../faults.ts';
import {
  ERROR,
  HEADER_LENGTH,
  MAX_EXTENDED_MESSAGE_LENGTH,
  MESSAGE_TYPE,
  ROUTE_REFRESH_ERROR,
  ROUTE_REFRESH_SUBTYPE,
} from '../iana.ts';
import { copyOctets } from '../octets.ts';
import { Reader } from '../reader.ts';
import { Writer } from '../writer.ts';
import { beginMessage, endMessage } from './header.ts';

export interface RouteRefreshMessage {
  readonly type: 'ROUTE-REFRESH';
  readonly family: Family;
  /** 0 a request, 1 beginning and 2 end of the refresh (RFC 7313); others are to be ignored. */
  readonly subtype: number;
  /** RFC 5291 section 4: when-to-refresh and the ORF entries, where there are any. */
  readonly outboundRouteFilters?: Uint8Array;
}

/** Reads the body. Throws a BgpFault 7/1 on a bad length, whose data is the whole message (RFC 7313 section 5). */
export function decodeRouteRefresh(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
): RouteRefreshMessage {
  const length = end - start;
  if (length < 4) throw lengthFault(bytes, start, end, 'at least 4');
  const reader = new Reader(bytes, start, end);
  const afi = reader.u16();
  const subtype = reader.u8();
  const family = familyOf(afi, reader.u8());
  const marks = subtype === ROUTE_REFRESH_SUBTYPE.BEGIN || subtype === ROUTE_REFRESH_SUBTYPE.END;
  if (marks && length !== 4) throw lengthFault(bytes, start, end, '4');
  if (reader.done) return { type: 'ROUTE-REFRESH', family, subtype };
  return { type: 'ROUTE-REFRESH', family, subtype, outboundRouteFilters: copyOctets(reader.rest()) };
}

export function encodeRouteRefresh(message: Omit<RouteRefreshMessage, 'type'>): Uint8Array {
  const out = new Writer(32);
  const start = beginMessage(out, MESSAGE_TYPE.ROUTE_REFRESH);
  out.u16(afiOf(message.family));
  out.u8(message.subtype);
  out.u8(safiOf(message.family));
  if (message.outboundRouteFilters !== undefined) out.bytes(message.outboundRouteFilters);
  endMessage(out, start, MAX_EXTENDED_MESSAGE_LENGTH);
  return out.finish();
}

function lengthFault(bytes: Uint8Array, start: number, end: number, wanted: string): BgpFault {
  const body = bytes.subarray(start, end);
  const out = new Writer(HEADER_LENGTH + body.length);
  const at = beginMessage(out, MESSAGE_TYPE.ROUTE_REFRESH);
  out.bytes(body);
  endMessage(out, at, MAX_EXTENDED_MESSAGE_LENGTH);
  return new BgpFault(`Cannot decode ROUTE-REFRESH: length is ${body.length}, expected ${wanted}`, {
    code: ERROR.ROUTE_REFRESH_MESSAGE,
    subcode: ROUTE_REFRESH_ERROR.INVALID_MESSAGE_LENGTH,
    data: out.finish(),
    action: 'session-reset',
    offset: start,
    seen: String(body.length),
    wanted,
  });
}
