/**
 * Capture files of the newer kind: blocks that tell their own type and length; sections of either byte order; packets of
 * several interfaces, each with its link type and unit of time.
 *
 * draft-ietf-opsawg-pcapng sections 3 and 4.
 */
import type { ByteSource } from './byte-source.ts';
import type { CapturedPacket } from './packet.ts';
import { MAX_PACKET_OCTETS } from './pcap.ts';
import { InputProblem } from './problem.ts';

const BLOCK = {
  SECTION_HEADER: 0x0a0d0d0a,
  INTERFACE_DESCRIPTION: 1,
  /** Obsolete, still met. */
  PACKET: 2,
  SIMPLE_PACKET: 3,
  ENHANCED_PACKET: 6,
} as const;

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const OPTION_TIME_RESOLUTION = 9;
const OPTION_TIME_OFFSET = 14;

interface CaptureInterface {
  readonly linkType: number;
  readonly unitsPerSecond: bigint;
  readonly offsetSeconds: bigint;
}

export function isPcapng(head: Uint8Array): boolean {
  return head.length >= 4 && viewOf(head).getUint32(0) === BLOCK.SECTION_HEADER;
}

export async function* readPcapng(source: ByteSource): AsyncGenerator<CapturedPacket> {
  let littleEndian = true;
  let interfaces: CaptureInterface[] = [];
  let number = 0;
  for (;;) {
    const at = source.offset;
    const head = await source.peek(12);
    if (head.length === 0) return;
    if (head.length < 12) throw new InputProblem(`Cannot read pcapng: the block at offset ${at} is cut off`);
    if (isPcapng(head)) {
      littleEndian = viewOf(head).getUint32(8, true) === BYTE_ORDER_MAGIC;
      interfaces = [];
    }
    const type = viewOf(head).getUint32(0, littleEndian);
    const length = viewOf(head).getUint32(4, littleEndian);
    if (length < 12 || length % 4 !== 0 || length > MAX_PACKET_OCTETS) {
      throw new InputProblem(`Cannot read pcapng: the block at offset ${at} says ${length} octets`);
    }
    const block = await source.read(length);
    if (block === undefined)
      throw new InputProblem(`Cannot read pcapng: the block at offset ${at} is cut off`);
    const body = block.subarray(8, length - 4);
    if (type === BLOCK.INTERFACE_DESCRIPTION) interfaces.push(interfaceOf(body, littleEndian, at));
    const packet = packetOf(type, body, littleEndian, interfaces, at);
    if (packet !== undefined) yield { number: ++number, ...packet };
  }
}

function interfaceOf(body: Uint8Array, littleEndian: boolean, at: number): CaptureInterface {
  if (body.length < 8) throw new InputProblem(`Cannot read pcapng: the interface at offset ${at} is cut off`);
  const view = viewOf(body);
  let unitsPerSecond = 1_000_000n;
  let offsetSeconds = 0n;
  for (let from = 8; from + 4 <= body.length; ) {
    const code = view.getUint16(from, littleEndian);
    const length = view.getUint16(from + 2, littleEndian);
    if (from + 4 + length > body.length) break;
    if (code === OPTION_TIME_RESOLUTION && length >= 1) unitsPerSecond = resolutionOf(body[from + 4]);
    if (code === OPTION_TIME_OFFSET && length >= 8) offsetSeconds = view.getBigInt64(from + 4, littleEndian);
    from += 4 + Math.ceil(length / 4) * 4;
  }
  return { linkType: view.getUint16(0, littleEndian), unitsPerSecond, offsetSeconds };
}

/** A power of ten, or of two when the highest bit is set. */
function resolutionOf(octet: number): bigint {
  const base = (octet & 0x80) !== 0 ? 2n : 10n;
  return base ** BigInt(octet & 0x7f);
}

type PacketFields = Omit<CapturedPacket, 'number'>;

function packetOf(
  type: number,
  body: Uint8Array,
  littleEndian: boolean,
  interfaces: readonly CaptureInterface[],
  at: number,
): PacketFields | undefined {
  const view = viewOf(body);
  if (type === BLOCK.SIMPLE_PACKET) {
    const length = body.length < 4 ? 0 : Math.min(view.getUint32(0, littleEndian), body.length - 4);
    const linkType = interfaceNumber(interfaces, 0, at).linkType;
    return { timeNanoseconds: undefined, linkType, bytes: body.subarray(4, 4 + length) };
  }
  if (type !== BLOCK.ENHANCED_PACKET && type !== BLOCK.PACKET) return undefined;
  if (body.length < 20) throw new InputProblem(`Cannot read pcapng: the packet at offset ${at} is cut off`);
  const index =
    type === BLOCK.ENHANCED_PACKET ? view.getUint32(0, littleEndian) : view.getUint16(0, littleEndian);
  const { linkType, unitsPerSecond, offsetSeconds } = interfaceNumber(interfaces, index, at);
  const units = (BigInt(view.getUint32(4, littleEndian)) << 32n) | BigInt(view.getUint32(8, littleEndian));
  const timeNanoseconds = offsetSeconds * 1_000_000_000n + (units * 1_000_000_000n) / unitsPerSecond;
  const length = Math.min(view.getUint32(12, littleEndian), body.length - 20);
  return { timeNanoseconds, linkType, bytes: body.subarray(20, 20 + length) };
}

function interfaceNumber(
  interfaces: readonly CaptureInterface[],
  index: number,
  at: number,
): CaptureInterface {
  const found = interfaces[index];
  if (found === undefined) {
    throw new InputProblem(
      `Cannot read pcapng: the packet at offset ${at} is of interface ${index}, which nothing describes`,
    );
  }
  return found;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
