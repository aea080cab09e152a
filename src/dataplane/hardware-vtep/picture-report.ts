/**
 * What a switch's database says, told to the reconciler: instances, remote and local MACs with their addresses, flooding. Each
 * is read off the picture at the moment it is told.
 */
import type { AddressId } from '../../base/address-table.ts';
import { printIp } from '../../base/ip.ts';
import type { Uuid } from '../../ovsdb/index.ts';
import { type DriverSink, ORIGIN, type Origin, PART } from '../driver.ts';
import type { InstanceState } from '../interfaces.ts';
import type { Inventory, LogicalSwitch } from './inventory.ts';
import { MAC_ROW, type MacRows } from './mac-rows.ts';
import type { LogicalSwitchRow, Picture } from './picture.ts';

export class PictureReport {
  readonly #picture: Picture;
  readonly #switchName: string;
  readonly #sink: () => DriverSink | undefined;
  #inventory: Inventory;
  #vniOf: ReadonlyMap<Uuid, number> = new Map();
  /** By VNI and by logical switch: what was told last. */
  readonly #toldInstances = new Map<number, string>();
  readonly #toldFloods = new Map<Uuid, ReadonlySet<AddressId>>();
  readonly #ports: string[] = [];

  constructor(
    picture: Picture,
    switchName: string,
    inventory: Inventory,
    sink: () => DriverSink | undefined,
  ) {
    this.#picture = picture;
    this.#switchName = switchName;
    this.#inventory = inventory;
    this.#sink = sink;
  }

  take(inventory: Inventory): void {
    this.#inventory = inventory;
    this.#vniOf = new Map([...inventory.byVni].map(([vni, { uuid }]) => [uuid, vni]));
  }

  /** 0 for a logical switch that is none of ours to serve. */
  vni(logicalSwitch: Uuid): number {
    return this.#vniOf.get(logicalSwitch) ?? 0;
  }

  portName(port: number): string {
    return this.#ports[port] ?? this.#switchName;
  }

