/**
 * Generated values of everything that the registries of routes and communities know, for the laws about them.
 */
import {
  type AdministratorAndNumber,
  ESI_ZERO,
  type EvpnRoute,
  type ExtendedCommunity,
  encodeEvpnRoute,
  esiText,
  hexText,
  ipText,
  macText,
  type OpaqueEvpnRoute,
  prefixText,
  routeDistinguisherText,
} from 'bgp-protocol';
import fc from 'fast-check';

export const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
export const u8 = fc.integer({ min: 0, max: 0xff });
export const u16 = fc.integer({ min: 0, max: 0xffff });
export const u24 = fc.integer({ min: 0, max: 0xffffff });
export const u32 = fc.integer({ min: 0, max: 0xffffffff });

export const mac = fc.integer({ min: 0, max: 2 ** 48 - 1 }).map(macText);
export const ipv4 = octets(4).map((bytes) => ipText(bytes));
/** Runs of zeros in every place, so that their shortening is met. */
const ipv6Octets = fc
  .tuple(octets(16), u16)
  .map(([bytes, zeros]) => bytes.map((octet, at) => ((zeros >> (at >> 1)) & 1 ? 0 : octet)));
export const ipv6 = ipv6Octets.map((bytes) => ipText(bytes));
export const ip = fc.oneof(ipv4, ipv6);
export const esi = octets(10).map((bytes) => esiText(bytes));
export const rd = fc
  .tuple(fc.constantFrom(0, 1, 2, 3, 0xffff), octets(6))
  .map(([type, rest]) => routeDistinguisherText(Uint8Array.of(type >> 8, type & 0xff, ...rest)));
/** With bits beyond the length: EVPN keeps them. */
export const prefix = fc
  .oneof(octets(4), ipv6Octets)
  .chain((bytes) =>
    fc.integer({ min: 0, max: bytes.length * 8 }).map((bits) => prefixText(Uint8Array.from(bytes), bits)),
  );

const optional = <Key extends string, Value>(key: Key, value: fc.Arbitrary<Value>) =>
  fc.option(value, { nil: undefined }).map((some) => (some === undefined ? {} : { [key]: some }));

const addresses = fc
  .tuple(optional('source', ip), optional('group', ip), ip)
  .map(([source, group, originatorIp]) => ({ ...source, ...group, originatorIp }));

const knownRoute = (
  routeType: number,
  fields: Record<string, fc.Arbitrary<unknown>>,
  ...more: fc.Arbitrary<object>[]
) =>
  fc
    .tuple(fc.record(fields), ...more)
    .map((parts) => ({ routeType, ...Object.assign({}, ...parts) }) as EvpnRoute);

/** Of ESI and gateway at most one is set: RFC 9136 section 3.2. */
const ipPrefix = fc
  .tuple(rd, esi, u32, prefix, octets(16), u24, fc.boolean())
  .map(([rd, esi, ethernetTag, prefix, gateway, label, behindSegment]): EvpnRoute => {
    const address = gateway.slice(0, prefix.includes(':') ? 16 : 4).fill(0, behindSegment ? 0 : 16);
    const gatewayIp = ipText(address);
    return { routeType: 5, rd, esi: behindSegment ? esi : ESI_ZERO, ethernetTag, prefix, gatewayIp, label };
  });

export const opaqueRoute = fc
  .tuple(fc.oneof(fc.constant(0), fc.integer({ min: 12, max: 255 })), fc.uint8Array({ maxLength: 255 }))
  .map(([type, opaque]): EvpnRoute => {
    return { routeType: type as OpaqueEvpnRoute['routeType'], opaque: Uint8Array.from(opaque) };
  });

const labels = fc.array(u24, { minLength: 1, maxLength: 2 });

const answerable = knownRoute(9, {
  rd,
  ethernetTag: u32,
  regionId: octets(8).map((bytes) => hexText(bytes)),
});

