/**
 * A message for people: its parts in words, one a line, each with the offset of its octets in the message.
 */
import {
  ATTRIBUTE,
  ATTRIBUTE_FLAG,
  type Attribute,
  attributeCodec,
  BgpFault,
  type CodecContext,
  communityText,
  decodeMessage,
  decodeRoute,
  type EvpnRoute,
  evpnRouteText,
  evpnRouteTypeName,
  extendedCommunityText,
  FAMILY,
  type Family,
  familyOf,
  familyText,
  HEADER_LENGTH,
  hexText,
  ipText,
  type LabelKind,
  labelText,
  largeCommunityText,
  type Message,
  nlriField,
  notificationText,
  type OpenMessage,
  PMSI_TUNNEL_TYPE,
  parseEsiFields,
  Reader,
  routeText,
  type UpdateMessage,
} from 'bgp-protocol';
import type { CapturedMessage, Source } from './captured-message.ts';
import { labelKindOfUpdate } from './json.ts';
import { toJson } from './json-values.ts';
import { capabilityParameters } from './layout.ts';
import { timeText } from './time.ts';

/** The lines of one message. The first tells where it was and what it is; the others begin with an offset. */
export function messageText({ bytes, ctx, source }: CapturedMessage): readonly string[] {
  try {
    const message = decodeMessage(bytes, ctx);
    const heading = `${sourceText(source)}${message.type}, ${bytes.length} octets`;
    return [heading, ...bodyText(message, bytes, ctx)];
  } catch (error) {
    if (!(error instanceof BgpFault)) throw error;
    return [`${sourceText(source)}MALFORMED, ${bytes.length} octets`, faultText(error), ...hexLines(bytes)];
  }
}

function sourceText(source: Source): string {
  const { packet, record, timeNanoseconds, from, to, peerAutonomousSystem, synthesized } = source;
  const words = [
    packet === undefined ? '' : `packet ${packet}`,
    record === undefined ? '' : `record ${record}`,
    timeNanoseconds === undefined ? '' : timeText(timeNanoseconds),
    from === undefined ? '' : to === undefined ? `from ${from}` : `${from} > ${to}`,
    peerAutonomousSystem === undefined ? '' : `AS ${peerAutonomousSystem}`,
    synthesized ? 'from a table' : '',
  ].filter((word) => word !== '');
  return words.length === 0 ? '' : `${words.join(' ')}: `;
}

function line(offset: number, depth: number, text: string): string {
  return `${offset.toString(16).padStart(4, '0')}  ${'  '.repeat(depth)}${text}`;
}

/** A fault's place, in words of its own: its offset counts in the message. */
function faultText(fault: BgpFault): string {
  return `fault ${fault.action}: ${fault.message}${fault.offset === undefined ? '' : ` (offset ${fault.offset})`}`;
}

const HEX_LINE_OCTETS = 16;

function hexLines(bytes: Uint8Array): readonly string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += HEX_LINE_OCTETS) {
    const octets = bytes.subarray(at, at + HEX_LINE_OCTETS);
    lines.push(line(at, 0, hexText(octets).replace(/..(?=.)/g, '$& ')));
  }
  return lines;
}

function bodyText(message: Message, bytes: Uint8Array, ctx: CodecContext): readonly string[] {
  switch (message.type) {
    case 'OPEN':
      return openText(message, bytes);
    case 'UPDATE':
      return new UpdateLines(message, bytes, ctx).lines();
    case 'NOTIFICATION':
      return [line(HEADER_LENGTH, 0, notificationText(message.code, message.subcode, message.data))];
    case 'KEEPALIVE':
      return [];
    case 'ROUTE-REFRESH':
      return [line(HEADER_LENGTH, 0, `${familyText(message.family)} ${refreshText(message.subtype)}`)];
  }
}

function refreshText(subtype: number): string {
  return ['request', 'begin of refresh', 'end of refresh'][subtype] ?? `subtype ${subtype}`;
}

