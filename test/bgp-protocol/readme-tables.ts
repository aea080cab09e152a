/**
 * The coverage tables of src/bgp-protocol/README.md, made from the registries and fixtures, so that they cannot say more or less
 * than the code. `node --import=tsx --conditions=evpnd-source test/bgp-protocol/readme-tables.ts` writes them anew.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  ATTRIBUTES,
  CAPABILITIES,
  CATEGORY_FLAGS,
  EVPN_ROUTES,
  EXTENDED_COMMUNITIES,
  familyText,
  NLRI_FAMILIES,
} from 'bgp-protocol';

const ROOT = new URL('../../', import.meta.url);
export const README = new URL('src/bgp-protocol/README.md', ROOT);
const FIXTURES = new URL('rfc-fixtures/', ROOT);
const BEGIN = '<!-- tables: begin -->';
const END = '<!-- tables: end -->';

interface FixtureValue {
  readonly folder: string;
  readonly name: string;
  readonly value?: { readonly type?: string; readonly routeType?: number };
  readonly family?: string;
}

/** Every fixture of that kind, with the folder it is in. */
function fixturesOf(kind: string): readonly FixtureValue[] {
  return readdirSync(FIXTURES).flatMap((folder) => {
    if (!readdirSync(new URL(`${folder}/`, FIXTURES)).includes(`${kind}.json`)) return [];
    const file = new URL(`${folder}/${kind}.json`, FIXTURES);
    const values: Record<string, Omit<FixtureValue, 'folder' | 'name'>> = JSON.parse(
      readFileSync(file, 'utf8'),
    );
    return Object.entries(values).map(([name, rest]) => ({ folder, name, ...rest }));
  });
}

function foldersOf(fixtures: readonly FixtureValue[], wanted: (fixture: FixtureValue) => boolean): string {
  return [...new Set(fixtures.filter(wanted).map(({ folder }) => folder))].join(', ');
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}

/** What is carried as octets, or partly read, and why. */
const ATTRIBUTE_LIMITS: Readonly<Record<string, string>> = {
  AS4_PATH: 'merged into AS_PATH; in no block',
  AS4_AGGREGATOR: 'merged into AGGREGATOR; in no block',
  PMSI_TUNNEL: 'types 8, 12, 13 and composite: identifier as octets',
  TUNNEL_ENCAPSULATION: 'SR Policy sub-TLVs as octets',
  TRAFFIC_ENGINEERING: 'value as octets',
  PE_DISTINGUISHER_LABELS: 'value as octets: the address width is not told',
  BGP_LS: 'value as octets; TLV framing checked',
  BGPSEC_PATH: 'value as octets; signatures not verified',
  COMMUNITY_CONTAINER: 'value as octets: a draft',
  SFP: 'value as octets; TLV framing checked',
  PREFIX_SID: 'SRv6 service TLVs as octets',
  BIER: 'value as octets; TLV framing checked',
  ATTR_SET: 'one within another is a fault',
};

function attributeTable(): string {
  const fixtures = fixturesOf('attributes');
  const known = [...ATTRIBUTES].sort((a, b) => a.code - b.code);
  return table(
    ['Code', 'Type', 'RFC', 'Flags', 'Decode, encode', 'Fixture', 'Malformed', 'Wrong flags', 'Limits'],
    known.map((codec) => [
      codec.code,
      codec.type,
      codec.rfc,
      `0x${CATEGORY_FLAGS[codec.category].toString(16)} ${codec.category}`,
      'yes, yes',
      foldersOf(fixtures, ({ value }) => value?.type === codec.type),
      codec.onFault + (codec.internalOnly ? '; attribute-discard from an external peer' : ''),
      codec.onFlagsFault ?? 'treat-as-withdraw',
      ATTRIBUTE_LIMITS[codec.type] ?? '',
    ]),
  );
}

function capabilityTable(): string {
  const fixtures = fixturesOf('capabilities');
  const known = [...CAPABILITIES].sort((a, b) => a.code - b.code);
  return table(
    ['Code', 'Type', 'RFC', 'Decode, encode', 'Fixture', 'Malformed'],
    known.map(({ code, type, rfc, onFault }) => [
      code,
      type,
      rfc,
      'yes, yes',
      foldersOf(fixtures, ({ value }) => value?.type === type),
      onFault === 'session-reset' ? 'OPEN error 2/0' : 'kept as octets, no effect',
    ]),
  );
}

