/**
 * A switch that speaks OVSDB hardware_vtep (Open vSwitch in userspace with ovs-vtep) joins a fabric of an FRR leaf and an
 * evpnd leaf, driven by an evpnd of its own, over TCP and over TLS.
 *
 *   h1, g1 - leaf1 (FRR) ------.
 *   h2     - leaf2 (evpnd) ---- spine1 (FRR, reflector) - controller (evpnd) ... OVSDB ... torus5
 *   h5, g5 - torus5 (Open vSwitch) -'
 */
import { join } from 'node:path';
import {
  expectFrrRoute,
  expectFrrSessions,
  expectSessions,
  frrPaths,
  imetPrefix,
  macIpPrefix,
} from '../lab/checks.ts';
import type { Evpnd } from '../lab/evpnd.ts';
import { eventually, expect } from '../lab/expect.ts';
import {
  addUnderlay,
  addVni,
  announce,
  attachHost,
  expectFloodList,
  expectNoPing,
  expectNoRemoteMac,
  expectPing,
  expectRemoteMac,
  type Place,
  roam,
} from '../lab/fabric.ts';
import type { Lab, LabContext } from '../lab/lab.ts';
import { run as command } from '../lab/network.ts';
import { OpenVswitch } from '../lab/open-vswitch.ts';
import { expectUnfelt } from '../lab/traffic.ts';

const TUNNEL_IP = '10.5.0.5';
const SWITCH = { name: 'torus5', tunnelIp: TUNNEL_IP, ports: ['p1', 'p2', 'p3'] };
const MANAGEMENT = '192.168.5.5';
const H1 = { mac: '02:00:00:00:00:01', addresses: ['10.10.10.11/24'] };
const H2 = { mac: '02:00:00:00:00:02', addresses: ['10.10.10.12/24'] };
const H5 = { mac: '02:00:00:00:00:05', addresses: ['10.10.10.15/24'] };
const ROAMER = { mac: '02:00:00:00:00:07', addresses: ['10.10.10.17/24'] };
/** In VNI 20 with the MACs and addresses of VNI 10, so that a leak would be an answer from the wrong host. */
const G1 = { mac: H1.mac, addresses: ['10.10.10.11/24'] };
const G5 = { mac: H5.mac, addresses: ['10.10.10.25/24'] };
const PLACES: readonly [Place, Place] = [
  { leaf: 'torus5', port: 'p3', device: 'eth5' },
  { leaf: 'leaf2', port: 'swp7', device: 'eth2' },
];

/** A userspace switch on a busy machine takes its time. */
const PATIENCE = { seconds: 90, everyMilliseconds: 250 };

const patiently = (what: string, probe: () => Promise<unknown>): Promise<unknown> =>
  eventually(
    what,
    async () => {
      await probe();
      return true;
    },
    PATIENCE,
  );

async function buildFabric({ network }: LabContext): Promise<void> {
  await addUnderlay(network, 'spine1', '10.0.0.100', ['leaf1', 'leaf2', 'ctl50']);
  for (const leaf of ['leaf1', 'leaf2']) {
    await network.ip(leaf, `route add 10.5.0.0/24 via 10.1.${leaf.slice(-1)}.0 src 10.0.0.${leaf.slice(-1)}`);
    for (const vni of leaf === 'leaf1' ? [10, 20] : [10]) {
      await addVni(network, leaf, { vni, vtep: `10.0.0.${leaf.slice(-1)}`, gateways: [] });
    }
  }
  for (const host of ['h1', 'h2', 'h5', 'g1', 'g5', 'h7']) await network.addHost(host);
  await attachHost(network, 'leaf1', 'swp8', 'h1', 10, H1);
  await attachHost(network, 'leaf1', 'swp9', 'g1', 20, G1);
  await attachHost(network, 'leaf2', 'swp8', 'h2', 10, H2);
}

