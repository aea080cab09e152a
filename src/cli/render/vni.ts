/** `show evpn vni`: an instance as the dataplane and the MAC table have it. Pure. */
import type { VniView } from '../../control/index.ts';
import type { Table } from '../command.ts';
import { listed, printColumns } from './text.ts';

const COLUMNS = [
  { head: 'VNI', width: -10, text: ({ vni }: VniView) => String(vni) },
  { head: 'Type', width: -4, text: ({ type }: VniView) => type },
  {
    head: 'VxLAN IF',
    width: -21,
    text: ({ vxlanInterface, up }: VniView) => `${vxlanInterface ?? '-'}${up ? '' : ' (down)'}`,
  },
  { head: '# MACs', width: -8, text: ({ localMacs, remoteMacs }: VniView) => String(localMacs + remoteMacs) },
  {
    head: '# ARPs',
    width: -8,
    text: ({ localNeighbors, remoteNeighbors }: VniView) => String(localNeighbors + remoteNeighbors),
  },
  { head: '# Remote VTEPs', width: -15, text: ({ remoteVteps }: VniView) => String(remoteVteps.length) },
  { head: 'Tenant VRF', width: -1, text: ({ tenantVrf }: VniView) => tenantVrf },
];

export function vniTable(): Table<VniView> {
  const troubles: string[] = [];
  return {
    begin: () => [printColumns(COLUMNS, undefined)],
    row(view) {
      if (view.reason !== undefined) troubles.push(`VNI ${view.vni}: ${view.reason}`);
      troubles.push(...view.warnings.map((text) => `VNI ${view.vni}: ${text}`));
      return [printColumns(COLUMNS, view)];
    },
    end: () => (troubles.length > 0 ? ['', ...listed('Attention:', troubles)] : []),
  };
}

export function vni(view: VniView): string[] {
  const flood = view.remoteVteps.map(
    ({ vtep, state, reason }) =>
      `${vtep} flood: HER${state === 'installed' ? '' : `, ${state}${reason === undefined ? '' : `: ${reason}`}`}`,
  );
  return [
    `VNI: ${view.vni}`,
    ` Type: ${view.type}`,
    ` State: ${view.up ? 'up' : `down${view.reason === undefined ? '' : `: ${view.reason}`}`}`,
    ` Tenant VRF: ${view.tenantVrf}`,
    ` VxLAN interface: ${view.vxlanInterface ?? '-'}`,
    ` Bridge: ${view.bridge ?? '-'}${view.vlan === undefined ? '' : `, VLAN ${view.vlan}`}`,
    ` SVI interface: ${view.sviInterface ?? '-'}`,
    ...(view.mtu === undefined ? [] : [` MTU: ${view.mtu}`]),
    ` Local VTEP IP: ${view.localVtep ?? '-'}`,
    ...(flood.length > 0
      ? listed(' Remote VTEPs for this VNI:', flood)
      : [' No remote VTEPs known for this VNI']),
    ` Number of MACs (local and remote) known for this VNI: ${view.localMacs + view.remoteMacs} (${view.localMacs} local, ${view.remoteMacs} remote)`,
    ` Number of ARPs (IPv4 and IPv6, local and remote) known for this VNI: ${view.localNeighbors + view.remoteNeighbors} (${view.localNeighbors} local, ${view.remoteNeighbors} remote)`,
    ...(view.maximumMacs === undefined ? [] : [` Maximum of remote MACs: ${view.maximumMacs}`]),
    ...(view.refusedMacs ? [` Remote MACs not installed because of it: ${view.refusedMacs}`] : []),
    ...(view.duplicateMacs > 0 ? [` Duplicate MACs: ${view.duplicateMacs}`] : []),
    ...view.warnings.map((text) => ` Warning: ${text}`),
  ];
}
