/**
 * What the fuzzer begins with: every message of the captures and fixtures, every attribute fixture within an UPDATE.
 */
import { readdirSync } from 'node:fs';
import { copyOctets, Framer, HEADER_LENGTH, MESSAGE_TYPE, parseHex } from 'bgp-protocol';
import { captureStreams } from '../bgp-protocol/capture.ts';
import { readFixtures } from '../bgp-protocol/fixture-files.ts';

const ROOT = new URL('../../rfc-fixtures/', import.meta.url);

/** A route that the attributes under test stand beside, and the attributes it needs. */
const CARRIER = '900e001c001946040a00000100031100010a000001000200000000200a00000140010100400200';

export function withHeader(type: number, body: Uint8Array): Uint8Array {
  const octets = new Uint8Array(HEADER_LENGTH + body.length).fill(0xff, 0, 16);
  octets[16] = octets.length >> 8;
  octets[17] = octets.length & 0xff;
  octets[18] = type;
  octets.set(body, HEADER_LENGTH);
  return octets;
}

export function corpus(): readonly Uint8Array[] {
  const messages = new Map<string, Uint8Array>();
  const add = (octets: Uint8Array) => messages.set(octets.toString(), octets);
  for (const octets of [...capturedMessages(), ...fixtureMessages()]) add(octets);
  return [...messages.values()];
}

function* capturedMessages(): Generator<Uint8Array> {
  const folder = new URL('captures/', ROOT);
  for (const name of readdirSync(folder)) {
    if (!name.endsWith('.pcap')) continue;
    for (const { octets } of captureStreams(new URL(name, folder))) {
      const messages: Uint8Array[] = [];
      const framer = new Framer(
        (_type, bytes, start, end) => void messages.push(copyOctets(bytes, start - HEADER_LENGTH, end)),
        { maxLength: 4096 },
      );
      framer.push(octets);
      yield* messages;
    }
  }
}

function* fixtureMessages(): Generator<Uint8Array> {
  for (const folder of readdirSync(ROOT)) {
    const files = readdirSync(new URL(`${folder}/`, ROOT));
    const fixtures = (kind: string) =>
      files.includes(`${kind}.hex`) ? readFixtures(`${folder}/${kind}`) : [];
    for (const { bytes } of fixtures('messages')) yield bytes;
    for (const { bytes } of fixtures('errors')) yield withHeader(MESSAGE_TYPE.UPDATE, bytes);
    for (const { bytes } of fixtures('attributes')) yield updateWith(bytes);
  }
}

function updateWith(attribute: Uint8Array): Uint8Array {
  const carrier = parseHex(CARRIER) ?? new Uint8Array(0);
  const length = carrier.length + attribute.length;
  const body = new Uint8Array(4 + length);
  body[2] = length >> 8;
  body[3] = length & 0xff;
  body.set(carrier, 4);
  body.set(attribute, 4 + carrier.length);
  return withHeader(MESSAGE_TYPE.UPDATE, body);
}
