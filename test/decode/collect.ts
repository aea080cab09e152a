/** What readMessages gives, all at once. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { hexText } from 'bgp-protocol';
import { chunksOf } from '../../src/decode/byte-source.ts';
import { type CapturedMessage, type ReadingOptions, readMessages } from '../../src/decode/index.ts';

export function fixturePath(path: string): string {
  return fileURLToPath(new URL(`../../rfc-fixtures/${path}`, import.meta.url));
}

export function fixtureOctets(path: string): Uint8Array {
  return new Uint8Array(readFileSync(fixturePath(path)));
}

export interface Collected {
  readonly messages: readonly CapturedMessage[];
  readonly notices: readonly string[];
}

/** `input` is cut into chunks of `chunkOctets`, so that every reader meets every boundary. */
export async function collect(
  input: Uint8Array | string,
  options: ReadingOptions = {},
  chunkOctets = Number.POSITIVE_INFINITY,
): Promise<Collected> {
  const bytes = typeof input === 'string' ? new TextEncoder().encode(input) : input;
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += chunkOctets) {
    chunks.push(bytes.slice(at, Math.min(at + chunkOctets, bytes.length)));
    if (chunkOctets === Number.POSITIVE_INFINITY) break;
  }
  const messages: CapturedMessage[] = [];
  const notices: string[] = [];
  for await (const item of readMessages(chunksOf(...chunks), options)) {
    if (item.kind === 'message') messages.push(item);
    else notices.push(item.text);
  }
  return { messages, notices };
}

export function octetsOf({ messages }: Collected): readonly string[] {
  return messages.map(({ bytes }) => hexText(bytes));
}
