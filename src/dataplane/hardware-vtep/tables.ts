/**
 * The tables of the hardware_vtep database that we look at, in an order in which each comes after those that it refers to
 * (vtep(5), schema version 1.3 and later). ACLs, Arp_Sources and Logical_Router are other people's: not even read.
 */
import { integerOf, type RawRow, textOf, type WantedTables } from '../../ovsdb/index.ts';

export const DATABASE = 'hardware_vtep';

export const TABLE = {
  GLOBAL: 'Global',
  LOCATOR: 'Physical_Locator',
  LOGICAL_SWITCH: 'Logical_Switch',
  PORT: 'Physical_Port',
  SWITCH: 'Physical_Switch',
  LOCATOR_SET: 'Physical_Locator_Set',
  TUNNEL: 'Tunnel',
  MCAST_REMOTE: 'Mcast_Macs_Remote',
  UCAST_REMOTE: 'Ucast_Macs_Remote',
  UCAST_LOCAL: 'Ucast_Macs_Local',
} as const;

const MAC_COLUMNS = ['MAC', 'logical_switch', 'locator', 'ipaddr'];

export const WANTED_TABLES: WantedTables = [
  { name: TABLE.GLOBAL, columns: ['switches'] },
  { name: TABLE.LOCATOR, columns: ['encapsulation_type', 'dst_ip'], optionalColumns: ['tunnel_key'] },
  {
    name: TABLE.LOGICAL_SWITCH,
    columns: ['name', 'description', 'tunnel_key'],
    optionalColumns: ['replication_mode'],
  },
  { name: TABLE.PORT, columns: ['name', 'vlan_bindings'], optionalColumns: ['port_fault_status'] },
  {
    name: TABLE.SWITCH,
    columns: ['name', 'description', 'management_ips', 'tunnel_ips', 'ports'],
    optionalColumns: ['switch_fault_status', 'tunnels'],
  },
  { name: TABLE.LOCATOR_SET, columns: ['locators'] },
  { name: TABLE.TUNNEL, columns: ['local', 'remote', 'bfd_status'], optional: true },
  { name: TABLE.MCAST_REMOTE, columns: ['MAC', 'logical_switch', 'locator_set'] },
  { name: TABLE.UCAST_REMOTE, columns: MAC_COLUMNS },
  { name: TABLE.UCAST_LOCAL, columns: MAC_COLUMNS },
];

/** The MAC of broadcast, unknown-unicast and multicast frames (vtep(5), Mcast_Macs_Remote). */
export const UNKNOWN_DST = 'unknown-dst';
/** The only encapsulation of the schema. */
export const VXLAN_OVER_IPV4 = 'vxlan_over_ipv4';

/** Names of logical switches that evpnd makes: by these it knows them again. */
export const logicalSwitchName = (vni: number): string => `evpnd-vni${vni}`;

/** The VNI in such a name; undefined when somebody else chose the name. */
export function vniOfName(name: string): number | undefined {
  const match = /^evpnd-vni(\d{1,8})$/.exec(name);
  return match ? Number(match[1]) : undefined;
}

/** The VNI of a row of Logical_Switch; 0 for one that is no VXLAN segment. */
export function vniOfRow(row: RawRow): number {
  const vni = integerOf(row.tunnel_key) ?? vniOfName(textOf(row.name)) ?? 0;
  return vni <= 0xffffff ? vni : 0;
}
