/** `show evpn`, `show evpn vtep`, `show version`, `explain`: totals, VTEPs, who runs, and reasons. Pure. */
import type { EvpnView, ExplainView, VersionView, VtepView } from '../../control/index.ts';
import type { Table } from '../command.ts';
import { printColumns, printDuration, yesNo } from './text.ts';

export function evpn(view: EvpnView): string[] {
  const { dataplane, duplicateDetection: duplicates } = view;
  return [
    `L2 VNIs: ${view.l2Vnis}`,
    `L3 VNIs: ${view.l3Vnis}`,
    `Advertise all VNIs: ${yesNo(view.advertiseAllVni)}`,
    ...(view.localVtep === undefined ? [] : [`Local VTEP IP: ${view.localVtep}`]),
    `MACs: ${view.localMacs} local, ${view.remoteMacs} remote`,
    `ARPs: ${view.localNeighbors} local, ${view.remoteNeighbors} remote`,
    `Remote VTEPs: ${view.remoteVteps}`,
    `Duplicate address detection: ${duplicates.enabled ? 'Enable' : 'Disable'}`,
    ...(duplicates.enabled
      ? [
          `  Detection max-moves ${duplicates.maxMoves}, time ${duplicates.windowSeconds}, found ${duplicates.duplicates}`,
          `  Detection freeze: ${duplicates.freeze ? 'permanent' : 'no'}`,
        ]
      : []),
    `Dataplane: ${dataplane.kind}, ${dataplane.status}${dataplane.correct ? ', corrects settings' : ''}`,
    `  Entries: ${dataplane.desired} desired, ${dataplane.installed} installed, ${dataplane.pending} pending, ${dataplane.failed} failed, ${dataplane.held} held back`,
    `  Since start: ${dataplane.written} written, ${dataplane.repaired} repaired, ${dataplane.pruned} stale removed, ${dataplane.adopted} adopted`,
    `  Full dumps: ${dataplane.dumps}, lost notifications: ${dataplane.overruns}`,
    ...(view.problems.length > 0
      ? [
          'Problems:',
          ...view.problems.map(
            ({ subject, text, since }) =>
              `  ${subject}: ${text}${since === undefined ? '' : ` (since ${since})`}`,
          ),
        ]
      : ['Problems: none']),
  ];
}

const VTEP_COLUMNS = [
  { head: 'VTEP', width: -30, text: ({ vtep }: VtepView) => vtep },
  { head: 'Reachable', width: -9, text: ({ reachable }: VtepView) => yesNo(reachable) },
  { head: '# VNIs', width: -7, text: ({ vnis }: VtepView) => String(vnis.length) },
  { head: '# MACs', width: -8, text: ({ macs }: VtepView) => String(macs) },
  { head: '# ARPs', width: -8, text: ({ neighbors }: VtepView) => String(neighbors) },
  { head: '# Held', width: -7, text: ({ held }: VtepView) => String(held) },
  { head: 'Reason', width: -1, text: ({ reason }: VtepView) => reason ?? '' },
];

export function vtepTable(): Table<VtepView> {
  return {
    begin: () => [printColumns(VTEP_COLUMNS, undefined)],
    row: (view) => [printColumns(VTEP_COLUMNS, view)],
    end: (rows) => ['', `Number of remote VTEPs: ${rows}`],
  };
}

export const version = (view: VersionView): string[] => [
  `evpnd ${view.version} (${view.hostName}) on ${view.operatingSystem}, Node.js ${view.nodeVersion}`,
  `Running for ${printDuration(view.uptimeSeconds)} since ${view.startedAt}, process ${view.pid}`,
  `Dataplane ${view.dataplane}, API version ${view.apiVersion}`,
];

export function explainTable(): Table<ExplainView> {
  return {
    begin: () => [],
    row: ({ summary, steps }) => [
      summary,
      ...steps.map(({ question, passed, answer }) => `  [${passed ? 'ok' : '--'}] ${question} ${answer}`),
      '',
    ],
    end: () => [],
  };
}
