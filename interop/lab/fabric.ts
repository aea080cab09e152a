/**
 * The pieces of a VXLAN fabric made of namespaces: underlay links with static routes, the bridge and VXLAN
 * device of a leaf, hosts behind its ports, and what one looks at to know whether it works.
 */
import { eventually, expect } from './expect.ts';
import type { Network } from './network.ts';

export interface LeafBridge {
  readonly vni: number;
  /** Tunnel source address; IPv4 or IPv6. */
  readonly vtep: string;
  /** Gateway addresses with prefix length on the bridge; needed for hosts' neighbours to be learnt. */
  readonly gateways: readonly string[];
  readonly suppress?: boolean;
  readonly learning?: boolean;
}

/** Octet that makes a node's addresses: leaf1 -> 1. */
export const octet = (node: string): number => Number(/\d+$/.exec(node)?.[0] ?? 0);

/** A leaf's VNI: bridge `br<vni>`, VXLAN device `vxlan<vni>`, as operators lay it out for FRR. */
export async function addVni(network: Network, leaf: string, bridge: LeafBridge): Promise<void> {
  const { vni, vtep, gateways, suppress = true, learning = false } = bridge;
  const [br, vxlan, n] = [`br${vni}`, `vxlan${vni}`, octet(leaf)];
  await network.ip(leaf, `link add ${br} type bridge`);
  await network.ip(leaf, `link set ${br} addr 02:aa:00:00:${hex(vni)}:${hex(n)} addrgenmode none`);
  await network.ip(leaf, `link add ${vxlan} type vxlan id ${vni} local ${vtep} dstport 4789 nolearning`);
  await network.ip(
    leaf,
    `link set ${vxlan} addr 02:bb:00:00:${hex(vni)}:${hex(n)} addrgenmode none master ${br}`,
  );
  const on = (flag: boolean) => (flag ? 'on' : 'off');
  await network.ip(
    leaf,
    `link set ${vxlan} type bridge_slave neigh_suppress ${on(suppress)} learning ${on(learning)}`,
  );
  await network.ip(leaf, `link set ${br} up`);
  await network.ip(leaf, `link set ${vxlan} up`);
  for (const gateway of gateways) {
    await network.ip(leaf, `addr add ${gateway} dev ${br}${gateway.includes(':') ? ' nodad' : ''}`);
  }
  const sysctls = [`net.ipv4.conf.${br}.arp_accept=1`, `net.ipv6.conf.${br}.accept_untracked_na=1`];
  await network.exec(leaf, ['sysctl', '-qw', ...sysctls]);
}

const hex = (value: number): string => (value & 0xff).toString(16).padStart(2, '0');

export interface HostAddresses {
  readonly mac: string;
  /** With prefix length. */
  readonly addresses: readonly string[];
}

/** A host behind `port` of a leaf, in the bridge of `vni`. The host's interface is eth0. */
export async function attachHost(
  network: Network,
  leaf: string,
  port: string,
  host: string,
  vni: number,
  { mac, addresses }: HostAddresses,
): Promise<void> {
  await network.link(leaf, port, host, 'eth0');
  await network.ip(leaf, `link set ${port} master br${vni}`);
  await network.ip(host, 'link set eth0 down');
  await network.ip(host, `link set eth0 addr ${mac}`);
  for (const address of addresses) {
    await network.ip(host, `addr add ${address} dev eth0${address.includes(':') ? ' nodad' : ''}`);
  }
  // Last, so that arp_notify and ndisc_notify announce the addresses through a port that is ready.
  await network.ip(host, 'link set eth0 up');
}

/** Underlay of one spine and its leaves: /31 links, loopbacks 10.0.0.N, static routes both ways. */
export async function addUnderlay(
  network: Network,
  spine: string,
  spineLoopback: string,
  leaves: readonly string[],
): Promise<void> {
  await network.addNode(spine);
  await network.ip(spine, `addr add ${spineLoopback}/32 dev lo`);
  for (const leaf of leaves) {
    const n = octet(leaf);
    await network.addNode(leaf);
    await network.link(spine, `swp${n}`, leaf, 'eth0', 1600);
    await network.ip(leaf, `addr add 10.0.0.${n}/32 dev lo`);
    await network.ip(leaf, `addr add 10.1.${n}.1/31 dev eth0`);
    await network.ip(spine, `addr add 10.1.${n}.0/31 dev swp${n}`);
    await network.ip(leaf, `route add 10.0.0.0/24 via 10.1.${n}.0 src 10.0.0.${n}`);
    await network.ip(spine, `route add 10.0.0.${n}/32 via 10.1.${n}.1`);
  }
}

/** Pings until an answer comes, then expects `count` answers without a loss. */
export async function expectPing(network: Network, host: string, address: string, count = 3): Promise<void> {
  const once = ['ping', '-c', '1', '-W', '1', address];
  await eventually(`${host} reaches ${address}`, () => network.exec(host, once));
  const output = await network.exec(host, ['ping', '-c', String(count), '-i', '0.2', '-W', '1', address]);
  expect(`${host} pings ${address} without loss`, / 0% packet loss/.test(output), output.slice(-200));
}

export async function expectNoPing(network: Network, host: string, address: string): Promise<void> {
  const output = await network
    .exec(host, ['ping', '-c', '2', '-i', '0.3', '-W', '1', address])
    .catch((error: Error) => error.message);
  expect(`${host} must not reach ${address}`, !/ 0% packet loss/.test(output), output);
}

