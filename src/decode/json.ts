/**
 * A BGP message as JSON and back to the same octets. docs/decode.md describes the form, docs/decode.schema.json is its
 * schema.
 *
 * Where a speaker's layout is not the codec's own, `layout` says it; where values cannot tell the octets (a malformed
 * message, reserved bits that are set), `octets` holds them, and encoding gives them back. Without these two members, the
 * values are encoded in canonical form.
 */
import {
  BgpFault,
  type CodecContext,
  decodeMessage,
  type Encapsulation,
  encodeMessage,
  FAMILY,
  type Family,
  familyText,
  hexText,
  labelKindOf,
  type Message,
  notificationText,
  type UpdateMessage,
} from 'bgp-protocol';
import type { CapturedMessage, Source } from './captured-message.ts';
import { attributesJson, attributesOf } from './json-attributes.ts';
import { familyOfName, fromJson, type Json, type JsonObject, octetsOf, toJson } from './json-values.ts';
import { applyLayout, type Layout, layoutOf } from './layout.ts';
import { contextOf } from './negotiation.ts';
import { InputProblem } from './problem.ts';
import { checkMessageJson } from './schema.ts';
import { timeText } from './time.ts';

/** One message as a JSON object. */
export function messageJson({ bytes, ctx, source }: CapturedMessage): JsonObject {
  const place = { source: sourceJson(source) };
  let message: Message;
  try {
    message = decodeMessage(bytes, ctx);
  } catch (error) {
    if (!(error instanceof BgpFault)) throw error;
    return {
      type: 'MALFORMED',
      length: bytes.length,
      faults: [faultJson(error)],
      octets: hexText(bytes),
      ...contextJson(ctx, []),
      ...place,
    };
  }
  return {
    type: message.type,
    length: bytes.length,
    ...bodyJson(message),
    ...exactness(message, bytes, ctx),
    ...contextJson(ctx, message.type === 'UPDATE' ? familiesOf(message) : []),
    ...place,
  };
}

function bodyJson(message: Message): JsonObject {
  switch (message.type) {
    case 'OPEN': {
      const { type: _, ...fields } = message;
      return toJson(fields) as JsonObject;
    }
    case 'UPDATE':
      return updateJson(message);
    case 'NOTIFICATION': {
      const { code, subcode, data } = message;
      return { code, subcode, data: hexText(data), text: notificationText(code, subcode, data) };
    }
    case 'KEEPALIVE':
      return {};
    case 'ROUTE-REFRESH': {
      const { type: _, ...fields } = message;
      return toJson(fields) as JsonObject;
    }
  }
}

function updateJson(message: UpdateMessage): JsonObject {
  const labelKind = labelKindOfUpdate(message);
  return {
    attributes: attributesJson(message.attributes),
    announced: message.announced.map(({ routes, ...announcement }) => ({
      ...(toJson(announcement) as JsonObject),
      ...(announcement.family === FAMILY.L2VPN_EVPN ? { labelKind } : {}),
      routes: routes.map(toJson),
    })),
    withdrawn: message.withdrawn.map(({ family, routes }) => ({
      family: familyText(family),
      routes: routes.map(toJson),
    })),
    faults: message.faults.map(faultJson),
  };
}

/** RFC 8365 section 5.1.3: the encapsulation community tells what the labels of EVPN routes are. */
export function labelKindOfUpdate(message: UpdateMessage): 'mpls' | 'vni' {
  const communities = message.attributes.flatMap((attribute) =>
    attribute.type === 'EXTENDED_COMMUNITIES' ? attribute.communities : [],
  );
  const encapsulation = communities.find(
    (community): community is Encapsulation => community.type === 'encapsulation',
  );
  return labelKindOf(encapsulation?.tunnelType);
}

function faultJson(fault: BgpFault): JsonObject {
  const { message, code, subcode, action, offset, seen, wanted } = fault;
  return toJson({ message, code, subcode, action, offset, seen, wanted }) as JsonObject;
}

