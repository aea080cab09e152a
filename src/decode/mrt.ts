/**
 * MRT dumps: the messages of a collector's sessions, and the routes of its table, each put into the UPDATE that would
 * announce it.
 *
 * RFC 6396 sections 2 (record header), 3 (extended timestamps), 4.3 (TABLE_DUMP_V2) and 4.4 (BGP4MP); RFC 8050 sections 3 and
 * 4 (path identifiers). "MRT Types" of IANA.
 */
import {
  type CodecContext,
  DEFAULT_CONTEXT,
  FAMILY,
  type Family,
  familyOf,
  ipText,
  NLRI_FAMILIES,
  nlriEndAt,
  Reader,
} from 'bgp-protocol';
import type { ByteSource } from './byte-source.ts';
import type { CapturedMessage, Notice, Source } from './captured-message.ts';
import { messageLengthAt } from './message-stream.ts';
import { InputProblem } from './problem.ts';
import { updateOfRibEntry } from './rib-entry.ts';

const HEADER_OCTETS = 12;
const MAX_RECORD_OCTETS = 0x1000000;

export const MRT_TYPE = { TABLE_DUMP: 12, TABLE_DUMP_V2: 13, BGP4MP: 16, BGP4MP_ET: 17 } as const;
const MRT_TYPES: ReadonlySet<number> = new Set([11, 12, 13, 16, 17, 32, 33, 48, 49]);

/** BGP4MP sub-types that carry a message: how wide their AS numbers are, and whether NLRI have path identifiers. */
const MESSAGE_SUBTYPES: ReadonlyMap<number, { asOctets: 2 | 4; addPath: boolean }> = new Map([
  [1, { asOctets: 2, addPath: false }],
  [4, { asOctets: 4, addPath: false }],
  [6, { asOctets: 2, addPath: false }],
  [7, { asOctets: 4, addPath: false }],
  [8, { asOctets: 2, addPath: true }],
  [9, { asOctets: 4, addPath: true }],
  [10, { asOctets: 2, addPath: true }],
  [11, { asOctets: 4, addPath: true }],
]);
const STATE_CHANGES: ReadonlySet<number> = new Set([0, 5]);

const PEER_INDEX_TABLE = 1;
/** TABLE_DUMP_V2 sub-types of one family; 6 and 12 (generic) name theirs in the record. */
const RIB_SUBTYPES: ReadonlyMap<number, { family: Family | undefined; addPath: boolean }> = new Map([
  [2, { family: FAMILY.IPV4_UNICAST, addPath: false }],
  [3, { family: FAMILY.IPV4_MULTICAST, addPath: false }],
  [4, { family: FAMILY.IPV6_UNICAST, addPath: false }],
  [5, { family: FAMILY.IPV6_MULTICAST, addPath: false }],
  [6, { family: undefined, addPath: false }],
  [8, { family: FAMILY.IPV4_UNICAST, addPath: true }],
  [9, { family: FAMILY.IPV4_MULTICAST, addPath: true }],
  [10, { family: FAMILY.IPV6_UNICAST, addPath: true }],
  [11, { family: FAMILY.IPV6_MULTICAST, addPath: true }],
  [12, { family: undefined, addPath: true }],
]);

const EVERY_FAMILY: ReadonlySet<Family> = new Set(NLRI_FAMILIES.map(({ family }) => family));

function contextOf(asOctets: 2 | 4, addPath: boolean): CodecContext {
  const families = addPath ? EVERY_FAMILY : DEFAULT_CONTEXT.addPathReceive;
  const fourOctetAs = asOctets === 4;
  return { fourOctetAs, extendedMessage: true, addPathReceive: families, addPathSend: families };
}

interface Peer {
  readonly address: string;
  readonly autonomousSystem: number;
}

/** MRT has no magic number: the first record must be of a known type and of a length that a record can have. */
export function isMrt(head: Uint8Array): boolean {
  if (head.length < HEADER_OCTETS) return false;
  const view = new DataView(head.buffer, head.byteOffset, HEADER_OCTETS);
  const [type, subtype, length] = [view.getUint16(4), view.getUint16(6), view.getUint32(8)];
  return MRT_TYPES.has(type) && subtype <= 15 && length > 0 && length <= MAX_RECORD_OCTETS;
}

