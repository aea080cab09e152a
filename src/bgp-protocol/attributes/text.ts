/**
 * Attributes on one line, for people: what an operator reads in `show` and in a decoded capture.
 *
 * AS paths as in RFC 5396 with the brackets of the usual implementations: {set}, (confederation sequence), [confederation set].
 */
import { extendedCommunityText, ipv6ExtendedCommunityText } from '../communities/index.ts';
import { tunnelTypeText } from '../communities/opaque.ts';
import { type LabelKind, labelText } from '../evpn/label.ts';
import { familyText } from '../family.ts';
import { PMSI_TUNNEL_TYPE } from '../iana.ts';
import { communityText, largeCommunityText } from '../text/community.ts';
import { hexText } from '../text/hex.ts';
import type { AsPathSegment } from './as-path.ts';
import type { Attribute } from './index.ts';
import type { PmsiTunnel, PmsiTunnelIdentifier } from './pmsi-tunnel.ts';
import type { PrefixSidTlv } from './prefix-sid.ts';
import type { Tlv } from './tlv.ts';
import type { TunnelSubTlv } from './tunnel-sub-tlv.ts';

/** The value without the attribute's name. `labelKind` is what the encapsulation makes of labels (evpn/label.ts). */
export function attributeText(attribute: Attribute, labelKind: LabelKind = 'vni'): string {
  switch (attribute.type) {
    case 'ORIGIN':
      return attribute.value;
    case 'AS_PATH':
    case 'AS4_PATH':
      return asPathText(attribute.segments);
    case 'NEXT_HOP':
      return attribute.address;
    case 'MED':
    case 'LOCAL_PREF':
      return String(attribute.value);
    case 'ATOMIC_AGGREGATE':
      return '';
    case 'AGGREGATOR':
    case 'AS4_AGGREGATOR':
      return `AS ${attribute.autonomousSystem} ${attribute.routerId}`;
    case 'ORIGINATOR_ID':
      return attribute.routerId;
    case 'CLUSTER_LIST':
      return attribute.clusterIds.join(' ');
    case 'COMMUNITIES':
      return attribute.communities.map(communityText).join(' ');
    case 'LARGE_COMMUNITIES':
      return attribute.communities.map(largeCommunityText).join(' ');
    case 'EXTENDED_COMMUNITIES':
      return attribute.communities.map(extendedCommunityText).join(' ');
    case 'IPV6_EXTENDED_COMMUNITIES':
      return attribute.communities.map(ipv6ExtendedCommunityText).join(' ');
    case 'MP_REACH_NLRI': {
      const { family, nextHop, linkLocalNextHop, nextHopOctets, nlri } = attribute;
      const addresses = [nextHop, linkLocalNextHop, nextHopOctets].filter((each) => each).join(' and ');
      return `${familyText(family)} next hop ${addresses || 'none'}, ${nlri.length} octets of NLRI`;
    }
    case 'MP_UNREACH_NLRI':
      return `${familyText(attribute.family)}, ${attribute.nlri.length} octets of NLRI`;
    case 'PMSI_TUNNEL':
      return pmsiTunnelText(attribute, labelKind);
    case 'TUNNEL_ENCAPSULATION':
      return attribute.tunnels
        .map(({ tunnelType, subTlvs }) => [tunnelTypeText(tunnelType), ...subTlvs.map(subTlvText)].join(' '))
        .join('; ');
    case 'AIGP':
      return [attribute.metric ?? '', ...(attribute.otherTlvs ?? []).map(tlvText)].join(' ').trim();
    case 'ONLY_TO_CUSTOMER':
      return `AS ${attribute.autonomousSystem}`;
    case 'D_PATH':
      return attribute.segments.map((segment) => segment.map(domainText).join(' ')).join(', ');
    case 'BFD_DISCRIMINATOR':
      return `mode ${attribute.mode} ${[attribute.discriminator, ...attribute.tlvs.map(tlvText)].join(' ')}`;
    case 'PREFIX_SID':
      return attribute.tlvs.map(prefixSidText).join(', ');
    case 'ATTR_SET':
      return `AS ${attribute.originAutonomousSystem}: ${attribute.attributes
        .map((each) => `${each.type} ${attributeText(each, labelKind)}`.trim())
        .join(', ')}`;
    case 'unknown':
      return `type ${attribute.code} flags 0x${attribute.flags.toString(16)} ${hexText(attribute.value)}`.trim();
    case 'TRAFFIC_ENGINEERING':
    case 'PE_DISTINGUISHER_LABELS':
    case 'BGP_LS':
    case 'BGPSEC_PATH':
    case 'COMMUNITY_CONTAINER':
    case 'SFP':
    case 'BIER':
      return hexText(attribute.value);
  }
}