/** What it takes to encode the values to these octets: nothing, a layout, or the octets. */
function exactness(message: Message, bytes: Uint8Array, ctx: CodecContext): JsonObject {
  const canonical = canonicalOctets(message, ctx);
  if (canonical !== undefined) {
    if (equal(canonical, bytes)) return {};
    const layout = layoutOf(bytes);
    if (layout !== undefined) {
      const laidOut = applyLayout(canonical, layout);
      if (laidOut !== undefined && equal(laidOut, bytes)) return { layout: toJson(layout) };
    }
  }
  return { octets: hexText(bytes) };
}

/** undefined when values that were read cannot be written, such as routes that were withdrawn for a fault. */
function canonicalOctets(message: Message, ctx: CodecContext): Uint8Array | undefined {
  if (message.type === 'UPDATE' && message.faults.length > 0) return undefined;
  try {
    return encodeMessage(message, ctx);
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return undefined;
    throw error;
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, at) => octet === b[at]);
}

function sourceJson(source: Source): JsonObject {
  const { timeNanoseconds, ...rest } = source;
  return {
    ...(timeNanoseconds === undefined ? {} : { time: timeText(timeNanoseconds) }),
    ...(toJson(rest) as JsonObject),
  };
}

/** Only what is not the usual, and of the families with path identifiers only those that the message is about. */
function contextJson(ctx: CodecContext, families: readonly Family[]): JsonObject {
  const addPath = families.filter((family) => ctx.addPathReceive.has(family)).map(familyText);
  if (ctx.fourOctetAs && addPath.length === 0) return {};
  return {
    context: {
      ...(ctx.fourOctetAs ? {} : { fourOctetAs: false }),
      ...(addPath.length === 0 ? {} : { addPath }),
    },
  };
}

function familiesOf(message: UpdateMessage): readonly Family[] {
  return [...new Set([...message.announced, ...message.withdrawn].map(({ family }) => family))];
}

/** The octets of a message in the form of messageJson. Throws an InputProblem that names what is not of the form. */
export function octetsOfMessageJson(json: Json): Uint8Array {
  checkMessageJson(json);
  const message = json as JsonObject;
  if (typeof message.octets === 'string') return octetsOf(message.octets);
  const context = (message.context ?? {}) as { fourOctetAs?: boolean; addPath?: readonly string[] };
  const ctx = contextOf({
    fourOctetAs: context.fourOctetAs ?? true,
    addPath: new Set<Family>((context.addPath ?? []).map(familyOfName)),
  });
  const canonical = encoded(message, ctx);
  const layout = message.layout as Layout | undefined;
  return (layout === undefined ? undefined : applyLayout(canonical, layout)) ?? canonical;
}

/** The codec's words for a value that nothing on the wire stands for are good enough for people. */
function encoded(json: JsonObject, ctx: CodecContext): Uint8Array {
  try {
    const octets = encodeMessage(messageOf(json), ctx);
    if (octets.length > 0) return octets;
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw new InputProblem(error.message);
    throw error;
  }
  throw new InputProblem('Cannot encode: the UPDATE announces and withdraws nothing');
}

function messageOf(json: JsonObject): Message {
  const { type, length: _length, source: _source, layout: _layout, context: _context, ...fields } = json;
  switch (type) {
    case 'UPDATE':
      return {
        type,
        attributes: attributesOf((fields.attributes ?? {}) as JsonObject),
        announced: (fromJson(fields.announced ?? []) as UpdateMessage['announced']).map(withoutLabelKind),
        withdrawn: fromJson(fields.withdrawn ?? []) as UpdateMessage['withdrawn'],
        faults: [],
      };
    case 'NOTIFICATION': {
      const { code, subcode, data } = fields as { code: number; subcode: number; data?: string };
      return { type, code, subcode, data: octetsOf(data ?? '') };
    }
    default:
      return { type, ...(fromJson(fields) as object) } as Message;
  }
}

function withoutLabelKind(
  announcement: UpdateMessage['announced'][number],
): UpdateMessage['announced'][number] {
  const { labelKind: _, ...rest } = announcement as UpdateMessage['announced'][number] & {
    labelKind?: string;
  };
  return rest;
}
