/**
 * The key of an EVPN route on one line, in the brackets that FRR's people read: `[2]:[0]:[48]:[02:00:00:00:00:03]`. The
 * route distinguisher is not part of it: tables print it once above the routes.
 *
 * The key fields are those of RFC 7432 section 7, RFC 9136 section 3.1, RFC 9251 section 9 and RFC 9572 section 3. Types 6
 * to 11 follow the same pattern; a wildcard prints as length 0 and `*`. Any other type prints its octets.
 */
import type { EvpnRoute, OpaqueEvpnRoute } from '../evpn/route.ts';
import { ESI_ZERO, esiText, parseEsi } from './ethernet-segment-identifier.ts';
import { hexText, parseHex } from './hex.ts';
import { ipText, parseIp } from './ip.ts';
import { macText, parseMac } from './mac.ts';
import { parsePrefix, prefixText } from './prefix.ts';

/** `[5]:[0]:[24]:[10.10.10.0]`. */
export function evpnRouteText(route: EvpnRoute): string {
  return `[${[route.routeType, ...keyWords(route)].join(']:[')}]`;
}

function keyWords(route: EvpnRoute): readonly (string | number)[] {
  switch (route.routeType) {
    case 1:
      return [route.ethernetTag, route.esi];
    case 2:
      return [route.ethernetTag, 48, route.mac, ...(route.ip === undefined ? [] : address(route.ip))];
    case 3:
      return [route.ethernetTag, ...address(route.originatorIp)];
    case 4:
      return [route.esi, ...address(route.originatorIp)];
    case 5: {
      const [prefix, length] = route.prefix.split('/');
      return [route.ethernetTag, length, prefix];
    }
    case 6:
    case 10:
      return [route.ethernetTag, ...addresses(route)];
    case 7:
    case 8:
      return [route.esi, route.ethernetTag, ...addresses(route)];
    case 9:
      return [route.ethernetTag, route.regionId];
    case 11:
      return [route.routeKey, ...address(route.originatorIp)];
    default:
      return [hexText(route.opaque)];
  }
}

function address(text: string | undefined): readonly [number, string] {
  if (text === undefined) return [0, '*'];
  return [text.includes(':') ? 128 : 32, text];
}

function addresses(route: {
  source?: string;
  group?: string;
  originatorIp: string;
}): readonly (number | string)[] {
  return [...address(route.source), ...address(route.group), ...address(route.originatorIp)];
}

/**
 * The route that a text of evpnRouteText names; undefined when it is none. What the text does not tell (route
 * distinguisher, and the fields outside the key) is zero: give `rd` to have it in place. Of type 1, the words that
 * FRR adds (VTEP and fragment) are read over, and of type 2 the length of the MAC may be any that is 48.
 */
export function parseEvpnRoute(text: string, rd = '0:0'): EvpnRoute | undefined {
  const match = /^\[([^[\]]*)\](?::\[[^[\]]*\])*$/.exec(text);
  if (match === null) return undefined;
  const [type, ...words] = text.slice(1, -1).split(']:[');
  const routeType = number(type, 0xff);
  if (routeType === undefined) return undefined;
  const read = new Words(words);
  const route = routeOfWords(routeType, read, rd);
  return route !== undefined && read.sound ? route : undefined;
}

function routeOfWords(routeType: number, read: Words, rd: string): EvpnRoute | undefined {
  switch (routeType) {
    case 1: {
      const route = { routeType, rd, ethernetTag: read.tag(), esi: read.esi(), label: 0 } as const;
      if (read.left === 3) read.skip(3);
      return route;
    }
    case 2: {
      const ethernetTag = read.tag();
      const mac = read.mac();
      const ip = read.left === 0 ? undefined : read.address(false);
      return {
        routeType,
        rd,
        esi: ESI_ZERO,
        ethernetTag,
        mac,
        ...(ip === undefined ? {} : { ip }),
        labels: [0],
      };
    }
    case 3:
      return { routeType, rd, ethernetTag: read.tag(), originatorIp: read.originator() };
    case 4:
      return { routeType, rd, esi: read.esi(), originatorIp: read.originator() };
    case 5: {
      const ethernetTag = read.tag();
      const prefix = read.prefix();
      const gatewayIp = prefix.includes(':') ? '::' : '0.0.0.0';
      return { routeType, rd, esi: ESI_ZERO, ethernetTag, prefix, gatewayIp, label: 0 };
    }
    case 6:
      return { routeType, rd, ethernetTag: read.tag(), ...read.addresses(), flags: 0 };
    case 7:
      return { routeType, rd, esi: read.esi(), ethernetTag: read.tag(), ...read.addresses(), flags: 0 };
    case 8: {
      const key = { esi: read.esi(), ethernetTag: read.tag(), ...read.addresses() };
      return { routeType, rd, ...key, maximumResponseTime: 0, flags: 0 };
    }
    case 9:
      return { routeType, rd, ethernetTag: read.tag(), regionId: read.hex(8) };
    case 10:
      return { routeType, rd, ethernetTag: read.tag(), ...read.addresses() };
    case 11:
      return { routeType, routeKey: read.hex(), originatorIp: read.originator() };
    default: {
      const opaque = parseHex(read.hex());
      if (opaque === undefined) return undefined;
      return { routeType: routeType as OpaqueEvpnRoute['routeType'], opaque };
    }
  }
}

/** The words between brackets, read one by one; `sound` tells at the end whether all were there and of their form. */
class Words {
  readonly #words: readonly string[];
  #next = 0;
  #failed = false;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  get sound(): boolean {
    return !this.#failed && this.left === 0;
  }

  get left(): number {
    return this.#words.length - this.#next;
  }

  skip(count: number): void {
    this.#next += count;
  }

  tag(): number {
    return number(this.#word(), 0xffffffff) ?? this.#fail(0);
  }

  esi(): string {
    const octets = parseEsi(this.#word());
    return octets === undefined ? this.#fail('') : esiText(octets);
  }

  /** Length and address. */
  mac(): string {
    if (this.#word() !== '48') this.#failed = true;
    const mac = parseMac(this.#word());
    return mac === undefined ? this.#fail('') : macText(mac);
  }

  /** Length and address; undefined for length 0 and `*` where that is allowed. */
  address(wildcard: boolean): string | undefined {
    const bits = number(this.#word(), 128);
    const word = this.#word();
    if (wildcard && bits === 0 && word === '*') return undefined;
    const octets = parseIp(word);
    if (octets === undefined || octets.length * 8 !== bits) return this.#fail(undefined);
    return ipText(octets);
  }

  originator(): string {
    return this.address(false) ?? this.#fail('');
  }

  addresses(): { source?: string; group?: string; originatorIp: string } {
    const source = this.address(true);
    const group = this.address(true);
    const originatorIp = this.originator();
    return {
      ...(source === undefined ? {} : { source }),
      ...(group === undefined ? {} : { group }),
      originatorIp,
    };
  }

  prefix(): string {
    const bits = this.#word();
    const prefix = parsePrefix(`${this.#word()}/${bits}`);
    return prefix === undefined ? this.#fail('') : prefixText(prefix.address, prefix.lengthBits);
  }

  hex(octets?: number): string {
    const bytes = parseHex(this.#word());
    if (bytes === undefined || (octets !== undefined && bytes.length !== octets)) return this.#fail('');
    return hexText(bytes);
  }

  #word(): string {
    return this.#words[this.#next++] ?? this.#fail('');
  }

  #fail<T>(value: T): T {
    this.#failed = true;
    return value;
  }
}

function number(text: string, most: number): number | undefined {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return value <= most ? value : undefined;
}
