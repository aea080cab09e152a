/**
 * RFC 7606 cell by cell: what each malformed attribute, NLRI and length leads to, and what the NOTIFICATION would say.
 */
import { readFileSync } from 'node:fs';
import {
  ATTRIBUTES,
  BgpFault,
  type CodecContext,
  DEFAULT_CONTEXT,
  decodeUpdate,
  walkUpdate,
} from 'bgp-protocol';
import t from 'tap';
import { readFixtures } from './fixture-files.ts';

interface Expected {
  readonly action: string | null;
  readonly code: number;
  readonly subcode: number | null;
  readonly announced: number;
  readonly withdrawn: number;
  readonly ibgp?: boolean;
  readonly fourOctetAs?: boolean;
}

const fixtures = readFixtures('rfc7606/errors');
const expectations: Readonly<Record<string, Expected>> = JSON.parse(
  readFileSync(new URL('../../rfc-fixtures/rfc7606/errors.json', import.meta.url), 'utf8'),
);

function octetsOf(wanted: string): Uint8Array {
  const fixture = fixtures.find(({ name }) => name === wanted);
  if (fixture === undefined) throw new Error(`Cannot test: no fixture is named ${wanted}`);
  return fixture.bytes;
}

class Witness {
  readonly seen: string[] = [];
  readonly faults: BgpFault[] = [];
  attributes(): void {
    this.seen.push('attributes');
  }
  announce(): void {
    this.seen.push('announce');
  }
  withdraw(): void {
    this.seen.push('withdraw');
  }
  endOfRib(): void {
    this.seen.push('endOfRib');
  }
  fault(fault: BgpFault): void {
    this.faults.push(fault);
  }
  count(what: string): number {
    return this.seen.filter((each) => each === what).length;
  }
}

function contextOf({ ibgp = true, fourOctetAs = true }: Expected): CodecContext {
  return { ...DEFAULT_CONTEXT, ibgp, fourOctetAs };
}

for (const { name, bytes } of fixtures) {
  const expected = expectations[name];
  t.test(`RFC 7606: ${name} leads to ${expected.action ?? 'nothing'}`, (t) => {
    const witness = new Witness();
    const action = walkUpdate(bytes, 0, bytes.length, contextOf(expected), witness);
    t.equal(action, expected.action ?? undefined, 'action');
    t.equal(witness.count('announce'), expected.announced, 'announced');
    t.equal(witness.count('withdraw'), expected.withdrawn, 'withdrawn');
    t.equal(witness.count('attributes'), expected.announced > 0 ? 1 : 0, 'blocks');
    if (expected.action === null) {
      t.same(witness.faults, [], 'no fault');
      return t.end();
    }
    const worst = witness.faults.find((fault) => fault.action === expected.action);
    t.equal(worst?.code, expected.code, 'code');
    if (expected.subcode !== null)
      t.equal(worst?.subcode, expected.subcode, `subcode of "${worst?.message}"`);
    t.match(worst?.message, /^Cannot decode .+(expected|too many|left)/, 'names what was seen and wanted');
    if (expected.action === 'session-reset') t.same(witness.seen, [], 'nothing else was handed over');
    t.end();
  });
}

t.test('decodeUpdate throws the fault of a session reset and lists the others', (t) => {
  for (const { name, bytes } of fixtures) {
    const expected = expectations[name];
    const decode = () => decodeUpdate(bytes, 0, bytes.length, contextOf(expected));
    if (expected.action === 'session-reset') t.throws(decode, BgpFault, name);
    else t.equal(decode().faults.length > 0, expected.action !== null, name);
  }
  t.end();
});

t.test('every attribute has a fixture for its flags and one for its value', (t) => {
  const told = new Map<string, Set<number>>();
  for (const { name, bytes } of fixtures) {
    const witness = new Witness();
    walkUpdate(bytes, 0, bytes.length, contextOf(expectations[name]), witness);
    for (const { message, subcode } of witness.faults) {
      const attribute =
        /^Cannot decode ([A-Z0-9_]+)/.exec(message)?.[1].replace('MULTI_EXIT_DISC', 'MED') ?? '';
      const name = attribute === 'LARGE_COMMUNITY' ? 'LARGE_COMMUNITIES' : attribute;
      told.set(name, (told.get(name) ?? new Set()).add(subcode));
    }
  }
  for (const { type } of ATTRIBUTES) {
    const subcodes = told.get(type) ?? new Set();
    t.ok(subcodes.has(4), `${type}: flags`);
    t.ok(
      [...subcodes].some((subcode) => subcode !== 4),
      `${type}: value`,
    );
  }
  t.end();
});

t.test('the first of two ORIGIN attributes is the one in the block: RFC 7606 section 3 (g)', (t) => {
  const bytes = octetsOf('duplicate-origin');
  const update = decodeUpdate(bytes);
  t.same(update.attributes[0], { type: 'ORIGIN', value: 'igp' });
  t.end();
});

t.test('thousands of duplicates in one message are told once', (t) => {
  const bytes = new Uint8Array(4 + 4 * 10_000);
  new DataView(bytes.buffer).setUint16(2, bytes.length - 4);
  for (let at = 4; at < bytes.length; at += 4) bytes.set([0x40, 1, 1, 0], at);
  const witness = new Witness();
  t.equal(walkUpdate(bytes, 0, bytes.length, DEFAULT_CONTEXT, witness), 'attribute-discard');
  t.equal(witness.faults.length, 1);
  t.end();
});

t.test('a discarded attribute is not in the block, the rest is', (t) => {
  const bytes = octetsOf('aigp-flags');
  const types = decodeUpdate(bytes).attributes.map(({ type }) => type);
  t.same(types, ['ORIGIN', 'AS_PATH', 'LOCAL_PREF', 'EXTENDED_COMMUNITIES']);
  t.end();
});

t.test('the NOTIFICATION data is the attribute: RFC 4271 section 6.3', (t) => {
  const bytes = octetsOf('mp-reach-short');
  t.throws(() => decodeUpdate(bytes), { data: bytes.slice(4, 4 + 8), code: 3, subcode: 9, offset: 8 });
  t.end();
});
