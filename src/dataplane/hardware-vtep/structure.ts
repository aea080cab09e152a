/**
 * The operations that bring logical switches and VLAN bindings to what is configured. Each transaction carries guards, so that
 * what another controller has done meanwhile makes it fail whole instead of being overwritten.
 *
 * RFC 7047 sections 5.2.6 (wait), 5.2.4 (mutate).
 */
import type { Uuid } from '../../ovsdb/index.ts';
import type { Binding, Inventory, LogicalSwitch, Port } from './inventory.ts';
import { MAC_ROW } from './mac-rows.ts';
import type { Picture } from './picture.ts';
import { logicalSwitchName, TABLE } from './tables.ts';

/** One transaction: its operations, and what it is for. */
export interface StructureStep {
  readonly about: string;
  readonly operations: readonly object[];
}

export interface StructureWish {
  readonly configured: readonly Binding[];
  /** Bindings that evpnd has made and that are not configured any more. */
  readonly retired: readonly Binding[];
  /** Keep the VNI at the locators instead of at the logical switch. */
  readonly keyAtLocators: boolean;
}

/** What is to be done now, each step on its own; empty when all is as configured (or waits for ports). */
export function structureSteps(inventory: Inventory, wish: StructureWish): StructureStep[] {
  if (inventory.uuid === undefined) return [];
  const steps: StructureStep[] = [];
  const vnis = new Set(wish.configured.map(({ vni }) => vni));
  for (const vni of vnis) {
    const known = inventory.byVni.get(vni);
    if (!known) steps.push(makeLogicalSwitch(vni, wish.keyAtLocators));
    else if (known.ours && known.replicationMode !== 'source_node') steps.push(correctReplication(known));
  }
  for (const port of inventory.ports) {
    const step = bindPort(inventory, port, wish);
    if (step) steps.push(step);
  }
  return steps;
}

function makeLogicalSwitch(vni: number, keyAtLocators: boolean): StructureStep {
  const name = logicalSwitchName(vni);
  const guard = {
    op: 'wait',
    table: TABLE.LOGICAL_SWITCH,
    timeout: 0,
    where: [['tunnel_key', '==', vni]],
    columns: ['name'],
    until: '==',
    rows: [],
  };
  const row = {
    name,
    description: 'made by evpnd',
    tunnel_key: keyAtLocators ? ['set', []] : vni,
    replication_mode: 'source_node',
  };
  return {
    about: `logical switch for VNI ${vni}`,
    operations: [guard, { op: 'insert', table: TABLE.LOGICAL_SWITCH, row }],
  };
}

/** Copies to every VTEP are ours to make: nobody else would (vtep(5), Logical_Switch.replication_mode). */
function correctReplication({ uuid, name }: LogicalSwitch): StructureStep {
  const where = [['_uuid', '==', ['uuid', uuid]]];
  const row = { replication_mode: 'source_node' };
  return {
    about: `replication mode of ${name}`,
    operations: [{ op: 'update', table: TABLE.LOGICAL_SWITCH, where, row }],
  };
}

function bindPort(inventory: Inventory, port: Port, wish: StructureWish): StructureStep | undefined {
  const add = new Map<number, Uuid>();
  const drop = new Map<number, Uuid>();
  const isOurs = (uuid: Uuid): boolean => inventory.logicalSwitches.get(uuid)?.ours === true;
  for (const { port: name, vlan, vni } of wish.configured) {
    const wanted = name === port.name ? inventory.byVni.get(vni)?.uuid : undefined;
    const held = port.bindings.get(vlan);
    if (wanted === undefined || held === wanted) continue;
    if (held !== undefined && !isOurs(held)) continue;
    if (held !== undefined) drop.set(vlan, held);
    add.set(vlan, wanted);
  }
  for (const { port: name, vlan, vni } of wish.retired) {
    const held = port.bindings.get(vlan);
    if (name !== port.name || held === undefined || add.has(vlan)) continue;
    if (inventory.logicalSwitches.get(held)?.vni === vni) drop.set(vlan, held);
  }
  if (add.size + drop.size === 0) return undefined;
  const where = [['_uuid', '==', ['uuid', port.uuid]]];
  const seen = mapOf(port.bindings);
  const table = TABLE.PORT;
  const guard = {
    ...{ op: 'wait', table, timeout: 0, where, columns: ['vlan_bindings'] },
    ...{ until: '==', rows: [{ vlan_bindings: seen }] },
  };
  const mutations = [
    ...(drop.size > 0 ? [['vlan_bindings', 'delete', mapOf(drop)]] : []),
    ...(add.size > 0 ? [['vlan_bindings', 'insert', mapOf(add)]] : []),
  ];
  return {
    about: `VLANs of port ${port.name}`,
    operations: [guard, { op: 'mutate', table, where, mutations }],
  };
}

const mapOf = (bindings: ReadonlyMap<number, Uuid>): unknown => [
  'map',
  [...bindings].map(([vlan, uuid]) => [vlan, ['uuid', uuid]]),
];

/** A server stalls everybody else while it commits. */
const DELETIONS_A_STEP = 1000;

/**
 * Logical switches that evpnd made and nobody needs any more: our rows in them go, and after them the logical switch. One that
 * another controller has put rows into stays: references to it make its removal fail.
 */
export function retireSteps(inventory: Inventory, picture: Picture): StructureStep[] {
  const steps: StructureStep[] = [];
  for (const { uuid, name, vni, ours } of inventory.logicalSwitches.values()) {
    if (!ours || inventory.byVni.get(vni)?.uuid === uuid) continue;
    if (inventory.ports.some(({ bindings }) => [...bindings.values()].includes(uuid))) continue;
    const { slot } = picture.logicalSwitch(uuid);
    const rows = picture.remote;
    const doomed: object[] = [];
    let foreign = false;
    for (let row = 0; row < rows.rowLimit; row++) {
      if (!rows.isUsed(row) || rows.logicalSwitch(row) !== slot) continue;
      if ((rows.flags[row]! & MAC_ROW.OURS) === 0) foreign = true;
      else doomed.push(deletion(TABLE.UCAST_REMOTE, rows.uuid(row)));
    }
    for (const row of picture.floodRows(uuid)) {
      if (row.ours) doomed.push(deletion(TABLE.MCAST_REMOTE, row.uuid));
      else foreign = true;
    }
    if (!foreign) doomed.push(deletion(TABLE.LOGICAL_SWITCH, uuid));
    for (let at = 0; at < doomed.length; at += DELETIONS_A_STEP) {
      steps.push({ about: `removal of ${name}`, operations: doomed.slice(at, at + DELETIONS_A_STEP) });
    }
  }
  return steps;
}

const deletion = (table: string, uuid: Uuid): object => ({
  op: 'delete',
  table,
  where: [['_uuid', '==', ['uuid', uuid]]],
});
