/**
 * A route of an MRT table dump as the UPDATE that would announce it.
 *
 * RFC 6396 section 4.3.4: of MP_REACH_NLRI, a dump holds the next hop's length and the next hop only; some collectors write
 * the whole attribute all the same.
 */
import {
  ATTRIBUTE,
  ATTRIBUTE_FLAG,
  afiOf,
  FAMILY,
  type Family,
  MAX_EXTENDED_MESSAGE_LENGTH,
  MESSAGE_TYPE,
  Reader,
  safiOf,
  Writer,
} from 'bgp-protocol';
import { InputProblem } from './problem.ts';

/** AFI, SAFI. */
const FAMILY_OCTETS = 3;
/** After the 16 octets of the marker. */
const LENGTH_AT = 16;

/** The whole message. `attributes` as they are in the dump, with 4-octet AS numbers. */
export function updateOfRibEntry(
  family: Family,
  nlri: Uint8Array,
  pathId: number | undefined,
  attributes: Uint8Array,
): Uint8Array {
  const route = new Writer(nlri.length + 4);
  if (pathId !== undefined) route.u32(pathId);
  route.bytes(nlri);
  const list = new Writer(attributes.length + 64);
  const codes = copyAttributes(new Reader(attributes), family, route.view(), list);
  const multiprotocol = codes.has(ATTRIBUTE.MP_REACH_NLRI);
  // GoBGP dumps its own routes without AS_PATH: nobody has sent them yet.
  if (!codes.has(ATTRIBUTE.AS_PATH))
    writeAttribute(ATTRIBUTE_FLAG.TRANSITIVE, ATTRIBUTE.AS_PATH, new Uint8Array(0), list);
  if (!multiprotocol && family !== FAMILY.IPV4_UNICAST)
    throw new InputProblem('a route without MP_REACH_NLRI');

  const out = new Writer(list.length + 64);
  for (let i = 0; i < LENGTH_AT; i++) out.u8(0xff);
  out.u16(0);
  out.u8(MESSAGE_TYPE.UPDATE);
  out.u16(0); // Withdrawn routes.
  out.u16(list.length);
  out.bytes(list.view());
  if (!multiprotocol) out.bytes(route.view());
  if (out.length > MAX_EXTENDED_MESSAGE_LENGTH)
    throw new InputProblem(`a route with ${out.length} octets of attributes`);
  out.u16At(LENGTH_AT, out.length);
  return out.finish();
}

/** Returns the type codes copied. MP_REACH_NLRI is written with the route in it. */
function copyAttributes(reader: Reader, family: Family, route: Uint8Array, out: Writer): Set<number> {
  const codes = new Set<number>();
  while (!reader.done) {
    const flags = reader.u8();
    const code = reader.u8();
    const value = reader.bytesOf((flags & ATTRIBUTE_FLAG.EXTENDED_LENGTH) !== 0 ? reader.u16() : reader.u8());
    codes.add(code);
    if (code !== ATTRIBUTE.MP_REACH_NLRI) {
      writeAttribute(flags, code, value, out);
      continue;
    }
    const nextHop = nextHopOf(value);
    const whole = new Writer(nextHop.length + route.length + 8);
    whole.u16(afiOf(family));
    whole.u8(safiOf(family));
    whole.u8(nextHop.length);
    whole.bytes(nextHop);
    whole.u8(0); // Reserved.
    whole.bytes(route);
    writeAttribute(flags, code, whole.view(), out);
  }
  return codes;
}

function nextHopOf(value: Uint8Array): Uint8Array {
  const abbreviated = value.length > 0 && value[0] === value.length - 1;
  const reader = new Reader(value);
  if (!abbreviated) reader.skip(FAMILY_OCTETS);
  return reader.bytesOf(reader.u8());
}

function writeAttribute(flags: number, code: number, value: Uint8Array, out: Writer): void {
  out.u8(flags | ATTRIBUTE_FLAG.EXTENDED_LENGTH);
  out.u8(code);
  out.u16(value.length);
  out.bytes(value);
}
