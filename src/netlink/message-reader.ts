/**
 * Walks over received netlink messages and their attributes. linux/netlink.h; errors and extended
 * acknowledgements as in Documentation/userspace-api/netlink/intro.rst.
 */
import { errnoName, errnoText } from '../base/errno.ts';
import { NLA_TYPE_MASK, NLM_F_ACK_TLVS, NLM_F_CAPPED, NLMSGERR_ATTR_MSG } from './constants.ts';
import { align4, hostI32, hostU16, hostU32 } from './octets.ts';

/** What the kernel refused, or what it answered that cannot be read. `code` is an errno name or `ERR_NETLINK_*`. */
export class NetlinkError extends Error {
  readonly code: string;
  /** Positive; 0 when the kernel gave none. */
  readonly errno: number;

  constructor(message: string, code: string, errno = 0) {
    super(message);
    this.name = 'NetlinkError';
    this.code = code;
    this.errno = errno;
  }
}

/** The error for a request that the kernel refused; `text` is its extended acknowledgement. */
export function refusal(action: string, errno: number, text: string | undefined): NetlinkError {
  const words = text ? `${errnoText(errno)}: ${text}` : errnoText(errno);
  return new NetlinkError(`Cannot ${action}: the kernel answered ${words}`, errnoName(errno), errno);
}

/**
 * One message: `start` to `end` is what follows its 16-octet header. `bytes` is reused for the next datagram: copy what
 * outlives the call.
 */
export type MessageVisitor = (
  type: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  flags: number,
  sequence: number,
) => void;

/**
 * Calls `visit` for each message of the datagram from `start` to `end`. Throws NetlinkError (`ERR_NETLINK_MALFORMED`) on an
 * impossible length.
 */
export function walkMessages(bytes: Uint8Array, end: number, visit: MessageVisitor, start = 0): void {
  let at = start;
  while (end - at >= 16) {
    const size = hostU32(bytes, at);
    if (size < 16 || size > end - at) {
      const seen = `length is ${size}, expected 16 to ${end - at}`;
      throw new NetlinkError(`Cannot read netlink message: ${seen}`, 'ERR_NETLINK_MALFORMED');
    }
    visit(hostU16(bytes, at + 4), bytes, at + 16, at + size, hostU16(bytes, at + 6), hostU32(bytes, at + 8));
    at += align4(size);
  }
}

/** Calls `visit` for each attribute, with its type and where its value lies. A cut-off last one is left out. */
export function walkAttributes(
  bytes: Uint8Array,
  start: number,
  end: number,
  visit: (type: number, start: number, end: number) => void,
): void {
  let at = start;
  while (end - at >= 4) {
    const size = hostU16(bytes, at);
    if (size < 4 || size > end - at) return;
    visit(hostU16(bytes, at + 2) & NLA_TYPE_MASK, at + 4, at + size);
    at += align4(size);
  }
}

/** The errno (positive, 0 for an acknowledgement) of an NLMSG_ERROR, or of an NLMSG_DONE that carries one. */
export const errnoAt = (bytes: Uint8Array, start: number, end: number): number =>
  end - start >= 4 ? -hostI32(bytes, start) : 0;

/** The kernel's words in an NLMSG_ERROR's extended acknowledgement (NETLINK_EXT_ACK), if it has any. */
export function extendedAcknowledgement(
  bytes: Uint8Array,
  start: number,
  end: number,
  flags: number,
): string | undefined {
  if (!(flags & NLM_F_ACK_TLVS) || end - start < 20) return undefined;
  // The quoted request comes first: its header only when capped, else the whole of it.
  const quoted = flags & NLM_F_CAPPED ? 16 : align4(hostU32(bytes, start + 4));
  let text: string | undefined;
  walkAttributes(bytes, start + 4 + quoted, end, (type, from, to) => {
    if (type === NLMSGERR_ATTR_MSG) text = textAt(bytes, from, to);
  });
  return text;
}

/** A NUL-terminated string attribute. */
export function textAt(bytes: Uint8Array, start: number, end: number): string {
  const nul = bytes.indexOf(0, start);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(
    'utf8',
    start,
    nul >= 0 && nul < end ? nul : end,
  );
}
