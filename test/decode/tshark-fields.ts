/**
 * The fields that tshark 4 prints of a BGP message, made out of our JSON of the same message. Numbers as tshark shows them:
 * octets as pairs with colons, flags in hexadecimal.
 */
import {
  ATTRIBUTES,
  type Attribute,
  afiOf,
  CAPABILITIES,
  type Capability,
  type EvpnRoute,
  type ExtendedCommunity,
  encodeCapabilities,
  encodeEvpnRoute,
  encodeExtendedCommunity,
  encodeNextHop,
  FAMILY,
  type Family,
  type Message,
  parseEsi,
  parseEsiFields,
  parseRouteDistinguisher,
  safiOf,
  type UpdateMessage,
} from 'bgp-protocol';
import { capabilityParameters, layoutOf } from '../../src/decode/layout.ts';

/** Field name to what is shown, in the order of the message. */
export type Fields = Map<string, string[]>;

/** Headings without a value of their own, constants, and lengths that follow from what they measure. */
export const NOT_COMPARED: ReadonlySet<string> = new Set([
  ...[
    'bgp.marker',
    'bgp.cap',
    'bgp.open.opt',
    'bgp.open.opt.param',
    'bgp.cap.reserved',
    'bgp.ext_communities',
  ],
  ...[
    'bgp.ext_community',
    'bgp.evpn.nlri',
    'bgp.evpn.no_ip',
    'bgp.path_attribute.cluster_list',
    'bgp.update.nlri',
  ],
  ...['bgp.update.path_attribute', 'bgp.update.path_attributes', 'bgp.update.path_attribute.as_path_segment'],
  ...['bgp.update.path_attribute.mp_reach_nlri', 'bgp.update.path_attribute.mp_unreach_nlri'],
  ...['bgp.update.path_attribute.mp_reach_nlri.nbr_snpa', 'bgp.update.path_attribute.mpls_label'],
  ...['bgp.update.path_attribute.pmsi.tunnel.id', 'bgp.cap.gr.helper_mode_only'],
  ...[
    'bgp.update.path_attribute.length',
    'bgp.update.path_attributes.length',
    'bgp.update.withdrawn_routes.length',
  ],
]);

/** A label is shown as a VNI, raw, or by its upper 20 bits, depending on what came before it in the packet. */
export const LABEL_FIELDS: ReadonlyMap<string, (shown: number) => number> = new Map([
  ['bgp.evpn.nlri.vni', (vni: number) => vni >>> 4],
  ['bgp.evpn.nlri.mpls_ls1', (label: number) => label],
  ['bgp.evpn.nlri.mpls_ls2', (label: number) => label],
  ['bgp.update.path_attribute.mpls_label_value', (raw: number) => raw >>> 4],
]);
export const LABEL = 'label, upper 20 bits';

const ATTRIBUTE = 'bgp.update.path_attribute';

export function tsharkFields(message: Message, bytes: Uint8Array): Fields {
  const out = new FieldList();
  out.add('bgp.length', bytes.length);
  out.add('bgp.type', bytes[18]);
  switch (message.type) {
    case 'OPEN':
      out.add('bgp.open.version', message.version);
      out.add('bgp.open.myas', Math.min(message.autonomousSystem, 0xffff));
      out.add('bgp.open.holdtime', message.holdTimeSeconds);
      out.add('bgp.open.identifier', message.routerId);
      openFields(message.capabilities, bytes, out);
      break;
    case 'UPDATE':
      updateFields(message, bytes, out);
      break;
    case 'NOTIFICATION':
      out.add('bgp.notify.major_error', message.code);
      out.add(`bgp.notify.minor_error_${message.code === 6 ? 'cease' : 'update'}`, message.subcode);
      if (message.data.length > 0) out.add('bgp.notify.minor_data', pairs(message.data));
      break;
    case 'ROUTE-REFRESH':
      out.add('bgp.route_refresh.afi', afiOf(message.family));
      out.add('bgp.route_refresh.subtype', message.subtype);
      out.add('bgp.route_refresh.safi', safiOf(message.family));
      break;
  }
  return out.fields;
}

class FieldList {
  readonly fields: Fields = new Map();

  add(name: string, value: string | number): void {
    const values = this.fields.get(name) ?? [];
    values.push(String(value));
    this.fields.set(name, values);
  }
}

function pairs(bytes: Uint8Array): string {
  return [...bytes].map((octet) => octet.toString(16).padStart(2, '0')).join(':');
}

function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

