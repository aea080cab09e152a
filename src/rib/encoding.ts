/**
 * The members of a group that are in step and read messages in the same form (size, width of AS numbers): each
 * change is encoded once for all of them, into buffers that they share.
 *
 * RFC 8654 section 3 (message size), RFC 6793 section 4.2 (2-octet AS peers), RFC 7911 section 3 (path identifiers).
 */
import {
  type CodecContext,
  FAMILY,
  joinEvpnViews,
  leastPayloadOctets,
  MAX_EXTENDED_MESSAGE_LENGTH,
  MAX_MESSAGE_LENGTH,
  UpdateWriter,
  viewOf,
  Writer,
} from 'bgp-protocol';
import { type Batch, WITHDRAWN } from './batch.ts';
import type { ByteTable } from './byte-table.ts';
import type { RouteId } from './ids.ts';
import type { Member } from './out-peer.ts';
import type { PayloadTable } from './payload-table.ts';
import type { RouteTable } from './route-table.ts';
import type { TargetSetId, TargetSets, WantedSets } from './target-sets.ts';

/** A buffer is handed over once it holds this many octets. */
const BUFFER_OCTETS = 65536;
const NO_PAYLOAD = viewOf(new Uint8Array(256));

/** Text that is equal when two peers can share buffers. */
export function encodingKey(context: CodecContext): string {
  const addPath = context.addPathSend.has(FAMILY.L2VPN_EVPN);
  return `${context.extendedMessage} ${context.fourOctetAs} ${addPath}`;
}

/** Where the NLRI of a batch are found. */
export interface EncodingInput {
  readonly table: RouteTable;
  readonly payloads: PayloadTable;
  readonly outbound: ByteTable;
  /** The payload each route was last announced with, by row. */
  readonly sentPayload: Int32Array;
  /** RFC 4684: the sets of route targets of the blocks, in a constrained group. */
  readonly targets: TargetSets | undefined;
}

/** Gets each full buffer; `parts` says whose sets stand where in it, in a constrained group. */
export type Deliver = (buffer: Uint8Array, parts: Parts) => void;

/** Where in a buffer the messages of each set of route targets are, in order. */
export class Parts {
  #sets: TargetSetId[] = [];
  #ends: number[] = [];

