/**
 * A configuration file as YAML 1.2: its tree with every scalar as the text that was written, and where each node
 * stands. The only user of the yaml library's parser.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import { type Path, type Problem, printPath } from './problems.ts';

type Node = unknown;

/** What the library's error codes mean to somebody who writes the file by hand. */
const SYNTAX_WORDS: Readonly<Record<string, string>> = {
  BAD_INDENT: 'lines of one block must begin at the same column',
  BAD_SCALAR_START: 'a value that begins with this character must be in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a second "key: value" on one line; quote the value if its colon belongs to it',
  BLOCK_IN_FLOW: 'an indented block cannot stand within [ ] or { }',
  DUPLICATE_KEY: 'this key is there already, a few lines above',
  MISSING_CHAR: 'a closing quote, bracket or colon is missing',
  MULTIPLE_DOCS: 'one document only: remove the second "---"',
  TAB_AS_INDENT: 'indent with spaces, not tabs',
  UNEXPECTED_TOKEN: 'this does not belong here; is the line indented as the ones above it?',
};

export class Source {
  readonly file: string;
  readonly #document: Document;
  readonly #lines = new LineCounter();

  constructor(text: string, file: string) {
    this.file = file;
    this.#document = parseDocument(text, {
      schema: 'failsafe',
      merge: true,
      lineCounter: this.#lines,
      prettyErrors: false,
    });
  }

  /** Why the text is no YAML, one problem a line; empty when it is. */
  syntaxProblems(): Problem[] {
    const problems = this.#document.errors.map(({ code, message, pos }) => {
      const words = SYNTAX_WORDS[code] ?? message;
      const open = code === 'MISSING_CHAR' ? this.#openAt(pos[0]) : undefined;
      return open === undefined
        ? this.#problemAt(pos[0], '', undefined, words)
        : this.#problemAt(
            open,
            '',
            undefined,
            'what begins here is never closed: a quote or bracket is missing',
          );
    });
    visit(this.#document, {
      Alias: (_, alias) => {
        if (alias.resolve(this.#document)) return;
        const wanted = `an alias of an anchor set above it; there is no "&${alias.source}"`;
        problems.push(this.#problemAt(alias.range?.[0] ?? 0, '', `"*${alias.source}"`, wanted));
      },
    });
    problems.push(...(problems.length === 0 ? this.#expansionProblems() : []));
    const seen = new Set<number>();
    return problems.filter(({ line }) => !seen.has(line) && seen.add(line));
  }

  /** What is well formed and still makes no tree: merging what is no map, aliases of aliases without end. */
  #expansionProblems(): Problem[] {
    const problems: Problem[] = [];
    visit(this.#document, {
      Pair: (_, { key, value }) => {
        if (!isMergeKey(key)) return;
        const merged = this.#followed(value);
        const sources = isSeq(merged) ? merged.items : [merged];
        if (sources.every((source) => isMap(this.#followed(source)))) return;
        const wanted = 'an alias of keys and values to merge, such as *name';
        problems.push(this.#problemAt(startOf(value) ?? startOf(key) ?? 0, '<<', undefined, wanted));
      },
    });
    if (problems.length > 0) return problems;
    try {
      this.tree();
      return [];
    } catch (error) {
      const wanted = `Cannot expand the aliases: ${error instanceof Error ? error.message : error}`;
      return [this.#problemAt(0, '', undefined, wanted)];
    }
  }

  /** Maps, lists and texts. An empty file is an empty map. */
  tree(): unknown {
    return this.#document.contents === null ? {} : this.#document.toJS();
  }

  /** A problem with the value at `path`, or with what holds it when it is missing. */
  problem(path: Path, saw: string | undefined, expected: string, suggestion?: string): Problem {
    return this.#problemAt(this.#offsetOf(path), printPath(path), saw, expected, suggestion);
  }

  /** A problem with the key itself rather than with its value. */
  keyProblem(path: Path, saw: string, expected: string, suggestion?: string): Problem {
    const pair = this.#pair(this.#find(path.slice(0, -1)), path.at(-1)!);
    const offset = startOf(pair?.key) ?? this.#offsetOf(path);
    return this.#problemAt(offset, printPath(path.slice(0, -1)), saw, expected, suggestion);
  }

  /** Where the innermost quoted text or bracketed list begins that still goes on at `offset`. */
  #openAt(offset: number): number | undefined {
    let open: number | undefined;
    visit(this.#document, {
      Node: (_, node) => {
        const bracketed = (isMap(node) || isSeq(node)) && node.flow === true;
        const quoted = isScalar(node) && (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE');
        const range = 'range' in node ? node.range : undefined;
        if ((bracketed || quoted) && range && range[0] < offset && offset <= range[2]) open = range[0];
      },
    });
    return open;
  }

  #problemAt(
    offset: number,
    path: string,
    saw: string | undefined,
    expected: string,
    suggestion?: string,
  ): Problem {
    const { line, col } = this.#lines.linePos(offset);
    // A file without a single line has no position; point at its beginning.
    return { file: this.file, line: line || 1, column: col || 1, path, saw, expected, suggestion };
  }

  #offsetOf(path: Path): number {
    for (let length = path.length; length >= 0; length--) {
      const start = startOf(this.#find(path.slice(0, length)));
      if (start !== undefined) return start;
    }
    return 0;
  }

  #find(path: Path): Node {
    let node: Node = this.#document.contents;
    for (const step of path) {
      node = this.#followed(node);
      node = isSeq(node) && typeof step === 'number' ? node.items[step] : this.#pair(node, step)?.value;
    }
    return this.#followed(node);
  }

  #followed(node: Node): Node {
    return isAlias(node) ? node.resolve(this.#document) : node;
  }

  /** The pair with that key, also when it comes from a merged map (`<<: *anchor`). */
  #pair(node: Node, key: string | number): { key: Node; value: Node } | undefined {
    const map = this.#followed(node);
    if (!isMap(map)) return undefined;
    const own = map.items.find((pair) => isScalar(pair.key) && pair.key.value === String(key));
    if (own) return own;
    for (const { key: name, value } of map.items) {
      if (!isMergeKey(name) || value === null) continue;
      const merged = this.#pair(value, key);
      if (merged) return merged;
    }
    return undefined;
  }
}

/** The library gives a merge key a symbol for a value. */
const isMergeKey = (key: Node): boolean => isScalar(key) && key.source === '<<';

function startOf(node: Node): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node)) return undefined;
  return Array.isArray(node.range) ? node.range[0] : undefined;
}
