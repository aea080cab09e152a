/**
 * What the control plane and a dataplane say to each other. Desired state goes down as calls on
 * `ForwardingTable`; what hosts do comes up as calls on `DataplaneEvents`. No BGP type appears here, and
 * no bridge type either, so the same EVPN code drives the Linux kernel, a hardware VTEP and a memory table.
 *
 * Calls carry numbers, not objects: a fabric has a hundred thousand of these entries per leaf.
 */
import type { AddressId } from '../base/address-table.ts';
import type { IpBytes } from '../base/ip.ts';
import type { Mac } from '../base/mac.ts';

/** Flags of a MAC or a neighbour, local or remote. */
export const ENTRY_FLAG = {
  /** The MAC must not move (RFC 7432 section 15.2): a static entry. */
  STICKY: 1,
  /** The neighbour is a router (RFC 9047 section 2, R flag). */
  ROUTER: 2,
  /** The neighbour answers for itself and may be overridden (RFC 9047, O flag). */
  OVERRIDE: 4,
  /** The MAC+IP of a gateway (RFC 7432 section 10.1). */
  GATEWAY: 8,
} as const;

/** The forwarding state that the control plane wants. Setting what is already set costs nothing. */
export interface ForwardingTable {
  /** Frames for `mac` in `vni` leave through the VXLAN tunnel to `vtep`. Replaces an earlier VTEP. */
  setMac(vni: number, mac: Mac, vtep: AddressId, flags: number): void;
  deleteMac(vni: number, mac: Mac): void;
  /** Broadcast, unknown-unicast and multicast frames of `vni` are copied to `vtep` (head-end replication). */
  addFlood(vni: number, vtep: AddressId): void;
  deleteFlood(vni: number, vtep: AddressId): void;
  /** `ip` answers at `mac`: lets the leaf answer ARP and ND in the remote host's place. */
  setNeighbour(vni: number, ip: IpBytes, mac: Mac, flags: number): void;
  deleteNeighbour(vni: number, ip: IpBytes): void;
}

/** An L2 instance as the dataplane has it. */
export interface InstanceState {
  readonly vni: number;
  /** The tunnel source address; undefined when the device has none. */
  readonly vtep: IpBytes | undefined;
  /** Names that people know it by; empty where the dataplane has none. */
  readonly vxlanInterface: string;
  readonly bridge: string;
  /** The interface whose neighbour table holds the instance's hosts (the bridge, or its VLAN interface). */
  readonly sviInterface: string;
  readonly vlan: number | undefined;
  readonly up: boolean;
  readonly mtu: number;
  /** MACs of the leaf itself there, of its bridge, gateway interface and ports: no host has them, here or behind another VTEP. */
  readonly ownMacs: readonly Mac[];
  /** What an operator should know and perhaps correct, in words: learning is on, suppression is off. */
  readonly warnings: readonly string[];
}

export interface InstanceSpec {
  readonly vni: number;
  /** Correct what `warnings` names (learning on the VXLAN port, missing neigh_suppress). */
  readonly correct: boolean;
}

/** What comes up. Calls arrive in bursts; `settled` ends each, so that consumers can act once per burst. */
export interface DataplaneEvents {
  /** Found, or changed in any field. */
  instance(state: InstanceState): void;
  instanceGone(vni: number): void;
  /** `port` is the interface name, for people. Again with other flags or port when these change. */
  localMac(vni: number, mac: Mac, flags: number, port: string): void;
  localMacGone(vni: number, mac: Mac): void;
  localNeighbour(vni: number, ip: IpBytes, mac: Mac, flags: number): void;
  localNeighbourGone(vni: number, ip: IpBytes): void;
  /** Only for watched addresses; the first answer comes soon after `watchVtep`. */
  vtepReachable(vtep: AddressId, reachable: boolean): void;
  settled(): void;
  /** Something an operator must hear of, in words; `undefined` clears the one of that subject. */
  problem(subject: string, text: string | undefined): void;
}

export type EntryKind = 'mac' | 'flood' | 'neighbour';
/** pending: not yet written; installed: confirmed; failed: refused, retried with backoff. */
export type EntryStatus = 'pending' | 'installed' | 'failed';

/** One entry for people and tests; made on demand only. */
export interface EntryView {
  readonly kind: EntryKind;
  readonly vni: number;
  readonly mac: string | undefined;
  readonly ip: string | undefined;
  readonly vtep: string | undefined;
  readonly sticky: boolean;
  readonly status: EntryStatus;
  /** Why it failed, in words, with the errno's name. */
  readonly error: string | undefined;
}

export interface DataplaneCounters {
  readonly desired: number;
  readonly installed: number;
  readonly pending: number;
  readonly failed: number;
  /** Writes sent, entries repaired after a foreign edit, stale ones pruned, adopted after a restart, full dumps, lost notifications. */
  readonly written: number;
  readonly repaired: number;
  readonly pruned: number;
  readonly adopted: number;
  readonly dumps: number;
  readonly overruns: number;
}

/**
 * A dataplane: holds the desired state and makes the real one equal to it, whatever happens in between.
 * It writes nothing before its first dump; it never touches what is not its own.
 */
export interface Dataplane extends ForwardingTable {
  readonly kind: 'kernel' | 'memory' | 'hardware-vtep';
  /** Opens, reports what exists through `events`, and resolves after the first complete picture. */
  open(events: DataplaneEvents): Promise<void>;
  /** From now on `vni` is ours: local entries are reported, desired ones written. */
  ensure(spec: InstanceSpec): void;
  /** Forgets `vni` and takes its entries out. */
  remove(vni: number): void;
  watchVtep(vtep: AddressId): void;
  unwatchVtep(vtep: AddressId): void;
  /** The initial routes are in (or a time has passed): entries left by an earlier run and not claimed since are stale and go. */
  pruneStale(): void;
  /** Resolves when nothing is pending: everything desired is installed or has failed. */
  idle(): Promise<void>;
  entries(vni?: number): Iterable<EntryView>;
  counters(): DataplaneCounters;
  /** Takes our entries out, unless `keepEntries`, and releases everything. */
  close(options: { readonly keepEntries: boolean }): Promise<void>;
}
