/**
 * The values that people write in the file, each as text -> value, with the words that say what was wanted and the
 * fragment of JSON schema that an editor needs. Every scalar arrives as text, as it stands in the file: YAML's own
 * idea of types would turn the AS number 1.10 into 1.1 and the password 0123 into 83.
 */
import { parseIp, parsePrefix, printIp, printPrefix } from '../base/ip.ts';
import { isGroupMac, parseMac, printMac } from '../base/mac.ts';
import { parseEndpoint, printEndpoint } from '../base/ovsdb-endpoint.ts';
import { FAMILY_NAMES, type RemoteAs } from './config.ts';

export interface ValueType<T> {
  /** Ends the sentence "expected ...". */
  readonly wanted: string;
  /** Words among which a misspelt one is sought. */
  readonly words?: readonly string[];
  /** The value in canonical form; undefined when `text` is none. */
  parse(text: string): T | undefined;
  readonly json: Readonly<Record<string, unknown>>;
}

const MAX_AS = 0xffffffff;

const unsigned = (text: string, max: number): number | undefined =>
  /^\d{1,10}$/.test(text) && Number(text) <= max ? Number(text) : undefined;

/** RFC 5396: asplain `4200000000`, or asdot `64086.59904`. */
export function parseAsNumber(text: string): number | undefined {
  const [high, low, more] = text.split('.');
  const asn =
    low === undefined
      ? unsigned(text, MAX_AS)
      : more === undefined && unsigned(high!, 0xffff) !== undefined && unsigned(low, 0xffff) !== undefined
        ? Number(high) * 0x10000 + Number(low)
        : undefined;
  return asn === 0 ? undefined : asn;
}

const dotted = (text: string): string | undefined => {
  const address = parseIp(text);
  return address?.length === 4 && address.some((octet) => octet !== 0) ? printIp(address) : undefined;
};

/** An address that a session or a tunnel can end at: not unspecified, not multicast. */
const unicast = (text: string): string | undefined => {
  const address = parseIp(text);
  if (!address || address.every((octet) => octet === 0)) return undefined;
  const multicast = address.length === 4 ? address[0]! >= 224 : address[0] === 0xff;
  return multicast ? undefined : printIp(address);
};

/**
 * `65000:10`, `10.0.0.1:10` or `4200000000:10`: an administrator and a number that shares six octets with it
 * (RFC 4364 section 4.2 for RDs, RFC 4360 section 3 and RFC 5668 for route targets).
 */
export function parseAdministered(text: string): string | undefined {
  const colon = text.lastIndexOf(':');
  if (colon < 0) return undefined;
  const [administrator, number] = [text.slice(0, colon), text.slice(colon + 1)];
  const address = /^\d+\.\d+\.\d+\.\d+$/.test(administrator) ? parseIp(administrator) : undefined;
  const asn = address ? undefined : administrator === '0' ? 0 : parseAsNumber(administrator);
  if (!address && asn === undefined) return undefined;
  const assigned = unsigned(number, address || asn! > 0xffff ? 0xffff : 0xffffffff);
  return assigned === undefined ? undefined : `${address ? printIp(address) : asn}:${assigned}`;
}

export const integer = (min: number, max: number, what: string): ValueType<number> => ({
  wanted: `${what} (${min} to ${max})`,
  parse: (text) => {
    const value = unsigned(text, max);
    return value === undefined || value < min ? undefined : value;
  },
  json: { type: 'integer', minimum: min, maximum: max },
});

