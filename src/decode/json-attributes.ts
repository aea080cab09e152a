/**
 * Path attributes as members of one JSON object, each under its name, and back. Those that are one value are that value;
 * lists are lists; communities are their canonical text. An attribute that came with the Partial bit stands as
 * `{"partial":true,"value":...}`.
 */
import {
  type AdministratorAndNumber,
  ATTRIBUTES,
  type Attribute,
  administratorText,
  communityText,
  type ExtendedCommunity,
  type LargeCommunity,
  largeCommunityText,
  parseAdministrator,
  parseCommunity,
  parseLargeCommunity,
} from 'bgp-protocol';
import { fromJson, type Json, type JsonObject, toJson, wrong } from './json-values.ts';

/** How one attribute's fields, without its type, become a JSON value, and back. */
interface Form {
  readonly print: (fields: Fields) => Json;
  readonly parse: (json: Json) => Fields;
}
type Fields = Readonly<Record<string, unknown>>;

/** The attribute is one field. */
function only(field: string): Form {
  return {
    print: (fields) => toJson(fields[field]),
    parse: (json) => ({ [field]: fromJson(json) }),
  };
}

/** The attribute is a list, each item of which has its own form. */
function list(field: string, print: (item: never) => Json, parse: (json: Json) => unknown): Form {
  return {
    print: (fields) => (fields[field] as readonly never[]).map(print),
    parse: (json) => ({ [field]: Array.isArray(json) ? json.map(parse) : wrong('a list', json) }),
  };
}

function parsedBy(parse: (text: string) => unknown, wanted: string): (json: Json) => unknown {
  return (json) => (typeof json === 'string' ? parse(json) : undefined) ?? wrong(wanted, json);
}

const FORMS: Readonly<Partial<Record<string, Form>>> = {
  ORIGIN: only('value'),
  AS_PATH: only('segments'),
  MED: only('value'),
  LOCAL_PREF: only('value'),
  ORIGINATOR_ID: only('routerId'),
  CLUSTER_LIST: only('clusterIds'),
  COMMUNITIES: list(
    'communities',
    (community: number) => communityText(community),
    parsedBy(parseCommunity, 'a community'),
  ),
  LARGE_COMMUNITIES: list(
    'communities',
    (community: LargeCommunity) => largeCommunityText(community),
    parsedBy(parseLargeCommunity, 'a large community'),
  ),
  EXTENDED_COMMUNITIES: list('communities', extendedCommunityJson, extendedCommunityOf),
};

/** Administrator and number in one word: `{"type":"route-target","value":"65000:10"}`. */
function extendedCommunityJson(community: ExtendedCommunity): Json {
  if (!('administrator' in community)) return toJson(community);
  const { kind, administrator, assigned, ...rest } = community;
  return { ...(toJson(rest) as JsonObject), value: administratorText({ kind, administrator, assigned }) };
}

function extendedCommunityOf(json: Json): unknown {
  const community = fromJson(json) as Fields;
  if (typeof community.value !== 'string') return community;
  const { value, ...rest } = community;
  const parsed: AdministratorAndNumber | undefined = parseAdministrator(value as string);
  return { ...rest, ...(parsed ?? wrong('administrator:number', value as string)) };
}

const ANY: Form = { print: toJson, parse: (json) => fromJson(json) as Fields };

const KNOWN: ReadonlySet<string> = new Set(ATTRIBUTES.map(({ type }) => type));
const UNKNOWN = /^unknown-(\d{1,3})$/;

export function attributesJson(attributes: readonly Attribute[]): JsonObject {
  return Object.fromEntries(
    attributes.map((attribute) => {
      if (attribute.type === 'unknown') {
        return [`unknown-${attribute.code}`, toJson({ flags: attribute.flags, value: attribute.value })];
      }
      const { type, partial, ...fields } = attribute as Attribute & { readonly partial?: true };
      const value = (FORMS[type] ?? ANY).print(fields);
      return [type, partial ? { partial: true, value } : value];
    }),
  );
}

/** The reverse of attributesJson. Throws an InputProblem on text that is not of its form. */
export function attributesOf(json: JsonObject): Attribute[] {
  return Object.entries(json).map(([type, value]) => {
    const unknown = UNKNOWN.exec(type);
    if (unknown !== null)
      return { type: 'unknown', code: Number(unknown[1]), ...(fromJson(value) as object) } as Attribute;
    if (!KNOWN.has(type)) wrong('the name of a path attribute', type);
    const partial = isPartial(value);
    const fields = (FORMS[type] ?? ANY).parse(partial ? value.value : value);
    return { type, ...fields, ...(partial ? { partial: true } : {}) } as unknown as Attribute;
  });
}

function isPartial(json: Json): json is { readonly partial: true; readonly value: Json } {
  return (
    typeof json === 'object' && json !== null && 'partial' in json && json.partial === true && 'value' in json
  );
}
