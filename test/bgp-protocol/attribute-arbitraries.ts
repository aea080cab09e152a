/**
 * Generated values of every attribute and capability in the registries, and of the messages made of them.
 */
import {
  type Attribute,
  type Capability,
  FAMILY,
  type Message,
  type OpenMessage,
  PMSI_TUNNEL_TYPE,
  type PmsiTunnel,
  type PrefixSidTlv,
  type TunnelSubTlv,
} from 'bgp-protocol';
import fc from 'fast-check';
import { evpnRoute, extendedCommunity, ip, ipv4, mac, octets, u8, u16, u24, u32 } from './arbitraries.ts';

const bytes = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((value) => Uint8Array.from(value));
const some = <T>(value: fc.Arbitrary<T>) => fc.array(value, { minLength: 1, maxLength: 5 });
const autonomousSystem = fc.integer({ min: 1, max: 0xffffffff });
export const family = fc.constantFrom(...Object.values(FAMILY));

const segments = fc.array(
  fc.record({
    kind: fc.constantFrom('set', 'sequence', 'confederation-sequence', 'confederation-set'),
    autonomousSystems: fc.array(autonomousSystem, { minLength: 1, maxLength: 6 }),
  }),
  { maxLength: 4 },
);

/** An optional transitive attribute may carry the Partial bit. */
const transitive = (type: Attribute['type'], fields: Record<string, fc.Arbitrary<unknown>>) =>
  fc
    .tuple(fc.record(fields), fc.boolean())
    .map(([value, partial]) => ({ type, ...value, ...(partial ? { partial: true } : {}) }) as Attribute);

const plain = (type: Attribute['type'], fields: Record<string, fc.Arbitrary<unknown>> = {}) =>
  fc.record(fields).map((value) => ({ type, ...value }) as Attribute);

const sameFamilyIps = fc.oneof(
  fc.tuple(ipv4, ipv4),
  fc.tuple(octets(16), octets(16)).map(() => ['fd00::1', 'ff3e::2']),
);

const pmsiForm: fc.Arbitrary<Partial<PmsiTunnel>> = fc.oneof(
  fc.record({ tunnelType: fc.constantFrom(6, 10), endpoint: ip }),
  fc.constant({ tunnelType: PMSI_TUNNEL_TYPE.NO_TUNNEL_INFORMATION }),
  fc.tuple(ip, u16, u32).map(([extendedTunnelId, tunnelId, p2mpId]) => ({
    tunnelType: 1,
    identifier: { kind: 'rsvp-te' as const, extendedTunnelId, tunnelId, p2mpId },
  })),
  fc.tuple(fc.constantFrom(2, 7), u8, ip, bytes(0, 20)).map(([tunnelType, fecType, rootAddress, opaque]) => ({
    tunnelType,
    identifier: { kind: 'mldp' as const, fecType, rootAddress, opaque },
  })),
  fc.tuple(fc.constantFrom(3, 4, 5), sameFamilyIps).map(([tunnelType, [source, group]]) => ({
    tunnelType,
    identifier: { kind: 'pim' as const, source, group },
  })),
  fc.tuple(u8, u16, ip).map(([subDomainId, bfrId, bfrPrefix]) => ({
    tunnelType: 11,
    identifier: { kind: 'bier' as const, subDomainId, bfrId, bfrPrefix },
  })),
  fc.tuple(fc.constantFrom(8, 12, 13, 0x86, 0xff), bytes(1, 20)).map(([tunnelType, value]) => ({
    tunnelType,
    identifier: { kind: 'opaque' as const, value },
  })),
);

const pmsi = fc
  .tuple(fc.boolean(), u24, pmsiForm, fc.boolean(), fc.integer({ min: 1, max: 127 }))
  .map(([leafInformationRequired, label, form, partial, flags]) => {
    const otherFlags = flags % 3 === 0 ? { otherFlags: flags << 1 } : {};
    return {
      type: 'PMSI_TUNNEL',
      leafInformationRequired,
      ...otherFlags,
      label,
      ...form,
      ...(partial ? { partial } : {}),
    } as Attribute;
  });

const subTlv: fc.Arbitrary<TunnelSubTlv> = fc.oneof(
  fc.record({ kind: fc.constant('protocol-type' as const), etherType: u16 }),
  fc.record({ kind: fc.constant('color' as const), flags: u16, color: u32 }),
  fc.record({ kind: fc.constant('egress-endpoint' as const), address: ip }),
  fc.constant({ kind: 'egress-endpoint' as const }),
  fc.record({ kind: fc.constant('ds-field' as const), value: u8 }),
  fc.record({ kind: fc.constant('udp-destination-port' as const), port: u16 }),
  fc.record({ kind: fc.constant('embedded-label-handling' as const), handling: u8 }),
  fc.record({ kind: fc.constant('mpls-label-stack' as const), entries: some(u32) }),
  fc.record({
    kind: fc.constant('other' as const),
    subType: fc.integer({ min: 11, max: 255 }),
    value: bytes(0, 20),
  }),
);
const vxlan = fc
  .record({ kind: fc.constant('vxlan' as const), vni: u24, mac })
  .map((each): TunnelSubTlv => each);
