/** MACs and neighbours (the ARP and ND tables) of an instance. Rows flow; a heading whenever the VNI changes. Pure. */
import type { ArpView, MacView, VniView } from '../../control/index.ts';
import type { Table } from '../command.ts';
import { type Column, printColumns, printDuration, widthOf } from './text.ts';

interface Flagged {
  readonly sticky?: boolean;
  readonly gateway?: boolean;
  readonly router?: boolean;
  readonly duplicate: boolean;
  readonly state: MacView['state'];
}

const FLAGS =
  'Flags: S=sticky, G=gateway, R=router, D=duplicate; not in the dataplane: p=pending, f=failed, h=held';
const STATE_FLAG = { active: '', installed: '', pending: 'p', failed: 'f', held: 'h' } as const;

const flagsOf = ({ sticky, gateway, router, duplicate, state }: Flagged): string =>
  `${sticky ? 'S' : ''}${gateway ? 'G' : ''}${router ? 'R' : ''}${duplicate ? 'D' : ''}${STATE_FLAG[state]}`;

const sequences = ({ localSequence, remoteSequence }: MacView | ArpView): string =>
  `${localSequence}/${remoteSequence}`;

const macColumns = (first: readonly MacView[]): readonly Column<MacView>[] => [
  { head: 'MAC', width: -17, text: ({ mac }) => mac },
  {
    head: 'Type',
    width: -widthOf(
      first.map(({ type }) => type),
      6,
    ),
    text: ({ type }) => type,
  },
  { head: 'Flags', width: -5, text: flagsOf },
  { head: 'Intf/Remote ES/VTEP', width: -30, text: ({ port, esi, vtep }) => port ?? esi ?? vtep ?? '-' },
  { head: 'VLAN', width: -5, text: ({ vlan }) => (vlan === undefined ? '' : String(vlan)) },
  { head: "Seq #'s", width: -7, text: sequences },
];

/** `counts` are the VNIs, for the headings; they were read a moment before the rows. */
export function macTable(counts: readonly VniView[]): Table<MacView> {
  return entryTable(counts, 'MACs', 'MAC', (view) => view.localMacs + view.remoteMacs, macColumns);
}

export function arpTable(counts: readonly VniView[]): Table<ArpView> {
  return entryTable(
    counts,
    'ARPs',
    'neighbor',
    (view) => view.localNeighbors + view.remoteNeighbors,
    (first) => [
      {
        head: 'Neighbor',
        width: -widthOf(
          first.map(({ ip }) => ip),
          15,
        ),
        text: ({ ip }) => ip,
      },
      { head: 'Type', width: -6, text: ({ type }) => type },
      { head: 'Flags', width: -5, text: flagsOf },
      { head: 'State', width: -9, text: ({ state }) => state },
      { head: 'MAC', width: -17, text: ({ mac }) => mac },
      { head: 'Remote ES/VTEP', width: -30, text: ({ vtep }) => vtep ?? '' },
      { head: "Seq #'s", width: -7, text: sequences },
    ],
  );
}

function entryTable<
  T extends { readonly vni: number; readonly state: MacView['state']; readonly reason?: string | undefined },
>(
  counts: readonly VniView[],
  plural: string,
  singular: string,
  total: (view: VniView) => number,
  columnsFor: (first: readonly T[]) => readonly Column<T>[],
): Table<T> {
  let columns: readonly Column<T>[] = [];
  let vni: number | undefined;
  const heading = (now: number): string[] => {
    const counted = counts.find((view) => view.vni === now);
    const known = counted === undefined ? '' : ` #${plural} (local and remote) ${total(counted)}`;
    const before = vni === undefined ? [] : [''];
    vni = now;
    return [...before, `VNI ${now}${known}`, '', printColumns(columns, undefined)];
  };
  return {
    begin(first) {
      columns = columnsFor(first);
      return [FLAGS, ''];
    },
    row(row) {
      const troubled = (row.state === 'failed' || row.state === 'held') && row.reason !== undefined;
      return [
        ...(row.vni === vni ? [] : heading(row.vni)),
        printColumns(columns, row),
        ...(troubled ? [`  ${row.state}: ${row.reason}`] : []),
      ];
    },
    end: (rows) => (rows === 0 ? [`No ${singular} entries`] : []),
  };
}

/** `show evpn mac vni N mac M` */
export function macDetail(): Table<MacView> {
  return {
    begin: () => [],
    row: (view) => [
      `MAC: ${view.mac}${view.sticky ? ', sticky' : ''}${view.gateway ? ', gateway' : ''}`,
      ` VNI: ${view.vni}`,
      view.type === 'local'
        ? ` Intf: ${view.port ?? '-'}${view.vlan === undefined ? '' : ` VLAN: ${view.vlan}`}`
        : ` Remote VTEP: ${view.vtep ?? view.esi ?? '-'}`,
      ` State: ${view.state}${view.reason === undefined ? '' : `: ${view.reason}`}`,
      ` Local Seq: ${view.localSequence} Remote Seq: ${view.remoteSequence}`,
      ...(view.ageSeconds === undefined ? [] : [` Uptime: ${printDuration(view.ageSeconds)}`]),
      ...(view.moves === undefined ? [] : [` Moves counted by duplicate detection: ${view.moves}`]),
      ...(view.duplicate ? [` Duplicate, detected at ${view.duplicateSince ?? '(unknown)'}`] : []),
      ...(view.alternatives ?? []).map((text) => ` Also announced by: ${text}`),
      ...(view.neighbors.length > 0
        ? [' Neighbors:', ...view.neighbors.map((ip) => `    ${ip}`)]
        : [' No neighbors']),
      '',
    ],
    end: (rows) => (rows === 0 ? ['No such MAC'] : []),
  };
}

/** `show evpn arp-cache vni N ip I` */
export function arpDetail(): Table<ArpView> {
  return {
    begin: () => [],
    row: (view) => [
      `IP: ${view.ip}`,
      ` VNI: ${view.vni}`,
      ` Type: ${view.type}`,
      ` State: ${view.state}${view.reason === undefined ? '' : `: ${view.reason}`}`,
      ...(view.ageSeconds === undefined ? [] : [` Uptime: ${printDuration(view.ageSeconds)}`]),
      ` MAC: ${view.mac}`,
      ...(view.vtep === undefined ? [] : [` Remote VTEP: ${view.vtep}`]),
      ...(view.router ? [' Router: Yes'] : []),
      ` Local Seq: ${view.localSequence} Remote Seq: ${view.remoteSequence}`,
      '',
    ],
    end: (rows) => (rows === 0 ? ['No such neighbor'] : []),
  };
}
