/**
 * Lists of type, length and value, which many of the later attributes are made of.
 */

import type { BgpFault } from '../faults.ts';
import { decodeFault } from '../faults.ts';
import { UPDATE_ERROR } from '../iana.ts';
import { copyOctets } from '../octets.ts';
import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';

export interface Tlv {
  readonly type: number;
  readonly value: Uint8Array;
}

/** Width of the type and length fields in octets; whether the length counts them too. */
export interface TlvForm {
  readonly type: 1 | 2;
  readonly length: 1 | 2;
  readonly lengthCountsHeader?: true;
}

/** The TLVs up to the end. Throws a BgpFault when one is truncated. */
export function readTlvs(value: Reader, form: TlvForm): Tlv[] {
  const tlvs: Tlv[] = [];
  while (!value.done) {
    const type = form.type === 1 ? value.u8() : value.u16();
    const length = form.length === 1 ? value.u8() : value.u16();
    const header = form.lengthCountsHeader ? form.type + form.length : 0;
    if (length < header)
      throw decodeFault('TLV', 'length', length, `at least ${header}`, value.offset - form.length);
    tlvs.push({ type, value: copyOctets(value.bytesOf(length - header)) });
  }
  return tlvs;
}

export function writeTlvs(tlvs: readonly Tlv[], form: TlvForm, out: Writer): void {
  for (const { type, value } of tlvs) {
    const length = value.length + (form.lengthCountsHeader ? form.type + form.length : 0);
    if (form.type === 1) out.u8(type);
    else out.u16(type);
    if (form.length === 1) out.u8(length);
    else out.u16(length);
    out.bytes(value);
  }
}

/** Whether `start` to `end` is framed as TLVs, from none on; `name` is that of the attribute. */
export function checkTlvs(
  name: string,
  bytes: Uint8Array,
  start: number,
  end: number,
  form: TlvForm,
): BgpFault | undefined {
  const header = form.type + form.length;
  for (let offset = start; offset < end; ) {
    const left = end - offset;
    if (left < header) return framingFault(name, 'octets left', left, `at least ${header}`, offset);
    const at = offset + form.type;
    const length = form.length === 1 ? bytes[at] : (bytes[at] << 8) | bytes[at + 1];
    const whole = form.lengthCountsHeader ? length : length + header;
    if (whole < header || whole > left) {
      return framingFault(name, 'TLV length', length, `to fit in ${left} octets`, at);
    }
    offset += whole;
  }
  return undefined;
}

function framingFault(name: string, field: string, seen: number, wanted: string, offset: number): BgpFault {
  return decodeFault(name, field, seen, wanted, offset, { subcode: UPDATE_ERROR.OPTIONAL_ATTRIBUTE_ERROR });
}