const tunnel = fc.oneof(
  fc.record({
    tunnelType: fc.constantFrom(8, 9),
    subTlvs: fc.array(fc.oneof(subTlv, vxlan), { maxLength: 4 }),
  }),
  fc.record({ tunnelType: u16, subTlvs: fc.array(subTlv, { maxLength: 4 }) }),
);

const tlv = (types: fc.Arbitrary<number>) => fc.record({ type: types, value: bytes(0, 12) });
const prefixSidTlv: fc.Arbitrary<PrefixSidTlv> = fc.oneof(
  fc.record({ kind: fc.constant('label-index' as const), flags: u16, labelIndex: u32 }),
  fc.record({
    kind: fc.constant('originator-srgb' as const),
    flags: u16,
    ranges: some(fc.record({ base: u24, count: u24 })),
  }),
  fc.record({
    kind: fc.constant('other' as const),
    tlvType: fc.integer({ min: 4, max: 255 }),
    value: bytes(0, 12),
  }),
);

const framedTlvs = fc
  .array(fc.tuple(u8, bytes(0, 9)), { minLength: 1, maxLength: 3 })
  .map((list) => Uint8Array.from(list.flatMap(([type, value]) => [0, type, 0, value.length, ...value])));
const framedShortTlvs = fc
  .array(fc.tuple(u8, bytes(0, 9)), { minLength: 1, maxLength: 3 })
  .map((list) => Uint8Array.from(list.flatMap(([type, value]) => [type, 0, value.length, ...value])));

/** What an attribute block can hold besides its next hop. */
export const blockAttribute: fc.Arbitrary<Attribute> = fc.oneof(
  plain('ORIGIN', { value: fc.constantFrom('igp', 'egp', 'incomplete') }),
  plain('AS_PATH', { segments }),
  plain('MED', { value: u32 }),
  plain('LOCAL_PREF', { value: u32 }),
  plain('ATOMIC_AGGREGATE'),
  transitive('AGGREGATOR', { autonomousSystem, routerId: ipv4 }),
  transitive('COMMUNITIES', { communities: some(u32) }),
  plain('ORIGINATOR_ID', { routerId: ipv4 }),
  plain('CLUSTER_LIST', { clusterIds: some(ipv4) }),
  transitive('EXTENDED_COMMUNITIES', { communities: some(extendedCommunity) }),
  pmsi,
  transitive('TUNNEL_ENCAPSULATION', { tunnels: some(tunnel) }),
  plain('TRAFFIC_ENGINEERING', { value: bytes(36, 80) }),
  transitive('IPV6_EXTENDED_COMMUNITIES', {
    communities: some(
      fc.record({
        type: fc.constant('ipv6-route-target'),
        typeOctet: fc.constant(0),
        subtype: fc.constant(2),
        address: ip.filter((text) => text.includes(':')),
        assigned: u16,
      }),
    ),
  }),
  plain('AIGP', { metric: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String) }),
  plain('AIGP', { otherTlvs: some(tlv(fc.integer({ min: 2, max: 255 }))) }),
  transitive('PE_DISTINGUISHER_LABELS', { value: bytes(7, 40) }),
  plain('BGP_LS', { value: framedTlvs }),
  transitive('LARGE_COMMUNITIES', {
    communities: some(fc.record({ globalAdministrator: u32, localData1: u32, localData2: u32 })),
  }),
  plain('BGPSEC_PATH', { value: bytes(11, 60) }),
  transitive('COMMUNITY_CONTAINER', { value: bytes(6, 300) }),
  transitive('ONLY_TO_CUSTOMER', { autonomousSystem: u32 }),
  transitive('D_PATH', {
    segments: some(some(fc.record({ globalAdministrator: u32, localAdministrator: u16, safi: u8 }))),
  }),
  transitive('SFP', { value: framedShortTlvs }),
  transitive('BFD_DISCRIMINATOR', {
    mode: u8,
    discriminator: u32,
    tlvs: fc.tuple(fc.record({ type: u8, value: bytes(4, 16) })),
  }),
  transitive('PREFIX_SID', { tlvs: some(prefixSidTlv) }),
  transitive('BIER', { value: framedTlvs }),
  transitive('ATTR_SET', {
    originAutonomousSystem: u32,
    attributes: fc.tuple(plain('ORIGIN', { value: fc.constant('igp') }), plain('MED', { value: u32 })),
  }),
  fc.record({
    type: fc.constant('unknown' as const),
    code: fc.integer({ min: 200, max: 254 }),
    flags: fc.constantFrom(0xc0, 0xe0),
    value: bytes(0, 400),
  }),
);

/** Also those that never are in a block. */
export const attribute: fc.Arbitrary<Attribute> = fc.oneof(
  blockAttribute,
  plain('NEXT_HOP', { address: ipv4 }),
  transitive('AS4_PATH', { segments: segments.filter((list) => list.length > 0) }),
  transitive('AS4_AGGREGATOR', { autonomousSystem, routerId: ipv4 }),
  plain('MP_REACH_NLRI', { family: fc.constant(FAMILY.L2VPN_EVPN), nextHop: ip, nlri: bytes(0, 40) }),
  plain('MP_UNREACH_NLRI', { family, nlri: bytes(0, 40) }),
);

