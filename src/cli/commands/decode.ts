/** `evpnctl decode [FILE]`: BGP messages out of hexadecimal text, raw octets, pcap, pcapng or MRT. Needs no daemon. */
import { createReadStream } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { Command } from 'commander';
import {
  InputProblem,
  messageJson,
  messageJsonSchema,
  messageText,
  readingOptions,
  readMessages,
} from '../../decode/index.ts';
import { Output } from '../output.ts';

/** Where a command without a daemon reads and writes. */
export interface Streams {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

interface DecodeOptions {
  readonly json?: true;
  readonly schema?: true;
  readonly twoOctetAs?: true;
  readonly addPath: readonly string[];
}

/**
 * Notices (octets that were not captured, records that were passed over) go to stderr. Input that cannot be read ends the
 * command with a CommanderError of exit code 1.
 */
export function decodeCommand(streams: Streams = process): Command {
  const command = new Command('decode')
    .description('Print the BGP messages in hexadecimal text, raw octets, pcap, pcapng or MRT, plain or gzip')
    .argument('[file]', 'what to read; "-" or nothing is the standard input', '-')
    .option('--json', 'one JSON object a line (docs/decode.md)')
    .option('--schema', 'print the schema of these objects, and read nothing')
    .option('--two-octet-as', 'AS numbers of two octets, where no OPEN says otherwise')
    .option('--add-path <family...>', 'families with path identifiers, where no OPEN says so', [])
    .action(async (file: string, options: DecodeOptions) => {
      await reportingProblems(command, () => decode(file, options, streams));
    });
  return command;
}

async function decode(
  file: string,
  options: DecodeOptions,
  { stdin, stdout, stderr }: Streams,
): Promise<void> {
  const output = new Output(stdout);
  if (options.schema) return output.lines([JSON.stringify(messageJsonSchema(), null, 2)]);
  const notices = new Output(stderr);
  const reading = readingOptions(options.twoOctetAs === true, options.addPath);
  for await (const item of readMessages(inputOf(file, stdin), reading)) {
    if (item.kind === 'notice') await notices.lines([item.text]);
    else if (options.json) await output.lines([JSON.stringify(messageJson(item))]);
    else await output.lines([...messageText(item), '']);
  }
}

export function inputOf(file: string, stdin: Readable): AsyncIterable<Uint8Array> {
  return file === '-' ? stdin : createReadStream(file);
}

/** What the input is to blame for is one line and exit code 1. */
export async function reportingProblems(command: Command, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const known = error instanceof InputProblem || (error as NodeJS.ErrnoException).syscall !== undefined;
    if (!known) throw error;
    command.error((error as Error).message, { exitCode: 1, code: 'evpnctl.input' });
  }
}