function openFields(capabilities: readonly Capability[], bytes: Uint8Array, out: FieldList): void {
  const groups = capabilityParameters(bytes).map((parameter) => parameter.length);
  let from = 0;
  let total = 0;
  for (const count of groups) {
    const group = capabilities.slice(from, from + count);
    from += count;
    const length = encodeCapabilities(group).length;
    total += length + 2;
    out.add('bgp.open.opt.param.type', 2);
    out.add('bgp.open.opt.param.len', length);
    for (const capability of group) capabilityFields(capability, out);
  }
  out.add('bgp.open.opt.len', total);
}

function capabilityFields(capability: Capability, out: FieldList): void {
  const value = encodeCapabilities([capability]).subarray(2);
  const code =
    capability.type === 'unknown'
      ? capability.code
      : (CAPABILITIES.find(({ type }) => type === capability.type)?.code ?? -1);
  out.add('bgp.cap.type', code);
  out.add('bgp.cap.length', value.length);
  switch (capability.type) {
    case 'multiprotocol':
      out.add('bgp.cap.mp.afi', afiOf(capability.family));
      out.add('bgp.cap.mp.safi', safiOf(capability.family));
      break;
    case 'four-octet-as':
      out.add('bgp.cap.4as', capability.autonomousSystem);
      break;
    case 'add-path':
      for (const { family, mode } of capability.families) {
        out.add('bgp.cap.ap.afi', afiOf(family));
        out.add('bgp.cap.ap.safi', safiOf(family));
        out.add('bgp.cap.ap.sendreceive', ['receive', 'send', 'both'].indexOf(mode) + 1);
      }
      break;
    case 'graceful-restart': {
      const { restarting, notification, restartTimeSeconds } = capability;
      const flags = (restarting ? 0x8000 : 0) | (notification ? 0x4000 : 0);
      out.add('bgp.cap.gr.timers', hex(flags | restartTimeSeconds, 4));
      out.add('bgp.cap.gr.timers.restart_flag', restarting ? 1 : 0);
      out.add('bgp.cap.gr.timers.notification_flag', notification ? 1 : 0);
      out.add('bgp.cap.gr.timers.restart_time', restartTimeSeconds);
      break;
    }
    case 'fqdn':
      out.add('bgp.cap.orf.fqdn.hostname.len', capability.hostName.length);
      out.add('bgp.cap.orf.fqdn.hostname', capability.hostName);
      out.add('bgp.cap.orf.fqdn.domain_name.len', capability.domainName.length);
      out.add('bgp.cap.orf.fqdn.domain_name', capability.domainName);
      break;
    case 'extended-next-hop':
      for (const { family, nextHopAfi } of capability.families) {
        out.add('bgp.cap.enh.afi', afiOf(family));
        out.add('bgp.cap.enh.safi', safiOf(family));
        out.add('bgp.cap.enh.nhafi', nextHopAfi);
      }
      break;
    default:
      if (value.length > 0) out.add('bgp.cap.unknown', pairs(value));
  }
}

const ORIGINS = ['igp', 'egp', 'incomplete'];
const SEGMENT_KINDS = ['set', 'sequence', 'confederation-sequence', 'confederation-set'];

function updateFields(message: UpdateMessage, bytes: Uint8Array, out: FieldList): void {
  for (const [code, flags] of layoutOf(bytes)?.attributes ?? []) {
    out.add(`${ATTRIBUTE}.flags`, hex(flags, 2));
    out.add(`${ATTRIBUTE}.flags.optional`, flags >>> 7);
    out.add(`${ATTRIBUTE}.flags.transitive`, (flags >>> 6) & 1);
    out.add(`${ATTRIBUTE}.flags.partial`, (flags >>> 5) & 1);
    out.add(`${ATTRIBUTE}.flags.extended_length`, (flags >>> 4) & 1);
    out.add(`${ATTRIBUTE}.flags.unused`, hex(flags & 15, 2));
    out.add(`${ATTRIBUTE}.type_code`, code);
    attributeFields(message, code, out);
  }
  for (const { nextHop, family, routes } of message.announced) {
    if (family !== FAMILY.IPV4_UNICAST || nextHop.includes(':')) continue;
    for (const route of routes) prefixFields(route as { prefix: string }, 'bgp.nlri_prefix', out);
  }
}

function prefixFields({ prefix }: { prefix: string }, name: string, out: FieldList): void {
  const [address, length] = prefix.split('/');
  out.add('bgp.prefix_length', length);
  out.add(name, address);
}

function attributeFields(message: UpdateMessage, code: number, out: FieldList): void {
  switch (code) {
    case 3:
      for (const { nextHop } of message.announced) out.add(`${ATTRIBUTE}.next_hop`, nextHop);
      break;
    case 14:
      reachFields(message, out);
      break;
    case 15:
      for (const { family, routes } of message.withdrawn) {
        familyFields('mp_unreach_nlri', family, out);
        for (const route of routes) evpnFields(route as EvpnRoute, out);
      }
      break;
    default: {
      const name = ATTRIBUTES.find((known) => known.code === code)?.type;
      const attribute = message.attributes.find(({ type }) => type === name);
      if (attribute !== undefined) valueFields(attribute, out);
    }
  }
}