export async function* readMrt(source: ByteSource): AsyncGenerator<CapturedMessage | Notice> {
  let peers: readonly Peer[] = [];
  const passedOver = new Map<string, number>();
  for (let number = 1; ; number++) {
    const at = source.offset;
    const head = await source.read(HEADER_OCTETS);
    if (head === undefined) {
      if ((await source.peek(1)).length > 0)
        throw new InputProblem(`Cannot read MRT: record ${number} at offset ${at} is cut off`);
      break;
    }
    const header = new Reader(head);
    const seconds = header.u32();
    const type = header.u16();
    const subtype = header.u16();
    const length = header.u32();
    if (length > MAX_RECORD_OCTETS)
      throw new InputProblem(`Cannot read MRT: record ${number} at offset ${at} says ${length} octets`);
    const body = await source.read(length);
    if (body === undefined)
      throw new InputProblem(`Cannot read MRT: record ${number} at offset ${at} is cut off`);
    const reader = new Reader(body);
    const record: Record = { number, seconds, type, subtype, reader };
    try {
      if (type === MRT_TYPE.TABLE_DUMP_V2 && subtype === PEER_INDEX_TABLE) peers = readPeers(reader);
      else if (type === MRT_TYPE.TABLE_DUMP_V2 && RIB_SUBTYPES.has(subtype))
        yield* ribMessages(record, peers);
      else if (isBgp4mp(type) && MESSAGE_SUBTYPES.has(subtype)) yield sessionMessage(record);
      else
        count(
          passedOver,
          isBgp4mp(type) && STATE_CHANGES.has(subtype) ? 'of session states' : `of type ${type}/${subtype}`,
        );
    } catch (error) {
      yield { kind: 'notice', text: `MRT record ${number} at offset ${at}: ${(error as Error).message}` };
    }
  }
  for (const [what, times] of passedOver)
    yield { kind: 'notice', text: `${times} MRT records ${what} were passed over` };
}

interface Record {
  readonly number: number;
  readonly seconds: number;
  readonly type: number;
  readonly subtype: number;
  readonly reader: Reader;
}

function isBgp4mp(type: number): boolean {
  return type === MRT_TYPE.BGP4MP || type === MRT_TYPE.BGP4MP_ET;
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

const NANOSECONDS = 1_000_000_000n;

function sessionMessage({ number, seconds, type, subtype, reader }: Record): CapturedMessage {
  const microseconds = type === MRT_TYPE.BGP4MP_ET ? reader.u32() : 0;
  const { asOctets, addPath } = MESSAGE_SUBTYPES.get(subtype) ?? { asOctets: 4, addPath: false };
  const peerAutonomousSystem = asOctets === 4 ? reader.u32() : reader.u16();
  reader.skip(asOctets);
  reader.u16(); // Interface index.
  const addressOctets = reader.u16() === 2 ? 16 : 4;
  const peer = ipText(reader.bytesOf(addressOctets));
  const local = ipText(reader.bytesOf(addressOctets));
  const bytes = reader.rest();
  if (messageLengthAt(bytes, 0) !== bytes.length)
    throw new InputProblem(`${bytes.length} octets that are no BGP message`);
  // Sub-types "LOCAL" are messages that the collector sent.
  const sent = subtype === 6 || subtype === 7 || subtype === 10 || subtype === 11;
  const source: Source = {
    record: number,
    timeNanoseconds: BigInt(seconds) * NANOSECONDS + BigInt(microseconds) * 1000n,
    from: sent ? local : peer,
    to: sent ? peer : local,
    peerAutonomousSystem,
  };
  return { kind: 'message', bytes, ctx: contextOf(asOctets, addPath), source };
}

/** RFC 6396 section 4.3.1. */
function readPeers(reader: Reader): readonly Peer[] {
  reader.skip(4); // Collector BGP identifier.
  reader.skip(reader.u16()); // View name.
  const peerCount = reader.u16();
  return Array.from({ length: peerCount }, () => {
    const type = reader.u8();
    reader.skip(4); // Peer BGP identifier.
    const address = ipText(reader.bytesOf((type & 1) !== 0 ? 16 : 4));
    return { address, autonomousSystem: (type & 2) !== 0 ? reader.u32() : reader.u16() };
  });
}

/** RFC 6396 sections 4.3.2 (one family), 4.3.3 (generic) and 4.3.4 (entries), RFC 8050 section 4. */
function* ribMessages(record: Record, peers: readonly Peer[]): Generator<CapturedMessage | Notice> {
  const { number, subtype, reader } = record;
  const { family: fixed, addPath } = RIB_SUBTYPES.get(subtype) ?? { family: undefined, addPath: false };
  reader.u32(); // Sequence number.
  const family = fixed ?? familyOf(reader.u16(), reader.u8());
  if (!EVERY_FAMILY.has(family))
    throw new InputProblem(
      `the NLRI of family ${family >> 8}/${family & 0xff} cannot be told from its entries`,
    );
  const nlriEnd = nlriEndAt(family, reader.bytes, reader.offset, reader.end);
  if (nlriEnd < 0) throw new InputProblem('the NLRI overruns its record');
  const nlri = reader.bytesOf(nlriEnd - reader.offset);
  const entries = reader.u16();
  for (let entry = 0; entry < entries; entry++) {
    const peer = peers[reader.u16()];
    const originated = reader.u32();
    const pathId = addPath ? reader.u32() : undefined;
    const attributes = reader.bytesOf(reader.u16());
    const bytes = updateOfRibEntry(family, nlri, pathId, attributes);
    const source: Source = {
      record: number,
      timeNanoseconds: BigInt(originated) * NANOSECONDS,
      ...(peer === undefined ? {} : { from: peer.address, peerAutonomousSystem: peer.autonomousSystem }),
      synthesized: true,
    };
    yield { kind: 'message', bytes, ctx: contextOf(4, addPath), source };
  }
}