  /** Returns whether one appeared that was not there before: what is in it must be read. */
  instances(isAway: boolean): boolean {
    const sink = this.#sink()!;
    let appeared = false;
    for (const logicalSwitch of this.#inventory.byVni.values()) {
      const state = this.#instanceState(logicalSwitch, isAway);
      const text = JSON.stringify({
        ...state,
        vtep: state.vtep && printIp(state.vtep),
        uuid: logicalSwitch.uuid,
      });
      const told = this.#toldInstances.get(state.vni);
      if (told === text) continue;
      if (told === undefined || !told.includes(logicalSwitch.uuid)) appeared = true;
      this.#toldInstances.set(state.vni, text);
      sink.instance(state);
    }
    for (const vni of [...this.#toldInstances.keys()]) {
      if (this.#inventory.byVni.has(vni)) continue;
      this.#toldInstances.delete(vni);
      sink.instanceGone(vni);
    }
    return appeared;
  }

  #instanceState(logicalSwitch: LogicalSwitch, isAway: boolean): InstanceState {
    const { uuid, name, vni, replicationMode } = logicalSwitch;
    const bound = this.#inventory.ports.flatMap(({ name: port, bindings }) =>
      [...bindings].flatMap(([vlan, held]) => (held === uuid ? [{ port, vlan }] : [])),
    );
    const warnings: string[] = [];
    if (!this.#inventory.vtep) warnings.push('the switch has no IPv4 address in tunnel_ips');
    if (replicationMode !== 'source_node') {
      warnings.push(
        `${name} has replication mode ${replicationMode ?? 'service_node'}: the switch floods to one VTEP only`,
      );
    }
    if (isAway) warnings.push('the switch is not connected');
    return {
      vni,
      vtep: this.#inventory.vtep,
      vxlanInterface: name,
      bridge: this.#switchName,
      sviInterface: '',
      vlan: bound.length === 1 ? bound[0]!.vlan : undefined,
      up: !isAway,
      mtu: 0,
      ownMacs: [],
      warnings,
    };
  }

  remote(logicalSwitch: LogicalSwitchRow, high: number, low: number, origin: Origin): void {
    const vni = this.vni(logicalSwitch.uuid);
    if (vni === 0) return;
    const sink = this.#sink()!;
    const rows = this.#picture.remote;
    let shown = -1;
    for (let row = rows.first(logicalSwitch.slot, high, low); row >= 0; row = rows.next(row)) {
      const ours = (rows.flags[row]! & MAC_ROW.OURS) !== 0;
      if (shown < 0 || ours) shown = row;
      const ip = rows.ip(row);
      if (ip) sink.neighbourSeen(vni, ip, high, low, 0, ours, origin);
    }
    if (shown < 0) sink.macMissing(vni, high, low, PART.VALUE);
    else {
      const vtep = this.#picture.locators.at(rows.locator[shown]!).address;
      const ours = (rows.flags[shown]! & MAC_ROW.OURS) !== 0;
      sink.macSeen(vni, high, low, PART.VALUE, vtep, 0, ours, origin);
    }
  }

  local(logicalSwitch: LogicalSwitchRow, high: number, low: number, origin: Origin): void {
    const vni = this.vni(logicalSwitch.uuid);
    if (vni === 0) return;
    const sink = this.#sink()!;
    const rows = this.#picture.local;
    let present = false;
    for (let row = rows.first(logicalSwitch.slot, high, low); row >= 0; row = rows.next(row)) {
      if ((rows.flags[row]! & MAC_ROW.OVERRIDDEN) !== 0) continue;
      present = true;
      const ip = rows.ip(row);
      if (ip) sink.localNeighbour(vni, ip, high, low, 0, origin);
    }
    if (present) sink.localMac(vni, high, low, 0, this.#portOf(logicalSwitch.uuid), origin);
    else sink.localMacGone(vni, high, low);
  }

  /** The schema does not say behind which port a MAC is; where a VNI has one port only, it is that. */
  #portOf(logicalSwitch: Uuid): number {
    const bound = this.#inventory.ports.flatMap(({ name, bindings }) =>
      [...bindings].flatMap(([vlan, held]) =>
        held === logicalSwitch ? [vlan === 0 ? name : `${name}.${vlan}`] : [],
      ),
    );
    const name = bound.length === 1 ? bound[0]! : this.#switchName;
    const known = this.#ports.indexOf(name);
    return known >= 0 ? known : this.#ports.push(name) - 1;
  }

  /** Of each VTEP whether it is there, and of those that were there before and are not any more. */
  floods(logicalSwitch: Uuid, origin: Origin): void {
    const vni = this.vni(logicalSwitch);
    if (vni === 0) return;
    const now = new Map<AddressId, boolean>();
    for (const { vteps, ours } of this.#picture.floodRows(logicalSwitch)) {
      for (const vtep of vteps) now.set(vtep, ours || (now.get(vtep) ?? false));
    }
    for (const [vtep, ours] of now) this.#sink()!.floodSeen(vni, vtep, ours, origin);
    for (const vtep of this.#toldFloods.get(logicalSwitch) ?? []) {
      if (!now.has(vtep)) this.#sink()!.floodMissing(vni, vtep);
    }
    this.#toldFloods.set(logicalSwitch, new Set(now.keys()));
  }

  /** All MACs of a kind, a step each; whoever runs them may stop in between. */
  *allRemote(): Generator<void> {
    yield* this.#all(this.#picture.remote, (ls, high, low) => this.remote(ls, high, low, ORIGIN.DUMP));
  }

  *allLocal(): Generator<void> {
    yield* this.#all(this.#picture.local, (ls, high, low) => this.local(ls, high, low, ORIGIN.DUMP));
  }

  *#all(rows: MacRows, report: (ls: LogicalSwitchRow, high: number, low: number) => void): Generator<void> {
    for (let row = 0; row < rows.rowLimit; row++) {
      if (!rows.isUsed(row)) continue;
      const high = rows.macHigh(row);
      const low = rows.macLow(row);
      const logicalSwitch = this.#picture.logicalSwitchAt(rows.logicalSwitch(row));
      // Several rows of one MAC are told together, with the first of them.
      if (rows.first(logicalSwitch.slot, high, low) === row) report(logicalSwitch, high, low);
      yield;
    }
  }
}