function valueFields(attribute: Attribute, out: FieldList): void {
  switch (attribute.type) {
    case 'ORIGIN':
      out.add(`${ATTRIBUTE}.origin`, ORIGINS.indexOf(attribute.value));
      break;
    case 'AS_PATH':
      for (const { kind, autonomousSystems } of attribute.segments) {
        out.add(`${ATTRIBUTE}.as_path_segment.type`, SEGMENT_KINDS.indexOf(kind) + 1);
        out.add(`${ATTRIBUTE}.as_path_segment.length`, autonomousSystems.length);
        for (const number of autonomousSystems) out.add(`${ATTRIBUTE}.as_path_segment.as4`, number);
      }
      break;
    case 'MED':
      out.add(`${ATTRIBUTE}.multi_exit_disc`, attribute.value);
      break;
    case 'LOCAL_PREF':
      out.add(`${ATTRIBUTE}.local_pref`, attribute.value);
      break;
    case 'ORIGINATOR_ID':
      out.add(`${ATTRIBUTE}.originator_id`, attribute.routerId);
      break;
    case 'CLUSTER_LIST':
      for (const id of attribute.clusterIds) out.add('bgp.path_attribute.cluster_id', id);
      break;
    case 'EXTENDED_COMMUNITIES':
      for (const community of attribute.communities) communityFields(community, out);
      break;
    case 'PMSI_TUNNEL':
      out.add(`${ATTRIBUTE}.pmsi.tunnel.flags`, attribute.leafInformationRequired ? 1 : 0);
      out.add(`${ATTRIBUTE}.pmsi.tunnel.type`, attribute.tunnelType);
      out.add(LABEL, attribute.label >>> 4);
      // tshark 4.0 shows the first four octets of an IPv6 endpoint as if they were an IPv4 address.
      if (attribute.endpoint !== undefined)
        out.add(`${ATTRIBUTE}.pmsi.ingress_rep_ip`, firstFour(attribute.endpoint));
      break;
  }
}

function firstFour(endpoint: string): string {
  const octets = encodeNextHop(FAMILY.L2VPN_EVPN, { address: endpoint });
  return octets.subarray(0, 4).join('.');
}

function familyFields(attribute: string, family: Family, out: FieldList): void {
  out.add(`${ATTRIBUTE}.${attribute}.afi`, afiOf(family));
  out.add(`${ATTRIBUTE}.${attribute}.safi`, safiOf(family));
}

function reachFields(message: UpdateMessage, out: FieldList): void {
  for (const { family, nextHop, linkLocalNextHop, routes } of message.announced) {
    const v6 = nextHop.includes(':');
    if (family === FAMILY.IPV4_UNICAST && !v6) continue;
    familyFields('mp_reach_nlri', family, out);
    const octets = encodeNextHop(family, {
      address: nextHop,
      ...(linkLocalNextHop === undefined ? {} : { linkLocal: linkLocalNextHop }),
    });
    out.add(`${ATTRIBUTE}.mp_reach_nlri.next_hop`, pairs(Uint8Array.of(octets.length, ...octets)));
    out.add(`${ATTRIBUTE}.mp_reach_nlri.next_hop.${v6 ? 'ipv6' : 'ipv4'}`, nextHop);
    if (linkLocalNextHop !== undefined) {
      out.add(`${ATTRIBUTE}.mp_reach_nlri.next_hop.ipv6.link_local`, linkLocalNextHop);
    }
    for (const route of routes) {
      if (family === FAMILY.L2VPN_EVPN) evpnFields(route as EvpnRoute, out);
      else prefixFields(route as { prefix: string }, 'bgp.mp_reach_nlri_ipv4_prefix', out);
    }
  }
}

const EVPN = 'bgp.evpn.nlri';

