/**
 * Capabilities in words, for `show` and logs.
 */
import type { Family } from '../family.ts';
import { familyText } from '../family.ts';
import { hexText } from '../text/hex.ts';
import type { Capability } from './index.ts';

export interface CapabilityText {
  /** Tells it from every other capability of an OPEN: `multiprotocol l2vpn-evpn`, `route-refresh`, `capability 130`. */
  readonly name: string;
  /** What it says beside its name; empty for a capability that says all by being there. */
  readonly detail: string;
}

export function capabilityText(capability: Capability): CapabilityText {
  switch (capability.type) {
    case 'multiprotocol':
      return { name: `multiprotocol ${familyText(capability.family)}`, detail: '' };
    case 'unknown':
      return { name: `capability ${capability.code}`, detail: hexText(capability.value) };
    default:
      return { name: capability.type, detail: detailOf(capability) };
  }
}

function detailOf(capability: Exclude<Capability, { type: 'multiprotocol' | 'unknown' }>): string {
  switch (capability.type) {
    case 'four-octet-as':
      return `AS ${capability.autonomousSystem}`;
    case 'graceful-restart': {
      const flags = `${capability.restarting ? ', restarting' : ''}${capability.notification ? ', notification' : ''}`;
      const kept = capability.families.filter(({ forwardingPreserved }) => forwardingPreserved);
      const families = list(capability.families, () => '');
      const preserved = kept.length === 0 ? '' : `, forwarding kept for ${list(kept, () => '')}`;
      return `${capability.restartTimeSeconds} s${flags}${families === '' ? '' : `, ${families}`}${preserved}`;
    }
    case 'long-lived-graceful-restart':
      return list(capability.families, ({ staleTimeSeconds }) => ` ${staleTimeSeconds} s`);
    case 'add-path':
      return list(capability.families, ({ mode }) => ` ${mode}`);
    case 'extended-next-hop':
      return list(capability.families, ({ nextHopAfi }) => ` by AFI ${nextHopAfi}`);
    case 'multiple-labels':
      return list(capability.families, ({ count }) => ` ${count}`);
    case 'paths-limit':
      return list(capability.families, ({ limit }) => ` ${limit}`);
    case 'outbound-route-filtering':
      return list(
        capability.entries,
        ({ filters }) => ` ${filters.map(({ orfType, mode }) => `type ${orfType} ${mode}`).join(' and ')}`,
      );
    case 'fqdn':
      return capability.domainName === ''
        ? capability.hostName
        : `${capability.hostName}.${capability.domainName}`;
    case 'software-version':
      return capability.version;
    case 'bgp-role':
      return capability.role;
    case 'bgpsec':
      return `version ${capability.version} ${capability.direction} AFI ${capability.afi}`;
    case 'dynamic':
      return capability.codes.join(', ');
    case 'multisession':
      return `${capability.grouping ? 'grouping ' : ''}${capability.sessionIds.join(', ')}`;
    case 'route-refresh':
    case 'enhanced-route-refresh':
    case 'extended-message':
    case 'bfd-strict-mode':
    case 'link-local-next-hop':
      return '';
  }
}

function list<T extends { readonly family: Family }>(
  entries: readonly T[],
  detail: (entry: T) => string,
): string {
  return entries.map((entry) => `${familyText(entry.family)}${detail(entry)}`).join(', ');
}
