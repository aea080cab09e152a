/** The configuration file: text to `Config` and back, its problems in words, and the difference of two. */
export { checkConfig } from './check-config.ts';
export * from './config.ts';
export { type ConfigChange, diffConfig, type Effect, printChange } from './diff.ts';
export { loadConfig, type ParseResult, parseConfig } from './parse.ts';
export { configDocument, type PrintOptions, printConfig } from './print.ts';
export { type Problem, printProblem } from './problems.ts';
export { jsonSchema } from './schema.ts';
