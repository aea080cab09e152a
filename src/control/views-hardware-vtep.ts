/** What the daemon says about hardware VTEPs: switches that it drives through their hardware_vtep databases (vtep(5)). */

/** `GET /v1/hardware-vtep[/SWITCH]`: one switch. */
export interface HardwareVtepView {
  readonly name: string;
  readonly description?: string | undefined;
  readonly connection: {
    /** `tcp:10.0.0.5:6640` */
    readonly endpoint: string;
    /** `waiting` (between attempts), `connecting`, `syncing`, `standby` (another controller has the lock), `ready`, `closed`. */
    readonly state: string;
    readonly schemaVersion?: string | undefined;
    /** The monitor method that the server knows: `monitor_cond_since` or `monitor`. */
    readonly monitor: string;
    /** How often it was established since the start. */
    readonly established: number;
    /** Why it is not ready; left out when it is. */
    readonly lastError?: string | undefined;
  };
  /** The database has a Physical_Switch of that name. */
  readonly present: boolean;
  readonly tunnelIps: readonly string[];
  readonly managementIps: readonly string[];
  /** `switch_fault_status`, as the switch reports it. */
  readonly faults: readonly string[];
  readonly ports: readonly HardwarePortView[];
  readonly logicalSwitches: readonly LogicalSwitchView[];
  /** Tunnel endpoints that some row names, with their own tunnel key where they have one. */
  readonly locators: readonly LocatorView[];
  /** Rows of Ucast_Macs_Remote and Mcast_Macs_Remote. */
  readonly rows: {
    readonly ours: number;
    /** Of other controllers: never touched. */
    readonly foreign: number;
    readonly pending: number;
    readonly failed: number;
  };
  /** What the switch lacks to be a VTEP, and what could not be written of logical switches and bindings, in words. */
  readonly problems: readonly string[];
}

export interface HardwarePortView {
  readonly name: string;
  /** `port_fault_status`, as the switch reports it. */
  readonly faults: readonly string[];
  readonly bindings: readonly BindingView[];
}

export interface BindingView {
  /** 0: untagged frames. */
  readonly vlan: number;
  readonly vni?: number | undefined;
  readonly logicalSwitch?: string | undefined;
  /** Configured here; otherwise found in the switch. */
  readonly configured: boolean;
  readonly state: 'bound' | 'pending' | 'failed';
  readonly reason?: string | undefined;
}

export interface LogicalSwitchView {
  readonly name: string;
  readonly vni: number;
  /** Made by evpnd. */
  readonly ours: boolean;
  readonly replicationMode?: string | undefined;
  readonly localMacs: number;
  readonly remoteMacs: number;
  readonly foreignMacs: number;
  /** VTEPs to which the switch copies broadcast, unknown and multicast frames. */
  readonly flood: readonly string[];
}

export interface LocatorView {
  readonly ip: string;
  readonly tunnelKey?: number | undefined;
}
