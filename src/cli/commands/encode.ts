/** `evpnctl encode [FILE]`: the JSON of `evpnctl decode --json` back into the octets of the messages. Needs no daemon. */
import { Command } from 'commander';
import { octetsOfMessageJson, readJsonValues } from '../../decode/index.ts';
import { Output } from '../output.ts';
import { inputOf, reportingProblems, type Streams } from './decode.ts';

/** JSON that is no message ends the command with a CommanderError of exit code 1. */
export function encodeCommand(streams: Streams = process): Command {
  const command = new Command('encode')
    .description('Print the octets of BGP messages given as JSON: hexadecimal digits, a message a line')
    .argument('[file]', 'what to read; "-" or nothing is the standard input', '-')
    .option('--raw', 'the octets themselves')
    .action(async (file: string, { raw }: { readonly raw?: true }) => {
      await reportingProblems(command, () => encode(file, raw === true, streams));
    });
  return command;
}

async function encode(file: string, raw: boolean, { stdin, stdout }: Streams): Promise<void> {
  const output = new Output(stdout);
  for await (const json of readJsonValues(inputOf(file, stdin))) {
    const octets = octetsOfMessageJson(json);
    if (raw) await written(stdout, octets);
    else await output.lines([Buffer.from(octets).toString('hex')]);
  }
}

async function written(stream: Streams['stdout'], octets: Uint8Array): Promise<void> {
  if (stream.write(octets)) return;
  await new Promise<void>((resolve) => stream.once('drain', resolve));
}