export const evpnRoute: fc.Arbitrary<EvpnRoute> = fc.oneof(
  knownRoute(1, { rd, esi, ethernetTag: u32, label: u24 }),
  knownRoute(2, { rd, esi, ethernetTag: u32, mac, labels }, optional('ip', ip)),
  knownRoute(3, { rd, ethernetTag: u32, originatorIp: ip }),
  knownRoute(4, { rd, esi, originatorIp: ip }),
  ipPrefix,
  knownRoute(6, { rd, ethernetTag: u32, flags: u8 }, addresses),
  knownRoute(7, { rd, esi, ethernetTag: u32, flags: u8 }, addresses),
  knownRoute(8, { rd, esi, ethernetTag: u32, flags: u8, maximumResponseTime: u8 }, addresses),
  answerable,
  knownRoute(10, { rd, ethernetTag: u32 }, addresses),
  fc.tuple(answerable, ip).map(([answered, originatorIp]): EvpnRoute => {
    return { routeType: 11, routeKey: hexText(encodeEvpnRoute(answered)), originatorIp };
  }),
  opaqueRoute,
);

export const administrator: fc.Arbitrary<AdministratorAndNumber> = fc.oneof(
  fc.record({ kind: fc.constant('two-octet-as' as const), administrator: u16, assigned: u32 }),
  fc.record({ kind: fc.constant('ipv4' as const), administrator: ipv4, assigned: u16 }),
  fc.record({ kind: fc.constant('four-octet-as' as const), administrator: u32, assigned: u16 }),
);

const community = <Type extends ExtendedCommunity['type']>(
  type: Type,
  fields: Record<string, fc.Arbitrary<unknown>>,
  ...more: fc.Arbitrary<object>[]
) =>
  fc
    .tuple(fc.record(fields), ...more)
    .map((parts) => ({ type, ...Object.assign({}, ...parts) }) as ExtendedCommunity);

const bandwidth = fc
  .float({ min: 0, noNaN: true, noDefaultInfinity: true })
  .map((value) => (Object.is(value, -0) ? 0 : value));

export const extendedCommunity: fc.Arbitrary<ExtendedCommunity> = fc.oneof(
  community('route-target', {}, administrator),
  community('route-origin', {}, administrator),
  community('evi-route-target', {}, administrator),
  community(
    'administrator-specific',
    { transitive: fc.boolean(), subtype: fc.integer({ min: 5, max: 255 }) },
    administrator,
  ),
  community('link-bandwidth', { transitive: fc.boolean(), autonomousSystem: u16, bytesPerSecond: bandwidth }),
  community('encapsulation', { tunnelType: u16 }),
  community('color', { flags: u16, color: u32 }),
  community('default-gateway', {}),
  community('load-balance', { fields: u8, flags: u8 }),
  community('origin-validation-state', { state: u8 }),
  community('opaque', { transitive: fc.boolean(), subtype: fc.constantFrom(0x06, 0x99), value: octets(6) }),
  community('mac-mobility', { sequence: u32, sticky: fc.boolean() }),
  community('esi-label', { flags: u8, label: u24 }),
  community('es-import', { mac }),
  community('router-mac', { mac }),
  community('layer-2-attributes', { flags: u16, mtu: u16 }),
  community('e-tree', { flags: u8, leafLabel: u24 }),
  community('df-election', {
    algorithm: fc.integer({ min: 0, max: 31 }),
    capabilities: u16,
    preference: u16,
  }),
  community('i-sid', { baseISid: u24, bitmap: u24 }),
  community('nd-flags', { flags: u8 }),
  community('multicast-flags', { flags: u16 }),
  community('service-carving-time', { seconds: u32, fraction: u16 }),
  community('evpn-link-bandwidth', { units: u8, weight: fc.integer({ min: 0, max: 2 ** 40 - 1 }) }),
  community('evpn-opaque', { subtype: fc.integer({ min: 0x11, max: 255 }), value: octets(6) }),
  fc.tuple(fc.integer({ min: 0x80, max: 0xff }), octets(7)).map(([type, rest]): ExtendedCommunity => {
    return { type: 'unknown', value: Uint8Array.of(type, ...rest) };
  }),
);
