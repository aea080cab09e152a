/** `show bgp l2vpn evpn vni`: an instance as BGP sees it. Pure. */
import type { BgpVniView } from '../../control/index.ts';
import type { Table } from '../command.ts';
import { listed, printColumns } from './text.ts';

const more = (texts: readonly string[]): string =>
  texts.length > 1 ? `${texts[0]}, ...` : (texts[0] ?? '-');

const COLUMNS = [
  { head: 'VNI', width: -10, text: ({ vni }: BgpVniView) => String(vni) },
  { head: 'Type', width: -4, text: ({ type }: BgpVniView) => type },
  { head: 'RD', width: -21, text: ({ rd }: BgpVniView) => rd },
  { head: 'Import RT', width: -25, text: ({ importRouteTargets }: BgpVniView) => more(importRouteTargets) },
  { head: 'Export RT', width: -25, text: ({ exportRouteTargets }: BgpVniView) => more(exportRouteTargets) },
  { head: 'Tenant VRF', width: -1, text: ({ tenantVrf }: BgpVniView) => tenantVrf },
];

export function bgpVniTable(): Table<BgpVniView> {
  return {
    begin: () => ['Flags: * - in the dataplane', `  ${printColumns(COLUMNS, undefined)}`],
    row: (view) => [`${view.inDataplane ? '*' : ' '} ${printColumns(COLUMNS, view)}`],
    end: (rows) => ['', `Number of VNIs: ${rows}`],
  };
}

export function bgpVni(view: BgpVniView): string[] {
  const auto = (is: boolean): string => (is ? ' (automatic)' : '');
  return [
    `VNI: ${view.vni} (${view.inDataplane ? 'known to the dataplane' : 'not in the dataplane'}${view.configured ? ', configured' : ''})`,
    `  Type: ${view.type}`,
    `  Tenant-Vrf: ${view.tenantVrf}`,
    `  RD: ${view.rd}${auto(view.rdAuto)}`,
    `  Originator IP: ${view.originator ?? '(no VTEP address)'}`,
    `  SVI interface : ${view.sviInterface ?? '-'}`,
    ...listed(
      `  Import Route Target${auto(view.importAuto)}:`,
      view.importRouteTargets.map((text) => `  ${text}`),
    ),
    ...listed(
      `  Export Route Target${auto(view.exportAuto)}:`,
      view.exportRouteTargets.map((text) => `  ${text}`),
    ),
    `  Routes originated: ${view.routesOriginated}, imported: ${view.routesImported}`,
    ...view.warnings.map((text) => `  Warning: ${text}`),
  ];
}
