/**
 * KEEPALIVE: a header and nothing else. RFC 4271 section 4.4.
 */
import { HEADER_LENGTH, MESSAGE_TYPE } from '../iana.ts';
import { Writer } from '../writer.ts';
import { beginMessage, endMessage } from './header.ts';

export interface KeepaliveMessage {
  readonly type: 'KEEPALIVE';
}

/** 19 octets, the caller's own. */
export function encodeKeepalive(): Uint8Array {
  const out = new Writer(HEADER_LENGTH);
  endMessage(out, beginMessage(out, MESSAGE_TYPE.KEEPALIVE), HEADER_LENGTH);
  return out.finish();
}
