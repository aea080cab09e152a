/**
 * What a group of peers is told about a path, and with which attributes. The outcome for one attribute block
 * from one source is one outbound block, made octet by octet and interned by the caller: nothing is decoded.
 *
 * RFC 4456 sections 6 and 8 (reflection, ORIGINATOR_ID, CLUSTER_LIST), RFC 4271 sections 5.1.2 (AS_PATH), 5.1.4 (MED),
 * 5.1.5 (LOCAL_PREF), 9.2 (what iBGP peers are not told), 9 (unrecognized non-transitive attributes stay here),
 * RFC 1997 (NO_EXPORT, NO_ADVERTISE), RFC 4360 section 6 (non-transitive extended communities),
 * RFC 8365 section 5.1.3 and RFC 7432 section 9.2.1: the next hop is the VTEP's, and stays.
 */
import { ATTRIBUTE, ATTRIBUTE_FLAG, Writer } from 'bgp-protocol';
import { DEFAULT_LOCAL_PREFERENCE, type RibIdentity, SUMMARY_FLAG } from './attribute-summary.ts';
import type { AttributeTable } from './attribute-table.ts';
import type { AttributesId, SourceId } from './ids.ts';
import { SOURCE_KIND, type SourceTable } from './source-table.ts';

/** Peers with equal policies form one group. */
export interface ExportPolicy {
  readonly kind: 'ibgp' | 'ebgp';
  /** The peers are clients of this route reflector. */
  readonly client: boolean;
  /** Replaces every next hop: 4 or 16 octets. Usually absent, for the next hop of an EVPN route is its VTEP. */
  readonly nextHop?: Uint8Array;
  /** RFC 4684: each of the peers is told only the routes whose targets it has asked for. */
  readonly constrained?: boolean;
}

/** Text that is equal for equal policies. */
export function policyKey(policy: ExportPolicy): string {
  const constrained = policy.constrained === true ? 'constrained' : '';
  return `${policy.kind} ${policy.kind === 'ibgp' && policy.client} ${policy.nextHop?.join('.') ?? ''}${constrained}`;
}

const AS_SEQUENCE = 2;
const WELL_KNOWN = ATTRIBUTE_FLAG.TRANSITIVE;
const OPTIONAL_NON_TRANSITIVE = ATTRIBUTE_FLAG.OPTIONAL;

export class Exporter {
  readonly #policy: ExportPolicy;
  readonly #identity: RibIdentity;
  readonly #attributes: AttributeTable;
  readonly #sources: SourceTable;
  readonly #out = new Writer(1024);

  constructor(policy: ExportPolicy, identity: RibIdentity, attributes: AttributeTable, sources: SourceTable) {
    this.#policy = policy;
    this.#identity = identity;
    this.#attributes = attributes;
    this.#sources = sources;
  }

  /** Whether paths with this block from this source are told to the group at all. */
  allows(attributes: AttributesId, source: SourceId): boolean {
    const flags = this.#attributes.flags(attributes);
    if ((flags & SUMMARY_FLAG.NO_ADVERTISE) !== 0) return false;
    if (this.#policy.kind === 'ebgp') return (flags & SUMMARY_FLAG.NO_EXPORT) === 0;
    // RFC 4456 section 6: from a client to all, from a non-client to clients only.
    return (
      this.#sources.kind[source] !== SOURCE_KIND.IBGP || this.#sources.client[source]! || this.#policy.client
    );
  }

  /** The block to send. A view, good until the next call. */
  outbound(attributes: AttributesId, source: SourceId): Uint8Array {
    const out = this.#out;
    out.reset();
    const block = this.#attributes.bytes(attributes);
    const flags = this.#attributes.flags(attributes);
    const external = this.#policy.kind === 'ebgp';
    const reflected = !external && this.#sources.kind[source] === SOURCE_KIND.IBGP;
    let addPath = external;
    let addPreference = !external && (flags & SUMMARY_FLAG.HAS_LOCAL_PREFERENCE) === 0;
    let addOriginator = reflected && (flags & SUMMARY_FLAG.HAS_ORIGINATOR) === 0;
    let addCluster = reflected;
    for (let at = 0; at < block.length; ) {
      const code = block[at + 1]!;
      const extended = (block[at]! & ATTRIBUTE_FLAG.EXTENDED_LENGTH) !== 0;
      const value = at + (extended ? 4 : 3);
      const end = value + (extended ? (block[at + 2]! << 8) | block[at + 3]! : block[at + 2]!);
      // The block begins with MP_REACH_NLRI; the others follow in ascending order, and so must what is added.
      const order = code === ATTRIBUTE.MP_REACH_NLRI ? 0 : code;
      if (addPath && order >= ATTRIBUTE.AS_PATH) {
        this.#prependAs(block, code === ATTRIBUTE.AS_PATH ? value : end, end);
        addPath = false;
      }
      if (addPreference && order > ATTRIBUTE.LOCAL_PREF) addPreference = this.#putPreference();
      if (addOriginator && order > ATTRIBUTE.ORIGINATOR_ID) addOriginator = this.#putOriginator(source);
      if (addCluster && order >= ATTRIBUTE.CLUSTER_LIST) {
        this.#prependCluster(block, code === ATTRIBUTE.CLUSTER_LIST ? value : end, end);
        addCluster = false;
      }
      this.#copy(block, at, value, end, external, reflected, source);
      at = end;
    }
    if (addPath) this.#prependAs(block, 0, 0);
    if (addPreference) this.#putPreference();
    if (addOriginator) this.#putOriginator(source);
    if (addCluster) this.#prependCluster(block, 0, 0);
    return out.view();
  }

  /** One attribute as it came, unless the rules for the peer's kind say otherwise. */
  #copy(
    block: Uint8Array,
    at: number,
    value: number,
    end: number,
    external: boolean,
    reflected: boolean,
    source: SourceId,
  ): void {
    const code = block[at + 1]!;
    switch (code) {
      case ATTRIBUTE.MP_REACH_NLRI:
        if (this.#policy.nextHop === undefined) break;
        this.#putNextHop(block, value, this.#policy.nextHop);
        return;
      case ATTRIBUTE.AS_PATH:
        if (external) return;
        break;
      case ATTRIBUTE.MULTI_EXIT_DISC:
        // RFC 4271 section 5.1.4: not propagated to other neighbouring ASes. A MED of our own may go.
        if (external && source !== 0) return;
        break;
      case ATTRIBUTE.LOCAL_PREF:
      case ATTRIBUTE.ORIGINATOR_ID:
        if (external) return;
        break;
      case ATTRIBUTE.CLUSTER_LIST:
        if (external || reflected) return;
        break;
      case ATTRIBUTE.EXTENDED_COMMUNITIES:
        if (!external) break;
        this.#putTransitiveCommunities(block, at, value, end);
        return;
      default:
        // RFC 4271 section 9: "unrecognized non-transitive optional attributes" are not passed along.
        if ((block[at]! & (WELL_KNOWN | OPTIONAL_NON_TRANSITIVE)) === OPTIONAL_NON_TRANSITIVE) return;
    }
    this.#out.range(block, at, end);
  }

  #header(flags: number, code: number, length: number): void {
    const extended = length > 255;
    this.#out.u8(flags | (extended ? ATTRIBUTE_FLAG.EXTENDED_LENGTH : 0));
    this.#out.u8(code);
    if (extended) this.#out.u16(length);
    else this.#out.u8(length);
  }

