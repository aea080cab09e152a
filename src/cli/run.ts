/**
 * evpnctl from its arguments to its exit code: options, the command that was meant, its output, and its mistakes.
 * Everything it touches is an argument, so tests run it whole.
 */
import { Command as Options } from 'commander';
import { ControlClient, ControlError, DEFAULT_SOCKET } from '../control/index.ts';
import { COMMANDS } from './commands/index.ts';
import { completionScript, completions } from './completion.ts';
import { help, mistake, question } from './help.ts';
import { LOCAL_COMMANDS, localCommand, runLocal, type Streams } from './local-commands.ts';
import { match } from './match.ts';
import { Output } from './output.ts';

export interface CliEnvironment extends Streams {
  readonly version: string;
  readonly socket: string | undefined;
}

interface ParsedOptions {
  readonly json?: boolean;
  readonly help?: boolean;
  readonly version?: boolean;
  readonly socket?: string;
}

/** 0: done. 1: it failed, or the daemon refused. 2: the line is no command. */
export async function run(argv: readonly string[], environment: CliEnvironment): Promise<number> {
  const local = localCommand(argv);
  if (local) return runLocal(local.command, local.rest, environment);
  const stdout = new Output(environment.stdout);
  const stderr = new Output(environment.stderr);
  const parsed = parseOptions(argv);
  if ('error' in parsed) {
    await stderr.lines([parsed.error]);
    return 2;
  }
  const { options, words } = parsed;
  if (options.version) {
    await stdout.lines([`evpnctl ${environment.version}`]);
    return 0;
  }
  const answer = ownAnswer(words, options);
  if (answer) {
    await stdout.lines(answer);
    return 0;
  }
  if (words.at(-1) === 'json') {
    await stderr.lines([RESERVED_JSON]);
    return 1;
  }
  const found = match(COMMANDS, words);
  if (found.kind !== 'found') {
    await stderr.lines(words.length === 0 ? help(COMMANDS, []) : mistake(words, found));
    return 2;
  }
  const client = new ControlClient(options.socket ?? environment.socket ?? DEFAULT_SOCKET);
  try {
    await found.command.run({ client, args: found.args, json: options.json === true, output: stdout });
    return 0;
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    await stderr.lines(refusal(error));
    return 1;
  }
}

/** One line, or below a list of problems a line of its own for the hint. */
function refusal({ message, hint }: ControlError): string[] {
  if (hint === undefined) return [message];
  return message.includes('\n') ? [message, hint] : [`${message} (${hint})`];
}

const RESERVED_JSON =
  "The word json at the end is reserved for FRR's JSON, key for key, which evpnd does not print yet; --json gives evpnd's own.";

/** What evpnctl knows by itself: help, `?` and completion. */
function ownAnswer(words: readonly string[], options: ParsedOptions): string[] | undefined {
  if (options.help || words[0] === 'help')
    return help(COMMANDS, words[0] === 'help' ? words.slice(1) : words);
  if (words.at(-1)?.endsWith('?')) {
    const last = words.at(-1)!.slice(0, -1);
    return question(COMMANDS, last === '' ? words.slice(0, -1) : [...words.slice(0, -1), last]);
  }
  if (words[0] === 'completion' && words.length === 1) return completionScript();
  if (words[0] === 'complete') {
    const first = words.length === 1 ? LOCAL_COMMANDS.map(({ word }) => word) : [];
    return [...completions(COMMANDS, words.slice(1)), ...first];
  }
  return undefined;
}

function parseOptions(
  argv: readonly string[],
): { readonly options: ParsedOptions; readonly words: readonly string[] } | { readonly error: string } {
  const program = new Options('evpnctl')
    .helpOption(false)
    .helpCommand(false)
    .option('--json')
    .option('-h, --help')
    .option('-V, --version')
    .option('-s, --socket <path>')
    .argument('[words...]')
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  try {
    program.parse([...argv], { from: 'user' });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { error: `${message.replace(/^error: /, 'Cannot read options: ')} (evpnctl --help)` };
  }
  return { options: program.opts<ParsedOptions>(), words: program.args };
}
