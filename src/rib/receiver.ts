/**
 * From the octets of an UPDATE to rows: splits each NLRI into key and payload, interns block and payload, and
 * announces or withdraws. Nothing is built per route.
 *
 * RFC 7432 section 7 (keys), RFC 4724 section 2 (End-of-RIB), RFC 4271 section 6.3 (the first AS), RFC 7606 section 7.2.
 */
import {
  BgpFault,
  ERROR,
  FAMILY,
  type Family,
  keyLengthOf,
  MAX_EVPN_PAYLOAD_OCTETS,
  payloadLengthOf,
  splitEvpnViews,
  UPDATE_ERROR,
  type UpdateVisitor,
  viewOf,
} from 'bgp-protocol';
import type { AttributeTable } from './attribute-table.ts';
import { type AttributesId, LOCAL, type PayloadId, type RouteId, type SourceId } from './ids.ts';
import { BATCH_KEYS, KeyBatch } from './key-batch.ts';
import type { Memberships } from './memberships.ts';
import type { PayloadTable } from './payload-table.ts';
import type { RouteTable } from './route-table.ts';
import type { SourceTable } from './source-table.ts';

/** Where the routes go: the Rib. */
export interface ReceiveInto {
  readonly table: RouteTable;
  readonly attributes: AttributeTable;
  readonly payloads: PayloadTable;
  readonly sources: SourceTable;
  readonly memberships: Memberships;
  upsertKey(
    source: SourceId,
    batch: KeyBatch,
    index: number,
    payload: PayloadId,
    attributes: AttributesId,
  ): RouteId;
  withdrawKey(source: SourceId, batch: KeyBatch, index: number): boolean;
}

/** In place of a payload. */
const WITHDRAWN: PayloadId = 0;

/** The visitor that the walker calls for each UPDATE: one object for the life of the table. */
export class Receiver implements UpdateVisitor {
  readonly #rib: ReceiveInto;
  readonly #payload = new Uint8Array(MAX_EVPN_PAYLOAD_OCTETS);
  readonly #payloadView = viewOf(this.#payload);
  /** The octets that were read last, most often those of the next UPDATE too, with a view of them. */
  #bytes: Uint8Array = this.#payload;
  #view = this.#payloadView;
  #source: SourceId = LOCAL;
  #onFault: (fault: BgpFault) => void = () => {};
  /** Held with a reference, also between UPDATEs: most often the next one has the same block. */
  #attributes: AttributesId = 0;
  #refused = false;
  /** Routes that were read and are not in the table yet: all announced ones have #attributes, and a reference to their payload. */
  readonly #keys = new KeyBatch();
  readonly #payloads = new Int32Array(BATCH_KEYS);

  constructor(rib: ReceiveInto) {
    this.#rib = rib;
  }

  begin(source: SourceId, onFault: (fault: BgpFault) => void): void {
    this.#source = source;
    this.#onFault = onFault;
    this.#refused = false;
    this.#keys.clear();
  }

  /** After the walk: what was read is in the table. */
  end(): void {
    const { table, payloads } = this.#rib;
    const keys = this.#keys;
    table.keys.touch(keys);
    for (let i = 0; i < keys.size; i++) {
      const payload: PayloadId = this.#payloads[i]!;
      if (payload === WITHDRAWN) this.#rib.withdrawKey(this.#source, keys, i);
      else {
        this.#rib.upsertKey(this.#source, keys, i, payload, this.#attributes);
        payloads.release(payload);
      }
    }
    keys.clear();
  }

  /** The announcements of this UPDATE were treated as withdrawals here. */
  get refused(): boolean {
    return this.#refused;
  }

  attributes(block: Uint8Array, start: number, end: number): void {
    this.#hold(block, start, end);
    const { attributes, sources } = this.#rib;
    const wanted = sources.firstAs[this.#source]!;
    const first = attributes.neighbourAs(this.#attributes);
    if (wanted === 0 || wanted === first) return;
    this.#refused = true;
    this.#onFault(firstAsFault(first, wanted));
  }

  #hold(block: Uint8Array, start: number, end: number): void {
    const { attributes } = this.#rib;
    if (this.#attributes !== 0 && attributes.equals(this.#attributes, block, start, end)) return;
    this.end();
    const id = attributes.intern(block, start, end);
    attributes.retain(id);
    if (this.#attributes !== 0) attributes.release(this.#attributes);
    this.#attributes = id;
  }

  announce(family: Family, bytes: Uint8Array, start: number, end: number): void {
    if (this.#refused) {
      this.withdraw(family, bytes, start, end);
      return;
    }
    if (family !== FAMILY.L2VPN_EVPN) {
      if (family === FAMILY.RT_CONSTRAINT)
        this.#rib.memberships.announce(this.#source, bytes, start, end, this.#attributes);
      return;
    }
    const split = this.#split(bytes, start, end);
    if (split < 0) return;
    const { payloads } = this.#rib;
    const payload = payloads.intern(this.#payload, 0, payloadLengthOf(split));
    payloads.retain(payload);
    this.#add(keyLengthOf(split), payload);
  }

  withdraw(family: Family, bytes: Uint8Array, start: number, end: number): void {
    if (family !== FAMILY.L2VPN_EVPN) {
      if (family === FAMILY.RT_CONSTRAINT) this.#rib.memberships.withdraw(this.#source, bytes, start, end);
      return;
    }
    const split = this.#split(bytes, start, end);
    if (split >= 0) this.#add(keyLengthOf(split), WITHDRAWN);
  }

  #split(bytes: Uint8Array, start: number, end: number): number {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = viewOf(bytes);
    }
    const keys = this.#keys;
    return splitEvpnViews(bytes, this.#view, start, end, keys.view, keys.at, this.#payloadView);
  }

  #add(keyLength: number, payload: PayloadId): void {
    this.#payloads[this.#keys.size] = payload;
    this.#keys.add(keyLength);
    if (this.#keys.isFull) this.end();
  }

  endOfRib(family: Family): void {
    if (family === FAMILY.L2VPN_EVPN) this.#rib.sources.endOfRib[this.#source] = true;
    else if (family === FAMILY.RT_CONSTRAINT) this.#rib.memberships.endOfRib(this.#source);
  }

  fault(fault: BgpFault): void {
    this.#onFault(fault);
  }
}

function firstAsFault(first: number, wanted: number): BgpFault {
  const seen = first === 0 ? 'no AS' : `AS ${first}`;
  return new BgpFault(`AS_PATH of an external peer begins with ${seen}, expected its AS ${wanted}`, {
    code: ERROR.UPDATE_MESSAGE,
    subcode: UPDATE_ERROR.MALFORMED_AS_PATH,
    action: 'treat-as-withdraw',
    seen,
    wanted: String(wanted),
  });
}
