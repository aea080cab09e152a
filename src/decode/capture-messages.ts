/**
 * BGP messages out of captured packets: TCP put together, messages found, each read as its connection's OPENs settled.
 */
import { decodeMessage, MESSAGE_TYPE, type OpenMessage } from 'bgp-protocol';
import type { CapturedMessage, Notice } from './captured-message.ts';
import { MessageStream, messageLengthAt } from './message-stream.ts';
import { contextOf, negotiatedContext, type ReadingOptions } from './negotiation.ts';
import { type CapturedPacket, type TcpSegment, tcpSegmentOf } from './packet.ts';
import { TcpReassembly } from './tcp-reassembly.ts';

const BGP_PORT = 179;

/** One direction of a connection. */
class Direction {
  readonly from: string;
  readonly to: string;
  readonly reassembly = new TcpReassembly();
  readonly stream = new MessageStream();
  open: OpenMessage | undefined;
  /** Not known until its first octets were seen, unless the port says it. */
  isBgp: boolean | undefined;
  readonly #knownPort: boolean;

  constructor(segment: TcpSegment) {
    this.from = segment.from;
    this.to = segment.to;
    this.#knownPort = segment.fromPort === BGP_PORT || segment.toPort === BGP_PORT;
    this.isBgp = this.#knownPort ? true : undefined;
  }

  /** A SYN: another connection, perhaps of another protocol. */
  begin(sequence: number): void {
    this.reassembly.begin(sequence);
    this.stream.gap();
    this.open = undefined;
    this.isBgp = this.#knownPort ? true : undefined;
  }
}

export async function* captureMessages(
  packets: AsyncIterable<CapturedPacket>,
  options: ReadingOptions,
): AsyncGenerator<CapturedMessage | Notice> {
  const directions = new Map<string, Direction>();
  for await (const packet of packets) {
    const segment = tcpSegmentOf(packet);
    if (segment === undefined) continue;
    const name = `${segment.from} ${segment.to}`;
    const direction = directions.get(name) ?? new Direction(segment);
    directions.set(name, direction);
    if (segment.syn) direction.begin(segment.sequence);
    if (segment.syn || direction.isBgp === false) continue;
    const other = directions.get(`${segment.to} ${segment.from}`);
    const pieces = direction.reassembly.push(segment.sequence, segment.payload);
    yield* messagesOf(pieces, direction, other, packet, options);
    if (segment.last) yield* messagesOf(direction.reassembly.flush(), direction, other, packet, options);
  }
  for (const direction of directions.values()) {
    const other = directions.get(`${direction.to} ${direction.from}`);
    yield* messagesOf(direction.reassembly.flush(), direction, other, undefined, options);
    const held = direction.stream.heldOctets;
    if (direction.isBgp && held > 0) {
      yield notice(direction, undefined, `${held} octets of a message whose rest was not captured`);
    }
  }
}

function* messagesOf(
  pieces: Iterable<{ readonly octets: Uint8Array; readonly gapOctets: number }>,
  direction: Direction,
  other: Direction | undefined,
  packet: CapturedPacket | undefined,
  options: ReadingOptions,
): Generator<CapturedMessage | Notice> {
  for (const { octets, gapOctets } of pieces) {
    direction.isBgp ??= messageLengthAt(octets, 0) !== 0;
    if (!direction.isBgp) continue;
    if (gapOctets > 0) {
      direction.stream.gap();
      yield notice(direction, packet, `${gapOctets} octets were not captured`);
    }
    for (const { bytes, offset } of direction.stream.push(octets)) {
      if (bytes[18] === MESSAGE_TYPE.OPEN) direction.open = openOf(bytes);
      const ctx =
        bytes[18] === MESSAGE_TYPE.OPEN
          ? contextOf(options)
          : negotiatedContext(direction.open, other?.open, options);
      yield { kind: 'message', bytes, ctx, source: { ...place(direction, packet), streamOffset: offset } };
    }
    const skipped = direction.stream.takeSkipped();
    if (skipped > 0) yield notice(direction, packet, `${skipped} octets are no message, or the end of one`);
  }
}

function openOf(bytes: Uint8Array): OpenMessage | undefined {
  try {
    const message = decodeMessage(bytes);
    return message.type === 'OPEN' ? message : undefined;
  } catch {
    // It is shown as malformed; what it would have settled stays unknown.
    return undefined;
  }
}

function place(direction: Direction, packet: CapturedPacket | undefined) {
  return {
    ...(packet === undefined ? {} : { packet: packet.number }),
    ...(packet?.timeNanoseconds === undefined ? {} : { timeNanoseconds: packet.timeNanoseconds }),
    from: direction.from,
    to: direction.to,
  };
}

function notice(direction: Direction, packet: CapturedPacket | undefined, text: string): Notice {
  const at = packet === undefined ? 'at the end' : `packet ${packet.number}`;
  return { kind: 'notice', text: `${direction.from} > ${direction.to}, ${at}: ${text}` };
}
