/** The values in commands: what is accepted, in which words it is refused, and what help says about each. */
import { parseIp, printIp } from '../base/ip.ts';
import { parseMac, printMac } from '../base/mac.ts';

export interface ValueKind {
  /** Ends the sentence "expected ...". */
  readonly wanted: string;
  /** Canonical text; undefined when it is none. */
  parse(text: string): string | undefined;
}

/** FRR's names of the route types, with their numbers (IANA registry "EVPN Route Types"). */
const ROUTE_TYPES: Readonly<Record<string, number>> = { ead: 1, macip: 2, multicast: 3, es: 4, prefix: 5 };

const number = (text: string, min: number, max: number): string | undefined =>
  /^\d{1,10}$/.test(text) && Number(text) >= min && Number(text) <= max ? String(Number(text)) : undefined;

const address = (text: string): string | undefined => {
  const parsed = parseIp(text);
  return parsed && printIp(parsed);
};

export const VALUES: Readonly<Record<string, ValueKind>> = {
  VNI: { wanted: 'a VNI, 1 to 16777215', parse: (text) => number(text, 1, 0xffffff) },
  MAC: {
    wanted: 'a MAC address such as 02:00:00:00:00:01',
    parse: (text) => {
      const mac = parseMac(text);
      return mac === undefined ? undefined : printMac(mac);
    },
  },
  IP: { wanted: 'an IPv4 or IPv6 address', parse: address },
  VTEP: { wanted: 'the address of a VTEP', parse: address },
  RD: {
    wanted: 'a route distinguisher such as 10.0.0.1:2',
    parse: (text) => (/^[\d.]+:\d+$/.test(text) ? text : undefined),
  },
  TYPE: {
    wanted: 'a route type: 1 to 11, or ead, macip, multicast, es, prefix',
    parse: (text) => {
      const named = Object.keys(ROUTE_TYPES).filter(
        (name) => name === text || name.startsWith(text.toLowerCase()),
      );
      return number(text, 0, 255) ?? (named.length === 1 ? String(ROUTE_TYPES[named[0]!]) : undefined);
    },
  },
  SWITCH: {
    wanted: 'the name of a switch',
    parse: (text) => (/^[^\s/]+$/.test(text) ? text : undefined),
  },
  NEIGHBOR: {
    wanted: "a neighbor's address or host name",
    parse: (text) => address(text) ?? (/^[A-Za-z0-9_][\w.-]*$/.test(text) ? text : undefined),
  },
};