/** `65001 65002 {65003 65004}`; empty for a path within the AS. */
export function asPathText(segments: readonly AsPathSegment[]): string {
  return segments
    .map(({ kind, autonomousSystems }) => {
      const [open, close] = BRACKETS[kind];
      return `${open}${autonomousSystems.join(' ')}${close}`;
    })
    .join(' ');
}

const BRACKETS: Readonly<Record<AsPathSegment['kind'], readonly [string, string]>> = {
  sequence: ['', ''],
  set: ['{', '}'],
  'confederation-sequence': ['(', ')'],
  'confederation-set': ['[', ']'],
};

const PMSI_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(PMSI_TUNNEL_TYPE).map(([name, type]) => [type, name.toLowerCase().replaceAll('_', ' ')]),
);

/** `ingress replication to 10.0.0.1 VNI 10`. */
function pmsiTunnelText(tunnel: PmsiTunnel, labelKind: LabelKind): string {
  const { tunnelType, label, endpoint, identifier, leafInformationRequired, otherFlags } = tunnel;
  const words = [PMSI_NAMES.get(tunnelType) ?? `tunnel type ${tunnelType}`];
  if (endpoint !== undefined) words.push(`to ${endpoint}`);
  if (identifier !== undefined) words.push(identifierText(identifier));
  words.push(labelText(label, labelKind));
  if (leafInformationRequired) words.push('leaf information required');
  if (otherFlags !== undefined) words.push(`flags 0x${otherFlags.toString(16)}`);
  return words.join(' ');
}

function identifierText(identifier: PmsiTunnelIdentifier): string {
  switch (identifier.kind) {
    case 'rsvp-te':
      return `P2MP ${identifier.p2mpId} tunnel ${identifier.tunnelId} of ${identifier.extendedTunnelId}`;
    case 'mldp':
      return `FEC ${identifier.fecType} root ${identifier.rootAddress} opaque ${hexText(identifier.opaque)}`;
    case 'pim':
      return `(${identifier.source}, ${identifier.group})`;
    case 'bier':
      return `sub-domain ${identifier.subDomainId} BFR ${identifier.bfrId} ${identifier.bfrPrefix}`;
    case 'opaque':
      return hexText(identifier.value);
  }
}

function subTlvText(subTlv: TunnelSubTlv): string {
  switch (subTlv.kind) {
    case 'vxlan': {
      const vni = subTlv.vni === undefined ? '' : ` VNI ${subTlv.vni}`;
      return `encapsulation${vni}${subTlv.mac === undefined ? '' : ` MAC ${subTlv.mac}`}`;
    }
    case 'gre-key':
      return `key ${subTlv.key}`;
    case 'l2tpv3':
      return `session ${subTlv.sessionId} cookie ${hexText(subTlv.cookie)}`;
    case 'protocol-type':
      return `protocol 0x${subTlv.etherType.toString(16).padStart(4, '0')}`;
    case 'color':
      return `color ${subTlv.color}`;
    case 'egress-endpoint':
      return `endpoint ${subTlv.address ?? 'next hop'}`;
    case 'ds-field':
      return `DS field ${subTlv.value}`;
    case 'udp-destination-port':
      return `UDP port ${subTlv.port}`;
    case 'embedded-label-handling':
      return `embedded label handling ${subTlv.handling}`;
    case 'mpls-label-stack':
      return `MPLS labels ${subTlv.entries.map((entry) => entry >>> 12).join(' ')}`;
    case 'other':
      return `sub-TLV ${subTlv.subType} ${hexText(subTlv.value)}`.trim();
  }
}

function prefixSidText(tlv: PrefixSidTlv): string {
  switch (tlv.kind) {
    case 'label-index':
      return `label index ${tlv.labelIndex}`;
    case 'originator-srgb':
      return `SRGB ${tlv.ranges.map(({ base, count }) => `${base}+${count}`).join(' ')}`;
    case 'other':
      return tlvText({ type: tlv.tlvType, value: tlv.value });
  }
}

function domainText(domain: {
  globalAdministrator: number;
  localAdministrator: number;
  safi: number;
}): string {
  return `${domain.globalAdministrator}:${domain.localAdministrator}/${domain.safi}`;
}

function tlvText({ type, value }: Tlv): string {
  return `TLV ${type} ${hexText(value)}`.trim();
}
