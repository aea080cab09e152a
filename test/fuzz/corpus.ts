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
  for (const octets of [...capturedMessages(), ...fixtureMessages(), ...floods()]) add(octets);
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

/** Messages full of the shortest pieces of a kind: what costs a decoder most for its octets. */
function* floods(): Generator<Uint8Array> {
  const many = (octets: readonly number[], most: number) =>
    Uint8Array.from(
      { length: Math.floor(most / octets.length) * octets.length },
      (_, i) => octets[i % octets.length],
    );
  const attribute = (flags: number, code: number, value: Uint8Array) =>
    Uint8Array.of(flags | 0x10, code, value.length >> 8, value.length & 0xff, ...value);
  const most = 3900;
  const evpn = [0, 25, 70, 4, 10, 0, 0, 1, 0];
  for (const nlri of [
    [2, 0],
    [99, 0],
    [1, 1, 0],
  ]) {
    yield updateWith(attribute(0x80, 15, Uint8Array.of(0, 25, 70, ...many(nlri, most))));
    yield withoutCarrier(attribute(0x80, 14, Uint8Array.of(...evpn, ...many(nlri, most))));
  }
  yield updateWith(attribute(0xc0, 8, many([0, 0, 0, 1], most)));
  yield updateWith(attribute(0xc0, 16, many([0, 2, 0, 1, 0, 0, 0, 1], most)));
  yield updateWith(attribute(0xc0, 23, many([0, 8, 0, 0], most)));
  yield updateWith(attribute(0xc0, 128, Uint8Array.of(0, 0, 0, 1, ...many([0xc0, 99, 0], most))));
  yield updateWith(many([0xc0, 99, 0], most));
  yield updateWith(many([0x40, 1, 1, 9], most));
  const path = many([2, 1, 0, 0, 0, 1], most);
  yield withoutCarrier(
    Uint8Array.of(...attribute(0x80, 14, Uint8Array.of(...evpn)), ...attribute(0x40, 2, path)),
  );
  const prefixes = many([0], most);
  yield withHeader(
    MESSAGE_TYPE.UPDATE,
    Uint8Array.of(prefixes.length >> 8, prefixes.length & 0xff, ...prefixes, 0, 0),
  );
  const capabilities = many([222, 0], 252);
  yield withHeader(
    MESSAGE_TYPE.OPEN,
    Uint8Array.of(4, 0xfd, 0xe8, 0, 9, 10, 0, 0, 1, 254, 2, 252, ...capabilities),
  );
}

function withoutCarrier(attributes: Uint8Array): Uint8Array {
  return withHeader(
    MESSAGE_TYPE.UPDATE,
    Uint8Array.of(0, 0, attributes.length >> 8, attributes.length & 0xff, ...attributes),
  );
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
