/**
 * UPDATE as values, for people and tests. A daemon walks the octets instead (update-walker.ts).
 *
 * RFC 4271 section 4.3, RFC 4760, RFC 7606, RFC 7911.
 */

import { decodeAttributeBlock, encodeAttributeBlock } from '../attribute-block.ts';
import type { Attribute, MpReachNlri } from '../attributes/index.ts';
import type { CodecContext } from '../context.ts';
import { DEFAULT_CONTEXT } from '../context.ts';
import type { Family } from '../family.ts';
import { FAMILY, familyText } from '../family.ts';
import type { BgpFault } from '../faults.ts';
import { MAX_EXTENDED_MESSAGE_LENGTH, MAX_MESSAGE_LENGTH } from '../iana.ts';
import { decodeRoute, encodeRoute, type Route, routeNamedBy, validateNlri } from '../nlri/index.ts';
import { copyOctets } from '../octets.ts';
import { walkUpdate } from '../update-walker.ts';
import { UpdateWriter } from '../update-writer.ts';
import { Writer } from '../writer.ts';

/** A route and, where ADD-PATH was negotiated for its family, its path identifier. */
export type UpdateRoute = Route & { readonly pathId?: number };

export interface Announcement {
  readonly family: Family;
  readonly nextHop: string;
  readonly linkLocalNextHop?: string;
  /** In hexadecimal, where the form of a next hop is not known for the family. */
  readonly nextHopOctets?: string;
  readonly routes: readonly UpdateRoute[];
}

export interface Withdrawal {
  readonly family: Family;
  /** None: the End-of-RIB marker of the family. */
  readonly routes: readonly UpdateRoute[];
}

export interface UpdateMessage {
  readonly type: 'UPDATE';
  /** In ascending type order; MP_REACH_NLRI, MP_UNREACH_NLRI and NEXT_HOP are in what follows. */
  readonly attributes: readonly Attribute[];
  readonly announced: readonly Announcement[];
  readonly withdrawn: readonly Withdrawal[];
  /** What was wrong and could be lived with; empty for a message to be sent. */
  readonly faults: readonly BgpFault[];
}

class Collector {
  attributes: readonly Attribute[] = [];
  readonly announced: { family: Family; nextHop: string; routes: UpdateRoute[] }[] = [];
  readonly withdrawn: { family: Family; routes: UpdateRoute[] }[] = [];
  readonly faults: BgpFault[] = [];
  readonly #ctx: CodecContext;
  #next: Omit<Announcement, 'family' | 'routes'> = { nextHop: '' };

  constructor(ctx: CodecContext) {
    this.#ctx = ctx;
  }

  fault(fault: BgpFault): void {
    this.faults.push(fault);
  }

  endOfRib(family: Family): void {
    this.withdrawn.push({ family, routes: [] });
  }

  block(block: Uint8Array, start: number, end: number): void {
    const attributes = decodeAttributeBlock(copyOctets(block, start, end));
    const rest: Attribute[] = [];
    for (const attribute of attributes) {
      if (attribute.type === 'MP_REACH_NLRI') this.#next = nextHopOf(attribute);
      else if (attribute.type === 'NEXT_HOP') this.#next = { nextHop: attribute.address };
      else rest.push(attribute);
    }
    this.attributes = rest;
    this.#opened = false;
  }

  #opened = false;

