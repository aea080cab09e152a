/**
 * Communities and large communities as text.
 *
 * RFC 1997 ("Well-known Communities"), RFC 8092 section 5 (the one form of a large community).
 */
/** "BGP Well-known Communities" of IANA. */
export const WELL_KNOWN_COMMUNITY = {
  'graceful-shutdown': 0xffff0000,
  'accept-own': 0xffff0001,
  'route-filter-translated-v4': 0xffff0002,
  'route-filter-v4': 0xffff0003,
  'route-filter-translated-v6': 0xffff0004,
  'route-filter-v6': 0xffff0005,
  'llgr-stale': 0xffff0006,
  'no-llgr': 0xffff0007,
  'accept-own-nexthop': 0xffff0008,
  'standby-pe': 0xffff0009,
  blackhole: 0xffff029a,
  'no-export': 0xffffff01,
  'no-advertise': 0xffffff02,
  'no-export-subconfed': 0xffffff03,
  'no-peer': 0xffffff04,
} as const;

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(WELL_KNOWN_COMMUNITY).map(([name, value]) => [value, name]),
);
const VALUES: ReadonlyMap<string, number> = new Map(Object.entries(WELL_KNOWN_COMMUNITY));

/** `65000:10`, or the name of a well-known one. */
export function communityText(community: number): string {
  return NAMES.get(community) ?? `${community >>> 16}:${community & 0xffff}`;
}

/** The reverse of communityText, the numbers of well-known ones included; undefined when the text is no community. */
export function parseCommunity(text: string): number | undefined {
  const known = VALUES.get(text);
  if (known !== undefined) return known;
  const match = /^(\d{1,5}):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [high, low] = [Number(match[1]), Number(match[2])];
  return high <= 0xffff && low <= 0xffff ? high * 0x10000 + low : undefined;
}

/** 32 bits each. */
export interface LargeCommunityParts {
  readonly globalAdministrator: number;
  readonly localData1: number;
  readonly localData2: number;
}

/** `64496:4294967295:2`. */
export function largeCommunityText(parts: LargeCommunityParts): string {
  return `${parts.globalAdministrator}:${parts.localData1}:${parts.localData2}`;
}

/** The reverse of largeCommunityText; undefined when the text is no large community. */
export function parseLargeCommunity(text: string): LargeCommunityParts | undefined {
  const match = /^(\d{1,10}):(\d{1,10}):(\d{1,10})$/.exec(text);
  if (match === null) return undefined;
  const [globalAdministrator, localData1, localData2] = match.slice(1).map(Number);
  const most = Math.max(globalAdministrator, localData1, localData2);
  return most <= 0xffffffff ? { globalAdministrator, localData1, localData2 } : undefined;
}