/** The switch's cables: to the spine, to the controller, to its hosts. */
async function cableSwitch({ network }: LabContext): Promise<void> {
  await network.addNode('torus5');
  await network.link('spine1', 'swp5', 'torus5', 'uplink', 1600);
  await network.ip('spine1', 'addr add 10.5.0.100/24 dev swp5');
  // The userspace switch looks at the outer UDP checksum, which a virtual cable leaves to hardware that is not there.
  await network.exec('spine1', ['ethtool', '-K', 'swp5', 'tx', 'off']);
  await network.link('ctl50', 'mgmt', 'torus5', 'mgmt');
  await network.ip('ctl50', 'addr add 192.168.5.50/24 dev mgmt');
  await network.ip('torus5', `addr add ${MANAGEMENT}/24 dev mgmt`);
  for (const [port, host, { mac, addresses }] of [
    ['p1', 'h5', H5],
    ['p2', 'g5', G5],
  ] as const) {
    await network.link('torus5', port, host, 'eth0');
    await offloadsOff(network, host, 'eth0');
    await network.ip(host, `link set eth0 addr ${mac}`);
    for (const address of addresses) await network.ip(host, `addr add ${address} dev eth0`);
  }
  for (const [index, { leaf, port, device }] of PLACES.entries()) {
    await network.link(leaf, port, 'h7', device);
    await offloadsOff(network, 'h7', device);
    await network.ip('h7', `link set ${device} addr 02:ff:00:00:00:0${index} addrgenmode none`);
  }
  await network.ip('leaf2', 'link set swp7 master br10');
}

const offloadsOff = (network: LabContext['network'], node: string, device: string): Promise<string> =>
  network.exec(node, ['ethtool', '-K', device, 'tx', 'off']);

/** A CA, and a certificate for each side. */
async function makeCertificates(directory: string): Promise<void> {
  const at = (name: string): string => join(directory, name);
  const key = (name: string) => ['-newkey', 'rsa:2048', '-nodes', '-keyout', at(`${name}.key`)];
  await command(
    ['openssl', 'req', '-x509', ...key('ca'), '-out', at('ca.pem'), '-days', '2', '-subj', '/CN=lab CA'],
    { timeoutSeconds: 60 },
  );
  for (const name of ['evpnd', 'switch']) {
    await command(['openssl', 'req', ...key(name), '-out', at(`${name}.csr`), '-subj', `/CN=${name}`], {
      timeoutSeconds: 60,
    });
    const signer = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial'];
    await command([
      ...['openssl', 'x509', '-req', '-in', at(`${name}.csr`), ...signer],
      ...['-out', at(`${name}.pem`), '-days', '2'],
    ]);
  }
}

/** A switch out of its box: nothing in its databases but what its own agent writes. Returns when it began to say what it is. */
async function powerOn(ovs: OpenVswitch): Promise<number> {
  await ovs.start();
  await ovs.addUnderlay('uplink', `${TUNNEL_IP}/24`, '10.5.0.100');
  await ovs.addPorts(SWITCH);
  const announced = Date.now();
  await ovs.announce(SWITCH);
  return announced;
}

interface SwitchView {
  readonly connection: { readonly state: string; readonly endpoint: string };
  readonly rows: { readonly ours: number; readonly foreign: number; readonly pending: number };
  readonly ports: readonly {
    readonly name: string;
    readonly bindings: readonly { readonly state: string }[];
  }[];
}

const view = (controller: Evpnd): Promise<SwitchView> =>
  controller.json<SwitchView>('show hardware-vtep torus5');

async function expectSwitchReady(controller: Evpnd): Promise<void> {
  await eventually(
    'the switch is connected, and every configured VLAN is bound',
    async () => {
      const seen = await view(controller);
      const bindings = seen.ports.flatMap((port) => port.bindings);
      if (seen.connection.state !== 'ready' || bindings.length < 3) throw new Error(JSON.stringify(seen));
      if (bindings.some(({ state }) => state !== 'bound')) throw new Error(JSON.stringify(seen));
      return true;
    },
    PATIENCE,
  );
}

/** Each host speaks, so that each leaf knows its own. */
async function everybodySpeaks({ network }: LabContext): Promise<void> {
  await Promise.all([
    announce(network, 'h1', H1),
    announce(network, 'h2', H2),
    announce(network, 'h5', H5),
    announce(network, 'g1', G1),
    announce(network, 'g5', G5),
  ]);
}

