/**
 * IP prefixes as BGP counts them: a length in bits, then as many octets as that takes. The base of every family that
 * carries prefixes; labels and a route distinguisher are counted into the length.
 *
 * RFC 4271 section 4.3 ("the value of trailing bits is irrelevant": they read as zero), RFC 4760 section 5,
 * RFC 8277 section 2 (labels), RFC 4364 section 4.3.4 and RFC 4659 section 2 (VPN), RFC 7606 section 5.3.
 */
import { type BgpFault, decodeFault } from '../faults.ts';
import { ERROR, UPDATE_ERROR } from '../iana.ts';
import { ipText } from '../text/ip.ts';
import { parsePrefix } from '../text/prefix.ts';
import { parseRouteDistinguisher, routeDistinguisherText } from '../text/route-distinguisher.ts';
import { Writer } from '../writer.ts';

export interface PrefixRoute {
  readonly prefix: string;
}

export interface LabeledPrefixRoute extends PrefixRoute {
  /** 24 raw bits each, from the top of the stack: RFC 3032 section 2.1. */
  readonly labels: readonly number[];
}

export interface VpnRoute extends LabeledPrefixRoute {
  readonly rd: string;
}

/** What a family's NLRI consist of before the address. */
export interface PrefixForm {
  readonly name: string;
  /** 4 or 16. */
  readonly addressOctets: number;
  readonly labeled: boolean;
  readonly distinguished: boolean;
}

const RD_OCTETS = 8;
const LABEL_OCTETS = 3;
const BOTTOM_OF_STACK = 0x000001;
/** "The Label field SHOULD be set to 0x800000" in a withdrawal; older speakers send 0: RFC 8277 section 2.4. */
const WITHDRAWN_LABELS: ReadonlySet<number> = new Set([0x800000, 0x000000]);

/** Where the NLRI at `at` ends; -1 when it overruns `end`. */
export function prefixEndAt(bytes: Uint8Array, at: number, end: number): number {
  const next = at + 1 + ((bytes[at] + 7) >> 3);
  return next > end ? -1 : next;
}

function prefixFault(
  form: PrefixForm,
  field: string,
  seen: string | number,
  wanted: string,
  at: number,
): BgpFault {
  return decodeFault(`${form.name} NLRI`, field, seen, wanted, at, {
    code: ERROR.UPDATE_MESSAGE,
    subcode: UPDATE_ERROR.INVALID_NETWORK_FIELD,
    action: 'session-reset',
  });
}

/** The fault of one NLRI, which ends where prefixEndAt said. */
export function validatePrefix(form: PrefixForm, bytes: Uint8Array, start: number): BgpFault | undefined {
  const bits = bytes[start];
  const rdOctets = form.distinguished ? RD_OCTETS : 0;
  const shortest = (rdOctets + (form.labeled ? LABEL_OCTETS : 0)) * 8;
  if (bits < shortest) return prefixFault(form, 'length', bits, `${shortest} or more`, start);
  const labels = form.labeled ? labelStackOctets(bytes, start + 1, (bits >> 3) - rdOctets) : 0;
  if (labels < 0) return prefixFault(form, 'label stack', 'without a bottom', 'one that ends', start + 1);
  const least = (labels + rdOctets) * 8;
  const most = least + form.addressOctets * 8;
  if (bits >= least && bits <= most) return undefined;
  return prefixFault(form, 'length', bits, least === 0 ? `${most} or less` : `${least} to ${most}`, start);
}

/** Octets of the label stack at `at`, of which `most` octets may be labels; -1 when none of them is the last. */
function labelStackOctets(bytes: Uint8Array, at: number, most: number): number {
  for (let octets = LABEL_OCTETS; octets <= most; octets += LABEL_OCTETS) {
    const label = labelAt(bytes, at + octets - LABEL_OCTETS);
    if ((label & BOTTOM_OF_STACK) !== 0 || WITHDRAWN_LABELS.has(label)) return octets;
  }
  return -1;
}

function labelAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
}

/** Of a validated NLRI. */
export function decodePrefix(
  form: PrefixForm,
  bytes: Uint8Array,
  start: number,
  end: number,
): PrefixRoute | LabeledPrefixRoute | VpnRoute {
  let at = start + 1;
  const labelsEnd = form.labeled ? at + labelStackOctets(bytes, at, end - at) : at;
  const labels: number[] = [];
  for (; at < labelsEnd; at += LABEL_OCTETS) labels.push(labelAt(bytes, at));
  const rd = form.distinguished ? routeDistinguisherText(bytes, at) : undefined;
  if (form.distinguished) at += RD_OCTETS;
  const lengthBits = bytes[start] - (at - start - 1) * 8;
  const address = new Uint8Array(form.addressOctets);
  address.set(bytes.subarray(at, end));
  if (lengthBits % 8 !== 0) address[lengthBits >> 3] &= 0xff00 >> (lengthBits % 8);
  const prefix = `${ipText(address)}/${lengthBits}`;
  if (rd !== undefined) return { rd, labels, prefix };
  return form.labeled ? { labels, prefix } : { prefix };
}

/** Throws a TypeError when a field is not of its form. */
export function encodePrefix(
  form: PrefixForm,
  route: PrefixRoute & Partial<Pick<VpnRoute, 'rd' | 'labels'>>,
): Uint8Array {
  const prefix = parsePrefix(route.prefix);
  if (prefix?.address.length !== form.addressOctets) notEncodable(form, 'prefix', route.prefix);
  const writer = new Writer(40);
  writer.u8(0);
  if (form.labeled) for (const label of route.labels ?? notEncodable(form, 'labels', '')) writer.u24(label);
  if (form.distinguished) {
    const rd = route.rd ?? '';
    writer.bytes(parseRouteDistinguisher(rd) ?? notEncodable(form, 'route distinguisher', rd));
  }
  const bits = (writer.length - 1) * 8 + prefix.lengthBits;
  if (bits > 0xff) notEncodable(form, 'length', String(bits));
  writer.bytes(prefix.address.subarray(0, (prefix.lengthBits + 7) >> 3));
  const octets = writer.finish();
  octets[0] = bits;
  return octets;
}

function notEncodable(form: PrefixForm, field: string, seen: string): never {
  throw new TypeError(`Cannot encode ${form.name} NLRI: ${field} is "${seen}"`);
}
