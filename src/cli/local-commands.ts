/**
 * Commands that need no daemon: they turn octets into text and back. They take files and options of their own, so
 * commander reads their arguments; they are loaded only when asked for, as the codec is large.
 */
import type { Readable, Writable } from 'node:stream';
import { type Command as CommanderCommand, CommanderError } from 'commander';

export interface Streams {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

export interface LocalCommand {
  readonly word: string;
  readonly about: string;
  readonly example: string;
  load(streams: Streams): Promise<CommanderCommand>;
}

export const LOCAL_COMMANDS: readonly LocalCommand[] = [
  {
    word: 'decode',
    about: 'BGP messages in a capture, an MRT dump or hexadecimal text, in words',
    example: 'evpnctl decode session.pcap',
    load: async (streams) => (await import('./commands/decode.ts')).decodeCommand(streams),
  },
  {
    word: 'encode',
    about: 'The octets of messages given as JSON, as decode --json prints it',
    example: 'evpnctl decode --json session.pcap | evpnctl encode',
    load: async (streams) => (await import('./commands/encode.ts')).encodeCommand(streams),
  },
];

/** The local command that the first word of the arguments names, and the other arguments. */
export function localCommand(
  argv: readonly string[],
): { readonly command: LocalCommand; readonly rest: readonly string[] } | undefined {
  const at = argv.findIndex((argument) => !argument.startsWith('-'));
  const command = LOCAL_COMMANDS.find(({ word }) => word === argv[at]);
  return command && { command, rest: argv.toSpliced(at, 1) };
}

/** Runs it; returns the exit code. What it has to complain of, it has written to stderr. */
export async function runLocal(
  command: LocalCommand,
  rest: readonly string[],
  streams: Streams,
): Promise<number> {
  const program = (await command.load(streams))
    .name(`evpnctl ${command.word}`)
    .addHelpText('after', `\nExample:\n  ${command.example}`)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => streams.stdout.write(text),
      writeErr: (text) => streams.stderr.write(text),
    });
  try {
    await program.parseAsync([...rest], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    throw error;
  }
}
