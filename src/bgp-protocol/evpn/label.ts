/**
 * The three label octets of EVPN routes and of the PMSI tunnel attribute. With MPLS they hold a 20-bit label, three bits of
 * experimental use and the bottom-of-stack bit; with VXLAN, NVGRE and GENEVE a 24-bit VNI. The octets do not tell which:
 * the encapsulation does. So a label is carried as its 24 raw bits, and only these functions give it a meaning.
 *
 * RFC 7432 section 7 (MPLS label field), RFC 8365 section 5.1.3 (VNI in the label field; without an encapsulation
 * extended community MPLS is assumed), RFC 3032 section 2.1.
 */
import { TUNNEL_TYPE } from '../iana.ts';

export type LabelKind = 'mpls' | 'vni';

export const LABEL_OCTETS = 3;

/** The largest VNI, 24 bits: RFC 7348 section 5. */
export const MAX_VNI = 0xffffff;

const BOTTOM_OF_STACK = 1;

/** The VNI in raw label bits. */
export function vniOfLabel(raw: number): number {
  return raw;
}

/** The raw label bits of a VNI. */
export function labelOfVni(vni: number): number {
  return vni;
}

/** The 20-bit MPLS label in raw label bits. */
export function mplsOfLabel(raw: number): number {
  return raw >>> 4;
}

/** The raw bits of a 20-bit MPLS label, by default the last of its stack. */
export function labelOfMpls(label: number, bottomOfStack = true): number {
  return (label << 4) | (bottomOfStack ? BOTTOM_OF_STACK : 0);
}

/** What the label fields of a route hold, from the tunnel type of its encapsulation extended community, if it has one. */
export function labelKindOf(tunnelType: number | undefined): LabelKind {
  switch (tunnelType) {
    case TUNNEL_TYPE.VXLAN:
    case TUNNEL_TYPE.NVGRE:
    case TUNNEL_TYPE.VXLAN_GPE:
    case TUNNEL_TYPE.GENEVE:
      return 'vni';
    default:
      return 'mpls';
  }
}

/** `VNI 10` or `MPLS label 100`. */
export function labelText(raw: number, kind: LabelKind): string {
  return kind === 'vni' ? `VNI ${vniOfLabel(raw)}` : `MPLS label ${mplsOfLabel(raw)}`;
}
