/**
 * Two Open vSwitch hosts joined by VXLAN, the way one sets it up by hand with a tunnel port on each, but with evpnd in the place
 * of the hands: both are hardware VTEPs of one evpnd, which has no BGP neighbour at all.
 *
 *   a - ovs1 ==== VXLAN ==== ovs2 - b
 *          \                 /
 *           '--- evpnd ----'  (OVSDB)
 */
import { join } from 'node:path';
import type { Evpnd } from '../lab/evpnd.ts';
import { eventually, expect } from '../lab/expect.ts';
import { announce, expectPing } from '../lab/fabric.ts';
import type { Lab, LabContext } from '../lab/lab.ts';
import { OpenVswitch } from '../lab/open-vswitch.ts';

/** A userspace switch on a busy machine takes its time. */
const PATIENCE = { seconds: 90, everyMilliseconds: 250 };

const HOSTS = {
  a: { mac: '02:00:00:00:00:0a', addresses: ['10.10.10.1/24'] },
  b: { mac: '02:00:00:00:00:0b', addresses: ['10.10.10.2/24'] },
} as const;

/** A plain Ethernet segment for the underlay; the controller has a cable of its own to each host's database. */
async function build({ network }: LabContext): Promise<void> {
  await network.addNode('wire');
  await network.ip('wire', 'link add br0 type bridge');
  await network.ip('wire', 'link set br0 up');
  await network.ip('wire', 'addr add 10.5.0.100/24 dev br0');
  for (const [node, host, n] of [
    ['ovs1', 'a', 1],
    ['ovs2', 'b', 2],
  ] as const) {
    await network.addNode(node);
    await network.link('wire', `swp${n}`, node, 'uplink', 1600);
    await network.ip('wire', `link set swp${n} master br0`);
    await network.link('wire', `mgmt${n}`, node, 'mgmt');
    await network.ip('wire', `addr add 192.168.${n}.100/24 dev mgmt${n}`);
    await network.ip(node, `addr add 192.168.${n}.1/24 dev mgmt`);
    await network.addHost(host);
    await network.link(node, 'p1', host, 'eth0');
    for (const [where, device] of [
      [host, 'eth0'],
      [node, 'uplink'],
      ['wire', `swp${n}`],
    ] as const) {
      await network.exec(where, ['ethtool', '-K', device, 'tx', 'off']);
    }
    const { mac, addresses } = HOSTS[host];
    await network.ip(host, `link set eth0 addr ${mac}`);
    await network.ip(host, `addr add ${addresses[0]} dev eth0`);
  }
}

async function powerOn(lab: LabContext, node: string, n: number): Promise<OpenVswitch> {
  const { network, daemons, directory } = lab;
  const ovs = new OpenVswitch({ network, daemons, node, directory, remotes: [`ptcp:6640:192.168.${n}.1`] });
  await ovs.start();
  await ovs.addUnderlay('uplink', `10.5.0.${n}/24`, '10.5.0.100');
  await ovs.addVtep({ name: node, tunnelIp: `10.5.0.${n}`, ports: ['p1'] });
  return ovs;
}

const speak = ({ network }: LabContext): Promise<unknown> =>
  Promise.all([announce(network, 'a', HOSTS.a), announce(network, 'b', HOSTS.b)]);

interface SwitchRow {
  readonly name: string;
  readonly connection: { readonly state: string };
}

async function expectReady(evpnd: Evpnd): Promise<void> {
  await eventually(
    'both switches are connected',
    async () => {
      const rows = await evpnd.json<readonly SwitchRow[]>('show hardware-vtep');
      if (!rows.every(({ connection }) => connection.state === 'ready'))
        throw new Error(JSON.stringify(rows));
      return rows.length === 2;
    },
    PATIENCE,
  );
}

async function run(lab: LabContext): Promise<void> {
  const { network, directory } = lab;
  await build(lab);
  const one = await powerOn(lab, 'ovs1', 1);
  const two = await powerOn(lab, 'ovs2', 2);

  lab.step('without evpnd nothing joins them');
  await speak(lab);
  const alone = await network
    .exec('a', ['ping', '-c', '2', '-i', '0.3', '-W', '1', '10.10.10.2'])
    .catch((error: Error) => error.message);
  expect('a cannot reach b', /100% packet loss/.test(alone), alone);

  lab.step('evpnd makes the segment on both, and tunnels between them');
  const evpnd = await lab.evpnd('wire', lab.file('evpnd.yaml', { state: join(directory, 'state') }));
  await expectReady(evpnd);
  for (const [ovs, vtep] of [
    [one, '10.5.0.2'],
    [two, '10.5.0.1'],
  ] as const) {
    await eventually(
      `it floods to ${vtep}`,
      async () => {
        const text = await ovs.remoteMacs('evpnd-vni10');
        if (!text.includes(`unknown-dst -> vxlan_over_ipv4/${vtep}`)) throw new Error(text);
        return true;
      },
      PATIENCE,
    );
  }
  await eventually(
    'a and b reach each other and lose nothing',
    async () => {
      await expectPing(network, 'a', '10.10.10.2');
      await expectPing(network, 'b', '10.10.10.1');
      return true;
    },
    PATIENCE,
  );

  lab.step('each knows the MAC behind the other');
  await eventually(
    'the MACs are in both databases',
    async () => {
      await speak(lab);
      const [first, second] = [await one.remoteMacs('evpnd-vni10'), await two.remoteMacs('evpnd-vni10')];
      const known = first.includes(`${HOSTS.b.mac} -> vxlan_over_ipv4/10.5.0.2`);
      if (!known || !second.includes(`${HOSTS.a.mac} -> vxlan_over_ipv4/10.5.0.1`))
        throw new Error(first + second);
      return true;
    },
    PATIENCE,
  );

  lab.step('evpnd dies and comes back: not a ping is lost');
  // The emulator is still at work on the flows of the MACs for a while; what it does itself is not evpnd's loss.
  await eventually(
    'the flows are settled',
    async () => {
      await expectPing(network, 'a', '10.10.10.2', 20);
      return true;
    },
    PATIENCE,
  );
  const pings = network.exec('a', ['ping', '-c', '100', '-i', '0.1', '-W', '5', '10.10.10.2']);
  await evpnd.stop('SIGKILL');
  await evpnd.start();
  await expectReady(evpnd);
  const output = await pings;
  expect('no ping was lost', / 0% packet loss/.test(output), output.slice(-200));
}

export const lab: Omit<Lab, 'name'> = {
  title: 'two Open vSwitch hosts joined by VXLAN under one evpnd, without any BGP neighbour',
  needs: ['ping', 'ip', 'arping', 'ethtool', 'ovsdb-server', 'ovs-vswitchd', 'ovs-vsctl', 'vtep-ctl'],
  run,
};