export const word = <const W extends string>(words: readonly W[]): ValueType<W> => ({
  wanted: words.length === 1 ? words[0]! : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`,
  words,
  parse: (text) => words.find((known) => known === text),
  json: { type: 'string', enum: words },
});

export const flag: ValueType<boolean> = {
  wanted: 'true or false',
  words: ['true', 'false', 'yes', 'no'],
  parse: (text) =>
    /^(true|yes|on)$/i.test(text) ? true : /^(false|no|off)$/i.test(text) ? false : undefined,
  json: { type: 'boolean' },
};

export const text = (what: string, max: number): ValueType<string> => ({
  wanted: `${what}, at most ${max} octets`,
  parse: (seen) => (seen !== '' && new TextEncoder().encode(seen).length <= max ? seen : undefined),
  json: { type: 'string', minLength: 1, maxLength: max },
});

export const asNumber: ValueType<number> = {
  wanted: 'an AS number (1 to 4294967295, or asdot such as 64086.59904)',
  parse: parseAsNumber,
  json: {
    anyOf: [
      { type: 'integer', minimum: 1, maximum: MAX_AS },
      { type: 'string', pattern: '^\\d+\\.\\d+$' },
    ],
  },
};

export const remoteAs: ValueType<RemoteAs> = {
  wanted: 'an AS number, internal or external',
  words: ['internal', 'external'],
  parse: (seen) => (seen === 'internal' || seen === 'external' ? seen : parseAsNumber(seen)),
  json: {
    anyOf: [
      { enum: ['internal', 'external'] },
      { type: 'integer', minimum: 1, maximum: MAX_AS },
      { type: 'string' },
    ],
  },
};

export const dottedId: ValueType<string> = {
  wanted: 'four octets as an IPv4 address, not 0.0.0.0',
  parse: dotted,
  json: { type: 'string', format: 'ipv4' },
};

export const address: ValueType<string> = {
  wanted: 'an IPv4 or IPv6 unicast address',
  parse: unicast,
  json: { type: 'string', anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] },
};

/** The zone of a link-local address stands in update-source. */
export const neighborAddress: ValueType<string> = {
  ...address,
  wanted: 'an IPv4 or IPv6 unicast address (for fe80::1%eth0 write fe80::1, and update-source: eth0)',
};

export const hostMac: ValueType<string> = {
  wanted: 'the MAC address of a host, as 02:00:00:00:00:01',
  parse: (seen) => {
    const mac = parseMac(seen);
    return mac === undefined || mac === 0 || isGroupMac(mac) ? undefined : printMac(mac);
  },
  json: {
    type: 'string',
    pattern: '^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}$|^[0-9a-fA-F]{4}([.][0-9a-fA-F]{4}){2}$',
  },
};

export const listenAddress: ValueType<string> = {
  wanted: 'an IPv4 or IPv6 address to listen on',
  parse: (seen) => {
    const parsed = parseIp(seen);
    return parsed && printIp(parsed);
  },
  json: { type: 'string', anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] },
};

/** An interface's name is 15 octets at most, without slash, space or colon (Linux, dev_valid_name). */
export const updateSource: ValueType<string> = {
  wanted: 'an address or the name of an interface',
  parse: (seen) => unicast(seen) ?? (/^(?![\d.]+$)[^\s/:]{1,15}$/.test(seen) ? seen : undefined),
  json: { type: 'string' },
};

export const prefix: ValueType<string> = {
  wanted: 'a prefix such as 10.0.0.0/24 or fd00::/64',
  parse: (seen) => {
    const parsed = seen.includes('/') ? parsePrefix(seen) : undefined;
    return parsed && printPrefix(parsed);
  },
  json: { type: 'string', pattern: '^[0-9a-fA-F.:]+/\\d{1,3}$' },
};

export const routeDistinguisher: ValueType<string> = {
  wanted: 'a route distinguisher such as 10.0.0.1:10 or 65000:10',
  parse: parseAdministered,
  json: { type: 'string', pattern: '^[\\d.]+:\\d+$' },
};

export const routeTarget: ValueType<string> = {
  wanted: 'a route target such as 65000:10, 10.0.0.1:10 or 4200000000:10',
  parse: parseAdministered,
  json: { type: 'string', pattern: '^[\\d.]+:\\d+$' },
};

/** 0 is legal and means no keepalives; 1 and 2 are not (RFC 4271 section 4.2). */
export const holdTime: ValueType<number> = {
  wanted: '0 or 3 to 65535 seconds',
  parse: (seen) => {
    const value = unsigned(seen, 65535);
    return value === 1 || value === 2 ? undefined : value;
  },
  json: { type: 'integer', minimum: 0, maximum: 65535, not: { enum: [1, 2] } },
};

/** RFC 9003 section 2: the text that goes with a shutdown takes up to 255 octets. */
export const shutdown: ValueType<{ readonly message: string } | false> = {
  wanted: 'true, false, or a message for the peer of at most 255 octets',
  parse: (seen) => {
    const asFlag = flag.parse(seen);
    if (asFlag !== undefined) return asFlag ? { message: '' } : false;
    return seen !== '' && new TextEncoder().encode(seen).length <= 255 ? { message: seen } : undefined;
  },
  json: { anyOf: [{ type: 'boolean' }, { type: 'string', minLength: 1, maxLength: 255 }] },
};

export const family: ValueType<string> = word(FAMILY_NAMES);

/** Permission bits in octal, as chmod takes them: 0660. */
export const fileMode: ValueType<number> = {
  wanted: 'permission bits in octal, such as 0660',
  parse: (seen) => (/^(0o?)?[0-7]{3}$/.test(seen) ? Number.parseInt(seen.slice(-3), 8) : undefined),
  json: { type: ['string', 'integer'], pattern: '^0?[0-7]{3}$' },
};

/** The kernel's limit for sun_path is 108 octets with the final zero. */
export const socketPath: ValueType<string> = {
  wanted: 'an absolute path of at most 107 octets',
  parse: (seen) => (seen.startsWith('/') && Buffer.byteLength(seen) <= 107 ? seen : undefined),
  json: { type: 'string', pattern: '^/', maxLength: 107 },
};

export const ovsdbConnection: ValueType<string> = {
  wanted: 'tcp:ADDRESS:PORT, ssl:ADDRESS:PORT, unix:/PATH, or ptcp:PORT, pssl:PORT where the switch dials us',
  parse: (seen) => {
    const endpoint = parseEndpoint(seen);
    return endpoint && printEndpoint(endpoint);
  },
  json: { type: 'string', pattern: '^p?(unix|tcp|ssl):' },
};

export const filePath: ValueType<string> = {
  wanted: 'an absolute path',
  parse: (seen) => (seen.startsWith('/') && !seen.includes('\0') ? seen : undefined),
  json: { type: 'string', pattern: '^/' },
};

/** It becomes part of a file name. */
export const switchName: ValueType<string> = {
  wanted: 'the name of a Physical_Switch, without slash or space',
  parse: (seen) => (/^[^\s/]{1,100}$/.test(seen) && !seen.startsWith('.') ? seen : undefined),
  json: { type: 'string', pattern: '^[^\\s/.][^\\s/]*$', maxLength: 100 },
};
