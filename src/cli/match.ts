/**
 * Which command did they mean. Words may be shortened as long as one command fits the whole line; an exact word goes
 * before words that only begin so, and a word before a value. Pure.
 */
import { suggest } from '../base/suggest.ts';
import type { Args, Command } from './command.ts';
import { expand, mayEnd, parsePattern, type Rest, type Terminal } from './grammar.ts';
import { VALUES } from './values.ts';

export type Match =
  | { readonly kind: 'found'; readonly command: Command; readonly args: Args }
  /** `words` are those that the shortened word at `at` may stand for. */
  | { readonly kind: 'ambiguous'; readonly at: number; readonly words: readonly string[] }
  /** The line is right so far, and more must follow. */
  | { readonly kind: 'incomplete'; readonly next: readonly Next[] }
  | {
      readonly kind: 'unknown';
      /** The word that does not fit. */
      readonly at: number;
      readonly next: readonly Next[];
      readonly suggestion: string | undefined;
    };

/** A word or value that may follow; `words` is what it stands for in the line so far. */
export interface Next {
  readonly text: string;
  readonly wanted: string | undefined;
}

interface Live {
  readonly command: Command;
  readonly rest: Rest;
  readonly args: Args;
  /** The full words chosen so far. */
  readonly chosen: readonly string[];
}

type Fit = 'exact' | 'prefix' | 'value';

export function match(commands: readonly Command[], words: readonly string[]): Match {
  let live = start(commands);
  for (const [at, word] of words.entries()) {
    const next = step(live, word);
    if (next.length === 0) {
      const options = nextOf(live);
      return {
        kind: 'unknown',
        at,
        next: options,
        suggestion: suggest(
          word,
          options.map(({ text }) => text),
        ),
      };
    }
    live = next;
  }
  const ends = live.filter(({ rest }) => mayEnd(rest));
  if (ends.length === 0) return ambiguity(live, words) ?? { kind: 'incomplete', next: nextOf(live) };
  const distinct = new Set(ends.map(({ chosen }) => chosen.join(' ')));
  if (distinct.size > 1) return ambiguity(ends, words)!;
  const { command, args } = ends[0]!;
  return { kind: 'found', command, args };
}

/** What may follow after `words`: the words and values, and whether the line may end here. */
export function follow(
  commands: readonly Command[],
  words: readonly string[],
): { readonly next: readonly Next[]; readonly commands: readonly Command[]; readonly mayEnd: boolean } {
  const live = words.reduce((before, word) => step(before, word), start(commands));
  return {
    next: nextOf(live),
    commands: [...new Set(live.map(({ command }) => command))],
    mayEnd: live.some(({ rest }) => mayEnd(rest)),
  };
}

const start = (commands: readonly Command[]): Live[] =>
  commands.map((command) => ({ command, rest: [parsePattern(command.pattern)], args: {}, chosen: [] }));

function step(live: readonly Live[], word: string): Live[] {
  const fits = live.flatMap((one) =>
    expand(one.rest).flatMap(({ terminal, rest }) => {
      const fit = fitOf(terminal, word);
      return fit ? [{ fit, next: advance(one, terminal, rest, word) }] : [];
    }),
  );
  const best: Fit | undefined = (['exact', 'prefix', 'value'] as const).find((kind) =>
    fits.some(({ fit }) => fit === kind),
  );
  // Words that only begin so stay beside each other: the rest of the line may decide.
  return fits.filter(({ fit }) => fit === best).map(({ next }) => next);
}

function fitOf(terminal: Terminal, word: string): Fit | undefined {
  if (terminal.kind === 'value')
    return VALUES[terminal.name]!.parse(word) === undefined ? undefined : 'value';
  const lower = word.toLowerCase();
  if (terminal.word === lower) return 'exact';
  return word !== '' && terminal.word.startsWith(lower) ? 'prefix' : undefined;
}

function advance(one: Live, terminal: Terminal, rest: Rest, word: string): Live {
  const name = terminal.kind === 'word' ? terminal.word : terminal.name;
  const value = terminal.kind === 'word' ? true : VALUES[name]!.parse(word)!;
  return { ...one, rest, args: { ...one.args, [name]: value }, chosen: [...one.chosen, name] };
}

/** The first place where the live readings of the line differ, when that is a word that was typed. */
function ambiguity(live: readonly Live[], words: readonly string[]): Match | undefined {
  for (let at = 0; at < words.length; at++) {
    const readings = [...new Set(live.map(({ chosen }) => chosen[at]!))];
    if (readings.length > 1) return { kind: 'ambiguous', at, words: readings.sort() };
  }
  return undefined;
}

function nextOf(live: readonly Live[]): Next[] {
  const next = new Map<string, Next>();
  for (const { rest } of live) {
    for (const { terminal } of expand(rest)) {
      const text = terminal.kind === 'word' ? terminal.word : terminal.name;
      next.set(text, { text, wanted: terminal.kind === 'word' ? undefined : VALUES[text]!.wanted });
    }
  }
  return [...next.values()].sort((a, b) => (a.text < b.text ? -1 : 1));
}
