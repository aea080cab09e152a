/**
 * The other side of a hardware VTEP's database in tests: a switch that keeps its word (a MAC put behind a tunnel leaves its local
 * table), its hosts, and another controller.
 */
import { type IpBytes, printIp } from '../../../src/base/ip.ts';
import { type Mac, parseMac, printMac } from '../../../src/base/mac.ts';
import { setOf, uuidOf, uuidSet } from '../../../src/ovsdb/index.ts';
import type { OvsdbServer, OvsdbTester, Row } from '../../ovsdb/server.ts';

export const SWITCH = 'torus1';
export const TUNNEL_IP = '10.0.0.1';

const uuid = (row: Row): unknown => row._uuid;
const vlanOf = (vni: number): number => (vni === 10 ? 0 : vni);
const is = (column: string, value: unknown): unknown[] => [column, '==', value];

export class TestSwitch {
  readonly #client: OvsdbTester;
  readonly #emulator: OvsdbTester;
  #tunnelIp = TUNNEL_IP;

  private constructor(client: OvsdbTester, emulator: OvsdbTester) {
    this.#client = client;
    this.#emulator = emulator;
  }

  get client(): OvsdbTester {
    return this.#client;
  }

  /** `emulate` false: a switch that does nothing, for measurements. */
  static async start(
    server: OvsdbServer,
    options: { readonly tunnelIp: string | undefined; readonly emulate?: boolean; readonly name?: string } = {
      tunnelIp: TUNNEL_IP,
    },
  ): Promise<TestSwitch> {
    const made = new TestSwitch(await server.connect(), await server.connect());
    await made.#addSwitch(options.name ?? SWITCH, options.tunnelIp);
    if (options.emulate !== false) await made.#emulate();
    return made;
  }

  close(): void {
    this.#client.close();
    this.#emulator.close();
  }

