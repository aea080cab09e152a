/**
 * What a concrete dataplane provides below the shared reconciler: a dump of what is there, a batched write with a
 * result per entry, and notices of what others change. A driver holds no desired state and takes no decisions.
 *
 * Entries travel as numbers in call arguments and in batch columns, never as objects: a bulk load must not make garbage.
 */
import type { AddressId } from '../base/address-table.ts';
import type { IpBytes } from '../base/ip.ts';
import { grown } from '../base/key-table.ts';
import type { DataplaneCounters, InstanceSpec, InstanceState } from './interfaces.ts';

/** Kinds of entries, as columns and tables are indexed. The order is the order of writing. */
export const KIND = { FLOOD: 0, MAC: 1, NEIGHBOUR: 2 } as const;
export type Kind = (typeof KIND)[keyof typeof KIND];
export const KINDS: readonly Kind[] = [KIND.FLOOD, KIND.MAC, KIND.NEIGHBOUR];

/**
 * Where an entry consists of several records (the kernel keeps a remote MAC in the VXLAN device and again in the bridge),
 * each is a part. VALUE carries the value and alone tells whose the entry is; COMPANION, where there is one, shows the flags.
 * OBSTACLE is never ours: an address of the leaf itself has the place, where nothing may be written. It excludes a COMPANION.
 */
export const PART = { VALUE: 1, COMPANION: 2, OBSTACLE: 4 } as const;

/** What a write asks for. REINSTALL first takes out what is there: its marks cannot be changed in place. */
export const OP = { ENSURE: 1, REMOVE: 2, REINSTALL: 3 } as const;

/** Results besides these are positive codes of the driver's own, put in words by `errorText`. */
export const RESULT = { OK: 0, UNKNOWN: -1 } as const;

/** Where an observation comes from: notices win over dump records, which may be older. */
export const ORIGIN = { DUMP: 0, NOTICE: 1 } as const;
export type Origin = (typeof ORIGIN)[keyof typeof ORIGIN];

/** Up to `capacity` writes side by side. The driver reads the columns and fills `result`. */
export class EntryBatch {
  readonly capacity: number;
  length = 0;
  readonly op: Uint8Array;
  readonly kind: Uint8Array;
  /** The reconciler's row; opaque to the driver. */
  readonly row: Int32Array;
  readonly vni: Int32Array;
  readonly macHigh: Int32Array;
  readonly macLow: Int32Array;
  /** Four words an entry, in network order; an IPv4 address is in the first. */
  readonly ipWords: Int32Array;
  /** 4 or 16; 0 when the entry has no IP address. */
  readonly ipLength: Uint8Array;
  readonly vtep: Int32Array;
  readonly flags: Uint8Array;
  /** PART bits to write or to take out. */
  readonly parts: Uint8Array;
  readonly result: Int32Array;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.op = new Uint8Array(capacity);
    this.kind = new Uint8Array(capacity);
    this.row = new Int32Array(capacity);
    this.vni = new Int32Array(capacity);
    this.macHigh = new Int32Array(capacity);
    this.macLow = new Int32Array(capacity);
    this.ipWords = new Int32Array(capacity * 4);
    this.ipLength = new Uint8Array(capacity);
    this.vtep = new Int32Array(capacity);
    this.flags = new Uint8Array(capacity);
    this.parts = new Uint8Array(capacity);
    this.result = new Int32Array(capacity);
  }
}

/** What a driver tells the reconciler. MAC addresses come as upper 16 and lower 32 bits (see base/mac). */
export interface DriverSink {
  instance(state: InstanceState): void;
  instanceGone(vni: number): void;

