/**
 * What the registry knows of one kind of extended community, and where its octets stand.
 *
 * RFC 4360 section 2: the type octet, whose bit 0x40 says "not transitive across ASes"; the sub-type octet; six of value.
 */
import type { ExtendedCommunity, ExtendedCommunityType } from './values.ts';

export const EXTENDED_COMMUNITY_OCTETS = 8;

/** Type octets, "BGP Transitive Extended Community Types" and its non-transitive twin (bit 0x40). */
export const COMMUNITY_TYPE = {
  TWO_OCTET_AS: 0x00,
  IPV4: 0x01,
  FOUR_OCTET_AS: 0x02,
  OPAQUE: 0x03,
  EVPN: 0x06,
} as const;

export const NON_TRANSITIVE = 0x40;

export interface CommunityEntry<Community extends ExtendedCommunity> {
  readonly type: Community['type'];
  readonly name: string;
  readonly rfc: string;
  /** The type and sub-type octets that it answers to, type << 8 | sub-type. */
  readonly codes: readonly number[];
  /** Of the eight octets at `offset`; undefined leaves them to the general form of their type. */
  readonly decode: (bytes: Uint8Array, offset: number) => Community | undefined;
  /** Fills in the eight octets of `bytes`, which are zero but for type and sub-type of the first of `codes`. */
  readonly encode: (community: Community, bytes: Uint8Array, view: DataView) => void;
  /** The value in one or a few words, without the name. */
  readonly text: (community: Community) => string;
}

export type AnyCommunityEntry = CommunityEntry<ExtendedCommunity>;

/** Keeps the value type of an entry and its functions together while the registry has one element type. */
export function entry<Type extends ExtendedCommunityType>(
  of: CommunityEntry<Extract<ExtendedCommunity, { type: Type }>>,
): AnyCommunityEntry {
  return of as unknown as AnyCommunityEntry;
}

export function codeOf(type: number, subtype: number): number {
  return (type << 8) | subtype;
}

/** `0x0003` for the flags of a community. */
export function flagsText(flags: number, digits: number): string {
  return `0x${flags.toString(16).padStart(digits, '0')}`;
}

/** `router override`: the names of the flags that are set; the number when a bit without a name, or none, is set. */
export function flagNames(flags: number, names: Readonly<Record<string, number>>, digits: number): string {
  const known = Object.entries(names).filter(([, bit]) => (flags & bit) !== 0);
  const all = known.reduce((bits, [, bit]) => bits | bit, 0);
  if (known.length === 0 || all !== flags) return flagsText(flags, digits);
  return known.map(([name]) => name.toLowerCase().replaceAll('_', '-')).join(' ');
}
