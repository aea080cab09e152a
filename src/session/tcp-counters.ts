/**
 * The kernel's counters of segments dropped because of their MD5 option or their TTL: the only trace that a wrong
 * password leaves, since the kernel tells neither end.
 *
 * RFC 2385 section 4.1 (a bad segment is dropped without an answer), RFC 5082 (GTSM).
 */
import { readFileSync } from 'node:fs';

export interface TcpCounters {
  /** A key was expected, the segment had another one. */
  readonly md5Failure: number;
  /** A key was expected, the segment had none. */
  readonly md5NotFound: number;
  /** No key was expected, the segment had one. */
  readonly md5Unexpected: number;
  /** TTL lower than GTSM wants. */
  readonly minTtlDrop: number;
}

/** Reads the counters, or undefined where there are none. They are those of the whole network namespace. */
export type ReadTcpCounters = () => TcpCounters | undefined;

/** From /proc/net/netstat. */
export const readTcpCounters: ReadTcpCounters = () => {
  try {
    return parseTcpCounters(readFileSync('/proc/thread-self/net/netstat', 'utf8'));
  } catch {
    return undefined;
  }
};

/** Two lines per group, names and then values; undefined when the TcpExt group is missing. */
export function parseTcpCounters(text: string): TcpCounters | undefined {
  const [names, values] = text
    .split('\n')
    .filter((line) => line.startsWith('TcpExt:'))
    .map((line) => line.trim().split(/\s+/));
  if (!names || !values) return undefined;
  const value = (name: string) => Number(values[names.indexOf(name)] ?? 0);
  return {
    md5Failure: value('TCPMD5Failure'),
    md5NotFound: value('TCPMD5NotFound'),
    md5Unexpected: value('TCPMD5Unexpected'),
    minTtlDrop: value('TCPMinTTLDrop'),
  };
}

/** What a connection attempt that got no answer suggests, given how the counters moved meanwhile. */
export function explainSilence(
  before: TcpCounters | undefined,
  after: TcpCounters | undefined,
  expects: { readonly password: boolean; readonly gtsm: boolean },
): string | undefined {
  const rose = (name: keyof TcpCounters) =>
    before !== undefined && after !== undefined && after[name] > before[name];
  // The counters are everybody's: only those that can concern this peer say something about it.
  if (expects.password) {
    if (rose('md5Failure')) return 'TCP MD5 failures rising: wrong password?';
    if (rose('md5NotFound')) return 'TCP segments without MD5 arrive: password missing at the peer?';
  } else if (rose('md5Unexpected')) {
    return 'TCP segments with MD5 arrive: password missing here?';
  }
  if (expects.gtsm && rose('minTtlDrop')) {
    return 'TCP segments with too low a TTL arrive: more hops than ttl-security allows?';
  }
  if (expects.password) return 'a TCP MD5 password is set: does the peer have the same one?';
  if (expects.gtsm) return 'TTL security is on: is the peer within its hops, and does it send TTL 255?';
  return undefined;
}
