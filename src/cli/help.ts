/** What evpnctl says about itself: all commands, those that begin so, what may follow a line, and mistakes. Pure. */
import type { Command } from './command.ts';
import { LOCAL_COMMANDS } from './local-commands.ts';
import { follow, type Match, type Next } from './match.ts';

/** `--help`: with words, the commands that begin so, each with an example. */
export function help(commands: readonly Command[], words: readonly string[]): string[] {
  if (words.length === 0) return overview(commands);
  const { commands: fitting } = follow(commands, words);
  if (fitting.length === 0)
    return [`No command begins with "${words.join(' ')}".`, '', ...overview(commands)];
  return fitting.flatMap(({ pattern, about, example, learns }) => [
    pattern,
    `    ${about}.`,
    `    Example: ${example}`,
    `    ${learns}`,
    '',
  ]);
}

function overview(commands: readonly Command[]): string[] {
  return [
    'evpnctl asks a running evpnd what it knows, and tells it what to do.',
    '',
    'Usage: evpnctl [--json] [--socket PATH] COMMAND',
    '',
    ...commands.flatMap(({ pattern, about }) => [`  ${pattern}`, `      ${about}`]),
    '',
    'Without a daemon (--help after the word says more):',
    '',
    ...LOCAL_COMMANDS.flatMap(({ word, about, example }) => [
      `  ${word}`,
      `      ${about}`,
      `      Example: ${example}`,
    ]),
    '',
    'Words may be shortened as long as they are clear: evpnctl sh bgp sum',
    'Brackets mean: [may be left out] <one|of|these> {any|of|these}; capitals stand for a value.',
    '',
    '  ? or --help    after any words: what may follow, with examples  (evpnctl show evpn --help)',
    '  --json         the same as JSON, in the schema of docs/evpnctl.md',
    '  --socket PATH  the daemon to ask; else $EVPND_SOCKET, else /run/evpnd/evpnd.sock',
    '  --version      the version of evpnctl',
    '  completion     a script for bash: source <(evpnctl completion)',
  ];
}

/** `?` at the end of a line: the words and values that may stand there. */
export function question(commands: readonly Command[], words: readonly string[]): string[] {
  const { next, mayEnd, commands: fitting } = follow(commands, words);
  if (fitting.length === 0) return [`No command begins with "${words.join(' ')}".`];
  return [...next.map(printNext), ...(mayEnd ? [`  ${'<enter>'.padEnd(20)} run "${words.join(' ')}"`] : [])];
}

const printNext = ({ text, wanted }: Next): string => `  ${text.padEnd(20)} ${wanted ?? ''}`.trimEnd();

/** Why a line is no command, with a mark below the word. */
export function mistake(
  words: readonly string[],
  match: Exclude<Match, { readonly kind: 'found' }>,
): string[] {
  const line = `evpnctl ${words.join(' ')}`;
  switch (match.kind) {
    case 'incomplete':
      return [`Incomplete command: ${line} ...`, 'What may follow:', ...match.next.map(printNext)];
    case 'ambiguous':
      return [
        `Ambiguous command: "${words[match.at]}" may be ${match.words.join(' or ')}`,
        ...marked(line, words, match.at),
      ];
    case 'unknown': {
      const expected =
        match.next.length > 0
          ? ['Expected here:', ...match.next.map(printNext)]
          : [`Nothing may follow "${words.slice(0, match.at).join(' ')}".`];
      const meant = match.suggestion === undefined ? '' : `; did you mean "${match.suggestion}"?`;
      return [
        `Unknown word: saw "${words[match.at]}"${meant}`,
        ...marked(line, words, match.at),
        ...expected,
      ];
    }
  }
}

function marked(line: string, words: readonly string[], at: number): string[] {
  const offset = 'evpnctl '.length + words.slice(0, at).join(' ').length + (at > 0 ? 1 : 0);
  return [`  ${line}`, `  ${' '.repeat(offset)}${'^'.repeat(Math.max(1, words[at]!.length))}`];
}
