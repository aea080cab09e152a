/**
 * `evpnctl decode` and `evpnctl encode`: what goes to which stream, and exit codes.
 */
import { readFileSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Command, CommanderError } from 'commander';
import t from 'tap';
import { decodeCommand, type Streams } from '../../src/cli/commands/decode.ts';
import { encodeCommand } from '../../src/cli/commands/encode.ts';

const CAPTURE = fileURLToPath(new URL('../../rfc-fixtures/captures/type2-mac-ipv4.pcap', import.meta.url));
const KEEPALIVE = `${'ff'.repeat(16)}001304`;

class Sink extends Writable {
  readonly chunks: Buffer[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk);
    // Not at once, so that a full buffer is waited for.
    setImmediate(done);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

interface Result {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

async function run(
  make: (streams: Streams) => Command,
  argv: readonly string[],
  stdin: string | Uint8Array = '',
): Promise<Result> {
  const [stdout, stderr] = [new Sink({ highWaterMark: 64 }), new Sink()];
  const command = make({ stdin: Readable.from([Buffer.from(stdin)]), stdout, stderr });
  command
    .exitOverride()
    .configureOutput({ writeErr: (text) => stderr.write(text), writeOut: (text) => stdout.write(text) });
  let exitCode = 0;
  try {
    await command.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if ((error as CommanderError).exitCode === undefined) throw error;
    exitCode = (error as CommanderError).exitCode;
  }
  for (const sink of [stdout, stderr]) await new Promise((resolve) => sink.end(resolve));
  return { exitCode, stdout: stdout.bytes, stderr: String(stderr.bytes) };
}

t.test('a file as text and as JSON, a message a line', async (t) => {
  const text = await run(decodeCommand, [CAPTURE]);
  t.equal(text.exitCode, 0);
  t.match(
    String(text.stdout),
    /^packet 1 .*: UPDATE, 109 octets\n0017 {2}MP_REACH_NLRI l2vpn-evpn next hop 10\.0\.0\.1\n/,
  );
  const json = await run(decodeCommand, ['--json', CAPTURE]);
  const lines = String(json.stdout).trimEnd().split('\n');
  t.strictSame(
    lines.map((line) => JSON.parse(line).type),
    ['UPDATE', 'UPDATE', 'KEEPALIVE', 'KEEPALIVE'],
  );
  t.equal(json.stderr, '');
});

t.test('decode --json into encode gives the octets; --raw as octets', async (t) => {
  const { stdout: json } = await run(decodeCommand, ['--json', CAPTURE]);
  const hex = await run(encodeCommand, [], json);
  const again = await run(decodeCommand, ['--json'], hex.stdout);
  const withoutSource = (output: Buffer) =>
    String(output)
      .trimEnd()
      .split('\n')
      .map((line) => ({ ...JSON.parse(line), source: undefined }));
  t.strictSame(withoutSource(again.stdout), withoutSource(json));
  const raw = await run(encodeCommand, ['--raw', '-'], json);
  t.equal(raw.stdout.toString('hex'), String(hex.stdout).replaceAll('\n', ''));
  t.equal(raw.stdout.length, 109 + 130 + 19 + 19);
});

t.test('notices go to stderr, messages to stdout', async (t) => {
  const { exitCode, stdout, stderr } = await run(decodeCommand, [], `${KEEPALIVE}010203`);
  t.equal(exitCode, 0);
  t.equal(String(stdout), 'KEEPALIVE, 19 octets\n\n');
  t.equal(stderr, '3 octets are no message\n');
});

t.test('options say how to read what no OPEN tells', async (t) => {
  const { stdout } = await run(decodeCommand, ['--json', '--two-octet-as'], KEEPALIVE);
  t.match(JSON.parse(String(stdout)), { type: 'KEEPALIVE', context: { fourOctetAs: false } });
  const unknown = await run(decodeCommand, ['--add-path', 'x'], KEEPALIVE);
  t.equal(unknown.exitCode, 1);
  t.equal(unknown.stderr, 'Cannot read "x": expected an address family such as l2vpn-evpn\n');
});

t.test('--schema prints what docs/decode.schema.json holds', async (t) => {
  const { stdout } = await run(decodeCommand, ['--schema']);
  t.equal(String(stdout), readFileSync(new URL('../../docs/decode.schema.json', import.meta.url), 'utf8'));
});

t.test('input that cannot be read is one line and exit code 1', async (t) => {
  for (const [make, argv, stdin, message] of [
    [decodeCommand, [], 'hello', /^Cannot read hexadecimal text: line 1, column 1 .*\n$/],
    [decodeCommand, [], '', /^Cannot decode: the input is empty\n$/],
    [decodeCommand, ['/nonexistent'], '', /^ENOENT: .*\/nonexistent.*\n$/],
    [encodeCommand, [], '{"type":"x"}', /^Cannot encode: type: .*\n$/],
    [encodeCommand, [], '{"type":', /^Cannot read JSON: .*\n$/],
    [encodeCommand, ['/nonexistent'], '', /^ENOENT: .*\n$/],
  ] as const) {
    const { exitCode, stderr } = await run(make, argv, stdin);
    t.equal(exitCode, 1);
    t.match(stderr, message);
  }
});
