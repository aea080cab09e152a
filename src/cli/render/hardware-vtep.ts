/** `show hardware-vtep`: switches, their ports and what they were told. Pure. */
import type { BindingView, HardwareVtepView, LogicalSwitchView } from '../../control/index.ts';
import type { Table } from '../command.ts';
import { count, listed, printColumns, widthOf, yesNo } from './text.ts';

export function hardwareVtepTable(): Table<HardwareVtepView> {
  let columns = columnsFor([]);
  const troubles: string[] = [];
  return {
    begin(first) {
      columns = columnsFor(first);
      return [printColumns(columns, undefined)];
    },
    row(view) {
      const { lastError } = view.connection;
      if (lastError !== undefined) troubles.push(`${view.name}: ${lastError}`);
      troubles.push(...view.problems.map((problem) => `${view.name}: ${problem}`));
      if (view.faults.length > 0) troubles.push(`${view.name} reports ${view.faults.join(', ')}`);
      return [printColumns(columns, view)];
    },
    end: (rows) => (rows === 0 ? ['No hardware VTEP is configured'] : listed('\nNot well:', troubles)),
  };
}

const columnsFor = (rows: readonly HardwareVtepView[]) => [
  {
    head: 'Switch',
    width: -widthOf(
      rows.map(({ name }) => name),
      10,
    ),
    text: ({ name }: HardwareVtepView) => name,
  },
  {
    head: 'Connection',
    width: -widthOf(
      rows.map(({ connection }) => connection.endpoint),
      18,
    ),
    text: ({ connection }: HardwareVtepView) => connection.endpoint,
  },
  { head: 'State', width: -10, text: ({ connection }: HardwareVtepView) => connection.state },
  { head: 'Tunnel IP', width: -15, text: ({ tunnelIps }: HardwareVtepView) => tunnelIps[0] ?? 'none' },
  {
    head: '# VNIs',
    width: 6,
    text: ({ logicalSwitches }: HardwareVtepView) => String(logicalSwitches.length),
  },
  { head: 'Ours', width: 7, text: ({ rows: { ours } }: HardwareVtepView) => String(ours) },
  { head: 'Foreign', width: 7, text: ({ rows: { foreign } }: HardwareVtepView) => String(foreign) },
  { head: 'Pending', width: 7, text: ({ rows: { pending } }: HardwareVtepView) => String(pending) },
  { head: 'Failed', width: 6, text: ({ rows: { failed } }: HardwareVtepView) => String(failed) },
];

export function hardwareVtep(view: HardwareVtepView): string[] {
  const { connection, rows } = view;
  const since = connection.established > 1 ? `, ${connection.established} times since the start` : '';
  return [
    `${view.name}${view.description === undefined ? '' : ` (${view.description})`}`,
    `  Connection: ${connection.endpoint}, ${connection.state}${since}`,
    ...(connection.schemaVersion === undefined
      ? []
      : [`  Schema: hardware_vtep ${connection.schemaVersion}, ${connection.monitor}`]),
    ...(connection.lastError === undefined ? [] : [`  Last error: ${connection.lastError}`]),
    `  Tunnel IP: ${view.tunnelIps.join(', ') || 'none'}`,
    ...(view.managementIps.length > 0 ? [`  Management IP: ${view.managementIps.join(', ')}`] : []),
    ...(view.faults.length > 0 ? [`  Faults: ${view.faults.join(', ')}`] : []),
    `  Rows: ${rows.ours} ours, ${rows.foreign} foreign, ${rows.pending} pending, ${rows.failed} failed`,
    `  Locators: ${view.locators.map(printLocator).join(', ') || 'none'}`,
    '  Ports:',
    ...view.ports.flatMap(({ name, faults, bindings }) => [
      `    ${name}${faults.length > 0 ? `: ${faults.join(', ')}` : ''}`,
      ...bindings.map(printBinding),
    ]),
    '  Logical switches:',
    ...view.logicalSwitches.flatMap(printLogicalSwitch),
    ...listed('  Problems:', view.problems).map((line, index) => (index === 0 ? line : `  ${line}`)),
  ];
}

const printLocator = ({ ip, tunnelKey }: HardwareVtepView['locators'][number]): string =>
  tunnelKey === undefined ? ip : `${ip} (key ${tunnelKey})`;

function printBinding(binding: BindingView): string {
  const { vlan, vni, logicalSwitch, configured, state, reason } = binding;
  const place = vlan === 0 ? 'untagged' : `VLAN ${vlan}`;
  const target = vni === undefined ? 'a logical switch without VNI' : `VNI ${vni}`;
  const name = logicalSwitch === undefined ? '' : ` (${logicalSwitch})`;
  const why = reason === undefined ? '' : `: ${reason}`;
  return `      ${place} -> ${target}${name}, ${configured ? 'configured' : 'found'}, ${state}${why}`;
}

function printLogicalSwitch(view: LogicalSwitchView): string[] {
  const { name, vni, ours, replicationMode, localMacs, remoteMacs, foreignMacs, flood } = view;
  return [
    `    ${name}: VNI ${vni}, made by evpnd: ${yesNo(ours)}, replication ${replicationMode ?? 'service_node'}`,
    `      ${count(localMacs, 'local MAC')}, ${count(remoteMacs, 'remote MAC')}, ${count(foreignMacs, 'foreign MAC')}`,
    `      Floods to ${flood.join(', ') || 'nobody'}`,
  ];
}