/** The emulator changes its flows a command at a time for a second or two; then nothing may be lost. */
async function expectEverybodyReaches({ network }: LabContext): Promise<void> {
  for (const [host, address] of [
    ['h5', '10.10.10.11'],
    ['h5', '10.10.10.12'],
    ['h1', '10.10.10.15'],
    ['h2', '10.10.10.15'],
    ['g5', '10.10.10.11'],
  ] as const) {
    await patiently(`${host} reaches ${address} and loses nothing`, () => expectPing(network, host, address));
  }
}

const hasRemoteMac = async (ovs: OpenVswitch, mac: string, vtep: string, vni = 10): Promise<boolean> => {
  const text = await ovs.remoteMacs(`evpnd-vni${vni}`);
  if (!text.includes(`${mac} -> vxlan_over_ipv4/${vtep}`)) throw new Error(text);
  return true;
};

/**
 * With a reflector that keeps the routes of a peer that restarts, as FRR 8.4 does not, nobody feels that the controller of the
 * switch is killed. The FRR spine makes room for it, for good.
 */
async function restartUnfelt(lab: LabContext, controller: Evpnd): Promise<void> {
  lab.step('evpnd takes the place of the FRR spine');
  await lab.daemons.stopNamed(['bgpd', 'zebra', 'staticd', 'bfdd'], 'spine1');
  const spine = await lab.evpnd('spine1', lab.file('spine.evpnd.yaml'));
  await expectSessions(spine, ['10.0.0.1', '10.0.0.2', '10.0.0.50']);
  await everybodySpeaks(lab);
  await expectEverybodyReaches(lab);
  const flows = [
    { from: 'h5', to: '10.10.10.11' },
    { from: 'h2', to: '10.10.10.15' },
  ];
  const restart = async () => {
    await controller.stop('SIGKILL');
    await controller.start();
    await expectSessions(controller, ['10.0.0.100']);
    await expectSwitchReady(controller);
  };
  await expectUnfelt(lab, 'the controller is killed and started again', flows, ['leaf1', 'leaf2'], restart);
}