  /** What was written up to `end` since the last call has this set. */
  add(set: TargetSetId, end: number): void {
    const last = this.#sets.length - 1;
    if (end === (this.#ends[last] ?? 0)) return;
    if (this.#sets[last] === set) this.#ends[last] = end;
    else {
      this.#sets.push(set);
      this.#ends.push(end);
    }
  }

  clear(): void {
    this.#sets = [];
    this.#ends = [];
  }

  /** The messages in `buffer` that a member wants: the buffer itself when it is all of them, else a copy of those. */
  cut(buffer: Uint8Array, wanted: WantedSets): Uint8Array | undefined {
    let length = 0;
    let start = 0;
    for (let i = 0; i < this.#sets.length; i++) {
      if (wanted.has(this.#sets[i]!)) length += this.#ends[i]! - start;
      start = this.#ends[i]!;
    }
    if (length === 0) return undefined;
    if (length === buffer.length) return buffer;
    const copy = new Uint8Array(length);
    let at = 0;
    start = 0;
    for (let i = 0; i < this.#sets.length; i++) {
      const end = this.#ends[i]!;
      if (wanted.has(this.#sets[i]!)) {
        copy.set(buffer.subarray(start, end), at);
        at += end - start;
      }
      start = end;
    }
    return copy;
  }
}

export class Encoding {
  /** In step only; replaced, not changed, so that a loop over it may meet a member leaving. */
  members: readonly Member[] = [];
  readonly #out = new Writer(BUFFER_OCTETS + MAX_MESSAGE_LENGTH);
  readonly #updates: UpdateWriter;
  readonly #parts = new Parts();
  /** Of the bucket at hand; 0 where sets do not matter. */
  #set: TargetSetId = 0;
  /** Routes of the bucket at hand that are too long beside their attributes. */
  readonly #unfit: RouteId[] = [];

  constructor(context: CodecContext) {
    const maxLength = context.extendedMessage ? MAX_EXTENDED_MESSAGE_LENGTH : MAX_MESSAGE_LENGTH;
    this.#updates = new UpdateWriter(maxLength, this.#out, context);
  }

  /**
   * Encodes the buckets that leave out `excluded`; `deliver` gets each full buffer. With `isWanted`, buckets whose set
   * nobody wants are left out.
   */
  encode(
    input: EncodingInput,
    batch: Batch,
    excluded: number,
    deliver: Deliver,
    isWanted?: (set: TargetSetId) => boolean,
  ): void {
    for (let bucket = batch.firstBucket(excluded); bucket >= 0; bucket = batch.nextBucket(bucket)) {
      const block = batch.blockOf(bucket);
      if (isWanted !== undefined) {
        this.#set = block > 0 ? input.targets!.of(block) : -block;
        if (!isWanted(this.#set)) continue;
      }
      if (block <= WITHDRAWN) this.#withdraw(input, batch, bucket, deliver);
      else this.#announce(input, batch, bucket, block, deliver);
      if (isWanted !== undefined) this.#parts.add(this.#set, this.#out.length);
      if (this.#out.length >= BUFFER_OCTETS) this.#hand(deliver);
    }
    if (this.#out.length > 0) this.#hand(deliver);
  }

  /**
   * Encodes the buckets that leave out `excluded` once for all members, and gives each of them (`write`) the buffers; in a
   * constrained group (RFC 4684 section 5) what it has asked for of them.
   */
  tell(
    input: EncodingInput,
    batch: Batch,
    excluded: number,
    write: (member: Member, buffer: Uint8Array) => void,
  ): void {
    const isTold = (member: Member): boolean => member.peer.source !== excluded;
    if (!this.members.some(isTold)) return;
    if (input.targets === undefined) {
      this.encode(input, batch, excluded, (buffer) => {
        for (const member of this.members) if (isTold(member)) write(member, buffer);
      });
      return;
    }
    this.encode(
      input,
      batch,
      excluded,
      (buffer, parts) => {
        for (const member of this.members) {
          const piece = isTold(member) ? parts.cut(buffer, member.wanted!) : undefined;
          if (piece !== undefined) write(member, piece);
        }
      },
      (set) => this.members.some((member) => isTold(member) && member.wanted!.has(set)),
    );
  }

  /** The End-of-RIB marker, RFC 4724 section 2. */
  endOfRib(): Uint8Array {
    this.#updates.endOfRib(FAMILY.L2VPN_EVPN);
    const buffer = this.#out.finish();
    this.#out.reset();
    return buffer;
  }

  #announce(input: EncodingInput, batch: Batch, bucket: number, block: number, deliver: Deliver): void {
    const { payloads, outbound, sentPayload } = input;
    const { keys } = input.table;
    const updates = this.#updates;
    const out = this.#out;
    updates.begin(outbound.arena, outbound.start(block), outbound.end(block));
    for (let entry = batch.firstEntry(bucket); entry >= 0; entry = batch.nextEntry(entry)) {
      const route = batch.routeOf(entry);
      const payload = sentPayload[route]!;
      const start = keys.start(route);
      const end = keys.end(route);
      const payloadStart = payloads.start(payload);
      const payloadEnd = payloads.end(payload);
      const at = updates.reserve(nlriOctets(end - start, payloadEnd - payloadStart));
      if (at < 0) this.#unfit.push(route);
      else joinEvpnViews(keys.view, start, end, payloads.view, payloadStart, payloadEnd, out.memoryView, at);
      if (out.length >= BUFFER_OCTETS) {
        updates.end();
        this.#hand(deliver);
        updates.begin(outbound.arena, outbound.start(block), outbound.end(block));
      }
    }
    updates.end();
    if (this.#unfit.length > 0) this.#withdrawUnfit(input);
  }

  /** RFC 4271 section 9.2: what fits in no message is not advertised; what was said before is taken back. */
  #withdrawUnfit(input: EncodingInput): void {
    this.#updates.beginWithdraw(FAMILY.L2VPN_EVPN);
    for (const route of this.#unfit) this.#withdrawRoute(input, route);
    this.#updates.end();
    this.#unfit.length = 0;
  }

  #withdraw(input: EncodingInput, batch: Batch, bucket: number, deliver: Deliver): void {
    this.#updates.beginWithdraw(FAMILY.L2VPN_EVPN);
    for (let entry = batch.firstEntry(bucket); entry >= 0; entry = batch.nextEntry(entry)) {
      this.#withdrawRoute(input, batch.routeOf(entry));
      if (this.#out.length >= BUFFER_OCTETS) {
        this.#updates.end();
        this.#hand(deliver);
        this.#updates.beginWithdraw(FAMILY.L2VPN_EVPN);
      }
    }
    this.#updates.end();
  }

  /** A withdrawn NLRI is whole, but its ESI and labels say nothing: they are zeros. */
  #withdrawRoute(input: EncodingInput, route: RouteId): void {
    const { keys } = input.table;
    const start = keys.start(route);
    const end = keys.end(route);
    const padding = leastPayloadOctets(keys.bytes, start, end);
    const at = this.#updates.reserve(nlriOctets(end - start, padding));
    joinEvpnViews(keys.view, start, end, NO_PAYLOAD, 0, padding, this.#out.memoryView, at);
  }

  #hand(deliver: Deliver): void {
    this.#parts.add(this.#set, this.#out.length);
    const buffer = this.#out.finish();
    this.#out.reset();
    deliver(buffer, this.#parts);
    this.#parts.clear();
  }
}

/** The type is in the key; the length octet is not. */
const nlriOctets = (keyOctets: number, payloadOctets: number): number => keyOctets + 1 + payloadOctets;
