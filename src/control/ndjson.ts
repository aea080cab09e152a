/**
 * Rows as NDJSON, one object a line, both ways. The writer takes rows only as fast as the reader reads, and lets
 * other work run between slices: a million routes neither fill memory nor hold up a keepalive.
 */
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import type { Rows } from './api.ts';

/** A slice ends after so much time or text, whichever comes first. */
const SLICE_MILLISECONDS = 4;
const SLICE_CHARACTERS = 64 * 1024;
/** The clock is read once in so many rows. */
const ROWS_PER_LOOK = 32;

/**
 * Writes every row; resolves when the last is handed to the stream, or when the reader has gone (then the source is
 * closed early). Rejects with what the source throws. Ends nothing: the caller does.
 */
export async function writeRows(rows: Rows<object>, out: Writable, clock: Clock): Promise<void> {
  const source = Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]();
  let done = false;
  try {
    while (!done && !out.destroyed) {
      let text = '';
      const end = clock.now() + SLICE_MILLISECONDS;
      for (let row = 1; text.length < SLICE_CHARACTERS; row++) {
        // Awaiting only what must be awaited: a microtask for each of a million rows costs more than the row.
        const step = source.next();
        const result = step instanceof Promise ? await step : step;
        if ((done = result.done === true)) break;
        if (result.value !== undefined) text += `${JSON.stringify(result.value)}\n`;
        if (row % ROWS_PER_LOOK === 0 && clock.now() >= end) break;
      }
      if (text !== '' && !out.write(text)) await drained(out);
      else if (!done) await new Promise<void>((resume) => clock.soon(resume));
    }
  } finally {
    if (!done) await source.return?.();
  }
}

/** Resolves when the stream takes more, or is gone. */
function drained(out: Writable): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      out.off('drain', settle);
      out.off('close', settle);
      resolve();
    };
    out.on('drain', settle);
    out.on('close', settle);
    if (out.destroyed || !out.writableNeedDrain) settle();
  });
}

/** The objects of an NDJSON stream, in batches as they arrive. Throws a SyntaxError when a line is no JSON. */
export async function* readRows<T>(input: Readable): AsyncGenerator<readonly T[], void> {
  input.setEncoding('utf8');
  let rest = '';
  for await (const chunk of input) {
    const text = rest + chunk;
    const end = text.lastIndexOf('\n');
    rest = text.slice(end + 1);
    if (end < 0) continue;
    // A line at a time: JSON.parse of one long array would hold all of its rows at once.
    yield text
      .slice(0, end)
      .split('\n')
      .filter(Boolean)
      .map((line): T => JSON.parse(line));
  }
  if (rest.trim() !== '') yield [JSON.parse(rest) as T];
}
