/**
 * Ethernet segment identifiers by type, with the fields that each type is made of.
 *
 * RFC 7432 section 5 (types 0 to 5). The nine octets after the type of another kind are opaque.
 */
import { ESI_OCTETS, esiText, parseEsi } from '../text/ethernet-segment-identifier.ts';
import { hexText, parseHex } from '../text/hex.ts';
import { ipv4Text, parseIpv4 } from '../text/ip.ts';
import { macAt, macText, parseMac, putMac } from '../text/mac.ts';
import { u24At, u32At } from './fields.ts';

export type EthernetSegmentIdentifier =
  | { readonly type: 0; readonly kind: 'arbitrary' /** Nine octets, hexadecimal. */; readonly value: string }
  | { readonly type: 1; readonly kind: 'lacp'; readonly systemMac: string; readonly portKey: number }
  | {
      readonly type: 2;
      readonly kind: 'bridge-protocol';
      readonly rootMac: string;
      readonly rootPriority: number;
    }
  | {
      readonly type: 3;
      readonly kind: 'mac';
      readonly systemMac: string;
      readonly localDiscriminator: number;
    }
  | {
      readonly type: 4;
      readonly kind: 'router-id';
      readonly routerId: string;
      readonly localDiscriminator: number;
    }
  | {
      readonly type: 5;
      readonly kind: 'as';
      readonly autonomousSystem: number;
      readonly localDiscriminator: number;
    }
  | {
      readonly type: number;
      readonly kind: 'unknown' /** Nine octets, hexadecimal. */;
      readonly value: string;
    };

/**
 * The fields of the ten octets at `offset`. Types 1, 2, 4 and 5 leave their last octets zero; where a peer did not, the
 * identifier reads as kind `unknown`, so that nothing of it is lost.
 */
export function decodeEsi(bytes: Uint8Array, offset = 0): EthernetSegmentIdentifier {
  const type = bytes[offset];
  const at = offset + 1;
  const filled = bytes[offset + 9] !== 0;
  const u16 = (from: number) => (bytes[from] << 8) | bytes[from + 1];
  switch (type) {
    case 0:
      return { type, kind: 'arbitrary', value: hexText(bytes, at, offset + ESI_OCTETS) };
    case 1:
      if (filled) break;
      return { type, kind: 'lacp', systemMac: macText(macAt(bytes, at)), portKey: u16(at + 6) };
    case 2:
      if (filled) break;
      return { type, kind: 'bridge-protocol', rootMac: macText(macAt(bytes, at)), rootPriority: u16(at + 6) };
    case 3:
      return {
        type,
        kind: 'mac',
        systemMac: macText(macAt(bytes, at)),
        localDiscriminator: u24At(bytes, at + 6),
      };
    case 4:
      if (filled) break;
      return {
        type,
        kind: 'router-id',
        routerId: ipv4Text(bytes, at),
        localDiscriminator: u32At(bytes, at + 4),
      };
    case 5:
      if (filled) break;
      return {
        type,
        kind: 'as',
        autonomousSystem: u32At(bytes, at),
        localDiscriminator: u32At(bytes, at + 4),
      };
  }
  return { type, kind: 'unknown', value: hexText(bytes, at, offset + ESI_OCTETS) };
}

/** The ten octets. Throws a TypeError when a field is not of its form. */
export function encodeEsi(esi: EthernetSegmentIdentifier): Uint8Array {
  const bytes = new Uint8Array(ESI_OCTETS);
  const view = new DataView(bytes.buffer);
  bytes[0] = esi.type;
  switch (esi.kind) {
    case 'arbitrary':
    case 'unknown':
      bytes.set(nineOctets(esi.value), 1);
      break;
    case 'lacp':
      putMacText(esi.systemMac, bytes);
      view.setUint16(7, esi.portKey);
      break;
    case 'bridge-protocol':
      putMacText(esi.rootMac, bytes);
      view.setUint16(7, esi.rootPriority);
      break;
    case 'mac':
      putMacText(esi.systemMac, bytes);
      view.setUint8(7, esi.localDiscriminator >>> 16);
      view.setUint16(8, esi.localDiscriminator & 0xffff);
      break;
    case 'router-id':
      bytes.set(parseIpv4(esi.routerId) ?? wrong('router id', esi.routerId), 1);
      view.setUint32(5, esi.localDiscriminator);
      break;
    case 'as':
      view.setUint32(1, esi.autonomousSystem);
      view.setUint32(5, esi.localDiscriminator);
      break;
  }
  return bytes;
}

/** decodeEsi of text; undefined when the text is no ESI. */
export function parseEsiFields(text: string): EthernetSegmentIdentifier | undefined {
  const bytes = parseEsi(text);
  return bytes === undefined ? undefined : decodeEsi(bytes);
}

/** The text of an identifier put together from its fields. */
export function esiFieldsText(esi: EthernetSegmentIdentifier): string {
  return esiText(encodeEsi(esi));
}

function nineOctets(text: string): Uint8Array {
  const bytes = parseHex(text);
  return bytes?.length === ESI_OCTETS - 1 ? bytes : wrong('value', text);
}

function putMacText(text: string, bytes: Uint8Array): void {
  putMac(parseMac(text) ?? wrong('MAC address', text), bytes, 1);
}

function wrong(field: string, seen: string): never {
  throw new TypeError(`Cannot encode ESI: ${field} is "${seen}"`);
}