  /**
   * A remote MAC is there. `part` is one PART bit; `vtep` counts with VALUE only, `flags` with the part that shows them. `ours`
   * by the driver's mark.
   * Entries that the dataplane itself learned and that a write may replace are not reported.
   */
  macSeen(
    vni: number,
    macHigh: number,
    macLow: number,
    part: number,
    vtep: AddressId,
    flags: number,
    ours: boolean,
    origin: Origin,
  ): void;
  /** `part` is PART bits. */
  macMissing(vni: number, macHigh: number, macLow: number, part: number): void;
  /** PART.OBSTACLE is there: the MAC is one of the leaf itself. */
  macBlocked(vni: number, macHigh: number, macLow: number, origin: Origin): void;
  floodSeen(vni: number, vtep: AddressId, ours: boolean, origin: Origin): void;
  floodMissing(vni: number, vtep: AddressId): void;
  /** A remote neighbour (one of ours, or somebody's permanent entry in its place). `ip` is only read during the call. */
  neighbourSeen(
    vni: number,
    ip: IpBytes,
    macHigh: number,
    macLow: number,
    flags: number,
    ours: boolean,
    origin: Origin,
  ): void;
  neighbourMissing(vni: number, ip: IpBytes): void;
  /** PART.OBSTACLE is there: the address is one of the leaf itself; or it no longer is. */
  neighbourBlocked(vni: number, ip: IpBytes, origin: Origin): void;
  neighbourUnblocked(vni: number, ip: IpBytes): void;

  /** `port` is a number that `portName` of the driver puts in words. */
  localMac(vni: number, macHigh: number, macLow: number, flags: number, port: number, origin: Origin): void;
  localMacGone(vni: number, macHigh: number, macLow: number): void;
  localNeighbour(
    vni: number,
    ip: IpBytes,
    macHigh: number,
    macLow: number,
    flags: number,
    origin: Origin,
  ): void;
  localNeighbourGone(vni: number, ip: IpBytes): void;

  vtepReachable(vtep: AddressId, reachable: boolean): void;
  /** Ends a burst of notices. */
  settled(): void;
  /** Notices were lost: everything must be dumped again. */
  overrun(): void;
  /** Something appeared about which no notice told: dump again when convenient. */
  resync(): void;
  problem(subject: string, text: string | undefined): void;
}

export interface Driver {
  readonly kind: 'kernel' | 'memory' | 'hardware-vtep';
  /** Entries in one write; the reconciler's batches have this capacity. */
  readonly batchSize: number;
  /** So many batches may be under way; none of their entries is in two of them. */
  readonly writesAtOnce: number;
  /** By kind: PART bits of a complete entry. */
  readonly completeParts: Readonly<Record<Kind, number>>;
  /** By kind: the ENTRY_FLAG bits that entries there can hold; others are not compared. */
  readonly visibleFlags: Readonly<Record<Kind, number>>;

  /** Connects and listens. Nothing needs to be reported before the first `dump`. Throws when it cannot work at all. */
  open(sink: DriverSink): Promise<void>;
  /**
   * Reports everything with ORIGIN.DUMP, instances first, also that one has gone meanwhile. Rejects when the picture is not
   * consistent: it is asked for again.
   */
  dump(): Promise<void>;
  /**
   * Performs the batch, fills `batch.result` and calls `done`, before or after returning. Removing what is not there is OK.
   * `batch` stays untouched by the caller until `done`.
   */
  write(batch: EntryBatch, done: () => void): void;
  errorText(code: number): string;
  portName(port: number): string;
  ensure(spec: InstanceSpec): void;
  remove(vni: number): void;
  watchVtep(vtep: AddressId): void;
  unwatchVtep(vtep: AddressId): void;
  close(): Promise<void>;
}

/** What the reconciler counts; the other figures of DataplaneCounters are read off its tables. */
export type Tally = { -readonly [name in keyof DataplaneCounters]: DataplaneCounters[name] };

/** Reads four octets in network order. */
export const wordAt = (bytes: Uint8Array, offset: number): number =>
  (bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!;

/** Writes four octets in network order. */
export function putWord(word: number, bytes: Uint8Array, offset: number): void {
  bytes[offset] = word >>> 24;
  bytes[offset + 1] = word >>> 16;
  bytes[offset + 2] = word >>> 8;
  bytes[offset + 3] = word;
}

/** Columns that grow together with a KeyTable. */
export function grownTo<T extends Int32Array | Uint32Array | Uint16Array | Uint8Array | Float64Array>(
  column: T,
  length: number,
): T {
  return column.length >= length ? column : grown(column, length);
}
