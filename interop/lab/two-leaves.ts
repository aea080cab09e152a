/**
 * The topology that most labs share: a spine, two leaves with VNI 10, a host behind each, and a third host that can be at
 * either leaf.
 *
 *   h1 - leaf1 - spine1 - leaf2 - h2        VTEPs and router ids 10.0.0.1 and 10.0.0.2, spine 10.0.0.100
 */
import { addUnderlay, addVni, attachHost, attachRoamer, type HostAddresses, type Place } from './fabric.ts';
import type { Network } from './network.ts';

export const VNI = 10;
export const SPINE = '10.0.0.100';

/** Host n: MAC 02:00:00:00:00:0n, addresses 10.10.10.1n and fd10:10::1n. */
export const hostOf = (n: number): HostAddresses & { readonly ip: string; readonly ip6: string } => ({
  mac: `02:00:00:00:00:0${n}`,
  ip: `10.10.10.1${n}`,
  ip6: `fd10:10::1${n}`,
  addresses: [`10.10.10.1${n}/24`, `fd10:10::1${n}/64`],
});

export const H1 = hostOf(1);
export const H2 = hostOf(2);
/** The one that moves. */
export const H3 = hostOf(3);

export const PLACES: readonly [Place, Place] = [
  { leaf: 'leaf1', port: 'swp8', device: 'eth1' },
  { leaf: 'leaf2', port: 'swp9', device: 'eth2' },
];

export async function buildTwoLeaves(network: Network): Promise<void> {
  await addUnderlay(network, 'spine1', SPINE, ['leaf1', 'leaf2']);
  for (const n of [1, 2]) {
    const gateways = [`10.10.10.${n}/24`, `fd10:10::${n}/64`];
    await addVni(network, `leaf${n}`, { vni: VNI, vtep: `10.0.0.${n}`, gateways });
    await network.addHost(`h${n}`);
    await attachHost(network, `leaf${n}`, 'swp1', `h${n}`, VNI, hostOf(n));
  }
}

/** Cables h3 to both leaves; `roam` puts it at one. */
export async function addRoamer(network: Network): Promise<void> {
  await network.addHost('h3');
  await attachRoamer(network, 'h3', PLACES, VNI);
}