function openText(open: OpenMessage, bytes: Uint8Array): readonly string[] {
  const places = capabilityParameters(bytes).flat();
  return [
    line(HEADER_LENGTH, 0, `version ${open.version}`),
    line(HEADER_LENGTH + 1, 0, `AS ${open.autonomousSystem}`),
    line(HEADER_LENGTH + 3, 0, `hold time ${open.holdTimeSeconds} s`),
    line(HEADER_LENGTH + 5, 0, `router id ${open.routerId}`),
    ...open.capabilities.map((capability, i) => {
      const { type, ...fields } = capability;
      const words = Object.keys(fields).length === 0 ? '' : ` ${JSON.stringify(toJson(fields))}`;
      return line(places[i].byteOffset - bytes.byteOffset, 0, `capability ${type}${words}`);
    }),
  ];
}

/** The lines of an UPDATE, in the order of its octets. */
class UpdateLines {
  readonly #message: UpdateMessage;
  readonly #bytes: Uint8Array;
  readonly #ctx: CodecContext;
  readonly #labelKind: LabelKind;
  readonly #lines: string[] = [];

  constructor(message: UpdateMessage, bytes: Uint8Array, ctx: CodecContext) {
    this.#message = message;
    this.#bytes = bytes;
    this.#ctx = ctx;
    this.#labelKind = labelKindOfUpdate(message);
  }

  lines(): readonly string[] {
    for (const fault of this.#message.faults) this.#lines.push(faultText(fault));
    const reader = new Reader(this.#bytes, HEADER_LENGTH);
    const withdrawn = reader.take(reader.u16());
    this.#routes('withdrawn', FAMILY.IPV4_UNICAST, withdrawn.offset, withdrawn.end, 0);
    const list = reader.take(reader.u16());
    const attributesEnd = list.end;
    while (!list.done) this.#attribute(list);
    this.#routes('announced', FAMILY.IPV4_UNICAST, attributesEnd, reader.end, 0);
    const [only] = this.#message.withdrawn;
    if (only?.routes.length === 0)
      this.#lines.push(line(HEADER_LENGTH, 0, `end of RIB ${familyText(only.family)}`));
    return this.#lines;
  }

  #attribute(list: Reader): void {
    const at = list.offset;
    const flags = list.u8();
    const code = list.u8();
    const value = list.take((flags & ATTRIBUTE_FLAG.EXTENDED_LENGTH) !== 0 ? list.u16() : list.u8());
    const name = attributeCodec(code)?.type ?? `unknown attribute ${code}`;
    if (code === ATTRIBUTE.MP_REACH_NLRI || code === ATTRIBUTE.MP_UNREACH_NLRI) {
      this.#multiprotocol(at, code, name, value);
      return;
    }
    if (code === ATTRIBUTE.NEXT_HOP && value.remaining === 4) {
      this.#lines.push(line(at, 0, `${name} ${ipText(value.rest())}`));
      return;
    }
    const decoded = this.#message.attributes.find((attribute) => attribute.type === name);
    const text =
      decoded === undefined
        ? hexText(value.bytes, value.offset, value.end)
        : attributeText(decoded, this.#labelKind);
    const partial = (flags & ATTRIBUTE_FLAG.PARTIAL) !== 0 ? ' (partial)' : '';
    this.#lines.push(line(at, 0, `${name}${partial} ${text}`.trimEnd()));
  }

  #multiprotocol(at: number, code: number, name: string, value: Reader): void {
    const family = familyOf(value.u16(), value.u8());
    if (code === ATTRIBUTE.MP_UNREACH_NLRI) {
      this.#lines.push(line(at, 0, `${name} ${familyText(family)}`));
      this.#routes('withdrawn', family, value.offset, value.end, 1);
      return;
    }
    const announced = this.#message.announced.find((announcement) => announcement.family === family);
    const linkLocal = announced?.linkLocalNextHop === undefined ? '' : ` and ${announced.linkLocalNextHop}`;
    const nextHop = announced?.nextHop ?? announced?.nextHopOctets;
    const through = nextHop === undefined || nextHop === '' ? '' : ` next hop ${nextHop}${linkLocal}`;
    this.#lines.push(line(at, 0, `${name} ${familyText(family)}${through}`));
    value.skip(value.u8() + 1);
    this.#routes('announced', family, value.offset, value.end, 1);
  }

  #routes(verb: 'announced' | 'withdrawn', family: Family, start: number, end: number, depth: number): void {
    const addPath = this.#ctx.addPathReceive.has(family);
    nlriField(family, this.#bytes, start, end, addPath, (from, to, pathId) => {
      const path = addPath ? ` path ${pathId}` : '';
      this.#lines.push(line(from, depth, `${verb} ${this.#route(family, from, to, verb)}${path}`));
    });
  }

  #route(family: Family, from: number, to: number, verb: 'announced' | 'withdrawn'): string {
    try {
      const route = decodeRoute(family, this.#bytes, from, to);
      if (family !== FAMILY.L2VPN_EVPN) return routeText(family, route);
      return evpnText(route as EvpnRoute, verb === 'announced' ? this.#labelKind : undefined);
    } catch (error) {
      if (!(error instanceof BgpFault)) throw error;
      return `${hexText(this.#bytes, from, to)} (${error.message})`;
    }
  }
}

