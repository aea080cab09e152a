/**
 * What the readers of all formats give: whole messages with what is needed to read them and where they were, and notices
 * of what could not be had.
 */
import type { CodecContext } from 'bgp-protocol';

export interface Source {
  /** Number of the packet, or of the MRT record, that completed the message; from 1. */
  readonly packet?: number;
  readonly record?: number;
  /** Since 1970. */
  readonly timeNanoseconds?: bigint;
  readonly from?: string;
  readonly to?: string;
  readonly peerAutonomousSystem?: number;
  /** Octets of its direction's stream, or of the input, before the message. */
  readonly streamOffset?: number;
  /** A route of a table dump, put into the UPDATE that would announce it: there was no such message. */
  readonly synthesized?: true;
}

export interface CapturedMessage {
  readonly kind: 'message';
  /** The whole message, header included. */
  readonly bytes: Uint8Array;
  readonly ctx: CodecContext;
  readonly source: Source;
}

export interface Notice {
  readonly kind: 'notice';
  readonly text: string;
}
