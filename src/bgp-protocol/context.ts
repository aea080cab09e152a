/**
 * What the two OPEN messages settled and the codec must know to read and write the messages after them.
 *
 * RFC 6793 section 4 (width of an AS number), RFC 8654 (message size), RFC 7911 section 3 (path identifiers),
 * RFC 7606 section 7 (attributes that mean nothing from an external peer).
 */
import type { Family } from './family.ts';

export interface CodecContext {
  /** Both speakers advertised the 4-octet AS capability: AS_PATH and AGGREGATOR hold 4-octet numbers. */
  readonly fourOctetAs: boolean;
  /** Messages of up to 65535 octets may be sent and received, OPEN and KEEPALIVE excepted. */
  readonly extendedMessage: boolean;
  /** Families whose NLRI carry a path identifier when received. */
  readonly addPathReceive: ReadonlySet<Family>;
  /** Families whose NLRI carry a path identifier when sent. */
  readonly addPathSend: ReadonlySet<Family>;
  /** false: LOCAL_PREF, ORIGINATOR_ID and CLUSTER_LIST are discarded (RFC 7606 sections 7.5, 7.9, 7.10). Default true. */
  readonly ibgp?: boolean;
  /** The families negotiated; NLRI of others are skipped. Undefined: all are read. */
  readonly families?: ReadonlySet<Family>;
}

export const DEFAULT_CONTEXT: CodecContext = {
  fourOctetAs: true,
  extendedMessage: false,
  addPathReceive: new Set(),
  addPathSend: new Set(),
};
