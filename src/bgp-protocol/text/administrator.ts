/**
 * The `administrator:number` text that route distinguishers, route targets and route origins share. Whether two or four
 * octets hold the AS number follows from its size; a small one in four octets is marked with an L, so that text and
 * octets stand one to one.
 *
 * RFC 4364 section 4.2 (route distinguisher types 0, 1, 2), RFC 4360 section 3 and RFC 5668 section 2 (communities).
 */
import { ipv4Text, parseIpv4 } from './ip.ts';

export type AdministratorKind = 'two-octet-as' | 'ipv4' | 'four-octet-as';

export interface AdministratorAndNumber {
  readonly kind: AdministratorKind;
  /** An AS number, or a dotted IPv4 address for kind `ipv4`. */
  readonly administrator: number | string;
  /** 32 bits beside a 2-octet AS number, 16 bits beside the others. */
  readonly assigned: number;
}

/** The order of the kinds is that of the route distinguisher types and of the community types' low bits. */
export const ADMINISTRATOR_KINDS: readonly AdministratorKind[] = ['two-octet-as', 'ipv4', 'four-octet-as'];

/** `65000:10`, `10.0.0.1:10`, `4200000000:10`, `65000L:10` (a 2-octet number in four octets). */
export function administratorText(value: AdministratorAndNumber): string {
  const marked = value.kind === 'four-octet-as' && Number(value.administrator) <= 0xffff;
  return `${value.administrator}${marked ? 'L' : ''}:${value.assigned}`;
}

/** The reverse; `1.10:20` (asdot, RFC 5396) is read too. Undefined when the text is none, or a number does not fit. */
export function parseAdministrator(text: string): AdministratorAndNumber | undefined {
  const match = /^([\d.]+)(L?):(\d{1,10})$/.exec(text);
  if (match === null) return undefined;
  const assigned = Number(match[3]);
  const [left, mark] = [match[1], match[2]];
  if (left.split('.').length === 4) {
    const address = parseIpv4(left);
    if (address === undefined || mark !== '' || assigned > 0xffff) return undefined;
    return { kind: 'ipv4', administrator: ipv4Text(address), assigned };
  }
  const autonomousSystem = parseAutonomousSystem(left);
  if (autonomousSystem === undefined) return undefined;
  const wide = autonomousSystem > 0xffff || mark !== '' || left.includes('.');
  if (assigned > (wide ? 0xffff : 0xffffffff)) return undefined;
  return { kind: wide ? 'four-octet-as' : 'two-octet-as', administrator: autonomousSystem, assigned };
}

/** `65000` or, RFC 5396 section 2, `0.65000`; undefined when the text is no AS number. */
export function parseAutonomousSystem(text: string): number | undefined {
  const match = /^(?:(\d{1,5})\.)?(\d{1,10})$/.exec(text);
  if (match === null) return undefined;
  const low = Number(match[2]);
  if (match[1] === undefined) return low <= 0xffffffff ? low : undefined;
  const high = Number(match[1]);
  return high <= 0xffff && low <= 0xffff ? high * 0x10000 + low : undefined;
}

/** Writes administrator and assigned number, six octets, at `offset`. */
export function putAdministrator(value: AdministratorAndNumber, bytes: Uint8Array, offset: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, 6);
  if (value.kind === 'two-octet-as') {
    view.setUint16(0, Number(value.administrator));
    view.setUint32(2, value.assigned);
    return;
  }
  if (value.kind === 'ipv4') {
    const address = parseIpv4(String(value.administrator));
    if (address === undefined) {
      throw new TypeError(
        `Cannot encode administrator: saw "${value.administrator}", expected an IPv4 address`,
      );
    }
    bytes.set(address, offset);
  } else {
    view.setUint32(0, Number(value.administrator));
  }
  view.setUint16(4, value.assigned);
}

/** Reads what putAdministrator writes. */
export function administratorAt(
  kind: AdministratorKind,
  bytes: Uint8Array,
  offset: number,
): AdministratorAndNumber {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, 6);
  if (kind === 'two-octet-as') {
    return { kind, administrator: view.getUint16(0), assigned: view.getUint32(2) };
  }
  const administrator = kind === 'ipv4' ? ipv4Text(bytes, offset) : view.getUint32(0);
  return { kind, administrator, assigned: view.getUint16(4) };
}
