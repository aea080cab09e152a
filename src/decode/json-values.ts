/**
 * Values of the codec as JSON and back. Octets become `{"hex":"0a0b"}`, integers beyond what a JSON number holds
 * `{"integer":"18446744073709551615"}`, and the member `family` its name; all else is as it is.
 */
import { familyText, hexText, parseFamily, parseHex } from 'bgp-protocol';
import { InputProblem } from './problem.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export function toJson(value: unknown): Json {
  if (value instanceof Uint8Array) return { hex: hexText(value) };
  if (typeof value === 'bigint') return { integer: value.toString() };
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== 'object' || value === null) return value as Json;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(
    members.map(([key, member]) => {
      const named = key === 'family' && typeof member === 'number';
      return [key, named ? familyText(member) : toJson(member)];
    }),
  );
}

/** The reverse of toJson. Throws an InputProblem on hexadecimal text or a family that is none. */
export function fromJson(json: Json): unknown {
  if (Array.isArray(json)) return json.map(fromJson);
  if (typeof json !== 'object' || json === null) return json;
  const members = Object.entries(json as JsonObject);
  if (members.length === 1 && typeof members[0][1] === 'string') {
    const [key, text] = members[0] as [string, string];
    if (key === 'hex') return octetsOf(text);
    if (key === 'integer' && /^\d+$/.test(text)) return BigInt(text);
  }
  return Object.fromEntries(
    members.map(([key, member]) => [key, key === 'family' ? familyOfName(member) : fromJson(member)]),
  );
}

export function octetsOf(text: string): Uint8Array {
  return parseHex(text) ?? wrong('hexadecimal digits', text);
}

export function familyOfName(name: Json): number {
  const family = typeof name === 'string' ? parseFamily(name) : undefined;
  return family ?? wrong('an address family', name);
}

export function wrong(wanted: string, seen: Json | undefined): never {
  throw new InputProblem(`Cannot encode: saw ${JSON.stringify(seen)}, expected ${wanted}`);
}
