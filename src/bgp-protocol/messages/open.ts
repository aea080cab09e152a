/**
 * OPEN: who the speaker is and what it can do.
 *
 * RFC 4271 sections 4.2 and 6.2, RFC 5492 section 4 (capabilities), RFC 6286 section 2.1 (any non-zero identifier),
 * RFC 6793 section 4.1 (AS number), RFC 7607 section 2 (AS 0), RFC 9072 section 2 (extended optional parameters).
 */
import type { Capability } from '../capabilities/index.ts';
import { decodeCapability, encodeCapabilities } from '../capabilities/index.ts';
import type { FaultDetail } from '../faults.ts';
import { BgpFault, decodeFault } from '../faults.ts';
import {
  AS_TRANS,
  ERROR,
  MAX_MESSAGE_LENGTH,
  MESSAGE_TYPE,
  OPEN_ERROR,
  OPTIONAL_PARAMETER,
} from '../iana.ts';
import { Reader } from '../reader.ts';
import { ipText, parseIpv4 } from '../text/ip.ts';
import { Writer } from '../writer.ts';
import { beginMessage, endMessage } from './header.ts';

export interface OpenMessage {
  readonly type: 'OPEN';
  /** 4. */
  readonly version: number;
  /** From the 4-octet AS capability where there is one, else from the fixed field. */
  readonly autonomousSystem: number;
  /** 0 (no keepalives), or 3 to 65535. */
  readonly holdTimeSeconds: number;
  /** The BGP Identifier, dotted. */
  readonly routerId: string;
  readonly capabilities: readonly Capability[];
}

const VERSION = 4;

/** Reads the body of an OPEN. Throws a BgpFault 2/x with the data that RFC 4271 section 6.2 asks for. */
export function decodeOpen(bytes: Uint8Array, start = 0, end: number = bytes.length): OpenMessage {
  const reader = new Reader(bytes, start, end);
  try {
    const version = reader.u8();
    if (version !== VERSION) {
      // "The Data field is a 2-octet unsigned integer, which indicates the largest, locally-supported version number".
      throw openFault(OPEN_ERROR.UNSUPPORTED_VERSION_NUMBER, 'version', version, VERSION, start, [
        0,
        VERSION,
      ]);
    }
    const fixedAs = reader.u16();
    const holdTimeSeconds = reader.u16();
    const identifierAt = reader.offset;
    reader.skip(4);
    const capabilities = decodeOptionalParameters(reader);
    const autonomousSystem = autonomousSystemOf(fixedAs, capabilities);
    if (autonomousSystem === 0 || fixedAs === 0) {
      throw openFault(OPEN_ERROR.BAD_PEER_AS, 'AS number', 0, 'any other', start + 1);
    }
    if (holdTimeSeconds === 1 || holdTimeSeconds === 2) {
      const wanted = '0, or at least 3';
      throw openFault(OPEN_ERROR.UNACCEPTABLE_HOLD_TIME, 'hold time', holdTimeSeconds, wanted, start + 3);
    }
    const routerId = ipText(bytes, identifierAt, 4);
    if (routerId === '0.0.0.0') {
      throw openFault(OPEN_ERROR.BAD_BGP_IDENTIFIER, 'BGP Identifier', routerId, 'any other', identifierAt);
    }
    return { type: 'OPEN', version, autonomousSystem, holdTimeSeconds, routerId, capabilities };
  } catch (error) {
    if (error instanceof BgpFault && error.code !== ERROR.OPEN_MESSAGE) {
      throw error.within({ code: ERROR.OPEN_MESSAGE, subcode: OPEN_ERROR.UNSPECIFIC }, 'OPEN');
    }
    throw error;
  }
}

/** A whole OPEN, header included. Capabilities go into one optional parameter (RFC 5492 section 4). */
export function encodeOpen(open: OpenMessage): Uint8Array {
  const identifier = parseIpv4(open.routerId);
  if (identifier === undefined) {
    throw new TypeError(`Cannot encode OPEN: BGP Identifier is "${open.routerId}", expected a dotted quad`);
  }
  const out = new Writer(512);
  const start = beginMessage(out, MESSAGE_TYPE.OPEN);
  out.u8(open.version);
  out.u16(open.autonomousSystem > 0xffff ? AS_TRANS : open.autonomousSystem);
  out.u16(open.holdTimeSeconds);
  out.bytes(identifier);
  encodeOptionalParameters(encodeCapabilities(open.capabilities), out);
  endMessage(out, start, MAX_MESSAGE_LENGTH);
  return out.finish();
}

function autonomousSystemOf(fixedAs: number, capabilities: readonly Capability[]): number {
  for (const capability of capabilities) {
    if (capability.type === 'four-octet-as') return capability.autonomousSystem;
  }
  return fixedAs;
}

function decodeOptionalParameters(reader: Reader): Capability[] {
  let length = reader.u8();
  let wide = false;
  // RFC 9072 section 2: a first parameter type of 255 announces the extended form, whatever the length octet says, as
  // long as that is not zero.
  if (length !== 0 && !reader.done && reader.bytes[reader.offset] === OPTIONAL_PARAMETER.EXTENDED_LENGTH) {
    reader.skip(1);
    length = reader.u16();
    wide = true;
  }
  if (length !== reader.remaining) {
    throw decodeFault('OPEN', 'optional parameters length', length, reader.remaining, reader.offset);
  }
  const capabilities: Capability[] = [];
  while (!reader.done) {
    const typeAt = reader.offset;
    const type = reader.u8();
    const parameter = reader.take(wide ? reader.u16() : reader.u8());
    if (type !== OPTIONAL_PARAMETER.CAPABILITIES) {
      const wanted = String(OPTIONAL_PARAMETER.CAPABILITIES);
      throw openFault(OPEN_ERROR.UNSUPPORTED_OPTIONAL_PARAMETER, 'optional parameter', type, wanted, typeAt);
    }
    while (!parameter.done) capabilities.push(decodeCapability(parameter));
  }
  return capabilities;
}

function encodeOptionalParameters(capabilities: Uint8Array, out: Writer): void {
  if (capabilities.length === 0) {
    out.u8(0);
  } else if (capabilities.length + 2 <= 254) {
    out.u8(capabilities.length + 2);
    out.u8(OPTIONAL_PARAMETER.CAPABILITIES);
    out.u8(capabilities.length);
  } else {
    out.u8(OPTIONAL_PARAMETER.EXTENDED_LENGTH);
    out.u8(OPTIONAL_PARAMETER.EXTENDED_LENGTH);
    out.u16(capabilities.length + 3);
    out.u8(OPTIONAL_PARAMETER.CAPABILITIES);
    out.u16(capabilities.length);
  }
  out.bytes(capabilities);
}

function openFault(
  subcode: number,
  field: string,
  seen: string | number,
  wanted: string | number,
  offset: number,
  data: readonly number[] = [],
): BgpFault {
  const context: Required<Pick<FaultDetail, 'code' | 'subcode' | 'data' | 'action'>> = {
    code: ERROR.OPEN_MESSAGE,
    subcode,
    data: Uint8Array.from(data),
    action: 'session-reset',
  };
  return decodeFault('OPEN', field, seen, wanted, offset, context);
}