function communityTable(): string {
  const fixtures = [...fixturesOf('extended-communities'), ...fixturesOf('attributes')];
  return table(
    ['Type and sub-type', 'Type', 'RFC', 'Decode, encode', 'Fixture'],
    EXTENDED_COMMUNITIES.map(({ codes, type, rfc }) => [
      codes.map((code) => `0x${code.toString(16).padStart(4, '0')}`).join(' '),
      type,
      rfc,
      'yes, yes',
      foldersOf(fixtures, ({ value }) => value?.type === type),
    ]),
  );
}

function routeTable(): string {
  const fixtures = fixturesOf('evpn-nlri');
  return table(
    ['Route type', 'Name', 'RFC', 'Decode, encode', 'Fixture'],
    [
      ...EVPN_ROUTES.map(({ routeType, name, rfc }) => [
        routeType,
        name,
        rfc,
        'yes, yes',
        foldersOf(fixtures, ({ value }) => value?.routeType === routeType),
      ]),
      [
        'any other',
        'opaque',
        'RFC 7606 section 5.4',
        'as octets',
        foldersOf(fixtures, ({ name }) => /unknown|opaque/.test(name)),
      ],
    ],
  );
}

function familyTable(): string {
  return table(
    ['AFI / SAFI', 'Family', 'RFC', 'Decode, encode'],
    [
      ...NLRI_FAMILIES.map(({ family, rfc }) => [
        `${family >> 8} / ${family & 0xff}`,
        familyText(family),
        rfc,
        'yes, yes',
      ]),
      ['any other', '', 'RFC 4760', 'the whole field as octets'],
    ],
  );
}

/** One row for each fixture of rfc-fixtures/rfc7606: message, and what follows. */
function errorTable(): string {
  const expected: Record<string, { action: string | null; code: number; subcode: number | null }> =
    JSON.parse(readFileSync(new URL('rfc7606/errors.json', FIXTURES), 'utf8'));
  const notes = readFileSync(new URL('rfc7606/errors.md', FIXTURES), 'utf8');
  const reason = (name: string) =>
    new RegExp(`^- \`${name}\`: (.*?) Written by hand\\.$`, 'm').exec(notes)?.[1].replaceAll('|', '/') ?? '';
  return table(
    ['Fixture', 'What is wrong', 'Outcome', 'NOTIFICATION if it were one'],
    Object.entries(expected).map(([name, { action, code, subcode }]) => [
      name,
      reason(name),
      action ?? 'none',
      action === null ? '' : `${code}/${subcode ?? 'x'}`,
    ]),
  );
}

/** All tables, as they belong between the marks. */
export function tables(): string {
  return [
    '### Capabilities',
    capabilityTable(),
    'Any other code is kept as octets and encoded back. Not in the table: 72 (Routing Policy Distribution, a draft whose format is not settled).',
    '',
    '### Path attributes',
    attributeTable(),
    'Any other type is kept as octets: passed on with the Partial bit when it is transitive, ignored otherwise. So are 39 (Next Hop Dependent Capabilities) and 42 (Edge Metadata), whose registrations are temporary.',
    '',
    '### Extended communities',
    communityTable(),
    'Eight octets of any other type are kept. IPv6 address specific communities (RFC 5701) are values of twenty octets: route target, route origin, EVI route target, any other.',
    '',
    '### EVPN routes',
    routeTable(),
    '### Address families',
    familyTable(),
    'Path identifiers (RFC 7911) are read and written in every family.',
    '',
    '## RFC 7606, cell by cell',
    '',
    'Each line is a fixture in `rfc-fixtures/rfc7606` of the repository, and a test.',
    '',
    errorTable(),
  ]
    .map((part) => (part.startsWith('|') || part === '' ? part : `${part}\n`))
    .join('\n')
    .replace(/\n{3,}/g, '\n\n');
}

/** The README with its tables replaced. */
export function withTables(readme: string): string {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`Cannot write tables: README has no ${BEGIN} and ${END}`);
  return `${readme.slice(0, begin + BEGIN.length)}\n\n${tables().trim()}\n\n${readme.slice(end)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(README, withTables(readFileSync(README, 'utf8')));
}
