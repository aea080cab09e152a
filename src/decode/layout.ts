/**
 * How a speaker laid out what the codec would lay out otherwise: the order and flags of the path attributes, the grouping
 * of capabilities into optional parameters. With it, values are encoded to the very octets that they were decoded from.
 *
 * RFC 4271 section 4.3 (order and the Extended Length bit are the sender's choice), RFC 5492 section 4, RFC 9072.
 */
import {
  ATTRIBUTE_FLAG,
  HEADER_LENGTH,
  MAX_EXTENDED_MESSAGE_LENGTH,
  MESSAGE_TYPE,
  OPTIONAL_PARAMETER,
  Reader,
  Writer,
} from 'bgp-protocol';

export interface Layout {
  /** Of an UPDATE: type code and flags of each attribute, in order. */
  readonly attributes?: readonly (readonly [code: number, flags: number])[];
  /** Of an OPEN: how many capabilities each optional parameter holds. */
  readonly parameters?: readonly number[];
}

/** The layout of a whole message; undefined when its type has only one, or it is malformed. */
export function layoutOf(bytes: Uint8Array): Layout | undefined {
  try {
    switch (bytes[18]) {
      case MESSAGE_TYPE.UPDATE:
        return { attributes: partsOfUpdate(bytes).attributes.map(({ code, flags }) => [code, flags]) };
      case MESSAGE_TYPE.OPEN:
        return { parameters: capabilityParameters(bytes).map((parameter) => parameter.length) };
      default:
        return undefined;
    }
  } catch {
    // Malformed: its octets are what it is.
    return undefined;
  }
}

/**
 * The messages of `canonical` (more than one when an UPDATE announces and withdraws) as the one message of that layout;
 * undefined when the layout names what they do not hold.
 */
export function applyLayout(canonical: Uint8Array, layout: Layout): Uint8Array | undefined {
  if (layout.attributes !== undefined) return updateOf(canonical, layout.attributes);
  return layout.parameters === undefined ? undefined : openOf(canonical, layout.parameters);
}

interface AttributePart {
  readonly code: number;
  readonly flags: number;
  readonly value: Uint8Array;
}

interface UpdateParts {
  readonly withdrawn: Uint8Array;
  readonly attributes: readonly AttributePart[];
  readonly nlri: Uint8Array;
}

function partsOfUpdate(bytes: Uint8Array): UpdateParts {
  const reader = new Reader(bytes, HEADER_LENGTH);
  const withdrawn = reader.bytesOf(reader.u16());
  const list = reader.take(reader.u16());
  const attributes: AttributePart[] = [];
  while (!list.done) {
    const flags = list.u8();
    const code = list.u8();
    const value = list.bytesOf((flags & ATTRIBUTE_FLAG.EXTENDED_LENGTH) !== 0 ? list.u16() : list.u8());
    attributes.push({ code, flags, value });
  }
  return { withdrawn, attributes, nlri: reader.rest() };
}

function updateOf(
  canonical: Uint8Array,
  order: readonly (readonly [number, number])[],
): Uint8Array | undefined {
  const parts = messagesIn(canonical).map(partsOfUpdate);
  const values = new Map(
    parts.flatMap(({ attributes }) => attributes.map(({ code, value }) => [code, value])),
  );
  const out = begin(MESSAGE_TYPE.UPDATE);
  writeField(
    out,
    parts.map(({ withdrawn }) => withdrawn),
  );
  const list = new Writer();
  for (const [code, flags] of order) {
    const value = values.get(code);
    const extended = (flags & ATTRIBUTE_FLAG.EXTENDED_LENGTH) !== 0;
    if (value === undefined || (value.length > 0xff && !extended)) return undefined;
    list.u8(flags);
    list.u8(code);
    if (extended) list.u16(value.length);
    else list.u8(value.length);
    list.bytes(value);
    values.delete(code);
  }
  if (values.size > 0) return undefined;
  writeField(out, [list.view()]);
  for (const { nlri } of parts) out.bytes(nlri);
  return end(out);
}

function openOf(canonical: Uint8Array, groups: readonly number[]): Uint8Array | undefined {
  const capabilities = capabilityParameters(canonical).flat();
  if (groups.reduce((sum, count) => sum + count, 0) !== capabilities.length) return undefined;
  const out = begin(MESSAGE_TYPE.OPEN);
  out.bytes(canonical.subarray(HEADER_LENGTH, HEADER_LENGTH + FIXED_OPEN_OCTETS));
  const parameters = new Writer();
  let from = 0;
  for (const count of groups) {
    const group = capabilities.slice(from, from + count);
    from += count;
    const octets = group.reduce((sum, { length }) => sum + length, 0);
    if (octets > 0xff) return undefined;
    parameters.u8(OPTIONAL_PARAMETER.CAPABILITIES);
    parameters.u8(octets);
    for (const capability of group) parameters.bytes(capability);
  }
  if (parameters.length >= OPTIONAL_PARAMETER.EXTENDED_LENGTH) return undefined;
  out.u8(parameters.length);
  out.bytes(parameters.view());
  return end(out);
}

/** Version, AS, hold time, identifier. */
const FIXED_OPEN_OCTETS = 9;

/** The capabilities of an OPEN's optional parameters, code and length octets included: views of the message. */
export function capabilityParameters(bytes: Uint8Array): Uint8Array[][] {
  const reader = new Reader(bytes, HEADER_LENGTH + FIXED_OPEN_OCTETS);
  let wide = false;
  if (reader.u8() !== 0 && bytes[reader.offset] === OPTIONAL_PARAMETER.EXTENDED_LENGTH) {
    wide = true;
    reader.skip(3);
  }
  const parameters: Uint8Array[][] = [];
  while (!reader.done) {
    reader.u8();
    const parameter = reader.take(wide ? reader.u16() : reader.u8());
    const capabilities: Uint8Array[] = [];
    while (!parameter.done) {
      const at = parameter.offset;
      parameter.skip(1);
      parameter.skip(parameter.u8());
      capabilities.push(bytes.subarray(at, parameter.offset));
    }
    parameters.push(capabilities);
  }
  return parameters;
}

function messagesIn(bytes: Uint8Array): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = (bytes[at + 16] << 8) | bytes[at + 17];
    messages.push(bytes.subarray(at, at + length));
    at += length;
  }
  return messages;
}

function begin(type: number): Writer {
  const out = new Writer();
  out.fill(0xff, 16);
  out.u16(0);
  out.u8(type);
  return out;
}

function end(out: Writer): Uint8Array | undefined {
  if (out.length > MAX_EXTENDED_MESSAGE_LENGTH) return undefined;
  out.u16At(16, out.length);
  return out.finish();
}

function writeField(out: Writer, parts: readonly Uint8Array[]): void {
  out.u16(parts.reduce((sum, { length }) => sum + length, 0));
  for (const part of parts) out.bytes(part);
}