async function run(lab: LabContext): Promise<void> {
  const { network, directory } = lab;
  await buildFabric(lab);
  await cableSwitch(lab);
  await makeCertificates(directory);
  const at = (name: string): string => join(directory, name);
  const ovs = new OpenVswitch({
    network,
    daemons: lab.daemons,
    node: 'torus5',
    directory,
    remotes: [`ptcp:6640:${MANAGEMENT}`, `pssl:6641:${MANAGEMENT}`],
    tls: { ca: at('ca.pem'), certificate: at('switch.pem'), key: at('switch.key') },
  });
  await powerOn(ovs);
  const configuration = (connection: string): string =>
    lab.file('controller.evpnd.yaml', { connection, pki: directory, state: at('state') });
  const spine = await lab.frr('spine1', lab.file('spine.frr.conf'));
  const leaf1 = await lab.frr('leaf1', lab.file('leaf.frr.conf', { n: 1 }));
  const leaf2 = await lab.evpnd('leaf2', lab.file('leaf.evpnd.yaml', { n: 2 }));
  const controller = await lab.evpnd('ctl50', configuration(`tcp:${MANAGEMENT}:6640`));

  lab.step('sessions, and the switch over TCP');
  await expectFrrSessions(spine, ['10.0.0.1', '10.0.0.2', '10.0.0.50']);
  await expectSessions(leaf2, ['10.0.0.100']);
  await expectSwitchReady(controller);

  lab.step('type 3: the switch announces itself by its own tunnel address, and floods to both leaves');
  await expectFrrRoute(leaf1, imetPrefix(TUNNEL_IP), TUNNEL_IP);
  await expectFloodList(network, 'leaf1', 10, ['10.0.0.2', TUNNEL_IP]);
  await expectFloodList(network, 'leaf2', 10, ['10.0.0.1', TUNNEL_IP]);
  await patiently('the switch floods to both leaves', async () => {
    const text = await ovs.remoteMacs('evpnd-vni10');
    for (const vtep of ['10.0.0.1', '10.0.0.2']) {
      expect(`it floods to ${vtep}`, text.includes(`unknown-dst -> vxlan_over_ipv4/${vtep}`), text);
    }
  });

  lab.step('hosts behind all three reach each other in VNI 10; VNI 20 with the same MACs stays apart');
  await everybodySpeaks(lab);
  await expectEverybodyReaches(lab);
  await expectNoPing(network, 'h5', '10.10.10.25');
  await expectNoPing(network, 'g5', '10.10.10.12');

  lab.step('type 2 both ways: routes, the kernel, the switch');
  await patiently('the leaves know where h5 and g5 are', async () => {
    await everybodySpeaks(lab);
    await expectFrrRoute(leaf1, macIpPrefix(H5.mac), TUNNEL_IP);
    await expectRemoteMac(network, 'leaf1', 10, H5.mac, TUNNEL_IP);
    await expectRemoteMac(network, 'leaf1', 20, G5.mac, TUNNEL_IP);
    await expectRemoteMac(network, 'leaf2', 10, H5.mac, TUNNEL_IP);
  });
  await patiently('the switch knows where h1, g1 and h2 are', async () => {
    await hasRemoteMac(ovs, H1.mac, '10.0.0.1');
    await hasRemoteMac(ovs, G1.mac, '10.0.0.1', 20);
    await hasRemoteMac(ovs, H2.mac, '10.0.0.2');
  });

  lab.step("another controller's rows are left alone, here and in all that follows");
  const addForeign = async (): Promise<void> => {
    await ovs.vtepctl('add-ls other -- set Logical_Switch other tunnel_key=999');
    await ovs.vtepctl('add-ucast-remote other 02:99:00:00:00:01 10.0.0.9');
    await ovs.vtepctl('add-ucast-remote evpnd-vni10 02:99:00:00:00:02 10.0.0.9');
    await ovs.vtepctl('add-mcast-remote other unknown-dst 10.0.0.9');
  };
  const foreignSurvives = async (): Promise<void> => {
    const text = `${await ovs.remoteMacs('other')}${await ovs.remoteMacs('evpnd-vni10')}`;
    for (const row of ['02:99:00:00:00:01', '02:99:00:00:00:02', 'unknown-dst -> vxlan_over_ipv4/10.0.0.9'])
      expect(`${row} is still there`, text.includes(row), text);
  };
  await addForeign();
  await patiently('show hardware-vtep counts them', async () => {
    const { rows } = await view(controller);
    expect('three rows are foreign', rows.foreign === 3, rows);
  });

  lab.step('a host moves from the switch to the evpnd leaf and back, twice');
  await roam(network, 'h7', undefined, PLACES[0], ROAMER);
  await patiently('leaf1 knows where h7 is', async () => {
    await announce(network, 'h7', ROAMER, PLACES[0].device);
    await expectRemoteMac(network, 'leaf1', 10, ROAMER.mac, TUNNEL_IP);
  });
  for (let move = 0; move < 4; move++) {
    const [from, to] = [PLACES[move % 2]!, PLACES[(move + 1) % 2]!];
    await roam(network, 'h7', from, to, ROAMER);
    const vtep = to.leaf === 'leaf2' ? '10.0.0.2' : TUNNEL_IP;
    await patiently(`h7 is at ${to.leaf} for leaf1`, async () => {
      await announce(network, 'h7', ROAMER, to.device);
      const paths = await frrPaths(leaf1, macIpPrefix(ROAMER.mac));
      expect(
        vtep,
        paths.some(({ nexthops }) => nexthops.some(({ ip }) => ip === vtep)),
        paths,
      );
      await expectRemoteMac(network, 'leaf1', 10, ROAMER.mac, vtep);
    });
    if (to.leaf === 'leaf2') await patiently('and for the switch', () => hasRemoteMac(ovs, ROAMER.mac, vtep));
    else await expectRemoteMac(network, 'leaf2', 10, ROAMER.mac, vtep);
    await patiently('h1 reaches it there', () => expectPing(network, 'h1', '10.10.10.17', 1));
  }
  await foreignSurvives();
  await network.ip('h7', `addr flush dev ${PLACES[0].device}`);

  lab.step('evpnd restarts: the switch forwards on, and nothing is written twice');
  await everybodySpeaks(lab);
  await patiently('all is written', async () => {
    const { rows } = await view(controller);
    expect('nothing is pending', rows.pending === 0, rows);
  });
  const before = await ovs.remoteMacs('evpnd-vni10');
  await controller.stop('SIGKILL');
  expect('the rows are as they were', (await ovs.remoteMacs('evpnd-vni10')) === before);
  await controller.start();
  await expectSessions(controller, ['10.0.0.100']);
  await expectSwitchReady(controller);
  await everybodySpeaks(lab);
  await expectEverybodyReaches(lab);
  await foreignSurvives();

  await restartUnfelt(lab, controller);

  const driveOver = async (connection: string): Promise<void> => {
    controller.writeConfiguration(configuration(connection));
    await controller.ctl('reload');
    await patiently(`the switch is driven over ${connection}`, async () => {
      const seen = (await view(controller)).connection;
      expect('connected', seen.endpoint === connection && seen.state === 'ready', seen);
    });
    await expectSwitchReady(controller);
    await everybodySpeaks(lab);
    await expectEverybodyReaches(lab);
    await foreignSurvives();
  };

  lab.step('the switch dials evpnd, over TCP and over TLS: its Manager table');
  for (const [transport, port] of [
    ['tcp', 6650],
    ['ssl', 6651],
  ] as const) {
    await ovs.vtepctl(`set-manager ${transport}:192.168.5.50:${port}`);
    await driveOver(`p${transport}:${port}:192.168.5.50`);
  }
  await ovs.vtepctl('del-manager');

  lab.step('the same over TLS, by a reload');
  await driveOver(`ssl:${MANAGEMENT}:6641`);

  lab.step('the switch restarts with empty databases, and is whole two seconds after its return');
  await ovs.stop();
  const returned = await powerOn(ovs);
  await eventually(
    'every row is back',
    async () => {
      for (const vtep of ['10.0.0.1', '10.0.0.2']) await hasRemoteMac(ovs, 'unknown-dst', vtep);
      await hasRemoteMac(ovs, H1.mac, '10.0.0.1');
      await hasRemoteMac(ovs, H2.mac, '10.0.0.2');
      return hasRemoteMac(ovs, G1.mac, '10.0.0.1', 20);
    },
    { ...PATIENCE, everyMilliseconds: 25 },
  );
  const milliseconds = Date.now() - returned;
  expect('whole within two seconds', milliseconds < 2000, `${milliseconds} ms`);
  lab.step(`it was whole after ${milliseconds} ms; hosts reach each other again`);
  await expectSwitchReady(controller);
  await everybodySpeaks(lab);
  await expectEverybodyReaches(lab);

  lab.step('a clean stop with keep-on-exit off takes out what is ours, and nothing else');
  await addForeign();
  controller.writeConfiguration(
    configuration(`ssl:${MANAGEMENT}:6641`).replace('keep-on-exit: true', 'keep-on-exit: false'),
  );
  await controller.ctl('reload');
  await controller.stop();
  await foreignSurvives();
  const left = await ovs.remoteMacs('evpnd-vni10');
  expect('our rows are gone', ![H1.mac, H2.mac, 'unknown-dst'].some((text) => left.includes(text)), left);
  await expectNoRemoteMac(network, 'leaf1', 10, H5.mac);
}

export const lab: Omit<Lab, 'name'> = {
  title: 'a hardware VTEP (Open vSwitch with ovs-vtep) beside FRR and evpnd leaves, over TCP and TLS',
  needs: [
    ...['bgpd', 'vtysh', 'ping', 'ip', 'arping', 'ethtool', 'openssl'],
    ...['ovsdb-server', 'ovs-vswitchd', 'ovs-vsctl', 'vtep-ctl'],
  ],
  run,
};
