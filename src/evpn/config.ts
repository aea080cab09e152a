/** What an operator can say about EVPN on this leaf. Texts are as in the configuration file; the daemon maps one to the other. */

export interface VniConfig {
  readonly vni: number;
  /** `10.0.0.1:7`; `routerId:index` when undefined (RFC 7432 section 7.9). */
  readonly rd?: string | undefined;
  /** `65000:10`, each matched exactly; the automatic form when undefined. */
  readonly importRouteTargets?: readonly string[] | undefined;
  readonly exportRouteTargets?: readonly string[] | undefined;
  /** Remote MACs installed at most; as `EvpnConfig.maximumMacs` when undefined. */
  readonly maximumMacs?: number | undefined;
}

/** RFC 7432 section 15.1. */
export interface DuplicateDetectionConfig {
  readonly enabled: boolean;
  /** This many moves (N) within the window (M) make a MAC a duplicate. */
  readonly maxMoves: number;
  readonly windowSeconds: number;
  /** A duplicate MAC stays where it is, until an operator clears it. Otherwise it is only reported. */
  readonly freeze: boolean;
}

export interface EvpnConfig {
  /** Dotted text; the administrator of automatic route distinguishers. */
  readonly routerId: string;
  readonly localAs: number;
  /** Tunnel address that overrides what the dataplane's devices have. */
  readonly vtep?: string | undefined;
  /** Every VNI that the dataplane has takes part, not only the declared ones. */
  readonly advertiseAllVni: boolean;
  readonly vnis: readonly VniConfig[];
  /** Remote MACs of one VNI installed at most; any number when undefined. */
  readonly maximumMacs?: number | undefined;
  /** An automatic import target matches the VNI of any AS, as eBGP fabrics need; otherwise only of our own AS. */
  readonly importAnyAs: boolean;
  /** Form of automatic export targets: `AS:VNI`, or `AS:0x10000000|VNI` (RFC 8365 section 5.1.2.1). Both are imported. */
  readonly autoRouteTarget: 'as-vni' | 'rfc8365';
  /** Correct what the dataplane warns of (learning on the VXLAN port, missing neighbour suppression). */
  readonly correct: boolean;
  readonly duplicateDetection: DuplicateDetectionConfig;
}

/** What holds where nothing is said; the daemon adds routerId and localAs. */
export const EVPN_DEFAULTS = {
  advertiseAllVni: false,
  vnis: [],
  importAnyAs: true,
  autoRouteTarget: 'as-vni',
  correct: false,
  duplicateDetection: { enabled: true, maxMoves: 5, windowSeconds: 180, freeze: false },
} as const satisfies Omit<EvpnConfig, 'routerId' | 'localAs'>;
