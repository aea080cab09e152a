/**
 * What the rows of structure come to for one physical switch: its tunnel address, its ports with their VLANs, the VNIs that it
 * takes part in, and what must be written so that the configured bindings are there. Pure: reads a picture, decides, writes
 * nothing.
 *
 * vtep(5): Physical_Switch, Physical_Port.vlan_bindings, Logical_Switch.
 */
import { type IpBytes, parseIp } from '../../base/ip.ts';
import {
  integerOf,
  pairsOf,
  type RawRow,
  stringSet,
  textOf,
  type Uuid,
  uuidOf,
  uuidSet,
} from '../../ovsdb/index.ts';
import type { Picture } from './picture.ts';
import { TABLE, vniOfName, vniOfRow } from './tables.ts';

/** Frames of `vlan` on `port` belong to `vni`. VLAN 0: untagged frames. */
export interface Binding {
  readonly port: string;
  readonly vlan: number;
  readonly vni: number;
}

export interface LogicalSwitch {
  readonly uuid: Uuid;
  readonly name: string;
  readonly vni: number;
  /** The VNI is a key of its locators instead of its own. */
  readonly keyAtLocators: boolean;
  readonly replicationMode: string | undefined;
  /** Made by evpnd: known by its name. */
  readonly ours: boolean;
}

export interface Port {
  readonly uuid: Uuid;
  readonly name: string;
  readonly faults: readonly string[];
  /** VLAN to logical switch. */
  readonly bindings: ReadonlyMap<number, Uuid>;
}

export interface Inventory {
  /** Undefined when the database has no such switch (yet). */
  readonly uuid: Uuid | undefined;
  readonly name: string;
  readonly description: string;
  readonly managementIps: readonly string[];
  readonly tunnelIps: readonly string[];
  /** The first tunnel address that is one. */
  readonly vtep: IpBytes | undefined;
  readonly faults: readonly string[];
  readonly ports: readonly Port[];
  /** Every one with a VNI, by UUID. */
  readonly logicalSwitches: ReadonlyMap<Uuid, LogicalSwitch>;
  /** The one that serves each VNI of this switch: bound at a port of it, or made or configured for it. */
  readonly byVni: ReadonlyMap<number, LogicalSwitch>;
  /** Other switches in the same database. */
  readonly otherSwitches: readonly string[];
}

export function takeInventory(picture: Picture, name: string, configured: readonly Binding[]): Inventory {
  const rows = (table: string): ReadonlyMap<Uuid, RawRow> => picture.tables.get(table)!.rows;
  const switches = [...rows(TABLE.SWITCH)];
  const [uuid, row] = switches.find(([, each]) => each.name === name) ?? [undefined, {} as RawRow];
  const ports = uuidSet(row.ports)
    .flatMap((each): Port[] => {
      const port = rows(TABLE.PORT).get(each);
      return port ? [portOf(each, port)] : [];
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const logicalSwitches = new Map(
    [...rows(TABLE.LOGICAL_SWITCH)].flatMap(([each, logicalSwitch]) => {
      const known = logicalSwitchOf(each, logicalSwitch);
      return known ? [[each, known] as const] : [];
    }),
  );
  const tunnelIps = stringSet(row.tunnel_ips);
  return {
    uuid,
    name,
    description: textOf(row.description),
    managementIps: stringSet(row.management_ips),
    tunnelIps,
    vtep: tunnelIps.map((text) => parseIp(text)).find((address) => address?.length === 4),
    faults: stringSet(row.switch_fault_status),
    ports,
    logicalSwitches,
    byVni: choose(logicalSwitches, ports, configured),
    otherSwitches: switches.flatMap(([, each]) => (each.name === name ? [] : [textOf(each.name)])),
  };
}

function portOf(uuid: Uuid, row: RawRow): Port {
  const bindings = pairsOf(row.vlan_bindings).flatMap(([vlan, value]) => {
    const logicalSwitch = uuidOf(value);
    return typeof vlan === 'number' && logicalSwitch !== undefined ? [[vlan, logicalSwitch] as const] : [];
  });
  return {
    uuid,
    name: textOf(row.name),
    faults: stringSet(row.port_fault_status),
    bindings: new Map(bindings.sort(([a], [b]) => a - b)),
  };
}

/** Undefined for one without a VNI: it is no VXLAN segment that we could join. */
function logicalSwitchOf(uuid: Uuid, row: RawRow): LogicalSwitch | undefined {
  const name = textOf(row.name);
  const vni = vniOfRow(row);
  if (vni < 1) return undefined;
  const mode = row.replication_mode;
  return {
    uuid,
    name,
    vni,
    keyAtLocators: integerOf(row.tunnel_key) === undefined,
    replicationMode: typeof mode === 'string' ? mode : undefined,
    ours: vniOfName(name) === vni,
  };
}

/** Of several logical switches with a VNI the bound one counts, then ours, then the first by name. */
function choose(
  all: ReadonlyMap<Uuid, LogicalSwitch>,
  ports: readonly Port[],
  configured: readonly Binding[],
): Map<number, LogicalSwitch> {
  const bound = new Set(ports.flatMap(({ bindings }) => [...bindings.values()]));
  const wanted = new Set(configured.map(({ vni }) => vni));
  const chosen = new Map<number, LogicalSwitch>();
  const rank = ({ uuid, ours }: LogicalSwitch): number => (bound.has(uuid) ? 2 : 0) + (ours ? 1 : 0);
  for (const each of [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!bound.has(each.uuid) && !wanted.has(each.vni)) continue;
    const known = chosen.get(each.vni);
    if (!known || rank(each) > rank(known)) chosen.set(each.vni, each);
  }
  return chosen;
}

/** A configured binding beside what the switch has. */
export interface BindingState extends Binding {
  readonly state: 'bound' | 'pending' | 'failed';
  readonly reason: string | undefined;
}

export function bindingStates(inventory: Inventory, configured: readonly Binding[]): BindingState[] {
  return configured.map((binding) => ({ ...binding, ...stateOf(inventory, binding) }));
}

function stateOf(
  inventory: Inventory,
  { port: name, vlan, vni }: Binding,
): Pick<BindingState, 'state' | 'reason'> {
  // What is the matter then concerns all of the switch, and is said there.
  if (inventory.uuid === undefined) return { state: 'pending', reason: undefined };
  const port = inventory.ports.find((each) => each.name === name);
  if (!port) return { state: 'pending', reason: `the switch has no port ${name}` };
  const held = port.bindings.get(vlan);
  const wanted = inventory.byVni.get(vni);
  if (held === undefined) return { state: 'pending', reason: undefined };
  if (held === wanted?.uuid) {
    const reason = port.faults.length > 0 ? `the switch reports ${port.faults.join(', ')}` : undefined;
    return { state: reason === undefined ? 'bound' : 'failed', reason };
  }
  const other = inventory.logicalSwitches.get(held);
  if (other?.ours) return { state: 'pending', reason: `VLAN ${vlan} is still bound to VNI ${other.vni}` };
  const holder = other ? `${other.name} (VNI ${other.vni})` : `logical switch ${held}`;
  return {
    state: 'failed',
    reason: `another controller has bound VLAN ${vlan} to ${holder}; evpnd leaves it alone`,
  };
}
