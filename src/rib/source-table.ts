/**
 * Where paths come from: this speaker itself (LOCAL), and each peer. What the decision process and the
 * reflection rules ask about a peer, as columns, and its counters.
 */
import { type AddressId, type AddressTable, NO_ADDRESS } from '../base/address-table.ts';
import { ip } from '../base/ip.ts';
import { LOCAL, type SourceId } from './ids.ts';

export const SOURCE_KIND = { LOCAL: 0, IBGP: 1, EBGP: 2 } as const;

export interface SourceSpec {
  readonly kind: 'ibgp' | 'ebgp';
  /** RFC 4456 section 6: a client of this route reflector. */
  readonly client: boolean;
  /** The peer's BGP identifier, unsigned. */
  readonly routerId: number;
  /** Its address in text. */
  readonly address: string;
  readonly remoteAs: number;
  /** Its routes must begin with its AS: RFC 4271 section 6.3. */
  readonly enforceFirstAs?: boolean;
}

/** What `show` prints of a peer's routes; `received` is what a maximum-prefix limit counts. */
export interface SourceCounts {
  readonly received: number;
  /** Received and fit to be best: not a loop. */
  readonly accepted: number;
  readonly best: number;
}

const MOST_SOURCES = 65535;

export class SourceTable {
  readonly #addresses: AddressTable;
  readonly #specs: (SourceSpec | undefined)[] = [undefined];
  #free: SourceId[] = [];
  readonly kind: number[] = [SOURCE_KIND.LOCAL];
  readonly client: boolean[] = [false];
  readonly routerId: number[] = [];
  readonly address: AddressId[] = [NO_ADDRESS];
  /** Paths of an older generation are stale: RFC 7313 section 4, or the session is gone. */
  readonly generation: number[] = [0];
  /** Counts the sources ever added, from 1: tells a source from an earlier one with the same id. */
  readonly incarnation: number[] = [1];
  #incarnations = 1;
  readonly received: number[] = [0];
  readonly accepted: number[] = [0];
  readonly best: number[] = [0];
  readonly endOfRib: boolean[] = [false];
  /** The AS that its AS_PATHs must begin with; 0 for any. */
  readonly firstAs: number[] = [0];

  constructor(routerId: number, addresses: AddressTable) {
    this.#addresses = addresses;
    this.routerId.push(routerId);
  }

  add(spec: SourceSpec): SourceId {
    const id: SourceId = this.#free.pop() ?? this.#specs.length;
    if (id >= MOST_SOURCES)
      throw new Error(`Cannot add a source: ${MOST_SOURCES} are the most a table holds`);
    this.#specs[id] = spec;
    this.kind[id] = spec.kind === 'ibgp' ? SOURCE_KIND.IBGP : SOURCE_KIND.EBGP;
    this.client[id] = spec.client;
    this.routerId[id] = spec.routerId;
    this.address[id] = this.#addresses.intern(ip(spec.address));
    this.generation[id] = this.generation[id] ?? 0;
    this.incarnation[id] = ++this.#incarnations;
    this.received[id] = this.accepted[id] = this.best[id] = 0;
    this.endOfRib[id] = false;
    this.firstAs[id] = spec.enforceFirstAs ? spec.remoteAs : 0;
    return id;
  }

  /** The id may be given to another peer from now on: no path may hold it any more. */
  remove(id: SourceId): void {
    if (id === LOCAL || this.#specs[id] === undefined)
      throw new Error(`Cannot remove source ${id}: no peer has it`);
    this.#specs[id] = undefined;
    this.#free.push(id);
  }

  spec(id: SourceId): SourceSpec | undefined {
    return this.#specs[id];
  }

  /** Makes every path that the source has stale; those it announces again from now on are not. */
  nextGeneration(id: SourceId): void {
    this.generation[id] = (this.generation[id]! + 1) & 0xff;
  }

  counts(id: SourceId): SourceCounts {
    return { received: this.received[id]!, accepted: this.accepted[id]!, best: this.best[id]! };
  }
}