  announce(family: Family, bytes: Uint8Array, start: number, end: number, pathId: number): void {
    if (!this.#opened) {
      this.announced.push({ family, ...this.#next, routes: [] });
      this.#opened = true;
    }
    this.announced[this.announced.length - 1].routes.push(this.#route(family, bytes, start, end, pathId));
  }

  withdraw(family: Family, bytes: Uint8Array, start: number, end: number, pathId: number): void {
    let group = this.withdrawn.at(-1);
    if (group?.family !== family) {
      group = { family, routes: [] };
      this.withdrawn.push(group);
    }
    group.routes.push(this.#route(family, bytes, start, end, pathId));
  }

  #route(family: Family, bytes: Uint8Array, start: number, end: number, pathId: number): UpdateRoute {
    const sound = validateNlri(family, bytes, start, end) === undefined;
    const route =
      (sound ? undefined : routeNamedBy(family, bytes, start, end)) ?? decodeRoute(family, bytes, start, end);
    return this.#ctx.addPathReceive.has(family) ? { ...route, pathId } : route;
  }
}

function nextHopOf(attribute: MpReachNlri): Omit<Announcement, 'family' | 'routes'> {
  const { nextHop, linkLocalNextHop, nextHopOctets } = attribute;
  return {
    nextHop,
    ...(linkLocalNextHop === undefined ? {} : { linkLocalNextHop }),
    ...(nextHopOctets === undefined ? {} : { nextHopOctets }),
  };
}

/**
 * Reads the body of an UPDATE. Faults that RFC 7606 lives with are in `faults`, and the routes they took down are in
 * `withdrawn`. Throws the BgpFault of a session reset.
 */
export function decodeUpdate(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
  ctx: CodecContext = DEFAULT_CONTEXT,
): UpdateMessage {
  const collector = new Collector(ctx);
  const visitor = {
    attributes: (block: Uint8Array, from: number, to: number) => collector.block(block, from, to),
    announce: collector.announce.bind(collector),
    withdraw: collector.withdraw.bind(collector),
    endOfRib: collector.endOfRib.bind(collector),
    fault: collector.fault.bind(collector),
  };
  walkUpdate(bytes, start, end, ctx, visitor, 'observe');
  const { attributes, announced, withdrawn, faults } = collector;
  const final = faults.find(({ action }) => action === 'session-reset' || action === 'afi-safi-disable');
  if (final !== undefined) throw final;
  return { type: 'UPDATE', attributes, announced, withdrawn, faults };
}

/**
 * The messages that say what the value says, withdrawals first: one message as a rule, more when a message would be too
 * long or where routes of several families come together, which RFC 7606 section 5.1 wants apart.
 */
export function encodeUpdates(message: UpdateMessage, ctx: CodecContext = DEFAULT_CONTEXT): Uint8Array {
  const out = new Writer(MAX_MESSAGE_LENGTH);
  const writer = new UpdateWriter(
    ctx.extendedMessage ? MAX_EXTENDED_MESSAGE_LENGTH : MAX_MESSAGE_LENGTH,
    out,
    ctx,
  );
  for (const { family, routes } of message.withdrawn) {
    if (routes.length === 0) writer.endOfRib(family);
    else writer.beginWithdraw(family);
    for (const route of routes) put(writer.withdraw.bind(writer), family, route);
    writer.end();
  }
  for (const announcement of message.announced) {
    writer.begin(encodeAttributeBlock([...message.attributes, nextHopAttribute(announcement)]));
    for (const route of announcement.routes) put(writer.announce.bind(writer), announcement.family, route);
    writer.end();
  }
  return out.finish();
}

function put(
  write: (bytes: Uint8Array, start: number, end: number, pathId: number) => boolean,
  family: Family,
  route: UpdateRoute,
): void {
  const bytes = encodeRoute(family, route);
  if (write(bytes, 0, bytes.length, route.pathId ?? 0)) return;
  throw new RangeError(
    `Cannot encode UPDATE: ${familyText(family)} route and attributes exceed the message length`,
  );
}

/** IPv4 unicast routes with an IPv4 next hop go into the NLRI field, all others into MP_REACH_NLRI. */
function nextHopAttribute(announcement: Announcement): Attribute {
  const { family, nextHop } = announcement;
  if (family === FAMILY.IPV4_UNICAST && !nextHop.includes(':')) return { type: 'NEXT_HOP', address: nextHop };
  const { routes: _routes, ...rest } = announcement;
  return { type: 'MP_REACH_NLRI', ...rest, nlri: new Uint8Array(0) };
}
