/**
 * The capabilities of an OPEN: registry, union and the loop around them.
 *
 * RFC 5492 section 4 (encoding), RFC 4271 section 6.2 (errors), RFC 9072 (more than 255 octets of them).
 */

import { BgpFault } from '../faults.ts';
import { ERROR, OPEN_ERROR } from '../iana.ts';
import { copyOctets } from '../octets.ts';
import type { Reader } from '../reader.ts';
import { Writer } from '../writer.ts';
import type { AddPath } from './add-path.ts';
import { addPath } from './add-path.ts';
import { type BgpRole, bgpRole } from './bgp-role.ts';
import { type Bgpsec, bgpsec } from './bgpsec.ts';
import type { CapabilityCodec } from './codec.ts';
import { type DynamicCapability, dynamicCapability } from './dynamic.ts';
import type { ExtendedNextHop } from './extended-next-hop.ts';
import { extendedNextHop } from './extended-next-hop.ts';
import type { FourOctetAs } from './four-octet-as.ts';
import { fourOctetAs } from './four-octet-as.ts';
import type { Fqdn } from './fqdn.ts';
import { fqdn } from './fqdn.ts';
import type { GracefulRestart } from './graceful-restart.ts';
import { gracefulRestart } from './graceful-restart.ts';
import { type LongLivedGracefulRestart, longLivedGracefulRestart } from './long-lived-graceful-restart.ts';
import { type MultipleLabels, multipleLabels } from './multiple-labels.ts';
import type { Multiprotocol } from './multiprotocol.ts';
import { multiprotocol } from './multiprotocol.ts';
import { type Multisession, multisession } from './multisession.ts';
import { type OutboundRouteFiltering, outboundRouteFiltering } from './outbound-route-filtering.ts';
import { type PathsLimit, pathsLimit } from './paths-limit.ts';
import type { Presence } from './presence.ts';
import {
  bfdStrictMode,
  enhancedRouteRefresh,
  extendedMessage,
  linkLocalNextHop,
  routeRefresh,
} from './presence.ts';
import type { SoftwareVersion } from './software-version.ts';
import { softwareVersion } from './software-version.ts';

/** Not in the registry, or malformed and of no effect: the octets travel as they came. */
export interface UnknownCapability {
  readonly type: 'unknown';
  readonly code: number;
  readonly value: Uint8Array;
}

export type KnownCapability =
  | Multiprotocol
  | Presence<'route-refresh'>
  | OutboundRouteFiltering
  | ExtendedNextHop
  | Presence<'extended-message'>
  | Bgpsec
  | MultipleLabels
  | BgpRole
  | GracefulRestart
  | FourOctetAs
  | DynamicCapability
  | Multisession
  | AddPath
  | Presence<'enhanced-route-refresh'>
  | LongLivedGracefulRestart
  | Fqdn
  | Presence<'bfd-strict-mode'>
  | SoftwareVersion
  | PathsLimit
  | Presence<'link-local-next-hop'>;

export type Capability = KnownCapability | UnknownCapability;

export const CAPABILITIES: readonly CapabilityCodec<KnownCapability>[] = [
  multiprotocol,
  routeRefresh,
  outboundRouteFiltering,
  extendedNextHop,
  extendedMessage,
  bgpsec,
  multipleLabels,
  bgpRole,
  gracefulRestart,
  fourOctetAs,
  dynamicCapability,
  multisession,
  addPath,
  enhancedRouteRefresh,
  longLivedGracefulRestart,
  fqdn,
  bfdStrictMode,
  softwareVersion,
  pathsLimit,
  linkLocalNextHop,
];

const BY_CODE: ReadonlyMap<number, CapabilityCodec<KnownCapability>> = new Map(
  CAPABILITIES.map((codec) => [codec.code, codec]),
);
const BY_TYPE: ReadonlyMap<string, CapabilityCodec<KnownCapability>> = new Map(
  CAPABILITIES.map((codec) => [codec.type, codec]),
);

/** One capability: code, length, value. Throws a BgpFault 2/0 when it is truncated, or malformed and of effect. */
export function decodeCapability(reader: Reader): Capability {
  const code = reader.u8();
  const value = reader.take(reader.u8());
  const start = value.offset;
  const codec = BY_CODE.get(code);
  if (codec === undefined) return { type: 'unknown', code, value: copyOctets(value.rest()) };
  try {
    const capability = codec.decode(value);
    if (!value.done) throw new BgpFault(`${value.remaining} octets too many`, { offset: value.offset });
    return capability;
  } catch (error) {
    if (!(error instanceof BgpFault)) throw error;
    if (codec.onFault === 'keep-unknown') {
      return { type: 'unknown', code, value: copyOctets(value.bytes, start, value.end) };
    }
    throw error.within(
      { code: ERROR.OPEN_MESSAGE, subcode: OPEN_ERROR.UNSPECIFIC },
      `capability ${codec.type}`,
    );
  }
}

/** Throws a RangeError when the value does not fit in 255 octets: that is a bug of the caller. */
export function encodeCapability(capability: Capability, out: Writer): void {
  const value = new Writer(64);
  let code: number;
  if (capability.type === 'unknown') {
    code = capability.code;
    value.bytes(capability.value);
  } else {
    const codec = BY_TYPE.get(capability.type);
    if (codec === undefined) throw new TypeError(`Cannot encode capability: type is ${capability.type}`);
    code = codec.code;
    codec.encode(capability, value);
  }
  if (value.length > 255) {
    throw new RangeError(
      `Cannot encode capability ${capability.type}: length is ${value.length}, expected up to 255`,
    );
  }
  out.u8(code);
  out.u8(value.length);
  out.bytes(value.view());
}

/** The octets of the value alone, as a NOTIFICATION 2/7 (RFC 5492 section 5) lists them. */
export function encodeCapabilities(capabilities: readonly Capability[]): Uint8Array {
  const out = new Writer(256);
  for (const capability of capabilities) encodeCapability(capability, out);
  return out.finish();
}

export type { AddPathMode } from './add-path.ts';
export type { GracefulRestartFamily } from './graceful-restart.ts';
export type {
  AddPath,
  BgpRole,
  Bgpsec,
  CapabilityCodec,
  DynamicCapability,
  ExtendedNextHop,
  FourOctetAs,
  Fqdn,
  GracefulRestart,
  LongLivedGracefulRestart,
  MultipleLabels,
  Multiprotocol,
  Multisession,
  OutboundRouteFiltering,
  PathsLimit,
  Presence,
  SoftwareVersion,
};