const word = fc.string({ unit: 'grapheme-ascii', maxLength: 20 });
const familyWith = (fields: Record<string, fc.Arbitrary<unknown>>) =>
  fc.array(fc.record({ family, ...fields }), { maxLength: 4 });
const capabilityOf = (type: Capability['type'], fields: Record<string, fc.Arbitrary<unknown>> = {}) =>
  fc.record(fields).map((value) => ({ type, ...value }) as Capability);

export const capability: fc.Arbitrary<Capability> = fc.oneof(
  capabilityOf('multiprotocol', { family }),
  capabilityOf('route-refresh'),
  capabilityOf('outbound-route-filtering', {
    entries: familyWith({
      filters: fc.array(fc.record({ orfType: u8, mode: fc.constantFrom('receive', 'send', 'both') }), {
        maxLength: 3,
      }),
    }),
  }),
  capabilityOf('extended-next-hop', { families: familyWith({ nextHopAfi: u16 }) }),
  capabilityOf('extended-message'),
  capabilityOf('bgpsec', {
    version: fc.integer({ min: 0, max: 15 }),
    direction: fc.constantFrom('send', 'receive'),
    afi: u16,
  }),
  capabilityOf('multiple-labels', { families: familyWith({ count: u8 }) }),
  capabilityOf('bgp-role', {
    role: fc.constantFrom('provider', 'route-server', 'route-server-client', 'customer', 'peer'),
  }),
  capabilityOf('graceful-restart', {
    restarting: fc.boolean(),
    notification: fc.boolean(),
    restartTimeSeconds: fc.integer({ min: 0, max: 4095 }),
    families: familyWith({ forwardingPreserved: fc.boolean() }),
  }),
  capabilityOf('four-octet-as', { autonomousSystem }),
  capabilityOf('dynamic', { codes: fc.array(u8, { maxLength: 5 }) }),
  capabilityOf('multisession', { grouping: fc.boolean(), sessionIds: fc.array(u8, { maxLength: 5 }) }),
  capabilityOf('add-path', { families: familyWith({ mode: fc.constantFrom('receive', 'send', 'both') }) }),
  capabilityOf('enhanced-route-refresh'),
  capabilityOf('long-lived-graceful-restart', {
    families: familyWith({ forwardingPreserved: fc.boolean(), staleTimeSeconds: u24 }),
  }),
  capabilityOf('fqdn', { hostName: word, domainName: word }),
  capabilityOf('bfd-strict-mode'),
  capabilityOf('software-version', { version: word }),
  capabilityOf('paths-limit', { families: familyWith({ limit: u16 }) }),
  capabilityOf('link-local-next-hop'),
  capabilityOf('unknown', { code: fc.integer({ min: 200, max: 255 }), value: bytes(0, 40) }),
);

const open: fc.Arbitrary<OpenMessage> = fc
  .record({
    type: fc.constant('OPEN' as const),
    version: fc.constant(4),
    autonomousSystem: fc.integer({ min: 1, max: 0xffff }),
    holdTimeSeconds: fc.constantFrom(0, 3, 9, 65535),
    routerId: ipv4.filter((text) => text !== '0.0.0.0'),
    capabilities: fc.array(
      capability.filter(({ type }) => type !== 'four-octet-as'),
      { maxLength: 12 },
    ),
  })
  .map((each) => each);

/** One block's worth of attributes, each type once, in the order of a block. */
const updateAttributes = fc
  .uniqueArray(blockAttribute, {
    selector: (each) => (each.type === 'unknown' ? each.code : each.type),
    maxLength: 6,
  })
  .map((list) => [
    { type: 'ORIGIN', value: 'igp' } as Attribute,
    { type: 'AS_PATH', segments: [] } as Attribute,
    ...list.filter(({ type }) => type !== 'ORIGIN' && type !== 'AS_PATH'),
  ]);

const update: fc.Arbitrary<Message> = fc
  .tuple(updateAttributes, ip, some(evpnRoute))
  .map(([attributes, nextHop, routes]) => ({
    type: 'UPDATE',
    attributes,
    announced: [{ family: FAMILY.L2VPN_EVPN, nextHop, routes }],
    withdrawn: [],
    faults: [],
  }));

const withdrawal: fc.Arbitrary<Message> = fc.array(evpnRoute, { maxLength: 5 }).map((routes) => ({
  type: 'UPDATE',
  attributes: [],
  announced: [],
  withdrawn: [{ family: FAMILY.L2VPN_EVPN, routes }],
  faults: [],
}));

export const message: fc.Arbitrary<Message> = fc.oneof(
  open,
  update,
  withdrawal,
  fc.record({
    type: fc.constant('NOTIFICATION' as const),
    code: u8,
    subcode: u8,
    data: bytes(0, 60),
  }),
  fc.constant<Message>({ type: 'KEEPALIVE' }),
  fc.record({ type: fc.constant('ROUTE-REFRESH' as const), family, subtype: fc.integer({ min: 0, max: 2 }) }),
);
