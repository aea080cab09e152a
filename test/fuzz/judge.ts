/**
 * What must hold of any octets whatever: a value or a BgpFault, nothing else thrown; within 10 ms; a value no larger than its
 * octets account for; and what a speaker takes from it can be stored, read and sent.
 */
import {
  BgpFault,
  type CodecContext,
  DEFAULT_CONTEXT,
  decodeAttributeBlock,
  decodeMessage,
  encodeMessage,
  FAMILY,
  Framer,
  HEADER_LENGTH,
  hexText,
  MESSAGE_TYPE,
  type UpdateVisitor,
  UpdateWriter,
  Writer,
  walkUpdate,
} from 'bgp-protocol';

const SLOWEST_MILLISECONDS = 10;
/** JSON characters per octet of message, and for the least of messages: generous, but no amplification passes it. */
const LARGEST_PER_OCTET = 200;
const LARGEST_AT_LEAST = 4096;

const FAMILIES = new Set<number>(Object.values(FAMILY));
export const CONTEXTS: readonly CodecContext[] = [
  DEFAULT_CONTEXT,
  { ...DEFAULT_CONTEXT, fourOctetAs: false },
  { ...DEFAULT_CONTEXT, ibgp: false, addPathReceive: FAMILIES, addPathSend: FAMILIES },
];

/** Stores blocks and NLRI as a daemon does, then sends them again. */
class Speaker implements UpdateVisitor {
  readonly #out = new Writer(8192);
  readonly #writer: UpdateWriter;
  announced = 0;

  constructor(ctx: CodecContext) {
    this.#writer = new UpdateWriter(65535, this.#out, ctx);
  }

  attributes(block: Uint8Array, start: number, end: number): void {
    decodeAttributeBlock(block, start, end);
    this.#writer.begin(block, start, end);
  }

  announce(_family: number, bytes: Uint8Array, start: number, end: number, pathId: number): void {
    this.announced++;
    if (!this.#writer.announce(bytes, start, end, pathId))
      throw new Error('a route did not fit in 65535 octets');
  }

  withdraw(_family: number, _bytes: Uint8Array, start: number, end: number): void {
    if (end < start) throw new Error(`an NLRI from ${start} to ${end}`);
  }

  endOfRib(): void {}

  fault(fault: BgpFault): void {
    if (!(fault instanceof BgpFault)) throw new Error('a fault that is none');
  }

  sent(): Uint8Array {
    this.#writer.end();
    return this.#out.finish();
  }
}

/** Undefined, or what was wrong with how these octets were taken. */
export function judge(octets: Uint8Array): string | undefined {
  try {
    for (const ctx of CONTEXTS) {
      decodeAndEncode(octets, ctx);
      if (octets[18] === MESSAGE_TYPE.UPDATE && octets.length > HEADER_LENGTH) speak(octets, ctx);
    }
    frame(octets);
  } catch (error) {
    return `${error instanceof Error ? error.stack : error}`;
  }
  return tooSlow(octets);
}

function decodeAndEncode(octets: Uint8Array, ctx: CodecContext): void {
  try {
    const value = decodeMessage(octets, ctx);
    const size = JSON.stringify(value, (_key, part) =>
      part instanceof Uint8Array ? hexText(part) : part,
    ).length;
    if (size > LARGEST_AT_LEAST + LARGEST_PER_OCTET * octets.length) {
      throw new Error(`a value of ${size} characters from ${octets.length} octets`);
    }
    encodeMessage(value, { ...ctx, extendedMessage: true });
  } catch (error) {
    if (!(error instanceof BgpFault)) throw error;
  }
}

function speak(octets: Uint8Array, ctx: CodecContext): void {
  const speaker = new Speaker(ctx);
  const action = walkUpdate(octets, HEADER_LENGTH, octets.length, ctx, speaker);
  if (action === 'session-reset' && speaker.announced > 0)
    throw new Error('routes announced before a session reset');
  const again = new Speaker(ctx);
  const framer = new Framer(
    (_type, bytes, start, end) => {
      const fault = walkUpdate(bytes, start, end, ctx, again);
      if (fault !== undefined) throw new Error(`what was sent again is faulty: ${fault}`);
    },
    { maxLength: 65535 },
  );
  framer.push(speaker.sent());
  if (again.announced !== speaker.announced) {
    throw new Error(`announced ${speaker.announced}, and ${again.announced} after sending it again`);
  }
}

/** The framer gets the same octets in pieces; whatever it finds, it must say so by a fault. */
function frame(octets: Uint8Array): void {
  let bodies = 0;
  const framer = new Framer((_type, _bytes, start, end) => void (bodies += end - start), { maxLength: 4096 });
  try {
    for (let at = 0; at < octets.length; at += 7) framer.push(octets.subarray(at, at + 7));
  } catch (error) {
    if (!(error instanceof BgpFault)) throw error;
  }
}

/**
 * Time on the processor, as a test shares it with others; a pause of the collector is not the decoder's, so the best of eight
 * runs counts.
 */
function tooSlow(octets: Uint8Array): string | undefined {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 8 && best > SLOWEST_MILLISECONDS; run++) {
    const began = process.cpuUsage();
    decodeAndEncode(octets, DEFAULT_CONTEXT);
    const { user, system } = process.cpuUsage(began);
    best = Math.min(best, (user + system) / 1000);
  }
  return best > SLOWEST_MILLISECONDS
    ? `${best.toFixed(1)} ms, expected up to ${SLOWEST_MILLISECONDS}`
    : undefined;
}
