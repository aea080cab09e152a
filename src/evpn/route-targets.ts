/**
 * Route targets and route distinguishers of bridged VNIs: the automatic forms, and what an import rule matches.
 * A route target is its eight octets; as a key of a map, a string of eight characters.
 *
 * RFC 4360 section 4 (route target), RFC 7432 sections 7.9 and 7.10.1, RFC 8365 section 5.1.2.1.
 */
import {
  decodeExtendedCommunity,
  encodeExtendedCommunity,
  parseRouteDistinguisher,
  parseRouteTarget,
  routeTargetText,
} from 'bgp-protocol';

/** RFC 8365 section 5.1.2.1: A=0, type 1 (VXLAN), domain id 0, then the 24 bits of the VNI. */
const RFC8365_VXLAN = 0x10000000;

/** What an instance imports: one target to the letter, or the automatic target of a VNI, of one AS or of any. */
export type ImportTarget =
  | { readonly kind: 'exact'; readonly target: Uint8Array }
  | { readonly kind: 'automatic'; readonly vni: number; readonly localAs: number | undefined };

/**
 * `AS:VNI` (type 0x00, two octets of AS). A four-octet AS gives its low 16 bits, as other implementations do: the VNI
 * needs 24 bits, and a four-octet-AS target has only 16 beside the AS.
 */
export function automaticRouteTarget(localAs: number, vni: number, form: 'as-vni' | 'rfc8365'): Uint8Array {
  return encodeExtendedCommunity({
    type: 'route-target',
    kind: 'two-octet-as',
    administrator: localAs & 0xffff,
    assigned: form === 'rfc8365' ? RFC8365_VXLAN | vni : vni,
  });
}

/** Eight octets of `65000:10`, `10.0.0.1:10` or `4200000000:10`. Throws a TypeError when it is none of these. */
export function routeTargetOf(text: string): Uint8Array {
  const parsed = parseRouteTarget(text);
  if (parsed === undefined) {
    throw new TypeError(`Cannot parse route target: saw "${text}", expected such as 65000:10 or 10.0.0.1:10`);
  }
  return encodeExtendedCommunity(parsed);
}

/** The text of `text` (eight octets of route target). */
export function printRouteTarget(target: Uint8Array): string {
  const community = decodeExtendedCommunity(target);
  return community.type === 'route-target' ? routeTargetText(community) : 'unknown';
}

/** As people read an import rule: `65000:10`, or `*:10` for the automatic target of any AS. */
export function printImportTarget(rule: ImportTarget): string {
  return rule.kind === 'exact' ? printRouteTarget(rule.target) : `${rule.localAs ?? '*'}:${rule.vni}`;
}

/** Eight octets: `text`, or RFC 7432 section 7.9's automatic `routerId:index`. Throws a TypeError on bad text. */
export function routeDistinguisherOf(text: string | undefined, routerId: string, index: number): Uint8Array {
  const wanted = text ?? `${routerId}:${index}`;
  const parsed = parseRouteDistinguisher(wanted);
  if (parsed === undefined) {
    throw new TypeError(`Cannot parse route distinguisher: saw "${wanted}", expected such as 10.0.0.1:7`);
  }
  return parsed;
}

/**
 * The targets to ask of peers so that the rule finds what it imports. RFC 4684 section 4 asks by leading bits, and the VNI is in
 * the last: of an automatic rule both forms are asked for, with our own AS.
 */
export function targetsToAskFor(rule: ImportTarget, localAs: number): readonly Uint8Array[] {
  if (rule.kind === 'exact') return [rule.target];
  const as = rule.localAs ?? localAs;
  return [automaticRouteTarget(as, rule.vni, 'as-vni'), automaticRouteTarget(as, rule.vni, 'rfc8365')];
}

/** Whether the two octets at `offset` say route target, of any of the three kinds of administrator. */
export function isRouteTarget(bytes: Uint8Array, offset: number): boolean {
  return bytes[offset] <= 0x02 && bytes[offset + 1] === 0x02;
}

export function targetKey(bytes: Uint8Array, offset = 0): string {
  let key = '';
  for (let i = 0; i < 8; i++) key += String.fromCharCode(bytes[offset + i]);
  return key;
}

/**
 * The VNI that a target of the automatic form speaks of, or -1: `AS:VNI` or RFC 8365's `AS:0x10000000|VNI`.
 * Implementations derive the AS each in their own way, so the low part is what they agree on.
 */
export function automaticVni(key: string): number {
  if (key.charCodeAt(0) !== 0) return -1;
  const assigned =
    ((key.charCodeAt(4) << 24) | (key.charCodeAt(5) << 16) | (key.charCodeAt(6) << 8) | key.charCodeAt(7)) >>>
    0;
  const high = assigned >>> 24;
  return high === 0 || high === RFC8365_VXLAN >>> 24 ? assigned & 0xffffff : -1;
}

/** The two-octet AS of a target of the automatic form. */
export const automaticAs = (key: string): number => (key.charCodeAt(2) << 8) | key.charCodeAt(3);
