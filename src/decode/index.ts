/**
 * BGP messages out of whatever people have them in, as JSON or text, and JSON back into messages. Needs no daemon.
 */
export type { CapturedMessage, Notice, Source } from './captured-message.ts';
export { readMessages } from './input.ts';
export { messageJson, octetsOfMessageJson } from './json.ts';
export { readJsonValues } from './json-input.ts';
export type { Json, JsonObject } from './json-values.ts';
export { type ReadingOptions, readingOptions } from './negotiation.ts';
export { InputProblem } from './problem.ts';
export { messageJsonSchema } from './schema.ts';
export { messageText } from './text.ts';