/** Key and payload of an EVPN route. Of a withdrawn one the labels have no meaning. */
function evpnText(route: EvpnRoute, labelKind: LabelKind | undefined): string {
  const words = [evpnRouteTypeName(route.routeType) ?? `route type ${route.routeType}`];
  if ('rd' in route) words.push(`rd ${route.rd}`);
  words.push(evpnRouteText(route));
  if ((route.routeType === 2 || route.routeType === 5) && !/^[0:]*$/.test(route.esi))
    words.push(esiWords(route.esi));
  if (route.routeType === 1 || route.routeType === 4) words.push(esiKind(route.esi));
  if (route.routeType === 5 && !/^[0.:]*$/.test(route.gatewayIp)) words.push(`gateway ${route.gatewayIp}`);
  if (labelKind !== undefined) words.push(...labelsOf(route).map((label) => labelText(label, labelKind)));
  return words.join(' ');
}

function labelsOf(route: EvpnRoute): readonly number[] {
  if ('labels' in route) return route.labels;
  return 'label' in route ? [route.label] : [];
}

function esiWords(esi: string): string {
  return `ESI ${esi} ${esiKind(esi)}`;
}

function esiKind(esi: string): string {
  const fields = parseEsiFields(esi);
  if (fields === undefined) return '';
  const { type, kind, ...rest } = fields;
  const words = Object.entries(rest).map(([name, value]) => `${name} ${value}`);
  return `(ESI type ${type} ${kind}: ${words.join(', ')})`;
}

function attributeText(attribute: Attribute, labelKind: LabelKind): string {
  switch (attribute.type) {
    case 'ORIGIN':
      return attribute.value;
    case 'AS_PATH':
    case 'AS4_PATH':
      return attribute.segments.map(segmentText).join(' ');
    case 'MED':
    case 'LOCAL_PREF':
      return String(attribute.value);
    case 'NEXT_HOP':
      return attribute.address;
    case 'ORIGINATOR_ID':
      return attribute.routerId;
    case 'CLUSTER_LIST':
      return attribute.clusterIds.join(' ');
    case 'COMMUNITIES':
      return attribute.communities.map(communityText).join(' ');
    case 'LARGE_COMMUNITIES':
      return attribute.communities.map(largeCommunityText).join(' ');
    case 'EXTENDED_COMMUNITIES':
      return attribute.communities.map(extendedCommunityText).join(', ');
    case 'PMSI_TUNNEL': {
      const { tunnelType, label, endpoint, identifier } = attribute;
      const to = endpoint === undefined ? '' : ` to ${endpoint}`;
      const more = identifier === undefined ? '' : ` ${JSON.stringify(toJson(identifier))}`;
      return `${pmsiTunnelText(tunnelType)} ${labelText(label, labelKind)}${to}${more}`;
    }
    default: {
      const { type: _, ...fields } = attribute;
      return Object.keys(fields).length === 0 ? '' : JSON.stringify(toJson(fields));
    }
  }
}

/** `ingress replication`, or the number of a type without a name. */
function pmsiTunnelText(tunnelType: number): string {
  const known = Object.entries(PMSI_TUNNEL_TYPE).find(([, type]) => type === tunnelType);
  return known === undefined ? `tunnel type ${tunnelType}` : known[0].toLowerCase().replaceAll('_', ' ');
}

function segmentText({
  kind,
  autonomousSystems,
}: {
  kind: string;
  autonomousSystems: readonly number[];
}): string {
  const numbers = autonomousSystems.join(' ');
  switch (kind) {
    case 'set':
      return `{${numbers}}`;
    case 'confederation-sequence':
      return `(${numbers})`;
    case 'confederation-set':
      return `[${numbers}]`;
    default:
      return numbers;
  }
}
