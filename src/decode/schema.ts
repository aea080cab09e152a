/**
 * The schema of a message as JSON: what `evpnctl encode` accepts, and what docs/decode.schema.json publishes.
 */
import { z } from 'zod';
import type { Json } from './json-values.ts';
import { InputProblem } from './problem.ts';

const u8 = z.int().min(0).max(0xff);
const u16 = z.int().min(0).max(0xffff);
const u24 = z.int().min(0).max(0xffffff);
const u32 = z.int().min(0).max(0xffffffff);
const text = z.string();
const hexDigits = z.string().regex(/^([0-9a-fA-F]{2})*$/);
const octets = z.object({ hex: hexDigits }).describe('Octets, as hexadecimal digits.');
const family = z
  .string()
  .describe('`l2vpn-evpn`, `ipv4-unicast`, ...; `afi-25-safi-99` for one without a name.');
const pathId = u32.optional().describe('RFC 7911; present where the family has path identifiers.');

const rd = text.describe(
  '`65000:10`, `10.0.0.1:7`, `4200000000:7`, `65000L:7` (four octets); `0x` and 16 digits for other types.',
);
const esi = text.describe('Ten pairs: `00:00:00:00:00:00:00:00:00:00`.');
const label = u24.describe(
  'All 24 bits: the VNI, or the MPLS label times 16 plus the low bits; labelKind tells which.',
);
const ip = text.describe('IPv4 or IPv6 address, RFC 5952.');
const addresses = { source: ip.optional(), group: ip.optional(), originatorIp: ip };

const evpnRoutes = [
  z.object({ routeType: z.literal(1), rd, esi, ethernetTag: u32, label, pathId }),
  z.object({
    routeType: z.literal(2),
    rd,
    esi,
    ethernetTag: u32,
    mac: text.describe('`02:00:00:00:00:01`.'),
    ip: ip.optional(),
    labels: z.array(label).min(1).max(2),
    pathId,
  }),
  z.object({ routeType: z.literal(3), rd, ethernetTag: u32, originatorIp: ip, pathId }),
  z.object({ routeType: z.literal(4), rd, esi, originatorIp: ip, pathId }),
  z.object({
    routeType: z.literal(5),
    rd,
    esi,
    ethernetTag: u32,
    prefix: text,
    gatewayIp: ip,
    label,
    pathId,
  }),
  z.object({ routeType: z.literal(6), rd, ethernetTag: u32, ...addresses, flags: u8, pathId }),
  z.object({ routeType: z.literal(7), rd, esi, ethernetTag: u32, ...addresses, flags: u8, pathId }),
  z.object({
    routeType: z.literal(8),
    rd,
    esi,
    ethernetTag: u32,
    ...addresses,
    maximumResponseTime: u8,
    flags: u8,
    pathId,
  }),
  z.object({ routeType: z.literal(9), rd, ethernetTag: u32, regionId: hexDigits, pathId }),
  z.object({ routeType: z.literal(10), rd, ethernetTag: u32, ...addresses, pathId }),
  z.object({ routeType: z.literal(11), routeKey: hexDigits, originatorIp: ip, pathId }),
] as const;

const opaqueEvpnRoute = z
  .object({ routeType: z.union([z.literal(0), z.int().min(12).max(0xff)]), opaque: octets, pathId })
  .describe('Any other EVPN route type.');
const otherRoute = z
  .strictObject({
    prefix: text.optional(),
    labels: z.array(u24).min(1).optional(),
    rd: rd.optional(),
    lengthBits: z.int().min(0).max(96).optional().describe('Route target membership, RFC 4684.'),
    originAutonomousSystem: u32.optional(),
    routeTarget: text.optional(),
    opaque: octets.optional().describe('All routes of a family that is not known.'),
    pathId,
  })
  .describe(
    'A route of another family: a prefix, with labels and route distinguisher where the family has them.',
  );

const route = z.union([...evpnRoutes, opaqueEvpnRoute, otherRoute]);

const segment = z.object({
  kind: z.enum(['set', 'sequence', 'confederation-sequence', 'confederation-set']),
  autonomousSystems: z.array(u32),
});

const extendedCommunity = z
  .looseObject({ type: text })
  .describe('`{"type":"route-target","value":"65000:10"}`; the members of each type are in docs/decode.md.');

