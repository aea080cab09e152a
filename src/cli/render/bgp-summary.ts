/** `show bgp summary`: the router, and a line per neighbour as FRR prints it. Pure. */
import type { BgpSummaryView, NeighborSummary } from '../../control/index.ts';
import { type Column, count, listed, printColumns, printDuration, widthOf } from './text.ts';

export function bgpSummary(view: BgpSummaryView, family?: string): string[] {
  const neighbors = view.neighbors.filter(
    ({ families }) => family === undefined || families.includes(family),
  );
  const columns = summaryColumns(neighbors);
  const down = neighbors.filter(({ state, reason }) => state !== 'Established' && reason !== undefined);
  return [
    'L2VPN EVPN Summary:',
    `BGP router identifier ${view.routerId}, local AS number ${view.localAs}`,
    `BGP table version ${view.tableVersion}`,
    `RIB entries ${view.destinations}, paths ${view.paths}, using ${printOctets(view.memoryOctets)} of memory`,
    `Peers ${view.neighbors.length}, peer groups ${view.peerGroups}`,
    '',
    printColumns(columns, undefined),
    ...neighbors.map((neighbor) => printColumns(columns, neighbor)),
    '',
    ...listed(
      'Not established:',
      down.map((neighbor) => `${nameOf(neighbor)}: ${neighbor.reason}`),
    ),
    ...listed('Listen ranges:', view.listenRanges.map(printRange)),
    `Total number of neighbors ${neighbors.length}`,
  ];
}

/** `spine1(10.0.0.100)`, as FRR names peers that say their name; `*` marks a dynamic one. */
export const nameOf = ({ address, hostName, dynamic }: NeighborSummary): string =>
  `${dynamic ? '*' : ''}${hostName === undefined ? address : `${hostName}(${address})`}`;

function summaryColumns(neighbors: readonly NeighborSummary[]): Column<NeighborSummary>[] {
  return [
    { head: 'Neighbor', width: -widthOf(neighbors.map(nameOf), 15), text: nameOf },
    { head: 'V', width: 1, text: () => '4' },
    { head: 'AS', width: 10, text: ({ remoteAs }) => String(remoteAs || '-') },
    { head: 'MsgRcvd', width: 9, text: ({ messagesReceived }) => String(messagesReceived) },
    { head: 'MsgSent', width: 9, text: ({ messagesSent }) => String(messagesSent) },
    { head: 'InQ', width: 4, text: ({ inQueue }) => String(inQueue) },
    { head: 'OutQ', width: 4, text: ({ outQueue }) => String(outQueue) },
    { head: 'Up/Down', width: 8, text: ({ sinceSeconds }) => printDuration(sinceSeconds) },
    { head: 'State/PfxRcd', width: 12, text: stateOrPrefixes },
    {
      head: 'PfxSnt',
      width: 8,
      text: ({ state, prefixesSent }) => (state === 'Established' ? String(prefixesSent) : '0'),
    },
    { head: 'Desc', width: -1, text: ({ description }) => description ?? 'N/A' },
  ];
}

function stateOrPrefixes({ state, shutdown, prefixesReceived }: NeighborSummary): string {
  if (state === 'Established') return String(prefixesReceived);
  return shutdown ? 'Idle (Admin)' : state;
}

const printRange = (range: BgpSummaryView['listenRanges'][number]): string =>
  `${range.prefix} peer group ${range.peerGroup}: ${count(range.neighbors, 'neighbor')} of at most ${range.limit}`;

/** `2112 bytes`, `724 KiB`, `1.2 GiB`. */
export function printOctets(octets: number): string {
  if (octets < 10 * 1024) return `${octets} bytes`;
  const units = ['KiB', 'MiB', 'GiB'];
  const power = Math.min(units.length, Math.floor(Math.log2(octets) / 10));
  const value = octets / 1024 ** power;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[power - 1]}`;
}
