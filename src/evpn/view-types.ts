/** What show commands are given: plain values, with canonical text and ages in seconds. */
import type { InstanceState } from '../dataplane/interfaces.ts';
import type { Reason } from './reasons.ts';

export interface InstanceView {
  readonly vni: number;
  readonly declared: boolean;
  /** What the dataplane says; undefined when it has no such VNI. */
  readonly state: InstanceState | undefined;
  readonly importing: boolean;
  /** Why it is not up, in words. */
  readonly reason: string | undefined;
  readonly rd: string;
  readonly importRouteTargets: readonly string[];
  readonly exportRouteTargets: readonly string[];
  readonly vtep: string | undefined;
  readonly localMacs: number;
  readonly remoteMacs: number;
  /** Limit of the remote MACs, and how many are not installed because of it. */
  readonly maximumMacs: number | undefined;
  readonly refusedMacs: number;
  readonly localNeighbours: number;
  readonly remoteNeighbours: number;
}

export interface FloodView {
  readonly vni: number;
  readonly vtep: string;
  /** The dataplane was told; otherwise `reason` says what it waits for. */
  readonly wanted: boolean;
  readonly reason: string | undefined;
}

export interface MacView {
  readonly vni: number;
  readonly mac: string;
  /** `unknown`: claimed by routes that cannot be used, or only by a neighbour. */
  readonly type: 'local' | 'remote' | 'unknown';
  readonly port: string | undefined;
  /** Where the believed claim points; when held back, where it would. */
  readonly vtep: string | undefined;
  readonly localSequence: number;
  readonly remoteSequence: number;
  readonly sticky: boolean;
  readonly gateway: boolean;
  readonly duplicate: boolean;
  readonly moves: number;
  readonly duplicateForSeconds: number | undefined;
  /** Also learned here, though sticky elsewhere. */
  readonly conflict: boolean;
  /** Local: announced. Remote: the dataplane was told. */
  readonly wanted: boolean;
  readonly reason: string | undefined;
  /** Other VTEPs that claim it, and why they are not believed: `10.0.0.3: lower sequence 2`. */
  readonly alternatives: readonly string[];
  readonly neighbours: readonly string[];
  readonly ageSeconds: number;
}

export interface NeighbourView {
  readonly vni: number;
  readonly ip: string;
  readonly mac: string;
  readonly type: 'local' | 'remote' | 'unknown';
  readonly vtep: string | undefined;
  readonly localSequence: number;
  readonly remoteSequence: number;
  readonly router: boolean;
  readonly gateway: boolean;
  readonly duplicate: boolean;
  /** Local: announced. Remote: the dataplane was told. */
  readonly wanted: boolean;
  readonly reason: string | undefined;
  readonly ageSeconds: number;
}

export interface VtepView {
  readonly vtep: string;
  /** Undefined until the dataplane has answered. */
  readonly reachable: boolean | undefined;
  readonly vnis: readonly number[];
  readonly macs: number;
  readonly neighbours: number;
  /** Routes held back until it can be reached. */
  readonly held: number;
}

export interface ImportView {
  readonly reason: Reason;
  readonly text: string;
  /** Into which VNI, when imported. */
  readonly vni: number | undefined;
  /** The dataplane has it because of this route. */
  readonly installed: boolean;
}