function evpnFields(route: EvpnRoute, out: FieldList): void {
  out.add(`${EVPN}.rt`, route.routeType);
  out.add(`${EVPN}.len`, encodeEvpnRoute(route)[1]);
  if ('rd' in route) out.add(`${EVPN}.rd`, pairs(parseRouteDistinguisher(route.rd) ?? new Uint8Array()));
  if ('esi' in route) esiFields(route.esi, out);
  if ('ethernetTag' in route) out.add(`${EVPN}.etag`, route.ethernetTag);
  switch (route.routeType) {
    case 1:
      out.add(LABEL, route.label >>> 4);
      break;
    case 2:
      out.add(`${EVPN}.maclen`, 48);
      out.add(`${EVPN}.mac_addr`, route.mac);
      addressFields(route.ip, out);
      for (const label of route.labels) out.add(LABEL, label >>> 4);
      break;
    case 3:
    case 4:
      addressFields(route.originatorIp, out);
      break;
    case 5: {
      const [address, length] = route.prefix.split('/');
      const v6 = address.includes(':');
      out.add(`${EVPN}.prefix_len`, length);
      out.add(`${EVPN}.${v6 ? 'ipv6' : 'ip'}.addr`, address);
      out.add(`${EVPN}.${v6 ? 'ipv6' : 'ipv4'}.gtw_addr`, route.gatewayIp);
      out.add(LABEL, route.label >>> 4);
      break;
    }
  }
}

function addressFields(ip: string | undefined, out: FieldList): void {
  out.add(`${EVPN}.iplen`, ip === undefined ? 0 : ip.includes(':') ? 128 : 32);
  if (ip !== undefined) out.add(`${EVPN}.${ip.includes(':') ? 'ipv6' : 'ip'}.addr`, ip);
}

function esiFields(text: string, out: FieldList): void {
  const octets = parseEsi(text) ?? new Uint8Array();
  const esi = parseEsiFields(text);
  out.add(`${EVPN}.esi`, pairs(octets));
  out.add(`${EVPN}.esi.type`, octets[0]);
  out.add(`${EVPN}.esi.value`, pairs(octets.subarray(1)));
  if (esi?.kind === 'arbitrary') out.add(`${EVPN}.esi.type0`, (esi.value.match(/../g) ?? []).join(':'));
  if (esi?.kind === 'lacp') {
    out.add(`${EVPN}.esi.lacp_mac`, esi.systemMac);
    out.add(`${EVPN}.esi.lacp_portkey`, esi.portKey);
    out.add(`${EVPN}.esi.remaining`, '00');
  }
  if (esi?.kind === 'mac') {
    // tshark 4.0 takes two octets of the three for the discriminator, and the third for a remainder.
    const discriminator = esi.localDiscriminator.toString(16).padStart(6, '0');
    out.add(`${EVPN}.esi.system_mac`, esi.systemMac);
    out.add(`${EVPN}.esi.system_mac_discr`, `${discriminator.slice(0, 2)}:${discriminator.slice(2, 4)}`);
    out.add(`${EVPN}.esi.remaining`, discriminator.slice(4));
  }
}

const SUBTYPE_NAMES: Readonly<Record<number, string>> = { 0: 'as2', 3: 'opaque', 6: 'evpn' };

function communityFields(community: ExtendedCommunity, out: FieldList): void {
  const octets = encodeExtendedCommunity(community);
  out.add('bgp.ext_com.type', hex(octets[0], 2));
  out.add('bgp.ext_com.type.auth', octets[0] >>> 7);
  out.add('bgp.ext_com.type.tran', (octets[0] >>> 6) & 1);
  const subtype = `bgp.ext_com.stype_tr_${SUBTYPE_NAMES[octets[0]]}`;
  if (community.type === 'mac-mobility') {
    out.add('bgp.ext_com_evpn.mmac.flags', hex(community.sticky ? 1 : 0, 2));
    out.add('bgp.ext_com_evpn.mmac.flags.sticky', community.sticky ? 1 : 0);
    out.add('bgp.ext_com_evpn.mmac.seq', community.sequence);
    out.add(subtype, hex(octets[1], 2));
    return;
  }
  out.add(subtype, hex(octets[1], 2));
  switch (community.type) {
    case 'route-target':
      out.add('bgp.ext_com.value_as2', community.administrator);
      out.add('bgp.ext_com.value_an4', community.assigned);
      break;
    case 'encapsulation':
      out.add('bgp.ext_com.tunnel_type', community.tunnelType);
      break;
    case 'esi-label':
      out.add('bgp.ext_com_l2.esi_label_flag', community.flags & 1);
      out.add(LABEL, community.label >>> 4);
      out.add(`${ATTRIBUTE}.mpls_label_value_20bits`, community.label >>> 4);
      out.add(`${ATTRIBUTE}.mpls_traffic_class`, hex((community.label >>> 1) & 7, 6));
      out.add(`${ATTRIBUTE}.mpls_bottom_stack`, community.label & 1);
      break;
    case 'es-import':
      out.add('bgp.ext_com_evpn.esi.rt', community.mac);
      break;
    case 'router-mac':
      out.add('bgp.ext_com_evpn.esi.router_mac', community.mac);
      break;
    default:
      out.add('bgp.ext_com.value_raw', `0x0000${pairs(octets.subarray(2)).replaceAll(':', '')}`);
  }
}