  /** RFC 4271 section 5.1.2 (b): into the leading AS_SEQUENCE, or a new one before a set or a full sequence. */
  #prependAs(block: Uint8Array, start: number, end: number): void {
    const joins = end > start && block[start] === AS_SEQUENCE && block[start + 1]! < 255;
    this.#header(WELL_KNOWN, ATTRIBUTE.AS_PATH, end - start + (joins ? 4 : 6));
    this.#out.u8(AS_SEQUENCE);
    this.#out.u8(joins ? block[start + 1]! + 1 : 1);
    this.#out.u32(this.#identity.localAs);
    this.#out.range(block, joins ? start + 2 : start, end);
  }

  #putPreference(): false {
    this.#header(WELL_KNOWN, ATTRIBUTE.LOCAL_PREF, 4);
    this.#out.u32(DEFAULT_LOCAL_PREFERENCE);
    return false;
  }

  /** RFC 4456 section 8: "the BGP Identifier of the originator of the route in the local AS". */
  #putOriginator(source: SourceId): false {
    this.#header(OPTIONAL_NON_TRANSITIVE, ATTRIBUTE.ORIGINATOR_ID, 4);
    this.#out.u32(this.#sources.routerId[source]!);
    return false;
  }

  #prependCluster(block: Uint8Array, start: number, end: number): void {
    this.#header(OPTIONAL_NON_TRANSITIVE, ATTRIBUTE.CLUSTER_LIST, end - start + 4);
    this.#out.u32(this.#identity.clusterId);
    this.#out.range(block, start, end);
  }

  /** The canonical MP_REACH_NLRI of a block: AFI, SAFI, next hop length, next hop, a reserved octet; flags 0x90. */
  #putNextHop(block: Uint8Array, value: number, nextHop: Uint8Array): void {
    this.#out.u8(OPTIONAL_NON_TRANSITIVE | ATTRIBUTE_FLAG.EXTENDED_LENGTH);
    this.#out.u8(ATTRIBUTE.MP_REACH_NLRI);
    this.#out.u16(5 + nextHop.length);
    this.#out.range(block, value, value + 3);
    this.#out.u8(nextHop.length);
    this.#out.bytes(nextHop);
    this.#out.u8(0);
  }

  /** RFC 4360 section 6: non-transitive ones (second bit of the type set) do not cross an AS boundary. */
  #putTransitiveCommunities(block: Uint8Array, at: number, value: number, end: number): void {
    let length = 0;
    for (let i = value; i < end; i += 8) if ((block[i]! & 0x40) === 0) length += 8;
    if (length === 0) return;
    this.#header(block[at]! & ~ATTRIBUTE_FLAG.EXTENDED_LENGTH, ATTRIBUTE.EXTENDED_COMMUNITIES, length);
    for (let i = value; i < end; i += 8) if ((block[i]! & 0x40) === 0) this.#out.range(block, i, i + 8);
  }
}
