/**
 * Input of any of the known formats, told by how it begins, as a flow of messages.
 */

import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ByteSource, chunksOf } from './byte-source.ts';
import { captureMessages } from './capture-messages.ts';
import type { CapturedMessage, Notice } from './captured-message.ts';
import { isText, parseHexText } from './hex-dump.ts';
import { MessageStream, messageLengthAt } from './message-stream.ts';
import { isMrt, readMrt } from './mrt.ts';
import { contextOf, type ReadingOptions } from './negotiation.ts';
import { type CapturedPacket, LINK_TYPE, tcpSegmentOf } from './packet.ts';
import { isPcap, readPcap } from './pcap.ts';
import { isPcapng, readPcapng } from './pcapng.ts';
import { InputProblem } from './problem.ts';

const HEAD_OCTETS = 512;
/** Hexadecimal text is read whole. */
const MAX_TEXT_OCTETS = 64 * 1024 * 1024;
const MARKER_OCTETS = 16;

/**
 * The messages of hexadecimal text, raw messages, pcap, pcapng or MRT, each also compressed by gzip. Throws an
 * InputProblem when it is none of them, or breaks off.
 */
export async function* readMessages(
  chunks: AsyncIterable<Uint8Array>,
  options: ReadingOptions = {},
): AsyncGenerator<CapturedMessage | Notice> {
  let found = false;
  for await (const item of readFormat(chunks, options)) {
    found ||= item.kind === 'message';
    yield item;
  }
  if (!found) yield { kind: 'notice', text: 'no BGP message was found' };
}

async function* readFormat(
  chunks: AsyncIterable<Uint8Array>,
  options: ReadingOptions,
): AsyncGenerator<CapturedMessage | Notice> {
  const source = await uncompressed(new ByteSource(chunks));
  const head = await source.peek(HEAD_OCTETS);
  if (head.length === 0) throw new InputProblem('Cannot decode: the input is empty');
  if (isPcap(head)) return yield* captureMessages(readPcap(source), options);
  if (isPcapng(head)) return yield* captureMessages(readPcapng(source), options);
  if (messageLengthAt(head, 0) !== 0) return yield* rawMessages(source.chunks(), options);
  if (isMrt(head)) return yield* readMrt(source);
  if (isText(head)) return yield* hexMessages(source, options);
  if (markerAt(head) >= 0) return yield* rawMessages(source.chunks(), options);
  throw new InputProblem('Cannot decode: the input is no hexadecimal text, BGP message, pcap, pcapng or MRT');
}

async function uncompressed(source: ByteSource): Promise<ByteSource> {
  const head = await source.peek(2);
  if (head[0] !== 0x1f || head[1] !== 0x8b) return source;
  const input = Readable.from(source.chunks());
  const gunzip = createGunzip();
  input.on('error', (error) => gunzip.destroy(error));
  return new ByteSource(decompressed(input.pipe(gunzip)));
}

async function* decompressed(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (error) {
    throw new InputProblem(`Cannot read gzip: ${(error as Error).message}`);
  }
}

/** Messages one after the other. */
async function* rawMessages(
  chunks: AsyncIterable<Uint8Array>,
  options: ReadingOptions,
): AsyncGenerator<CapturedMessage | Notice> {
  const stream = new MessageStream();
  const ctx = contextOf(options);
  for await (const chunk of chunks) {
    for (const { bytes, offset } of stream.push(chunk)) {
      yield { kind: 'message', bytes, ctx, source: { streamOffset: offset } };
    }
    const skipped = stream.takeSkipped();
    if (skipped > 0) yield { kind: 'notice', text: `${skipped} octets are no message` };
  }
  if (stream.heldOctets > 0) {
    yield { kind: 'notice', text: `the last ${stream.heldOctets} octets are a message that is cut off` };
  }
}

async function* hexMessages(
  source: ByteSource,
  options: ReadingOptions,
): AsyncGenerator<CapturedMessage | Notice> {
  const octets = await source.rest(MAX_TEXT_OCTETS + 1);
  if (octets.length > MAX_TEXT_OCTETS) {
    throw new InputProblem(`Cannot read hexadecimal text: it is longer than ${MAX_TEXT_OCTETS} characters`);
  }
  const parts = parseHexText(new TextDecoder().decode(octets));
  const packets = parts.flatMap((bytes, i) => packetOf(bytes, i + 1) ?? []);
  if (packets.length > 0) return yield* captureMessages(listed(packets), options);
  if (!parts.some((bytes) => markerAt(bytes) >= 0)) {
    throw new InputProblem(
      'Cannot decode: the hexadecimal text holds no BGP message (16 times ff) and no packet',
    );
  }
  yield* rawMessages(chunksOf(...parts), options);
}

/** The packet that a dump's octets are, bare IP or an Ethernet frame; undefined when there is no TCP segment in them. */
function packetOf(bytes: Uint8Array, number: number): CapturedPacket | undefined {
  if (markerAt(bytes) === 0) return undefined;
  return [LINK_TYPE.RAW, LINK_TYPE.ETHERNET]
    .map((linkType) => ({ number, timeNanoseconds: undefined, linkType, bytes }))
    .find((packet) => tcpSegmentOf(packet) !== undefined);
}

async function* listed<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

function markerAt(bytes: Uint8Array): number {
  for (let at = 0; at + MARKER_OCTETS <= bytes.length; at++) {
    if (messageLengthAt(bytes, at) !== 0) return at;
  }
  return -1;
}