  async #addSwitch(name: string, tunnelIp: string | undefined): Promise<void> {
    this.#tunnelIp = tunnelIp ?? TUNNEL_IP;
    const ports = ['p1', 'p2'].map((port) => ({
      op: 'insert',
      table: 'Physical_Port',
      row: { name: port },
      'uuid-name': port,
    }));
    const row = {
      name,
      tunnel_ips: tunnelIp ?? ['set', []],
      ports: ['set', ['p1', 'p2'].map((port) => ['named-uuid', port])],
    };
    await this.#client.transact(
      ...ports,
      { op: 'insert', table: 'Physical_Switch', row, 'uuid-name': 'ps' },
      { op: 'insert', table: 'Global', row: { switches: ['named-uuid', 'ps'] } },
    );
  }

  /** As a real switch does: what is behind a tunnel from now on is not at a port any more. */
  async #emulate(): Promise<void> {
    this.#emulator.notified = (method, params) => {
      if (method !== 'update') return;
      const rows = (params[1] as { Ucast_Macs_Remote?: Record<string, { old?: Row; new?: Row }> })
        .Ucast_Macs_Remote;
      for (const { old, new: now } of Object.values(rows ?? {})) {
        if (!now || (old && !('locator' in old))) continue;
        const where = [is('MAC', now.MAC), is('logical_switch', now.logical_switch)];
        this.#emulator.transact({ op: 'delete', table: 'Ucast_Macs_Local', where }).catch(() => {});
      }
    };
    const columns = ['MAC', 'logical_switch', 'locator'];
    await this.#emulator.request('monitor', [
      'hardware_vtep',
      'emulator',
      { Ucast_Macs_Remote: { columns } },
    ]);
  }

  /** A logical switch that somebody else made, bound to untagged frames of p1 (VNI 10) or to VLAN = VNI of p2. */
  async addLogicalSwitch(vni: number, name = `ls${vni}`): Promise<void> {
    const row = { name, tunnel_key: vni, replication_mode: 'source_node' };
    await this.#client.transact(
      { op: 'insert', table: 'Logical_Switch', row, 'uuid-name': 'ls' },
      {
        op: 'mutate',
        table: 'Physical_Port',
        where: [is('name', vni === 10 ? 'p1' : 'p2')],
        mutations: [['vlan_bindings', 'insert', ['map', [[vlanOf(vni), ['named-uuid', 'ls']]]]]],
      },
    );
  }

  /** Goes with all that refers to it. */
  async removeLogicalSwitch(vni: number): Promise<void> {
    const ls = uuid(await this.logicalSwitch(vni));
    const tables = ['Ucast_Macs_Remote', 'Ucast_Macs_Local', 'Mcast_Macs_Remote', 'Mcast_Macs_Local'];
    await this.#client.transact(
      {
        op: 'mutate',
        table: 'Physical_Port',
        where: [],
        mutations: [['vlan_bindings', 'delete', ['set', [vlanOf(vni)]]]],
      },
      ...tables.map((table) => ({ op: 'delete', table, where: [is('logical_switch', ls)] })),
      { op: 'delete', table: 'Logical_Switch', where: [is('_uuid', ls)] },
    );
  }

  async logicalSwitch(vni: number): Promise<Row> {
    const [row] = await this.#client.rows('Logical_Switch', [is('tunnel_key', vni)]);
    if (!row) throw new Error(`there is no logical switch for VNI ${vni}`);
    return row;
  }

  /** Reference to a locator, and the operation that makes it if need be. */
  async #locator(ip: string): Promise<{ readonly reference: unknown; readonly operations: object[] }> {
    const [row] = await this.#client.rows('Physical_Locator', [is('dst_ip', ip)]);
    if (row) return { reference: uuid(row), operations: [] };
    const made = { encapsulation_type: 'vxlan_over_ipv4', dst_ip: ip };
    const operation = { op: 'insert', table: 'Physical_Locator', row: made, 'uuid-name': 'loc' };
    return { reference: ['named-uuid', 'loc'], operations: [operation] };
  }

  async #insertMac(table: string, vni: number, mac: Mac, ip: string, ipaddr = ''): Promise<void> {
    const { reference, operations } = await this.#locator(ip);
    const ls = uuid(await this.logicalSwitch(vni));
    const row = { MAC: printMac(mac), logical_switch: ls, locator: reference, ipaddr };
    await this.#client.transact(...operations, { op: 'insert', table, row });
  }

  async attachMac(vni: number, mac: Mac): Promise<void> {
    const known = await this.#macRows('Ucast_Macs_Local', vni, mac);
    if (known.length === 0) await this.#insertMac('Ucast_Macs_Local', vni, mac, this.#tunnelIp);
  }

  async detachMac(vni: number, mac: Mac): Promise<void> {
    const ls = uuid(await this.logicalSwitch(vni));
    const where = [is('MAC', printMac(mac)), is('logical_switch', ls)];
    await this.#client.transact({ op: 'delete', table: 'Ucast_Macs_Local', where });
  }

  /** The row of the MAC gets the address, or a row of its own where the MAC has none. */
  async attachNeighbour(vni: number, address: IpBytes, mac: Mac): Promise<void> {
    const [row] = await this.#macRows('Ucast_Macs_Local', vni, mac);
    if (!row) await this.#insertMac('Ucast_Macs_Local', vni, mac, this.#tunnelIp, printIp(address));
    else {
      const where = [is('_uuid', uuid(row))];
      await this.#client.transact({
        op: 'update',
        table: 'Ucast_Macs_Local',
        where,
        row: { ipaddr: printIp(address) },
      });
    }
  }

  async detachNeighbour(address: IpBytes): Promise<void> {
    const where = [is('ipaddr', printIp(address))];
    await this.#client.transact({ op: 'update', table: 'Ucast_Macs_Local', where, row: { ipaddr: '' } });
  }

  async #macRows(table: string, vni: number, mac: Mac): Promise<readonly Row[]> {
    const ls = uuid(await this.logicalSwitch(vni));
    return this.#client.rows(table, [is('MAC', printMac(mac)), is('logical_switch', ls)]);
  }

  async hasLocal(vni: number, mac: Mac): Promise<boolean> {
    return (await this.#macRows('Ucast_Macs_Local', vni, mac)).length > 0;
  }

  /** Every remote entry, whosever, as the contract suite writes them. */
  async entries(vni: number): Promise<string[]> {
    const [ls] = await this.#client.rows('Logical_Switch', [is('tunnel_key', vni)]);
    if (!ls) return [];
    const where = [is('logical_switch', uuid(ls))];
    const [macs, floods, sets, locators] = await Promise.all([
      this.#client.rows('Ucast_Macs_Remote', where),
      this.#client.rows('Mcast_Macs_Remote', where),
      this.#client.rows('Physical_Locator_Set'),
      this.#client.rows('Physical_Locator'),
    ]);
    const ipOf = new Map(locators.map((row) => [uuidOf(row._uuid)!, String(row.dst_ip)]));
    const lines = macs.flatMap((row) => {
      const mac = `mac ${vni} ${row.MAC} ${ipOf.get(uuidOf(row.locator)!)}`;
      return row.ipaddr === '' ? [mac] : [mac, `neighbour ${vni} ${row.ipaddr} ${row.MAC}`];
    });
    for (const row of floods) {
      const set = sets.find((each) => uuidOf(each._uuid) === uuidOf(row.locator_set));
      for (const locator of uuidSet(set?.locators)) lines.push(`flood ${vni} ${ipOf.get(locator)}`);
    }
    return [...new Set(lines)].sort();
  }

  /** Another controller writes: into a row that is there, or a row of its own. */
  async writeForeign(line: string): Promise<void> {
    const [kind, vniText, first, second] = line.split(' ') as [string, string, string, string];
    const vni = Number(vniText);
    if (kind === 'flood') await this.#writeForeignFlood(vni, first);
    else if (kind === 'neighbour')
      await this.#insertMac('Ucast_Macs_Remote', vni, parseMac(second)!, '10.0.0.9', first);
    else {
      const [row] = await this.#macRows('Ucast_Macs_Remote', vni, parseMac(first)!);
      if (!row) await this.#insertMac('Ucast_Macs_Remote', vni, parseMac(first)!, second);
      else {
        const { reference, operations } = await this.#locator(second);
        const where = [is('_uuid', uuid(row))];
        const update = { op: 'update', table: 'Ucast_Macs_Remote', where, row: { locator: reference } };
        await this.#client.transact(...operations, update);
      }
    }
  }

  async #writeForeignFlood(vni: number, ip: string): Promise<void> {
    const { reference, operations } = await this.#locator(ip);
    const ls = uuid(await this.logicalSwitch(vni));
    const set = { locators: ['set', [reference]] };
    const row = { MAC: 'unknown-dst', logical_switch: ls, locator_set: ['named-uuid', 'set'] };
    await this.#client.transact(
      ...operations,
      { op: 'insert', table: 'Physical_Locator_Set', row: set, 'uuid-name': 'set' },
      { op: 'insert', table: 'Mcast_Macs_Remote', row },
    );
  }

  async deleteForeign(line: string): Promise<void> {
    const [kind, vniText, first] = line.split(' ') as [string, string, string];
    const logicalSwitch = is('logical_switch', uuid(await this.logicalSwitch(Number(vniText))));
    if (kind === 'mac') {
      const where = [is('MAC', first), logicalSwitch];
      await this.#client.transact({ op: 'delete', table: 'Ucast_Macs_Remote', where });
    } else if (kind === 'neighbour') {
      const where = [is('ipaddr', first), logicalSwitch];
      await this.#client.transact({ op: 'delete', table: 'Ucast_Macs_Remote', where });
    } else await this.#client.transact({ op: 'delete', table: 'Mcast_Macs_Remote', where: [logicalSwitch] });
  }

  /** BFD on the tunnel to that VTEP says so. */
  async setReachable(vtep: IpBytes, reachable: boolean): Promise<void> {
    const ip = printIp(vtep);
    const status = [
      'map',
      [
        ['enabled', 'true'],
        ['forwarding', String(reachable)],
        ['state', reachable ? 'up' : 'down'],
      ],
    ];
    const [locator] = await this.#client.rows('Physical_Locator', [is('dst_ip', ip)]);
    const [tunnel] = locator ? await this.#client.rows('Tunnel', [is('remote', uuid(locator))]) : [];
    if (tunnel) {
      const where = [is('_uuid', uuid(tunnel))];
      await this.#client.transact({ op: 'update', table: 'Tunnel', where, row: { bfd_status: status } });
      return;
    }
    const { reference, operations } = await this.#locator(ip);
    const row = { local: reference, remote: reference, bfd_status: status };
    await this.#client.transact(
      ...operations,
      { op: 'insert', table: 'Tunnel', row, 'uuid-name': 'tunnel' },
      {
        op: 'mutate',
        table: 'Physical_Switch',
        where: [is('name', SWITCH)],
        mutations: [['tunnels', 'insert', ['set', [['named-uuid', 'tunnel']]]]],
      },
    );
  }

  async setFaults(faults: readonly string[]): Promise<void> {
    const row = { switch_fault_status: ['set', faults] };
    await this.#client.transact({ op: 'update', table: 'Physical_Switch', where: [is('name', SWITCH)], row });
  }

  /** Port -> VLAN -> name of the logical switch. */
  async bindings(): Promise<Record<string, Record<string, string>>> {
    const [ports, switches] = await Promise.all([
      this.#client.rows('Physical_Port'),
      this.#client.rows('Logical_Switch'),
    ]);
    const nameOf = new Map(switches.map((row) => [uuidOf(row._uuid)!, String(row.name)]));
    return Object.fromEntries(
      ports.map((port) => {
        const pairs = (port.vlan_bindings as [string, [number, unknown][]])[1];
        return [
          String(port.name),
          Object.fromEntries(pairs.map(([vlan, ls]) => [vlan, nameOf.get(uuidOf(ls)!)!])),
        ];
      }),
    );
  }

  /** How many rows a table has. */
  async count(table: string): Promise<number> {
    return (await this.#client.rows(table)).length;
  }

  async flooded(vni: number): Promise<readonly unknown[]> {
    return setOf(['set', (await this.entries(vni)).filter((line) => line.startsWith('flood'))]);
  }
}