/** An attribute's value, or that value with the Partial bit. */
const maybePartial = <Value extends z.ZodType>(value: Value) =>
  z.union([value, z.object({ partial: z.literal(true), value })]).optional();

const attributes = z
  .object({
    ORIGIN: z.enum(['igp', 'egp', 'incomplete']).optional(),
    AS_PATH: z.array(segment).optional(),
    MED: u32.optional(),
    LOCAL_PREF: u32.optional(),
    ORIGINATOR_ID: ip.optional(),
    CLUSTER_LIST: z.array(ip).optional(),
    COMMUNITIES: maybePartial(z.array(text)),
    EXTENDED_COMMUNITIES: maybePartial(z.array(extendedCommunity)),
    LARGE_COMMUNITIES: maybePartial(z.array(text)),
  })
  .catchall(z.looseObject({}))
  .describe(
    'Under its name, each path attribute; `unknown-99` for one without a name, with flags and value.',
  );

const fault = z.object({
  message: text,
  code: u8,
  subcode: u8,
  action: z.enum(['attribute-discard', 'treat-as-withdraw', 'afi-safi-disable', 'session-reset']),
  offset: z.int().min(0).optional(),
  seen: text.optional(),
  wanted: text.optional(),
});

const common = {
  length: z.int().min(0).max(0xffff).optional().describe('Octets of the message; not read when encoding.'),
  source: z.looseObject({}).optional().describe('Where it was found; not read when encoding.'),
  context: z
    .object({ fourOctetAs: z.boolean().optional(), addPath: z.array(family).optional() })
    .optional()
    .describe('What the session had settled, where it is not the usual.'),
  layout: z
    .object({
      attributes: z.array(z.tuple([u8, u8])).optional(),
      parameters: z.array(z.int().min(0)).optional(),
    })
    .optional()
    .describe(
      "The sender's order and flags of attributes, or capabilities per parameter, where not the usual.",
    ),
  octets: hexDigits
    .optional()
    .describe('The message itself, where the values cannot tell it; wins when encoding.'),
};

const message = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('OPEN'),
    version: u8,
    autonomousSystem: u32,
    holdTimeSeconds: u16,
    routerId: ip,
    capabilities: z.array(z.looseObject({ type: text })),
    ...common,
  }),
  z.object({
    type: z.literal('UPDATE'),
    attributes: attributes.optional(),
    announced: z
      .array(
        z.object({
          family,
          nextHop: text,
          linkLocalNextHop: ip.optional(),
          nextHopOctets: hexDigits.optional(),
          labelKind: z
            .enum(['vni', 'mpls'])
            .optional()
            .describe('What labels of EVPN routes are; not read when encoding.'),
          routes: z.array(route),
        }),
      )
      .optional(),
    withdrawn: z
      .array(z.object({ family, routes: z.array(route) }))
      .optional()
      .describe('Without routes: the End-of-RIB marker of the family.'),
    faults: z.array(fault).optional(),
    ...common,
  }),
  z.object({
    type: z.literal('NOTIFICATION'),
    code: u8,
    subcode: u8,
    data: hexDigits.optional(),
    text: text.optional().describe('In words; not read when encoding.'),
    ...common,
  }),
  z.object({ type: z.literal('KEEPALIVE'), ...common }),
  z.object({
    type: z.literal('ROUTE-REFRESH'),
    family,
    subtype: u8,
    outboundRouteFilters: octets.optional(),
    ...common,
  }),
  z.object({ type: z.literal('MALFORMED'), faults: z.array(fault), ...common, octets: hexDigits }),
]);

/** Throws an InputProblem that names the first member that is not of the form. */
export function checkMessageJson(json: Json): void {
  const { success, error } = message.safeParse(json);
  if (success) return;
  const [issue] = error.issues;
  const place = issue.path.length === 0 ? 'the message' : issue.path.join('.');
  throw new InputProblem(`Cannot encode: ${place}: ${issue.message}`);
}

/** JSON Schema, draft 2020-12. */
export function messageJsonSchema(): object {
  return {
    title: 'A BGP message, as evpnctl decode prints it and evpnctl encode reads it',
    ...z.toJSONSchema(message, { reused: 'ref' }),
  };
}
