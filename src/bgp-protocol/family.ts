/**
 * An address family as one number, AFI in the high bits and SAFI in the low eight, and its name in text.
 *
 * RFC 4760 section 6 (SAFI), RFC 7432 section 20 (EVPN: AFI 25, SAFI 70).
 */
import { AFI, SAFI } from './iana.ts';

/** AFI << 8 | SAFI. */
export type Family = number;

export function familyOf(afi: number, safi: number): Family {
  return (afi << 8) | safi;
}

export function afiOf(family: Family): number {
  return family >>> 8;
}

export function safiOf(family: Family): number {
  return family & 0xff;
}

export const FAMILY = {
  IPV4_UNICAST: familyOf(AFI.IPV4, SAFI.UNICAST),
  IPV4_MULTICAST: familyOf(AFI.IPV4, SAFI.MULTICAST),
  IPV4_LABELED_UNICAST: familyOf(AFI.IPV4, SAFI.LABELED_UNICAST),
  IPV6_UNICAST: familyOf(AFI.IPV6, SAFI.UNICAST),
  IPV6_MULTICAST: familyOf(AFI.IPV6, SAFI.MULTICAST),
  IPV6_LABELED_UNICAST: familyOf(AFI.IPV6, SAFI.LABELED_UNICAST),
  VPNV4: familyOf(AFI.IPV4, SAFI.MPLS_VPN),
  VPNV6: familyOf(AFI.IPV6, SAFI.MPLS_VPN),
  L2VPN_VPLS: familyOf(AFI.L2VPN, SAFI.VPLS),
  L2VPN_EVPN: familyOf(AFI.L2VPN, SAFI.EVPN),
  RT_CONSTRAINT: familyOf(AFI.IPV4, SAFI.RT_CONSTRAINT),
  IPV4_FLOW_SPEC: familyOf(AFI.IPV4, SAFI.FLOW_SPEC),
  IPV6_FLOW_SPEC: familyOf(AFI.IPV6, SAFI.FLOW_SPEC),
  BGP_LS: familyOf(AFI.BGP_LS, SAFI.BGP_LS),
} as const;

const NAMES: ReadonlyMap<Family, string> = new Map([
  [FAMILY.IPV4_UNICAST, 'ipv4-unicast'],
  [FAMILY.IPV4_MULTICAST, 'ipv4-multicast'],
  [FAMILY.IPV4_LABELED_UNICAST, 'ipv4-labeled-unicast'],
  [FAMILY.IPV6_UNICAST, 'ipv6-unicast'],
  [FAMILY.IPV6_MULTICAST, 'ipv6-multicast'],
  [FAMILY.IPV6_LABELED_UNICAST, 'ipv6-labeled-unicast'],
  [FAMILY.VPNV4, 'ipv4-vpn'],
  [FAMILY.VPNV6, 'ipv6-vpn'],
  [FAMILY.L2VPN_VPLS, 'l2vpn-vpls'],
  [FAMILY.L2VPN_EVPN, 'l2vpn-evpn'],
  [FAMILY.RT_CONSTRAINT, 'rt-constraint'],
  [FAMILY.IPV4_FLOW_SPEC, 'ipv4-flow-spec'],
  [FAMILY.IPV6_FLOW_SPEC, 'ipv6-flow-spec'],
  [FAMILY.BGP_LS, 'bgp-ls'],
]);

const FAMILIES: ReadonlyMap<string, Family> = new Map([...NAMES].map(([family, name]) => [name, family]));

/** `l2vpn-evpn`; a family without a name is `afi-25-safi-99`. */
export function familyText(family: Family): string {
  return NAMES.get(family) ?? `afi-${afiOf(family)}-safi-${safiOf(family)}`;
}

/** The reverse of familyText; undefined when the text is no family. */
export function parseFamily(text: string): Family | undefined {
  const known = FAMILIES.get(text);
  if (known !== undefined) return known;
  const match = /^afi-(\d{1,5})-safi-(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const afi = Number(match[1]);
  const safi = Number(match[2]);
  return afi <= 0xffff && safi <= 0xff ? familyOf(afi, safi) : undefined;
}
