/**
 * Classic capture files: a header of 24 octets, then packets, in the byte order and time unit that the magic number tells.
 *
 * draft-ietf-opsawg-pcap sections 4 and 5.
 */
import type { ByteSource } from './byte-source.ts';
import type { CapturedPacket } from './packet.ts';
import { InputProblem } from './problem.ts';

const FILE_HEADER_OCTETS = 24;
const PACKET_HEADER_OCTETS = 16;
/** No capture tool writes longer packets; a length above is a broken file. */
export const MAX_PACKET_OCTETS = 0x1000000;

const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;

/** Whether a file that begins so is of this format. */
export function isPcap(head: Uint8Array): boolean {
  return magicOf(head) !== undefined;
}

function magicOf(head: Uint8Array): { littleEndian: boolean; nanoseconds: boolean } | undefined {
  if (head.length < 4) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, 4);
  for (const littleEndian of [true, false]) {
    const magic = view.getUint32(0, littleEndian);
    if (magic === MICROSECONDS || magic === NANOSECONDS)
      return { littleEndian, nanoseconds: magic === NANOSECONDS };
  }
  return undefined;
}

export async function* readPcap(source: ByteSource): AsyncGenerator<CapturedPacket> {
  const header = await source.read(FILE_HEADER_OCTETS);
  const magic = header && magicOf(header);
  if (header === undefined || magic === undefined)
    throw new InputProblem('Cannot read pcap: the file header is cut off');
  const { littleEndian, nanoseconds } = magic;
  // The upper bits say how long the frame check sequence is.
  const linkType = viewOf(header).getUint32(20, littleEndian) & 0xffff;
  const unit = nanoseconds ? 1n : 1000n;
  for (let number = 1; ; number++) {
    const at = source.offset;
    const packetHeader = await source.read(PACKET_HEADER_OCTETS);
    if (packetHeader === undefined) return endOfFile(await source.peek(1), number, at);
    const view = viewOf(packetHeader);
    const length = view.getUint32(8, littleEndian);
    if (length > MAX_PACKET_OCTETS) {
      throw new InputProblem(`Cannot read pcap: packet ${number} at offset ${at} says ${length} octets`);
    }
    const timeNanoseconds =
      BigInt(view.getUint32(0, littleEndian)) * 1_000_000_000n +
      BigInt(view.getUint32(4, littleEndian)) * unit;
    const bytes = await source.read(length);
    if (bytes === undefined) return endOfFile(packetHeader, number, at);
    yield { number, timeNanoseconds, linkType, bytes };
  }
}

function endOfFile(left: Uint8Array, number: number, at: number): void {
  if (left.length > 0)
    throw new InputProblem(`Cannot read pcap: packet ${number} at offset ${at} is cut off`);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