/** Lines of `bridge fdb show` for a device. */
export async function fdb(network: Network, node: string, device: string): Promise<string[]> {
  return (await network.bridge(node, `fdb show dev ${device}`)).split('\n').filter((line) => line !== '');
}

/** Waits until the kernel forwards `mac` through the tunnel to `vtep`, on the VXLAN device and in the bridge. */
export async function expectRemoteMac(
  network: Network,
  leaf: string,
  vni: number,
  mac: string,
  vtep: string,
): Promise<void> {
  await eventually(`${leaf} forwards ${mac} in VNI ${vni} to ${vtep}`, async () => {
    const lines = await fdb(network, leaf, `vxlan${vni}`);
    const tunnel = lines.some((line) => line.startsWith(`${mac} dst ${vtep} `) && line.includes('self'));
    const bridge = lines.some((line) => line.startsWith(`${mac} `) && line.includes('master'));
    if (!tunnel || !bridge) throw new Error(lines.join('; '));
    return true;
  });
}

/** Waits until the bridge forwards `mac` to a port of its own. */
export async function expectLocalMac(
  network: Network,
  leaf: string,
  vni: number,
  mac: string,
  port: string,
): Promise<void> {
  await eventually(`${leaf} has ${mac} behind ${port}`, async () => {
    const text = await network.bridge(leaf, `fdb show br br${vni}`);
    const lines = text.split('\n').filter((line) => line.startsWith(mac) && line.includes(' master '));
    if (!lines.some((line) => line.includes(` dev ${port} `))) throw new Error(lines.join('; '));
    return true;
  });
}

export async function expectNoRemoteMac(
  network: Network,
  leaf: string,
  vni: number,
  mac: string,
): Promise<void> {
  await eventually(`${leaf} has no remote entry for ${mac} in VNI ${vni}`, async () => {
    const lines = await fdb(network, leaf, `vxlan${vni}`);
    const left = lines.filter((line) => line.startsWith(mac));
    if (left.length > 0) throw new Error(left.join('; '));
    return true;
  });
}

/** Waits until the head-end replication list of `vni` is exactly `vteps`. */
export async function expectFloodList(
  network: Network,
  leaf: string,
  vni: number,
  vteps: readonly string[],
): Promise<void> {
  await eventually(`${leaf} floods VNI ${vni} to ${vteps.join(', ')}`, async () => {
    const lines = await fdb(network, leaf, `vxlan${vni}`);
    const list = lines.flatMap((line) => /^00:00:00:00:00:00 dst (\S+)/.exec(line)?.[1] ?? []).sort();
    if (list.join() !== [...vteps].sort().join()) throw new Error(`flood list ${list.join(', ') || 'empty'}`);
    return true;
  });
}

/** A place where a roaming host can be: a port of a leaf, and the host's own interface behind it. */
export interface Place {
  readonly leaf: string;
  readonly port: string;
  readonly device: string;
}

/**
 * A host with a cable to each place, as a virtual machine that can run on several servers: `roam` decides where it is.
 * Ports stay up, so a leaf only learns of a move by what the host sends elsewhere (RFC 7432 section 15).
 */
export async function attachRoamer(
  network: Network,
  host: string,
  places: readonly Place[],
  vni: number,
): Promise<void> {
  for (const [index, { leaf, port, device }] of places.entries()) {
    await network.link(leaf, port, host, device);
    // It says nothing before it is used: no router solicitation, no multicast report.
    await network.exec(host, ['sysctl', '-qw', `net.ipv6.conf.${device}.disable_ipv6=1`]);
    await network.ip(host, `link set ${device} addr 02:ff:00:00:00:0${index} addrgenmode none`);
    await network.ip(leaf, `link set ${port} master br${vni}`);
  }
}

/** Puts the host at `to`: its MAC and addresses go there, and it announces itself as a migrated machine does. */
export async function roam(
  network: Network,
  host: string,
  from: Place | undefined,
  to: Place,
  { mac, addresses }: HostAddresses,
): Promise<void> {
  const silence = from ? [`net.ipv6.conf.${from.device}.disable_ipv6=1`] : [];
  await network.exec(host, ['sysctl', '-qw', ...silence, `net.ipv6.conf.${to.device}.disable_ipv6=0`]);
  const leave = from
    ? [`addr flush dev ${from.device}`, `link set ${from.device} addr 02:ff:00:00:ff:01`]
    : [];
  const arrive = addresses.map(
    (address) => `addr add ${address} dev ${to.device}${address.includes(':') ? ' nodad' : ''}`,
  );
  const batch = [...leave, `link set ${to.device} addr ${mac}`, ...arrive];
  await network.exec(host, ['ip', '-batch', '-'], { input: `${batch.join('\n')}\n` });
  await announce(network, host, { mac, addresses }, to.device);
}

/**
 * Makes the host speak, so that its leaf learns it: a gratuitous ARP where arping is installed, else an ARP
 * request for an address that nobody has.
 */
export async function announce(
  network: Network,
  host: string,
  { addresses }: HostAddresses,
  device = 'eth0',
): Promise<void> {
  for (const address of addresses.filter((text) => !text.includes(':'))) {
    const ip = address.split('/')[0]!;
    const nobody = ip.replace(/\d+$/, '254');
    await network
      .exec(host, ['arping', '-U', '-c', '1', '-w', '0.2', '-i', device, '-S', ip, ip])
      .catch(() => network.exec(host, ['ping', '-c', '1', '-W', '1', nobody]))
      .catch(() => undefined);
  }
}
