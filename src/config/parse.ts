/**
 * A configuration file into a `Config`, or into everything that is wrong with it. The steps: YAML, the schema (one
 * value at a time), the checks (values together), then defaults and peer groups.
 */
import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { suggest } from '../base/suggest.ts';
import { check } from './checks.ts';
import type { Config } from './config.ts';
import { type Path, type Problem, printPath } from './problems.ts';
import { resolve } from './resolve.ts';
import { configSchema } from './schema.ts';
import { Source } from './source.ts';

export type ParseResult =
  | { readonly config: Config; readonly problems: readonly [] }
  | { readonly config: undefined; readonly problems: readonly Problem[] };

/** `file` is for the messages only. */
export function parseConfig(text: string, file: string): ParseResult {
  const source = new Source(text, file);
  const syntax = source.syntaxProblems();
  if (syntax.length > 0) return { config: undefined, problems: syntax };
  const tree = source.tree();
  const shaped = configSchema.safeParse(tree);
  const problems = check(source, tree);
  if (!shaped.success) {
    problems.push(...withoutEchoes(shaped.error.issues.flatMap((issue) => explain(source, tree, issue))));
  }
  if (shaped.success && problems.length === 0) return { config: resolve(shaped.data), problems: [] };
  return { config: undefined, problems: problems.sort((a, b) => a.line - b.line || a.column - b.column) };
}

/** A misspelt key is one problem: that the key it was meant to be is missing goes without saying. */
function withoutEchoes(problems: readonly Problem[]): Problem[] {
  const meant = new Set(problems.map(({ path, suggestion }) => suggestion && printPath([path, suggestion])));
  return problems.filter(({ path, saw }) => !(saw === 'nothing' && meant.has(path)));
}

const READ_WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'no permission to read it',
  EISDIR: 'it is a directory, not a file',
};

/** Reads and parses; a file that cannot be read is a problem like the others. */
export function loadConfig(file: string): ParseResult {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const expected = `Cannot read configuration: ${READ_WORDS[code] ?? (code || String(error))}`;
    const problem = { file, line: 0, column: 0, path: '', saw: undefined, expected, suggestion: undefined };
    return { config: undefined, problems: [problem] };
  }
  return parseConfig(text, file);
}

function explain(source: Source, tree: unknown, issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  const seen = at(tree, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => {
        const known = keysOf(path);
        const wanted = known.length > 0 ? `one of ${known.join(', ')}` : 'no such key';
        return source.keyProblem([...path, key], `"${key}"`, wanted, suggest(key, known));
      });
    case 'invalid_type':
      return [source.problem(path, describe(path, seen), WANTED[issue.expected] ?? issue.message)];
    case 'custom': {
      const words: unknown = issue.params?.words;
      const suggestion = Array.isArray(words) && typeof seen === 'string' ? suggest(seen, words) : undefined;
      return [source.problem(path, describe(path, seen), issue.message, suggestion)];
    }
    default:
      return [source.problem(path, describe(path, seen), issue.message)];
  }
}

/** Containers; a scalar brings its own words in the issue's message. */
const WANTED: Readonly<Record<string, string>> = {
  object: 'keys and values',
  record: 'names, each with its settings',
  array: 'a list: lines that begin with "- "',
};

function describe(path: Path, seen: unknown): string {
  if (seen === undefined || seen === '') return 'nothing';
  if (Array.isArray(seen)) return seen.length === 0 ? 'an empty list' : 'a list';
  if (typeof seen === 'object') return 'keys and values';
  return path.at(-1) === 'password' ? '(hidden)' : `"${seen}"`;
}

function at(tree: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (node, step) =>
      typeof node === 'object' && node !== null
        ? (node as Record<string | number, unknown>)[step]
        : undefined,
    tree,
  );
}

/** The keys that the schema knows at `path`. */
function keysOf(path: Path): string[] {
  let schema: unknown = configSchema;
  for (const step of path) {
    const { def } = unwrap(schema);
    if (def.type === 'object') schema = def.shape?.[step];
    else schema = def.type === 'array' ? def.element : def.valueType;
  }
  return Object.keys(unwrap(schema).def.shape ?? {});
}

interface SchemaLike {
  readonly def: {
    readonly type: string;
    readonly innerType?: unknown;
    readonly out?: unknown;
    readonly shape?: Readonly<Record<string | number, unknown>>;
    readonly element?: unknown;
    readonly valueType?: unknown;
  };
}

/** Takes off `optional` and the `preprocess` that `section` puts around. */
function unwrap(schema: unknown): SchemaLike {
  let inner = schema as SchemaLike;
  while (inner.def.type === 'optional' || inner.def.type === 'pipe') {
    inner = (inner.def.type === 'pipe' ? inner.def.out : inner.def.innerType) as SchemaLike;
  }
  return inner;
}
