/**
 * JSON values out of text: one a line, or one array, or one value over many lines.
 */
import type { Json } from './json-values.ts';
import { InputProblem } from './problem.ts';

/**
 * Yields the values as they come; an array gives its items. Throws an InputProblem that names the line of what is not
 * JSON.
 */
export async function* readJsonValues(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Json> {
  const decoder = new TextDecoder();
  let rest = '';
  let lineNumber = 0;
  let begun = '';
  let begunAt = 1;
  const take = function* (line: string): Generator<Json> {
    lineNumber++;
    if (begun === '' && line.trim() === '') return;
    if (begun === '') begunAt = lineNumber;
    begun += `${line}\n`;
    // A value over many lines is whole when it parses; each of them is only tried where one can end.
    if (!/[}\]]\s*$/.test(line)) return;
    const value = parsed(begun);
    if (value === undefined) return;
    begun = '';
    yield* Array.isArray(value) ? value : [value];
  };
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield* take(line);
  }
  yield* take(rest);
  if (begun.trim() !== '') {
    throw new InputProblem(
      `Cannot read JSON: what begins on line ${begunAt} is no JSON value: ${firstProblem(begun)}`,
    );
  }
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    // Perhaps it goes on in the next line.
    return undefined;
  }
}

function firstProblem(text: string): string {
  try {
    JSON.parse(text);
    return 'it is neither an object nor an array';
  } catch (error) {
    return (error as Error).message;
  }
}
