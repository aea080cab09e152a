/** What people are told of a switch: connection, ports and bindings, logical switches, locators, rows. Made on demand. */
import type { Uuid } from '../../ovsdb/index.ts';
import type { DataplaneCounters } from '../interfaces.ts';
import type { HardwareVtepDriver } from './hardware-vtep-driver.ts';
import { MAC_ROW } from './mac-rows.ts';
import type { Picture } from './picture.ts';
import { missingOf } from './switch-troubles.ts';

export interface SwitchStatus {
  readonly name: string;
  readonly description: string | undefined;
  readonly connection: {
    readonly endpoint: string;
    /** `waiting`, `connecting`, `syncing`, `standby` (another one has the lock), `ready` or `closed`. */
    readonly state: string;
    readonly schemaVersion: string | undefined;
    readonly monitor: string;
    /** How often it was established. */
    readonly established: number;
    readonly lastError: string | undefined;
  };
  /** Found in the database. */
  readonly present: boolean;
  readonly tunnelIps: readonly string[];
  readonly managementIps: readonly string[];
  readonly faults: readonly string[];
  readonly ports: readonly {
    readonly name: string;
    readonly faults: readonly string[];
    readonly bindings: readonly PortBinding[];
  }[];
  readonly logicalSwitches: readonly {
    readonly name: string;
    readonly vni: number;
    readonly ours: boolean;
    readonly replicationMode: string | undefined;
    readonly localMacs: number;
    readonly remoteMacs: number;
    readonly foreignMacs: number;
    readonly flood: readonly string[];
  }[];
  readonly locators: readonly { readonly ip: string; readonly tunnelKey: number | undefined }[];
  readonly rows: {
    readonly ours: number;
    readonly foreign: number;
    readonly pending: number;
    readonly failed: number;
  };
  /** What the switch lacks, and what could not be written of the structure, in words. */
  readonly problems: readonly string[];
}

export interface PortBinding {
  readonly vlan: number;
  readonly vni: number | undefined;
  readonly logicalSwitch: string | undefined;
  readonly configured: boolean;
  readonly state: 'bound' | 'pending' | 'failed';
  readonly reason: string | undefined;
}

export function switchStatus(driver: HardwareVtepDriver, counters: DataplaneCounters): SwitchStatus {
  const { inventory, picture, session } = driver;
  const floods = [...inventory.logicalSwitches.keys()].flatMap((uuid) => picture.floodRows(uuid));
  const ourFloods = floods.filter(({ ours }) => ours).length;
  const macs = countMacs(picture);
  const missing = missingOf(inventory);
  return {
    name: inventory.name,
    description: inventory.description || undefined,
    connection: {
      endpoint: driver.endpoint,
      state: session.state,
      schemaVersion: session.schemaVersion,
      monitor: session.monitorMethod,
      established: session.connections,
      lastError: session.lastError?.message,
    },
    present: inventory.uuid !== undefined,
    tunnelIps: inventory.tunnelIps,
    managementIps: inventory.managementIps,
    faults: inventory.faults,
    ports: portsOf(driver),
    logicalSwitches: [...inventory.byVni.values()]
      .sort((a, b) => a.vni - b.vni)
      .map(({ uuid, name, vni, ours, replicationMode }) => {
        const { slot } = picture.logicalSwitch(uuid);
        const counted = macs.bySlot.get(slot) ?? { localMacs: 0, remoteMacs: 0, foreignMacs: 0 };
        return { name, vni, ours, replicationMode, ...counted, flood: floodList(driver, uuid) };
      }),
    locators: [...picture.locators.all()]
      .map(({ address, tunnelKey }) => ({ ip: driver.addressText(address), tunnelKey }))
      .sort((a, b) => (a.ip < b.ip ? -1 : 1)),
    rows: {
      ours: macs.ours + ourFloods,
      foreign: macs.foreign + floods.length - ourFloods,
      pending: counters.pending,
      failed: counters.failed,
    },
    problems: [
      ...(missing === undefined || session.connections === 0 ? [] : [missing]),
      ...[...driver.structureFailures].map(([about, why]) => `${about}: ${why}`),
    ],
  };
}

interface MacCounts {
  localMacs: number;
  remoteMacs: number;
  foreignMacs: number;
}

/** VTEPs to which the switch copies frames of a logical switch, whoever said so. */
function floodList(driver: HardwareVtepDriver, logicalSwitch: Uuid): string[] {
  const vteps = driver.picture.floodRows(logicalSwitch).flatMap((row) => row.vteps);
  return [...new Set(vteps)].map((vtep) => driver.addressText(vtep)).sort();
}

function countMacs({ remote, local }: Picture) {
  const bySlot = new Map<number, MacCounts>();
  const at = (slot: number): MacCounts => {
    let counts = bySlot.get(slot);
    if (!counts) bySlot.set(slot, (counts = { localMacs: 0, remoteMacs: 0, foreignMacs: 0 }));
    return counts;
  };
  let ours = 0;
  for (let row = 0; row < remote.rowLimit; row++) {
    if (!remote.isUsed(row)) continue;
    const counts = at(remote.logicalSwitch(row));
    if ((remote.flags[row]! & MAC_ROW.OURS) !== 0) {
      ours++;
      counts.remoteMacs++;
    } else counts.foreignMacs++;
  }
  for (let row = 0; row < local.rowLimit; row++)
    if (local.isUsed(row)) at(local.logicalSwitch(row)).localMacs++;
  return { bySlot, ours, foreign: remote.size - ours };
}

function portsOf(driver: HardwareVtepDriver): SwitchStatus['ports'] {
  const { inventory } = driver;
  const configured = driver.bindingStates();
  const known = inventory.ports.map(({ name, faults, bindings }) => {
    const wanted = configured.filter(({ port }) => port === name);
    const found = [...bindings]
      .filter(([vlan]) => !wanted.some((each) => each.vlan === vlan))
      .map(([vlan, uuid]): PortBinding => {
        const held = inventory.logicalSwitches.get(uuid);
        const which = { vni: held?.vni, logicalSwitch: held?.name };
        return { vlan, ...which, configured: false, state: 'bound', reason: undefined };
      });
    const own = wanted.map(({ vlan, vni, state, reason }): PortBinding => {
      const logicalSwitch = inventory.byVni.get(vni)?.name;
      return { vlan, vni, logicalSwitch, configured: true, state, reason };
    });
    return { name, faults, bindings: [...own, ...found].sort((a, b) => a.vlan - b.vlan) };
  });
  const missing = new Set(configured.map(({ port }) => port));
  for (const { name } of known) missing.delete(name);
  const absent = [...missing].map((name) => ({
    name,
    faults: [],
    bindings: configured
      .filter(({ port }) => port === name)
      .map(({ vlan, vni, state, reason }): PortBinding => {
        return { vlan, vni, logicalSwitch: undefined, configured: true, state, reason };
      }),
  }));
  return [...known, ...absent];
}
