/**
 * Changes a message so that something in it is wrong: single bits and octets, lengths one off, pieces lost, doubled, moved or
 * taken from another message. The header is put right again most of the time, as its checks would hide the rest.
 */
import { HEADER_LENGTH } from 'bgp-protocol';
import type { SeededRandom } from './random.ts';

const LONGEST = 4096;
const TELLING_OCTETS: readonly number[] = [
  0, 1, 2, 3, 0x0f, 0x10, 0x20, 0x30, 0x40, 0x7f, 0x80, 0x90, 0xc0, 0xfe, 0xff,
];

type Mutation = (octets: Uint8Array, random: SeededRandom, other: Uint8Array) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
  (octets, random) => change(octets, random, (octet) => octet ^ (1 << random.below(8))),
  (octets, random) => change(octets, random, () => random.pick(TELLING_OCTETS)),
  (octets, random) => change(octets, random, () => random.below(256)),
  (octets, random) => change(octets, random, (octet) => octet + (random.below(2) === 0 ? 1 : -1)),
  (octets, random) => octets.slice(0, place(octets, random)),
  (octets, random) => splice(octets, place(octets, random), random.below(12), new Uint8Array(0)),
  (octets, random) => {
    const from = place(octets, random);
    return splice(octets, from, 0, octets.subarray(from, from + 1 + random.below(40)));
  },
  (octets, random, other) => {
    const from = place(other, random);
    return splice(
      octets,
      place(octets, random),
      random.below(30),
      other.subarray(from, from + random.below(60)),
    );
  },
  (octets, random) => {
    const noise = new Uint8Array(1 + random.below(30)).map(() => random.below(256));
    return splice(octets, place(octets, random), random.below(noise.length), noise);
  },
];

/** One to six changes; `other` is what a piece may be taken from. */
export function mutate(octets: Uint8Array, other: Uint8Array, random: SeededRandom): Uint8Array {
  let changed: Uint8Array = octets.slice();
  for (let left = 1 + random.below(6); left > 0; left--) {
    changed = random.pick(MUTATIONS)(changed, random, other);
    if (changed.length <= HEADER_LENGTH) changed = octets.slice();
  }
  if (changed.length > LONGEST) changed = changed.slice(0, LONGEST);
  if (random.below(20) !== 0) mendHeader(changed, octets[18]);
  if (random.below(3) !== 0) mendAttributesLength(changed);
  return changed;
}

function change(octets: Uint8Array, random: SeededRandom, to: (octet: number) => number): Uint8Array {
  const at = place(octets, random);
  if (at < octets.length) octets[at] = to(octets[at]);
  return octets;
}

/** Somewhere in the body, as a rule beyond the lengths that an UPDATE begins with. */
function place(octets: Uint8Array, random: SeededRandom): number {
  const first = random.below(8) === 0 ? HEADER_LENGTH : HEADER_LENGTH + 4;
  return Math.min(octets.length, first + random.below(octets.length - first));
}

function splice(octets: Uint8Array, at: number, remove: number, insert: Uint8Array): Uint8Array {
  const tail = octets.subarray(Math.min(octets.length, at + remove));
  const result = new Uint8Array(at + insert.length + tail.length);
  result.set(octets.subarray(0, at));
  result.set(insert, at);
  result.set(tail, at + insert.length);
  return result;
}

function mendHeader(octets: Uint8Array, type: number): void {
  octets.fill(0xff, 0, 16);
  octets[16] = octets.length >> 8;
  octets[17] = octets.length & 0xff;
  octets[18] = type;
}

/** Makes the attributes of an UPDATE reach to its end, where it has no withdrawn routes. */
function mendAttributesLength(octets: Uint8Array): void {
  if (octets[18] !== 2 || octets.length < 23 || octets[19] !== 0 || octets[20] !== 0) return;
  const length = octets.length - 23;
  octets[21] = length >> 8;
  octets[22] = length & 0xff;
}
