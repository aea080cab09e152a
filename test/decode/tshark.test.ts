/**
 * Every capture as tshark reads it: message by message, every field that it prints. Skips itself where tshark 4 is not
 * installed.
 */
import { execFileSync } from 'node:child_process';
import { createReadStream, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { decodeMessage } from 'bgp-protocol';
import t from 'tap';
import { type CapturedMessage, readMessages } from '../../src/decode/index.ts';
import { type Fields, LABEL, LABEL_FIELDS, NOT_COMPARED, tsharkFields } from './tshark-fields.ts';

const FOLDER = fileURLToPath(new URL('../../rfc-fixtures/captures/', import.meta.url));
const skip = tsharkVersion()?.startsWith('4.') ? false : 'tshark 4 is not installed';

function tsharkVersion(): string | undefined {
  try {
    return /(\d+\.\d+)/.exec(execFileSync('tshark', ['--version'], { encoding: 'utf8', stdio: 'pipe' }))?.[1];
  } catch {
    return undefined;
  }
}

/** By packet number, the fields of each BGP message in it. */
function messagesOfTshark(file: string): Map<number, Fields[]> {
  const xml = execFileSync('tshark', ['-r', file, '-Y', 'bgp', '-T', 'pdml'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const packets = new Map<number, Fields[]>();
  for (const packet of xml.split('<packet>').slice(1)) {
    const number = Number(/name="num"[^>]* show="(\d+)"/.exec(packet)?.[1]);
    const protos = packet.split('<proto ').filter((proto) => proto.startsWith('name="bgp"'));
    packets.set(number, protos.map(fieldsOf));
  }
  return packets;
}

function fieldsOf(proto: string): Fields {
  const fields: Fields = new Map();
  for (const [, name, rest] of proto.matchAll(/<field name="(bgp\.[^"]*)"([^>]*)>/g)) {
    if (NOT_COMPARED.has(name)) continue;
    const shown = / show="([^"]*)"/.exec(rest)?.[1] ?? '';
    const label = LABEL_FIELDS.get(name);
    const [key, value] = label === undefined ? [name, shown] : [LABEL, String(label(Number(shown)))];
    fields.set(key, [...(fields.get(key) ?? []), value]);
  }
  return fields;
}

async function messagesOf(file: string): Promise<Map<number, CapturedMessage[]>> {
  const packets = new Map<number, CapturedMessage[]>();
  for await (const item of readMessages(createReadStream(file))) {
    if (item.kind !== 'message') throw new Error(item.text);
    const number = item.source.packet ?? 0;
    packets.set(number, [...(packets.get(number) ?? []), item]);
  }
  return packets;
}

const sorted = (fields: Fields) => Object.fromEntries([...fields].sort(([a], [b]) => (a < b ? -1 : 1)));

t.test('every capture agrees with tshark on every field that tshark prints', { skip }, async (t) => {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.pcap'));
  t.ok(files.length >= 30);
  for (const file of files) {
    const theirs = messagesOfTshark(FOLDER + file);
    const ours = await messagesOf(FOLDER + file);
    t.strictSame([...ours.keys()].sort(), [...theirs.keys()].sort(), `${file}: messages in the same packets`);
    for (const [number, messages] of ours) {
      const fields = messages.map(({ bytes, ctx }) => sorted(tsharkFields(decodeMessage(bytes, ctx), bytes)));
      t.strictSame(fields, (theirs.get(number) ?? []).map(sorted), `${file} packet ${number}`);
    }
  }
});
