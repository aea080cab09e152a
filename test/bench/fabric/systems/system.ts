/** What is measured: a BGP daemon that runs in a namespace, started with the same few settings whoever made it. */
import type { Network } from '../../../../interop/lab/network.ts';

export type SystemName = 'FRR' | 'BIRD' | 'GoBGP' | 'evpnd';

export interface NodeSetting {
  readonly node: string;
  readonly routerId: string;
  readonly port: number;
  /** Peers in this prefix are accepted. */
  readonly peers: string;
  /** They are clients of a reflector, or this is a leaf with VXLAN devices. */
  readonly role: 'reflector' | 'leaf';
  /** Peers to connect to, for fabrics made of several nodes. */
  readonly neighbours?: readonly string[];
}

/** Where daemons run: a network's namespaces, or (undefined) the machine as it is. */
export interface Place {
  readonly network: Network | undefined;
  readonly directory: string;
}

export interface System {
  readonly name: SystemName;
  readonly holdTimeSeconds: number;
  /** The version that is installed; undefined where it is not. */
  version(): string | undefined;
  /** How to get it. */
  readonly from: string;
  start(setting: NodeSetting, place: Place): Promise<Running>;
}

/** One running system. */
export interface Running {
  /** Most memory ever resident, in MB, of all its processes. */
  peakMegabytes(): number;
  residentMegabytes(): number;
  /** Processor time used so far. */
  processorSeconds(): number;
  /** The longest pause of the event loop since the call before, where there is one to be measured. */
  longestPause(): Promise<number | undefined>;
  /** @throws Error with how it ended when one of its processes did */
  assertRunning(): void;
  stop(): Promise<void>;
}
