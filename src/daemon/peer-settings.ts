/** From the configuration of a neighbour to the settings of its session. */
import { networkInterfaces } from 'node:os';
import { FAMILY, type Family, parseFamily } from 'bgp-protocol';
import { compareIp, ip, parseIp, parsePrefix, prefixContains } from '../base/ip.ts';
import type { GracefulRestartConfig, NeighborConfig, RouterConfig, SessionConfig } from '../config/index.ts';
import type { PeerConfig } from '../session/index.ts';

export interface Identity {
  readonly router: RouterConfig;
  readonly gracefulRestart: GracefulRestartConfig;
  readonly hostName: string;
  readonly softwareVersion: string;
}

export function peerSettings(
  neighbor: SessionConfig & Pick<NeighborConfig, 'address' | 'peerGroup'>,
  { router, gracefulRestart, hostName, softwareVersion }: Identity,
  { dynamic = false, passive = false } = {},
): PeerConfig {
  const { address, updateSource } = neighbor;
  // A link-local peer is on the interface that the update source names, and the kernel knows our address there.
  const isOnLink = isLinkLocal(address) && updateSource !== undefined && !parseIp(updateSource);
  const device = isOnLink ? updateSource : undefined;
  return {
    address,
    device,
    port: neighbor.port,
    localAddress: device === undefined ? sourceAddress(updateSource, address) : undefined,
    localAs: router.asn,
    remoteAs: neighbor.remoteAs,
    routerId: router.routerId,
    families: familiesOf(neighbor, router),
    requiredFamilies: [FAMILY.L2VPN_EVPN],
    passive: neighbor.passive || passive,
    holdTimeSeconds: neighbor.timers.holdSeconds,
    keepaliveSeconds: neighbor.timers.keepaliveSeconds,
    connectRetrySeconds: neighbor.timers.connectRetrySeconds,
    password: neighbor.password,
    ttlSecurityHops: neighbor.ttlSecurityHops,
    ebgpMultihop: neighbor.ebgpMultihop,
    shutdown: neighbor.shutdown,
    gracefulRestart: {
      restarter: gracefulRestart.mode === 'restarter',
      restartTimeSeconds: gracefulRestart.restartTimeSeconds,
      notification: true,
    },
    hostName,
    softwareVersion,
    description: neighbor.description,
    peerGroup: neighbor.peerGroup,
    dynamic,
  };
}

/** Route target memberships are exchanged inside an AS only: see docs/rt-constraint.md. */
function familiesOf({ families, remoteAs }: SessionConfig, { asn }: RouterConfig): Family[] {
  const internal = remoteAs === 'internal' || remoteAs === asn;
  return families
    .map((name) => parseFamily(name) ?? FAMILY.L2VPN_EVPN)
    .filter((family) => family !== FAMILY.RT_CONSTRAINT || internal);
}

/**
 * The address to connect from: as configured, or the one that the named interface has in the peer's family. Of
 * several, the one that is not 127/8, ::1 or link-local, as a loopback interface carries its router address.
 */
function sourceAddress(source: string | undefined, peerAddress: string): string | undefined {
  if (source === undefined || parseIp(source)) return source;
  const family = peerAddress.includes(':') ? 'IPv6' : 'IPv4';
  const addresses = (networkInterfaces()[source] ?? []).filter((each) => each.family === family);
  return (addresses.find(({ address }) => !isLocalScope(address)) ?? addresses[0])?.address;
}

const LINK_LOCAL = parsePrefix('fe80::/10')!;
const LOCAL_SCOPES = [LINK_LOCAL, ...['127.0.0.0/8', '::1/128'].map((text) => parsePrefix(text)!)];

const isLinkLocal = (address: string): boolean => prefixContains(LINK_LOCAL, ip(address));

function isLocalScope(address: string): boolean {
  const bytes = parseIp(address.split('%')[0]!);
  return bytes === undefined || LOCAL_SCOPES.some((prefix) => prefixContains(prefix, bytes));
}

/** Orders addresses as people expect them in a table. */
export const byAddress = (a: { readonly address: string }, b: { readonly address: string }): number =>
  compareIp(ip(a.address), ip(b.address));
